//! What `kubectl get … -o json` prints, read straight into the slim types.

mod arriving;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use serde_json::value::RawValue;

use crate::{Binding, LabelSelector, Labels, Objects, Role, RoleKind, RoleReference, Rule, Subject};

pub use self::arriving::Arriving;

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

#[derive(Default, Deserialize)]
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
    data: Option<Box<RawValue>>,
    binary_data: Option<Box<RawValue>>,
    spec: Option<Box<RawValue>>,
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
#[derive(Clone, Debug)]
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

/// The kinds of objects that are about access, and all others.
#[derive(Clone, Debug)]
pub enum FoundObject {
    /// A namespace.
    Namespace(Box<str>),
    /// A `Role` or a `ClusterRole`.
    Role(Role),
    /// A `RoleBinding` or a `ClusterRoleBinding`.
    Binding(Binding),
    /// Anything else.
    Other(Other),
}

/// An object that RBAC knows nothing of, with what most kinds have, as it is written in JSON.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its kind.
    pub kind: Box<str>,
    /// Its namespace; objects of the cluster have none.
    pub namespace: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
    /// `data`.
    pub data: Option<Box<RawValue>>,
    /// `binaryData`.
    pub binary_data: Option<Box<RawValue>>,
    /// `spec`.
    pub spec: Option<Box<RawValue>>,
}

impl Objects {
    /// Adds the roles and bindings that a text holds: a list, a typed list, or one object.
    pub fn read(&mut self, json: &[u8]) -> Result<(), DumpError> {
        each(json, |found| match found.object {
            FoundObject::Namespace(_) | FoundObject::Other(_) => {}
            FoundObject::Role(role) => self.roles.push(role),
            FoundObject::Binding(binding) => self.bindings.push(binding),
        })?;
        Ok(())
    }
}

/// Hands on every object that a text holds, as soon as it is read: a long list never stands in memory as a
/// whole. What is returned are the kinds that it is known to have said everything about: those of its objects, and of typed
/// lists that are empty. With an error, what was handed on counts for nothing.
pub fn each(json: &[u8], mut take: impl FnMut(Found)) -> Result<BTreeSet<Box<str>>, DumpError> {
    let mut walk = Walk { kinds: BTreeSet::new(), is_partial: false, take: &mut take };
    let mut text = serde_json::Deserializer::from_slice(json);
    Outermost(&mut walk).deserialize(&mut text).and_then(|()| text.end()).map_err(DumpError::Syntax)?;
    if walk.is_partial { Err(DumpError::Partial) } else { Ok(walk.kinds) }
}

/// What has been seen on the way through a text.
struct Walk<'t> {
    kinds: BTreeSet<Box<str>>,
    is_partial: bool,
    take: &'t mut dyn FnMut(Found),
}

/// The outermost object, most often a list.
struct Outermost<'w, 't>(&'w mut Walk<'t>);

/// The elements of a list whose kind is known where it stood in front of them; those that say no kind of their own wait
/// otherwise.
struct Items<'w, 't> {
    walk: &'w mut Walk<'t>,
    of: Option<Box<str>>,
    waiting: &'w mut Vec<Raw>,
}

impl<'de> DeserializeSeed<'de> for Outermost<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<(), D::Error> {
        text.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Outermost<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of Kubernetes, or a list of them")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let Self(walk) = self;
        let (mut object, mut is_list, mut waiting) = (Raw::default(), false, Vec::new());
        while let Some(key) = map.next_key::<Box<str>>()? {
            match &*key {
                "kind" => object.kind = map.next_value()?,
                "metadata" => object.metadata = map.next_value()?,
                "items" => {
                    let of = object.kind.as_deref().and_then(element_kind).map(Box::from);
                    is_list = map.next_value_seed(Items { walk, of, waiting: &mut waiting })?;
                }
                "rules" => object.rules = map.next_value()?,
                "aggregationRule" => object.aggregation_rule = map.next_value()?,
                "roleRef" => object.role_ref = map.next_value()?,
                "subjects" => object.subjects = map.next_value()?,
                "data" => object.data = map.next_value()?,
                "binaryData" => object.binary_data = map.next_value()?,
                "spec" => object.spec = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        object.items = is_list.then_some(waiting);
        walk.object(object, None);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    /// Whether there was a list at all.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<bool, D::Error> {
        text.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_none<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_some<D: Deserializer<'de>>(self, text: D) -> Result<bool, D::Error> {
        text.deserialize_seq(self)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<bool, S::Error> {
        let Self { walk, of, waiting } = self;
        while let Some(item) = list.next_element::<Raw>()? {
            if item.kind.is_some() || of.is_some() {
                walk.object(item, of.as_deref());
            } else {
                waiting.push(item);
            }
        }
        Ok(true)
    }
}

/// What a typed list has elements of.
fn element_kind(list: &str) -> Option<&str> {
    list.strip_suffix("List").filter(|of| !of.is_empty())
}

impl Walk<'_> {
    fn object(&mut self, raw: Raw, list_kind: Option<&str>) {
        let kind = raw.kind.as_deref().or(list_kind).unwrap_or_default();
        self.is_partial |= raw.metadata.more.as_deref().is_some_and(|more| !more.is_empty());
        if let Some(items) = raw.items {
            let of = element_kind(kind);
            self.kinds.extend(of.map(Box::from));
            return items.into_iter().for_each(|item| self.object(item, of));
        }
        if !self.kinds.contains(kind) {
            self.kinds.insert(kind.into());
        }
        let Metadata { name, namespace, labels, annotations, resource_version, .. } = raw.metadata;
        let labels = labels.unwrap_or_default();
        let object = match kind {
            "Namespace" => FoundObject::Namespace(name),
            "Role" | "ClusterRole" => {
                let aggregation = raw.aggregation_rule.map(|rule| rule.cluster_role_selectors.unwrap_or_default());
                let (rules, labels) = (raw.rules.unwrap_or_default().into(), labels.clone());
                FoundObject::Role(Role { namespace, name, rules, labels, aggregation, origin: None })
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                let Some(RawRoleRef { kind, name: role }) = raw.role_ref else { return };
                let subjects = raw.subjects.unwrap_or_default().into_iter().filter_map(RawSubject::subject).collect();
                let role = RoleReference { kind, name: role };
                FoundObject::Binding(Binding { namespace, name, role, subjects, origin: None })
            }
            kind => {
                let Raw { data, binary_data, spec, .. } = raw;
                FoundObject::Other(Other { kind: kind.into(), namespace, name, data, binary_data, spec })
            }
        };
        let annotations = annotations.map(|Annotations(annotations)| annotations).unwrap_or_default();
        (self.take)(Found { object, labels, annotations, version: resource_version.unwrap_or_default() });
    }
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
