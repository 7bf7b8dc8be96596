//! The AWS CLI's text: scalars between tabs, in the order of their keys, and what is below them behind its key's name.
//!
//! Source: `awscli/text.py`.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{is_scalar, scalar};

/// The lines of a value.
pub(super) fn text(value: &Json) -> String {
    let mut lines = String::new();
    write(value, None, None, &mut lines);
    lines
}

fn write(value: &Json, name: Option<&str>, keys: Option<&BTreeSet<&str>>, lines: &mut String) {
    match value {
        Json::Object(object) => of_object(object, name, keys, lines),
        Json::Array(list) => of_list(list, name, lines),
        value => line(&[scalar(value)], lines),
    }
}

fn of_object(object: &Map<String, Json>, name: Option<&str>, keys: Option<&BTreeSet<&str>>, lines: &mut String) {
    let own: BTreeSet<&str> = scalars_of(object).collect();
    let keys = keys.unwrap_or(&own);
    let mut words: Vec<String> = keys.iter().map(|key| object.get(*key).map(scalar).unwrap_or_default()).collect();
    if !words.is_empty() {
        words.splice(..0, name.map(str::to_uppercase));
        line(&words, lines);
    }
    let below: BTreeSet<&str> = object.keys().map(String::as_str).filter(|key| !keys.contains(key)).collect();
    for key in below {
        write(&object[key], Some(key), None, lines);
    }
}

fn of_list(list: &[Json], name: Option<&str>, lines: &mut String) {
    if list.iter().any(Json::is_object) {
        let keys: BTreeSet<&str> = list.iter().filter_map(Json::as_object).flat_map(scalars_of).collect();
        for value in list {
            write(value, name, Some(&keys), lines);
        }
        return;
    }
    let scalars: Vec<String> = list.iter().filter(|value| is_scalar(value)).map(scalar).collect();
    match name {
        Some(name) => scalars.into_iter().for_each(|word| line(&[name.to_uppercase(), word], lines)),
        None if !scalars.is_empty() => line(&scalars, lines),
        None => {}
    }
    for value in list.iter().filter(|value| !is_scalar(value)) {
        write(value, name, None, lines);
    }
}

fn scalars_of(object: &Map<String, Json>) -> impl Iterator<Item = &str> {
    object.iter().filter(|(_, value)| is_scalar(value)).map(|(key, _)| key.as_str())
}

fn line(words: &[String], lines: &mut String) {
    lines.push_str(&words.join("\t"));
    lines.push('\n');
}
