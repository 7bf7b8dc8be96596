//! Keys that are set, elements that go, in whatever style somebody writes.

use serde_json::{Value as Json, json};

use crate::{Dialect, Edits, Limits, Node, Source, Value, parse_as};

fn read(text: &str) -> Node {
    parse_as(&Source::new("f", text), &Limits::default(), Dialect::Kubernetes)
        .expect("readable")
        .root
        .expect("not empty")
}

/// The text with keys of the mapping under `a` set to values.
fn set(text: &str, keys: &[(&str, Json)]) -> Result<String, String> {
    let source = Source::new("f", text);
    let root = read(text);
    let (mut edits, mut expected) = (Edits::new(&source), root.to_json());
    for (key, value) in keys {
        edits.set(root.get("a").expect("a"), key, value);
        expected["a"][key] = value.clone();
    }
    edits.apply_as(Dialect::Kubernetes, &expected).map_err(|problem| problem.message)
}

/// The text without an element of the list at the end of `path`.
fn without(text: &str, path: &[&str], at: usize) -> Result<String, String> {
    let source = Source::new("f", text);
    let root = read(text);
    let (mut list, mut expected) = (&root, root.to_json());
    let mut meant = &mut expected;
    for key in path {
        (list, meant) = (list.get(key).expect("the key"), &mut meant[key]);
    }
    let Value::Sequence(nodes, _) = &list.value else { panic!("a list") };
    meant.as_array_mut().expect("a list").remove(at);
    let mut edits = Edits::new(&source);
    edits.remove_item(&nodes[at]);
    edits.apply_as(Dialect::Kubernetes, &expected).map_err(|problem| problem.message)
}

/// A name, a text, the keys to set, and the text behind that.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

#[test]
fn a_key_is_set_where_it_stands_or_behind_the_others() {
    let rows: &[Row] = &[
        ("there", "a:\n  b: 1 # c\n  d: 2\n", &[("b", "\"x\"")], "a:\n  b: x # c\n  d: 2\n"),
        ("there, without a value", "a:\n  b:\n  d: 2\n", &[("b", "\"x\"")], "a:\n  b: x\n  d: 2\n"),
        ("there, empty, with a comment", "a:\n  b: '' # c\n", &[("b", "\"x\"")], "a:\n  b: x # c\n"),
        ("there, without a value, with a comment", "a:\n  b: # c\n", &[("b", "\"x\"")], "a:\n  b: x # c\n"),
        (
            "there, in lines, with a comment",
            "a:\n  b: >- # c\n    y\n    # z\n  d: 2\n",
            &[("b", "\"x\"")],
            "a:\n  b: x # c\n  d: 2\n",
        ),
        ("there, quoted", "a: {'b': 'y'}\n", &[("b", "\"x\"")], "a: {'b': \"x\"}\n"),
        ("new", "a:\n  b: 1\nc: 2\n", &[("d", "true")], "a:\n  b: 1\n  d: true\nc: 2\n"),
        ("two new ones", "a:\n  b: 1", &[("d", "\"on\""), ("e", "2")], "a:\n  b: 1\n  d: \"on\"\n  e: 2\n"),
        ("braces", "a: { b: 1 }\n", &[("d", "\"x\"")], "a: { b: 1, \"d\": \"x\" }\n"),
        ("a comma at the end", "a: { b: 1, }\n", &[("d", "1")], "a: { b: 1, \"d\": 1 }\n"),
        ("empty braces", "a: {}\n", &[("d", "\"x\"")], "a: {\"d\": \"x\"}\n"),
        ("CR and LF", "a:\r\n  b: 1\r\n", &[("d", "1")], "a:\r\n  b: 1\r\n  d: 1\r\n"),
        ("CR alone", "a:\r  b: 1\r", &[("d", "1")], "a:\r  b: 1\r  d: 1\r"),
        (
            "a text of lines at the end",
            "a:\n  b: |\n    x\n\nc: 1\n",
            &[("d", "1")],
            "a:\n  b: |\n    x\n\n  d: 1\nc: 1\n",
        ),
        ("behind a document's end", "a:\n  b: 1\n...\n", &[("d", "1")], "a:\n  b: 1\n  d: 1\n...\n"),
        (
            "beside a merge",
            "x: &x {m: 1}\na:\n  <<: *x\n  b: 1\n",
            &[("d", "1")],
            "x: &x {m: 1}\na:\n  <<: *x\n  b: 1\n  d: 1\n",
        ),
        ("an anchor of its own", "a: &a\n  b: 1\n", &[("d", "1")], "a: &a\n  b: 1\n  d: 1\n"),
    ];
    for (name, text, keys, expected) in rows {
        let keys: Vec<(&str, Json)> =
            keys.iter().map(|(key, value)| (*key, serde_json::from_str(value).expect("JSON"))).collect();
        assert_eq!(set(text, &keys).as_deref(), Ok(*expected), "{name}");
    }
}

#[test]
fn what_other_places_repeat_is_not_changed() {
    let rows = [
        ("a: &x {b: 1}\nc: *x\n", "`c.b` would become something else by it, too"),
        ("c: &x {b: 1}\na: *x\n", "`c.b` would become something else by it, too"),
        ("c: &x\n  b: 1\na:\n  <<: *x\n", "`c.b` would become something else by it, too"),
    ];
    for (text, why) in rows {
        let refused = set(text, &[("b", json!(2))]);
        let refused = refused.expect_err(text);
        assert_eq!(refused, format!("nothing was changed: {why}"), "{text}");
    }
}

#[test]
fn an_element_goes_with_its_dash_and_lines() {
    let rows: &[(&str, &str, &[&str], usize, &str)] = &[
        ("the first", "- 1\n- 2\n", &[], 0, "- 2\n"),
        ("the last", "a:\n- 1\n- 2 # c", &["a"], 1, "a:\n- 1\n"),
        ("with its dash on a line of its own", "- 1\n-\n  b: 1\n  c: 2\n- 3\n", &[], 1, "- 1\n- 3\n"),
        ("with a comment behind the dash", "- 1\n- # - c\n  b: 1\n- 3\n", &[], 1, "- 1\n- 3\n"),
        ("with an anchor", "- 1\n- &a\n  b: 1\n- 3\n", &[], 1, "- 1\n- 3\n"),
        ("with a tag", "- 1\n- !!map {b: 1}\n- 3\n", &[], 1, "- 1\n- 3\n"),
        ("a text of lines", "- |2-\n   x\n\n- 3\n", &[], 0, "- 3\n"),
        ("CR alone", "- 1\r- 2\r- 3\r", &[], 1, "- 1\r- 3\r"),
        ("CR and LF", "- 1\r\n- 2\r\n", &[], 0, "- 2\r\n"),
    ];
    for (name, text, path, at, expected) in rows {
        assert_eq!(without(text, path, *at).as_deref(), Ok(*expected), "{name}");
    }
    let refused = without("- &a {b: 1}\n- *a\n", &[], 0);
    assert_eq!(refused, Err("nothing was changed: the file would no longer be readable after this change".to_owned()));
}
