//! Texts in a text: scalars of many lines, as `ConfigMap`s have them in manifests.

use serde_json::Value as Json;

use super::{Edits, difference};
use crate::{Limits, Node, Problem, Read, Source, Span, parse_manifests, quoted};

/// How far the lines of a new block stand behind their key.
const INDENTATION: usize = 2;

impl Edits<'_> {
    /// Gives a scalar another text; `false` where a block (`|`, `>`) cannot hold that as it is written, and becomes a text in quotes.
    ///
    /// In a literal block the lines stay that both texts begin and end with, in a folded one those that the new text only goes on
    /// behind. One that was blank becomes a literal block, where its key stands in a column of block style; anything else is written in
    /// quotes, on one line.
    #[must_use]
    pub fn write_text(&mut self, node: &Node, key_column: Option<usize>, text: &str) -> bool {
        let raw = &self.source.text()[node.span.range()];
        let was = node.as_scalar().map(|scalar| &*scalar.text).unwrap_or_default();
        match (Block::of(raw, key_column), key_column) {
            (Some(block), _) => match block.rewritten(raw, was, text) {
                Some((from, to, lines)) => {
                    let (start, end) = (node.span.start + from, node.span.start + to);
                    self.put(Span { start, end }, lines);
                    true
                }
                None => {
                    self.put(self.without_trailing(node.span), quoted(text));
                    false
                }
            },
            (None, Some(column)) if was.trim().is_empty() => {
                let colon = self.source.text()[..node.span.start].trim_end_matches(' ').len();
                let block = block(text, column + INDENTATION);
                self.put(
                    Span { start: colon, end: self.without_trailing(node.span).end },
                    format!(" {}", block.trim_end()),
                );
                true
            }
            (None, _) => {
                self.put(self.without_trailing(node.span), quoted(text));
                !raw.starts_with(['|', '>'])
            }
        }
    }

    /// Adds a key with a text of lines behind all others of a block mapping, whose keys stand in this column.
    pub fn add_text(&mut self, mapping: &Node, column: usize, key: &str, text: &str) {
        let lines = format!("{}{key}: {}", " ".repeat(column), block(text, column + INDENTATION));
        self.insert_lines(mapping.span.end, &lines);
    }

    /// Returns the changed text of several documents, as [`Edits::apply_as`] hands one out: one of them, by its number as kubectl
    /// counts ([`parse_manifests`]), must mean `expected`, and the others what they meant.
    pub fn apply_in(self, number: usize, expected: &Json) -> Result<String, Problem> {
        let place = self.changes.first().map(|(span, _)| *span).unwrap_or_default();
        let refused = |why: &str| Problem::error("document.edit", place, format!("nothing was changed: {why}"));
        let source = self.source;
        let mut wanted = meant(source).ok_or_else(|| refused("a document of the file cannot be read"))?;
        if let Some(document) = wanted.get_mut(number) {
            expected.clone_into(document);
        }
        let changed = self.applied().ok_or_else(|| refused("several changes would overlap"))?;
        let means = meant(&Source::new(source.name(), changed.as_str()))
            .ok_or_else(|| refused("the file would no longer be readable after this change"))?;
        match difference(&means.into(), &wanted.into()) {
            None => Ok(changed),
            Some(path) => Err(refused(&format!("`{path}` would become something else by it, too"))),
        }
    }
}

/// What each document means; `None` if one cannot be read.
fn meant(source: &Source) -> Option<Vec<Json>> {
    let documents = parse_manifests(source, &Limits::default(), "", |_, _| {});
    let of = |read: Read| read.root.as_ref().map_or(Json::Null, Node::to_json);
    documents.into_iter().map(|document| document.read.ok().map(of)).collect()
}

/// A block scalar that has lines.
struct Block {
    /// Whether single line breaks are blanks to its reader (`>`).
    is_folded: bool,
    /// Where its lines begin, behind what it begins with.
    body: usize,
    /// How many blanks stand before each line.
    indentation: usize,
}

