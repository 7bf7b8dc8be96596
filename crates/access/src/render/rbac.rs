//! Roles and bindings, as the API server takes them.

use std::collections::BTreeMap;

use rbac::{Binding, Objects, Role, RoleReference, Rule, Subject};
use serde::Serialize;

use crate::plan::Mark;

const API_GROUP: &str = "rbac.authorization.k8s.io";
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Object<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<&'a [Rule]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_ref: Option<RoleRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subjects: Option<Vec<SubjectOut<'a>>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, &'a str>,
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
struct SubjectOut<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    api_group: &'static str,
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

/// Every object, roles before the bindings that name them.
pub(super) fn objects(objects: &Objects) -> impl Iterator<Item = Object<'_>> {
    let roles = objects.roles.iter().map(|role| role_object(role, None));
    roles.chain(objects.bindings.iter().map(|binding| binding_object(binding, None)))
}

pub(crate) fn role_object<'a>(role: &'a Role, mark: Option<&'a Mark>) -> Object<'a> {
    Object {
        api_version: API_VERSION,
        kind: role.kind().as_str(),
        metadata: Metadata::new(&role.name, role.namespace.as_deref(), mark),
        rules: Some(&role.rules),
        role_ref: None,
        subjects: None,
    }
}

pub(crate) fn binding_object<'a>(binding: &'a Binding, mark: Option<&'a Mark>) -> Object<'a> {
    let RoleReference { kind, name } = &binding.role;
    let (rbac, core) = (API_GROUP, "");
    let subject = |subject: &'a Subject| match subject {
        Subject::Group(name) => SubjectOut { api_group: rbac, kind: "Group", name, namespace: None },
        Subject::User(name) => SubjectOut { api_group: rbac, kind: "User", name, namespace: None },
        Subject::ServiceAccount { namespace, name } => {
            let namespace = namespace.as_ref().or(binding.namespace.as_ref());
            SubjectOut { api_group: core, kind: "ServiceAccount", name, namespace: namespace.map(|name| &**name) }
        }
    };
    Object {
        api_version: API_VERSION,
        kind: if binding.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" },
        metadata: Metadata::new(&binding.name, binding.namespace.as_deref(), mark),
        rules: None,
        role_ref: Some(RoleRef { api_group: API_GROUP, kind: kind.as_str(), name }),
        subjects: Some(binding.subjects.iter().map(subject).collect()),
    }
}

impl<'a> Metadata<'a> {
    fn new(name: &'a str, namespace: Option<&'a str>, mark: Option<&'a Mark>) -> Self {
        let labels = mark.map(|_| Mark::labels()).unwrap_or_default();
        Self { name, namespace, labels, annotations: mark.map(Mark::annotations).unwrap_or_default() }
    }
}
