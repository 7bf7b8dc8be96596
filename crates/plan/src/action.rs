//! The requests of steps.

use std::{collections::BTreeMap, sync::Arc};

use access::Mark;
use inventory::{File, MappingObject, RECORD_NAME, RECORD_NAMESPACE, Record};
use rbac::ObjectId;
use serde_json::{Value, json};

use super::Object;

/// The action of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes an object be what it is here, by server-side apply with force.
    Apply {
        /// The whole object.
        object: Object,
        /// Its mark.
        mark: Mark,
        /// Only if it still has this `resourceVersion`; without one, whatever is there, or nothing.
        version: Option<Box<str>>,
    },
    /// Removes an object; that it is gone already is success.
    Delete {
        /// Which.
        id: ObjectId,
        /// Only if it still has this `resourceVersion`, where one is given.
        version: Option<Box<str>>,
    },
    /// Makes a mapping object be what it is here.
    ApplyMapping {
        /// The whole object.
        object: MappingObject,
        /// Its mark.
        mark: Mark,
    },
    /// Removes a mapping object.
    DeleteMapping {
        /// Its name.
        name: Box<str>,
        /// Only if it still has this `resourceVersion`.
        version: Box<str>,
    },
    /// Writes a `ConfigMap` as a whole.
    WriteMap(ConfigMapWrite),
    /// Waits until the API server has forgotten what it knows of logins (`--authentication-token-webhook-cache-ttl`).
    Settle,
}

/// A `ConfigMap` of `kube-system` to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigMapWrite {
    /// Its name.
    pub name: Box<str>,
    /// The whole object. With a `resourceVersion` it replaces exactly that version of it; without one it is made, and it
    /// is a conflict if there is one.
    pub manifest: Value,
}

impl ConfigMapWrite {
    /// The record.
    pub(super) fn of_record(record: &Record, version: Option<&str>) -> Self {
        let mark = Mark { cluster_id: record.cluster_id.clone(), file: first_name(&record.files) };
        Self::of_ours(RECORD_NAME, &record.to_data(), &mark, version)
    }

    /// Returns whether it replaces one that is there.
    pub fn replaces(&self) -> bool {
        !self.manifest["metadata"]["resourceVersion"].is_null()
    }

    /// One that is ours as a whole.
    pub(super) fn of_ours(name: &str, data: &BTreeMap<String, String>, mark: &Mark, version: Option<&str>) -> Self {
        let mut manifest = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "namespace": RECORD_NAMESPACE,
                "labels": Mark::labels(),
                "annotations": mark.annotations(),
            },
            "data": data,
        });
        if let Some(version) = version {
            manifest["metadata"]["resourceVersion"] = version.into();
        }
        Self { name: name.into(), manifest }
    }
}

/// The name that a mark gives the files.
pub(super) fn first_name(files: &[File]) -> Arc<str> {
    files.first().map(|file| Arc::clone(&file.name)).unwrap_or_default()
}
