//! Whether a file that somebody gives as the authenticator's configuration is one.

use document::{Limits, Node, Source};
use mapping::aws_iam_authenticator::{LISTS, names_a_key};

use super::Inputs;
use crate::text::words::with_article;

/// Returns why nobody can mean a file as the authenticator's configuration, and which flag takes it; `None` if it may be one.
///
/// The authenticator itself takes any mapping and passes over all keys that it does not know, so that a `ConfigMap` is an empty
/// configuration to it. Whoever gives one asks about what stands in it, and is not to hear that nobody is let in.
pub fn no_configuration(source: &Source) -> Option<String> {
    let mut documents = document::parse_manifests(source, &Limits::default(), "items", |_, _| {}).into_iter();
    let first = loop {
        let Some(document) = documents.next() else { return Some(is("empty", "")) };
        // What cannot be read is said by whoever reads it.
        document.read.as_ref().ok()?;
        if let Some(root) = document.root().filter(|root| !root.is_null()) {
            break root.clone();
        }
    };
    let keys: Vec<&str> = first.as_mapping()?.iter().map(|entry| &*entry.key.text).collect();
    let has = |key: &str| keys.contains(&key);
    let text = |key: &str| first.get(key).and_then(Node::as_scalar).map(|scalar| &*scalar.text);
    let is_access = !has("server") && ["groups", "nodes"].into_iter().any(has);
    if is_access && !has("kind") {
        return Some(is("an access file", "--from"));
    }
    let is_list = |key: &&&str| LISTS.iter().any(|list| list.eq_ignore_ascii_case(key));
    if let Some(list) = keys.iter().find(is_list).filter(|_| !keys.iter().any(|key| key.eq_ignore_ascii_case("server")))
    {
        let is_dynamic = source.text().trim_start().starts_with('{') && is_of_from(source);
        let misplaced = || format!("`{list}` is at its top level, where it is ignored; move it below `server`");
        return Some(if is_dynamic { is("a dynamic file", "--from") } else { misplaced() });
    }
    if names_a_key(keys.iter().copied()) && !(has("kind") && has("apiVersion")) {
        return None;
    }
    match text("kind") {
        Some("Config") if has("users") && has("contexts") => Some(is("a kubeconfig", "--kubeconfig")),
        Some(kind) => {
            let name = first.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_scalar);
            let name = name.map(|name| format!(" {}", name.text)).unwrap_or_default();
            Some(is(&format!("{}{name}", with_article(kind)), "--from"))
        }
        None if is_of_from(source) => Some(is("what the AWS CLI or another program prints", "--from")),
        None => {
            let why = "it has no key of aws-iam-authenticator's configuration (`server`, `clusterID` …)";
            Some(why.to_owned())
        }
    }
}

fn is(what: &str, flag: &str) -> String {
    let instead = if flag.is_empty() { String::new() } else { format!("; give it by `{flag}`") };
    format!("this is {what}, and no configuration of aws-iam-authenticator{instead}")
}

fn is_of_from(source: &Source) -> bool {
    Inputs::default().read(source.name(), source.text().as_bytes()).unwrap_or_default()
}

/// Whether a text's outermost keys are those of aws-iam-authenticator's configuration, in any case.
pub(super) fn looks_like_configuration(text: &str) -> bool {
    let mut keys = text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()));
    let others = ["apiversion:", "kind:", "groups:", "nodes:"];
    let is_other = |line: &str| others.iter().any(|key| line.to_ascii_lowercase().starts_with(key));
    let is_server = |line: &str| line.to_ascii_lowercase().starts_with("server:");
    keys.find_map(|line| (is_other(line) || is_server(line)).then(|| is_server(line))).unwrap_or_default()
}

/// Whether a text names a list of the authenticator's: other programs have a `server` too.
pub(super) fn has_mappings(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["maproles:", "mapusers:", "mapaccounts:"].iter().any(|list| text.contains(list))
}
