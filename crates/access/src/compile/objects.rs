//! Grants turned into roles and bindings.
//!
//! Names are the 2018 chart's for the chart's shapes (Role `<group>`, `<group>-binding`), so that an installed chart
//! upgrades in place; everything else begins with `cluster-auth:`.

use std::collections::{BTreeMap, BTreeSet};

use document::{Problems, Span};
use jiff::Timestamp;
use rbac::{Binding, Objects, Role, RoleKind, RoleReference, Rule, Subject};

use super::{Facts, Namespace};
use crate::{Access, Code, Grant, Group, Located, Right, Scope};

/// The namespaces that globs and selectors never match: Kubernetes' own and ours.
fn is_withheld(namespace: &str) -> bool {
    namespace.starts_with("kube-") || namespace == "cluster-auth"
}

pub(super) fn objects(access: &Access, facts: &Facts, now: Timestamp, problems: &mut Problems) -> Objects {
    let mut made = Made::default();
    for group in access.groups.iter().flatten() {
        if group.expires.as_ref().is_none_or(|ends| ends.value > now) {
            of_group(group, facts, &mut made, problems);
        }
    }
    made.into_objects()
}

fn of_group(group: &Group, facts: &Facts, made: &mut Made, problems: &mut Problems) {
    let name = &*group.name.value;
    let Some(grants) = &group.grants else {
        if name == "system:masters" {
            return; // The API server itself lets them do everything.
        }
        let binding = Bound { name: format!("{name}-binding"), namespace: None, role: cluster_role(name) };
        return made.binding(group, binding, group.name.span, problems);
    };
    let mut rules: BTreeMap<Option<&str>, (Vec<Rule>, Span)> = BTreeMap::new();
    let mut reaches = 0;
    for grant in grants {
        let namespaces = namespaces(grant, facts, problems);
        reaches += namespaces.len();
        for namespace in namespaces {
            match &grant.right {
                Right::Rules(written) => {
                    let (rules, _) = rules.entry(namespace).or_insert_with(|| (Vec::new(), grant.span));
                    for rule in written {
                        if !rules.contains(&rule.value) {
                            rules.push(rule.value.clone());
                        }
                    }
                }
                Right::ClusterRole(role) => {
                    let bound = Bound { name: named(name, role), namespace, role: cluster_role(&role.value) };
                    made.binding(group, bound, grant.span, problems);
                }
                Right::Role(role) => {
                    let reference = RoleReference { kind: RoleKind::Role, name: role.value.clone() };
                    made.binding(
                        group,
                        Bound { name: named(name, role), namespace, role: reference },
                        grant.span,
                        problems,
                    );
                }
            }
        }
    }
    if reaches == 0 && !grants.is_empty() && facts.namespaces.is_some() {
        problems.push(Code::BindsNothing.at(group.name.span, format!("the grants of `{name}` reach no namespace")));
    }
    for (namespace, (rules, span)) in rules {
        let (role, binding) = match namespace {
            Some(_) => (name.to_owned(), format!("{name}-binding")),
            None => (format!("cluster-auth:{name}"), format!("cluster-auth:{name}")),
        };
        let kind = if namespace.is_some() { RoleKind::Role } else { RoleKind::ClusterRole };
        let reference = RoleReference { kind, name: role.clone().into() };
        made.role(&role, namespace, rules, span, problems);
        made.binding(group, Bound { name: binding, namespace, role: reference }, span, problems);
    }
}

/// Where a grant holds: `None` is the whole cluster. What only the cluster knows and nobody asked for is left out here;
/// consumers refuse it before.
pub(super) fn namespaces<'a>(grant: &'a Grant, facts: &'a Facts, problems: &mut Problems) -> BTreeSet<Option<&'a str>> {
    let exist = facts.namespaces.as_deref();
    match &grant.scope {
        Scope::Cluster => BTreeSet::from([None]),
        Scope::Namespaces(patterns) => {
            let mut found = BTreeSet::new();
            for pattern in patterns {
                let matching = of_pattern(&pattern.value, exist);
                if matching.is_empty() && exist.is_some() {
                    let message = format!("the cluster has no namespace `{}`", pattern.value);
                    problems.push(Code::NoNamespace.at(pattern.span, message).hint("this grant is skipped there"));
                }
                found.extend(matching.into_iter().map(Some));
            }
            found
        }
        Scope::Selector(selector, span) => {
            let chosen = |namespace: &&Namespace| !is_withheld(&namespace.name) && selector.matches(&namespace.labels);
            let found: BTreeSet<_> =
                exist.unwrap_or_default().iter().filter(chosen).map(|namespace| Some(&*namespace.name)).collect();
            if found.is_empty() && exist.is_some() {
                problems.push(Code::NoNamespace.at(*span, "no namespace of the cluster has these labels"));
            }
            found
        }
    }
}

