//! What is called what: the resources of API servers, and what only authorizers know.

mod definition;
mod table;

use std::sync::LazyLock;

/// A resource that rules can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The API group; empty is the core group.
    pub api_group: Box<str>,
    /// The plural, as rules name it.
    pub name: Box<str>,
    /// The singular.
    pub singular: Box<str>,
    /// The kind; empty where it is not an object but named for verbs of its own, as `impersonate` and `approve`.
    pub kind: Box<str>,
    /// Other words for it: `po`.
    pub short_names: Vec<Box<str>>,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// What can be done to it.
    pub verbs: Vec<Box<str>>,
    /// Who serves it.
    pub served: Served,
    /// What is below an object: `log`, `exec`.
    pub subresources: Vec<Box<str>>,
}

/// The API server that serves a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Every API server.
    ByDefault,
    /// An API server that is told to.
    Enabled,
    /// Older API servers.
    Formerly,
    /// What is installed beside: the metrics server, the authenticator, whatever a `CustomResourceDefinition` says.
    Beside,
    /// Nobody: authorizers are asked about it.
    Never,
}

/// The verbs of requests for objects (Kubernetes, "Authorization").
const REQUESTS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// All known resources, in the order of API groups and names.
pub static RESOURCES: LazyLock<Vec<Resource>> = LazyLock::new(|| read(table::TABLE));

/// Returns what a resource of a group is, if it is in the table.
pub fn of(api_group: &str, name: &str) -> Option<&'static Resource> {
    let at = RESOURCES.binary_search_by(|one| (&*one.api_group, &*one.name).cmp(&(api_group, name)));
    at.ok().map(|at| &RESOURCES[at])
}

fn read(table: &str) -> Vec<Resource> {
    let (mut all, mut api_group) = (Vec::new(), "");
    for line in table.lines() {
        match line.strip_prefix("  ") {
            Some(line) => all.push(resource(api_group, line)),
            None if line == "core:" => api_group = "",
            None => api_group = line.trim_end_matches(':'),
        }
    }
    all
}

fn resource(api_group: &str, line: &str) -> Resource {
    let words: Vec<&str> = line.split(' ').collect();
    let &[name, kind, short_names, scope, verbs, served, ref subresources @ ..] = &words[..] else {
        panic!("six columns and more: {line}");
    };
    let list = |text: &str| if text == "-" { Vec::new() } else { texts(text.split(',')) };
    Resource {
        api_group: api_group.into(),
        name: name.into(),
        // What has no kind is called as it is in the plural, without its last letter.
        singular: if kind == "-" { name[..name.len() - 1].into() } else { kind.to_ascii_lowercase().into() },
        kind: if kind == "-" { "".into() } else { kind.into() },
        short_names: list(short_names),
        namespaced: match scope {
            "namespaced" => true,
            "cluster" => false,
            _ => panic!("a scope: {line}"),
        },
        verbs: if verbs == "all" { texts(REQUESTS) } else { list(verbs) },
        served: match served {
            "default" => Served::ByDefault,
            "enabled" => Served::Enabled,
            "formerly" => Served::Formerly,
            "beside" => Served::Beside,
            "never" => Served::Never,
            _ => panic!("who serves it: {line}"),
        },
        subresources: texts(subresources.iter().copied()),
    }
}

fn texts<'a>(all: impl IntoIterator<Item = &'a str>) -> Vec<Box<str>> {
    all.into_iter().map(Box::from).collect()
}
