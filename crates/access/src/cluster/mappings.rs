//! Mappings read from where they stand in the cluster.

use document::{Limits, Position, Severity, Sources};
use identity::{Arn, Partition};
use jiff::Timestamp;
use mapping::{
    Mode, Reader, RulePrincipal, RuleSource,
    authenticator::{ServerConfig, read_config_in},
};

use super::{ACCESS_FILE_MAP, Holder, LiveMapping, MappingObject, MappingTarget, Seen, Unseen};
use crate::{ConfigMap, Facts};

impl LiveMapping {
    /// The mapping in a `ConfigMap` of the targets that have one. A text that cannot be read is one that was not seen.
    pub fn of_config_map(
        target: MappingTarget,
        map: ConfigMap,
        partition: Partition,
        now: Timestamp,
    ) -> Result<Self, Unseen> {
        let text = |key: &str| map.data.get(key).map(String::as_str).unwrap_or_default();
        let source = match target {
            MappingTarget::AccessFile => access_file(text(ACCESS_FILE_MAP.1), now),
            MappingTarget::ConfigMap => configuration(&name(target), text("config.yaml"), partition, Mode::MountedFile),
            MappingTarget::AwsAuth | MappingTarget::Crd | MappingTarget::None => {
                let lists = ["mapRoles", "mapUsers", "mapAccounts"].map(|key| below(key, text(key)));
                let lists = lists.concat();
                let text = if lists.is_empty() { lists } else { format!("server:\n{lists}") };
                configuration(&name(target), &text, partition, Mode::EksConfigMap)
            }
        };
        match source {
            Ok(source) => Ok(Self { target, source, holder: Holder::ConfigMap(map) }),
            Err(why) => Err(Unseen { what: target.title().into(), why: why.into() }),
        }
    }

    /// The mapping of `IAMIdentityMapping` objects. One whose ARN cannot be read lets nobody in.
    pub fn of_objects(objects: Vec<Seen<MappingObject>>) -> Self {
        let mut source = mapping::Source::empty(Mode::Crd, Reader::ClusterAuth);
        for (index, seen) in objects.iter().enumerate() {
            let Some(arn) = seen.object.arn.parse::<Arn>().ok() else { continue };
            let Some(principal) = RulePrincipal::of_arn(&arn) else { continue };
            let list = if arn.resource.starts_with("user/") { &mut source.users } else { &mut source.roles };
            list.push(mapping::Rule {
                principal,
                written: Some(seen.object.arn.clone()),
                username: seen.object.username.to_string(),
                groups: seen.object.groups.iter().map(|group| group.to_string().into()).collect(),
                source: RuleSource {
                    mode: Mode::Crd,
                    list: "items",
                    index,
                    file: (&*seen.object.name).into(),
                    line: 1,
                },
            });
        }
        Self { target: MappingTarget::Crd, source, holder: Holder::Objects(objects) }
    }
}

/// A list of `aws-auth`, put where the reader of configurations expects it.
fn below(key: &str, text: &str) -> String {
    if matches!(text.trim(), "" | "\"\"" | "''" | "``") {
        return String::new();
    }
    let lines: String = text.lines().map(|line| format!("    {line}\n")).collect();
    format!("  {key}:\n{lines}")
}

/// The file's name in what is said of its rules.
fn name(target: MappingTarget) -> String {
    format!("ConfigMap kube-system/{}", target.config_map().unwrap_or_default())
}

fn configuration(name: &str, text: &str, partition: Partition, mode: Mode) -> Result<mapping::Source, String> {
    let source = document::Source::new(name, text);
    let (config, _) = read_config_in(&source, Some(partition))
        .map_err(|problems| first(&problems, |span| Some(source.position(span.start))))?;
    let ServerConfig { mounted_file, .. } = config.server;
    let mut source = mounted_file.unwrap_or(mapping::Source::empty(mode, Reader::ClusterAuth));
    source.mode = mode;
    source.roles.iter_mut().chain(&mut source.users).for_each(|rule| rule.source.mode = mode);
    source.accounts.iter_mut().for_each(|(_, source)| source.mode = mode);
    Ok(source)
}

fn access_file(text: &str, now: Timestamp) -> Result<mapping::Source, String> {
    let mut sources = Sources::default();
    sources.add(name(MappingTarget::AccessFile), text);
    let read = crate::read(&sources, &Limits::default());
    if read.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(first(&read.problems, |span| sources.locate(span.start).map(|(_, at)| at)));
    }
    let (desired, _) = crate::compile(&read.access, &Facts::default(), now);
    // Whoever has ended is let in no more: nothing of them is left to take away.
    Ok(crate::mapping_source(&desired.at(now), &sources))
}

fn first(problems: &[document::Problem], place: impl Fn(document::Span) -> Option<Position>) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let mut said = errors.map(|problem| match place(problem.span) {
        Some(at) => format!("line {}: {}", at.line, problem.message),
        None => problem.message.clone(),
    });
    said.next().unwrap_or_else(|| "it is not readable".to_owned())
}
