//! A JSON Schema of the file, for editors, made from the table of keys.

use serde_json::{Map, Value, json};

use crate::keys::{Key, Object, Shape};

/// The schema (draft 2020-12). It is wider than [`crate::read`]: what spans several keys is not in it.
pub fn schema() -> Value {
    let definitions: Map<String, Value> =
        Object::ALL.into_iter().map(|object| (name(object).to_owned(), mapping(object))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cluster-auth access file",
        "$ref": "#/$defs/file",
        "$defs": definitions,
    })
}

fn name(object: Object) -> &'static str {
    match object {
        Object::File => "file",
        Object::Group => "group",
        Object::Principal => "principal",
        Object::Authentication => "authentication",
        Object::Grant => "grant",
        Object::Rule => "rule",
        Object::Selector => "selector",
        Object::Requirement => "requirement",
        Object::Nodes => "nodes",
    }
}

fn mapping(object: Object) -> Value {
    let properties: Map<String, Value> = object.keys().iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> =
        object.keys().iter().filter(|key| key.default == "none; required").map(|key| key.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": true},
        "additionalProperties": false,
        "required": required,
    })
}

fn property(key: &Key) -> Value {
    let mut value = match key.shape {
        Shape::Text => json!({"type": "string"}),
        Shape::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Shape::TextMap => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Shape::One(object) => reference(object),
        Shape::Many(object) => json!({"type": "array", "items": reference(object)}),
        Shape::Principals => {
            json!({"type": "array", "items": {"anyOf": [{"type": "string"}, reference(Object::Principal)]}})
        }
        Shape::Chart => json!({}),
    };
    value["description"] = format!("{} Default: {}.", key.about, key.default).into();
    value
}

fn reference(object: Object) -> Value {
    json!({"$ref": format!("#/$defs/{}", name(object))})
}
