//! The examples, and the table of keys.

use std::collections::BTreeSet;

use boon::{Compiler, Schemas};
use document::{Elsewhere, Limits, RuleText};
use serde_json::Value;

use super::{good, now, sources};
use crate::{Code, Facts, check, keys::Object, read, schema, values_schema};

const GUIDE: &str = include_str!("../../../../examples/guide.yaml");
const ACCESS: &str = include_str!("../../../../examples/access.yaml");
const PEOPLE: &str = include_str!("../../../../examples/grown-up/base/people.yaml");
const PROD: &str = include_str!("../../../../examples/grown-up/clusters/prod.yaml");
const STAGING: &str = include_str!("../../../../examples/grown-up/clusters/staging.yaml");

#[test]
fn the_examples_have_no_problems() {
    for texts in [&[GUIDE][..], &[ACCESS], &[PEOPLE, PROD], &[PEOPLE, STAGING]] {
        let read = read(&sources(texts), &Limits::default());
        assert_eq!(read.problems, []);
        assert_eq!(check(&read.access, &Facts::default(), now()), []);
    }
}

#[test]
fn the_guides_file_means_what_it_meant() {
    let access = good(GUIDE);
    let groups = access.groups.expect("groups");
    let names: Vec<_> =
        groups.iter().map(|group| (&*group.name.value, group.members.len(), group.grants.is_some())).collect();
    assert_eq!(names, [("cluster-admin", 1, false), ("developers", 2, true)]);
}

#[test]
fn every_key_is_documented_and_in_the_schema() {
    let schema = schema();
    for object in Object::ALL {
        let mut names = BTreeSet::new();
        for key in object.keys() {
            assert!(names.insert(key.name), "{} twice in {object:?}", key.name);
            assert!(!key.about.is_empty() && !key.default.is_empty(), "{}", key.name);
        }
        let definition = &schema["$defs"];
        let found = definition.as_object().expect("definitions").values().any(|definition| {
            let keys: BTreeSet<&str> =
                definition["properties"].as_object().expect("properties").keys().map(String::as_str).collect();
            keys == names
        });
        assert!(found, "{object:?}");
    }
}

/// By a validator that knows nothing of ours, which also holds the schema against JSON Schema's own.
#[test]
fn the_schema_takes_the_examples_and_refuses_what_reading_refuses() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("access.json", schema()).expect("a resource");
    let schema = compiler.compile("access.json", &mut schemas).expect("a JSON Schema");
    let takes = |text: &str| schemas.validate(&json(text), schema).is_ok();
    for text in [GUIDE, ACCESS, PEOPLE, PROD, STAGING] {
        assert!(takes(text));
    }
    let refused = [
        "groups: [{name: a, usres: [x]}]",
        "groups: [{users: [x]}]",
        "groups: [{name: a, users: 'x'}]",
        "groups: {name: a}",
        "groups: [{name: a, roles: [{nmae: x}]}]",
        "groups: [{name: a, authentication: {role: x}}]",
        "groups: [{name: a, authorization: [{namespace: [x], clusterRole: view}]}]",
        "groups: [{name: a, authorization: [{rules: [{verbs: get}]}]}]",
        "groups: [{name: a, accept: [x]}]",
        "nodes: [Node]",
    ];
    for text in refused {
        assert!(!takes(text), "{text}");
        let text = format!("clusterID: c\naccount: '111122223333'\n{text}\n");
        assert!(!read(&sources(&[&text]), &Limits::default()).problems.is_empty(), "{text}");
    }
    assert!(takes("x-anchors: {a: 1}\ngroups: [{name: a, x-note: []}]"));
}

/// SARIF's own schema, as types: what has a wrong shape or word cannot be read into them.
#[test]
fn findings_are_sarif() {
    let text = "clusterID: c\ngroups:\n- {name: a, usres: [x], roles: [Ädmin]}\n\
                - {name: b, roles: [x]}\n- {name: b, roles: [y]}\n- {name: 'system:x'}\n";
    let mut sources = document::Sources::default();
    sources.add("dir with blanks/access file.yaml", text);
    let problems = read(&sources, &Limits::default()).problems;
    assert!(problems.len() >= 3 && problems.iter().any(|problem| !problem.related.is_empty()), "{problems:?}");
    let rules = Code::ALL.iter().map(|code| RuleText {
        code: code.code(),
        about: code.explain().summary,
        advice: code.explain().fix,
    });
    let placed = problems.iter().map(|problem| (problem, Elsewhere { file: "none", line: 1 }));
    let json = document::to_sarif(&sources, placed, &rules.collect::<Vec<_>>());
    let sarif: serde_sarif::sarif::Sarif = serde_json::from_value(json.clone()).expect("SARIF 2.1.0");
    // Nothing of ours is beside what SARIF knows: it would be lost on the way back.
    assert_eq!(serde_json::to_value(&sarif).expect("JSON"), json);
    let results = sarif.runs[0].results.as_ref().expect("results");
    assert_eq!(results.len(), problems.len());
    let uri = &json["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "dir%20with%20blanks/access%20file.yaml", "a URI reference");
}

/// The chart's schema takes the chart's settings, and leaves to its templates what they refuse with a hint.
#[test]
fn the_schema_of_values_takes_what_helm_is_to_see() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("values.json", values_schema()).expect("a resource");
    let schema = compiler.compile("values.json", &mut schemas).expect("a JSON Schema");
    let takes = |text: &str| schemas.validate(&json(text), schema).is_ok();
    let cases = [
        ("the guide's file", GUIDE, true),
        ("an example", ACCESS, true),
        (
            "settings",
            "authenticator: {enabled: false, port: 1, args: [a], resources: {x: y}}\nrbac: {create: false}",
            true,
        ),
        ("a key without a value", "groups: [{name: a, users: }]", true),
        ("what 2018 had", "groups: [{name: a, authentication: {role: x}, authorization: }]", true),
        ("a misspelt setting", "authenticator: {imgae: x}", false),
        ("a port that is a text", "authenticator: {port: 'x'}", false),
        ("a choice that is none", "authenticator: {reads: access.json}", false),
        ("a flag that is a text", "rbac: {create: 'false'}", false),
    ];
    for (name, text, expected) in cases {
        assert_eq!(takes(text), expected, "{name}");
    }
}

/// YAML as JSON.
fn json(text: &str) -> Value {
    fn value(node: &document::Node) -> Value {
        match &node.value {
            document::Value::Scalar(scalar) if scalar.quoted => Value::from(&*scalar.text),
            document::Value::Scalar(scalar) if scalar.is_null() => Value::Null,
            document::Value::Scalar(scalar) => match (scalar.as_bool(), scalar.text.parse::<u16>()) {
                (Some(flag), _) => flag.into(),
                (None, Ok(number)) => number.into(),
                (None, Err(_)) => Value::from(&*scalar.text),
            },
            document::Value::Sequence(nodes, _) => nodes.iter().map(value).collect(),
            document::Value::Mapping(entries, _) => {
                entries.iter().map(|entry| (entry.key.text.to_string(), value(&entry.value))).collect()
            }
        }
    }
    let source = document::Source::new("f", text);
    value(&document::parse(&source, &Limits::default()).expect("readable").expect("a tree"))
}
