//! Changes to a text that keep every other byte of it.

use crate::{Node, Source, Span};

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

    /// Inserts whole lines after the line in which a byte stands.
    pub fn insert_lines(&mut self, after: usize, lines: &str) {
        let text = self.source.text();
        // A block scalar ends behind its line's end already, and so does an empty text.
        if text[..after].is_empty() || text[..after].ends_with('\n') {
            self.insert(after, lines);
            return;
        }
        match text[after..].find('\n') {
            Some(end) => self.insert(after + end + 1, lines),
            None => self.insert(text.len(), format!("\n{lines}")),
        }
    }

    /// Removes an element of a block list, from its dash to the end of its last line.
    pub fn remove_item(&mut self, node: &Node) {
        let text = self.source.text();
        let start = self.line_start(node.span.start);
        let end = if text[..node.span.end].ends_with('\n') {
            node.span.end
        } else {
            text[node.span.end..].find('\n').map_or(text.len(), |end| node.span.end + end + 1)
        };
        self.replace(Span { start, end }, "");
    }

    /// In which column the dash of a block list's element stands, from 0.
    pub fn dash_column(&self, node: &Node) -> usize {
        let line = self.line_start(node.span.start);
        let dash = self.source.text()[line..node.span.start].rfind('-');
        dash.unwrap_or_else(|| node.span.start - line)
    }

    /// In which column a byte stands, from 0.
    pub fn column(&self, offset: usize) -> usize {
        self.source.position(offset).column - 1
    }

    fn line_start(&self, offset: usize) -> usize {
        self.source.text()[..offset].rfind('\n').map_or(0, |at| at + 1)
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
