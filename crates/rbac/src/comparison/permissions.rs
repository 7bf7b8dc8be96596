//! Rights as permissions: one verb on one thing, wildcards being words like others.
//!
//! A rule is the product of its lists, so it is a set of permissions; and a question with `*` in it is allowed by exactly the
//! rules that allow everything that the `*` stands for. So a right is gained if its permission, asked as a question, was not
//! allowed before: with the evaluator's own matching, and without a list of what resources the cluster has.

use std::{collections::BTreeSet, sync::Arc};

use crate::{Request, ResourceRequest, Rule};

/// A permission: one verb on one resource or URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// On what.
    pub on: On,
    /// `get`, or `*` for every verb.
    pub verb: Box<str>,
}

/// The resource or URL of a permission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum On {
    /// Objects of the API.
    Resource {
        /// Empty is the core group, `*` every group.
        api_group: Box<str>,
        /// `pods`, `pods/log`, `*/scale`, or `*` for everything.
        resource: Box<str>,
        /// Only the object of this name.
        name: Option<Box<str>>,
    },
    /// A URL that is none, possibly ending in `*`.
    Url(Box<str>),
}

/// What no object is called: a question about it is one about every object.
const ANY_NAME: &str = "\0";

impl Permission {
    /// Returns the permissions of rules. What another one of them says already is left out.
    pub fn of_rules<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> BTreeSet<Self> {
        let mut permissions = BTreeSet::new();
        for rule in rules {
            for verb in &rule.verbs {
                let permission = |on| Self { on, verb: verb.clone() };
                permissions.extend(rule.non_resource_urls.iter().map(|url| permission(On::Url(url.clone()))));
                for api_group in &rule.api_groups {
                    for resource in &rule.resources {
                        let on = |name: Option<&Box<str>>| {
                            let (api_group, resource) = (api_group.clone(), resource.clone());
                            permission(On::Resource { api_group, resource, name: name.cloned() })
                        };
                        match &rule.resource_names[..] {
                            [] => drop(permissions.insert(on(None))),
                            names => permissions.extend(names.iter().map(|name| on(Some(name)))),
                        }
                    }
                }
            }
        }
        without_repetition(permissions)
    }

    /// This right as a rule that grants nothing else.
    pub fn rule(&self) -> Rule {
        let mut rule = Rule { verbs: vec![self.verb.clone()], ..Rule::default() };
        match &self.on {
            On::Resource { api_group, resource, name } => {
                rule.api_groups = vec![api_group.clone()];
                rule.resources = vec![resource.clone()];
                rule.resource_names = name.iter().cloned().collect();
            }
            On::Url(url) => rule.non_resource_urls = vec![url.clone()],
        }
        rule
    }

    /// Returns whether one of the rules grants all of it.
    pub fn is_allowed_by<'a>(&self, rules: impl IntoIterator<Item = &'a Rule>) -> bool {
        let question = self.question();
        rules.into_iter().any(|rule| rule.allows(&question))
    }

    /// The question whether all of it is allowed.
    fn question(&self) -> Request<'_> {
        let verb = &*self.verb;
        match &self.on {
            On::Resource { api_group, resource, name } => {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                let name = name.as_deref().unwrap_or(ANY_NAME);
                Request::Resource(ResourceRequest { verb, api_group, resource, subresource, name, namespace: "" })
            }
            On::Url(path) => Request::Url { verb, path },
        }
    }

    /// Whether something of it can be held without all of it.
    pub(super) fn has_parts(&self) -> bool {
        let of_thing = match &self.on {
            On::Resource { api_group, resource, name } => {
                **api_group == *"*" || resource.starts_with('*') || name.is_none()
            }
            On::Url(url) => url.ends_with('*'),
        };
        of_thing || &*self.verb == "*"
    }

    /// What both grant.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        let verb = both(&self.verb, &other.verb)?;
        let on = match (&self.on, &other.on) {
            (On::Url(a), On::Url(b)) => On::Url(both_urls(a, b)?),
            (
                On::Resource { api_group: group_a, resource: resource_a, name: name_a },
                On::Resource { api_group: group_b, resource: resource_b, name: name_b },
            ) => {
                let name = match (name_a, name_b) {
                    (Some(a), Some(b)) if a != b => return None,
                    (a, b) => a.as_ref().or(b.as_ref()).cloned(),
                };
                let (api_group, resource) = (both(group_a, group_b)?, both_resources(resource_a, resource_b)?);
                On::Resource { api_group, resource, name }
            }
            (On::Url(_), On::Resource { .. }) | (On::Resource { .. }, On::Url(_)) => return None,
        };
        Some(Self { on, verb })
    }
}

/// Without permissions that another one covers.
pub(super) fn without_repetition(permissions: BTreeSet<Permission>) -> BTreeSet<Permission> {
    // Only a permission with a wildcard covers others, and there are few of them.
    let wide: Vec<(Permission, Rule)> = permissions
        .iter()
        .filter(|permission| permission.has_parts())
        .map(|permission| (permission.clone(), permission.rule()))
        .collect();
    let has_wildcard = wide.iter().any(|(permission, _)| is_wild(permission));
    let has_name = permissions.iter().any(|permission| matches!(permission.on, On::Resource { name: Some(_), .. }));
    if !has_wildcard && !has_name {
        return permissions;
    }
    let wide: Vec<_> =
        if has_name { wide } else { wide.into_iter().filter(|(permission, _)| is_wild(permission)).collect() };
    let covered = |permission: &Permission| {
        let question = permission.question();
        wide.iter().any(|(other, rule)| other != permission && rule.allows(&question))
    };
    permissions.into_iter().filter(|permission| !covered(permission)).collect()
}

/// Whether a word of it stands for others.
fn is_wild(permission: &Permission) -> bool {
    let of_thing = match &permission.on {
        On::Resource { api_group, resource, .. } => **api_group == *"*" || resource.starts_with('*'),
        On::Url(url) => url.ends_with('*'),
    };
    of_thing || &*permission.verb == "*"
}

fn both(a: &str, b: &str) -> Option<Box<str>> {
    match (a, b) {
        ("*", other) | (other, "*") => Some(other.into()),
        (a, b) => (a == b).then(|| a.into()),
    }
}

fn both_resources(a: &str, b: &str) -> Option<Box<str>> {
    if a == "*" || a == b {
        return Some(b.into());
    }
    if b == "*" {
        return Some(a.into());
    }
    // `*/scale` and `deployments/scale`.
    let of_any = |any: &str, one: &str| {
        any.strip_prefix("*/").is_some_and(|sub| one.split_once('/').is_some_and(|(_, of_one)| sub == of_one))
    };
    if of_any(a, b) {
        Some(b.into())
    } else if of_any(b, a) {
        Some(a.into())
    } else {
        None
    }
}

fn both_urls(a: &str, b: &str) -> Option<Box<str>> {
    let within = |all: &str, one: &str| {
        all == one || all.strip_suffix('*').is_some_and(|prefix| one.starts_with(prefix.trim_end_matches('*')))
    };
    if within(a, b) {
        Some(b.into())
    } else if within(b, a) {
        Some(a.into())
    } else {
        None
    }
}

/// A permission that somebody gains or loses, with what it comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    /// What.
    pub permission: Permission,
    /// Parts of it that they had before (of a gain) or keep (of a loss) in the same place.
    pub except: Arc<[Permission]>,
}
