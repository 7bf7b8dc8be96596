//! Text for a terminal, in pieces that say how they are meant; whoever prints them knows the colours.

use document::visible;

use super::sections::{Item, Section, Sign};

/// A piece of a line, in which nothing hides: names are whatever somebody called something, and in that of a binding other
/// lines could stand, or what a terminal obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    text: String,
    style: Style,
}

impl Segment {
    /// Returns a piece of a line.
    pub fn new(text: &str, style: Style) -> Self {
        Self { text: visible(text), style }
    }

    /// Returns the last piece of a line, with its end.
    pub fn line(text: &str, style: Style) -> Self {
        Self { text: visible(text) + "\n", style }
    }

    /// Returns the text. Where it ends a line, a line break is at its end, and nowhere else.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns how it is meant.
    pub fn style(&self) -> Style {
        self.style
    }
}

/// The emphasis of a piece of text. Without colour the signs `!`, `+`, `~` and `-` say the same.
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

/// Renders sections as text; joined, the pieces end with a line break.
pub fn text_of(sections: &[Section]) -> Vec<Segment> {
    let mut segments = Vec::new();
    for (at, Section { title, items }) in sections.iter().enumerate() {
        if at > 0 {
            segments.push(Segment::line("", Style::Plain));
        }
        segments.push(Segment::line(title, Style::Title));
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
    segments.push(Segment::line(&format!("{:width$}{mark}{text}", "", width = depth * 2), style));
    for item in below {
        push(item, depth + 1, segments);
    }
}
