//! The record of what was applied: one `ConfigMap`, with the files themselves.

mod files;

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::files::{File, file_at, files};
use crate::MappingTarget;

/// The namespace of the record.
pub const NAMESPACE: &str = "kube-system";
/// The name of the record's `ConfigMap`.
pub const NAME: &str = "cluster-auth";
/// The key of what is not a file.
const KEY: &str = "record.json";
/// How the keys of files begin; a number follows, since a `ConfigMap`'s keys take no slashes.
const FILE_KEY: &str = "file-";
/// How much text of files is kept. A `ConfigMap` takes 1 MiB (Kubernetes, "ConfigMaps"), and etcd 1.5 MiB with all else.
const MAX_TEXT: usize = 768 * 1024;

/// The record of the access files that were last applied to a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The `clusterID`.
    pub cluster_id: Arc<str>,
    /// The files, by name. Where all of them together are too long, their texts are left out.
    pub files: Vec<File>,
    /// Where logins were written.
    pub target: MappingTarget,
}

/// The data is not a record that `apply` wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordError;

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the ConfigMap {NAMESPACE}/{NAME} was not written by `cluster-auth apply`; rename it if it belongs \
             to another program, or delete it to start over"
        )
    }
}

impl std::error::Error for RecordError {}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(rename = "clusterID")]
    cluster_id: Box<str>,
    mapping: Box<str>,
    files: Vec<Box<str>>,
}

impl Record {
    /// Returns the names of the files, with commas.
    pub fn file_names(&self) -> String {
        self.files.iter().map(|file| &*file.name).collect::<Vec<_>>().join(", ")
    }

    /// Returns the `ConfigMap`'s `data`.
    pub fn to_data(&self) -> BTreeMap<String, String> {
        let raw = Raw {
            cluster_id: (*self.cluster_id).into(),
            mapping: self.target.as_str().into(),
            files: self.files.iter().map(|file| (*file.name).into()).collect(),
        };
        let mut data =
            BTreeMap::from([(KEY.to_owned(), serde_json::to_string_pretty(&raw).expect("plain data") + "\n")]);
        if self.files.iter().map(|file| file.text.len()).sum::<usize>() <= MAX_TEXT {
            let texts = self.files.iter().enumerate();
            data.extend(texts.map(|(at, file)| (format!("{FILE_KEY}{at}"), file.text.to_string())));
        }
        data
    }

    /// Reads a record from a `ConfigMap`'s `data`.
    pub fn from_data(data: &BTreeMap<String, String>) -> Result<Self, RecordError> {
        let raw: Raw = data.get(KEY).and_then(|text| serde_json::from_str(text).ok()).ok_or(RecordError)?;
        let target = MappingTarget::ALL.into_iter().find(|target| target.as_str() == &*raw.mapping);
        let file = |(at, name): (usize, Box<str>)| File {
            name: name.into(),
            text: data.get(&format!("{FILE_KEY}{at}")).map(|text| text.as_str().into()).unwrap_or_default(),
        };
        Ok(Self {
            cluster_id: raw.cluster_id.into(),
            files: raw.files.into_iter().enumerate().map(file).collect(),
            target: target.ok_or(RecordError)?,
        })
    }
}
