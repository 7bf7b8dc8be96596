//! Keys with a dot at the top level of the configuration: `server.port` beside `server: {…}`.
//!
//! viper looks for the longest key first (`searchIndexableWithPathPrefixes` of viper 1.21), so that the dotted one goes before
//! the nested one; one that means nothing leaves it alone.

use document::{Entry, Node, Scalar, Style, Value};

const SERVER: &str = "server";

/// The tree in which such keys stand below `server`.
pub(crate) fn nested(mut root: Node) -> Node {
    let span = root.span;
    let Value::Mapping(entries, _) = &mut root.value else { return root };
    let is_dotted = |entry: &Entry| below(&entry.key.text).is_some() && !entry.value.is_null();
    let (dotted, mut rest): (Vec<Entry>, Vec<Entry>) =
        std::mem::take(entries).into_iter().partition(|entry| is_dotted(entry));
    if !dotted.is_empty() {
        let at = rest.iter().position(|entry| entry.key.text.eq_ignore_ascii_case(SERVER));
        let at = at.unwrap_or_else(|| {
            let value = Node { span, value: Value::Mapping(Vec::new(), Style::Block) };
            rest.push(Entry { key: Scalar::text(SERVER.to_owned()), key_span: dotted[0].key_span, value });
            rest.len() - 1
        });
        put(&mut rest[at].value, dotted);
    }
    *entries = rest;
    root
}

/// Whether one of a mapping's keys is `server.<name>`, in any case, and means something.
pub(crate) fn has(root: &Node, name: &str) -> bool {
    let is_it = |entry: &Entry| below(&entry.key.text).is_some_and(|key| key.eq_ignore_ascii_case(name));
    root.as_mapping().unwrap_or_default().iter().any(|entry| is_it(entry) && !entry.value.is_null())
}

/// What stands behind `server.` in a key.
fn below(key: &str) -> Option<&str> {
    let (server, name) = key.split_once('.')?;
    server.eq_ignore_ascii_case(SERVER).then_some(name)
}

fn put(server: &mut Node, dotted: Vec<Entry>) {
    if server.as_mapping().is_none() {
        // Text or a list: nothing is below it.
        server.value = Value::Mapping(Vec::new(), Style::Block);
    }
    let Value::Mapping(nested, _) = &mut server.value else { return };
    for mut entry in dotted {
        let name = below(&entry.key.text).unwrap_or_default().to_owned();
        nested.retain(|other| !other.key.text.eq_ignore_ascii_case(&name));
        entry.key = Scalar::text(name);
        nested.push(entry);
    }
}