fn of_pattern<'a>(pattern: &'a str, exist: Option<&'a [Namespace]>) -> Vec<&'a str> {
    match exist {
        None if pattern.contains('*') => Vec::new(),
        None => vec![pattern],
        Some(exist) if pattern.contains('*') => {
            let matching = |name: &&str| !is_withheld(name) && glob(pattern.as_bytes(), name.as_bytes());
            exist.iter().map(|namespace| &*namespace.name).filter(matching).collect()
        }
        Some(exist) => exist.iter().map(|namespace| &*namespace.name).filter(|name| *name == pattern).collect(),
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        // Patterns have a few stars at most: namespaces are 63 characters long.
        Some((b'*', rest)) => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        Some((first, rest)) => text.split_first().is_some_and(|(byte, text)| byte == first && glob(rest, text)),
    }
}

fn cluster_role(name: &str) -> RoleReference {
    RoleReference { kind: RoleKind::ClusterRole, name: name.into() }
}

fn named(group: &str, role: &Located<Box<str>>) -> String {
    format!("cluster-auth:{group}:{}", role.value)
}

/// A binding to make.
struct Bound<'a> {
    name: String,
    namespace: Option<&'a str>,
    role: RoleReference,
}

type Key = (Option<Box<str>>, Box<str>);

/// What has been made, by namespace and name.
#[derive(Default)]
struct Made {
    roles: BTreeMap<Key, Role>,
    bindings: BTreeMap<Key, Binding>,
}

impl Made {
    fn role(&mut self, name: &str, namespace: Option<&str>, rules: Vec<Rule>, span: Span, problems: &mut Problems) {
        // The one built-in role outside `system:` (Kubernetes, `rbac/bootstrappolicy/namespace_policy.go`).
        if (namespace, name) == (Some("kube-system"), "extension-apiserver-authentication-reader") {
            problems.push(Code::Collision.at(span, format!("`{name}` in kube-system is Kubernetes' own role")));
            return;
        }
        let namespace: Option<Box<str>> = namespace.map(Into::into);
        let (labels, aggregation) = Default::default();
        let role =
            Role { namespace: namespace.clone(), name: name.into(), rules, labels, aggregation, origin: Some(span) };
        if let Some(first) = self.roles.insert((namespace, name.into()), role) {
            let problem = Code::Collision.at(span, format!("two groups would make the role `{name}`"));
            problems.push(problem.related(first.origin.unwrap_or_default(), "the other one"));
        }
    }

    fn binding(&mut self, group: &Group, bound: Bound<'_>, span: Span, problems: &mut Problems) {
        let Bound { name, namespace, role } = bound;
        let key: Key = (namespace.map(Into::into), name.into());
        let subjects = vec![Subject::Group(group.name.value.clone())];
        let (namespace, name) = key.clone();
        let binding = Binding { namespace, name, role, subjects, origin: Some(span) };
        match self.bindings.get(&key) {
            None => drop(self.bindings.insert(key, binding)),
            // The same grant twice is one grant.
            Some(first) if first.role == binding.role && first.subjects == binding.subjects => {}
            Some(first) => {
                let problem = Code::Collision.at(span, format!("two grants would make the binding `{}`", binding.name));
                problems.push(problem.related(first.origin.unwrap_or_default(), "the other one"));
            }
        }
    }

    fn into_objects(self) -> Objects {
        Objects { roles: self.roles.into_values().collect(), bindings: self.bindings.into_values().collect() }
    }
}
