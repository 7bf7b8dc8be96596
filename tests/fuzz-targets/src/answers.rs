//! What AWS's own programs and services write: configuration files and XML.

use std::fmt::Write as _;

use arbitrary::Unstructured;
use aws::{
    credentials::{Cache, Environment, Rules, Session, SharedFiles, region, resolve},
    xml,
};
use serde_json::Value;

use crate::{
    grammar::{self, edited},
    words::{LISTING, PROFILES},
};

/// Any two files of profiles are read or refused, and a credential of the environment goes before them; so is a cache.
pub(crate) fn configures(bytes: &[u8]) -> bool {
    let made = grammar::are_choices(bytes).then(|| profiles(bytes).unwrap_or_default());
    let Ok(text) = str::from_utf8(made.as_deref().unwrap_or(bytes)) else { return false };
    let (config, credentials) = text.split_once('\u{c}').unwrap_or((text, text));
    let environment = Environment::default();
    let mut has_profiles = false;
    for rules in [Rules::Cli, Rules::Go] {
        let Ok(files) = SharedFiles::parse(config, credentials, rules) else { continue };
        let _ = resolve(&environment, &files, None, rules);
        for profile in files.profiles() {
            has_profiles = true;
            let _ = resolve(&environment, &files, Some(&profile), rules);
            let _ = region(&environment, &files, Some(&profile), None);
        }
        assert_eq!(region(&environment, &files, None, Some("eu-central-1")).as_deref(), Some("eu-central-1"));
    }
    // What is kept is kept when it is written.
    if let Some(session) = Session::parse(text) {
        let again = session.to_text().and_then(|text| Session::parse(text.expose()));
        assert!(again.is_some_and(|again| again == session), "a session is another one when it is read again");
    }
    if let Ok(cache) = Cache::parse(text) {
        let again = Cache::parse(cache.to_text().expose());
        assert!(again.is_ok_and(|again| again == cache), "a cache is another one when it is read again");
    }
    has_profiles
}

/// Two files of profiles, a form feed between them.
fn profiles(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut choices = Unstructured::new(bytes.get(1..)?);
    let mut text = String::new();
    for file in 0..2 {
        if file == 1 {
            text.push('\u{c}');
        }
        for (section, settings) in grammar::value(&mut choices, &PROFILES)?.as_object().into_iter().flatten() {
            writeln!(text, "[{section}]").ok()?;
            for (key, value) in settings.as_object().into_iter().flatten() {
                match value {
                    Value::Object(nested) => {
                        writeln!(text, "{key} =").ok()?;
                        for (key, value) in nested {
                            writeln!(text, "  {key} = {}", value.as_str().unwrap_or_default()).ok()?;
                        }
                    }
                    Value::String(value) => writeln!(text, "{key} = {value}").ok()?,
                    other => writeln!(text, "{key} = {other}").ok()?,
                }
            }
        }
    }
    Some(edited(&mut choices, text.into_bytes()))
}

/// Whatever XML it is, each field was in it.
pub(crate) fn lists(bytes: &[u8]) -> bool {
    let made = grammar::are_choices(bytes).then(|| listing(bytes).unwrap_or_default());
    let bytes = made.as_deref().unwrap_or(bytes);
    let fields = [xml::children(bytes, "User"), xml::items(bytes, "set"), xml::members(bytes, "Users")];
    let mut has_fields = false;
    for (name, _) in fields.into_iter().flatten().flatten().flatten() {
        has_fields = true;
        let is_there = name.is_empty() || bytes.windows(name.len()).any(|part| part == name.as_bytes());
        assert!(is_there, "a field that is not there");
    }
    has_fields
}

/// A list in XML.
fn listing(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut choices = Unstructured::new(bytes.get(1..)?);
    let mut text = String::from("<Response>");
    element(&grammar::value(&mut choices, &LISTING)?, &mut text);
    text.push_str("</Response>");
    Some(edited(&mut choices, text.into_bytes()))
}

/// A mapping as elements, a list as the same element several times.
fn element(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let each = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                for value in each {
                    text.push_str(&format!("<{name}>"));
                    element(value, text);
                    text.push_str(&format!("</{name}>"));
                }
            }
        }
        Value::String(written) => text.push_str(&written.replace('&', "&amp;").replace('<', "&lt;")),
        other => text.push_str(&other.to_string()),
    }
}
