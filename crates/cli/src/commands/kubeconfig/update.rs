//! `eks update-kubeconfig`, in the AWS CLI's words: the same cluster, context and user as it writes, whose tokens this program makes.
//!
//! Source: `awscli/customizations/eks/update_kubeconfig.py`.

use std::{
    ffi::{OsStr, OsString},
    iter,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use aws::{Endpoint, credentials::AssumeRole, eks_endpoint};
use clap::Parser;
use kubeconfig::{ApiVersion, ExecEntry, ExecPlugin, InteractiveMode};
use serde_json::json;

use super::{clusters::Described, file, merge};
use crate::{
    commands::token::{
        self,
        aws_cli::{Options, around},
    },
    credentials::{self, Wanted},
    exit::{CommandResult, Failure},
    global::program,
    process::{self, Process},
    runtime,
};

/// The words behind `eks update-kubeconfig`, and those before it.
#[derive(Debug, Parser)]
#[command(
    name = "cluster-auth eks update-kubeconfig",
    about = "Answer as `aws eks update-kubeconfig` does",
    args_override_self = true,
    infer_long_args = true
)]
struct Update {
    /// Name of the EKS cluster
    #[arg(long, value_name = "NAME")]
    name: String,

    /// Kubeconfig to change [default: that of KUBECONFIG which has the cluster, else its first, else ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// ARN of a role to assume for each token
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,

    /// ARN of a role to assume for asking EKS
    #[arg(long, value_name = "ARN")]
    assume_role_arn: Option<String>,

    /// Proxy by which kubectl reaches the cluster
    #[arg(long, value_name = "URL")]
    proxy_url: Option<String>,

    /// Name of the context [default: the user's name]
    #[arg(long, value_name = "NAME")]
    alias: Option<String>,

    /// Name of the user [default: the cluster's ARN]
    #[arg(long, value_name = "NAME")]
    user_alias: Option<String>,

    /// Print the kubeconfig in place of writing it
    #[arg(long)]
    dry_run: bool,

    /// Print what was written as well
    #[arg(long)]
    verbose: bool,

    #[command(flatten)]
    options: Options,
}

/// The session name that the AWS CLI uses for asking EKS.
const SESSION_NAME: &str = "EKSDescribeClusterSession";

/// The words around `eks update-kubeconfig`, where that is what was typed.
pub(crate) fn recognise(arguments: &[OsString]) -> Option<Vec<OsString>> {
    around(arguments, ["eks", "update-kubeconfig"])
}

/// Reads the words, asks EKS, and writes.
pub(crate) fn run(words: &[OsString], process: &Process) -> CommandResult {
    let update = parse(words, program(&process.arguments))?;
    if let Some(why) = update.refused() {
        return Err(anyhow::anyhow!(why).into());
    }
    update.options.idle(None).iter().for_each(|note| process::note(note));
    let with_authorities = update.options.with_authorities(process);
    let process = with_authorities.as_ref().unwrap_or(process);
    let cluster = update.ask(process)?;
    let entry = update.entry(&cluster, process);
    let path = update.path(&cluster.arn, process)?;
    if update.dry_run {
        let merged = merge(file::read_to_change(&path)?, &path, &[entry], process)?;
        merged.notes.iter().for_each(|note| process::note(&format!("note: {note}")));
        return Ok(process::print(&merged.text)?);
    }
    let locked = file::Locked::new(&path)?;
    let existing = locked.read()?;
    let had = existing.as_ref().is_some_and(|source| kubeconfig::has_cluster(source, &cluster.arn));
    let merged = merge(existing, &path, std::slice::from_ref(&entry), process)?;
    locked.write(&merged.text)?;
    merged.notes.iter().for_each(|note| process::note(&format!("note: {note}")));
    let (done, to) = if had { ("Updated", "in") } else { ("Added new", "to") };
    for context in &merged.contexts {
        process::print_line(&format!("{done} context {context} {to} {}", path.display()))?;
    }
    if update.verbose {
        process::print(&format!("Entries:\n\n{}", kubeconfig::render(&entry)))?;
    }
    Ok(())
}

/// Whether the words are understood.
#[cfg(test)]
pub(crate) fn accepts(words: &[OsString]) -> Result<(), String> {
    parse(words, "cluster-auth").map(drop).map_err(|error| error.to_string())
}

fn parse(words: &[OsString], program: &str) -> Result<Update, clap::Error> {
    let words = iter::once(OsStr::new("cluster-auth")).chain(words.iter().map(OsString::as_os_str));
    token::parsed(&format!("{program} eks update-kubeconfig"), words)
}

