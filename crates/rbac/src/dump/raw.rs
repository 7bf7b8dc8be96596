//! The shapes of JSON. `null` means what the API server takes it for: the same as nothing, and `""` in a list of texts.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::kinds::TypeMeta;
use crate::{
    LabelSelector, Labels, Rule, Subject,
    nulls::{or_default, texts_by_key},
};

/// Where kubectl keeps what it applied last.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Raw {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) api_version: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) kind: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) metadata: Metadata,
    /// Whatever has it is a list, `null` an empty one (Kubernetes, `apimachinery/pkg/apis/meta/v1/unstructured`, `decode`).
    #[serde(default, deserialize_with = "items")]
    pub(super) items: Option<Vec<Option<Raw>>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) rules: Vec<Option<Rule>>,
    pub(super) aggregation_rule: Option<AggregationRule>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) role_ref: RawRoleRef,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) subjects: Vec<Option<RawSubject>>,
    pub(super) data: Option<Box<RawValue>>,
    pub(super) binary_data: Option<Box<RawValue>>,
    pub(super) spec: Option<Box<RawValue>>,
    pub(super) status: Option<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) generate_name: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) namespace: Box<str>,
    #[serde(default, deserialize_with = "texts_by_key")]
    pub(super) labels: Labels,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) annotations: Annotations,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) resource_version: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) uid: Box<str>,
    #[serde(rename = "continue", default, deserialize_with = "or_default")]
    more: Box<str>,
    #[serde(default)]
    remaining_item_count: Option<IgnoredAny>,
}

impl Metadata {
    /// Whether a list is only a part of one (Kubernetes, `meta/v1` `ListMeta`).
    pub(super) fn is_of_part(&self) -> bool {
        !self.more.is_empty() || self.remaining_item_count.is_some()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AggregationRule {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) cluster_role_selectors: Vec<Option<LabelSelector>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRoleRef {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) api_group: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) kind: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: Box<str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawSubject {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) kind: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) namespace: Box<str>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) api_group: Box<str>,
}

/// Annotations but for kubectl's, which holds the whole object once more.
#[derive(Default)]
pub(super) struct Annotations(pub(super) BTreeMap<Box<str>, Box<str>>);

impl Raw {
    pub(super) fn type_meta(&self) -> TypeMeta<'_> {
        TypeMeta { api_version: &self.api_version, kind: &self.kind }
    }

    /// Whether it says neither `apiVersion` nor `kind`, so that a list says both.
    pub(super) fn says_nothing(&self) -> bool {
        self.api_version.is_empty() && self.kind.is_empty()
    }
}

impl RawSubject {
    /// An empty namespace is none: that of the binding.
    pub(super) fn subject(self) -> Option<Subject> {
        let Self { kind, name, namespace, .. } = self;
        match &*kind {
            "User" => Some(Subject::User(name)),
            "Group" => Some(Subject::Group(name)),
            "ServiceAccount" => {
                Some(Subject::ServiceAccount { namespace: (!namespace.is_empty()).then_some(namespace), name })
            }
            _ => None,
        }
    }
}

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
                        kept.insert(key, map.next_value::<Option<_>>()?.unwrap_or_default());
                    }
                }
                Ok(Annotations(kept))
            }
        }
        value.deserialize_map(Kept)
    }
}

fn items<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Vec<Option<Raw>>>, D::Error> {
    or_default(value).map(Some)
}
