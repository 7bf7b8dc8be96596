//! `apply`: makes a cluster what an access file says.
//!
//! ```text
//!   plan ─► may it be? ─► may you? ─► do you want it? ─► Lease ─► the same plan again ─► steps ─► what came of each
//! ```
//!
//! What is executed is the plan that is made while the Lease is held; it is the printed one, or nothing is done.

mod execute;
mod outcome;
mod preflight;
mod requests;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Args;
use inventory::MappingTarget;
use jiff::SignedDuration;
use kubernetes::{Cluster, Run};
use plan::{Allowed, Digest, Plan, Warning};

use self::{
    execute::Execution,
    outcome::{Counts, Outcome},
};
use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    runtime,
    shared::{
        observe,
        planning::{self, Planned, Planning, Subject},
    },
    signals,
};

/// Flags of `apply`.
#[derive(Args, Debug)]
#[command(
    mut_arg("from", |arg| arg.help(observe::APPLIED_WITH)),
    // It takes no manifests.
    mut_arg("default_namespace", |arg| arg.hide(true)),
)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    planning: Planning,

    /// Apply without confirmation; still refuses what needs --adopt, --forget or --allow-lockout
    #[arg(short, long)]
    yes: bool,

    /// Apply only if the plan has this digest, as `plan` printed it
    #[arg(long, value_name = "DIGEST")]
    expect: Option<String>,

    /// Take over existing objects and entries that cluster-auth did not create
    #[arg(long)]
    adopt: bool,

    /// Revoke what only this file granted; it was applied before and is not given now; repeatable
    #[arg(long, value_name = "FILE")]
    forget: Vec<String>,

    /// Apply even if afterwards you, or everybody, could no longer change access
    #[arg(long)]
    allow_lockout: bool,

    /// Wait this long before removing the bindings of groups that somebody leaves, so that API servers have forgotten the old
    /// login and servers have read changed files [default: 2m, or 4m for access-file and configmap]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "dry_run")]
    settle: Option<Duration>,

    /// Send every change to the API server as a dry run, and keep none
    #[arg(long)]
    dry_run: bool,
}

/// The Lease, in `kube-system`.
const LEASE: &str = "cluster-auth";
/// How long the API server remembers a login (Kubernetes, `--authentication-token-webhook-cache-ttl`, by default).
const REMEMBERED: Duration = Duration::from_mins(2);
/// How long the kubelet takes at most to bring a changed `ConfigMap` to a pod (Kubernetes, "Mounted ConfigMaps are updated
/// automatically": its sync period and its cache, a minute each).
const MOUNTED: Duration = Duration::from_mins(2);

/// Runs `apply`.
pub(crate) fn run(args: &ApplyArgs, global: &Global, process: &Process) -> CommandResult {
    if let Some(namespace) = args.planning.default_namespace() {
        let help = "it applies to manifests only, and `apply` reads none; leave it out";
        return Err(anyhow::anyhow!("--default-namespace {namespace}: {help}").into());
    }
    let allowed = args.allowed()?;
    let subject = args.planning.subject(false, global, process)?;
    if subject.dump.is_some() {
        let help = "`apply` asks the cluster itself; of `--from` it takes only what `aws iam` and `aws eks` printed";
        return Err(anyhow::anyhow!(help).into());
    }
    if let Some(file) = args.forget.iter().find(|file| subject.has_file(file)) {
        return Err(
            anyhow::anyhow!("--forget {file}: it is also given as a file to apply; leave one of the two out").into()
        );
    }
    runtime::block_on(apply(args, &allowed, &subject, process))?
}

impl ApplyArgs {
    /// What the flags allow.
    fn allowed(&self) -> anyhow::Result<Allowed> {
        let digest = |text: &String| {
            text.parse::<Digest>().map_err(|_| {
                anyhow::anyhow!(
                    "--expect {text}: not a digest; a digest is the 32 hexadecimal digits that `cluster-auth plan` prints last \
                     (`digest` in its JSON), of the plan that was reviewed"
                )
            })
        };
        let expect = self.expect.as_ref().map(digest).transpose()?;
        Ok(Allowed { adopt: self.adopt, forget: self.forget.clone(), lockout: self.allow_lockout, expect })
    }
}

async fn apply(args: &ApplyArgs, allowed: &Allowed, subject: &Subject, process: &Process) -> CommandResult {
    let cluster = Arc::new(args.planning.connect(process).await?);
    let Planned { plan, observed } = subject.plan(planning::live(&cluster).await?, true)?;
    process::print_styled(&planning::printed(&plan, allowed))?;
    for file in args.forget.iter().filter(|file| !plan.lacks_file(file)) {
        process::note(&format!(
            "note: --forget {file} has no effect: no file of that name was applied to this cluster"
        ));
    }
    refuse(allowed, &plan)?;
    if plan.steps.is_empty() {
        return Ok(process::print("\nNothing to change.\n")?);
    }
    let missing = preflight::missing(&cluster, &plan, &observed).await?;
    if !missing.is_empty() {
        preflight::say(&missing, &cluster);
        return Err(Failure::AlreadySaid);
    }
    if args.dry_run {
        let execution = Execution { cluster, run: Run::Dry, settle: Duration::ZERO };
        let outcomes = execution.run(&plan.steps, std::future::pending()).await?;
        let effect = "The API server accepts all of this; nothing was changed.";
        return conclude(&plan, &outcomes, Run::Dry, effect);
    }
    confirm(args, &plan, &cluster)?;
    process::print("\n")?;
    let who = observed.caller.map_or_else(|| "somebody".to_owned(), |caller| caller.name);
    let since = process::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    let holder = format!("{who}, process {} since {since}", std::process::id());
    let waiting = |holder: &str, duration: Duration| {
        let seconds = duration.as_secs();
        process::note(&format!("waiting up to {seconds} s for `{holder}`, who is applying or was interrupted"));
    };
    let mut lease = cluster.lease(LEASE, holder, process::now, waiting).await.context("nothing was changed")?;
    let stop = async {
        tokio::select! {
            _ = signals::termination() => "you stopped it".to_owned(),
            error = lease.keep() => error.to_string(),
        }
    };
    let done = Box::pin(under_lease((args, allowed), subject, &cluster, &plan, stop)).await;
    if let Err(error) = lease.release().await {
        process::note(&format!("note: the Lease kube-system/{LEASE} was not released, and expires by itself: {error}"));
    }
    done
}

