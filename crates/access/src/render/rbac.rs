//! Roles and bindings, as the API server takes them.

use rbac::{Binding, Objects, Role, RoleReference, Rule, Subject};
use serde::Serialize;

const API_GROUP: &str = "rbac.authorization.k8s.io";
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<&'a [Rule]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_ref: Option<RoleRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subjects: Option<Vec<GroupSubject<'a>>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRef<'a> {
    api_group: &'static str,
    kind: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupSubject<'a> {
    api_group: &'static str,
    kind: &'static str,
    name: &'a str,
}

/// Every object, roles before the bindings that name them.
pub(super) fn objects(objects: &Objects) -> impl Iterator<Item = Object<'_>> {
    objects.roles.iter().map(role).chain(objects.bindings.iter().map(binding))
}

fn role(role: &Role) -> Object<'_> {
    Object {
        api_version: API_VERSION,
        kind: role.kind().as_str(),
        metadata: Metadata { name: &role.name, namespace: role.namespace.as_deref() },
        rules: Some(&role.rules),
        role_ref: None,
        subjects: None,
    }
}

fn binding(binding: &Binding) -> Object<'_> {
    let RoleReference { kind, name } = &binding.role;
    let group = |subject: &'_ Subject| match subject {
        Subject::Group(_) => true,
        Subject::User(_) | Subject::ServiceAccount { .. } => false,
    };
    debug_assert!(binding.subjects.iter().all(group), "the file's bindings name groups");
    let subjects = binding.subjects.iter().filter_map(|subject| match subject {
        Subject::Group(name) => Some(GroupSubject { api_group: API_GROUP, kind: "Group", name }),
        Subject::User(_) | Subject::ServiceAccount { .. } => None,
    });
    Object {
        api_version: API_VERSION,
        kind: if binding.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" },
        metadata: Metadata { name: &binding.name, namespace: binding.namespace.as_deref() },
        rules: None,
        role_ref: Some(RoleRef { api_group: API_GROUP, kind: kind.as_str(), name }),
        subjects: Some(subjects.collect()),
    }
}
