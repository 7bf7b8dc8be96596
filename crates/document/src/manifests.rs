//! Texts of several documents, as kubectl takes them apart.
//!
//! Source: `YAMLOrJSONDecoder` and `YAMLReader` in `k8s.io/apimachinery/pkg/util/yaml/decoder.go`.

use std::ops::Range;

use crate::{
    Dialect, KeyCase, Limits, Node, Problem, Read, Source, Span,
    builder::Handed,
    json, toml,
    yaml::{self, Lines},
};

/// One document of a text.
#[derive(Clone, Debug)]
pub struct Document {
    /// From 0, in the order of the text; those that say nothing have numbers too.
    pub number: usize,
    /// Where it stands, with the marker that begins it.
    pub span: Span,
    /// What it says, or why it cannot be read. kubectl reads nothing behind a document that it cannot read; the ones
    /// behind it are here all the same.
    pub read: Result<Read, Vec<Problem>>,
}

impl Document {
    /// Returns the tree, where the document can be read and means something.
    pub fn root(&self) -> Option<&Node> {
        self.read.as_ref().ok()?.root.as_ref().filter(|root| !root.is_null())
    }
}

/// How far kubectl looks for a brace.
const JSON_WITHIN: usize = 4096;

/// Reads a text as kubectl reads manifests: JSON documents one after another where it begins with a brace, and YAML between
/// lines of `---` from the first document on that is not JSON. Hands over each element of the list under `key` of each,
/// as [`parse_each`](crate::parse_each) does, with the document's number: those of documents that cannot be read count
/// for nothing.
pub fn parse_manifests(
    source: &Source,
    limits: &Limits,
    key: &str,
    mut each: impl FnMut(usize, Node),
) -> Vec<Document> {
    let text = source.text();
    if let Err(problems) = yaml::too_large(source, limits) {
        let span = Span { start: source.base(), end: source.base() + text.len() };
        return vec![Document { number: 0, span, read: Err(problems) }];
    }
    if toml::is_toml(source.name()) {
        let span = Span { start: source.base(), end: source.base() + text.len() };
        let mut to = |_, node: Node| each(0, node);
        let list = Handed { lists: &[&[key]], case: KeyCase::Exact, to: &mut to };
        return vec![Document {
            number: 0,
            span,
            read: yaml::of_toml(source, limits, Dialect::Kubernetes, Some(list)),
        }];
    }
    apart(source, limits, json_parts(text), |_| Dialect::Kubernetes, &[&[key]], &mut each)
}

/// Reads a text as kubectl reads its kuberc: documents between lines of `---`, of which one that begins with a brace is JSON.
///
/// Source: `decodePreference` in `k8s.io/kubectl/pkg/kuberc/marshal.go`.
pub fn parse_documents(source: &Source, limits: &Limits) -> Vec<Document> {
    if let Err(problems) = yaml::too_large(source, limits) {
        let span = Span { start: source.base(), end: source.base() + source.text().len() };
        return vec![Document { number: 0, span, read: Err(problems) }];
    }
    let dialect = |text: &str| if text.trim_start().starts_with('{') { Dialect::Json } else { Dialect::Kubernetes };
    apart(source, limits, (Vec::new(), 0), dialect, &[], &mut |_, _| {})
}

/// Reads documents of JSON, and those between separators from `behind` on, each by its dialect.
fn apart(
    source: &Source,
    limits: &Limits,
    (parts, behind): (Vec<Range<usize>>, usize),
    dialect: impl Fn(&str) -> Dialect,
    lists: &[&[&str]],
    each: &mut dyn FnMut(usize, Node),
) -> Vec<Document> {
    let text = source.text();
    let parts = parts.into_iter().map(|range| (range.clone(), range, Dialect::Json));
    let yaml = yaml_parts(text, behind);
    let handed = handed(text, &yaml);
    let between = yaml.into_iter().zip(handed);
    let parts = parts.chain(between.map(|(range, handed)| (range, handed.clone(), dialect(&text[handed]))));
    let mut directive = None;
    let document = |(number, (range, handed, dialect)): (usize, (Range<usize>, Range<usize>, Dialect))| {
        let span = Span { start: source.base() + range.start, end: source.base() + range.end };
        let before =
            std::mem::replace(&mut directive, lone_directive(&text[handed.clone()]).map(|at| handed.start + at));
        if dialect == Dialect::Kubernetes
            && let Some(at) = before.or(directive)
        {
            return Document { number, span, read: Err(vec![taken_apart(source.base() + at)]) };
        }
        let separators = [Some(range.start), (range.end < text.len()).then_some(range.end)];
        if dialect == Dialect::Kubernetes
            && let Some(problem) = separators.into_iter().flatten().find_map(|at| separator(text, at, source.base()))
        {
            return Document { number, span, read: Err(vec![problem]) };
        }
        if dialect == Dialect::Kubernetes && range.start == behind && behind > 0 && text[behind..].starts_with(',') {
            return Document { number, span, read: Err(vec![comma(source.base() + behind)]) };
        }
        let base = source.base() + handed.start;
        let mut to = |_, mut node: Node| {
            node.shift(base);
            each(number, node);
        };
        let list = Handed { lists, case: KeyCase::Exact, to: &mut to };
        let mut read = yaml::part(&text[handed], base, limits, dialect, Lines::Ended, Some(list));
        for warning in
            read.iter_mut().flat_map(|read| &mut read.warnings).filter(|warning| warning.code == yaml::SEVERAL)
        {
            warning.message = "a second document begins here; kubectl reads only the first".into();
        }
        Document { number, span, read }
    };
    parts.enumerate().map(document).collect()
}

