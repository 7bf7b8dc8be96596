//! What cannot be read, and how it is shown.

use insta::assert_snapshot;

use super::refusal;
use crate::{Dialect, Limits, Problem, RenderStyle, Source, Sources, Span, parse, parse_as, render};

fn refused(text: &str) -> String {
    refusal(text, &Limits::default())
}

#[test]
fn repeated_keys_are_all_shown_with_the_first_of_them() {
    assert_snapshot!(refused("a: 1\nb: {c: 1, c: 2}\na: 3\n\n\nb: 4\n"), @"
    error[document.duplicate-key]: the key `c` is there twice
     --> f.yaml:2:11
      |
    2 | b: {c: 1, c: 2}
      |     -     ^
      |     |
      |     first here

    error[document.duplicate-key]: the key `a` is there twice
     --> f.yaml:3:1
      |
    1 | a: 1
      | - first here
    2 | b: {c: 1, c: 2}
    3 | a: 3
      | ^

    error[document.duplicate-key]: the key `b` is there twice
     --> f.yaml:6:1
      |
    2 | b: {c: 1, c: 2}
      | - first here
    ...
    6 | b: 4
      | ^
    ");
    // Even where the text ends badly.
    assert_snapshot!(refused("a: 1\na: 2\nb: ]\n"), @"
    error[document.duplicate-key]: the key `a` is there twice
     --> f.yaml:2:1
      |
    1 | a: 1
      | - first here
    2 | a: 2
      | ^

    error[document.syntax]: misplaced bracket
     --> f.yaml:3:4
      |
    3 | b: ]
      |    ^
    ");
}

#[test]
fn a_file_of_repeated_keys_gives_a_hundred_problems() {
    let text: String = (0..1_000).map(|at| format!("k{}: 1\n", at % 500)).collect();
    let problems = parse(&Source::new("f", text), &Limits::default()).expect_err("repeated keys");
    assert_eq!(problems.len(), 100);
}

#[test]
fn syntax_errors_are_shown_where_they_stand() {
    assert_snapshot!(refused("a:\n  - b\n c: d\n"), @"
    error[document.syntax]: while parsing a block mapping, did not find expected key
     --> f.yaml:3:2
      |
    3 |  c: d
      |  ^
      |
      = help: line 3 is indented by 1, its siblings by 0
    ");
    assert_snapshot!(refused("a: \"never closed\n"), @r#"
    error[document.syntax]: unclosed quote
     --> f.yaml:1:4
      |
    1 | a: "never closed
      |    ^
    "#);
    assert_snapshot!(refused("a: *nowhere\n"), @"
    error[document.syntax]: while parsing node, found unknown anchor
     --> f.yaml:1:4
      |
    1 | a: *nowhere
      |    ^
    ");
}

#[test]
fn a_slip_is_named_where_the_parser_only_says_what_it_misses() {
    let rows = [
        (
            "a key too far in",
            "groups:\n- name: a\n  roles: [R]\n   access: []\n",
            Some("line 4 is indented by 3, its siblings by 2"),
        ),
        ("a key too far out", "groups:\n- name: a\n access: []\n", Some("line 3 is indented by 1, its siblings by 2")),
        (
            "an item elsewhere",
            "groups:\n - name: a\n   roles: [R]\n- name: b\n",
            Some("line 4 is indented by 0, its siblings by 1"),
        ),
        ("behind a remark", "a:\n  b: c\n\n  # d\n   e: f\n", Some("line 5 is indented by 3, its siblings by 2")),
        (
            "a dash without a blank",
            "groups:\n-name: a\n  roles: [R]\n",
            Some("in line 2 write a blank behind the dash: `- name: a`"),
        ),
        ("a list that goes on", "a: [b, c\nd: e\n", Some("the `[` of line 1 is not closed: write `]` where it ends")),
        ("one that the parser names itself", "a:\n- {b: c\n", None),
        (
            "of two lists",
            "a: [b]\nc: [d, [e]\nf: g\n",
            Some("the `[` of line 2 is not closed: write `]` where it ends"),
        ),
        ("something else", "a: b: c\n", None),
        ("a bracket too many", "a: b\nc: ]\n", None),
    ];
    for (name, text, hint) in rows {
        let problems = parse(&Source::new("f", text), &Limits::default()).expect_err(name);
        assert_eq!(problems[0].hint.as_deref(), hint, "{name}: {}", problems[0].message);
    }
}

#[test]
fn a_tab_is_shown_where_it_stands() {
    // In place of an indentation, under a scalar and under a key; in front of a block's text.
    let rows = [
        ("- name: g\n\tusers: [a]\n", 2, 1),
        ("a: x\n \tb: y\n", 2, 2),
        ("server:\n\tmapUsers: []\n", 2, 1),
        ("a:\n- b: c\n\t\td: e\n", 3, 1),
        ("a:\r\n\tb: c\r\n", 2, 1),
        ("a: |\n\ttext\n", 2, 1),
    ];
    for (text, line, column) in rows {
        for dialect in [Dialect::Strict, Dialect::Kubernetes, Dialect::Viper] {
            let source = Source::new("f.yaml", text);
            let Err(problems) = parse_as(&source, &Limits::default(), dialect) else {
                panic!("{text:?} is taken in {dialect:?}");
            };
            let at = source.position(problems[0].span.start);
            assert_eq!((problems[0].code, at.line, at.column), ("document.tab", line, column), "{text:?} {dialect:?}");
        }
    }
}

#[test]
fn other_shapes_than_one_tree_are_refused() {
    assert_snapshot!(refused("a: 1\n---\nb: 1\n"), @"
    error[document.several]: a second document begins here; one file holds one document
     --> f.yaml:2:1
      |
    2 | ---
      | ^^^
    ");
    assert_snapshot!(refused("? [a]\n: b\n"), @"
    error[document.key]: a list or mapping cannot be a key
     --> f.yaml:1:3
      |
    1 | ? [a]
      |   ^
    ");
    assert_snapshot!(refused("a: &a [*a]\n"), @"
    error[document.alias]: an alias stands inside what it repeats
     --> f.yaml:1:8
      |
    1 | a: &a [*a]
      |        ^^
    ");
}

#[test]
fn each_bound_is_named_by_its_error() {
    let limits = Limits { max_bytes: 2_000, max_depth: 4, max_nodes: 60, max_alias_expansion: 40 };
    assert_snapshot!(refusal(&"a".repeat(3_000), &limits), @"
    error[document.too-large]: the file is larger than 2000 bytes
     --> f.yaml:1:1
      |
    1 | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...
      | ^
    ");
    assert_snapshot!(refusal("[[[[[1]]]]]", &limits), @"
    error[document.too-deep]: collections are nested deeper than 4 levels
     --> f.yaml:1:5
      |
    1 | [[[[[1]]]]]
      |     ^
    ");
    assert_snapshot!(refusal(&"- a\n".repeat(60), &limits), @"
    error[document.too-many]: the file has more than 60 values, counting aliases
      --> f.yaml:60:3
       |
    60 | - a
       |   ^
    ");
    assert_snapshot!(refusal("a: &a [1,2,3,4]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n", &limits), @"
    error[document.alias-expansion]: anchors and aliases repeat more than 40 values
     --> f.yaml:2:7
      |
    2 | b: &b [*a,*a,*a,*a]
      |       ^^^^^^^^^^^^^
    ");
}

#[test]
fn aliases_do_not_nest_deeper_than_brackets_may() {
    // Each line wraps the one before: small in text and nodes, and as deep as there are lines.
    let lines = (1..1_000).map(|at| format!("- &a{at} [*a{}]\n", at - 1));
    let text: String = std::iter::once("- &a0 [1]\n".to_owned()).chain(lines).collect();
    let limits = Limits { max_nodes: usize::MAX, max_alias_expansion: usize::MAX, ..Limits::default() };
    assert!(refusal(&text, &limits).contains("nested deeper than 64 levels"));
}

#[test]
fn problems_come_in_the_order_of_the_text_each_in_its_own_excerpt() {
    let far = "x: 1\n".repeat(10_000);
    let text = format!("first: \u{9}one\r\n{far}last: two");
    let source = Source::new("f.yaml", text.as_str());
    let end = text.len();
    let problems = [
        Problem::warning("b.late", Span { start: end - 3, end }, "seen last")
            .related(Span { start: 0, end: 5 }, "far away")
            .related(Span { start: end - 9, end: end - 5 }, "next to it"),
        Problem::error("a.early", Span { start: 8, end: 11 }, "seen first").hint("no \u{1b}[31m colours from files"),
        Problem::error("c.end", Span { start: end + 5, end: end + 9 }, "behind the end"),
    ];
    assert_snapshot!(render(&source, &problems, RenderStyle::Plain), @"
    error[a.early]: seen first
     --> f.yaml:1:9
      |
    1 | first:     one
      |            ^^^
      |
      = help: no �[31m colours from files

    warning[b.late]: seen last
         --> f.yaml:10002:7
          |
    10002 | last: two
          | ----  ^^^
          | |
          | next to it
          |
         ::: f.yaml:1:1
          |
        1 | first:     one
          | ----- far away

    error[c.end]: behind the end
         --> f.yaml:10002:10
          |
    10002 | last: two
          |          ^
    ");
    assert!(render(&source, &problems, RenderStyle::Coloured).contains("\u{1b}["));
}

#[test]
fn problems_of_several_texts_are_shown_each_in_its_own() {
    let mut sources = Sources::default();
    let first = parse(sources.add("base.yaml", "name: a\n"), &Limits::default()).expect("readable").expect("a tree");
    let second =
        parse(sources.add("prod.yaml", "# b\nname: b\n"), &Limits::default()).expect("readable").expect("a tree");
    let names = [first, second].map(|root| root.get("name").expect("the name").span);
    let problem = Problem::error("x.conflict", names[1], "two names").related(names[0], "the other one");
    assert_snapshot!(render(&sources, &[problem], RenderStyle::Plain), @"
    error[x.conflict]: two names
     --> prod.yaml:2:7
      |
    2 | name: b
      |       ^
      |
     ::: base.yaml:1:7
      |
    1 | name: a
      |       - the other one
    ");
    assert_eq!(sources.locate(names[1].start).map(|(name, at)| (name, at.line, at.column)), Some(("prod.yaml", 2, 7)));
    let broken = parse(sources.add("dev.yaml", "a: ]"), &Limits::default()).expect_err("broken");
    assert!(render(&sources, &broken, RenderStyle::Plain).contains("dev.yaml:1:4"));
}

#[test]
fn what_hides_is_seen_and_makes_no_line_of_its_own() {
    let hostile = "a\u{1b}[31m\u{202e}\u{200b}\u{200d}\u{2028}\u{9b}b";
    let source = Source::new("f.yaml", format!("x: {hostile}\n"));
    let message = format!("the name {hostile}\nerror: all is lost");
    let problem = Problem::error("code", Span { start: 3, end: 4 }, message).hint(format!("{hostile}\nanother hint"));
    let shown = render(&source, &[problem], RenderStyle::Plain);
    assert!(!shown.contains(|letter| crate::is_hidden(letter) && letter != '\n'), "{shown:?}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("error")).count(), 1, "{shown}");
    assert_eq!(shown.matches('\u{fffd}').count(), 19, "{shown}");
}
