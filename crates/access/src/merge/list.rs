//! One list in a text that is kept but for the entries that change.

use document::{Dialect, Edits, Entry, Node, Problem, Source, Span, Style, Value};
use serde_json::Value as Json;

/// An entry to write, in both styles.
pub(super) trait Item {
    /// As block lines with a dash, without indentation.
    fn block(&self) -> String;
    /// What it means.
    fn json(&self) -> Json;
    /// In braces, as JSON.
    fn flow(&self) -> String;
}

/// What becomes of an entry that is there.
pub(super) enum Fate<'a, I> {
    /// It stays as it is written.
    Kept,
    /// It goes.
    Removed,
    /// Another one takes its place.
    Replaced(&'a I),
}

/// A list, or where it would stand.
pub(super) enum List<'a> {
    /// It has entries.
    Filled(&'a Node, &'a [Node], Style),
    /// Its key is there, in a mapping of this style, and has nothing or an empty list.
    Empty(&'a Entry, Style),
    /// A key is there, in a mapping of this style, that has nothing where the mapping with these keys would stand.
    Blank(&'a Entry, Style, &'a [&'static str]),
    /// Keys are missing in this mapping, the list's own last.
    Missing(&'a Node, &'a [&'static str]),
    /// The text has nothing at all; or an empty list, or nothing that is written out, where the list is the whole text.
    Nothing(Option<Span>, &'a [&'static str]),
}

/// The value under a key; aws-iam-authenticator compares keys without regard to case.
pub(super) fn value<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    entry(node, key).map(|entry| &entry.value)
}

fn entry<'a>(node: &'a Node, key: &str) -> Option<&'a Entry> {
    entries(node, key).next()
}

/// Every entry of this name.
fn entries<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Entry> {
    let all = node.as_mapping().unwrap_or_default().iter();
    all.filter(move |entry| entry.key.text.eq_ignore_ascii_case(key))
}

/// Where in a JSON tree the value behind these keys stands, made where it is missing.
fn place<'j>(mut json: &'j mut Json, keys: &[&str]) -> &'j mut Json {
    for key in keys {
        if !json.is_object() {
            *json = Json::Object(serde_json::Map::new());
        }
        let there = json.as_object().and_then(|map| map.keys().find(|there| there.eq_ignore_ascii_case(key)).cloned());
        json = &mut json[there.as_deref().unwrap_or(key)];
    }
    json
}

impl<'a> List<'a> {
    /// Finds the list behind the keys; without keys the root is the list.
    pub(super) fn find(root: Option<&'a Node>, keys: &'a [&'static str]) -> Result<Self, Problem> {
        let Some(mut node) = root.filter(|root| !root.is_null()) else {
            return Ok(Self::Nothing(
                root.map(|null| null.span).filter(|span| span.start < span.end && keys.is_empty()),
                keys,
            ));
        };
        for (depth, key) in keys.iter().enumerate() {
            let Value::Mapping(_, style) = &node.value else { return Err(wrong(node, "a mapping")) };
            if let Some(again) = entries(node, key).nth(1) {
                let message =
                    format!("`{key}` appears twice here with different capitalization, and either one may be used");
                return Err(Problem::error("document.duplicate-key", again.key_span, message));
            }
            let Some(entry) = entry(node, key) else { return Ok(Self::Missing(node, &keys[depth..])) };
            let rest = &keys[depth + 1..];
            if is_blank(&entry.value, rest.is_empty()) {
                return Ok(if rest.is_empty() { Self::Empty(entry, *style) } else { Self::Blank(entry, *style, rest) });
            }
            node = &entry.value;
        }
        match &node.value {
            Value::Sequence(nodes, _) if nodes.is_empty() => Ok(Self::Nothing(Some(node.span), keys)),
            Value::Sequence(nodes, style) => Ok(Self::Filled(node, nodes, *style)),
            Value::Scalar(_) | Value::Mapping(..) => Err(wrong(node, "a list")),
        }
    }

    /// Its entries.
    pub(super) fn nodes(&self) -> &'a [Node] {
        match self {
            Self::Filled(_, nodes, _) => nodes,
            Self::Empty(..) | Self::Blank(..) | Self::Missing(..) | Self::Nothing(..) => &[],
        }
    }

