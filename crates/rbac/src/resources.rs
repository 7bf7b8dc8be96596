//! What is called what: the resources of API servers, and what only authorizers know.

mod table;

use std::sync::LazyLock;

/// A kind of objects, or what rules name besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The API group; empty is the core group.
    pub api_group: &'static str,
    /// The plural, as rules name it.
    pub name: &'static str,
    /// The kind; empty where it is no object but named for verbs of its own, as `impersonate` and `approve`.
    pub kind: &'static str,
    /// Other words for it: `po`.
    pub short_names: Vec<&'static str>,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// What can be done to it.
    pub verbs: Vec<&'static str>,
    /// Who serves it.
    pub served: Served,
    /// What is below an object: `log`, `exec`.
    pub subresources: Vec<&'static str>,
}

/// Who serves a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Every API server.
    ByDefault,
    /// An API server that is told to.
    Enabled,
    /// Older API servers.
    Formerly,
    /// Who is installed beside: the metrics server, the authenticator.
    Beside,
    /// Nobody: authorizers are asked about it.
    Never,
}

/// The verbs of requests for objects (Kubernetes, "Authorization").
pub const REQUESTS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// All of them, in the order of API groups and names.
pub static RESOURCES: LazyLock<Vec<Resource>> = LazyLock::new(|| read(table::TABLE));

impl Resource {
    /// One of them of it: `pod`.
    pub fn singular(&self) -> String {
        match self.kind {
            "" => self.name.strip_suffix('s').unwrap_or(self.name).to_owned(),
            kind => kind.to_ascii_lowercase(),
        }
    }
}

/// What a resource of a group is, if it is in the table.
pub fn of(api_group: &str, name: &str) -> Option<&'static Resource> {
    let at = RESOURCES.binary_search_by(|one| (one.api_group, one.name).cmp(&(api_group, name)));
    at.ok().map(|at| &RESOURCES[at])
}

fn read(table: &'static str) -> Vec<Resource> {
    let (mut all, mut api_group) = (Vec::new(), "");
    for line in table.lines() {
        match line.strip_prefix("  ") {
            Some(line) => all.push(resource(api_group, line)),
            None => api_group = line.trim_end_matches(':'),
        }
        if api_group == "core" {
            api_group = "";
        }
    }
    all
}

fn resource(api_group: &'static str, line: &'static str) -> Resource {
    let words: Vec<&str> = line.split(' ').collect();
    let &[name, kind, short_names, scope, verbs, served, ref subresources @ ..] = &words[..] else {
        panic!("six columns and more: {line}");
    };
    let list = |text: &'static str| if text == "-" { Vec::new() } else { text.split(',').collect() };
    Resource {
        api_group,
        name,
        kind: if kind == "-" { "" } else { kind },
        short_names: list(short_names),
        namespaced: match scope {
            "namespaced" => true,
            "cluster" => false,
            _ => panic!("a scope: {line}"),
        },
        verbs: if verbs == "all" { REQUESTS.to_vec() } else { list(verbs) },
        served: match served {
            "default" => Served::ByDefault,
            "enabled" => Served::Enabled,
            "formerly" => Served::Formerly,
            "beside" => Served::Beside,
            "never" => Served::Never,
            _ => panic!("who serves it: {line}"),
        },
        subresources: subresources.to_vec(),
    }
}
