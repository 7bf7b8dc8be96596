//! What whoever applies a plan must be allowed to do: asked of the API server before anything is written, so that a plan
//! does not end half-way for want of a right.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Observed;
use rbac::{AnyRole, Index, ObjectId, ObjectKind, Rule, User, comparison::Atom};

use super::{Action, Object, Plan};

/// One right that is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
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

/// The rights that the steps of a plan need.
///
/// Kubernetes lets nobody grant what they do not hold, unless they may `escalate` roles and `bind` to them
/// (Kubernetes, "Privilege escalation prevention and bootstrapping"); these two are needed only where rights are lacking.
pub fn needs(plan: &Plan, observed: &Observed) -> BTreeSet<Need> {
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
    let mut needs = BTreeSet::new();
    for step in &plan.steps {
        match &step.action {
            Action::Apply { object, version, .. } => {
                let id = object.id();
                let mut need = |verb| {
                    needs.insert(of_object(verb, &id));
                };
                need("patch");
                if version.is_none() {
                    need("create");
                }
                match object {
                    Object::Role(role) if !holds(role.rules(), role.namespace()) => need("escalate"),
                    Object::Role(_) => {}
                    Object::Binding(binding) => {
                        let role = ObjectId::of_role_of(binding);
                        let rules = roles.get(&role).copied().or_else(|| index.role_of(binding));
                        if !rules.is_some_and(|role| holds(role.rules(), binding.namespace())) {
                            needs.insert(of_object("bind", &role));
                        }
                    }
                }
            }
            Action::Delete { id, .. } => needs.extend([of_object("delete", id)]),
            Action::ApplyMapping { object, .. } => {
                needs.extend(["patch", "create"].map(|verb| of_mapping(verb, &object.name)));
            }
            Action::DeleteMapping { name, .. } => needs.extend([of_mapping("delete", name)]),
            Action::WriteMap(write) => {
                let need = |verb| Need {
                    verb,
                    api_group: "",
                    resource: "configmaps",
                    namespace: Some(inventory::RECORD_NAMESPACE.into()),
                    name: write.name.clone(),
                };
                needs.insert(need(if write.replaces() { "update" } else { "create" }));
            }
            Action::Settle => {}
        }
    }
    needs
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
    Atom::of_rules(rules).iter().all(|atom| atom.is_allowed_by(held.iter().copied()))
}

fn of_object(verb: &'static str, id: &ObjectId) -> Need {
    let resource = match id.kind {
        ObjectKind::ClusterRoleBinding => "clusterrolebindings",
        ObjectKind::ClusterRole => "clusterroles",
        ObjectKind::RoleBinding => "rolebindings",
        ObjectKind::Role => "roles",
    };
    Need { verb, api_group: RBAC, resource, namespace: id.namespace.clone(), name: id.name.clone() }
}

fn of_mapping(verb: &'static str, name: &str) -> Need {
    let (api_group, resource) = ("iamauthenticator.k8s.aws", "iamidentitymappings");
    Need { verb, api_group, resource, namespace: None, name: name.into() }
}
