//! An access file for a cluster that has none yet: what a person would have written who wanted just what there is.
//!
//! ```text
//!   Observed ─ draft ─► groups, members, grants ─ write ─► text ─ read, compile ─┐
//!                  ▲                                                            │ what the file's own rules refuse
//!                  └──────────────────── left out, with the reason ◄────────────┘
//! ```
//!
//! Planned on the untouched cluster, such a file gives nobody anything and takes nothing from anybody: what it cannot
//! say is listed in it as a comment.

mod draft;
mod kops;
mod write;

use document::{Limits, Severity, Sources, Span};
use jiff::Timestamp;

use self::draft::Draft;
pub use self::kops::{Kops, read_kops};
use crate::{
    Facts,
    cluster::Observed,
    plan::{ObjectId, conflicting},
};

/// What an import makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The access file.
    pub text: String,
    /// What it does not say, and why: logins and bindings of which it says nothing stay as they are.
    pub left: Vec<Left>,
    /// Entries for a role with a path that the file has: aws-iam-authenticator lets nobody in by them, we do, and so does
    /// what is applied.
    pub with_path: Vec<String>,
    /// Bindings of others that grant nothing but what the file grants: they can go once it is applied.
    pub superseded: Vec<ObjectId>,
}

/// Something that the file does not say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// What: a login, one of its groups, or what a group is granted.
    pub what: String,
    /// Why the file does not say it.
    pub why: String,
}

/// How often what was refused is left out and the rest tried again; each time at least one thing goes.
const MAX_ROUNDS: usize = 1_000;

/// Writes the file for what a cluster has. Only what groups grant is in it: bindings to people stay as they are.
///
/// The role of a permission set is written as the set, unless the facts know another role of it: then the cluster maps
/// one that is left over, and whoever has the set today would be let in.
pub fn import(observed: &Observed, cluster_id: &str, facts: &Facts, now: Timestamp) -> Imported {
    let mut draft = Draft::of(observed, cluster_id, facts);
    let facts = Facts { namespaces: Some(observed.namespaces.clone()), ..facts.clone() };
    for _ in 0..MAX_ROUNDS {
        let (text, places) = write::write(&draft);
        let mut sources = Sources::default();
        sources.add("access.yaml", text.as_str());
        let read = crate::read(&sources, &Limits::default());
        let (desired, compiled) = crate::compile(&read.access, &facts, now);
        let problems = read.problems.into_iter().chain(compiled).filter(|problem| problem.severity == Severity::Error);
        let mut problems: Vec<(Span, String)> = problems.map(|problem| (problem.span, problem.message)).collect();
        let mut goes = 0;
        for (id, span) in conflicting(&desired.objects, observed) {
            if draft.say_otherwise(&places, span) {
                goes += 1;
            } else {
                problems.push((span, format!("{id} is there and grants something else")));
            }
        }
        if problems.is_empty() && goes == 0 {
            let (superseded, with_path) = (draft.superseded(observed), draft.with_path());
            return Imported { text, left: draft.left, with_path, superseded };
        }
        goes += problems.iter().filter(|(span, why)| draft.leave_out(&places, *span, why)).count();
        debug_assert!(goes > 0, "every problem is about something that was written: {problems:?}");
        if goes == 0 {
            break;
        }
    }
    // Rather nothing than a file that is refused.
    Imported { left: draft.left, ..Imported::default() }
}
