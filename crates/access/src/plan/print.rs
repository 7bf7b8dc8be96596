//! A plan for people and for programs.
//!
//! Text and Markdown are the same [`Section`]s in two dresses; JSON has everything.

mod changes;
mod json;
mod markdown;
mod names;
mod report;
mod text;
mod words;

pub use changes::{Changed, changes, dangers_of, rights_in_places};
pub use json::json;
pub(super) use json::{List, Out};
pub use markdown::{literal as markdown_literal, markdown, markdown_of};
pub use names::Name;
pub use report::{Item, Section, Sign, report};
pub use text::{Segment, Style, text, text_of};
pub use words::rules;
