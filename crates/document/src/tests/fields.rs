//! Typed reading.

use insta::assert_snapshot;

use super::tree;
use crate::{Fields, KeyCase, Limits, Problem, Problems, RenderStyle, Source, nearest, parse, render};

#[test]
fn fields_are_read_by_type_and_every_problem_is_found() {
    let source =
        Source::new("f.yaml", "Name: alice\nport: abc\naccount: 012\nflag: yes\nnmae: x\nNAME: y\nlist: [~, []]\n");
    let root = parse(&source, &Limits::default()).expect("readable").expect("not empty");
    let mut found = Problems::default();
    let mut fields = Fields::new(&root, KeyCase::Insensitive, &mut found).expect("a mapping");
    assert_eq!(fields.text("name", &mut found).map(|(text, _)| text), Some("alice"));
    assert_eq!(fields.number("port", 65_535, &mut found), None);
    assert_eq!(fields.text("account", &mut found), None);
    assert_eq!(fields.boolean("flag", &mut found), None);
    let list = &fields.take("list").expect("the list").value;
    list.as_sequence().expect("a list").iter().for_each(|node| assert_eq!(node.text(&mut found), None));
    fields.finish(&mut found, |entry, near| {
        let problem =
            Problem::warning("document.unknown-key", entry.key_span, format!("unknown key `{}`", entry.key.text));
        problem.hint(format!("did you mean `{}`?", near.unwrap_or("?")))
    });
    assert!(found.has_errors());
    assert_snapshot!(render(&source, &found.into_sorted(), RenderStyle::Plain), @r#"
    error[document.type]: expected a whole number from 0 to 65535, found text
     --> f.yaml:2:7
      |
    2 | port: abc
      |       ^^^

    error[document.type]: expected text, found a number
     --> f.yaml:3:10
      |
    3 | account: 012
      |          ^^^
      |
      = help: put it into quotes: "012"

    error[document.type]: expected true or false, found text
     --> f.yaml:4:7
      |
    4 | flag: yes
      |       ^^^

    warning[document.unknown-key]: unknown key `nmae`
     --> f.yaml:5:1
      |
    5 | nmae: x
      | ^^^^
      |
      = help: did you mean `name`?

    error[document.duplicate-key]: the key `NAME` is there twice, in different case
     --> f.yaml:6:1
      |
    1 | Name: alice
      | ---- first here
    ...
    6 | NAME: y
      | ^^^^

    error[document.type]: expected text, found nothing
     --> f.yaml:7:8
      |
    7 | list: [~, []]
      |        ^
      |
      = help: put it into quotes: "~"

    error[document.type]: expected text, found a list
     --> f.yaml:7:11
      |
    7 | list: [~, []]
      |           ^^
    "#);
}

#[test]
fn what_is_right_gives_its_value_and_place() {
    let root = tree("name: alice\nport: 443\nflag: true\nnothing: null\n");
    let mut problems = Problems::default();
    let mut fields = Fields::new(&root, KeyCase::Exact, &mut problems).expect("a mapping");
    assert_eq!(fields.text("name", &mut problems).map(|(text, span)| (text, span.range())), Some(("alice", 6..11)));
    assert_eq!(fields.number("port", 65_535, &mut problems).map(|(port, _)| port), Some(443));
    assert_eq!(fields.boolean("flag", &mut problems).map(|(flag, _)| flag), Some(true));
    assert!(fields.take("nothing").is_none() && fields.take("absent").is_none());
    assert!(fields.rest().is_empty());
    assert!(problems.into_sorted().is_empty());
}

#[test]
fn keys_that_differ_in_case_are_two_keys_or_one() {
    let root = tree("a: 1\nA: 2\nb: 3\n");
    for (case, rest, problems) in [(KeyCase::Exact, 3, 0), (KeyCase::Insensitive, 2, 1)] {
        let mut found = Problems::default();
        let mut fields = Fields::new(&root, case, &mut found).expect("a mapping");
        assert_eq!((fields.rest().len(), found.into_sorted().len()), (rest, problems), "{case:?}");
    }
}

#[test]
fn the_nearest_known_name_is_found_or_none() {
    let known = ["rolearn", "username", "groups"];
    let rows = [("roleArn", Some("rolearn")), ("grups", Some("groups")), ("usernmae", Some("username")), ("x", None)];
    for (written, expected) in rows {
        assert_eq!(nearest(written, known), expected, "{written}");
    }
}
