//! From the file's tree to its values.

use std::{collections::BTreeMap, path::PathBuf};

use document::{Entry, Fields, KeyCase, Limits, Problem, Problems, Source, Span};
use identity::{AccountId, Partition, Partitions};

use super::{
    ClientConfig, Config, FeatureGates, ServerConfig,
    entries::Entries,
    flags,
    place::Lines,
    values::{self, unknown_key},
};
use crate::{BackendMode, Index, List, Rule, dotted, snapshot};

/// Reads a configuration file. `Ok` comes with warnings, `Err` has every problem of the file.
pub fn read_config(source: &Source, gates: &FeatureGates) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    // What the gates switch is always on here, so they change nothing in how a file is read.
    let _ = gates;
    read_config_in(source, None)
}

/// Reads a configuration file like [`read_config`], for a server with `--partition`: the flag overrides
/// `server.partition`, and all rules must be of it.
pub fn read_config_in(source: &Source, partition: Option<Partition>) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    let new = || (Vec::new(), Vec::new());
    let push = |(roles, users): &mut (Vec<Rule>, Vec<Rule>), list, rule| match list {
        List::Roles => roles.push(rule),
        List::Users => users.push(rule),
    };
    let (mut config, (roles, users), warnings) = read_into(source, partition, new, push)?;
    config.server.mounted_file = config.server.mounted_file.map(|mounted| snapshot::Source { roles, users, ..mounted });
    Ok((config, warnings))
}

/// Reads a file for a server: the rules of `mapRoles`, `mapUsers` and `mapAccounts` are in the index, and not in the
/// configuration too.
pub fn read_indexed(
    source: &Source,
    partition: Option<Partition>,
) -> Result<(Config, Index, Vec<Problem>), Vec<Problem>> {
    let new = || Index::new(BackendMode::MountedFile, crate::Reader::ClusterAuth);
    let (mut config, index, warnings) = read_into(source, partition, new, Index::push)?;
    let mounted = config.server.mounted_file.take();
    let (accounts, prefixes) = mounted.map(|mounted| (mounted.accounts, mounted.reserved_prefixes)).unwrap_or_default();
    Ok((config, index.finish(accounts, prefixes), warnings))
}

/// The lists that may be long, nested and with a dot. Their entries are read one by one, so that no tree of all of them ever
/// stands in memory.
const LISTS: [&[&str]; 4] =
    [&["server", "mapRoles"], &["server", "mapUsers"], &["server.mapRoles"], &["server.mapUsers"]];

/// What must be known before entries are read, and may stand behind them. Then they are read once more.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Assumed {
    partitions: Partitions,
    /// Whether `mapRoles` and `mapUsers` stand there with a dot, so that the nested ones do not count.
    dotted: [bool; 2],
}

/// Reads a file, and puts its rules into what `new` makes.
fn read_into<T>(
    source: &Source,
    partition: Option<Partition>,
    new: impl Fn() -> T,
    push: impl Fn(&mut T, List, Rule),
) -> Result<(Config, T, Vec<Problem>), Vec<Problem>> {
    let mut assumed = Assumed { partitions: partition.into(), dotted: [false; 2] };
    loop {
        let mut rules = new();
        let (read, found) = pass(source, partition, assumed, &mut |list, rule| push(&mut rules, list, rule));
        if found == assumed {
            return read.map(|(config, warnings)| (config, rules, warnings));
        }
        assumed = found;
    }
}

/// The values of a file with its warnings, or every problem.
type Read = Result<(Config, Vec<Problem>), Vec<Problem>>;

