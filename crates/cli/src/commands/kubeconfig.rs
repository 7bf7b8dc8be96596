//! `kubeconfig`: prints a kubeconfig that gets its tokens from this program, merges it into an existing one, or converts one that
//! gets them from another program.
//!
//! ```text
//!   clusters  --server, contexts of a kubeconfig, or EKS ─► id, URL, authority      each becomes a context
//!   convert   a kubeconfig of the AWS CLI or aws-iam-authenticator ─► the same with this program
//! ```

mod clusters;
mod convert;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use document::Source;
use kubeconfig::{ExecEntry, ExecPlugin, InteractiveMode, Merged};

use self::clusters::{Cluster, clusters};
use crate::{
    arguments::Global,
    exit::{CommandResult, Failure},
    rim::{self, Process},
    settings,
};

/// Flags of `kubeconfig`.
#[derive(Args, Debug)]
#[expect(clippy::option_option, reason = "no flag, the flag alone, and the flag with a file are three things")]
pub(crate) struct KubeconfigArgs {
    /// URL of the API server, as https://api.prod.example.com
    #[arg(long, value_name = "URL")]
    server: Option<String>,

    /// File with the certificate authority of the API server (PEM); without it the system's roots are used
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,

    /// Take server and certificate authority from this kubeconfig (an administrator's, say)
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    from_kubeconfig: Option<PathBuf>,

    /// A context of that kubeconfig, and its cluster id (default: the current one, and -i); repeat it for several clusters
    #[arg(long, value_name = "CONTEXT[=ID]", requires = "from_kubeconfig")]
    from_context: Vec<String>,

    /// Ask EKS for server and certificate authority of this cluster; repeat it for several clusters
    #[arg(long, value_name = "NAME|ARN", conflicts_with_all = ["server", "from_kubeconfig"])]
    eks: Vec<String>,

    /// Name of the context, the cluster and the user (default: the cluster id)
    #[arg(long)]
    name: Option<String>,

    /// Default namespace of the context
    #[arg(short, long)]
    namespace: Option<String>,

    /// AWS Region of the STS endpoint, passed on to `token`; with --eks also that of the cluster
    #[arg(long)]
    region: Option<String>,

    /// ARN of a role to assume, passed on to `token`
    #[arg(short, long, value_name = "ARN")]
    role: Option<String>,

    /// AWS profile to use, set as AWS_PROFILE for the plugin
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Path or name of the plugin
    #[arg(long, value_name = "PATH", default_value = "cluster-auth")]
    command: String,

    /// ExecCredential version: v1 or v1beta1
    #[arg(long, value_name = "VERSION", value_parser = parse_version, default_value = "v1")]
    api_version: kubeconfig::ApiVersion,

    /// Merge into a kubeconfig instead of printing (default: the first of KUBECONFIG, else ~/.kube/config)
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    merge: Option<Option<PathBuf>>,

    /// Leave the current context of the merged kubeconfig as it is
    #[arg(long, requires = "merge")]
    keep_current: bool,

    /// Turn users of `aws eks get-token` and aws-iam-authenticator to this program, in place (default: every file of KUBECONFIG, else ~/.kube/config)
    #[arg(
        long, value_name = "FILE", num_args = 0..=1,
        conflicts_with_all = ["server", "from_kubeconfig", "eks", "merge", "name", "namespace", "region", "role", "profile", "api_version"],
    )]
    convert: Option<Option<PathBuf>>,

    /// Only say what --convert would change
    #[arg(long, requires = "convert")]
    dry_run: bool,
}

