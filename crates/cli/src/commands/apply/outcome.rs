//! What came of each step, in words and in figures.

use std::collections::BTreeMap;

use inventory::{RECORD_NAME, RECORD_NAMESPACE};
use kubernetes::Run;
use plan::{Action, Stage, Step};

use crate::process;

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// It failed, for this reason.
    Failed(String),
    /// It was not begun, because this step, which it needs, was not done.
    Needs(usize),
    /// It was not begun, for this reason.
    Stopped(String),
    /// The API server can say nothing of it before the steps that it needs are really done.
    Untried,
}

/// How many objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) done: usize,
    pub(super) failed: usize,
    pub(super) dropped: usize,
    /// Whether the record of what is applied was written besides.
    pub(super) record: bool,
}

/// What a step is about.
pub(super) fn title(action: &Action) -> String {
    match action {
        Action::Apply { object, .. } => object.id().to_string(),
        Action::Delete { id, .. } => id.to_string(),
        Action::ApplyMapping { object, .. } => format!("IAMIdentityMapping {}", object.name),
        Action::DeleteMapping { name, .. } => format!("IAMIdentityMapping {name}"),
        Action::WriteMap(write) => format!("ConfigMap {RECORD_NAMESPACE}/{}", write.name),
        Action::Settle => "the wait until changed mappings have taken effect everywhere".to_owned(),
    }
}

/// Says what came of the steps of one stage.
pub(super) fn say(steps: &[Step], outcomes: &[Outcome], stage: Stage, run: Run) -> anyhow::Result<()> {
    for (step, outcome) in steps.iter().zip(outcomes).filter(|(step, _)| step.stage == stage) {
        let what = title(&step.action);
        let done = match &step.action {
            Action::Apply { .. } | Action::ApplyMapping { .. } => "applied",
            Action::Delete { .. } | Action::DeleteMapping { .. } => "removed",
            Action::WriteMap(_) => "written",
            Action::Settle => "is over",
        };
        let done = if run == Run::Dry { format!("would be {done}") } else { done.to_owned() };
        match outcome {
            Outcome::Done if step.action == Action::Settle => {}
            Outcome::Done => process::print_line(&format!("{what} {done}"))?,
            Outcome::Untried => process::print_line(&format!("{what} cannot be tried before what it needs exists"))?,
            Outcome::Failed(why) => process::note(&format!("error: {what}: {why}")),
            Outcome::Needs(other) => {
                let other = title(&steps[*other].action);
                process::note(&format!("not done: {what}, because it needs {other}"));
            }
            Outcome::Stopped(why) => process::note(&format!("not done: {what}, because {why}")),
        }
    }
    Ok(())
}

/// Objects by what came of them; one of whose steps failed has failed. The record is none of them, unless it failed.
pub(super) fn counts(steps: &[Step], outcomes: &[Outcome]) -> Counts {
    let mut worst: BTreeMap<String, u8> = BTreeMap::new();
    let mut record = false;
    for (step, outcome) in steps.iter().zip(outcomes) {
        let is_record = matches!(&step.action, Action::WriteMap(write) if *write.name == *RECORD_NAME);
        let severity = match outcome {
            Outcome::Done | Outcome::Untried => 0,
            Outcome::Needs(_) | Outcome::Stopped(_) => 1,
            Outcome::Failed(_) => 2,
        };
        record |= is_record && severity == 0;
        if severity > 0 || !(is_record || step.action == Action::Settle) {
            let of = worst.entry(title(&step.action)).or_default();
            *of = severity.max(*of);
        }
    }
    let count = |severity| worst.values().filter(|worst| **worst == severity).count();
    Counts { done: count(0), failed: count(2), dropped: count(1), record }
}

#[cfg(test)]
mod tests {
    use plan::{Action, Stage, Step};
    use rbac::{ObjectId, ObjectKind};

    use super::{Counts, Outcome, counts};

    fn steps(names: &[&str]) -> Vec<Step> {
        let step = |name: &&str| {
            let id = ObjectId { kind: ObjectKind::ClusterRole, namespace: None, name: (*name).into() };
            Step { stage: Stage::Remove, action: Action::Delete { id, version: None }, after: Vec::new() }
        };
        names.iter().map(step).collect()
    }

    #[test]
    fn an_object_counts_once_and_by_the_worst_of_its_steps() {
        let failed = || Outcome::Failed("no".to_owned());
        let rows = [
            ("all is done", vec![Outcome::Done, Outcome::Done, Outcome::Done], (2, 0, 0)),
            ("one step of two failed", vec![Outcome::Done, failed(), Outcome::Done], (1, 1, 0)),
            ("and took another one along", vec![failed(), Outcome::Needs(0), Outcome::Needs(0)], (0, 1, 1)),
            ("stopped", vec![Outcome::Done, Outcome::Stopped("x".to_owned()), Outcome::Done], (1, 0, 1)),
        ];
        let steps = steps(&["a", "a", "b"]);
        for (name, outcomes, (done, failed, dropped)) in rows {
            let expected = Counts { done, failed, dropped, record: false };
            assert_eq!(counts(&steps, &outcomes), expected, "{name}");
        }
    }
}
