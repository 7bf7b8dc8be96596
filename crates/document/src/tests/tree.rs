//! The tree and its spans.

use super::tree;
use crate::{Limits, Node, Position, Source, Sources, Style, Value, parse, parse_manifests};

#[test]
fn json_is_read_and_so_are_tabs_in_it() {
    let root = tree("{\"a\": [1, {\"b\": null}],\n\t\"c\": \"x\"}");
    assert_eq!(root.get("a").and_then(Node::as_sequence).map(<[_]>::len), Some(2));
    assert!(matches!(root.value, Value::Mapping(_, Style::Flow)));
}

#[test]
fn a_text_without_a_document_is_nothing() {
    for text in ["", "\n\n", "# nothing\n", "\u{feff}"] {
        assert_eq!(parse(&Source::new("f", text), &Limits::default()), Ok(None), "{text:?}");
    }
    for text in ["---\n", "null\n", "~", "---\n# nothing\n...\n"] {
        assert!(tree(text).is_null(), "{text:?}");
    }
}

#[test]
fn aliases_repeat_values_and_keys() {
    let root = tree("base: &base {&key a: 1}\nuse: *base\n*key : 2\n");
    assert_eq!(root.get("use").and_then(|node| node.get("a")), root.get("base").and_then(|node| node.get("a")));
    assert!(root.get("a").is_some());
}

#[test]
fn what_nodes_are_called() {
    let root = tree("[[], {}, ~, true, 5, five]");
    let kinds: Vec<_> = root.as_sequence().expect("a list").iter().map(Node::kind).collect();
    assert_eq!(kinds, ["a list", "a mapping", "nothing", "a truth value", "a number", "text"]);
}

#[test]
fn spans_are_those_of_the_text() {
    // Text, the keys and indices that lead to a node, and what stands there.
    let rows = [
        ("users:\n- {name: ä}\n- name: b\n\nlast: 1\n", "users", "{name: ä}\n- name: b"),
        ("users:\n- {name: ä}\n- name: b\n\nlast: 1\n", "users 0", "{name: ä}"),
        ("users:\n- {name: ä}\n- name: b\n\nlast: 1\n", "users 1", "name: b"),
        ("users:\n  - a\n  - b\n", "users", "- a\n  - b"),
        ("a: [\n 1 ]  # c\n", "a", "[\n 1 ]"),
        ("a: 'it''s' # c\n", "a", "'it''s'"),
        ("a: |  # c\n  text\n\nb: 1\n", "a", "|  # c\n  text\n\n"),
        ("a: &x !!str\n  >-\n\n  text\n# c\n", "a", ">-\n\n  text\n"),
        ("a: |\nb: 1\n", "a", "|\n"),
        ("- name: a\n  user:\n# c\n- name: b\n", "0", "name: a\n  user:"),
        ("a: &x {b: 1}\nc: *x\n", "c", "*x"),
        ("a: &x {b: 1}\nc: *x\n", "c b", "1"),
    ];
    for (text, path, expected) in rows {
        let root = tree(text);
        let node = path.split(' ').fold(&root, |node, step| match step.parse::<usize>() {
            Ok(index) => &node.as_sequence().expect("a list")[index],
            Err(_) => node.get(step).expect("the key"),
        });
        assert_eq!(&text[node.span.range()], expected, "{path} of {text:?}");
    }
}

#[test]
fn a_missing_value_stands_behind_its_colon() {
    for (text, at) in [("a:\nb: 1\n", 2), ("a : # c\n\nb: 1\n", 3), ("{a: , b: 1}", 3), ("{a, b: 1}", 2), ("\"a\":", 4)]
    {
        let span = tree(text).get("a").expect("the key").span;
        assert_eq!((span.start, span.end), (at, at), "{text:?}");
    }
}

#[test]
fn positions_are_counted_as_people_do() {
    let source = Source::new("f", "\u{feff}äb\n\nc");
    assert_eq!(source.text(), "äb\n\nc");
    let rows = [(0, 1, 1), (1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 1), (5, 3, 1), (6, 3, 2), (99, 3, 2)];
    for (offset, line, column) in rows {
        assert_eq!(source.position(offset), Position { line, column }, "byte {offset}");
    }
    let source = Source::new("f", "a\rb\r\nc");
    let rows = [(0, 1, 1), (2, 2, 1), (3, 2, 2), (5, 3, 1)];
    for (offset, line, column) in rows {
        assert_eq!(source.position(offset), Position { line, column }, "byte {offset}");
    }
}

#[test]
fn each_document_of_a_text_is_read_where_it_stands() {
    let text = "# nothing\n---\na: 1\n--- # second\nitems: [x, y]\nb: |\n  --- no marker\n---\n...\n---\n- c\n";
    let mut sources = Sources::default();
    sources.add("before", "---\n");
    let source = sources.add("it.yaml", text).clone();
    let mut items = Vec::new();
    let documents = parse_manifests(&source, &Limits::default(), "items", |number, node| items.push((number, node)));
    let place = |node: &Node| {
        let (name, at) = sources.locate(node.span.start).expect("a place");
        format!("{name}:{}:{}", at.line, at.column)
    };
    let found = documents.iter().filter_map(|document| Some((document.number, place(document.root()?))));
    let found: Vec<_> = found.collect();
    assert_eq!(found, [(1, "it.yaml:3:1".to_owned()), (2, "it.yaml:5:1".to_owned()), (4, "it.yaml:11:1".to_owned())]);
    let found: Vec<_> = items.iter().map(|(number, node)| (*number, place(node))).collect();
    assert_eq!(found, [(2, "it.yaml:5:9".to_owned()), (2, "it.yaml:5:12".to_owned())]);
    let documents = parse_manifests(&Source::new("x", "a: 1\n---\nb: [\n"), &Limits::default(), "items", |_, _| {});
    assert!(documents[0].root().is_some());
    let problems = documents[1].read.as_ref().expect_err("the second is cut off");
    assert!(problems[0].span.start >= 9, "{problems:?}");
}
