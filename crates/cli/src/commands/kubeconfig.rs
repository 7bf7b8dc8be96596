//! `kubeconfig`: prints a kubeconfig that gets its tokens from this program, or merges it into an existing one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use document::Source;
use kubeconfig::{ExecEntry, ExecPlugin, InteractiveMode};

use crate::{
    arguments::Global,
    exit::{CommandResult, Failure},
    rim::{self, Process},
    settings,
};

/// Flags of `kubeconfig`.
#[derive(Args, Debug)]
pub(crate) struct KubeconfigArgs {
    /// URL of the API server, as https://api.prod.example.com
    #[arg(long, value_name = "URL", conflicts_with = "from_kubeconfig")]
    server: Option<String>,

    /// File with the certificate authority of the API server (PEM); without it the system's roots are used
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,

    /// Take server and certificate authority from this kubeconfig (an administrator's, say)
    #[arg(long, value_name = "FILE")]
    from_kubeconfig: Option<PathBuf>,

    /// The context of that kubeconfig to take them from (default: its current one)
    #[arg(long, value_name = "NAME", requires = "from_kubeconfig")]
    from_context: Option<String>,

    /// Name of the context, the cluster and the user (default: the cluster id)
    #[arg(long)]
    name: Option<String>,

    /// Default namespace of the context
    #[arg(short, long)]
    namespace: Option<String>,

    /// AWS Region of the STS endpoint, passed on to `token`
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
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "")]
    merge: Option<PathBuf>,

    /// Leave the current context of the merged kubeconfig as it is
    #[arg(long, requires = "merge")]
    keep_current: bool,
}

/// Runs `kubeconfig`.
pub(crate) fn run(args: KubeconfigArgs, global: &Global, process: &Process) -> CommandResult {
    let merge = args.merge.clone();
    let keep_current = args.keep_current;
    let entry = entry(args, global, process)?;
    let Some(file) = merge else {
        return Ok(rim::print(&kubeconfig::render(&entry))?);
    };
    let path = if file.as_os_str().is_empty() { default_path(process)? } else { file };
    let exists = std::fs::exists(&path).with_context(|| format!("cannot look at {}", path.display()))?;
    let merged = if exists {
        let source = rim::read_source(&path)?;
        kubeconfig::merge(&source, &entry, !keep_current).map_err(|problems| said(&source, &problems))?
    } else {
        kubeconfig::render(&entry)
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    // A symbolic link (dotfiles kept elsewhere) stays one: its target is what gets replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.clone());
    rim::write_atomically(&target, merged.as_bytes(), 0o600)?;
    rim::note(&format!("context {} written to {}", entry.context, path.display()));
    Ok(())
}

fn entry(args: KubeconfigArgs, global: &Global, process: &Process) -> Result<ExecEntry, Failure> {
    let config = settings::config(global)?;
    let cluster_id = settings::cluster_id(global, process, &config)?;
    let (server, certificate_authority_pem) = endpoint(&args)?;
    let name = args.name.unwrap_or_else(|| cluster_id.as_str().to_owned());
    let mut plugin_args = vec!["token".to_owned(), "-i".to_owned(), cluster_id.as_str().to_owned()];
    for (flag, value) in [("--region", args.region), ("--role", args.role)] {
        plugin_args.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    }
    Ok(ExecEntry {
        context: name.clone(),
        cluster: name.clone(),
        user: name,
        server,
        certificate_authority_pem,
        namespace: args.namespace,
        exec: ExecPlugin {
            command: args.command,
            args: plugin_args,
            env: args.profile.into_iter().map(|profile| ("AWS_PROFILE".to_owned(), profile)).collect(),
            api_version: args.api_version,
            install_hint: Some(kubeconfig::INSTALL_HINT.to_owned()),
            interactive_mode: InteractiveMode::IfAvailable,
            provide_cluster_info: false,
        },
    })
}

fn endpoint(args: &KubeconfigArgs) -> Result<(String, Option<String>), Failure> {
    match (&args.server, &args.from_kubeconfig) {
        (Some(server), _) => {
            if !server.starts_with("https://") {
                return Err(anyhow::anyhow!("--server {server}: the API server's URL starts with https://").into());
            }
            Ok((server.clone(), args.ca.as_deref().map(read_authority).transpose()?))
        }
        (None, Some(path)) => {
            let source = rim::read_source(path)?;
            let cluster = kubeconfig::read_cluster(&source, args.from_context.as_deref())
                .map_err(|problems| said(&source, &problems))?;
            Ok((cluster.server, cluster.certificate_authority_pem))
        }
        (None, None) => Err(anyhow::anyhow!(
            "where is the API server? Give --server URL (and --ca FILE), or --from-kubeconfig FILE"
        )
        .into()),
    }
}

fn read_authority(path: &Path) -> anyhow::Result<String> {
    let pem = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    tls::inspect(&pem).with_context(|| format!("{}", path.display()))?;
    Ok(pem)
}

fn default_path(process: &Process) -> anyhow::Result<PathBuf> {
    let separator = if cfg!(windows) { ';' } else { ':' };
    let first = process.variable("KUBECONFIG").and_then(|list| list.split(separator).find(|path| !path.is_empty()));
    match (first, process.home()) {
        (Some(path), _) => Ok(path.into()),
        (None, Some(home)) => Ok(home.join(".kube").join("config")),
        (None, None) => anyhow::bail!("no home folder: name the kubeconfig, as --merge FILE"),
    }
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
