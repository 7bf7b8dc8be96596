//! The file as a whole.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use document::{Entry, Fields, KeyCase, Limits, Problem, Problems, Source};
use identity::{AccountId, Arn, Partition};

use super::{FeatureGates, entries::Entries, values};
use crate::{Mode, Snapshot, snapshot};

/// The configuration: what the file says, defaults not yet filled in.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `clusterID`.
    pub cluster_id: Option<String>,
    /// The keys of the client's commands.
    pub client: ClientConfig,
    /// `server`.
    pub server: ServerConfig,
}

/// Keys for `token` and `verify`, at the top level of the file.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the key of its name, described with the flag of its name")]
pub struct ClientConfig {
    pub region: Option<String>,
    pub role: Option<String>,
    pub external_id: Option<String>,
    pub session_name: Option<String>,
    pub token_only: Option<bool>,
    pub forward_session_name: Option<bool>,
    pub token: Option<String>,
}

/// Keys below `server`.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// `partition`; commercial where it is not given.
    pub partition: Partition,
    /// `address`, to listen on.
    pub address: Option<IpAddr>,
    /// `port`, to listen on.
    pub port: Option<u16>,
    /// `hostname`, under which the API server reaches it.
    pub hostname: Option<String>,
    /// `stateDir`, where certificate and key are.
    pub state_dir: Option<PathBuf>,
    /// `generateKubeconfig`, where the API server's kubeconfig goes.
    pub generate_kubeconfig: Option<PathBuf>,
    /// `kubeconfigPregenerated`: leave that kubeconfig alone.
    pub kubeconfig_pregenerated: Option<bool>,
    /// `backendMode`, in order; empty where it is not given.
    pub backend_modes: Vec<Mode>,
    /// `scrubbedAccounts`: accounts whose details stay out of logs and answers.
    pub scrubbed_accounts: Vec<AccountId>,
    /// `ec2DescribeInstancesRoleARN`, assumed for asking EC2.
    pub ec2_role_arn: Option<String>,
    /// `sourceARN`, sent with that.
    pub source_arn: Option<String>,
    /// `ec2DescribeInstancesQps`, calls per second.
    pub ec2_qps: Option<u32>,
    /// `ec2DescribeInstancesBurst`.
    pub ec2_burst: Option<u32>,
    /// `reservedPrefixConfig`, by mode.
    pub reserved_prefixes: BTreeMap<Mode, Vec<String>>,
    /// `mapRoles`, `mapUsers` and `mapAccounts`.
    pub mounted_file: Option<snapshot::Source>,
}

impl ServerConfig {
    /// The mapping of this file alone.
    pub fn snapshot(&self) -> Snapshot {
        let sources = self.mounted_file.iter().cloned().collect();
        Snapshot::new(self.partition, sources, self.scrubbed_accounts.iter().copied())
    }
}

/// Reads a file. With it come warnings; instead of it, every problem there is.
pub fn read_config(source: &Source, gates: &FeatureGates) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    // What the gates switch is always on here, so they change nothing in how a file is read.
    let _ = gates;
    let Some(root) = document::parse(source, &Limits::default())? else { return Ok((Config::default(), Vec::new())) };
    let mut problems = Problems::default();
    let config =
        Fields::new(&root, KeyCase::Insensitive, &mut problems).map(|fields| read(fields, source, &mut problems));
    match config {
        Some(config) if !problems.has_errors() => Ok((config, problems.into_sorted())),
        _ => Err(problems.into_sorted()),
    }
}

fn read(mut fields: Fields<'_>, source: &Source, problems: &mut Problems) -> Config {
    let owned = |value: Option<(&str, document::Span)>| value.map(|(text, _)| text.to_owned());
    let cluster_id = fields.take("clusterID").and_then(|entry| values::scalar_text(&entry.value, problems));
    let client = ClientConfig {
        region: owned(fields.text("region", problems)),
        role: owned(fields.text("role", problems)),
        external_id: fields.take("externalID").and_then(|entry| values::scalar_text(&entry.value, problems)),
        session_name: owned(fields.text("sessionName", problems)),
        token_only: fields.boolean("tokenOnly", problems).map(|(value, _)| value),
        forward_session_name: fields.boolean("forwardSessionName", problems).map(|(value, _)| value),
        token: owned(fields.text("token", problems)),
    };
    // Keys that other commands of the existing program read; here they are flags only.
    for key in ["cache", "output", "partition"] {
        fields.take(key);
    }
    let server = fields.take("server").and_then(|entry| Fields::new(&entry.value, KeyCase::Insensitive, problems));
    let server = server.map(|server| read_server(server, source, problems)).unwrap_or_default();
    fields.finish(problems, unknown_key);
    Config { cluster_id, client, server }
}