/// Makes the plan again and executes it. `stop` says why nothing more is to be begun.
async fn under_lease(
    (args, allowed): (&ApplyArgs, &Allowed),
    subject: &Subject,
    cluster: &Arc<Cluster>,
    reviewed: &Plan,
    stop: impl Future<Output = String>,
) -> CommandResult {
    let Planned { plan, .. } = subject.plan(planning::live(cluster).await?, false)?;
    refuse(allowed, &plan)?;
    if plan.digest != reviewed.digest {
        let (now, then) = (&plan.digest, &reviewed.digest);
        let changed = format!("the cluster has changed: the plan was {then} and is now {now}; run the command again");
        return Err(anyhow::anyhow!(changed).into());
    }
    let settle = args.settle.unwrap_or_else(|| known_everywhere(plan.target));
    let execution = Execution { cluster: Arc::clone(cluster), run: Run::Real, settle };
    let outcomes = execution.run(&plan.steps, stop).await?;
    if plan.target == MappingTarget::None {
        process::note(
            "note: mappings were not changed (mapping: none); `cluster-auth render --to access-entries` prints those of EKS, \
             `--to config` those of a file on the control plane",
        );
    }
    let not_read = plan.warnings.iter().find_map(|warning| match warning {
        Warning::NotRead(target, why) => Some((target.title(), why)),
        _ => None,
    });
    let by = match not_read {
        _ if plan.logins.is_empty() => "In effect now.".to_owned(),
        // What nobody reads changes nobody's login.
        Some((title, why)) => format!(
            "In effect now, except for mappings: they change once a server reads {title}, and it is not known whether one does: {why}."
        ),
        None => {
            let at = process::now().checked_add(settle).unwrap_or_else(|_| process::now());
            format!("In effect everywhere by {} UTC.", at.strftime("%H:%M"))
        }
    };
    conclude(&plan, &outcomes, Run::Real, &by)
}

fn refuse(allowed: &Allowed, plan: &Plan) -> Result<(), Failure> {
    let stops = plan.stops(allowed);
    if stops.is_empty() {
        return Ok(());
    }
    planning::stops(&stops);
    Err(Failure::AlreadySaid)
}

fn confirm(args: &ApplyArgs, plan: &Plan, cluster: &Cluster) -> Result<(), Failure> {
    // Where only the record is renewed, there is nothing to decide.
    if args.yes || plan.is_empty() {
        return Ok(());
    }
    let (context, server) = (cluster.context(), cluster.server());
    let question = format!("\nApply this to {} ({context}, {server})? Type `yes` to confirm:", plan.cluster_id);
    Ok(process::confirm(&question, "`--yes` applies the plan")?)
}

/// How long it takes until every part knows a changed login.
fn known_everywhere(target: MappingTarget) -> Duration {
    match target {
        MappingTarget::AccessFile | MappingTarget::ConfigMap => MOUNTED + REMEMBERED,
        MappingTarget::AwsAuth | MappingTarget::Crd => REMEMBERED,
        MappingTarget::None => Duration::ZERO,
    }
}

/// Says what came of it all.
fn conclude(plan: &Plan, outcomes: &[Outcome], run: Run, effect: &str) -> CommandResult {
    let Counts { done, failed, dropped, record } = outcome::counts(&plan.steps, outcomes);
    let mut said = if run == Run::Dry { format!("{done} would change") } else { format!("{done} changed") };
    if record {
        said.push_str(", and the record of what is applied");
    }
    if failed > 0 {
        said.push_str(&format!(", {failed} failed"));
    }
    if dropped > 0 {
        said.push_str(&format!(", {dropped} not done"));
    }
    let whole = failed == 0 && dropped == 0;
    if whole && plan.is_empty() {
        let was = if run == Run::Dry { "would be" } else { "was" };
        return Ok(process::print(&format!("Only the record of what is applied {was} renewed.\n"))?);
    }
    let after = if whole {
        format!(". {effect}")
    } else {
        "; what was applied stays, and `apply` again continues with the rest.".to_owned()
    };
    process::print(&format!("{said}{after}\n"))?;
    if whole { Ok(()) } else { Err(Failure::AlreadySaid) }
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| "expected a duration such as 90s or 2m".to_owned())
}
