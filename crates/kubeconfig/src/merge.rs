//! An entry put into an existing kubeconfig.

use document::{Edits, Entry, Limits, Node, Problem, Source, Span, Style, Value};

use crate::{
    ExecEntry,
    entry::{Kind, flow_item, item, render},
    yaml::scalar,
};

/// The kubeconfig with the entry in it: same-named cluster, user and context replaced, others added at the end of their
/// lists, and everything else byte for byte as it was.
pub fn merge(existing: &Source, entry: &ExecEntry, set_current: bool) -> Result<String, Vec<Problem>> {
    let Some(root) = document::parse(existing, &Limits::default())? else { return Ok(render(entry)) };
    if root.is_null() {
        return Ok(render(entry));
    }
    let Value::Mapping(entries, style) = &root.value else {
        let message = format!("a kubeconfig is a mapping, found {}", root.kind());
        return Err(vec![Problem::error("kubeconfig.shape", root.span, message)]);
    };
    let mut merge =
        Merge { source: existing, root: &root, style: *style, edits: Edits::new(existing), added: Vec::new() };
    let mut problems = Vec::new();
    for kind in Kind::ALL {
        let list = entries.iter().find(|entry| &*entry.key.text == kind.key());
        if let Err(problem) = merge.list(list, entry, kind) {
            problems.push(*problem);
        }
    }
    if set_current {
        merge.current_context(entries.iter().find(|entry| &*entry.key.text == "current-context"), entry);
    }
    if problems.is_empty() { Ok(merge.apply(!entries.is_empty())) } else { Err(problems) }
}

struct Merge<'a> {
    source: &'a Source,
    root: &'a Node,
    style: Style,
    edits: Edits<'a>,
    /// Keys that the root lacks, as block text and as JSON.
    added: Vec<(String, String)>,
}

impl Merge<'_> {
    fn list(&mut self, list: Option<&Entry>, entry: &ExecEntry, kind: Kind) -> Result<(), Box<Problem>> {
        let flow = || format!("[{}]", flow_item(entry, kind));
        let Some(list) = list else {
            let block = format!("{}:\n{}", kind.key(), item(entry, kind, 0));
            self.added.push((block, format!("\"{}\":{}", kind.key(), flow())));
            return Ok(());
        };
        let key = kind.key();
        match &list.value.value {
            Value::Sequence(nodes, _) if !nodes.is_empty() => {
                for node in nodes {
                    if node.as_mapping().is_none() || node.get("name").and_then(Node::as_scalar).is_none() {
                        let message = format!("every entry of `{key}` needs a name");
                        return Err(Box::new(Problem::error("kubeconfig.entry", node.span, message)));
                    }
                }
                let same = nodes.iter().filter(|node| is_named(node, kind.name(entry)));
                // Where a name stands twice, kubectl takes the first.
                match (same.into_iter().next(), &list.value.value) {
                    (Some(node), Value::Sequence(_, Style::Flow)) => {
                        self.edits.replace(node.span, flow_item(entry, kind));
                    }
                    (Some(node), _) => {
                        let indent = self.edits.dash_column(node);
                        let block = item(entry, kind, indent);
                        // The dash stays; the item's text begins behind it.
                        let text = block[indent + "- ".len()..].trim_end_matches('\n');
                        self.edits.replace(self.without_trailing(node.span), text);
                    }
                    (None, Value::Sequence(nodes, style)) => {
                        let last = nodes.last().expect("checked to be there");
                        match style {
                            Style::Flow => self.edits.insert(last.span.end, format!(", {}", flow_item(entry, kind))),
                            Style::Block => {
                                let block = item(entry, kind, self.edits.dash_column(last));
                                self.edits.insert_lines(last.span.end, &block);
                            }
                        }
                    }
                    (None, _) => unreachable!("the list was matched as a sequence"),
                }
                Ok(())
            }
            Value::Sequence(..) => {
                self.edits.replace(list.value.span, flow());
                Ok(())
            }
            _ if list.value.is_null() => {
                let span = list.value.span;
                // A missing value stands nowhere; it goes behind the colon.
                let (span, blank) = if span.start == span.end { (self.colon_end(list), " ") } else { (span, "") };
                self.edits.replace(span, format!("{blank}{}", flow()));
                Ok(())
            }
            _ => {
                let message = format!("`{key}` is a list, found {}", list.value.kind());
                Err(Box::new(Problem::error("kubeconfig.shape", list.value.span, message)))
            }
        }
    }

    fn current_context(&mut self, current: Option<&Entry>, entry: &ExecEntry) {
        match current {
            Some(current) if current.value.span.start < current.value.span.end => {
                self.edits.replace(current.value.span, scalar_for(self.style, &entry.context));
            }
            Some(current) => {
                self.edits.replace(self.colon_end(current), format!(" {}", scalar_for(self.style, &entry.context)));
            }
            None => {
                let block = format!("current-context: {}\n", scalar(&entry.context));
                let flow = format!("\"current-context\":{}", scalar_for(Style::Flow, &entry.context));
                self.added.push((block, flow));
            }
        }
    }

    /// Adds the keys that were missing, and applies everything.
    fn apply(mut self, has_keys: bool) -> String {
        match self.style {
            Style::Flow => {
                let keys: Vec<_> = self.added.iter().map(|(_, flow)| flow.as_str()).collect();
                if !keys.is_empty() {
                    let comma = if has_keys { "," } else { "" };
                    let text = format!("{comma}{}", keys.join(","));
                    let inner = self.source.text()[..self.root.span.end - 1].trim_end().trim_end_matches(',').len();
                    // A comma that ends the last entry already is left where it is.
                    let end = self.source.text()[..self.root.span.end - 1].trim_end().len();
                    let text = if inner < end { text.trim_start_matches(',').to_owned() } else { text };
                    self.edits.insert(end, text);
                }
            }
            Style::Block => {
                let keys: String = self.added.iter().map(|(block, _)| block.as_str()).collect();
                let indent = self.edits.column(self.root.span.start);
                let pad = " ".repeat(indent);
                let keys: String = keys.lines().map(|line| format!("{pad}{line}\n")).collect();
                if !keys.is_empty() {
                    self.edits.insert_lines(self.root.span.end, &keys);
                }
            }
        }
        self.edits.apply()
    }

    /// A node without the empty lines that a block scalar at its end may hold.
    fn without_trailing(&self, span: Span) -> Span {
        Span { end: span.start + self.source.text()[span.range()].trim_end().len(), ..span }
    }

    /// Behind the colon of a key, where a missing value would stand.
    fn colon_end(&self, entry: &Entry) -> Span {
        let colon = self.source.text()[entry.key_span.end..].find(':').map_or(0, |at| at + 1);
        let at = entry.key_span.end + colon;
        Span { start: at, end: at }
    }
}

fn is_named(node: &Node, name: &str) -> bool {
    node.get("name").and_then(Node::as_scalar).is_some_and(|scalar| &*scalar.text == name)
}

fn scalar_for(style: Style, text: &str) -> String {
    match style {
        Style::Block => scalar(text).into_owned(),
        Style::Flow => serde_json::Value::from(text).to_string(),
    }
}
