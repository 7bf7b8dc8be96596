//! A plan for people and for programs.
//!
//! Text and Markdown are the same [`Section`]s in two dresses; JSON has everything.

mod json;
mod report;

pub(super) use json::{List, ToJson};
pub use json::{json, yaml};
pub use report::report;

use ::report::{Changed, Name, Segment, markdown_of, text_of};

use super::{Allowed, PersonChange, Plan};

/// Returns the plan as text, with what the flags of `apply` allow; joined, the pieces end with a line break.
pub fn text(plan: &Plan, allowed: &Allowed) -> Vec<Segment> {
    text_of(&report(plan, allowed))
}

/// Returns the plan as GitHub-flavoured Markdown.
pub fn markdown(plan: &Plan) -> String {
    markdown_of(&report(plan, &Allowed::default()))
}

impl<'a> From<&'a PersonChange> for Changed<'a> {
    fn from(person: &'a PersonChange) -> Self {
        let PersonChange { who, before, after, meanwhile, .. } = person;
        let rights = person.known_rights();
        Self { who: Name::Person(who), before: before.as_ref(), after: after.as_ref(), rights, meanwhile }
    }
}
