//! A plan for people and for programs.
//!
//! Text and Markdown are the same [`Section`]s in two dresses; JSON has everything.

mod json;
mod markdown;
mod report;
mod text;
mod words;

pub use json::json;
pub(super) use json::{List, Out};
pub use markdown::markdown;
pub use report::{Item, Section, Sign, report};
pub use text::{Segment, Style, segments, text};
pub use words::rules;
