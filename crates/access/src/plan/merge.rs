//! Changing our entries in a list that others write to as well: every byte of theirs stays.

use std::collections::{BTreeMap, BTreeSet};

use document::{Edits, Limits, Node, Source, Span, Style, Value};
use serde::Serialize;

/// Why a text is left alone.
pub(super) type Unmergeable = &'static str;

/// What happens to one list.
#[derive(Debug, Default)]
pub(super) struct ListChange<'a> {
    /// Entries that become others, by their place in the list.
    pub(super) replace: BTreeMap<usize, Item<'a>>,
    /// Entries that go, by their place in the list.
    pub(super) remove: BTreeSet<usize>,
    /// Entries that come, behind all others.
    pub(super) add: Vec<Item<'a>>,
}

/// One entry, as the existing authenticator reads it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Item<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rolearn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) userarn: Option<&'a str>,
    pub(super) username: &'a str,
    pub(super) groups: &'a [String],
}

/// A text that is one list, as the values of `aws-auth` are; nothing at all counts as an empty one.
pub(super) fn list(text: &str, change: &ListChange<'_>) -> Result<String, Unmergeable> {
    let source = Source::new("", text);
    let root = parse(&source)?;
    match &root {
        // Four spellings of nothing, as the existing authenticator has them.
        None => Ok(fresh(change, 0)),
        Some(node) if node.as_scalar().is_some_and(|scalar| matches!(scalar.text.trim(), "" | "~" | "null" | "``")) => {
            Ok(fresh(change, 0))
        }
        Some(node) => {
            let mut edits = Edits::new(&source);
            in_list(&source, node, None, change, &mut edits)?;
            Ok(edits.apply())
        }
    }
}

/// The existing authenticator's configuration: lists below `server`.
pub(super) fn config(text: &str, changes: &[(&str, ListChange<'_>)]) -> Result<String, Unmergeable> {
    let source = Source::new("", text);
    let root = parse(&source)?;
    let server = root.as_ref().and_then(|root| entry(root, "server"));
    let mut edits = Edits::new(&source);
    let mut missing = String::new();
    let indent = match server.map(|entry| &entry.value) {
        Some(Node { value: Value::Mapping(entries, Style::Block), .. }) => {
            let first = entries.first().ok_or("`server` is empty in a way that cannot be edited")?;
            source.position(first.key_span.start).column - 1
        }
        _ => 2,
    };
    for (key, change) in changes.iter().filter(|(_, change)| !change.is_empty()) {
        match server.and_then(|server| entry(&server.value, key)) {
            Some(list) if !list.value.is_null() => {
                in_list(&source, &list.value, Some(list.key_span), change, &mut edits)?;
            }
            // A key without a value.
            Some(list) => edits.replace(
                Span { start: list.value.span.start, end: list.value.span.end },
                format!("\n{}", fresh(change, indent).trim_end_matches('\n')),
            ),
            None => missing.push_str(&format!("{:indent$}{key}:\n{}", "", fresh(change, indent))),
        }
    }
    if !missing.is_empty() {
        match (root.as_ref().map(|root| &root.value), server.map(|server| &server.value)) {
            (Some(Value::Mapping(_, Style::Block)) | None, None) => {
                edits.insert(text_end(&source), with_break(&source, &format!("server:\n{missing}")));
            }
            (_, Some(Node { value: Value::Mapping(_, Style::Block), span })) => {
                let end = line_end(source.text(), span.end);
                let before = if source.text()[..end].ends_with('\n') { "" } else { "\n" };
                edits.insert(end, format!("{before}{missing}"));
            }
            _ => return Err("it is written in braces and lacks a list that is needed"),
        }
    }
    let changed = edits.apply();
    let still_read = document::parse(&Source::new("", changed.as_str()), &Limits::default()).is_ok();
    if still_read { Ok(changed) } else { Err("the change would not be readable") }
}

impl ListChange<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.replace.is_empty() && self.remove.is_empty() && self.add.is_empty()
    }
}

fn parse(source: &Source) -> Result<Option<Node>, Unmergeable> {
    document::parse(source, &Limits::default()).map_err(|_| "it is not readable as YAML")
}

