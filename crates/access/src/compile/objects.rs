//! Grants turned into roles and bindings.
//!
//! Names are the 2018 chart's for the chart's shapes (Role `<group>`, `<group>-binding`), so that an installed chart
//! upgrades in place; everything else begins with `cluster-auth:`.

use std::sync::Arc;

use document::{Problems, Span};
use jiff::Timestamp;
use rbac::{AnyRole, Binding, ClusterRole, Objects, Role, RoleKind, RoleReference, Rule, Subject};

use super::{Facts, Namespaces};
use crate::{Access, Code, Group, Right};

pub(super) fn objects(access: &Access, facts: &Facts, now: Timestamp, problems: &mut Problems) -> Objects {
    let (mut made, namespaces) = (Made::default(), Namespaces::of(facts));
    for group in access.groups.iter().flatten() {
        if group.expires.as_ref().is_none_or(|ends| ends.value > now) {
            of_group(group, &namespaces, &mut made, problems);
        }
    }
    made.into_objects(problems)
}

fn of_group(group: &Group, namespaces: &Namespaces<'_>, made: &mut Made, problems: &mut Problems) {
    let name = &*group.name.value;
    let Some(grants) = &group.grants else {
        if name == "system:masters" {
            return; // The API server itself lets them do everything.
        }
        let binding = BindingToMake { name: format!("{name}-binding"), namespace: None, role: cluster_role(name) };
        return made.binding(group, binding, group.name.span);
    };
    let mut written: Vec<Written<'_>> = Vec::new();
    let mut reaches = 0;
    for grant in grants {
        let reached = namespaces.reached(grant, problems);
        reaches += reached.len();
        for namespace in reached {
            let role = match &grant.right {
                Right::Rules { rules, .. } => {
                    written.push(Written { namespace, rules, span: grant.span });
                    continue;
                }
                Right::ClusterRole(role) => RoleReference { kind: RoleKind::ClusterRole, name: role.value.clone() },
                Right::Role(role) => RoleReference { kind: RoleKind::Role, name: role.value.clone() },
            };
            let bound = BindingToMake { name: format!("cluster-auth:{name}:{}", role.name), namespace, role };
            made.binding(group, bound, grant.span);
        }
    }
    if reaches == 0 && !grants.is_empty() && namespaces.are_known() {
        problems.push(Code::BindsNothing.at(group.name.span, format!("the grants of `{name}` reach no namespace")));
    }
    // Stable, so that rules keep the order of the grants.
    written.sort_by_key(|written| written.namespace);
    for here in written.chunk_by(|a, b| a.namespace == b.namespace) {
        let Written { namespace, span, .. } = here[0];
        let (role, binding) = match namespace {
            Some(_) => (name.to_owned(), format!("{name}-binding")),
            None => (format!("cluster-auth:{name}"), format!("cluster-auth:{name}")),
        };
        let kind = if namespace.is_some() { RoleKind::Role } else { RoleKind::ClusterRole };
        made.role(&role, namespace, together(here), span, problems);
        let reference = RoleReference { kind, name: role.into() };
        made.binding(group, BindingToMake { name: binding, namespace, role: reference }, span);
    }
}

/// Rules that a grant writes, in one place where it holds.
struct Written<'a> {
    namespace: Option<&'a str>,
    rules: &'a Arc<[Rule]>,
    span: Span,
}

/// The rules of several grants as one list, each of them once. What one grant alone writes is shared.
fn together(written: &[Written<'_>]) -> Arc<[Rule]> {
    if let [Written { rules, .. }] = written
        && (1..rules.len()).all(|at| !rules[..at].contains(&rules[at]))
    {
        return Arc::clone(rules);
    }
    let mut once: Vec<&Rule> = Vec::new();
    for rule in written.iter().flat_map(|written| &**written.rules) {
        if !once.contains(&rule) {
            once.push(rule);
        }
    }
    once.into_iter().cloned().collect()
}

fn cluster_role(name: &str) -> RoleReference {
    RoleReference { kind: RoleKind::ClusterRole, name: name.into() }
}

/// A binding to make.
struct BindingToMake<'a> {
    name: String,
    namespace: Option<&'a str>,
    role: RoleReference,
}

/// What has been made, in the order of the groups.
#[derive(Default)]
struct Made {
    roles: Vec<AnyRole>,
    bindings: Vec<Binding>,
}

impl Made {
    fn role(&mut self, name: &str, namespace: Option<&str>, rules: Arc<[Rule]>, span: Span, problems: &mut Problems) {
        // The one built-in role outside `system:` (Kubernetes, `rbac/bootstrappolicy/namespace_policy.go`).
        if (namespace, name) == (Some("kube-system"), "extension-apiserver-authentication-reader") {
            problems.push(Code::Collision.at(span, format!("`{name}` in kube-system is Kubernetes' own role")));
            return;
        }
        let (name, origin) = (name.into(), Some(span));
        self.roles.push(match namespace {
            Some(namespace) => Role { namespace: namespace.into(), name, rules, origin }.into(),
            None => ClusterRole { name, rules, origin, ..ClusterRole::default() }.into(),
        });
    }

    fn binding(&mut self, group: &Group, bound: BindingToMake<'_>, span: Span) {
        let BindingToMake { name, namespace, role } = bound;
        let (namespace, name) = (namespace.map(Into::into), name.into());
        let subjects = vec![Subject::Group(group.name.value.clone())];
        // Reading refuses a Role for the whole cluster (access.scope).
        self.bindings.extend(Binding::new(namespace, name, role, subjects, Some(span)));
    }

    /// By namespace and name, each once. Sorting is stable, so that of two with one name the first is the one made first.
    fn into_objects(mut self, problems: &mut Problems) -> Objects {
        let mut collides = |what: &str, name: &str, first: Option<Span>, again: Option<Span>| {
            let message = format!("two {what} `{name}`");
            let problem = Code::Collision.at(again.unwrap_or_default(), message);
            problems.push(problem.related(first.unwrap_or_default(), "the other one"));
        };
        self.roles.sort_by(|a, b| a.id().cmp(&b.id()));
        self.roles.dedup_by(|again, first| {
            let same = again.id() == first.id();
            if same {
                collides("groups would make the role", first.name(), first.origin(), again.origin());
            }
            same
        });
        self.bindings.sort_by(|a, b| a.id().cmp(&b.id()));
        self.bindings.dedup_by(|again, first| {
            let same = again.id() == first.id();
            // The same grant twice is one grant.
            if same && (first.role(), first.subjects()) != (again.role(), again.subjects()) {
                collides("grants would make the binding", first.name(), first.origin(), again.origin());
            }
            same
        });
        Objects { roles: self.roles, bindings: self.bindings }
    }
}
