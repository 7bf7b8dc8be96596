//! Changes to a text that keep every other byte of it, and are taken back where they would mean more than they should.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::{Dialect, Limits, Node, Problem, Source, Span, parse_as};

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

    /// The changed text, byte order mark included, once it has been read again as the program reads it that owns it: it must
    /// mean `expected`, in the terms of [`Node::to_json`] (`null` where nothing is left). Anything else – an anchor that a change
    /// took away or that other places repeat, a text that cannot be read any more – is a problem, and there is no text.
    ///
    /// Insertions at one place keep the order in which they were made; line ends are those of the text.
    pub fn apply_as(self, dialect: Dialect, expected: &Json) -> Result<String, Problem> {
        let place = self.edits.first().map(|(span, _)| *span).unwrap_or_default();
        let refused = |why: &str| Problem::error("document.edit", place, format!("nothing was changed: {why}"));
        let source = self.source;
        let changed = self.applied().ok_or_else(|| refused("several changes would meet at one place"))?;
        let again = Source::new(source.name(), changed.as_str());
        let read = parse_as(&again, &Limits::default(), dialect)
            .map_err(|_| refused("the file could not be read any more behind this change"))?;
        let means = read.root.as_ref().map_or(Json::Null, Node::to_json);
        match difference(&means, expected) {
            None => Ok(changed),
            Some(path) => Err(refused(&format!("behind this change `{path}` would not be what it should be"))),
        }
    }

    /// The changed text, byte order mark included. Insertions at one place keep the order in which they were made.
    ///
    /// # Panics
    /// If two changes overlap or do not fit the text, which is a mistake of the caller's and not of the text's.
    pub fn apply(self) -> String {
        self.applied().expect("edits that do not overlap")
    }

    /// None where two changes overlap.
    fn applied(mut self) -> Option<String> {
        self.edits.sort_by_key(|(span, _)| *span);
        let text = self.source.text();
        let ends_with_cr = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
        let mut changed = String::with_capacity(text.len());
        changed.push_str(self.source.prefix());
        let mut done = 0;
        for (span, replacement) in &self.edits {
            if span.start < done || span.end < span.start {
                return None;
            }
            changed.push_str(&text[done..span.start]);
            if ends_with_cr {
                changed.push_str(&replacement.replace("\r\n", "\n").replace('\n', "\r\n"));
            } else {
                changed.push_str(replacement);
            }
            done = span.end;
        }
        changed.push_str(&text[done..]);
        Some(changed)
    }
}

/// The path of the first value that is another, as `clusters[1].cluster`.
fn difference(is: &Json, expected: &Json) -> Option<String> {
    if is == expected {
        return None;
    }
    let mut path = String::new();
    let (mut is, mut expected) = (is, expected);
    loop {
        let next = match (is, expected) {
            (Json::Object(one), Json::Object(other)) => {
                let keys = one.keys().chain(other.keys());
                let key = keys.into_iter().find(|key| one.get(*key) != other.get(*key))?;
                write!(path, "{}{key}", if path.is_empty() { "" } else { "." }).ok()?;
                one.get(key).zip(other.get(key))
            }
            (Json::Array(one), Json::Array(other)) => {
                let at = (0..one.len().max(other.len())).find(|at| one.get(*at) != other.get(*at))?;
                write!(path, "[{at}]").ok()?;
                one.get(at).zip(other.get(at))
            }
            _ => None,
        };
        match next {
            Some((one, other)) => (is, expected) = (one, other),
            None => return Some(if path.is_empty() { "the whole file".to_owned() } else { path }),
        }
    }
}
