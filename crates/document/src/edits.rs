//! Changes to a text that keep every other byte of it.

use crate::{Source, Span};

/// Replacements and insertions, collected and then applied together.
pub struct Edits<'a> {
    source: &'a Source,
    edits: Vec<(Span, String)>,
}

impl<'a> Edits<'a> {
    /// No changes yet.
    pub fn new(source: &'a Source) -> Self {
        Self { source, edits: Vec::new() }
    }

    /// Replaces a range.
    pub fn replace(&mut self, span: Span, text: impl Into<String>) {
        self.edits.push((span, text.into()));
    }

    /// Inserts before a byte.
    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(Span { start: at, end: at }, text);
    }

    /// The changed text, byte order mark included. Insertions at one place keep the order in which they were made.
    ///
    /// # Panics
    /// If two changes overlap or do not fit the text, which is a mistake of the caller's and not of the text's.
    pub fn apply(mut self) -> String {
        self.edits.sort_by_key(|(span, _)| *span);
        let text = self.source.text();
        let mut changed = String::with_capacity(text.len());
        changed.push_str(self.source.prefix());
        let mut done = 0;
        for (span, replacement) in &self.edits {
            assert!(done <= span.start && span.start <= span.end, "edits overlap");
            changed.push_str(&text[done..span.start]);
            changed.push_str(replacement);
            done = span.end;
        }
        changed.push_str(&text[done..]);
        changed
    }
}
