//! Changes to a text that keep every other byte of it, and are taken back where they would mean more than they should.

mod texts;

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::Value as Json;

use crate::{Dialect, Entry, Limits, Node, Problem, Source, Span, Style, Value, parse_as, plain_or_quoted};

/// What ends a line.
const BREAKS: [char; 2] = ['\n', '\r'];

/// Replacements and insertions, collected and then applied together.
pub struct Edits<'a> {
    source: &'a Source,
    changes: Vec<(Span, String)>,
    /// What [`Self::set`] and [`Self::write`] wrote where: what an anchor names stands in the text once, however many places have it.
    written: BTreeSet<(Span, String)>,
}

impl<'a> Edits<'a> {
    /// Creates an empty set of edits.
    pub fn new(source: &'a Source) -> Self {
        Self { source, changes: Vec::new(), written: BTreeSet::new() }
    }

    /// Returns whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Replaces a range.
    pub fn replace(&mut self, span: Span, text: impl Into<String>) {
        self.changes.push((span, text.into()));
    }

    /// Inserts before a byte.
    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(Span::at(at), text);
    }

    /// Inserts whole lines after the line in which a byte stands.
    pub fn insert_lines(&mut self, after: usize, lines: &str) {
        let text = self.source.text();
        // A block scalar ends behind its line's end already, and so does an empty text.
        if text[..after].is_empty() || text[..after].ends_with(BREAKS) {
            self.insert(after, lines);
            return;
        }
        match self.line_end(after) {
            Some(end) => self.insert(end, lines),
            None => {
                let is_ended =
                    self.changes.iter().any(|(span, inserted)| span.end == text.len() && inserted.ends_with('\n'));
                self.insert(text.len(), format!("{}{lines}", if is_ended { "" } else { "\n" }));
            }
        }
    }

    /// Sets a key of a mapping, on one line: where the key stands, or behind all others. What an anchor names is changed where
    /// the anchor stands.
    pub fn set(&mut self, mapping: &Node, key: &str, value: &Json) {
        let Value::Mapping(entries, style) = &mapping.value else { return };
        if let Some(entry) = entries.iter().rfind(|entry| *entry.key.text == *key) {
            if entry.value.span.start < entry.value.span.end {
                self.write(&entry.value, *style, value);
            } else {
                let behind = &self.source.text()[entry.key_span.end..];
                let colon = entry.key_span.end + behind.find(':').map_or(0, |at| at + 1);
                self.put(Span::at(colon), format!(" {}", written(value, *style)));
            }
            return;
        }
        let text = self.source.text();
        let is_alias = text[mapping.span.start..].starts_with('*');
        match (entries.last(), style) {
            (None, _) => self.put(mapping.span, format!("{{{}: {value}}}", Json::from(key))),
            (Some(last), Style::Flow) => {
                let end = if is_alias { last.value.span.end } else { mapping.span.end - 1 };
                let inner = text[..end].trim_end();
                // A comma that ends the last entry already is left where it is.
                let comma = if inner.ends_with(',') { "" } else { "," };
                self.put(Span::at(inner.len()), format!("{comma} {}: {value}", Json::from(key)));
            }
            (Some(last), Style::Block) => {
                // What `<<` brings in stands elsewhere.
                let own = |entry: &&Entry| is_alias || mapping.span.range().contains(&entry.key_span.start);
                let first = entries.iter().filter(own).map(|entry| entry.key_span.start).min();
                let column = self.column(first.unwrap_or(mapping.span.start));
                let end = if is_alias { last.value.span.end } else { mapping.span.end };
                let line = format!("{}{}: {}\n", " ".repeat(column), plain_or_quoted(key), written(value, *style));
                if self.written.insert((Span::at(end), line.clone())) {
                    self.insert_lines(end, &line);
                }
            }
        }
    }

    /// Writes another value in a node's place, on one line: as JSON in a collection of flow style.
    pub fn write(&mut self, node: &Node, within: Style, value: &Json) {
        let span = self.without_trailing(node.span);
        self.put(span, format!("{}{}", written(value, within), self.comment_of_header(span)));
    }

    /// Removes an element of a block list, from its dash to the end of its last line.
    pub fn remove_item(&mut self, node: &Node) {
        let text = self.source.text();
        let dash = self.dash(node);
        let line = self.line_start(dash);
        let start = if text[line..dash].trim_start().is_empty() { line } else { dash };
        let end = if text[..node.span.end].ends_with(BREAKS) && node.span.end > dash {
            node.span.end
        } else {
            self.line_end(node.span.end).unwrap_or(text.len())
        };
        self.replace(Span { start, end }, "");
    }

    /// Returns the column in which the dash of a block list's element stands, from 0.
    pub fn dash_column(&self, node: &Node) -> usize {
        self.column(self.dash(node))
    }

    /// Returns the column in which a byte stands, from 0.
    pub fn column(&self, offset: usize) -> usize {
        self.source.position(offset).column - 1
    }

    /// Returns a node without the empty lines that a block scalar at its end may hold.
    pub fn without_trailing(&self, span: Span) -> Span {
        Span { end: span.start + self.source.text()[span.range()].trim_end().len(), ..span }
    }

    /// The comment behind a block scalar's `|` or `>`, which stands within its span.
    fn comment_of_header(&self, span: Span) -> &'a str {
        let text = &self.source.text()[span.range()];
        let header = text.lines().next().filter(|_| text.starts_with(['|', '>'])).unwrap_or_default();
        header.find(" #").map_or("", |at| &header[at..])
    }

    /// The dash of a block list's element: before it stand blanks, comments, an anchor and a tag at most.
    fn dash(&self, node: &Node) -> usize {
        let mut before = self.source.text()[..node.span.start].trim_end();
        while !before.ends_with('-') {
            let line = before.rfind(BREAKS).map_or(0, |at| at + 1);
            let word = before.rfind(|c: char| c.is_whitespace()).map_or(0, |at| at + 1);
            let comment = before[line..].find('#').map(|at| line + at);
            before = match comment {
                Some(at) => before[..at].trim_end(),
                None if before[word..].starts_with(['&', '!']) => before[..word].trim_end(),
                None => return node.span.start,
            };
        }
        before.len() - 1
    }

    fn line_start(&self, offset: usize) -> usize {
        self.source.text()[..offset].rfind(BREAKS).map_or(0, |at| at + 1)
    }

    /// Where the next line begins, if there is one.
    fn line_end(&self, offset: usize) -> Option<usize> {
        let rest = &self.source.text()[offset..];
        let at = rest.find(BREAKS)?;
        Some(offset + at + if rest[at..].starts_with("\r\n") { 2 } else { 1 })
    }

    fn put(&mut self, span: Span, text: String) {
        if self.written.insert((span, text.clone())) {
            self.replace(span, text);
        }
    }

    /// Returns the changed text, byte order mark included, once it has been read again as the program reads it that owns it: it
    /// must mean `expected`, in the terms of [`Node::to_json`] (`null` where nothing is left). Anything else – an anchor that a
    /// change took away or that other places repeat, a text that cannot be read any more – is a problem, and there is no text.
    ///
    /// Insertions at one place keep the order in which they were made; line ends are those of the text.
    pub fn apply_as(self, dialect: Dialect, expected: &Json) -> Result<String, Problem> {
        let read = |again: &Source| {
            let read = parse_as(again, &Limits::default(), dialect).ok()?;
            Some(read.root.as_ref().map_or(Json::Null, Node::to_json))
        };
        self.apply_by(read, expected)
    }

    /// Does the same where a text is read in a way of its own; `read` returns `None` if the text is no longer readable.
    pub fn apply_by(self, read: impl FnOnce(&Source) -> Option<Json>, expected: &Json) -> Result<String, Problem> {
        let place = self.changes.first().map(|(span, _)| *span).unwrap_or_default();
        let refused = |why: &str| Problem::error("document.edit", place, format!("nothing was changed: {why}"));
        let source = self.source;
        let changed = self.applied().ok_or_else(|| refused("several changes would overlap"))?;
        let again = Source::new(source.name(), changed.as_str());
        let means = read(&again).ok_or_else(|| refused("the file would no longer be readable after this change"))?;
        match difference(&means, expected) {
            None => Ok(changed),
            Some(path) => Err(refused(&format!("`{path}` would become something else by it, too"))),
        }
    }

    /// None where two changes overlap.
    fn applied(mut self) -> Option<String> {
        self.changes.sort_by_key(|(span, _)| *span);
        let text = self.source.text();
        let line_end = match text.find(BREAKS) {
            Some(at) if text[at..].starts_with("\r\n") => "\r\n",
            Some(at) if text[at..].starts_with('\r') => "\r",
            Some(_) | None => "\n",
        };
        let mut changed = String::with_capacity(text.len());
        changed.push_str(self.source.prefix());
        let mut done = 0;
        for (span, replacement) in &self.changes {
            if span.start < done || span.end < span.start {
                return None;
            }
            changed.push_str(&text[done..span.start]);
            if line_end == "\n" {
                changed.push_str(replacement);
            } else {
                changed.push_str(&replacement.replace("\r\n", "\n").replace('\n', line_end));
            }
            done = span.end;
        }
        changed.push_str(&text[done..]);
        Some(changed)
    }
}

fn written(value: &Json, within: Style) -> String {
    match (value, within) {
        (Json::String(text), Style::Block) => plain_or_quoted(text).into_owned(),
        (other, _) => other.to_string(),
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
