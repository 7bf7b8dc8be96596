//! A text and places in it.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A text with the name that problems call it by: a path, or `<stdin>`.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: Arc<str>,
    byte_order_mark: bool,
    base: usize,
    /// Where lines begin, found when the first place is asked for.
    line_starts: OnceLock<Arc<[usize]>>,
}

/// Several texts that are read as one, each with its own range of offsets: a span says which of them it lies in.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

/// A range of bytes in a source, or in one of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

/// A place as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Source {
    /// Returns a text under a name. A byte order mark at its start is not part of the text; [`Edits`](crate::Edits)
    /// keep it.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        let (text, byte_order_mark) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => (Arc::from(rest), true),
            None => (text, false),
        };
        Self { name: name.into(), text, byte_order_mark, base: 0, line_starts: OnceLock::new() }
    }

    /// Returns what problems call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns a source with another text in its place: the same name, and the same offsets as far as both go.
    #[must_use]
    pub fn with_text(&self, text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), line_starts: OnceLock::new(), ..self.clone() }
    }

    /// Returns what stood before the text: a byte order mark, or nothing.
    pub fn prefix(&self) -> &'static str {
        if self.byte_order_mark { BYTE_ORDER_MARK } else { "" }
    }

    /// Returns the offset of its first byte: 0 but for the later ones of several sources.
    pub fn base(&self) -> usize {
        self.base
    }

    /// Returns the line of a byte, from 1: what of [`Self::position`] costs nothing in a file of one long line.
    pub fn line(&self, offset: usize) -> usize {
        let offset = self.text.floor_char_boundary(offset.saturating_sub(self.base));
        self.line_starts().partition_point(|start| *start <= offset)
    }

    /// Returns the place of a byte.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset.saturating_sub(self.base));
        let line = self.line_starts().partition_point(|start| *start <= offset);
        let line_start = self.line_starts()[line - 1];
        Position { line, column: self.text[line_start..offset].chars().count() + 1 }
    }

    /// The bytes that lines begin at, the first of them 0.
    pub(crate) fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            let bytes = self.text.as_bytes();
            // A carriage return alone ends a line, too.
            let is_last =
                |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            std::iter::once(0).chain((0..bytes.len()).filter(is_last).map(|at| at + 1)).collect()
        })
    }
}

impl AsRef<[Source]> for Source {
    fn as_ref(&self) -> &[Source] {
        std::slice::from_ref(self)
    }
}

impl Sources {
    /// Returns one more text, with offsets behind those of the others.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> &Source {
        // One offset stays free, so that the end of one text is not the beginning of the next.
        let base = self.0.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.0.push(Source { base, ..Source::new(name, text) });
        &self.0[self.0.len() - 1]
    }

    /// Returns those of them that are chosen, at the offsets that they have here.
    #[must_use]
    pub fn only(&self, chosen: impl Fn(&Source) -> bool) -> Self {
        Self(self.0.iter().filter(|source| chosen(source)).cloned().collect())
    }

    /// Returns the text that an offset lies in.
    pub fn of(&self, offset: usize) -> Option<&Source> {
        of(&self.0, offset)
    }

    /// Returns a line, from 1, of the last text of a name.
    pub fn line(&self, name: &str, number: usize) -> Option<&str> {
        let source = self.0.iter().rfind(|source| *source.name == *name)?;
        source.text().lines().nth(number.checked_sub(1)?)
    }

    /// Returns where a line, from 1, of the last text of a name stands, without the blanks that it begins with.
    pub fn span_of_line(&self, name: &str, number: usize) -> Option<Span> {
        let source = self.0.iter().rfind(|source| *source.name == *name)?;
        let line_start = *source.line_starts().get(number.checked_sub(1)?)?;
        let line = source.text()[line_start..].split(['\r', '\n']).next().unwrap_or_default();
        let blanks = line.len() - line.trim_start().len();
        let start = source.base + line_start;
        Some(Span { start: start + blanks, end: start + line.trim_end().len().max(blanks) })
    }

    /// Returns the name and the place of a byte, as `file:line:column` has them.
    pub fn locate(&self, offset: usize) -> Option<(&str, Position)> {
        self.of(offset).map(|source| (source.name(), source.position(offset)))
    }
}

impl From<Source> for Sources {
    /// One text, at the offsets that it has.
    fn from(source: Source) -> Self {
        Self(vec![source])
    }
}

impl AsRef<[Source]> for Sources {
    fn as_ref(&self) -> &[Source] {
        &self.0
    }
}

/// The last source that begins at or before an offset.
pub(crate) fn of(sources: &[Source], offset: usize) -> Option<&Source> {
    if offset == Span::NOWHERE.start {
        return None;
    }
    let behind = sources.partition_point(|source| source.base <= offset);
    sources.get(behind.checked_sub(1)?)
}

impl Span {
    /// The span of something that no text holds.
    pub const NOWHERE: Self = Self { start: usize::MAX, end: usize::MAX };

    /// Returns an empty range.
    pub fn at(offset: usize) -> Self {
        Self { start: offset, end: offset }
    }

    pub(crate) fn shift(&mut self, by: usize) {
        self.start += by;
        self.end += by;
    }

    /// Returns the range, for slicing.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}