fn entry<'a>(node: &'a Node, key: &str) -> Option<&'a document::Entry> {
    node.as_mapping()?.iter().find(|entry| entry.key.text.eq_ignore_ascii_case(key))
}

fn in_list(
    source: &Source,
    node: &Node,
    key: Option<Span>,
    change: &ListChange<'_>,
    edits: &mut Edits<'_>,
) -> Result<(), Unmergeable> {
    let Value::Sequence(items, style) = &node.value else { return Err("there is something else in place of a list") };
    let text = source.text();
    if *style == Style::Flow {
        let kept = items.iter().enumerate().filter(|(at, _)| !change.remove.contains(at));
        let item = |(at, node): (usize, &Node)| match change.replace.get(&at) {
            Some(item) => json(item),
            None => text[node.span.start..node.span.end].to_owned(),
        };
        let items: Vec<String> = kept.map(item).chain(change.add.iter().map(json)).collect();
        edits.replace(node.span, format!("[{}]", items.join(", ")));
        return Ok(());
    }
    let lines: Vec<(Span, usize)> = items.iter().map(|item| lines_of(text, item)).collect::<Result<_, _>>()?;
    let indent = lines.first().map_or(0, |(_, indent)| *indent);
    if change.add.is_empty() && change.remove.len() == items.len() {
        let start = key.map_or(node.span.start, |key| text[key.end..].find(':').map_or(key.end, |at| key.end + at + 1));
        edits.replace(Span { start, end: node.span.end }, if key.is_some() { " []" } else { "[]" });
        return Ok(());
    }
    for (at, (span, indent)) in lines.iter().enumerate() {
        if let Some(item) = change.replace.get(&at) {
            edits.replace(*span, block(item, *indent));
        } else if change.remove.contains(&at) {
            edits.replace(*span, "");
        }
    }
    let end = lines.last().map_or(node.span.end, |(span, _)| span.end);
    let added: String = change.add.iter().map(|item| block(item, indent)).collect();
    if !added.is_empty() {
        let before = if end == 0 || text[..end].ends_with('\n') { "" } else { "\n" };
        edits.insert(end, format!("{before}{added}"));
    }
    Ok(())
}

/// The whole lines of an entry of a block list, and how far its dash is indented.
fn lines_of(text: &str, item: &Node) -> Result<(Span, usize), Unmergeable> {
    let before = &text[..item.span.start];
    let dash = before.rfind('-').ok_or("an entry without a dash")?;
    let line = before[..dash].rfind('\n').map_or(0, |at| at + 1);
    let alone = before[dash + 1..].trim().is_empty() && before[line..dash].trim().is_empty();
    if !alone {
        return Err("an entry does not begin on a line of its own");
    }
    let end = line_end(text, item.span.end);
    let behind = text[item.span.end..end].trim();
    if !behind.is_empty() && !behind.starts_with('#') {
        return Err("something else stands on the line of an entry");
    }
    Ok((Span { start: line, end }, dash - line))
}

/// Behind the break of the line that a byte is on; where it ends with one itself, there.
fn line_end(text: &str, at: usize) -> usize {
    if text[..at].ends_with('\n') {
        return at;
    }
    text[at..].find('\n').map_or(text.len(), |found| at + found + 1)
}

fn text_end(source: &Source) -> usize {
    source.text().len()
}

fn with_break(source: &Source, text: &str) -> String {
    let ends = source.text().is_empty() || source.text().ends_with('\n');
    if ends { text.to_owned() } else { format!("\n{text}") }
}

/// A list of what is added alone.
fn fresh(change: &ListChange<'_>, indent: usize) -> String {
    change.add.iter().map(|item| block(item, indent)).collect()
}

fn block(item: &Item<'_>, indent: usize) -> String {
    let text = crate::render::yaml(&[item]);
    text.lines().map(|line| format!("{:indent$}{line}\n", "")).collect()
}

fn json(item: &Item<'_>) -> String {
    serde_json::to_string(item).expect("plain data can be written")
}
