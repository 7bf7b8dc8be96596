//! What whoever applies a plan must be allowed to do: asked of the API server before anything is written, so that a plan
//! does not end half-way for want of a right.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Observed;
use rbac::{AnyRole, Index, ObjectId, ObjectKind, Rule, User, comparison::Permission};

use super::{Action, Object, Plan};

/// A permission that applying a plan needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequiredPermission {
    /// RBAC's verb.
    pub verb: &'static str,
    /// The API group; empty for the core one.
    pub api_group: &'static str,
    /// The resource, as RBAC names it.
    pub resource: &'static str,
    /// The namespace; `None` is the cluster.
    pub namespace: Option<Box<str>>,
    /// The object.
    pub name: Box<str>,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// Returns the permissions that the steps of a plan need.
///
/// Kubernetes lets nobody grant what they do not hold, unless they may `escalate` roles and `bind` to them
/// (Kubernetes, "Privilege escalation prevention and bootstrapping"); these two are needed only where rights are lacking.
pub fn required_permissions(plan: &Plan, observed: &Observed) -> BTreeSet<RequiredPermission> {
    let index = Index::new(observed.objects());
    let roles: BTreeMap<ObjectId, &AnyRole> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Apply { object: Object::Role(role), .. } => Some((Object::Role(role.clone()).id(), role)),
            _ => None,
        })
        .collect();
    let caller = observed.caller.as_ref();
    let holds =
        |rules: &[Rule], namespace: Option<&str>| caller.is_some_and(|caller| holds(&index, caller, rules, namespace));
    let mut required_permissions = BTreeSet::new();
    for step in &plan.steps {
        match &step.action {
            Action::Apply { object, version, .. } => {
                let id = object.id();
                let mut required_permission = |verb| {
                    required_permissions.insert(of_object(verb, &id));
                };
                required_permission("patch");
                if version.is_none() {
                    required_permission("create");
                }
                match object {
                    Object::Role(role) if !holds(role.rules(), role.namespace()) => required_permission("escalate"),
                    Object::Role(_) => {}
                    Object::Binding(binding) => {
                        let role = ObjectId::of_role_of(binding);
                        let rules = roles.get(&role).copied().or_else(|| index.role_of(binding));
                        if !rules.is_some_and(|role| holds(role.rules(), binding.namespace())) {
                            required_permissions.insert(of_object("bind", &role));
                        }
                    }
                }
            }
            Action::Delete { id, .. } => required_permissions.extend([of_object("delete", id)]),
            Action::ApplyMapping { object, .. } => {
                required_permissions.extend(["patch", "create"].map(|verb| of_mapping(verb, &object.name)));
            }
            Action::DeleteMapping { name, .. } => required_permissions.extend([of_mapping("delete", name)]),
            Action::WriteMap(write) => {
                let required_permission = |verb| RequiredPermission {
                    verb,
                    api_group: "",
                    resource: "configmaps",
                    namespace: Some(inventory::RECORD_NAMESPACE.into()),
                    name: write.name.clone(),
                };
                required_permissions.insert(required_permission(if write.replaces() { "update" } else { "create" }));
            }
            Action::Settle => {}
        }
    }
    required_permissions
}

/// Whether somebody holds every right of some rules, by RBAC alone, as the API server asks it.
fn holds(index: &Index, user: &User, rules: &[Rule], namespace: Option<&str>) -> bool {
    if user.is_master() {
        return true;
    }
    let of = |namespace| index.grants(user, namespace);
    let grants = of(None).chain(namespace.map(|namespace| of(Some(namespace))).into_iter().flatten());
    let held: Vec<&Rule> = grants
        .filter_map(|grant| match grant {
            rbac::Grant::Rule { rule, .. } => Some(rule),
            rbac::Grant::Masters => None,
        })
        .collect();
    Permission::of_rules(rules).iter().all(|permission| permission.is_allowed_by(held.iter().copied()))
}

fn of_object(verb: &'static str, id: &ObjectId) -> RequiredPermission {
    let resource = match id.kind {
        ObjectKind::ClusterRoleBinding => "clusterrolebindings",
        ObjectKind::ClusterRole => "clusterroles",
        ObjectKind::RoleBinding => "rolebindings",
        ObjectKind::Role => "roles",
    };
    RequiredPermission { verb, api_group: RBAC, resource, namespace: id.namespace.clone(), name: id.name.clone() }
}

fn of_mapping(verb: &'static str, name: &str) -> RequiredPermission {
    let (api_group, resource) = ("iamauthenticator.k8s.aws", "iamidentitymappings");
    RequiredPermission { verb, api_group, resource, namespace: None, name: name.into() }
}
