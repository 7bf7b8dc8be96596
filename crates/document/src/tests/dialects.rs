//! What each dialect makes of a text, as the program that owns it does.

use serde_json::{Value, json};

use crate::{Dialect, Limits, RenderStyle, Source, parse_as, parse_manifests, render};

fn read(dialect: Dialect, text: &str) -> Result<(Value, Vec<String>), String> {
    let source = Source::new("f", text);
    match parse_as(&source, &Limits::default(), dialect) {
        Ok(read) => {
            let said = read.warnings.iter().map(|warning| warning.message.clone()).collect();
            Ok((read.root.map_or(Value::Null, |root| root.to_json()), said))
        }
        Err(problems) => Err(render(&source, &problems, RenderStyle::Plain)),
    }
}

fn means(dialect: Dialect, text: &str) -> Value {
    read(dialect, text).unwrap_or_else(|refusal| panic!("{text:?} is refused: {refusal}")).0
}

#[test]
fn merge_keys_bring_in_what_an_anchor_names() {
    use Dialect::{Kubernetes, Viper};
    let base = "base: &base {a: 1, b: 1}\nmore: &more {b: 2, c: 2}\n";
    // Text, and what it means to kubectl and to viper: version 2 of the library sets one key after the other.
    let rows = [
        ("<<: *base\na: 0", json!({"a": 0, "b": 1}), json!({"a": 0, "b": 1})),
        ("a: 0\n<<: *base", json!({"a": 1, "b": 1}), json!({"a": 0, "b": 1})),
        ("<<: [*base, *more]", json!({"a": 1, "b": 1, "c": 2}), json!({"a": 1, "b": 1, "c": 2})),
        ("<<: [*more, *base]\nc: 0", json!({"a": 1, "b": 2, "c": 0}), json!({"a": 1, "b": 2, "c": 0})),
        ("<<: {<<: *base, a: 5}", json!({"a": 5, "b": 1}), json!({"a": 5, "b": 1})),
        ("<<: []", json!({}), json!({})),
        ("\"<<\": {a: 1}", json!({"<<": {"a": 1}}), json!({"<<": {"a": 1}})),
    ];
    for (text, kubernetes, viper) in rows {
        let text = format!("{base}it:\n  {}\n", text.replace('\n', "\n  "));
        assert_eq!(means(Kubernetes, &text)["it"], kubernetes, "{text}");
        assert_eq!(means(Viper, &text)["it"], viper, "{text}");
    }
    for text in ["<<: 1", "<<:", "<<: [1]", "a: &a [{b: 1}]\n<<: *a"] {
        assert!(read(Kubernetes, text).is_err_and(|said| said.contains("after `<<` comes a mapping")), "{text}");
        assert!(read(Viper, text).is_err(), "{text}");
    }
    let said = read(Dialect::Strict, "a: &a {b: 1}\nc: {<<: *a}").expect_err("our own files do not merge");
    assert!(said.contains("document.merge-key") && said.contains("f:2:5"), "{said}");
}

#[test]
fn what_a_merge_brings_in_stands_where_the_anchor_stands() {
    let text = "base: &base\n  a: 1\nit:\n  <<: *base\n";
    let root = parse_as(&Source::new("f", text), &Limits::default(), Dialect::Kubernetes).expect("readable").root;
    let it = root.expect("a tree").get("it").expect("it").clone();
    assert_eq!(it.get("a").map(|node| &text[node.span.range()]), Some("1"));
    assert_eq!(it.get("a").map(|node| node.span.start), text.find('1'));
}

/// kubectl 1.37.2 takes the first document and says `invalid character ','`.
#[test]
fn a_comma_behind_a_document_of_json_is_said_to_be_one() {
    let source = Source::new("f", "{\"a\": 1},\n{\"b\": 2}\n");
    let documents = parse_manifests(&source, &Limits::default(), "items", |_, _| {});
    assert!(documents[0].root().is_some());
    let problems = documents[1].read.as_ref().expect_err("a comma");
    let (line, message) = (source.position(problems[0].span.start).line, &problems[0].message);
    assert!(line == 1 && message.starts_with("a comma follows a JSON document"), "{line}: {message}");
}

#[test]
fn merges_do_not_grow_beyond_the_limits() {
    let mut text = "a0: &a0 {x0: 1, y0: 1}\n".to_owned();
    for at in 1..40 {
        let before = at - 1;
        text += &format!("a{at}: &a{at} {{<<: *a{before}, x{at}: *a{before}, y{at}: *a{before}}}\n");
    }
    let said = read(Dialect::Kubernetes, &text).expect_err("too much");
    assert!(said.contains("anchors and aliases repeat more than"), "{said}");
}