/// Reads a file of which something is assumed, and tells what should be.
fn pass(
    source: &Source,
    partition: Option<Partition>,
    assumed: Assumed,
    to: &mut dyn FnMut(List, Rule),
) -> (Read, Assumed) {
    let lines = Lines::new(source);
    let mut entries = Entries::new(&lines, BackendMode::MountedFile, assumed.partitions, to);
    let (mut problems, limits) = (Problems::default(), Limits::default());
    let root = document::parse_each(source, &limits, &LISTS, KeyCase::Insensitive, |list, node| {
        let counts = list >= 2 || !assumed.dotted[list];
        if counts {
            entries.entry(if list % 2 == 0 { List::Roles } else { List::Users }, &node, &mut problems);
        }
    });
    let root = match root {
        Ok(Some(root)) => root,
        Ok(None) => {
            let server = ServerConfig { partitions: assumed.partitions, ..ServerConfig::default() };
            return (Ok((Config { server, ..Config::default() }, Vec::new())), assumed);
        }
        Err(problems) => return (Err(problems), assumed),
    };
    let places = lines.of_keys(&root);
    let dotted = ["mapRoles", "mapUsers"].map(|list| dotted::has(&root, list));
    let root = dotted::nested(root);
    let mut reader = Reader { entries, partition };
    let config =
        Fields::new(&root, KeyCase::Insensitive, &mut problems).map(|fields| reader.read(fields, &mut problems));
    let partitions = config.as_ref().map_or(assumed.partitions, |config| config.server.partitions);
    let read = match config {
        Some(config) if !problems.has_errors() => Ok((Config { places, ..config }, problems.into_sorted())),
        _ => Err(problems.into_sorted()),
    };
    (read, Assumed { partitions, dotted })
}

struct Reader<'a> {
    entries: Entries<'a>,
    partition: Option<Partition>,
}

impl Reader<'_> {
    fn read(&mut self, mut fields: Fields<'_>, problems: &mut Problems) -> Config {
        let client = ClientConfig {
            region: text(&mut fields, "region", problems),
            role: text(&mut fields, "role", problems),
            external_id: text(&mut fields, "externalID", problems),
            session_name: text(&mut fields, "sessionName", problems),
            token_only: boolean(&mut fields, "tokenOnly", problems),
            forward_session_name: boolean(&mut fields, "forwardSessionName", problems),
            cache: boolean(&mut fields, "cache", problems),
            token: text(&mut fields, "token", problems),
            output: text(&mut fields, "output", problems),
            partition: text(&mut fields, "partition", problems),
        };
        let cluster_id = text(&mut fields, "clusterID", problems);
        let server = fields.take("server").and_then(|entry| Fields::new(&entry.value, KeyCase::Insensitive, problems));
        let server = match server {
            Some(server) => self.server(server, problems),
            None => ServerConfig { partitions: self.partition.into(), ..ServerConfig::default() },
        };
        fields.finish(problems, unknown_key);
        Config { cluster_id, client, server, places: BTreeMap::new() }
    }

    fn server(&mut self, mut fields: Fields<'_>, problems: &mut Problems) -> ServerConfig {
        let partition = fields.text("partition", problems);
        let partition = values::parsed(partition, "config.partition", "an AWS partition", problems);
        let address = fields.text("address", problems);
        let ec2_role_arn = role_arn(fields.text("ec2DescribeInstancesRoleARN", problems), problems);
        let source_arn = source_arn(fields.text("sourceARN", problems), ec2_role_arn.is_some(), problems);
        let mut config = ServerConfig {
            partitions: self.partition.or(partition).into(),
            address: values::parsed_by(
                |text| flags::address(text).ok(),
                address,
                "config.address",
                "an IP address or a host's name",
                problems,
            ),
            port: fields.take("port").and_then(|entry| values::number(&entry.value, problems)),
            hostname: text(&mut fields, "hostname", problems),
            state_dir: path(&mut fields, "stateDir", problems),
            generate_kubeconfig: path(&mut fields, "generateKubeconfig", problems),
            kubeconfig_pregenerated: boolean(&mut fields, "kubeconfigPregenerated", problems),
            kubeconfig: path(&mut fields, "kubeconfig", problems),
            master: text(&mut fields, "master", problems),
            backend_modes: backend_modes(fields.take("backendMode"), problems),
            scrubbed_accounts: scrubbed_accounts(fields.take("scrubbedAccounts"), problems),
            ec2_role_arn,
            source_arn,
            ec2_qps: number(&mut fields, "ec2DescribeInstancesQps", problems),
            ec2_burst: number(&mut fields, "ec2DescribeInstancesBurst", problems),
            dynamic_file_path: path(&mut fields, "dynamicfilepath", problems),
            dynamic_file_user_id_strict: boolean(&mut fields, "dynamicfileUserIDStrict", problems),
            dynamic_backend_mode_path: path(&mut fields, "dynamicBackendModePath", problems),
            reserved_prefixes: reserved_prefixes(fields.take("reservedPrefixConfig"), problems),
            access_file: path(&mut fields, "accessFile", problems),
            deny_with_200: boolean(&mut fields, "denyWith200", problems),
            mounted_file: None,
        };
        let mode = BackendMode::MountedFile;
        self.entries.list(List::Roles, fields.take("mapRoles"), problems);
        self.entries.list(List::Users, fields.take("mapUsers"), problems);
        config.mounted_file = Some(snapshot::Source {
            accounts: self.entries.accounts(fields.take("mapAccounts"), problems),
            reserved_prefixes: config.reserved_prefixes.get(&mode).cloned().unwrap_or_default(),
            ..snapshot::Source::empty(mode, crate::Reader::ClusterAuth)
        });
        fields.finish(problems, unknown_key);
        config
    }
}

