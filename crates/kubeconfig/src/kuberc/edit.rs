//! The list, written where it stands or belongs.

use document::{Edits, Node, Source, Style, Value, plain_or_quoted};
use serde_json::{Value as Json, json};

use super::{
    policy::{LIST, LISTED, POLICY},
    preference::VERSION,
};
use crate::kind::text_of;

/// What kubectl 1.35 calls a command, which knows no other key; later ones read it, too.
const NAME: &str = "name";

/// What kubectl has called it since.
const COMMAND: &str = "command";

/// Makes the policy that of a list, puts commands into that, and says in `expected` what the document is to mean.
pub(super) fn put(edits: &mut Edits<'_>, root: &Node, commands: &[String], expected: &mut Json) {
    let Value::Mapping(_, style) = &root.value else { return };
    let list = root.get(LIST);
    let key = key(list);
    let meanings: Vec<Json> = commands.iter().map(|command| json!({key: command})).collect();
    let mut lines = String::new();
    if text_of(root.get(POLICY)) != LISTED {
        expected[POLICY] = LISTED.into();
        match (root.get(POLICY), style) {
            (None, Style::Block) => lines.push_str(&format!("{POLICY}: {LISTED}\n")),
            _ => edits.set(root, POLICY, &LISTED.into()),
        }
    }
    match (list.map(|list| &list.value), style) {
        (Some(Value::Sequence(nodes, of_list)), _) if !nodes.is_empty() => {
            let last = &nodes[nodes.len() - 1];
            match of_list {
                Style::Flow => {
                    let more: String = meanings.iter().map(|meaning| format!(", {meaning}")).collect();
                    edits.insert(last.span.end, more);
                }
                Style::Block => edits.insert_lines(last.span.end, &items(commands, key, edits.dash_column(last))),
            }
        }
        (None, Style::Block) => lines.push_str(&format!("{LIST}:\n{}", items(commands, key, 0))),
        _ => edits.set(root, LIST, &meanings.clone().into()),
    }
    if !lines.is_empty() {
        let pad = " ".repeat(edits.column(root.span.start));
        let lines: String = lines.lines().map(|line| format!("{pad}{line}\n")).collect();
        edits.insert_lines(root.span.end, &lines);
    }
    match &mut expected[LIST] {
        Json::Array(list) => list.extend(meanings),
        list => *list = meanings.into(),
    }
}

/// A kuberc where there was none yet: comments stay, which are all that may stand in a file that says nothing.
pub(super) fn begun(existing: &Source, commands: &[String]) -> String {
    let is_comment = |line: &&str| line.trim().is_empty() || line.trim().starts_with('#');
    let before: String = existing.text().split_inclusive('\n').filter(is_comment).collect();
    let line_end = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { line_end };
    let new =
        format!("apiVersion: {VERSION}\nkind: Preference\n{POLICY}: {LISTED}\n{LIST}:\n{}", items(commands, NAME, 0));
    format!("{}{before}{gap}{}", existing.prefix(), new.replace('\n', line_end))
}

/// What entries call a command: as those that there are do.
fn key(list: Option<&Node>) -> &'static str {
    let entries = list.and_then(Node::as_sequence).unwrap_or_default();
    if entries.iter().any(|entry| !text_of(entry.get(COMMAND)).is_empty()) { COMMAND } else { NAME }
}

fn items(commands: &[String], key: &str, column: usize) -> String {
    let pad = " ".repeat(column);
    commands.iter().map(|command| format!("{pad}- {key}: {}\n", plain_or_quoted(command))).collect()
}
