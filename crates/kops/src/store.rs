//! Where a cluster's files are in kops' state store.
//!
//! They lie below `secrets/`, which kops' IAM roles let the control plane read and workers not. The guide of 2018 had them
//! below `addons/`, which every worker may read: its role, and so any pod that reaches the instance's metadata, could take
//! the key. kops also deletes `secrets/` with the cluster, and refuses to delete a cluster with files that it does not know.

use std::{fmt, str::FromStr};

use identity::{BucketName, BucketNameError};

/// A cluster's name: a DNS name, and part of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterName(String);

impl FromStr for ClusterName {
    type Err = ClusterNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_label = |label: &str| {
            let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(known)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() <= 253 && text.split('.').all(is_label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClusterNameError)
        }
    }
}

/// The text is not a valid name of a kops cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cluster of kops has a DNS name in lower case, such as prod.example.com")]
pub struct ClusterNameError;

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The state store of kops: `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateStore {
    bucket: BucketName,
    /// Without slashes at its ends; empty where the store is the whole bucket.
    prefix: String,
}

/// The reasons to reject a state store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateStoreError {
    /// It is not in S3.
    #[error("the state store must be in S3, as s3://BUCKET/PREFIX")]
    Elsewhere,
    /// What could lead to another folder.
    #[error("the prefix may hold letters, digits, hyphens, dots, underscores, and single slashes")]
    Prefix,
    /// The bucket has no bucket's name.
    #[error(transparent)]
    Bucket(#[from] BucketNameError),
}

impl fmt::Display for StateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.bucket.as_str(), self.prefix)
    }
}

impl FromStr for StateStore {
    type Err = StateStoreError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("s3://").ok_or(StateStoreError::Elsewhere)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        let is_path =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !prefix.is_empty() && !prefix.split('/').all(is_path) {
            return Err(StateStoreError::Prefix);
        }
        Ok(Self { bucket: bucket.parse()?, prefix: prefix.to_owned() })
    }
}

/// The folder of one cluster's files.
#[derive(Clone, Debug)]
pub struct Folder {
    bucket: BucketName,
    key: String,
}

impl Folder {
    /// Below a cluster's folder of the state store.
    const NAME: &str = "secrets/cluster-auth";

    /// The folder of a cluster in a state store.
    pub fn new(StateStore { bucket, prefix }: &StateStore, name: &ClusterName) -> Self {
        let slash = if prefix.is_empty() { "" } else { "/" };
        Self { bucket: bucket.clone(), key: format!("{prefix}{slash}{name}/{}", Self::NAME) }
    }

    /// Returns the bucket that it is in.
    pub fn bucket(&self) -> &BucketName {
        &self.bucket
    }

    /// Returns the key of one file.
    pub fn key(&self, file: &str) -> String {
        format!("{}/{file}", self.key)
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket.as_str(), self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClusterName, ClusterNameError, Folder, StateStore, StateStoreError};

    fn folder(state: &str, name: &str) -> Result<String, String> {
        let state: StateStore = state.parse().map_err(|error: StateStoreError| error.to_string())?;
        let name: ClusterName = name.parse().map_err(|error: ClusterNameError| error.to_string())?;
        Ok(Folder::new(&state, &name).to_string())
    }

    #[test]
    fn a_clusters_files_lie_among_its_secrets() {
        let rows = [
            ("s3://state", "c.example.com", "s3://state/c.example.com/secrets/cluster-auth"),
            ("s3://state/", "c", "s3://state/c/secrets/cluster-auth"),
            ("s3://example.com-state/a/b_1/", "c", "s3://example.com-state/a/b_1/c/secrets/cluster-auth"),
        ];
        for (state, name, expected) in rows {
            assert_eq!(folder(state, name).as_deref(), Ok(expected), "{state} {name}");
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        let states = [
            "state",
            "gs://state",
            "s3:/state",
            "s3://",
            "s3://State",
            "s3://state/a//b",
            "s3://state/a b",
            "s3://state/$(x)",
        ];
        for state in states {
            assert!(folder(state, "c").is_err(), "{state}");
        }
        for name in ["", "a/b", "../c", "C", "c.", ".c", "-c", "c_d", "c d", "c\n", "c'd", &"c".repeat(64)] {
            assert!(folder("s3://state", name).is_err(), "{name:?}");
        }
    }
}
