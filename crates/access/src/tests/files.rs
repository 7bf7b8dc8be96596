//! The examples, and the table of keys.

use std::collections::BTreeSet;

use document::Limits;
use serde_json::Value;

use super::{good, now, sources};
use crate::{Facts, check, keys::Object, read, schema};

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

#[test]
fn the_schema_takes_the_examples_and_refuses_misspelt_keys() {
    let schema = schema();
    for text in [GUIDE, ACCESS, PEOPLE, PROD, STAGING] {
        assert!(takes(&schema, &schema, &json(text)));
    }
    assert!(!takes(&schema, &schema, &json("groups: [{name: a, usres: [x]}]")));
    assert!(!takes(&schema, &schema, &json("groups: [{users: [x]}]")));
    assert!(!takes(&schema, &schema, &json("groups: [{name: a, users: 'x'}]")));
}

/// The few words of JSON Schema that ours uses.
fn takes(root: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        return takes(root, root.pointer(reference.trim_start_matches('#')).expect("a definition"), value);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().any(|schema| takes(root, schema, value));
    }
    match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("array") => {
            value.as_array().is_some_and(|list| list.iter().all(|item| takes(root, &schema["items"], item)))
        }
        Some("object") => value.as_object().is_some_and(|entries| {
            let known = |(name, value): (&String, &Value)| match schema["properties"].get(name) {
                Some(property) => takes(root, property, value),
                None => name.starts_with("x-") || schema["additionalProperties"].is_object(),
            };
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            entries.iter().all(known) && required.into_iter().all(|name| entries.contains_key(name))
        }),
        _ => true,
    }
}

/// YAML as JSON, texts as texts.
fn json(text: &str) -> Value {
    fn value(node: &document::Node) -> Value {
        match &node.value {
            document::Value::Scalar(scalar) => Value::from(&*scalar.text),
            document::Value::Sequence(nodes, _) => nodes.iter().map(value).collect(),
            document::Value::Mapping(entries, _) => {
                entries.iter().map(|entry| (entry.key.text.to_string(), value(&entry.value))).collect()
            }
        }
    }
    let source = document::Source::new("f", text);
    value(&document::parse(&source, &Limits::default()).expect("readable").expect("a tree"))
}
