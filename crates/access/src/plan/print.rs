//! A plan for people and for programs.
//!
//! Text and Markdown are the same [`Section`]s in two dresses; JSON has everything.

mod changes;
mod json;
mod markdown;
mod names;
mod report;
mod sections;
mod text;
mod words;

pub use changes::{Changed, changes, dangers_of, rights_in_places};
pub(super) use json::{List, Out};
pub use json::{json, yaml};
pub use markdown::{literal as markdown_literal, markdown_of};
pub use names::Name;
pub use report::report;
pub use sections::{Item, Section, Sign};
pub use text::{Segment, Style, text_of};
pub use words::rules;

use super::Plan;

/// The plan as text; joined, the pieces end with a line break.
pub fn text(plan: &Plan) -> Vec<Segment> {
    text_of(&report(plan))
}

/// The plan as GitHub-flavoured Markdown.
pub fn markdown(plan: &Plan) -> String {
    markdown_of(&report(plan))
}
