//! TOML as the tree: the same values and places as YAML has, and what is refused.

use insta::assert_snapshot;

use crate::{Dialect, KeyCase, Limits, Node, RenderStyle, Scalar, Source, Value, parse, parse_as, parse_each, render};

fn source(text: &str) -> Source {
    Source::new("config.toml", text)
}

/// What a tree says, with the place of every value.
fn shown(source: &Source, node: &Node) -> String {
    let at = source.position(node.span.start);
    let inner = match &node.value {
        Value::Scalar(scalar) => format!("{} {:?}", scalar.kind(), scalar.text),
        Value::Sequence(nodes, _) => nodes.iter().map(|node| shown(source, node)).collect::<Vec<_>>().join(", "),
        Value::Mapping(entries, _) => {
            let one = |key: &Scalar, value: &Node| format!("{}={}", key.text, shown(source, value));
            entries.iter().map(|entry| one(&entry.key, &entry.value)).collect::<Vec<_>>().join(", ")
        }
    };
    let (open, close) = match &node.value {
        Value::Scalar(_) => ("", ""),
        Value::Sequence(..) => ("[", "]"),
        Value::Mapping(..) => ("{", "}"),
    };
    format!("{open}{inner}{close}@{}:{}", at.line, at.column)
}

#[test]
fn every_kind_of_value_is_one_of_the_tree_and_has_its_place() {
    let text = "clusterID = \"c\"\nregion = 'x' # why\nrole = \"\"\"\na\"\"\"\nn = 0x10\nm = 1_000\nf = 1.5\nb = true\nd = 2026-01-02\n\
                [server]\nport = 1\naccounts = [\"0123\", { a = 1 }]\n[[server.mapRoles]]\nrolearn = \"r\"\n[other]\n\
                [[server.mapRoles]]\nrolearn = \"s\"\n";
    let source = source(text);
    let root = parse(&source, &Limits::default()).ok().flatten().expect("a tree");
    let lines: Vec<String> = root
        .as_mapping()
        .expect("a table")
        .iter()
        .map(|e| format!("{}: {}", e.key.text, shown(&source, &e.value)))
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    clusterID: text "c"@1:13
    region: text "x"@2:10
    role: text "a"@3:8
    n: a number "16"@5:5
    m: a number "1000"@6:5
    f: a number "1.5"@7:5
    b: a truth value "true"@8:5
    d: text "2026-01-02"@9:5
    server: {port=a number "1"@11:8, accounts=[text "0123"@12:13, {a=a number "1"@12:27}@12:21]@12:12, mapRoles=[{rolearn=text "r"@14:11}@13:1, {rolearn=text "s"@17:11}@16:1]@13:1}@10:1
    other: {}@15:1
    "#);
}

#[test]
fn lists_are_handed_over_as_those_of_yaml_are() {
    let source = source("[[SERVER.mapRoles]]\nrolearn = \"r\"\n[[SERVER.mapRoles]]\nrolearn = \"s\"\n");
    let mut handed = Vec::new();
    let list: &[&str] = &["server", "mapRoles"];
    let rest = parse_each(&source, &Limits::default(), &[list], KeyCase::Insensitive, |_, node| {
        handed.push(shown(&source, &node));
    });
    assert_eq!(handed.len(), 2, "{handed:?}");
    let rest = rest.ok().flatten().expect("a tree");
    assert_eq!(rest.get("SERVER").and_then(|server| server.get("mapRoles")).and_then(Node::as_sequence), Some(&[][..]));
}

#[test]
fn what_is_wrong_has_a_place() {
    let deep = format!("{} = 1", vec!["a"; 100_000].join("."));
    let brackets = format!("a = {}", "[".repeat(100_000));
    let headers = format!("[{}]", vec!["a"; 100_000].join("."));
    let quoted = format!("{} = 1", vec!["\"=\""; 100_000].join("."));
    let rows = [
        "a = ",
        "a = b",
        "a = 1\na = 2",
        "[a]\n[a]",
        "a: 1",
        "a = 99999999999999999999",
        &deep,
        &brackets,
        &headers,
        &quoted,
    ];
    let mut said = String::new();
    for text in rows {
        for dialect in [Dialect::Strict, Dialect::Viper] {
            let source = source(text);
            let problems = parse_as(&source, &Limits::default(), dialect).expect_err(&text[..text.len().min(40)]);
            if dialect == Dialect::Strict {
                let rendered = render(&source, &problems, RenderStyle::Plain);
                said += &rendered.lines().take(2).map(|line| format!("{line}\n")).collect::<String>();
            }
        }
    }
    assert_snapshot!(said, @"
    error[document.syntax]: this is not TOML: string values must be quoted, expected literal string
     --> config.toml:1:5
    error[document.syntax]: this is not TOML: string values must be quoted, expected literal string
     --> config.toml:1:5
    error[document.syntax]: this is not TOML: duplicate key
     --> config.toml:2:1
    error[document.syntax]: this is not TOML: duplicate key
     --> config.toml:2:2
    error[document.syntax]: this is not TOML: key with no value, expected `=`
     --> config.toml:1:4
    error[document.number]: this number is too large
     --> config.toml:1:5
    error[document.syntax]: this is not TOML: recursion limit
     --> config.toml:1:200004
    error[document.syntax]: this is not TOML: cannot recurse further; max recursion depth met
     --> config.toml:1:85
    error[document.syntax]: this is not TOML: recursion limit
     --> config.toml:1:200002
    error[document.syntax]: this is not TOML: recursion limit
     --> config.toml:1:400004
    ");
}

#[test]
fn nothing_but_comments_is_nothing() {
    for text in ["", "# a\n\n", "\n"] {
        assert_eq!(parse(&source(text), &Limits::default()), Ok(None), "{text:?}");
    }
}
