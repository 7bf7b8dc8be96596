//! `kubeconfig`: prints a kubeconfig that gets its tokens from this program, merges it into an existing one, or converts one that
//! gets them from another program. Also puts this program into kubectl's list of those that it runs.
//!
//! ```text
//!   clusters  --server, contexts of a kubeconfig, or EKS ─► id, URL, authority      each becomes a context
//!   convert   a kubeconfig of the AWS CLI or aws-iam-authenticator ─► the same with this program
//!   kuberc    kubectl's preferences ─► the same with this program, and all others that somebody logs in by, permitted
//!   update    `eks update-kubeconfig`, in the AWS CLI's words
//! ```

mod clusters;
mod convert;
pub(crate) mod file;
mod kuberc;
pub(crate) mod update;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use document::Source;
use identity::Arn;
use kubeconfig::{ExecEntry, ExecPlugin, InteractiveMode, OtherFile, OtherFiles};

use self::clusters::{Cluster, clusters};
use crate::{
    exit::{CommandResult, Failure},
    global::{Global, program},
    names,
    process::{self, Process},
    settings,
};

/// Flags of `kubeconfig`.
#[derive(Args, Debug)]
#[command(
    group = ArgGroup::new("with_authority").args(["server", "from_kubeconfig"]),
    group = ArgGroup::new("writes").args(["merge", "convert", "kuberc"]),
    group = ArgGroup::new("asks").args(["kuberc"]),
)]
#[expect(clippy::option_option, reason = "no flag, the flag alone, and the flag with a file are three things")]
pub(crate) struct KubeconfigArgs {
    /// URL of the API server, such as https://api.prod.example.com
    #[arg(long, value_name = "URL")]
    server: Option<String>,

    /// File with the certificate authority of the API server (PEM) [default: what --from-kubeconfig has, else the system's
    /// roots]
    #[arg(long, value_name = "FILE", requires = "with_authority", conflicts_with = "eks")]
    ca: Option<PathBuf>,

    /// Take server and certificate authority from this kubeconfig (for example an administrator's)
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    from_kubeconfig: Option<PathBuf>,

    /// Context of that kubeconfig, with its cluster id; repeatable [default: the current context, and -i]
    #[arg(long, value_name = "CONTEXT[=ID]", requires = "from_kubeconfig", conflicts_with_all = ["server", "eks"])]
    from_context: Vec<String>,

    /// Ask EKS for this cluster's server and certificate authority; repeatable
    #[arg(long, value_name = "NAME|ARN", conflicts_with_all = ["server", "from_kubeconfig"])]
    eks: Vec<String>,

    /// Name of the context, the cluster and the user [default: the cluster id]
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: Option<String>,

    /// Default namespace of the context
    #[arg(short, long, value_parser = names::namespace)]
    namespace: Option<String>,

    /// AWS Region of the STS endpoint, passed on to `token`; with --eks also the cluster's Region
    #[arg(long)]
    region: Option<String>,

    /// ARN of a role to assume, passed on to `token`
    #[arg(short, long, value_name = "ARN", value_parser = parse_role)]
    role: Option<String>,

    /// AWS profile that the plugin uses, written as AWS_PROFILE into the kubeconfig
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Path or name of the plugin [default: the name by which this program was started]
    #[arg(long, value_name = "PATH")]
    command: Option<String>,

    /// ExecCredential version: v1 or v1beta1
    #[arg(long, value_name = "VERSION", value_parser = parse_version, default_value = "v1")]
    api_version: kubeconfig::ApiVersion,

    /// Merge into this kubeconfig in place of printing [default: the first of KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    merge: Option<Option<PathBuf>>,

    /// Leave the kubeconfig's current context as it is
    #[arg(long, requires = "merge")]
    keep_current: bool,

    /// Make users of `aws eks get-token` and aws-iam-authenticator in this kubeconfig call this program, in place [default
    /// FILE: every file of KUBECONFIG, else ~/.kube/config]
    #[arg(
        long, value_name = "FILE", num_args = 0..=1,
        conflicts_with_all = [
            "server", "ca", "from_kubeconfig", "from_context", "eks", "merge", "keep_current", "name", "namespace", "region", "role", "profile",
            "api_version", "cluster_id", "config",
        ],
    )]
    convert: Option<Option<PathBuf>>,

    /// Allow this program in kubectl's kuberc; if the kuberc restricts nothing yet, allow this program and those in your
    /// kubeconfigs, and no others [default FILE: KUBERC, else ~/.kube/kuberc]
    #[arg(
        long, value_name = "FILE", num_args = 0..=1,
        conflicts_with_all = [
            "server", "ca", "from_kubeconfig", "from_context", "eks", "merge", "keep_current", "convert", "name", "namespace", "region", "role",
            "profile", "api_version", "cluster_id", "config",
        ],
    )]
    kuberc: Option<Option<PathBuf>>,

    /// Do not ask before --kuberc changes the file
    #[arg(long, requires = "asks", conflicts_with = "dry_run")]
    yes: bool,

    /// Print what --merge, --convert or --kuberc would change, and write nothing
    #[arg(long, requires = "writes")]
    dry_run: bool,

    /// FILE for --merge, --convert or --kuberc, if it does not follow that flag directly
    #[arg(value_name = "FILE", requires = "writes")]
    file: Option<PathBuf>,
}

