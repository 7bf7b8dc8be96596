//! What was typed, the environment and the configuration file, resolved: flag given > environment > file > default.
//!
//! Three variables take part, as in aws-iam-authenticator: `KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID`, `DEFAULT_ROLE` and
//! `AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY`. An empty variable counts as unset.

use std::path::{Path, PathBuf};

use access::Access;
use anyhow::Context as _;
use document::{Problem, RenderStyle, Source};
use identity::Partition;
use mapping::authenticator::{self, Config, ServerConfig};
#[cfg(unix)]
use mapping::{BackendMode, Index, Reader};
use reading::Kind;
use token::ClusterId;

use crate::{exit::Failure, global::Global, process};

/// The variable that names the cluster.
pub(crate) const CLUSTER_ID_VARIABLE: &str = "KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID";

/// The configuration file named by `--config`, read and checked; an empty one where none is named.
///
/// Every problem of the file is printed before this fails; warnings are printed and do not fail.
pub(crate) fn config(global: &Global) -> Result<Config, Failure> {
    config_in(global, None)
}

/// The same for a server whose partition a flag names.
pub(crate) fn config_in(global: &Global, partition: Option<Partition>) -> Result<Config, Failure> {
    let Some(path) = &global.config else { return Ok(Config::default()) };
    let source = config_source(path, Kind::Any)?;
    let (config, warnings) =
        authenticator::read_config_in(&source, partition).map_err(|problems| told(&source, &problems))?;
    print_problems(&source, &warnings);
    Ok(config)
}

/// The same for a server, with its rules, and with a partition that was given by flag and goes before the file's.
#[cfg(unix)]
pub(crate) fn indexed_config(global: &Global, partition: Option<Partition>) -> Result<(Config, Index), Failure> {
    let Some(path) = &global.config else {
        return Ok((Config::default(), Index::new(BackendMode::MountedFile, Reader::ClusterAuth)));
    };
    let source = config_source(path, Kind::Regular)?;
    let read = authenticator::read_indexed(&source, partition);
    let (config, rules, warnings) = read.map_err(|problems| told(&source, &problems))?;
    print_problems(&source, &warnings);
    Ok((config, rules))
}

fn told(source: &Source, problems: &[Problem]) -> Failure {
    print_problems(source, problems);
    Failure::AlreadySaid
}

/// The same for whoever asks it for one thing beside the mappings: a file that only aws-iam-authenticator takes says nothing of it.
pub(crate) fn config_if_readable(global: &Global) -> anyhow::Result<Config> {
    let Some(path) = &global.config else { return Ok(Config::default()) };
    let read = authenticator::read_config_in(&configuration(path)?, None);
    Ok(read.map(|(config, _)| config).unwrap_or_default())
}

/// The access file that a server reads by itself: the one that its configuration names, or `access.yaml` beside that.
pub(crate) fn access_file(global: &Global, server: &ServerConfig) -> Option<PathBuf> {
    let beside = || Some(global.config.as_ref()?.parent()?.join("access.yaml")).filter(|path| is_meant(path));
    server.access_file.clone().or_else(beside)
}

/// Whether a file that only its name makes an access file has a key of one; another program's is passed over, which is said.
/// What cannot be read may well be meant.
fn is_meant(path: &Path) -> bool {
    if !path.exists() {
        return false;
    }
    let Ok(source) = process::read_source_of(path, Kind::Regular) else { return true };
    let Ok(root) = document::parse(&source, &document::Limits::default()) else { return true };
    let is_key = |key: &str| access::keys::Object::File.key(key).is_some();
    let entries = root.as_ref().and_then(document::Node::as_mapping);
    let is_other = entries.is_some_and(|all| !all.is_empty() && !all.iter().any(|entry| is_key(&entry.key.text)));
    if is_other {
        process::note(&format!(
            "note: {} has no key of an access file and is passed over; `server.accessFile` or --access-file names one",
            path.display()
        ));
    }
    !is_other
}

