//! Texts in a text: scalars of many lines, as `ConfigMap`s have them in manifests.

use serde_json::Value as Json;

use super::{Edits, difference};
use crate::{Limits, Node, Problem, Read, Source, Span, parse_manifests, quoted};

/// How far the lines of a new block stand behind their key.
const INDENTATION: usize = 2;

impl Edits<'_> {
    /// Replaces the text of a scalar. In a literal block (`|`) the lines stay that both texts begin and end with; one that was blank
    /// becomes such a block, where its key stands in a column of block style; anything else is written in quotes, on one line.
    pub fn write_text(&mut self, node: &Node, key_column: Option<usize>, text: &str) {
        let raw = &self.source.text()[node.span.range()];
        let was = node.as_scalar().map(|scalar| &*scalar.text).unwrap_or_default();
        match (literal(raw), key_column) {
            (Some((body, indentation)), _) => self.write_lines(node.span.start + body, indentation, was, text),
            (None, Some(column)) if was.trim().is_empty() => {
                let colon = self.source.text()[..node.span.start].trim_end_matches(' ').len();
                let block = block(text, column + INDENTATION);
                self.put(
                    Span { start: colon, end: self.without_trailing(node.span).end },
                    format!(" {}", block.trim_end()),
                );
            }
            (None, _) => self.put(self.without_trailing(node.span), quoted(text)),
        }
    }

    /// Adds a key with a text of lines behind all others of a block mapping, whose keys stand in this column.
    pub fn add_text(&mut self, mapping: &Node, column: usize, key: &str, text: &str) {
        let lines = format!("{}{key}: {}", " ".repeat(column), block(text, column + INDENTATION));
        self.insert_lines(mapping.span.end, &lines);
    }

    /// Writes the lines of a literal block that are others now; it begins at a byte, with so many blanks in front of each line.
    fn write_lines(&mut self, start: usize, indentation: usize, was: &str, text: &str) {
        let (old, new): (Vec<&str>, Vec<&str>) = (was.lines().collect(), text.lines().collect());
        let before = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        let rest = || old[before..].iter().rev().zip(new[before..].iter().rev());
        let behind = rest().take_while(|(one, other)| one == other).count();
        let mut ends = vec![start];
        for line in self.source.text()[start..].split_inclusive('\n').take(old.len() - behind) {
            ends.push(ends[ends.len() - 1] + line.len());
        }
        let span = Span { start: ends[before.min(ends.len() - 1)], end: ends[ends.len() - 1] };
        let lines = indented(&new[before..new.len() - behind], indentation);
        // The last line of a file may have no end.
        let is_ended = self.source.text()[..span.start].ends_with('\n');
        self.put(span, if is_ended { lines } else { format!("\n{lines}") });
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

/// What each document means; none where one cannot be read.
fn meant(source: &Source) -> Option<Vec<Json>> {
    let documents = parse_manifests(source, &Limits::default(), "", |_, _| {});
    let of = |read: Read| read.root.as_ref().map_or(Json::Null, Node::to_json);
    documents.into_iter().map(|document| document.read.ok().map(of)).collect()
}

/// Where the lines of a literal block begin, and how many blanks stand before each; none where the scalar is no such block, says its
/// indentation itself, or has no line to see it by.
fn literal(raw: &str) -> Option<(usize, usize)> {
    let body = raw.starts_with('|').then(|| raw.find('\n'))?? + 1;
    if raw[..body].contains(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let first = raw[body..].lines().find(|line| !line.trim_start_matches(' ').is_empty())?;
    Some((body, first.len() - first.trim_start_matches(' ').len()))
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
