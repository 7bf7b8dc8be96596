//! What commands say of access, in sections of items: who somebody is, what they may do, and what changes for them, in words.
//!
//! Text and Markdown are the same [`Section`]s in two dresses.

mod changes;
mod markdown;
mod names;
mod sections;
mod text;
mod words;

pub use changes::{Changed, Totals, changes, dangers_of, rights_in_places};
pub use markdown::{literal as markdown_literal, markdown_of};
pub use names::{NAMED, Name, Names};
pub use sections::{Item, Section, Sign};
pub use text::{Segment, Style, text_of};
pub use words::{count, rules, some_of};
