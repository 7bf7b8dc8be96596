//! Roles and bindings, as the API server takes them.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use rbac::{AnyRole, Binding, Objects, RoleReference, Rule, Subject};
use serde::Serialize;

use super::{write_yaml, yaml};
use crate::Mark;

const API_GROUP: &str = "rbac.authorization.k8s.io";
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// An object, or some of its keys.
#[derive(Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<&'a [Rule]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_ref: Option<RoleRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subjects: Option<Vec<SubjectOut<'a>>>,
}

#[derive(PartialEq, Eq, Hash, Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, &'a str>,
}

#[derive(PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRef<'a> {
    api_group: &'static str,
    kind: &'static str,
    name: &'a str,
}

#[derive(PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubjectOut<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    api_group: &'static str,
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

/// Writes every object, roles before the bindings that name them.
///
/// The objects of a large file are alike in most of what they say. YAML's mappings can be written some keys at a time, so
/// what objects have in common is made once and copied from then on.
pub(super) fn write(objects: &Objects, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut copies = Copies::default();
    for object in objects
        .roles
        .iter()
        .map(|role| role_object(role, None))
        .chain(objects.bindings.iter().map(|binding| binding_object(binding, None)))
    {
        let (head, namespace, rest) = object.split();
        out.write_str("---\n")?;
        copies.write(head, out)?;
        if let Some(namespace) = namespace {
            out.write_str("  namespace: ")?;
            write_yaml(&namespace, out)?;
        }
        copies.write(rest, out)?;
    }
    Ok(())
}

/// How many parts are kept: those of some thousand groups, and a few MB.
const MAX_COPIES: usize = 20_000;

/// Parts of objects as they were written before.
#[derive(Default)]
struct Copies<'a> {
    known: HashMap<Object<'a>, String>,
}

impl<'a> Copies<'a> {
    fn write(&mut self, part: Object<'a>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.known.get(&part) {
            return out.write_str(text);
        }
        let text = yaml(&part);
        out.write_str(&text)?;
        if self.known.len() < MAX_COPIES {
            self.known.insert(part, text);
        }
        Ok(())
    }
}

impl<'a> Object<'a> {
    /// Up to the name, the namespace, and the rest.
    fn split(self) -> (Self, Option<&'a str>, Self) {
        let Self { api_version, kind, mut metadata, .. } = self;
        let namespace = metadata.as_mut().and_then(|metadata| metadata.namespace.take());
        let head = Self { api_version, kind, metadata, ..Self::default() };
        (head, namespace, Self { api_version: "", kind: "", metadata: None, ..self })
    }
}

/// Returns a role as the API server takes it.
pub fn role_object<'a>(role: &'a AnyRole, mark: Option<&'a Mark>) -> Object<'a> {
    Object {
        api_version: API_VERSION,
        kind: role.kind().as_str(),
        metadata: Some(Metadata::new(role.name(), role.namespace(), mark)),
        rules: Some(role.rules()),
        role_ref: None,
        subjects: None,
    }
}

/// Returns a binding as the API server takes it.
pub fn binding_object<'a>(binding: &'a Binding, mark: Option<&'a Mark>) -> Object<'a> {
    let RoleReference { kind, name } = binding.role();
    let (rbac, core) = (API_GROUP, "");
    let subject = |subject: &'a Subject| match subject {
        Subject::Group(name) => SubjectOut { api_group: rbac, kind: "Group", name, namespace: None },
        Subject::User(name) => SubjectOut { api_group: rbac, kind: "User", name, namespace: None },
        Subject::ServiceAccount { namespace, name } => {
            let namespace = namespace.as_deref().or(binding.namespace());
            SubjectOut { api_group: core, kind: "ServiceAccount", name, namespace }
        }
    };
    Object {
        api_version: API_VERSION,
        kind: binding.kind(),
        metadata: Some(Metadata::new(binding.name(), binding.namespace(), mark)),
        rules: None,
        role_ref: Some(RoleRef { api_group: API_GROUP, kind: kind.as_str(), name }),
        subjects: Some(binding.subjects().iter().map(subject).collect()),
    }
}

impl<'a> Metadata<'a> {
    fn new(name: &'a str, namespace: Option<&'a str>, mark: Option<&'a Mark>) -> Self {
        let labels = mark.map(|_| Mark::labels()).unwrap_or_default();
        Self { name, namespace, labels, annotations: mark.map(Mark::annotations).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use proptest::prelude::*;
    use rbac::{AnyRole, Binding, ClusterRole, Objects, Role, RoleReference, Rule, Subject};

    use super::{binding_object, role_object, write};

    /// Texts that YAML could take for something else, wherever they stand, and long ones.
    fn text() -> impl Strategy<Value = Box<str>> {
        let odd =
            prop::sample::select(vec!["no", "~", "null", "1e3", "0755", "", "- a", "a: b", " a ", "<<", "2026-01-01"]);
        let text = prop_oneof![odd.prop_map(str::to_owned), "[a-z0-9-]{1,8}", "[ -~\nä]{0,12}", "[a-z ]{78,90}"];
        text.prop_map(String::into_boxed_str)
    }

    fn some_role() -> impl Strategy<Value = AnyRole> {
        let rule = (prop::collection::vec(text(), 0..3), prop::collection::vec(text(), 0..2))
            .prop_map(|(verbs, resources)| Rule { verbs, resources, ..Rule::default() });
        let parts = (prop::option::of("[a-z0-9-]{1,63}|no|1e3"), text(), prop::collection::vec(rule, 0..3));
        parts.prop_map(|(namespace, name, rules)| {
            let rules = rules.into();
            match namespace {
                Some(namespace) => Role { namespace: namespace.into(), name, rules, origin: None }.into(),
                None => ClusterRole { name, rules, ..ClusterRole::default() }.into(),
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_copied_is_what_would_be_written(roles in prop::collection::vec(some_role(), 0..5), name in text()) {
            let of_role = |role: &AnyRole| {
                let (namespace, reference) = (role.namespace().map(Box::from), RoleReference { kind: role.kind(), name: role.name().into() });
                Binding::new(namespace, name.clone(), reference, vec![Subject::Group(name.clone())], None).expect("of its own kind")
            };
            // Each twice, so that everything is copied once.
            let roles: Vec<AnyRole> = roles.iter().chain(&roles).cloned().collect();
            let objects = Objects { bindings: roles.iter().map(of_role).collect(), roles };
            let whole = |object: &super::Object<'_>| format!("---\n{}", super::yaml(object));
            let roles = objects.roles.iter().map(|one| whole(&role_object(one, None)));
            let expected: String = roles.chain(objects.bindings.iter().map(|one| whole(&binding_object(one, None)))).collect();
            prop_assert_eq!(fmt::from_fn(|out| write(&objects, out)).to_string(), expected);
        }
    }
}