/// Runs `kubeconfig`.
pub(crate) fn run(args: &KubeconfigArgs, global: &Global, process: &Process) -> CommandResult {
    if let Some(file) = &args.convert {
        return convert::convert(args.one_file(file.as_deref(), "--convert")?, args, process);
    }
    if let Some(file) = &args.kuberc {
        return kuberc::permit(args.one_file(file.as_deref(), "--kuberc")?, args, process);
    }
    let merge = match &args.merge {
        Some(file) => Some(args.one_file(file.as_deref(), "--merge")?),
        None => None,
    };
    if merge == Some(Some(Path::new("-"))) {
        return Err(anyhow::anyhow!("--merge -: cannot merge into stdout; leave --merge out to print").into());
    }
    let entries: Vec<_> =
        clusters(args, global, process)?.into_iter().map(|cluster| entry(args, cluster, process)).collect();
    let Some(file) = merge else {
        return Ok(process::print(&with(None, &OtherFiles::default(), &entries, false)?.text)?);
    };
    let path = match file {
        Some(path) => path.to_owned(),
        None => file::default_path(process)?,
    };
    let beside = beside(&path, process)?;
    let (merged, done) = if args.dry_run {
        (with(file::read_to_change(&path)?, &beside, &entries, args.keep_current)?, "would be written")
    } else {
        let locked = file::Locked::new(&path)?;
        let merged = with(locked.read()?, &beside, &entries, args.keep_current)?;
        locked.write(&merged.text)?;
        (merged, "written")
    };
    for note in merged.notes {
        process::note(&format!("note: {note}"));
    }
    for context in merged.contexts {
        process::note(&format!("context {context} {done} to {}", path.display()));
    }
    if args.dry_run {
        process::note("nothing was written (--dry-run)");
    }
    Ok(())
}

/// The kubeconfig at a path with all entries.
fn merge(existing: Option<Source>, path: &Path, entries: &[ExecEntry], process: &Process) -> Result<All, Failure> {
    with(existing, &beside(path, process)?, entries, false)
}

/// A kubeconfig with all entries.
struct All {
    text: String,
    contexts: Vec<String>,
    notes: Vec<String>,
}

/// The kubeconfig with all entries, the first of which becomes the current one.
fn with(
    existing: Option<Source>,
    beside: &OtherFiles,
    entries: &[ExecEntry],
    keep_current: bool,
) -> Result<All, Failure> {
    let mut source = existing.unwrap_or_else(|| Source::new("kubeconfig", ""));
    let (mut contexts, mut notes) = (Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        let becomes_current = at == 0 && !keep_current;
        let merged = kubeconfig::merge(&source, beside, entry, becomes_current);
        let merged = merged.map_err(|problems| report(&source, &problems))?;
        contexts.push(merged.context);
        notes.extend(merged.notes);
        source = Source::new(source.name().to_owned(), merged.text);
    }
    Ok(All { text: format!("{}{}", source.prefix(), source.text()), contexts, notes })
}

/// What kubectl merges with a kubeconfig, where that is one of those that it reads.
fn beside(path: &Path, process: &Process) -> Result<OtherFiles, Failure> {
    let listed = process.listed_kubeconfigs().unwrap_or_default();
    let is_it = |other: &PathBuf| match (other.canonicalize(), path.canonicalize()) {
        (Ok(other), Ok(path)) => other == path,
        _ => other == path,
    };
    let Some(at) = listed.iter().position(is_it) else { return Ok(OtherFiles::default()) };
    let read = |files: &[PathBuf]| {
        let mut read = Vec::new();
        for file in files.iter().filter(|file| !is_it(file)) {
            let Some(source) = file::read(file)? else { continue };
            read.push(OtherFile::read(&source).map_err(|problems| report(&source, &problems))?);
        }
        Ok::<_, Failure>(read)
    };
    Ok(OtherFiles { before: read(&listed[..at])?, after: read(&listed[at + 1..])? })
}

impl KubeconfigArgs {
    /// The file of a flag: behind it, or behind others.
    fn one_file<'a>(&'a self, behind: Option<&'a Path>, flag: &str) -> anyhow::Result<Option<&'a Path>> {
        let further = self.file.as_deref();
        if let (Some(behind), Some(further)) = (behind, further) {
            let (behind, further) = (behind.display(), further.display());
            anyhow::bail!("{further}: {flag} names {behind} already; give one file");
        }
        Ok(behind.or(further))
    }

    /// What kubectl is to run.
    fn command<'a>(&'a self, process: &Process) -> &'a str {
        self.command.as_deref().unwrap_or_else(|| program(&process.arguments))
    }
}

fn entry(args: &KubeconfigArgs, cluster: Cluster, process: &Process) -> ExecEntry {
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
            command: args.command(process).to_owned(),
            args: plugin_args,
            env: args.profile.iter().map(|profile| ("AWS_PROFILE".to_owned(), profile.clone())).collect(),
            api_version: args.api_version,
            install_hint: Some(kubeconfig::INSTALL_HINT.to_owned()),
            interactive_mode: InteractiveMode::IfAvailable,
            provide_cluster_info: false,
        },
    }
}

fn parse_role(text: &str) -> Result<String, String> {
    let is_role = |arn: &Arn| arn.service == "iam" && arn.resource.starts_with("role/");
    match text.parse::<Arn>() {
        Ok(arn) if is_role(&arn) => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err("a role's ARN looks like arn:aws:iam::111122223333:role/Name".to_owned()),
    }
}

fn parse_version(text: &str) -> Result<kubeconfig::ApiVersion, String> {
    match text {
        "v1" => Ok(kubeconfig::ApiVersion::V1),
        "v1beta1" => Ok(kubeconfig::ApiVersion::V1Beta1),
        _ => Err("expected v1 or v1beta1".to_owned()),
    }
}

fn report(source: &Source, problems: &[document::Problem]) -> Failure {
    settings::print_problems(source, problems);
    Failure::AlreadySaid
}
