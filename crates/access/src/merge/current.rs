//! A `ConfigMap` as the cluster has it.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

use crate::Facts;

/// What is kept of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigMap {
    /// Its version, which makes applying a changed one a conflict.
    pub resource_version: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, without the one in which kubectl keeps what it applied last.
    pub annotations: BTreeMap<String, String>,
    /// Its texts.
    pub data: BTreeMap<String, String>,
    /// Its other data, in base64.
    pub binary_data: BTreeMap<String, String>,
}

/// Why a text is not what `kubectl get configmap -o json` prints.
#[derive(Debug)]
pub struct ConfigMapError(serde_json::Error);

impl fmt::Display for ConfigMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is not what `kubectl get configmap -o json` prints: {}", self.0)
    }
}

impl std::error::Error for ConfigMapError {}

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Kubernetes, `core/v1` `ConfigMap`, and lists of objects.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    items: Vec<Raw>,
    data: Option<BTreeMap<String, serde_json::Value>>,
    binary_data: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
    resource_version: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
}

/// The `ConfigMap`s of a namespace in a text: one object, or a list with others among them.
fn read(json: &[u8], namespace: &str) -> Result<Vec<(String, ConfigMap)>, ConfigMapError> {
    let raw: Raw = serde_json::from_slice(json).map_err(ConfigMapError)?;
    let kind = raw.kind.strip_suffix("List").unwrap_or_default().to_owned();
    let objects = if raw.items.is_empty() { vec![raw] } else { raw.items };
    let is_one = |raw: &Raw| {
        let kind = if raw.kind.is_empty() { &kind } else { &raw.kind };
        kind == "ConfigMap" && raw.metadata.namespace == namespace
    };
    Ok(objects.into_iter().filter(is_one).map(Raw::into_config_map).collect())
}

impl Raw {
    fn into_config_map(self) -> (String, ConfigMap) {
        let Metadata { name, resource_version, labels, annotations, .. } = self.metadata;
        let mut annotations = annotations.unwrap_or_default();
        annotations.remove(LAST_APPLIED);
        let text = |(key, value): (String, serde_json::Value)| Some((key, value.as_str()?.to_owned()));
        let map = ConfigMap {
            resource_version,
            labels: labels.unwrap_or_default(),
            annotations,
            data: self.data.unwrap_or_default().into_iter().filter_map(text).collect(),
            binary_data: self.binary_data.unwrap_or_default(),
        };
        (name, map)
    }
}

impl ConfigMap {
    /// One of any namespace in such a text, if it is there.
    pub fn find(json: &[u8], namespace: &str, name: &str) -> Result<Option<Self>, ConfigMapError> {
        Ok(read(json, namespace)?.into_iter().find(|(of, _)| of == name).map(|(_, map)| map))
    }
}

impl Facts {
    /// Takes the `ConfigMap`s of `kube-system` from such a text; `false` where it holds none.
    pub fn add_config_maps(&mut self, json: &[u8]) -> Result<bool, ConfigMapError> {
        let found = read(json, "kube-system")?;
        let is_one = !found.is_empty();
        if is_one {
            self.config_maps.get_or_insert_default().extend(found);
        }
        Ok(is_one)
    }
}
