//! What the tree holds, what is refused and how that looks, and the laws of spans and edits.

use insta::assert_snapshot;
use proptest::prelude::*;

use crate::{Edits, Fields, KeyCase, Limits, Node, Problem, Problems, RenderStyle, Source, Value, parse, render};

fn tree(text: &str) -> Node {
    parse(&Source::new("f.yaml", text), &Limits::default()).expect("readable").expect("not empty")
}

fn problems(text: &str) -> String {
    let source = Source::new("f.yaml", text);
    let limits = Limits { max_bytes: 2_000, max_depth: 4, max_nodes: 60 };
    let found = parse(&source, &limits).expect_err("not readable");
    render(&source, &found, RenderStyle::Plain)
}

#[test]
fn scalars_keep_their_text_and_whether_they_were_quoted() {
    let root = tree("a: 012345678901\nb: \"no\"\nc: no\nd: |\n  x\ne:\nf: 1e3\n");
    let scalar = |key| root.get(key).and_then(Node::as_scalar).expect("a scalar").clone();
    assert_eq!((&*scalar("a").text, scalar("a").is_number()), ("012345678901", true));
    assert_eq!((&*scalar("b").text, scalar("b").quoted, scalar("c").quoted), ("no", true, false));
    assert_eq!((&*scalar("d").text, scalar("d").quoted), ("x\n", true));
    assert!(scalar("e").is_null() && scalar("f").is_number() && !scalar("c").is_number());
}

#[test]
fn json_and_anchors_are_read() {
    let root = tree("{\"a\": [1, {\"b\": null}],\n\t\"c\": \"x\"}");
    assert_eq!(root.get("a").and_then(Node::as_sequence).map(<[_]>::len), Some(2));
    let root = tree("x-base: &base {a: 1}\nuse: *base\n");
    assert!(root.get("use").and_then(|node| node.get("a")).is_some());
    assert_eq!(parse(&Source::new("f", "# nothing\n"), &Limits::default()), Ok(None));
}

#[test]
fn spans_are_those_of_the_text() {
    let text = "# c\nusers:\n- {name: ä}\n- name: b\n\nlast: 1\n";
    let root = tree(text);
    let users = root.get("users").expect("users");
    let [first, second] = users.as_sequence().expect("a list") else { panic!("two entries") };
    assert_eq!(&text[first.span.range()], "{name: ä}");
    assert_eq!(&text[second.span.range()], "name: b");
    // The parser lets an unindented list begin at its first element.
    assert_eq!(&text[users.span.range()], "{name: ä}\n- name: b");
    let folded = tree("a: |\n  text\n\nb: [\n 1 ]  # c\n");
    assert_eq!(folded.get("b").map(|node| node.span.end - node.span.start), Some(6));
}

#[test]
fn what_cannot_be_read_is_shown_where_it_stands() {
    assert_snapshot!(problems("a: 1\nb: 2\na: 3\nb: 4\n"));
    assert_snapshot!(problems("a:\n  - b\n c: d\n"));
    assert_snapshot!(problems("a: 1\n---\nb: 1\n"));
    assert_snapshot!(problems("[[[[[1]]]]]"));
    assert_snapshot!(problems("? [a]\n: b\n"));
    assert_snapshot!(problems("a: &a [1,2,3,4]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n"));
    assert_snapshot!(problems(&"a".repeat(3_000)));
}

#[test]
fn fields_are_read_by_type_and_every_problem_is_found() {
    let source = Source::new("f.yaml", "Name: alice\nport: abc\naccount: 012\nflag: yes\nnmae: x\nNAME: y\n");
    let root = parse(&source, &Limits::default()).expect("readable").expect("not empty");
    let mut found = Problems::default();
    let mut fields = Fields::new(&root, KeyCase::Insensitive, &mut found).expect("a mapping");
    assert_eq!(fields.text("name", &mut found).map(|(text, _)| text), Some("alice"));
    assert_eq!(fields.number("port", 65_535, &mut found), None);
    assert_eq!(fields.text("account", &mut found), None);
    assert_eq!(fields.boolean("flag", &mut found), None);
    fields.finish(&mut found, |entry, near| {
        let problem =
            Problem::warning("document.unknown-key", entry.key_span, format!("unknown key `{}`", entry.key.text));
        problem.hint(format!("did you mean `{}`?", near.unwrap_or("?")))
    });
    assert!(found.has_errors());
    assert_snapshot!(render(&source, &found.into_sorted(), RenderStyle::Plain));
}

fn scalars_lie_in_the_text(node: &Node, text: &str) {
    assert!(node.span.start <= node.span.end && text.get(node.span.range()).is_some());
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(nodes, _) => nodes.iter().for_each(|node| scalars_lie_in_the_text(node, text)),
        Value::Mapping(entries, _) => entries.iter().for_each(|entry| {
            assert!(text.get(entry.key_span.range()).is_some());
            scalars_lie_in_the_text(&entry.value, text);
        }),
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_every_span_lies_in_it(text in "[-a{}\\[\\],:\"'|>&*#?! \n\tä0]{0,80}") {
        let source = Source::new("f", text.as_str());
        match parse(&source, &Limits::default()) {
            Ok(Some(root)) => scalars_lie_in_the_text(&root, source.text()),
            Ok(None) => {}
            Err(problems) => prop_assert!(render(&source, &problems, RenderStyle::Plain).contains("error")),
        }
    }

    #[test]
    fn edits_change_what_they_name_and_nothing_else(text in "[a-z]{4,30}", inserted in "[A-Z]{0,5}") {
        let source = Source::new("f", text.as_str());
        prop_assert_eq!(Edits::new(&source).apply(), text.clone());
        let mut edits = Edits::new(&source);
        edits.insert(2, inserted.as_str());
        edits.replace(crate::Span { start: 3, end: 4 }, "");
        prop_assert_eq!(edits.apply(), format!("{}{inserted}{}{}", &text[..2], &text[2..3], &text[4..]));
    }
}