/// Runs `kubeconfig`.
pub(crate) fn run(args: &KubeconfigArgs, global: &Global, process: &Process) -> CommandResult {
    if let Some(file) = &args.convert {
        return convert::convert(file.as_deref(), args, process);
    }
    let entries: Vec<_> = clusters(args, global, process)?.into_iter().map(|cluster| entry(args, cluster)).collect();
    let Some(file) = &args.merge else {
        return Ok(rim::print(&with(None, &entries, false)?.text)?);
    };
    let path = match file {
        Some(path) => path.clone(),
        None => default_path(process)?,
    };
    let exists = std::fs::exists(&path).with_context(|| format!("cannot look at {}", path.display()))?;
    let existing = exists.then(|| rim::read_source(&path)).transpose()?;
    let Merged { text, notes } = with(existing, &entries, args.keep_current)?;
    write(&path, &text)?;
    for note in notes {
        rim::note(&format!("note: {note}"));
    }
    for entry in &entries {
        rim::note(&format!("context {} written to {}", entry.context, path.display()));
    }
    Ok(())
}

/// The kubeconfig with all entries, the first of which becomes the current one.
fn with(existing: Option<Source>, entries: &[ExecEntry], keep_current: bool) -> Result<Merged, Failure> {
    let mut source = existing.unwrap_or_else(|| Source::new("kubeconfig", ""));
    let mut all = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let becomes_current = at == 0 && !keep_current;
        let merged = kubeconfig::merge(&source, entry, becomes_current).map_err(|problems| said(&source, &problems))?;
        all.extend(merged.notes);
        source = Source::new(source.name().to_owned(), merged.text);
    }
    Ok(Merged { text: source.text().to_owned(), notes: all })
}

fn entry(args: &KubeconfigArgs, cluster: Cluster) -> ExecEntry {
    let Cluster { id, endpoint, region } = cluster;
    let name = args.name.clone().unwrap_or_else(|| id.as_str().to_owned());
    let mut plugin_args = vec!["token".to_owned(), "-i".to_owned(), id.as_str().to_owned()];
    for (flag, value) in [("--region", region.or_else(|| args.region.clone())), ("--role", args.role.clone())] {
        plugin_args.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    ExecEntry {
        context: name.clone(),
        cluster: name.clone(),
        user: name,
        endpoint,
        namespace: args.namespace.clone(),
        exec: ExecPlugin {
            command: args.command.clone(),
            args: plugin_args,
            env: args.profile.iter().map(|profile| ("AWS_PROFILE".to_owned(), profile.clone())).collect(),
            api_version: args.api_version,
            install_hint: Some(kubeconfig::INSTALL_HINT.to_owned()),
            interactive_mode: InteractiveMode::IfAvailable,
            provide_cluster_info: false,
        },
    }
}

/// Replaces a kubeconfig in one step.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    // A symbolic link (dotfiles kept elsewhere) stays one: its target is what gets replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    rim::write_atomically(&target, text.as_bytes(), 0o600)
}

/// The first file that kubectl would read: where it writes itself, too.
fn default_path(process: &Process) -> anyhow::Result<PathBuf> {
    default_paths(process)?.into_iter().next().context("KUBECONFIG names no file")
}

/// Every file that kubectl would read.
fn default_paths(process: &Process) -> anyhow::Result<Vec<PathBuf>> {
    let separator = if cfg!(windows) { ';' } else { ':' };
    let listed = process.variable("KUBECONFIG").unwrap_or_default().split(separator).filter(|path| !path.is_empty());
    let listed: Vec<PathBuf> = listed.map(PathBuf::from).collect();
    if !listed.is_empty() {
        return Ok(listed);
    }
    let home = process.home().context("no home folder: name the kubeconfig, as --merge FILE or --convert FILE")?;
    Ok(vec![home.join(".kube").join("config")])
}

fn parse_version(text: &str) -> Result<kubeconfig::ApiVersion, String> {
    match text {
        "v1" => Ok(kubeconfig::ApiVersion::V1),
        "v1beta1" => Ok(kubeconfig::ApiVersion::V1Beta1),
        _ => Err("kubectl knows v1 and v1beta1".to_owned()),
    }
}

fn said(source: &Source, problems: &[document::Problem]) -> Failure {
    settings::print_problems(source, problems);
    Failure::AlreadySaid
}
