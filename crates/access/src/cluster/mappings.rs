//! Mappings read from where they stand in the cluster.

use document::{Limits, Position, Severity, Sources};
use identity::Partition;
use jiff::Timestamp;
use mapping::{
    Mode, Reader,
    authenticator::{ServerConfig, read_config_in},
    aws_iam_authenticator::{Object, Options, Standing, aws_auth},
};

use super::{ACCESS_FILE_MAP, Holder, LiveMapping, MappingObject, MappingTarget, Seen, Unseen};
use crate::{ConfigMap, Facts};

/// How the places of logins are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The partition of the server, where it is `cluster-auth server`.
    pub partition: Partition,
    /// What aws-iam-authenticator is started with.
    pub options: Options,
}

impl Default for Reading {
    fn default() -> Self {
        Self { partition: Partition::Aws, options: Options::default() }
    }
}

impl LiveMapping {
    /// The mapping in a `ConfigMap` of the targets that have one, as whoever reads it reads it: `aws-auth` means what
    /// aws-iam-authenticator makes of it. A file that its reader refuses as a whole is one that was not seen.
    pub fn of_config_map(
        target: MappingTarget,
        map: ConfigMap,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Self, Unseen> {
        let text = |key: &str| map.data.get(key).map(String::as_str).unwrap_or_default();
        let source = match target {
            MappingTarget::AccessFile => access_file(text(ACCESS_FILE_MAP.1), now),
            MappingTarget::ConfigMap => configuration(&name(target), text("config.yaml"), reading.partition),
            MappingTarget::AwsAuth | MappingTarget::Crd | MappingTarget::None => {
                let data = map.data.iter().map(|(key, text)| (key.as_str(), text.as_str()));
                Ok(aws_auth(data, |key| map.standing(&name(target), key), reading.options))
            }
        };
        match source {
            Ok(source) => Ok(Self { target, source, holder: Holder::ConfigMap(map) }),
            Err(why) => Err(Unseen { what: target.title().into(), why: why.into() }),
        }
    }

    /// The mapping of `IAMIdentityMapping` objects, as aws-iam-authenticator reads it once it has come to all of them.
    pub fn of_objects(objects: Vec<Seen<MappingObject>>) -> Self {
        let source = mapping::aws_iam_authenticator::objects(objects.iter().map(|seen| seen.object.as_read()));
        Self { target: MappingTarget::Crd, source, holder: Holder::Objects(objects) }
    }
}

impl MappingObject {
    fn as_read(&self) -> Object<'_> {
        let Self { name, arn, username, groups, canonical_arn } = self;
        Object { name, arn, username, groups: groups.iter().map(|group| &**group).collect(), canonical_arn }
    }
}

impl ConfigMap {
    /// Where one of its texts stands, as far as that is known.
    fn standing(&self, name: &str, key: &str) -> Standing {
        let known = self.standing.get(key).cloned();
        known.unwrap_or_else(|| Standing::alone(name))
    }
}

/// The file's name in what is said of its rules.
fn name(target: MappingTarget) -> String {
    format!("ConfigMap kube-system/{}", target.config_map().unwrap_or_default())
}

fn configuration(name: &str, text: &str, partition: Partition) -> Result<mapping::Source, String> {
    let source = document::Source::new(name, text);
    let (config, _) = read_config_in(&source, Some(partition))
        .map_err(|problems| first(&problems, |span| Some(source.position(span.start))))?;
    let ServerConfig { mounted_file, .. } = config.server;
    Ok(mounted_file.unwrap_or(mapping::Source::empty(Mode::MountedFile, Reader::ClusterAuth)))
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
