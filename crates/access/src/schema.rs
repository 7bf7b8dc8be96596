//! JSON Schemas made from the table of keys: of the file, for editors, and of the Helm chart's values, for Helm.

use serde_json::{Map, Value, json};

use crate::keys::{Key, Object, Shape};

/// Returns the schema of the file (draft 2020-12). It is wider than [`crate::read`]: what spans several keys is not in it.
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://cluster-auth.example/access-file.schema.json",
        "title": "cluster-auth access file",
        "$ref": "#/$defs/file",
        "$defs": definitions(&Object::ALL, For::Editors),
    })
}

/// Returns the schema of the chart's values (draft 7: Helm 3 knew no later one before 3.18). It lets through what the chart's
/// templates refuse with a hint: Helm quotes nothing but paths from a schema.
pub fn values_schema() -> Value {
    let mut root = mapping(Object::File, For::Helm);
    root["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    root["title"] = "values of the chart cluster-auth: an access file, and the chart's own keys".into();
    root["$defs"] = definitions(&Object::ALL[1..], For::Helm).into();
    root
}

/// Who reads a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Editors,
    Helm,
}

fn definitions(objects: &[Object], reader: For) -> Map<String, Value> {
    objects.iter().map(|object| (name(*object).to_owned(), mapping(*object, reader))).collect()
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
        Object::Authenticator => "authenticator",
        Object::Access => "access",
        Object::Rbac => "rbac",
        Object::ServiceMonitor => "serviceMonitor",
        Object::PrometheusRule => "prometheusRule",
    }
}

fn mapping(object: Object, reader: For) -> Value {
    let or_null = |key: &Key| !key.is_required() && (reader == For::Helm || !object.refuses_null(key));
    let property = |key: &Key| (key.name.to_owned(), property(key, or_null(key)));
    let mut properties: Map<String, Value> = object.keys().iter().map(property).collect();
    if reader == For::Helm {
        properties.extend(object.former_keys().iter().map(|(name, _)| ((*name).to_owned(), json!({}))));
    }
    let required: Vec<&str> = object.keys().iter().filter(|key| key.is_required()).map(|key| key.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": true},
        "additionalProperties": false,
        "required": required,
    })
}

fn property(key: &Key, or_null: bool) -> Value {
    // A key without a value is null to YAML, and counts as absent.
    let of_type = |name: &str| if or_null { json!([name, "null"]) } else { json!(name) };
    let mut value = match key.shape {
        Shape::Text => json!({"type": of_type("string")}),
        Shape::Flag => json!({"type": of_type("boolean")}),
        Shape::Number => json!({"type": of_type("integer")}),
        Shape::Texts => json!({"type": of_type("array"), "items": {"type": "string"}}),
        Shape::TextMap => json!({"type": of_type("object"), "additionalProperties": {"type": "string"}}),
        Shape::Choice(texts) => json!({"enum": texts}),
        Shape::One(object) if or_null => json!({"anyOf": [reference(object), {"type": "null"}]}),
        Shape::One(object) => reference(object),
        Shape::Many(object) => json!({"type": of_type("array"), "items": reference(object)}),
        Shape::Principals => {
            let principal = json!({"anyOf": [{"type": "string"}, reference(Object::Principal)]});
            json!({"type": of_type("array"), "items": principal})
        }
        Shape::Foreign => json!({}),
    };
    value["description"] = format!("{} Default: {}.", key.about, key.default).into();
    value
}

fn reference(object: Object) -> Value {
    json!({"$ref": format!("#/$defs/{}", name(object))})
}