impl Block {
    /// What stands in a text, if it is one; its key stands in a column. None where it has no line to see its indentation by.
    fn of(raw: &str, key_column: Option<usize>) -> Option<Self> {
        let is_folded = raw.starts_with('>');
        let body = (is_folded || raw.starts_with('|')).then(|| raw.find('\n'))?? + 1;
        // A comment may stand behind it.
        let header = raw[..body].split([' ', '\t']).next().unwrap_or_default();
        let first = raw[body..].lines().find(|line| !line.trim_start_matches(' ').is_empty())?;
        let indentation = match header.chars().find_map(|letter| letter.to_digit(10)) {
            Some(said) => key_column? + usize::try_from(said).ok()?,
            None => first.len() - first.trim_start_matches(' ').len(),
        };
        Some(Self { is_folded, body, indentation })
    }

    /// Which bytes of it to replace by which lines, so that it means another text; `None` if it cannot be written so.
    fn rewritten(&self, raw: &str, was: &str, text: &str) -> Option<(usize, usize, String)> {
        let (from, to, lines) =
            if self.is_folded { self.appended(raw, was, text)? } else { self.changed(raw, was, text) };
        // Chomping, blank lines at its end and lines that begin with blanks have rules of their own: its reader decides.
        let whole = format!("{}{lines}{}", &raw[..from], &raw[to..]);
        (self.meaning(&whole)? == text).then_some((from, to, lines))
    }

    /// The lines of a literal block that are others now.
    fn changed(&self, raw: &str, was: &str, text: &str) -> (usize, usize, String) {
        let (old, new): (Vec<&str>, Vec<&str>) = (was.lines().collect(), text.lines().collect());
        let before = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        let rest = || old[before..].iter().rev().zip(new[before..].iter().rev());
        let behind = rest().take_while(|(one, other)| one == other).count();
        let mut ends = vec![self.body];
        for line in raw[self.body..].split_inclusive('\n').take(old.len() - behind) {
            ends.push(ends[ends.len() - 1] + line.len());
        }
        let (from, to) = (ends[before.min(ends.len() - 1)], ends[ends.len() - 1]);
        let lines = indented(&new[before..new.len() - behind], self.indentation);
        (from, to, after(raw, from, lines))
    }

    /// The lines behind all others of a folded block: between two that begin with no blank stands an empty one, which is the end of a
    /// line to its reader.
    fn appended(&self, raw: &str, was: &str, text: &str) -> Option<(usize, usize, String)> {
        let added = text.strip_prefix(was.trim_end_matches('\n'))?.strip_prefix('\n')?;
        let is_text = |line: &str| line.starts_with(|letter: char| ![' ', '\t'].contains(&letter));
        let mut last = was.trim_end_matches('\n').lines().next_back().unwrap_or_default();
        let mut lines = Vec::new();
        for line in added.lines() {
            lines.extend((is_text(last) && is_text(line)).then_some(""));
            lines.push(line);
            last = line;
        }
        let end = raw.trim_end_matches([' ', '\n', '\r']).len();
        let end = raw[end..].find('\n').map_or(raw.len(), |at| end + at + 1);
        Some((end, end, after(raw, end, indented(&lines, self.indentation))))
    }

    /// What a block means to its reader, below a key that stands as far to the left as its indentation allows.
    fn meaning(&self, raw: &str) -> Option<String> {
        let header = &raw[..self.body];
        let said = header.split([' ', '\t']).next()?.chars().find_map(|letter| letter.to_digit(10));
        let said = said.and_then(|said| usize::try_from(said).ok());
        let column = said.map_or(0, |said| self.indentation.saturating_sub(said));
        let source = Source::new("block", format!("{}k: {raw}", " ".repeat(column)));
        let documents = parse_manifests(&source, &Limits::default(), "", |_, _| {});
        let root = documents.into_iter().find_map(|document| document.read.ok()?.root)?;
        Some(root.get("k")?.as_scalar()?.text.to_string())
    }
}

/// Lines that stand behind a byte: the last line of a file may have no end.
fn after(raw: &str, at: usize, lines: String) -> String {
    if raw[..at].ends_with('\n') { lines } else { format!("\n{lines}") }
}

/// A text as a literal block.
fn block(text: &str, indentation: usize) -> String {
    format!("|\n{}", indented(&text.lines().collect::<Vec<_>>(), indentation))
}

fn indented(lines: &[&str], indentation: usize) -> String {
    let blanks = " ".repeat(indentation);
    let line = |line: &&str| if line.is_empty() { "\n".to_owned() } else { format!("{blanks}{line}\n") };
    lines.iter().map(line).collect()
}