fn read_server(mut fields: Fields<'_>, source: &Source, problems: &mut Problems) -> ServerConfig {
    let partition = fields.text("partition", problems);
    let partition = values::parsed(partition, "config.partition", "an AWS partition", problems).unwrap_or_default();
    let address = fields.text("address", problems);
    let path = |value: Option<(&str, document::Span)>| value.map(|(text, _)| PathBuf::from(text));
    let owned = |value: Option<(&str, document::Span)>| value.map(|(text, _)| text.to_owned());
    let small = |value: Option<(u64, document::Span)>| value.and_then(|(number, _)| u32::try_from(number).ok());
    let role = fields.text("ec2DescribeInstancesRoleARN", problems);
    let ec2_role_arn: Option<Arn> = values::parsed(role, "config.arn", "the ARN of a role", problems);
    let mut config = ServerConfig {
        partition,
        address: values::parsed(address, "config.address", "an IP address; a name goes to `hostname`", problems),
        port: fields.number("port", 65_535, problems).and_then(|(port, _)| u16::try_from(port).ok()),
        hostname: owned(fields.text("hostname", problems)),
        state_dir: path(fields.text("stateDir", problems)),
        generate_kubeconfig: path(fields.text("generateKubeconfig", problems)),
        kubeconfig_pregenerated: fields.boolean("kubeconfigPregenerated", problems).map(|(value, _)| value),
        backend_modes: backend_modes(fields.take("backendMode"), problems),
        scrubbed_accounts: scrubbed_accounts(fields.take("scrubbedAccounts"), problems),
        ec2_role_arn: ec2_role_arn.map(|arn| arn.to_string()),
        source_arn: owned(fields.text("sourceARN", problems)),
        ec2_qps: small(fields.number("ec2DescribeInstancesQps", u64::from(u32::MAX), problems)),
        ec2_burst: small(fields.number("ec2DescribeInstancesBurst", u64::from(u32::MAX), problems)),
        reserved_prefixes: reserved_prefixes(fields.take("reservedPrefixConfig"), problems),
        mounted_file: None,
    };
    let mode = Mode::MountedFile;
    let entries = Entries { source, mode, partition };
    let roles = entries.roles(fields.take("mapRoles"), problems);
    let users = entries.users(fields.take("mapUsers"), problems);
    let accounts = entries.accounts(fields.take("mapAccounts"), problems);
    let reserved_prefixes = config.reserved_prefixes.get(&mode).cloned().unwrap_or_default();
    config.mounted_file = Some(snapshot::Source { mode, roles, users, accounts, reserved_prefixes });
    // Of sources that this version does not have; they stay known so that a file with them can be read.
    for key in ["kubeconfig", "master", "dynamicfilepath", "dynamicfileUserIDStrict", "dynamicBackendModePath"] {
        fields.take(key);
    }
    fields.finish(problems, unknown_key);
    config
}

fn backend_modes(entry: Option<&Entry>, problems: &mut Problems) -> Vec<Mode> {
    let Some(entry) = entry else { return Vec::new() };
    let mut modes: Vec<Mode> = Vec::new();
    for (name, span) in values::texts(&entry.value, ' ', problems) {
        let old = match name.as_str() {
            "File" => Some(Mode::MountedFile),
            "ConfigMap" => Some(Mode::EksConfigMap),
            _ => None,
        };
        if let Some(mode) = old {
            let message = format!("`{name}` is an old name");
            problems.push(Problem::warning("config.old-name", span, message).hint(format!("write {mode}")));
        }
        match old.or_else(|| Mode::ALL.into_iter().find(|mode| mode.as_str() == name)) {
            Some(mode) if modes.contains(&mode) => {
                problems.push(Problem::error("config.backend-mode", span, format!("{mode} stands twice")));
            }
            Some(mode) => modes.push(mode),
            None => {
                let known = "backend modes are MountedFile, EKSConfigMap, CRD and DynamicFile";
                problems.push(Problem::error("config.backend-mode", span, format!("{name:?} is none; {known}")));
            }
        }
    }
    if modes.is_empty() && !problems.has_errors() {
        problems.push(Problem::error("config.backend-mode", entry.value.span, "the list of backend modes is empty"));
    }
    modes
}

fn scrubbed_accounts(entry: Option<&Entry>, problems: &mut Problems) -> Vec<AccountId> {
    let Some(entry) = entry else { return Vec::new() };
    match entry.value.as_sequence() {
        Some(nodes) => nodes.iter().filter_map(|node| values::account(node, problems)).collect(),
        None => values::texts(&entry.value, ' ', problems)
            .iter()
            .filter_map(|(text, span)| {
                values::parsed(Some((text, *span)), "config.account", "an AWS account (12 digits)", problems)
            })
            .collect(),
    }
}

fn reserved_prefixes(entry: Option<&Entry>, problems: &mut Problems) -> BTreeMap<Mode, Vec<String>> {
    let Some(entry) = entry else { return BTreeMap::new() };
    let mut prefixes = BTreeMap::new();
    for node in values::list(&entry.value, problems) {
        let Some(mut fields) = Fields::new(node, KeyCase::Insensitive, problems) else { continue };
        let mode = fields.text("backendMode", problems);
        let list = fields.take("usernamePrefixReserveList").map(|entry| values::texts(&entry.value, ',', problems));
        let span = fields.span();
        fields.finish(problems, unknown_key);
        let known = mode.and_then(|(name, _)| Mode::ALL.into_iter().find(|mode| mode.as_str() == name));
        match known {
            Some(mode) => {
                let list = list.unwrap_or_default().into_iter().map(|(prefix, _)| prefix).collect();
                prefixes.insert(mode, list);
            }
            None => {
                let message = "needs `backendMode`: MountedFile, EKSConfigMap, CRD or DynamicFile";
                problems.push(Problem::error("config.reserved-prefix", span, message));
            }
        }
    }
    prefixes
}

/// Unknown keys warn: the existing program passes over them, and files of other versions have others.
pub(super) fn unknown_key(entry: &Entry, near: Option<&'static str>) -> Problem {
    let message = format!("unknown key `{}`; it has no effect", entry.key.text);
    let problem = Problem::warning("config.unknown-key", entry.key_span, message);
    match near {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}
