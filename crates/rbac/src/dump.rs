//! What `kubectl get … -o json` prints, read straight into the slim types.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use crate::{Binding, LabelSelector, Labels, Objects, Role, RoleKind, RoleReference, Rule, Subject};

/// Why a dump cannot be used.
#[derive(Debug)]
pub enum DumpError {
    /// Not JSON, or not of Kubernetes' shape.
    Syntax(serde_json::Error),
    /// Only the first part of a list (`metadata.continue` is set): what is not in it would count as absent.
    Partial,
}

impl std::fmt::Display for DumpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "it is not what `kubectl get … -o json` prints: {error}"),
            Self::Partial => f.write_str("it is only the first part of a list (metadata.continue is set)"),
        }
    }
}

impl std::error::Error for DumpError {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    kind: Option<Box<str>>,
    #[serde(default)]
    metadata: Metadata,
    items: Option<Vec<Raw>>,
    rules: Option<Vec<Rule>>,
    aggregation_rule: Option<AggregationRule>,
    role_ref: Option<RawRoleRef>,
    subjects: Option<Vec<RawSubject>>,
}

/// Where kubectl keeps what it applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    name: Box<str>,
    namespace: Option<Box<str>>,
    labels: Option<Labels>,
    annotations: Option<Annotations>,
    resource_version: Option<Box<str>>,
    #[serde(rename = "continue")]
    more: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AggregationRule {
    cluster_role_selectors: Option<Vec<LabelSelector>>,
}

#[derive(Deserialize)]
struct RawRoleRef {
    kind: RoleKind,
    name: Box<str>,
}

#[derive(Deserialize)]
struct RawSubject {
    kind: Box<str>,
    name: Box<str>,
    namespace: Option<Box<str>>,
}

/// One object of a dump, and what its metadata says besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The object.
    pub object: FoundObject,
    /// Its labels.
    pub labels: Labels,
    /// Its annotations, but for the one in which kubectl keeps a second copy of the object.
    pub annotations: BTreeMap<Box<str>, Box<str>>,
    /// Its `resourceVersion`; empty where the dump has none.
    pub version: Box<str>,
}

/// The kinds of objects that are about access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundObject {
    /// A namespace.
    Namespace(Box<str>),
    /// A `Role` or a `ClusterRole`.
    Role(Role),
    /// A `RoleBinding` or a `ClusterRoleBinding`.
    Binding(Binding),
    /// A service account: namespace and name.
    ServiceAccount(Box<str>, Box<str>),
}

impl Objects {
    /// Adds the roles and bindings that a text holds: a list, a typed list, or one object.
    pub fn read(&mut self, json: &[u8]) -> Result<(), DumpError> {
        each(json, |found| match found.object {
            FoundObject::Namespace(_) | FoundObject::ServiceAccount(..) => {}
            FoundObject::Role(role) => self.roles.push(role),
            FoundObject::Binding(binding) => self.bindings.push(binding),
        })?;
        Ok(())
    }
}

/// Hands on every object about access that a text holds. What is returned are the kinds that it is known to have said
/// everything about: those of its objects, and of typed lists that are empty.
pub fn each(json: &[u8], mut take: impl FnMut(Found)) -> Result<BTreeSet<Box<str>>, DumpError> {
    let raw: Raw = serde_json::from_slice(json).map_err(DumpError::Syntax)?;
    let mut kinds = BTreeSet::new();
    walk(raw, None, &mut kinds, &mut take)?;
    Ok(kinds)
}

fn walk(
    raw: Raw,
    list_kind: Option<&str>,
    kinds: &mut BTreeSet<Box<str>>,
    take: &mut impl FnMut(Found),
) -> Result<(), DumpError> {
    let kind = raw.kind.as_deref().or(list_kind).unwrap_or_default().to_owned();
    if raw.metadata.more.as_deref().is_some_and(|more| !more.is_empty()) {
        return Err(DumpError::Partial);
    }
    if let Some(items) = raw.items {
        let of = kind.strip_suffix("List").filter(|of| !of.is_empty());
        kinds.extend(of.map(Box::from));
        return items.into_iter().try_for_each(|item| walk(item, of, kinds, take));
    }
    if !kinds.contains(kind.as_str()) {
        kinds.insert(kind.as_str().into());
    }
    let Metadata { name, namespace, labels, annotations, resource_version, .. } = raw.metadata;
    let labels = labels.unwrap_or_default();
    let object = match kind.as_str() {
        "Namespace" => FoundObject::Namespace(name),
        "ServiceAccount" => FoundObject::ServiceAccount(namespace.unwrap_or_default(), name),
        "Role" | "ClusterRole" => {
            let aggregation = raw.aggregation_rule.map(|rule| rule.cluster_role_selectors.unwrap_or_default());
            let (rules, labels) = (raw.rules.unwrap_or_default().into(), labels.clone());
            FoundObject::Role(Role { namespace, name, rules, labels, aggregation, origin: None })
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            let Some(RawRoleRef { kind, name: role }) = raw.role_ref else { return Ok(()) };
            let subjects = raw.subjects.unwrap_or_default().into_iter().filter_map(RawSubject::subject).collect();
            let role = RoleReference { kind, name: role };
            FoundObject::Binding(Binding { namespace, name, role, subjects, origin: None })
        }
        _ => return Ok(()),
    };
    let annotations = annotations.map(|Annotations(annotations)| annotations).unwrap_or_default();
    take(Found { object, labels, annotations, version: resource_version.unwrap_or_default() });
    Ok(())
}

/// Annotations but for kubectl's, which holds the whole object once more.
struct Annotations(BTreeMap<Box<str>, Box<str>>);

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        struct Kept;
        impl<'de> Visitor<'de> for Kept {
            type Value = Annotations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("annotations")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Annotations, M::Error> {
                let mut kept = BTreeMap::new();
                while let Some(key) = map.next_key::<Box<str>>()? {
                    if &*key == LAST_APPLIED {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        kept.insert(key, map.next_value()?);
                    }
                }
                Ok(Annotations(kept))
            }
        }
        value.deserialize_map(Kept)
    }
}

impl RawSubject {
    fn subject(self) -> Option<Subject> {
        let Self { kind, name, namespace } = self;
        match &*kind {
            "User" => Some(Subject::User(name)),
            "Group" => Some(Subject::Group(name)),
            "ServiceAccount" => Some(Subject::ServiceAccount { namespace, name }),
            _ => None,
        }
    }
}