/// A text; an empty one counts as absent, as in the existing program.
fn text(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<String> {
    let text = fields.take(key).and_then(|entry| values::setting(&entry.value, problems));
    text.filter(|text| !text.is_empty())
}

fn path(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<PathBuf> {
    text(fields, key, problems).map(PathBuf::from)
}

fn boolean(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<bool> {
    fields.take(key).map(|entry| values::truth(&entry.value, problems))
}

fn number(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<u32> {
    let entry = fields.take(key)?;
    let number = values::number(&entry.value, problems)?;
    let fitting = u32::try_from(number).ok();
    if fitting.is_none() {
        let message = format!("expected a whole number from 0 to {}, found {number}", u32::MAX);
        problems.push(Problem::error("document.type", entry.value.span, message));
    }
    fitting
}

/// What is not an ARN at all ends the existing program; of others STS says what they are.
fn role_arn(value: Option<(&str, Span)>, problems: &mut Problems) -> Option<String> {
    let (text, span) = value.filter(|(text, _)| !text.is_empty())?;
    let ["arn", _, service, _, account, resource] = text.splitn(6, ':').collect::<Vec<_>>()[..] else {
        problems.push(Problem::error("config.arn", span, format!("{text:?} is not the ARN of an IAM role")));
        return None;
    };
    if service != "iam" || !resource.starts_with("role/") || account.parse::<AccountId>().is_err() {
        let message = format!("{text:?} is not the ARN of an IAM role: calls of EC2 will fail");
        problems.push(Problem::warning("config.arn", span, message));
    }
    Some(text.to_owned())
}

/// The ARN of whatever acts, of any service; its account is sent as well, be it empty as in those of S3. Without a role nothing is sent.
fn source_arn(value: Option<(&str, Span)>, has_role: bool, problems: &mut Problems) -> Option<String> {
    let (text, span) = value.filter(|(text, _)| !text.is_empty())?;
    let ["arn", _, _, _, account, _] = text.splitn(6, ':').collect::<Vec<_>>()[..] else {
        let message = format!("{text:?} is not an ARN");
        problems.push(if has_role {
            Problem::error("config.arn", span, message)
        } else {
            let message = format!("{message}; without `ec2DescribeInstancesRoleARN` it has no effect");
            Problem::warning("config.arn", span, message)
        });
        return None;
    };
    if account.parse::<AccountId>().is_err() {
        let message = format!("{text:?} has no account: a trust policy that asks for aws:SourceAccount will refuse it");
        problems.push(Problem::warning("config.arn", span, message));
    }
    Some(text.to_owned())
}

fn backend_modes(entry: Option<&Entry>, problems: &mut Problems) -> Vec<BackendMode> {
    let Some(entry) = entry else { return Vec::new() };
    let names = values::words(&entry.value, problems);
    if names.is_empty() && entry.value.as_mapping().is_none() {
        problems.push(Problem::error("config.backend-mode", entry.value.span, "the list of backend modes is empty"));
    }
    let (mut modes, mut written): (Vec<BackendMode>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, span) in names {
        match mode(&name, span, problems) {
            Some(mode) if written.contains(&name) => {
                problems.push(Problem::error("config.backend-mode", span, format!("{mode} stands twice")));
            }
            // By its old name and the new one: the existing program asks it twice, which is the same as once.
            Some(mode) if modes.contains(&mode) => {
                let message = format!("{mode} is listed twice; it is asked once");
                problems.push(Problem::warning("config.duplicate", span, message));
            }
            Some(mode) => modes.push(mode),
            None => {}
        }
        written.push(name);
    }
    modes
}

/// A backend mode by its name or its old name.
fn mode(name: &str, span: Span, problems: &mut Problems) -> Option<BackendMode> {
    let old = match name {
        "File" => Some(BackendMode::MountedFile),
        "ConfigMap" => Some(BackendMode::EksConfigMap),
        _ => None,
    };
    if let Some(mode) = old {
        let message = format!("`{name}` is an old name");
        problems.push(Problem::warning("config.old-name", span, message).hint(format!("write {mode}")));
    }
    let mode = old.or_else(|| BackendMode::BACKENDS.into_iter().find(|mode| mode.as_str() == name));
    if mode.is_none() {
        let known = "backend modes are MountedFile, EKSConfigMap, CRD and DynamicFile";
        let problem = Problem::error("config.backend-mode", span, format!("{name:?} is none; {known}"));
        problems.push(match document::nearest(name, BackendMode::BACKENDS.map(BackendMode::as_str)) {
            _ if name.contains(',') => {
                problem.hint("write a list, as in [MountedFile, CRD], or put blanks between them")
            }
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem,
        });
    }
    mode
}

fn scrubbed_accounts(entry: Option<&Entry>, problems: &mut Problems) -> Vec<AccountId> {
    let Some(entry) = entry else { return Vec::new() };
    values::accounts_of_setting(&entry.value, problems).into_iter().map(|(account, _)| account).collect()
}

/// `reservedPrefixConfig`. The existing program passes over modes that it does not know and old names, and so reserves
/// nothing where somebody thought it did: here the first are warned about, and the second mean what they say.
fn reserved_prefixes(entry: Option<&Entry>, problems: &mut Problems) -> BTreeMap<BackendMode, Vec<String>> {
    let Some(entry) = entry else { return BTreeMap::new() };
    let mut prefixes = BTreeMap::new();
    for node in values::list(&entry.value, problems) {
        let Some(mut fields) = Fields::new(node, KeyCase::Insensitive, problems) else { continue };
        let name = fields.text("backendMode", problems);
        let list = fields.take("usernamePrefixReserveList").map(|entry| values::texts(&entry.value, problems));
        let span = fields.span();
        fields.finish(problems, unknown_key);
        let Some(mode) = name.and_then(|(name, _)| BackendMode::named(name)) else {
            let message = match name {
                Some((name, _)) => format!("{name:?} is not a backend mode: nothing is reserved"),
                None => "without `backendMode` nothing is reserved".to_owned(),
            };
            problems.push(Problem::warning("config.reserved-prefix", name.map_or(span, |(_, span)| span), message));
            continue;
        };
        let name_span = name.map_or(span, |(_, span)| span);
        let list = list.unwrap_or_default().into_iter().map(|(prefix, _)| prefix).collect();
        if prefixes.insert(mode, list).is_some() {
            let message = format!("{mode} is listed twice; the last entry is used");
            problems.push(Problem::warning("config.duplicate", name_span, message));
        }
    }
    prefixes
}