#[test]
fn of_keys_that_stand_twice_the_last_counts_and_it_is_said_once() {
    let text = "a: {b: 1}\nc: 1\na: {d: 1}\na: {e: 1}\n";
    let (value, said) = read(Dialect::Kubernetes, text).expect("kubectl takes it");
    assert_eq!(value, json!({"a": {"e": 1}, "c": 1}));
    assert_eq!(said, ["the key `a` is there more than once; the last one is used"]);
    let (value, said) = read(Dialect::Json, "{\"a\": 1, \"a\": 2}").expect("Go takes it");
    assert_eq!((value, said.len()), (json!({"a": 2}), 1));
    assert!(read(Dialect::Viper, text).is_err());
    let (_, said) = read(Dialect::Kubernetes, "x: &x {a: 1}\nb: 1\nit: {a: 0, <<: *x}\n").expect("kubectl takes it");
    assert_eq!(said, ["`<<` replaces the key `a` before it"]);
    assert!(read(Dialect::Kubernetes, "1: a\n\"1\": b\n").is_err_and(|said| said.contains("either may be used")));
}

#[test]
fn scalars_are_what_go_takes_them_for() {
    let rows = [
        ("yes", json!(true), json!("yes")),
        ("on", json!(true), json!("on")),
        ("n", json!(false), json!("n")),
        ("True", json!(true), json!(true)),
        ("0o14", json!(12), json!(12)),
        ("0755", json!(493), json!(493)),
        ("08", json!(8), json!(8)),
        ("1e3", json!(1000), json!(1000)),
        ("1_000", json!(1000), json!(1000)),
        ("0x1F", json!(31), json!(31)),
        ("-0b11", json!(-3), json!(-3)),
        ("18446744073709551615", json!(18_446_744_073_709_551_615_u64), json!(18_446_744_073_709_551_615_u64)),
        ("012345678901", json!(12_345_678_901_u64), json!(12_345_678_901_u64)),
        ("1.5", json!(1.5), json!(1.5)),
        (".5", json!(0.5), json!(0.5)),
        ("~", Value::Null, Value::Null),
        ("2024-01-01", json!("2024-01-01"), json!("2024-01-01")),
        ("22:30", json!("22:30"), json!("22:30")),
        ("<<", json!("<<"), json!("<<")),
        ("!!str 5", json!("5"), json!("5")),
        ("!!int \"5\"", json!(5), json!(5)),
        ("!role x", json!("x"), json!("x")),
    ];
    for (text, kubernetes, viper) in rows {
        assert_eq!(means(Dialect::Kubernetes, &format!("- {text}\n"))[0], kubernetes, "{text}");
        assert_eq!(means(Dialect::Viper, &format!("- {text}\n"))[0], viper, "{text}");
    }
    for text in ["[.inf]", "[.nan]", "[!!int x]", "{~: 1}", "{: 1}", "{[a]: 1}"] {
        assert!(read(Dialect::Kubernetes, text).is_err(), "{text}");
    }
}

#[test]
fn keys_become_texts() {
    let rows = [
        ("1", "1"),
        ("0x10", "16"),
        ("010", "8"),
        ("on", "true"),
        ("No", "false"),
        ("1.0", "1"),
        ("1e6", "1e+06"),
        ("1234567.0", "1.234567e+06"),
        ("0.00001", "1e-05"),
        ("2.50", "2.5"),
        (".inf", ".inf"),
        ("2024-1-1", "2024-1-1"),
        ("\"on\"", "on"),
        ("!!str 010", "010"),
    ];
    for (key, text) in rows {
        assert_eq!(means(Dialect::Kubernetes, &format!("{key}: x")), json!({text: "x"}), "{key}");
    }
    assert_eq!(means(Dialect::Viper, "on: x\n1: y"), json!({"on": "x", "1": "y"}));
}

#[test]
fn a_second_document_is_not_read_and_that_is_said() {
    for text in ["a: 1\n---\nb: 1\n", "a: 1\n...\nb: 1\n", "a: 1\n...\n---\n]\n", "--- \na: 1\n--- {}"] {
        for dialect in [Dialect::Kubernetes, Dialect::Viper] {
            let (value, said) = read(dialect, text).expect("readable");
            assert_eq!(value, json!({"a": 1}), "{text:?}");
            assert_eq!(said.len(), 1, "{text:?}: {said:?}");
        }
        assert!(read(Dialect::Strict, text).is_err(), "{text:?}");
    }
}