impl Update {
    fn refused(&self) -> Option<String> {
        let of_all = self.options.refused().map(str::to_owned);
        let unchecked = self.options.no_verify_ssl.then(|| {
            "--no-verify-ssl: certificates of AWS are always checked; --ca-bundle FILE names who vouches for them"
                .to_owned()
        });
        let scheme = self.proxy_url.as_ref().filter(|url| !url.contains("://"));
        let proxy =
            scheme.map(|url| format!("--proxy-url {url}: write it with its scheme, as http://proxy.example.com:3128"));
        of_all.or(unchecked).or(proxy)
    }

    fn ask(&self, process: &Process) -> Result<Described, Failure> {
        let environment = process.aws_environment();
        let role = self.assume_role_arn.clone().map(|role_arn| AssumeRole {
            role_arn,
            session_name: Some(SESSION_NAME.to_owned()),
            ..AssumeRole::default()
        });
        let Options { region, profile, .. } = &self.options;
        let wanted = Wanted { region: region.clone(), profile: profile.clone(), role, ..Wanted::default() };
        let found = credentials::find(&wanted, &environment).context("cannot ask EKS")?;
        let region = found.region.clone().context("the Region is not known: give --region")?;
        let endpoint = match &self.options.endpoint_url {
            Some(url) => Endpoint { url: url.trim_end_matches('/').to_owned(), signing_region: region },
            None => eks_endpoint(&found.environment, &region).context("cannot ask EKS")?,
        };
        let name = aws::EksClusterName::parse(&self.name).context("cannot ask EKS")?;
        let asking = async {
            let client = aws::Client::new(&found.environment)?;
            Described::ask(&client, &found.credentials, &endpoint, &name).await
        };
        Ok(runtime::block_on(asking)?.context("cannot ask EKS")?)
    }

    /// The entry that the AWS CLI would write, but for the program.
    fn entry(&self, cluster: &Described, process: &Process) -> ExecEntry {
        let user = self.user_alias.clone().unwrap_or_else(|| cluster.arn.clone());
        let flag = if cluster.is_known_by_id { "--cluster-id" } else { "--cluster-name" };
        let region = cluster.arn.split(':').nth(3).unwrap_or_default();
        let id = cluster.id.as_str();
        let mut args: Vec<String> =
            ["--region", region, "eks", "get-token", flag, id, "--output", "json"].map(str::to_owned).to_vec();
        args.extend(self.role_arn.iter().flat_map(|role| ["--role".to_owned(), role.clone()]));
        let of_variable = || ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().find_map(|name| process.variable(name));
        let profile = self.options.profile.as_deref().or_else(of_variable);
        let mut endpoint = cluster.endpoint.clone();
        endpoint.other.extend(self.proxy_url.iter().map(|url| ("proxy-url".to_owned(), json!(url))));
        ExecEntry {
            context: self.alias.clone().unwrap_or_else(|| user.clone()),
            cluster: cluster.arn.clone(),
            user,
            endpoint,
            namespace: None,
            exec: ExecPlugin {
                command: program(&process.arguments).to_owned(),
                args,
                env: profile.iter().map(|profile| ("AWS_PROFILE".to_owned(), (*profile).to_owned())).collect(),
                api_version: ApiVersion::V1Beta1,
                install_hint: Some(kubeconfig::INSTALL_HINT.to_owned()),
                interactive_mode: InteractiveMode::IfAvailable,
                provide_cluster_info: false,
            },
        }
    }

    /// The file, from the root.
    fn path(&self, arn: &str, process: &Process) -> anyhow::Result<PathBuf> {
        let from_root = |path: &Path| {
            // The shell leaves `~` as it is behind `--kubeconfig=`.
            let at_home = path.strip_prefix("~").ok().zip(process.home()).map(|(path, home)| home.join(path));
            std::path::absolute(at_home.as_deref().unwrap_or(path)).context("cannot tell where the kubeconfig is")
        };
        if let Some(path) = &self.kubeconfig {
            return from_root(path);
        }
        let listed = file::default_paths(process)?;
        let has = |path: &&PathBuf| {
            file::read(path).ok().flatten().is_some_and(|source| kubeconfig::has_cluster(&source, arn))
        };
        from_root(listed.iter().find(has).or(listed.first()).context("KUBECONFIG names no file")?)
    }
}