    /// Writes what is to become of each entry, and the new ones behind the last.
    fn change<I: Item>(&self, text: &str, fates: &[Fate<'_, I>], added: &[I], edits: &mut Edits<'_>) {
        let is_changed = !added.is_empty() || fates.iter().any(|fate| !matches!(fate, Fate::Kept));
        if !is_changed {
            return;
        }
        match self {
            Self::Filled(list, nodes, Style::Flow) => change_flow(list, nodes, fates, added, edits),
            Self::Filled(_, nodes, Style::Block) => {
                for (node, fate) in nodes.iter().zip(fates) {
                    match fate {
                        Fate::Kept => {}
                        Fate::Removed => edits.remove_item(node),
                        Fate::Replaced(item) if matches!(node.value, Value::Mapping(_, Style::Flow)) => {
                            edits.replace(node.span, item.flow());
                        }
                        // The dash stays, and so does the place of the entry's first key.
                        Fate::Replaced(item) => {
                            let block = indented(&item.block(), edits.column(node.span.start).saturating_sub(2));
                            let block = block.trim_start().trim_start_matches("- ").trim_end();
                            edits.replace(edits.without_trailing(node.span), block);
                        }
                    }
                }
                if let Some(last) = nodes.last().filter(|_| !added.is_empty()) {
                    edits.insert_lines(last.span.end, &block_list(added, edits.dash_column(last)));
                }
            }
            Self::Empty(entry, Style::Block) => {
                fill_block(text, entry, &block_list(added, edits.column(entry.key_span.start)), edits);
            }
            Self::Empty(entry, Style::Flow) => fill_flow(entry, &flow_list(added), edits),
            Self::Blank(entry, Style::Block, keys) => {
                let column = edits.column(entry.key_span.start) + 2;
                fill_block(text, entry, &block_keys(keys, added, column), edits);
            }
            Self::Blank(entry, Style::Flow, keys) => {
                fill_flow(entry, &format!("{{{}}}", flow_keys(keys, added)), edits);
            }
            Self::Missing(mapping, keys) => match &mapping.value {
                Value::Mapping(entries, Style::Flow) => {
                    let inner = flow_keys(keys, added);
                    match entries.last() {
                        Some(last) => edits.insert(last.value.span.end, format!(", {inner}")),
                        None => edits.replace(mapping.span, format!("{{{inner}}}")),
                    }
                }
                _ => {
                    let column = edits.column(mapping.span.start);
                    edits.insert_lines(mapping.span.end, &block_keys(keys, added, column));
                }
            },
            Self::Nothing(Some(span), _) => edits.replace(*span, block_list(added, 0).trim_end()),
            Self::Nothing(None, keys) => edits.insert_lines(text.len(), &block_keys(keys, added, 0)),
        }
    }

    /// The text with what is to become of each entry, and the new ones behind the last: read again by the rules of its program, it
    /// means exactly that, and everything else in it what it meant. `root` is what the text meant, and `keys` are where the list
    /// stands in it.
    pub(super) fn rewritten<I: Item>(
        &self,
        source: &Source,
        dialect: Dialect,
        root: Option<&Node>,
        keys: &[&str],
        fates: &[Fate<'_, I>],
        added: &[I],
    ) -> Result<String, Problem> {
        let mut edits = Edits::new(source);
        self.change(source.text(), fates, added, &mut edits);
        if edits.is_empty() {
            return Ok(source.text().to_owned());
        }
        let mut expected = root.map_or(Json::Null, Node::to_json);
        *place(&mut expected, keys) = self.meant(fates, added);
        edits.apply_as(dialect, &expected)
    }

    /// What the list is to mean behind these changes; nothing at all where no line of a block list is left.
    fn meant<I: Item>(&self, fates: &[Fate<'_, I>], added: &[I]) -> Json {
        let kept = self.nodes().iter().zip(fates).filter_map(|(node, fate)| match fate {
            Fate::Kept => Some(node.to_json()),
            Fate::Removed => None,
            Fate::Replaced(item) => Some(item.json()),
        });
        let items: Vec<_> = kept.chain(added.iter().map(Item::json)).collect();
        let is_block = matches!(self, Self::Filled(_, _, Style::Block));
        if items.is_empty() && is_block { Json::Null } else { items.into() }
    }
}

/// Whether nothing stands in the place of a list, or of a mapping with lists: no value, or one that is empty. Which of those its reader
/// takes for nothing is his word, and asked before.
fn is_blank(node: &Node, is_list: bool) -> bool {
    match &node.value {
        Value::Scalar(scalar) => node.is_null() || scalar.text.is_empty(),
        Value::Sequence(nodes, _) => nodes.is_empty(),
        Value::Mapping(entries, _) => is_list && entries.is_empty(),
    }
}

/// Puts lines below a key, in place of the nothing that it has.
fn fill_block(text: &str, entry: &Entry, lines: &str, edits: &mut Edits<'_>) {
    let start = text[..entry.value.span.start].trim_end_matches(' ').len();
    edits.replace(Span { start, ..entry.value.span }, format!("\n{}", lines.trim_end()));
}

/// The same behind a key in braces.
fn fill_flow(entry: &Entry, value: &str, edits: &mut Edits<'_>) {
    let blank = if entry.value.span.start == entry.value.span.end { " " } else { "" };
    edits.replace(entry.value.span, format!("{blank}{value}"));
}

/// Elements go with the comma behind them, the last ones with the comma before.
fn change_flow<I: Item>(list: &Node, nodes: &[Node], fates: &[Fate<'_, I>], added: &[I], edits: &mut Edits<'_>) {
    let Some(last_kept) = fates.iter().rposition(|fate| !matches!(fate, Fate::Removed)) else {
        edits.replace(list.span, flow_list(added));
        return;
    };
    for (at, (node, fate)) in nodes.iter().zip(fates).enumerate().take(last_kept + 1) {
        match fate {
            Fate::Kept => {}
            Fate::Removed => edits.replace(Span { start: node.span.start, end: nodes[at + 1].span.start }, ""),
            Fate::Replaced(item) => edits.replace(node.span, item.flow()),
        }
    }
    let end = nodes[last_kept].span.end;
    if let Some(last) = nodes[last_kept + 1..].last() {
        edits.replace(Span { start: end, end: last.span.end }, "");
    }
    for item in added {
        edits.insert(end, format!(", {}", item.flow()));
    }
}

fn block_keys(keys: &[&str], added: &[impl Item], column: usize) -> String {
    match keys.split_first() {
        None => block_list(added, column),
        Some((key, [])) => format!("{}{key}:\n{}", " ".repeat(column), block_list(added, column)),
        Some((key, rest)) => format!("{}{key}:\n{}", " ".repeat(column), block_keys(rest, added, column + 2)),
    }
}

fn block_list(items: &[impl Item], column: usize) -> String {
    items.iter().map(|item| indented(&item.block(), column)).collect()
}

fn indented(block: &str, column: usize) -> String {
    block.lines().map(|line| format!("{}{line}\n", " ".repeat(column))).collect()
}

fn flow_keys(keys: &[&str], added: &[impl Item]) -> String {
    match keys.split_first() {
        None => flow_list(added),
        Some((key, [])) => format!("\"{key}\": {}", flow_list(added)),
        Some((key, rest)) => format!("\"{key}\": {{{}}}", flow_keys(rest, added)),
    }
}

fn flow_list(items: &[impl Item]) -> String {
    format!("[{}]", items.iter().map(Item::flow).collect::<Vec<_>>().join(", "))
}

fn wrong(node: &Node, expected: &str) -> Problem {
    Problem::error("document.type", node.span, format!("expected {expected}, found {}", node.kind()))
}
