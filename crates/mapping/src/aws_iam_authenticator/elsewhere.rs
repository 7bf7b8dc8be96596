//! ARNs that stand where nobody looks for entries: under a misspelt key, or in what is not a list.

use document::{Dialect, Limits, Node, nearest, parse_as};

use super::{
    CONFIG_KEYS, LISTS, SERVER_KEYS, Standing,
    located::{Located, What},
    text::Text,
};
use crate::{BackendMode, Never, Unused};

/// Whether a text begins as an ARN does.
pub(super) fn is_arn(text: &str) -> bool {
    text.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"))
}

/// All ARNs in a value, keys included, each with the byte that it begins at.
pub(super) fn arns(value: &Located) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found.sort_by_key(|(_, at)| *at);
    found
}

fn collect(value: &Located, found: &mut Vec<(String, usize)>) {
    match &value.what {
        What::Text(text) if is_arn(text) => found.push((text.to_string(), value.at)),
        What::List(values) => values.iter().for_each(|value| collect(value, found)),
        What::Map(pairs) => {
            for (key, value) in pairs {
                found.extend(is_arn(&key.text).then(|| (key.text.to_string(), key.at)));
                collect(value, found);
            }
        }
        What::Null | What::Bool | What::Number | What::Text(_) => {}
    }
}

/// All ARNs in a text of YAML or JSON; none where it cannot be read.
pub(super) fn all_arns(text: &Text<'_>) -> Vec<(String, usize)> {
    let read = parse_as(&text.source, &Limits::default(), Dialect::Kubernetes).ok();
    read.and_then(|read| read.root).map(|root| arns(&Located::of_yaml(&root))).unwrap_or_default()
}

/// Entries that somebody may have meant by ARNs of which nothing comes.
pub(super) fn meant(text: &Text<'_>, list: &'static str, arns: Vec<(String, usize)>, why: &Never) -> Vec<Unused> {
    let one = |(index, (arn, at)): (usize, (String, usize))| Unused {
        source: text.place(list, index, at),
        written: Box::default(),
        username: Box::default(),
        groups: Vec::new(),
        meant: Some(arn.into()),
        why: why.clone(),
    };
    arns.into_iter().enumerate().map(one).collect()
}

/// The same of ARNs under a key that nobody reads: `key` makes of the list that an ARN belongs into the key as it is written,
/// and the one that is read.
pub(super) fn unread<'k>(
    text: &Text<'_>,
    arns: &[(String, usize)],
    key: impl Fn(&'static str) -> (String, &'k str),
) -> Vec<Unused> {
    let one = |(arn, at): &(String, usize)| {
        let list = if arn.to_ascii_lowercase().contains(":user/") { "mapUsers" } else { "mapRoles" };
        let (key, read) = key(list);
        meant(text, list, vec![(arn.clone(), *at)], &Never::Unread { key: key.into(), read: read.into() })
    };
    arns.iter().flat_map(one).collect()
}

/// Entries of a configuration that stand under keys that nobody reads: lists with a misspelt name, and lists that are not below
/// `server`.
pub(super) fn unread_entries(text: &Text<'_>) -> Vec<Unused> {
    let read = parse_as(&text.source, &Limits::default(), Dialect::Viper).ok();
    let Some(root) = read.and_then(|read| read.root) else { return Vec::new() };
    let mut found = Vec::new();
    for (key, value) in pairs(&root) {
        match nearest(key, CONFIG_KEYS) {
            Some(known) if known.eq_ignore_ascii_case(key) => {
                let misspelt = |key: &str| !SERVER_KEYS.iter().any(|known| known.eq_ignore_ascii_case(key));
                let lists = lists(value).into_iter().filter(|(key, ..)| known == "server" && misspelt(key));
                found.extend(lists.flat_map(|(key, list, value)| of_list(text, &format!("server.{key}"), list, value)));
            }
            Some("server") => {
                let lists = lists(value).into_iter();
                found.extend(
                    lists.flat_map(|(below, list, value)| of_list(text, &format!("{key}.{below}"), list, value)),
                );
            }
            _ => found.extend(list_of(key).into_iter().flat_map(|list| of_list(text, key, list, value))),
        }
    }
    found
}

/// The same of a text.
pub fn unread_entries_of(config: &str, standing: Standing) -> Vec<Unused> {
    unread_entries(&Text::new(BackendMode::MountedFile, config, standing, &mut Vec::new()))
}

fn of_list(text: &Text<'_>, key: &str, list: &'static str, value: &Node) -> Vec<Unused> {
    let why = Never::Unread { key: key.into(), read: format!("server.{list}").into() };
    meant(text, list, arns(&Located::of_yaml(value)), &why)
}

fn pairs(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    node.as_mapping().unwrap_or_default().iter().map(|entry| (&*entry.key.text, &entry.value))
}

/// The entries of a mapping that may be lists of who logs in, and which.
fn lists(node: &Node) -> Vec<(&str, &'static str, &Node)> {
    pairs(node).filter_map(|(key, value)| Some((key, list_of(key)?, value))).collect()
}

/// The list that a key means, well or misspelt.
fn list_of(key: &str) -> Option<&'static str> {
    nearest(key, SERVER_KEYS).filter(|near| LISTS.contains(near))
}
