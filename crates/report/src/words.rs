//! Rights in words.

use std::collections::{BTreeMap, BTreeSet};

use rbac::{
    Rule,
    comparison::{On, Permission, Place},
};

/// How many things are named before the rest is counted.
const NAMED: usize = 8;

/// Verbs in the order in which people name them.
type Verbs<'a> = BTreeSet<(usize, &'a str)>;

/// Things, each with the names of its objects.
type Things<'a> = BTreeMap<Thing<'a>, BTreeSet<&'a str>>;

/// `get, list on pods, deployments.apps`: one phrase for each set of verbs, the widest first.
pub(super) fn phrases<'a>(permissions: impl IntoIterator<Item = &'a Permission>) -> Vec<String> {
    // The names of objects go together, then the verbs of one thing, then the things with the same verbs.
    let mut verbs: BTreeMap<&On, Verbs<'_>> = BTreeMap::new();
    for Permission { on, verb } in permissions {
        verbs.entry(on).or_default().insert((place_of(verb), verb));
    }
    let mut things: BTreeMap<Verbs<'_>, Things<'_>> = BTreeMap::new();
    for (on, verbs) in verbs {
        let (thing, name) = Thing::of(on);
        things.entry(verbs).or_default().entry(thing).or_default().extend(name);
    }
    let phrase = |(verbs, things): (Verbs<'_>, Things<'_>)| {
        let verbs: Vec<&str> =
            verbs.into_iter().map(|(_, verb)| if verb == "*" { "every verb" } else { verb }).collect();
        let things: Vec<String> = things.iter().map(|(thing, names)| thing.in_words(names)).collect();
        format!("{} on {}", verbs.join(", "), some_of(&things, NAMED))
    };
    things.into_iter().map(phrase).collect()
}

/// Returns what rules allow, in such phrases; what another one of them says already is left out.
pub fn rules<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Vec<String> {
    phrases(&Permission::of_rules(rules))
}

/// `everywhere`, `in dev, staging`.
pub(super) fn place(place: &Place) -> String {
    match place {
        Place::Cluster => "everywhere".to_owned(),
        Place::Namespaces(namespaces) => format!("in {}", some_of(namespaces, NAMED)),
    }
}

/// Returns the first of a list, and how many more there are.
pub fn some_of(list: &[impl AsRef<str>], named: usize) -> String {
    let first: Vec<&str> = list.iter().take(named).map(AsRef::as_ref).collect();
    match list.len().saturating_sub(named) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Returns a number with its noun: `1 person`, `2 people`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The order in which people name verbs.
fn place_of(verb: &str) -> usize {
    const ORDER: [&str; 9] = ["*", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
    ORDER.iter().position(|known| *known == verb).unwrap_or(ORDER.len())
}

/// What a right is about, without the names of objects.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Thing<'a> {
    Resource { api_group: &'a str, resource: &'a str, by_name: bool },
    Url(&'a str),
}

impl<'a> Thing<'a> {
    fn of(on: &'a On) -> (Self, Option<&'a str>) {
        match on {
            On::Resource { api_group, resource, name } => {
                (Self::Resource { api_group, resource, by_name: name.is_some() }, name.as_deref())
            }
            On::Url(url) => (Self::Url(url), None),
        }
    }

    fn in_words(&self, names: &BTreeSet<&str>) -> String {
        let thing = match self {
            Self::Url("*") => "every URL".to_owned(),
            Self::Url(url) => (*url).to_owned(),
            Self::Resource { api_group: "*", resource: "*", .. } => "everything".to_owned(),
            Self::Resource { api_group: "", resource: "*", .. } => "everything of the core group".to_owned(),
            Self::Resource { api_group, resource: "*", .. } => format!("everything of {api_group}"),
            Self::Resource { api_group: "", resource, .. } => (*resource).to_owned(),
            Self::Resource { api_group, resource, .. } => format!("{resource}.{api_group}"),
        };
        if names.is_empty() {
            return thing;
        }
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        format!("{thing} {}", names.join(" "))
    }
}
