//! An access file for a cluster that has none yet: what a person would have written who wanted just what there is.
//!
//! ```text
//!   Subject ─ draft ─► groups, members, grants ─ write ─► text ─ read, compile ─┐
//!                 ▲                                                            │ what the file's own rules refuse
//!                 └──────────────────── left out, with the reason ◄────────────┘
//! ```
//!
//! Planned on the untouched cluster, such a file gives nobody anything and takes nothing from anybody: what it cannot
//! say is listed in it as a comment.

mod draft;
mod logins;
mod places;
mod policies;
mod right;
mod scope;
mod stands;
mod write;

use document::{Limits, Severity, Sources, Span};
use jiff::Timestamp;

use self::draft::Draft;
pub use self::stands::Stands;
use access::Facts;
use inventory::{Observed, Unseen};
use rbac::ObjectId;

use crate::conflicting;

/// The cluster to import: what was observed, and the options.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The cluster, and what files of other programs make of it.
    pub observed: &'a Observed,
    /// What tokens for the cluster are bound to.
    pub cluster_id: &'a str,
    /// What files of other programs say that no access file does.
    pub untold: &'a [Unseen],
    /// What IAM says.
    pub facts: &'a Facts,
    /// The moment.
    pub now: Timestamp,
}

/// The result of an import: the file's text, and what it leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The access file; nothing where no mapping source names anybody: a file without people says that nobody is to log in.
    pub text: String,
    /// What it does not say, and why: logins and bindings of which it says nothing stay as they are.
    pub left: Vec<Left>,
    /// What it says in other words than there are, and what that changes once the file is applied.
    pub careful: Vec<Left>,
    /// Bindings of others that grant nothing but what the file grants: they can go once it is applied.
    pub superseded: Vec<ObjectId>,
}

/// Something that the imported file leaves out or expresses differently.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// What: a login, one of its groups, or what a group is granted.
    pub what: Stands,
    /// Why the file does not say it, or how.
    pub why: String,
}

/// How often what was refused is left out and the rest tried again; each time at least one thing goes.
const MAX_ROUNDS: usize = 1_000;

/// Writes the file for what a cluster has. Only what groups grant is in it: bindings to people stay as they are.
///
/// A role of a permission set is written as the set where the facts know it as the set's own, and as the role otherwise: it
/// may be left over from an assignment, and whoever has the set today would be let in.
pub fn import(subject: &Subject<'_>) -> Imported {
    let Subject { observed, facts, now, .. } = *subject;
    let mut draft = Draft::of(subject);
    if !draft.names_somebody {
        return Imported { left: draft.all_left(), ..Imported::default() };
    }
    let facts = Facts { namespaces: Some(observed.namespaces.clone()), ..facts.clone() };
    for _ in 0..MAX_ROUNDS {
        let (text, places) = write::write(&draft);
        let mut sources = Sources::default();
        sources.add("access.yaml", text.as_str());
        let read = access::read(&sources, &Limits::default());
        let (desired, compiled) = access::compile(&read.access, &facts, now);
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
            return draft.imported(observed, text);
        }
        goes += problems.iter().filter(|(span, why)| draft.leave_out(&places, *span, why)).count();
        debug_assert!(goes > 0, "every problem is about something that was written: {problems:?}");
        if goes == 0 {
            break;
        }
    }
    // Rather nothing than a file that is refused.
    Imported { left: draft.all_left(), ..Imported::default() }
}
