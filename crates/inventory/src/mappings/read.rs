//! Mappings read from where they stand in the cluster.

use access::{ConfigMap, Facts};
use document::{Limits, Severity, Source, Sources, is_toml};
use identity::Partition;
use jiff::Timestamp;
use mapping::{
    BackendMode, Defect, DefectKind, Reader,
    authenticator::{ServerConfig, read_config_in},
    aws_iam_authenticator::{Options, Standing, aws_auth, dynamic_file, mounted_file, unread_entries_of},
};

use crate::{ACCESS_FILE_MAP, About, ClusterObject, LiveMapping, LoginStore, MappingObject, MappingTarget, Unseen};

/// The options by which mapping sources are read: reader, gates and partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The partition of the server, where it is `cluster-auth server`.
    pub partition: Partition,
    /// What aws-iam-authenticator is started with.
    pub options: Options,
    /// Who reads the authenticator's configuration.
    pub reader: Reader,
}

impl Default for Reading {
    fn default() -> Self {
        Self { partition: Partition::Aws, options: Options::default(), reader: Reader::AwsIamAuthenticator }
    }
}

impl LiveMapping {
    /// Returns the mapping in a `ConfigMap` of the targets that have one, as whoever reads it reads it: `aws-auth` means what
    /// aws-iam-authenticator makes of it. A file that its reader refuses as a whole is one that was not seen.
    pub fn of_config_map(
        target: MappingTarget,
        map: ConfigMap,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Self, Unseen> {
        let source = match target {
            MappingTarget::AccessFile => access_file(&text_of(&map, target, ACCESS_FILE_MAP.1), now),
            MappingTarget::ConfigMap if reading.reader == Reader::AwsIamAuthenticator => {
                let text = map.data.get("config.yaml").map(String::as_str).unwrap_or_default();
                let standing = standing(&map, target, "config.yaml");
                mounted_file(text, standing, reading.options).map_err(|refused| refusal(&refused))
            }
            MappingTarget::ConfigMap => {
                let source = configuration(&text_of(&map, target, "config.yaml"), reading.partition);
                source.map(|source| placed(source, &standing(&map, target, "config.yaml")))
            }
            MappingTarget::AwsAuth | MappingTarget::Crd | MappingTarget::None => {
                let data = map.data.iter().map(|(key, text)| (key.as_str(), text.as_str()));
                Ok(aws_auth(data, |key| standing(&map, target, key), reading.options))
            }
        };
        match source {
            Ok(source) => Ok(Self::new(target, source, LoginStore::ConfigMap(map))),
            Err(why) => {
                let in_file = map.in_file.as_ref().map(|file| format!("the authenticator's configuration in {file}"));
                let gap = Unseen::new(in_file.unwrap_or_else(|| target.title().to_owned()), why);
                Err(gap.about(About::Refused(target)))
            }
        }
    }

    /// Returns the mapping of `IAMIdentityMapping` objects, as aws-iam-authenticator reads it once it has come to all of them.
    pub fn of_objects(objects: Vec<ClusterObject<MappingObject>>) -> Self {
        let source = mapping::aws_iam_authenticator::objects(objects.iter().map(|seen| seen.object.as_read()));
        Self::new(MappingTarget::Crd, source, LoginStore::Objects(objects))
    }
}

impl LiveMapping {
    /// The mapping of a dynamic file on the control plane, which no plan writes: as aws-iam-authenticator takes it that
    /// starts with it. Where it refuses the file, nobody is let in by it.
    pub(crate) fn of_file(name: &str, text: &[u8], options: Options) -> Self {
        let read = dynamic_file(text, Standing::alone(name), options);
        let source = read.unwrap_or_else(|refused| *refused);
        Self::new(MappingTarget::None, source, LoginStore::ConfigMap(ConfigMap::default()))
    }
}

/// Where one of a `ConfigMap`'s texts stands, as far as that is known.
fn standing(map: &ConfigMap, target: MappingTarget, key: &str) -> Standing {
    let known = map.standing.get(key).cloned();
    known.unwrap_or_else(|| Standing::alone(name(target)))
}

/// One of a `ConfigMap`'s texts, at the lines that it has where it stands.
fn text_of(map: &ConfigMap, target: MappingTarget, key: &str) -> Source {
    let text = map.data.get(key).map(String::as_str).unwrap_or_default();
    match map.standing.get(key) {
        Some(Standing { file, line, is_spread: true, .. }) => {
            Source::new(&**file, format!("{}{text}", "\n".repeat(line.saturating_sub(1))))
        }
        // Its name says how it is to be read.
        Some(Standing { file, .. }) if is_toml(file) => Source::new(&**file, text),
        _ => Source::new(name(target), text),
    }
}

/// What was read of a text that was made of another program's file: places are those of the file.
fn placed(mut source: mapping::Source, standing: &Standing) -> mapping::Source {
    if standing.entries.is_empty() {
        return source;
    }
    for rule in source.roles.iter_mut().chain(&mut source.users) {
        rule.source = standing.placed(&rule.source);
    }
    for (_, place) in &mut source.accounts {
        *place = standing.placed(place);
    }
    for defect in &mut source.defects {
        (defect.file, defect.excerpt) = (standing.file.clone(), Box::default());
    }
    source
}

/// The file's name in what is said of its rules.
fn name(target: MappingTarget) -> String {
    format!("ConfigMap kube-system/{}", target.config_map().unwrap_or_default())
}

fn configuration(source: &Source, partition: Partition) -> Result<mapping::Source, String> {
    // The commercial one is also what nothing names.
    let named = Some(partition).filter(|partition| *partition != Partition::default());
    let (config, warnings) = read_config_in(source, named).map_err(|problems| in_one_line(&problems, source))?;
    let ServerConfig { mounted_file, .. } = config.server;
    let read = mounted_file.unwrap_or(mapping::Source::empty(BackendMode::MountedFile, Reader::ClusterAuth));
    let defects = warnings.iter().filter_map(|warning| defect(warning, source)).collect();
    let unused = unread_entries_of(source.text(), Standing::alone(source.name()));
    Ok(mapping::Source { unused, defects, ..read })
}

/// Why aws-iam-authenticator does not start with a file.
fn refusal(refused: &mapping::Source) -> String {
    let unreadable = refused.defects.iter().filter(|defect| defect.kind == DefectKind::Unreadable);
    unreadable.map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What has no effect in a configuration, although it stands there.
fn defect(warning: &document::Problem, source: &Source) -> Option<Defect> {
    let kind = match warning.code {
        "config.unknown-key" => DefectKind::UnknownKey,
        "config.duplicate" => DefectKind::Duplicate,
        "config.no-username" | "config.templated-system-name" => DefectKind::NoLogin,
        _ => return None,
    };
    let line = source.position(warning.span.start).line;
    Some(Defect {
        kind,
        mode: BackendMode::MountedFile,
        section: "config.yaml".into(),
        file: source.name().into(),
        line,
        excerpt: source.text().lines().nth(line - 1).unwrap_or_default().trim().into(),
        message: warning.message.clone(),
        hint: warning.hint.clone(),
    })
}

fn access_file(source: &Source, now: Timestamp) -> Result<mapping::Source, String> {
    let sources = Sources::from(source.clone());
    let read = access::read(&sources, &Limits::default());
    if read.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(in_one_line(&read.problems, source));
    }
    let (desired, _) = access::compile(&read.access, &Facts::default(), now);
    // Whoever has ended is let in no more: nothing of them is left to take away.
    Ok(access::mapping_source(&desired.at(now), &sources))
}

/// All that is wrong, in one line.
fn in_one_line(problems: &[document::Problem], source: &Source) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let place = |problem: &document::Problem| {
        let line = source.position(problem.span.start).line;
        if source.name().starts_with("ConfigMap ") {
            format!("line {line}")
        } else {
            format!("{}:{line}", source.name())
        }
    };
    let said: Vec<String> = errors.map(|problem| format!("{}: {}", place(problem), problem.message)).collect();
    if said.is_empty() { "it is not readable".to_owned() } else { said.join("; ") }
}
