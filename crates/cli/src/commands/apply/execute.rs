//! Executing steps: stage by stage, many at once within one, and what fails takes along only what needs it.

use std::{pin::Pin, sync::Arc, time::Duration};

use anyhow::Context as _;
use kubernetes::{Cluster, KubernetesError, Run};
use plan::{Action, Object, Stage, Step};
use tokio::task::JoinSet;

use super::{
    outcome::{self, Outcome},
    requests::request,
};
use crate::process::{self, Progress};

/// How many requests are under way at once.
pub(super) const AT_ONCE: usize = 16;

/// The order of stages.
const STAGES: [Stage; 6] = [Stage::Add, Stage::Clear, Stage::Logins, Stage::Settle, Stage::Remove, Stage::Record];

/// How steps are executed.
pub(super) struct Execution {
    pub(super) cluster: Arc<Cluster>,
    pub(super) run: Run,
    /// How long [`Action::Settle`] takes.
    pub(super) settle: Duration,
}

/// Whether nothing more is to be begun, and why.
struct Stop<'a> {
    wish: Pin<Box<dyn Future<Output = String> + 'a>>,
    why: Option<String>,
}

impl Execution {
    /// Executes steps and says what came of each, in their order. `stop` says why nothing more is to be begun; what is
    /// under way then is finished.
    pub(super) async fn run(&self, steps: &[Step], stop: impl Future<Output = String>) -> anyhow::Result<Vec<Outcome>> {
        let mut stop = Stop { wish: Box::pin(stop), why: None };
        let mut outcomes: Vec<Option<Outcome>> = vec![None; steps.len()];
        let mut progress = Progress::new();
        for stage in STAGES {
            self.stage(steps, stage, &mut outcomes, &mut stop, &mut progress).await?;
            progress.show("");
            let known: Vec<Outcome> = outcomes.iter().map(|outcome| outcome.clone().unwrap_or(Outcome::Done)).collect();
            outcome::say(steps, &known, stage, self.run)?;
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    async fn stage(
        &self,
        steps: &[Step],
        stage: Stage,
        outcomes: &mut [Option<Outcome>],
        stop: &mut Stop<'_>,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let mut waiting: Vec<usize> = (0..steps.len()).filter(|at| steps[*at].stage == stage).collect();
        let mut under_way = JoinSet::new();
        loop {
            let mut later = Vec::new();
            for at in waiting {
                let step = &steps[at];
                let missing =
                    step.after.iter().find(|needed| !matches!(&outcomes[**needed], None | Some(Outcome::Done)));
                let is_ready = step.after.iter().all(|needed| outcomes[*needed].is_some());
                match (missing, &stop.why) {
                    (Some(missing), _) if self.run == Run::Real || outcomes[*missing] != Some(Outcome::Untried) => {
                        // Of a chain, what broke it is said.
                        let root = match &outcomes[*missing] {
                            Some(Outcome::Needs(root)) => *root,
                            _ => *missing,
                        };
                        outcomes[at] = Some(Outcome::Needs(root));
                    }
                    (_, Some(why)) => outcomes[at] = Some(Outcome::Stopped(why.clone())),
                    _ if !is_ready || under_way.len() >= AT_ONCE => later.push(at),
                    _ if step.action == Action::Settle => outcomes[at] = Some(self.settle(stop).await),
                    _ if self.run == Run::Dry && replaces(steps, at) => outcomes[at] = Some(Outcome::Untried),
                    _ => {
                        let (cluster, run) = (Arc::clone(&self.cluster), self.run);
                        let write = request(&step.action).context("a step without a request")?;
                        under_way.spawn(async move { (at, cluster.write(&write, run).await) });
                    }
                }
            }
            waiting = later;
            if under_way.is_empty() && waiting.is_empty() {
                return Ok(());
            }
            progress.show(&format!("applying: {} of {}", outcomes.iter().flatten().count(), steps.len()));
            if under_way.is_empty() {
                continue;
            }
            tokio::select! {
                Some(done) = under_way.join_next() => {
                    let (at, result) = done.context("a request was not made")?;
                    outcomes[at] = Some(self.outcome(steps, at, result));
                }
                why = stop.wish.as_mut(), if stop.why.is_none() => stop.why = Some(why),
            }
        }
    }

    async fn settle(&self, stop: &mut Stop<'_>) -> Outcome {
        if self.run == Run::Dry || self.settle.is_zero() {
            return Outcome::Done;
        }
        let seconds = self.settle.as_secs();
        process::note(&format!(
            "waiting {seconds} s (`--settle`) until the changed mappings have taken effect everywhere"
        ));
        tokio::select! {
            () = tokio::time::sleep(self.settle) => Outcome::Done,
            why = stop.wish.as_mut() => {
                stop.why = Some(why.clone());
                Outcome::Stopped(why)
            }
        }
    }

    fn outcome(&self, steps: &[Step], at: usize, result: Result<(), KubernetesError>) -> Outcome {
        match result {
            Ok(()) => Outcome::Done,
            // A role that is not really there yet.
            Err(KubernetesError::Refused { says, .. })
                if self.run == Run::Dry && says.contains("not found") && makes_role(steps, at) =>
            {
                Outcome::Untried
            }
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}

/// Whether a step makes an object in place of one that an earlier step removes.
fn replaces(steps: &[Step], at: usize) -> bool {
    let Action::Apply { object, .. } = &steps[at].action else { return false };
    let id = object.id();
    steps[at]
        .after
        .iter()
        .any(|before| matches!(&steps[*before].action, Action::Delete { id: gone, .. } if *gone == id))
}

/// Whether a step waits for one that makes a role.
fn makes_role(steps: &[Step], at: usize) -> bool {
    let is_role = |action: &Action| matches!(action, Action::Apply { object: Object::Role(_), version: None, .. });
    steps[at].after.iter().any(|before| is_role(&steps[*before].action))
}