/// The JSON documents that a text begins with, and where YAML begins. After two of them it is a text of JSON to its end.
fn json_parts(text: &str) -> (Vec<Range<usize>>, usize) {
    let window = &text[..text.floor_char_boundary(JSON_WITHIN)];
    if !window.trim_start().starts_with('{') {
        return (Vec::new(), 0);
    }
    let (mut parts, mut at) = (Vec::new(), 0);
    loop {
        let rest = &text[at..];
        let blanks = rest.len() - rest.trim_ascii_start().len();
        if blanks == rest.len() {
            return (parts, text.len());
        }
        match json::first_end(rest) {
            Ok(length) => {
                parts.push(at + blanks..at + length);
                at += length;
            }
            Err(_) if parts.len() > 1 => {
                parts.push(at + blanks..text.len());
                return (parts, text.len());
            }
            // The blanks up to the end of the line belong to neither.
            Err(_) => {
                let line = rest[..blanks].find('\n').map_or(blanks, |end| end + 1);
                return (parts, at + if at == 0 { 0 } else { line });
            }
        }
    }
}

/// Where documents of YAML stand, each with the marker that begins it. A line that begins with `---` ends a document,
/// wherever it stands (YAML 1.2.2, section 9.1.2).
fn yaml_parts(text: &str, from: usize) -> Vec<Range<usize>> {
    if from == text.len() && from > 0 {
        return Vec::new();
    }
    let lines = text[from..].match_indices('\n').map(|(at, _)| from + at + 1);
    let mut begins: Vec<usize> = lines.filter(|at| text[*at..].starts_with("---")).collect();
    begins.insert(0, from);
    let ends = begins.iter().skip(1).copied().chain([text.len()]);
    begins.iter().zip(ends).map(|(begin, end)| *begin..end).collect()
}

/// What kubectl hands its parser of each of these: all but the marker, where that has ended another document.
fn handed(text: &str, parts: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut has_begun = false;
    let handed = parts.iter().map(|part| {
        let marker = text[part.clone()].find('\n').map_or(part.len(), |end| end + 1);
        let handed = part.start + if has_begun { marker } else { 0 }..part.end;
        has_begun = !handed.is_empty();
        handed
    });
    handed.collect()
}

/// Where directives stand that no document follows: kubectl takes the text apart at the `---` that ends them.
fn lone_directive(text: &str) -> Option<usize> {
    let mut first = None;
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        if line.starts_with('%') {
            first.get_or_insert(at);
        } else if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            return None;
        }
        at += line.len();
    }
    first
}

fn taken_apart(at: usize) -> Problem {
    let message = "kubectl separates directives from the `---` after them, and reads neither this document \
                   nor one after it: did not find expected <document start>";
    Problem::error("document.directive", Span::at(at), message).hint("remove the directive")
}

fn comma(at: usize) -> Problem {
    let message = "a comma follows a JSON document, and kubectl reads nothing after it; remove the comma, or put the \
                   documents below `items` of a `kind: List`";
    Problem::error("document.comma", Span { start: at, end: at + 1 }, message)
}

/// Behind `---` kubectl takes nothing but blanks and a comment; it reads neither the document that such a line ends nor one
/// behind it.
fn separator(text: &str, at: usize, base: usize) -> Option<Problem> {
    let line = text[at..].lines().next().unwrap_or_default();
    let behind = line.strip_prefix("---").map(str::trim)?;
    (!behind.is_empty() && !behind.starts_with('#')).then(|| {
        let span = Span { start: base + at, end: base + at + line.len() };
        let message = "after `---` kubectl allows only a comment; it refuses the document before such a line, too";
        Problem::error("document.separator", span, message).hint("begin the document on the next line")
    })
}