/// Whether what was typed for every command goes with an access file, which alone says what it is for: given is never ignored.
pub(crate) fn of_access_file(global: &Global, access: &Access) -> anyhow::Result<()> {
    if let Some(path) = &global.config {
        anyhow::bail!(
            "--config {}: an access file needs no configuration of the authenticator; leave it out (`import` and `explain` read \
             one)",
            path.display()
        );
    }
    let (Some(typed), id) = (&global.cluster_id, &access.cluster_id) else { return Ok(()) };
    match id {
        Some(id) if *id.value == **typed => Ok(()),
        Some(id) => {
            anyhow::bail!("--cluster-id {typed}: the access file is for `{}`; give the file of that cluster", id.value)
        }
        None => {
            anyhow::bail!("--cluster-id {typed}: the access file has no clusterID; write `clusterID: {typed}` into it")
        }
    }
}

/// Reads the file's text, if its name says a format that we read: those of aws-iam-authenticator (viper 1.21) but for files of
/// variables, which can say nothing of mappings.
pub(crate) fn config_source(path: &Path, kind: Kind) -> anyhow::Result<Source> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let why = match extension {
        "yaml" | "yml" | "json" | "toml" => None,
        "env" | "dotenv" => {
            Some("only aws-iam-authenticator reads a file of variables; write a YAML file instead, as `clusterID: …`")
        }
        "hcl" | "tfvars" | "ini" | "properties" | "props" | "prop" => {
            Some("aws-iam-authenticator does not read this format any more either")
        }
        _ => Some("its extension is unknown"),
    };
    if let Some(why) = why {
        let path = path.display();
        anyhow::bail!("cannot read configuration file {path}: {why}; its name must end in .yaml, .yml, .json or .toml");
    }
    process::read_source_of(path, kind).context("cannot read the configuration file")
}

/// The same for whoever asks what stands in it: one in which nothing does is another file than is meant.
pub(crate) fn configuration(path: &Path) -> anyhow::Result<Source> {
    let source = config_source(path, Kind::Any)?;
    match inventory::no_configuration(&source) {
        None => Ok(source),
        Some(why) => anyhow::bail!("--config {}: {why}", path.display()),
    }
}

/// The feature gates that were typed.
pub(crate) fn gates(global: &Global) -> anyhow::Result<authenticator::FeatureGates> {
    global.feature_gates().unwrap_or_default().parse().context("--feature-gates")
}

/// The cluster id: flag, variable or file.
pub(crate) fn cluster_id(global: &Global, process: &process::Process, config: &Config) -> anyhow::Result<ClusterId> {
    let text = global
        .cluster_id
        .as_deref()
        .or_else(|| process.variable(CLUSTER_ID_VARIABLE))
        .or(config.cluster_id.as_deref())
        .with_context(|| {
            format!("no cluster id: give -i ID, set {CLUSTER_ID_VARIABLE}, or put clusterID into the file of --config")
        })?;
    ClusterId::parse(text).with_context(|| format!("{text:?} is not a cluster id"))
}

/// Prints problems of a file to stderr, in colour where that is wanted.
pub(crate) fn print_problems(sources: &(impl AsRef<[Source]> + ?Sized), problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    #[cfg(unix)]
    if crate::logs::is_json() {
        return log_problems(sources.as_ref(), problems);
    }
    let coloured = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let style = if coloured { RenderStyle::Coloured } else { RenderStyle::Plain };
    process::note_rendered(document::render(sources, problems, style).trim_end());
}

/// Problems as lines of the log, for whoever reads that by program.
#[cfg(unix)]
fn log_problems(sources: &[Source], problems: &[Problem]) {
    for Problem { code, severity, span, message, hint, .. } in problems {
        let source = sources.iter().rfind(|source| source.base() <= span.start);
        let place = source.map(|source| format!("{}:{}", source.name(), source.position(span.start).line));
        let (place, hint) = (place.as_deref(), hint.as_deref());
        match severity {
            document::Severity::Error => tracing::error!(code, place, hint, "{message}"),
            document::Severity::Warning => tracing::warn!(code, place, hint, "{message}"),
            document::Severity::Note => tracing::info!(code, place, hint, "{message}"),
        }
    }
}

/// Logging as the global flags want it; lines are flushed when the guards go.
#[cfg(unix)]
pub(crate) fn start_logs(
    global: &Global,
    process: &process::Process,
) -> anyhow::Result<[tracing_appender::non_blocking::WorkerGuard; 2]> {
    use crate::logs;

    let variable = process.variable("AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY");
    let format = global.log_format.as_deref().and_then(logs::Format::named).unwrap_or_default();
    Ok(logs::start(format, logs::verbosity(global.log_verbosity, variable)?, process::now))
}
