//! Text for a terminal, in pieces that say how they are meant; whoever prints them knows the colours.

use super::report::{Item, Section, Sign, report};
use crate::plan::Plan;

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The text, line breaks included.
    pub text: String,
    /// How it is meant.
    pub style: Style,
}

/// How a piece of text is meant. Without colour the signs `!`, `+`, `~` and `-` say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// As it is.
    Plain,
    /// The title of a section.
    Title,
    /// Something to look at before anything else.
    Danger,
    /// Something that comes.
    Add,
    /// Something that becomes something else.
    Change,
    /// Something that goes.
    Remove,
    /// Of less importance.
    Note,
}

/// The plan as text; joined, the pieces end with a line break.
pub fn text(plan: &Plan) -> Vec<Segment> {
    text_of(&report(plan))
}

/// Sections as text.
pub fn text_of(sections: &[Section]) -> Vec<Segment> {
    let mut segments = Vec::new();
    for (at, Section { title, items }) in sections.iter().enumerate() {
        let before = if at == 0 { "" } else { "\n" };
        segments.push(Segment { text: format!("{before}{}\n", visible(title)), style: Style::Title });
        for item in items {
            push(item, 1, &mut segments);
        }
    }
    segments
}

fn push(item: &Item, depth: usize, segments: &mut Vec<Segment>) {
    let Item { sign, text, below } = item;
    let (mark, style) = match sign {
        Sign::Danger => ("! ", Style::Danger),
        Sign::Add => ("+ ", Style::Add),
        Sign::Change => ("~ ", Style::Change),
        Sign::Remove => ("- ", Style::Remove),
        Sign::Note => ("", Style::Note),
        Sign::None => ("", Style::Plain),
    };
    segments.push(Segment { text: format!("{:width$}{mark}{}\n", "", visible(text), width = depth * 2), style });
    for item in below {
        push(item, depth + 1, segments);
    }
}

/// Kubernetes allows names in which something hides: in that of somebody's binding it could hide what else is said.
pub use document::visible;
