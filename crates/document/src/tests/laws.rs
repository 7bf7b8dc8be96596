//! What holds for every text.

use proptest::prelude::*;
use serde_json::Value as Json;

use crate::{
    Dialect, Edits, KeyCase, Limits, Node, RenderStyle, Source, Sources, Span, Value, parse, parse_as, parse_each,
    render,
};

fn spans_lie_in(node: &Node, text: &str) {
    assert!(text.get(node.span.range()).is_some(), "{:?}", node.span);
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(nodes, _) => nodes.iter().for_each(|node| spans_lie_in(node, text)),
        Value::Mapping(entries, _) => entries.iter().for_each(|entry| {
            assert!(text.get(entry.key_span.range()).is_some(), "{:?}", entry.key_span);
            spans_lie_in(&entry.value, text);
        }),
    }
}

/// A text is read or refused in words, never with a panic.
fn is_read_or_refused(text: &str) {
    let source = Source::new("f", text);
    match parse(&source, &Limits::default()) {
        Ok(Some(root)) => spans_lie_in(&root, source.text()),
        Ok(None) => {}
        Err(problems) => assert!(render(&source, &problems, RenderStyle::Coloured).contains("error")),
    }
}

/// What is handed over and what is left make the tree that reading it whole makes, wherever the text stands.
fn elements_are_those_of_the_tree(text: &str) {
    let mut sources = Sources::default();
    for name in ["first", "second"] {
        let (source, limits) = (sources.add(name, text), Limits::default());
        let mut elements = Vec::new();
        let mut read = parse_each(source, &limits, &[&["a"]], KeyCase::Exact, |_, node| elements.push(node));
        if let Ok(Some(Node { value: Value::Mapping(entries, _), .. })) = &mut read
            && let Some(entry) = entries.iter_mut().find(|entry| *entry.key.text == *"a")
            && let Value::Sequence(nodes, _) = &mut entry.value.value
        {
            assert!(nodes.is_empty() || elements.is_empty(), "some were handed over and some were not");
            nodes.append(&mut elements);
        }
        assert_eq!(read, parse(source, &limits));
        assert!(read.is_err() || elements.is_empty(), "something is handed over that is not in the tree");
    }
}

#[test]
fn a_list_that_stands_twice_is_one_problem() {
    for text in ["a: [1]\na: [2]\n", "a:\na: []\n", "a: []\n<<: {a: []}\n"] {
        elements_are_those_of_the_tree(text);
    }
}

#[test]
fn a_list_that_an_anchor_names_is_not_handed_over() {
    elements_are_those_of_the_tree("a: &x [1, 2]\nb: *x\n");
    let mut elements = 0;
    let source = Source::new("f", "a: [1, &x 2]\nb: &y [*x]\nc: {a: [3]}\n");
    let root = parse_each(&source, &Limits::default(), &[&["a"]], KeyCase::Exact, |_, _| elements += 1);
    let root = root.expect("readable").expect("not empty");
    assert_eq!(elements, 2);
    assert_eq!(root.get("b").and_then(Node::as_sequence).map(<[_]>::len), Some(1));
}

#[test]
fn lists_are_handed_over_by_the_keys_that_lead_to_them() {
    let text = "b: [0]\nS: {B: [1, {s: {b: [7]}}], b2: [8], x: {b: [9]}}\nc: [2, 3]\ns2: {b: [9]}\n";
    let source = Source::new("f", text);
    let mut elements = Vec::new();
    let lists: [&[&str]; 2] = [&["s", "b"], &["c"]];
    let root = parse_each(&source, &Limits::default(), &lists, KeyCase::Insensitive, |list, node| {
        elements.push((list, source.text()[node.span.range()].to_owned()));
    });
    let root = root.expect("readable").expect("not empty");
    let elements: Vec<_> = elements.iter().map(|(list, text)| (*list, text.as_str())).collect();
    assert_eq!(elements, [(0, "1"), (0, "{s: {b: [7]}}"), (1, "2"), (1, "3")]);
    let left = |keys: &[&str]| {
        let node = keys.iter().try_fold(&root, |node, key| node.get(key));
        node.and_then(Node::as_sequence).map(<[_]>::len)
    };
    assert_eq!(
        (left(&["b"]), left(&["S", "B"]), left(&["S", "b2"]), left(&["c"])),
        (Some(1), Some(0), Some(1), Some(0))
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        is_read_or_refused(&text);
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(text in "[-a{}\\[\\],:\"'|>&*#?!~%. \n\r\tä0]{0,80}") {
        is_read_or_refused(&text);
    }

    #[test]
    fn any_lines_of_yaml_are_read_or_refused(lines in prop::collection::vec(
        "( {0,4})(- |\\? |: )?(&a |\\*a |!!str )?(a|b|\"c\"|'d')?(:|: )?(x|1|\\[\\]|\\{\\}|\\||>-|\\*a)?( #c)?", 0..12,
    )) {
        is_read_or_refused(&lines.join("\n"));
        elements_are_those_of_the_tree(&lines.join("\n"));
        elements_are_those_of_the_tree(&format!("a:\n{}\nb: 1", lines.join("\n")));
    }

    #[test]
    fn what_json_writes_is_read_back(text in any::<String>()) {
        let json = serde_json::to_string(&text).expect("a text");
        let root = parse(&Source::new("f", json.as_str()), &Limits::default());
        let scalar = root.expect("readable").expect("not empty");
        prop_assert_eq!(scalar.as_scalar().map(|scalar| (&*scalar.text, scalar.quoted)), Some((&*text, true)));
    }

    #[test]
    fn no_edit_is_no_change(text in "\u{feff}?[a-zä\n]{0,30}") {
        let source = Source::new("f", text.as_str());
        let means = parse_as(&source, &Limits::default(), Dialect::Kubernetes).expect("a text").root;
        let means = means.as_ref().map_or(Json::Null, Node::to_json);
        prop_assert_eq!(Edits::new(&source).apply_as(Dialect::Kubernetes, &means), Ok(text));
    }

    #[test]
    fn edits_change_what_they_name_and_nothing_else(text in "[a-z]{4,30}", inserted in "[A-Z]{0,5}") {
        let source = Source::new("f", text.as_str());
        let mut edits = Edits::new(&source);
        edits.replace(Span { start: 3, end: 4 }, "");
        edits.insert(2, inserted.as_str());
        edits.insert(2, "!");
        let expected = format!("{}{inserted}!{}{}", &text[..2], &text[2..3], &text[4..]);
        prop_assert_eq!(edits.apply_as(Dialect::Kubernetes, &Json::from(expected.as_str())), Ok(expected));
    }
}
