//! Entries written down as JSON, and a file of them that is not always one.

use e2e::random::Random;

use super::entries::{List, Material, Naming, Node, account, entry};

/// A value. A number of YAML's own is one of JSON, too.
pub(super) fn value(random: &mut Random, node: &Node) -> String {
    let space = random.one(&["", "", " ", "\n  "]);
    match node {
        Node::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        Node::Bare("true" | "on") => "true".to_owned(),
        Node::Bare("no") => "false".to_owned(),
        Node::Bare("1e3") => "1e3".to_owned(),
        Node::Bare(text) if text.starts_with(|c| matches!(c, '1'..='9')) && !text.contains(['_', '-']) => {
            (*text).to_owned()
        }
        Node::Bare(_) => "17".to_owned(),
        Node::Null => "null".to_owned(),
        Node::List(elements) => {
            let elements: Vec<_> = elements.iter().map(|element| value(random, element)).collect();
            format!("[{space}{}]", elements.join(&format!(",{space}")))
        }
        Node::Map(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(key, node)| format!("{}:{space}{}", serde_json::Value::from(key.as_str()), value(random, node)))
                .collect();
            format!("{{{}{space}}}", fields.join(","))
        }
    }
}

/// A dynamic file. Any mistake makes the program pass over all of it, so most have none.
pub(super) fn file(random: &mut Random, arns: Vec<String>, ids: Vec<String>) -> Vec<u8> {
    let calm = random.one(&[2000, 2000, 2000, 200, 30]);
    let naming = random.one(&[Naming::Arn, Naming::Arn, Naming::Both, Naming::Both, Naming::Any]);
    let material = Material { arns, ids, naming, calm };
    let mut fields = Vec::new();
    let mut list = |random: &mut Random, name: &str, list: List| {
        let count = random.one(&[1, 2, 3, 5, 8, 20]);
        let entries = (0..count).map(|_| entry_of_file(random, &material, list)).collect();
        fields.push((name.to_owned(), Node::List(entries)));
    };
    let odd_key = random.below(8) == 0;
    list(random, if odd_key { "MapRoles" } else { "mapRoles" }, List::Roles);
    if random.below(8) != 0 {
        list(random, "mapUsers", List::Users);
    }
    if random.below(10) == 0 {
        let name = random.one(&["mapRoles", "mapusers", "MAPROLES"]);
        let entries = random.one(&[List::Roles, List::Users]);
        list(random, name, entries);
    }
    if random.below(2) == 0 {
        let accounts = (0..random.below(4)).map(|_| match account(random, &material) {
            Node::Bare(text) if random.below(calm) != 0 => Node::Text(text.to_owned()),
            node => node,
        });
        fields.push(("mapAccounts".to_owned(), Node::List(accounts.collect())));
    }
    if random.below(3) == 0 {
        let version = if random.below(8) == 0 { Node::Bare("5") } else { Node::Text("5".to_owned()) };
        fields.insert(random.below(fields.len()), ("Version".to_owned(), version));
        fields.push(("LastUpdatedDateTime".to_owned(), Node::Text("1700000000".to_owned())));
    }
    let text = value(random, &Node::Map(fields));
    if random.below(8) == 0 { slip(random, &text) } else { text.into_bytes() }
}

/// Entries for permission sets are of no use in a file, and spoil it.
fn entry_of_file(random: &mut Random, material: &Material, list: List) -> Node {
    loop {
        let entry = entry(random, material, list);
        let Node::Map(fields) = &entry else { return entry };
        let has_set = fields.iter().any(|(key, _)| key.eq_ignore_ascii_case("sso"));
        if !has_set || random.below(material.calm) == 0 {
            return entry;
        }
    }
}

/// One slip of the hand.
fn slip(random: &mut Random, text: &str) -> Vec<u8> {
    match random.below(9) {
        0 => format!("{text} x").into_bytes(),
        1 => text.replacen(']', ",]", 1).into_bytes(),
        2 => format!("\u{feff}{text}").into_bytes(),
        3 => text.replacen("ops", "\\ud800", 1).into_bytes(),
        4 => text.bytes().map(|byte| if byte == b'p' { 0xff } else { byte }).collect(),
        5 => text.as_bytes()[..random.below(text.len())].to_vec(),
        6 => text.replace(':', ":\t").replace('\t', "\r\n").into_bytes(),
        7 => format!("// why\n{text}").into_bytes(),
        _ => text.replacen('a', "\\u0061", 1).into_bytes(),
    }
}