#[test]
fn manifests_are_taken_apart_as_kubectl_does() {
    // Text, and the documents: what they mean, or `null` where they cannot be read.
    let rows = [
        ("{\"a\": 1}{\"a\": 2}\n {\"a\": 3}", json!([{"a": 1}, {"a": 2}, {"a": 3}])),
        ("{\"a\": 1}\n---\n{\"a\": 2}\n---\na: 3\n", json!([{"a": 1}, {"a": 2}, {"a": 3}])),
        ("{a: 1}\n---\n{a: 2}", json!([{"a": 1}, {"a": 2}])),
        ("{\"a\": 1}\n{\"a\": 2}\nx", json!([{"a": 1}, {"a": 2}, null])),
        ("---\na: 1\n---\n# nothing\n---\n\n--- # c\na: 2\n", json!([{"a": 1}, {"a": 2}])),
        ("a: 1\r\n---\r\na: |\r\n  x\r\n", json!([{"a": 1}, {"a": "x\n"}])),
        ("a: 1\n--- {a: 2}\n---\na: 3\n", json!([null, null, {"a": 3}])),
        ("a: 1\n---b\n", json!([null, null])),
        ("%YAML 1.1\n---\na: 1\n---\na: 2\n", json!([null, null, {"a": 2}])),
        ("# 100 %\n\n%TAG ! tag:x,2000:\n---\na: 1\n", json!([null, null])),
        ("a: 1\n---\n%YAML 1.1\n---\na: 2\n", json!([{"a": 1}, null, null])),
        ("a: 1\n---\n%YAML 1.1\na: 2\n", json!([{"a": 1}, null])),
        ("---\n%YAML 1.1\n---\na: 2\n", json!([{"a": 2}])),
        ("a: 1\n---\n---\n%YAML 1.1\n---\na: 2\n", json!([{"a": 1}, {"a": 2}])),
        ("a: 1\n...\n%YAML 1.1\n---\na: 2\n", json!([{"a": 1}, {"a": 2}])),
        ("[1]", json!([[1]])),
        ("", json!([])),
        (" \n", json!([])),
    ];
    for (text, expected) in rows {
        let documents = parse_manifests(&Source::new("f", text), &Limits::default(), "items", |_, _| {});
        let found = documents.iter().filter_map(|document| match (&document.read, document.root()) {
            (Err(_), _) => Some(Value::Null),
            (Ok(_), root) => root.map(crate::Node::to_json),
        });
        assert_eq!(found.collect::<Value>(), expected, "{text:?}");
        assert!(documents.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{text:?}");
    }
}

#[test]
fn a_second_document_that_nobody_reads_is_said_in_the_readers_name() {
    for text in ["a: 1\r---\ra: 2\r", "a: 1\n...\na: 2\n"] {
        let documents = parse_manifests(&Source::new("f", text), &Limits::default(), "items", |_, _| {});
        let warnings = documents.iter().flat_map(|document| &document.read.as_ref().expect(text).warnings);
        let messages: Vec<_> = warnings.map(|warning| &*warning.message).collect();
        assert_eq!(messages, ["a second document begins here; kubectl reads only the first"], "{text:?}");
    }
}

#[test]
fn a_list_of_objects_is_not_taken_twice() {
    for text in ["items: [1]\nitems: [2]\n", "x: &x {items: [2]}\nitems: [1]\n<<: *x\n", "items: [1]\nitems:\n"] {
        let documents = parse_manifests(&Source::new("f", text), &Limits::default(), "items", |_, _| {});
        let problems = documents[0].read.as_ref().expect_err(text);
        assert!(problems[0].message.contains("is there twice"), "{problems:?}");
    }
}

#[test]
fn what_libyaml_refuses_is_refused() {
    // A text, and whether Go's libraries read it: tried with both of them.
    let rows = [
        ("a: 1\n\t\nb: 2\n", false),
        ("a: 1\n  \t\nb: 2\n", true),
        ("a: 'x'\n\t\nb: 2\n", false),
        ("a: 1\t# c\nb:\t2\t\n", true),
        ("a:\n\t- b\n", false),
        ("a:\n-\tb\n", false),
        ("[\n\t{\"a\": \"b\",\n\t\"c\": 1\n\t}\n]\n", true),
        ("a: [b\n\t,c]\n", false),
        ("a: |\n  x\n\t\nb: 1\n", false),
        ("a: |\n  \tx\n", false),
        ("a: |\n  x\n  \ty\n", true),
        ("a: \"b\n\tc\"\n", true),
        ("a: b\n\tc\n", false),
        ("a: b\n  \tc\n", true),
        ("a: 1\n# c\n\tb: 1\n", false),
        ("a: \"\\/\"\n", false),
        ("a: &b#c\n", false),
        ("a: !b#c\n", false),
        ("&k: l: 1\n", false),
        ("a: {b\n: c}\n", false),
        ("a: {\"b\n c\": d}\n", false),
        ("a: {b: c?}\n", false),
        ("a: {b: :c}\n", false),
        ("a: 1\r\tb: 2\r", false),
        ("a: 1\rb: 2\r", true),
    ];
    for (text, is_read) in rows {
        for dialect in [Dialect::Kubernetes, Dialect::Viper] {
            assert_eq!(read(dialect, text).is_ok(), is_read, "{dialect:?} {text:?}: {:?}", read(dialect, text));
        }
    }
    let said = read(Dialect::Kubernetes, "a: \"x\u{2028}y\"\n").expect_err("it ends a line there");
    assert!(said.contains("f:1:6") && said.contains("U+2028"), "{said}");
}

#[test]
fn a_comment_needs_no_blank_behind_a_quote_or_a_bracket() {
    let rows = [
        ("a: []#x", json!({"a": []})),
        ("\"a\"#b", json!("a")),
        ("a: 'b'#c\nd: e", json!({"a": "b", "d": "e"})),
        ("a: [b,#c ä\n  'd'#]\n  ]# e", json!({"a": ["b", "d"]})),
        ("a: {#c\n  d: e}", json!({"a": {"d": "e"}})),
        ("a: |#x\n  b#c\n", json!({"a": "b#c\n"})),
        ("a: \"b\"#c: d", json!({"a": "b"})),
        // Here it is a part of the text.
        ("a: b#c", json!({"a": "b#c"})),
        ("a: \"b\\\"#c\"", json!({"a": "b\"#c"})),
        ("a: 2#c", json!({"a": "2#c"})),
    ];
    for (text, means_it) in rows {
        for dialect in [Dialect::Kubernetes, Dialect::Viper] {
            assert_eq!(means(dialect, text), means_it, "{text}");
        }
    }
    for text in ["a: *b#c", "a: &b#c d", "a: !!str#c d"] {
        assert!(read(Dialect::Kubernetes, text).is_err(), "{text}");
    }
    assert!(read(Dialect::Strict, "a: []#x").is_err());
    // Places stay what they are.
    let root = parse_as(&Source::new("f", "a: []#é\nb: c\n"), &Limits::default(), Dialect::Kubernetes);
    let root = root.expect("readable").root.expect("a tree");
    assert_eq!(root.get("b").map(|node| node.span.start), Some(12));
}

#[test]
fn there_are_two_directives() {
    for text in
        ["%YAML 1.1\n---\na: b\n", "%YAML 1.1 # why\n---\na: b\n", "%TAG !e! tag:example.com,2000:\n---\na: b\n"]
    {
        assert_eq!(means(Dialect::Kubernetes, text), json!({"a": "b"}), "{text}");
    }
    for name in ["%2", "%", "% YAML 1.1", "%YAML 1.2", "%YAML", "%yaml 1.1", "%YAMLx 1.1", "%RESERVED a b"] {
        for text in [format!("{name}\n---\na: b\n"), format!("# why\n{name}\n---\n"), format!("a: b\n{name}\n")] {
            assert!(read(Dialect::Kubernetes, &text).is_err(), "{text}");
        }
    }
    // Behind a document one that there is begins the next.
    let (value, said) = read(Dialect::Kubernetes, "a: b\n%TAG ! !\n---\nc: d\n").expect("kubectl takes it");
    assert_eq!((value, said.len()), (json!({"a": "b"}), 1));
    assert!(read(Dialect::Kubernetes, "[a,\n%TAG ! !\nb]\n").is_err());
    // Elsewhere it is a text like any other.
    assert_eq!(means(Dialect::Kubernetes, "'a\n%b'\n"), json!("a %b"));
    assert!(read(Dialect::Kubernetes, "...\n").is_err(), "nothing has begun that could end");
}

#[test]
fn lines_end_where_version_1_1_has_them_end() {
    let rows = [
        ("a: x\u{85}b: z\n", json!({"a": "x", "b": "z"})),
        ("a: \"x\u{85}y\"\n", json!({"a": "x y"})),
        ("a: |\n  x\u{85}  z\n", json!({"a": "x\nz\n"})),
        ("# why\u{2028}a: b\u{2029}c: d\n", json!({"a": "b", "c": "d"})),
    ];
    for (text, means_it) in rows {
        assert_eq!(means(Dialect::Kubernetes, text), means_it, "{text}");
        assert_eq!(means(Dialect::Viper, text), means_it, "{text}");
    }
    let said = read(Dialect::Kubernetes, "a: \"x\u{2028}y\"\n").expect_err("it stays in the text");
    assert!(said.contains("U+2028") && said.contains("f:1:6"), "{said}");
}

#[test]
fn a_half_of_a_character_is_none_to_gos_library() {
    let pair = read(Dialect::Kubernetes, "a: \"x\\ud83d\\ude00\"\n").expect_err("two halves");
    assert!(pair.contains("half a character") && pair.contains("f:1:6"), "{pair}");
    for alone in [r"\ud83d", r"\ude00", r"\U0000DE00"] {
        assert!(read(Dialect::Kubernetes, &format!("a: \"x{alone}\"\n")).is_err(), "{alone}");
    }
    assert_eq!(means(Dialect::Kubernetes, r#"a: "\U0001F600\\ud83d""#), json!({"a": "\u{1f600}\\ud83d"}));
}

#[test]
fn what_is_tagged_binary_is_decoded() {
    let rows =
        [("YWJj", "abc"), ("\"YWJjZA==\"", "abcd"), ("|\n  YWJj\n  ZGVm", "abcdef"), ("/w==", "\u{fffd}"), ("", "")];
    for (written, text) in rows {
        for dialect in [Dialect::Kubernetes, Dialect::Viper, Dialect::Strict] {
            assert_eq!(
                means(dialect, &format!("a: !!binary {written}\n")),
                json!({"a": text}),
                "{dialect:?} {written}"
            );
        }
    }
    assert_eq!(means(Dialect::Kubernetes, "!!binary YWJj: x\n"), json!({"abc": "x"}));
    for written in ["x", "YWJjZA", "YW=", "\"YW Jj\""] {
        assert!(read(Dialect::Kubernetes, &format!("a: !!binary {written}\n")).is_err(), "{written}");
    }
    assert!(read(Dialect::Strict, "a: !!binary x\n").is_err());
    assert_eq!(means(Dialect::Kubernetes, "a: ! 5\nb: !\n"), json!({"a": "5", "b": ""}));
    // kubectl 1.37: "map merge requires map or sequence of maps as the value".
    assert!(read(Dialect::Kubernetes, "! <<: x\n").is_err());
    assert_eq!(means(Dialect::Kubernetes, "! <<: {a: b}\nc: d\n"), json!({"a": "b", "c": "d"}));
}

#[test]
fn what_follows_the_first_document_without_a_mark_is_not_read() {
    // kubectl's library reads one token further than the document ends.
    let rows = [
        ("[{a: b}]\"\",\"", json!([{"a": "b"}])),
        ("[a]\n]", json!(["a"])),
        ("[a][\n", json!(["a"])),
        ("  - a\n  - b\n]  - c\n  d: e\n", json!(["a", "b"])),
        ("  - a\n{ b\n  - c\n", json!(["a"])),
    ];
    for (text, means_it) in rows {
        let (value, said) = read(Dialect::Kubernetes, text).unwrap_or_else(|refusal| panic!("{text:?}: {refusal}"));
        assert_eq!((value, said.len()), (means_it, 1), "{text}");
    }
    for text in ["[a]%", "[a]\"b", "[a]: b\n]", "  - a\n@ b\n", "- a\n]\n"] {
        assert!(read(Dialect::Kubernetes, text).is_err(), "{text}");
    }
}

#[test]
fn in_brackets_a_question_mark_begins_a_key() {
    let rows = [
        ("[a, ?6]", json!(["a", {"6": null}])),
        ("[?a b]", json!([{"a b": null}])),
        ("{?a: b}", json!({"a": "b"})),
        ("[?a: b]", json!([{"a": "b"}])),
        ("[? a]", json!([{"a": null}])),
    ];
    for (text, means_it) in rows {
        assert_eq!(means(Dialect::Kubernetes, text), means_it, "{text}");
    }
    for text in ["[?]", "{a: ?b}", "[?a?b]", "[a?b]"] {
        assert!(read(Dialect::Kubernetes, text).is_err(), "{text}");
    }
}
