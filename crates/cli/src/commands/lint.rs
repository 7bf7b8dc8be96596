//! `lint`: the ways in a cluster's access to become cluster-admin, and what is left lying about.

use std::path::PathBuf;

use access::cluster::{Given, Unseen};
use anyhow::Context as _;
use clap::Args;
use document::Sources;
use kubernetes::KubernetesError;
use rbac::escalation::Severity;
use visibility::{
    Unreadable, World,
    lint::{Exclusion, lint, print, read_exclusions},
};

use super::{
    observe::{ClusterArgs, LINTED, given, look},
    planning::{coloured_all, plain},
};
use crate::{
    exit::{CommandResult, Failure},
    rim::{self, Process},
    runtime, settings,
};

/// Flags of `lint`.
#[derive(Args, Debug)]
pub(crate) struct LintArgs {
    /// What to look at in place of a cluster: manifests, access files, what kubectl and `aws eks` print, or folders of them;
    /// `kubectl get namespaces,roles,clusterroles,rolebindings,clusterrolebindings,serviceaccounts,configmaps -A -o json`
    #[arg(long, value_name = "PATH")]
    from: Vec<PathBuf>,

    #[command(flatten)]
    cluster: ClusterArgs,

    /// What is not to be reported, with a reason and an end (YAML)
    #[arg(long, value_name = "FILE")]
    exclusions: Option<PathBuf>,

    /// Show findings from here on: danger, warning or info
    #[arg(long, value_name = "SEVERITY", value_parser = parse_severity, default_value = "warning")]
    severity: Severity,

    /// End with 2 where there is a finding from here on: danger, warning or info
    #[arg(long, value_name = "SEVERITY", value_parser = parse_severity)]
    fail_on: Option<Severity>,

    /// How to print findings: text, json, yaml or sarif
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For a terminal.
    Text,
    /// For programs: everything.
    Json,
    /// The same.
    Yaml,
    /// For code hosts.
    Sarif,
}

/// What is looked at, and what of a live cluster did not let itself be looked at.
struct Seen {
    world: World,
    refused: Vec<KubernetesError>,
}

/// Runs `lint`. What could not be looked at is said; nobody takes it for the absence of findings where those would fail.
pub(crate) fn run(args: &LintArgs, process: &Process) -> CommandResult {
    let Seen { world, refused } = args.look(process)?;
    let mut sources = world.sources().clone();
    let exclusions = args.exclusions(&mut sources)?;
    let report = lint(&world, &exclusions, rim::now());
    let json = || print::json(&report, &sources, world.gaps());
    match args.output {
        Output::Text => rim::print_styled(&coloured_all(&print::text(&report, &sources, args.severity)))?,
        Output::Json => rim::print(&format!("{:#}\n", json()))?,
        Output::Yaml => rim::print(&serde_saphyr::to_string(&json()).context("cannot print YAML")?)?,
        Output::Sarif => rim::print(&format!("{:#}\n", print::sarif(&report, &sources)))?,
    }
    for Unseen { what, why } in world.gaps() {
        rim::note(&plain(&format!("warning: not looked at: {what}: {why}")));
    }
    let Some(from) = args.fail_on else { return Ok(()) };
    if report.findings.iter().any(|finding| finding.severity >= from) {
        return Err(Failure::Differs);
    }
    match refused.into_iter().next() {
        Some(error) => Err(anyhow::Error::from(error).context("not everything could be looked at").into()),
        None => Ok(()),
    }
}

impl LintArgs {
    /// What was given, or the cluster where nothing was.
    fn look(&self, process: &Process) -> Result<Seen, Failure> {
        let mut read = Given::default();
        given(&self.from, &mut read)?;
        let (mut server, mut refused) = (None, Vec::new());
        if self.from.is_empty() {
            let looking = async {
                let cluster = self.cluster.connect(process).await?;
                let looked = look(&cluster, LINTED).await?;
                anyhow::Ok((looked, cluster.server().to_owned()))
            };
            let (looked, url) = runtime::block_on(looking)??;
            (read.dump, refused, server) = (looked.dump, looked.refused, Some(url));
        } else if self.cluster.is_named() {
            let both = "--from is looked at, and --context or --kubeconfig name a cluster; give one of them";
            return Err(anyhow::anyhow!(both).into());
        }
        match World::new(read, server.as_deref(), rim::now()) {
            Ok(world) => Ok(Seen { world, refused }),
            Err(Unreadable { sources, problems }) => {
                settings::print_problems(&sources, &problems);
                Err(Failure::AlreadySaid)
            }
        }
    }

    /// The file of exclusions, which becomes one of the sources, since an exclusion may be a finding itself.
    fn exclusions(&self, sources: &mut Sources) -> Result<Vec<Exclusion>, Failure> {
        let Some(path) = &self.exclusions else { return Ok(Vec::new()) };
        let file = rim::read_source(path)?;
        let source = sources.add(file.name(), file.text());
        read_exclusions(source).map_err(|problems| {
            settings::print_problems(source, &problems);
            Failure::AlreadySaid
        })
    }
}

fn parse_severity(text: &str) -> Result<Severity, String> {
    let all = [Severity::Danger, Severity::Warning, Severity::Info];
    all.into_iter()
        .find(|severity| severity.as_str() == text)
        .ok_or_else(|| format!("expected {}", all.map(Severity::as_str).join(", ")))
}
