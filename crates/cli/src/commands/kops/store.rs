//! Where a cluster's files are in kops' state store.
//!
//! They lie below `secrets/`, which kops' IAM roles let the control plane read and workers not. The guide of 2018 had them
//! below `addons/`, which every worker may read: its role, and so any pod that reaches the instance's metadata, could take
//! the key. kops also deletes `secrets/` with the cluster, and refuses to delete a cluster with files that it does not know.

use std::{fmt, str::FromStr};

use anyhow::Context as _;
use aws::s3::{BucketName, S3Client};
use clap::Args;
use identity::StsHost;

use crate::{
    credentials::{self, Wanted},
    rim::{self, Process},
};

/// The kops cluster, and where its state is.
#[derive(Args, Debug)]
pub(super) struct ClusterArgs {
    /// Name of the cluster [env: KOPS_CLUSTER_NAME]
    #[arg(long, value_name = "NAME")]
    name: Option<ClusterName>,

    /// kops' state store [env: KOPS_STATE_STORE]
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]")]
    state: Option<StateStore>,

    /// AWS Region to look for the bucket from; S3 says where it is
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// Profile of the AWS configuration to take credentials from
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// A cluster's name: a DNS name, and part of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClusterName(String);

impl FromStr for ClusterName {
    type Err = &'static str;

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
            Err("a cluster of kops has a DNS name in lower case, such as prod.example.com")
        }
    }
}

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StateStore {
    bucket: BucketName,
    /// Without slashes at its ends; empty where the store is the whole bucket.
    prefix: String,
}

impl FromStr for StateStore {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("s3://").ok_or("the state store must be in S3, as s3://BUCKET/PREFIX")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        let is_path =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !prefix.is_empty() && !prefix.split('/').all(is_path) {
            return Err(
                "the prefix may hold letters, digits, hyphens, dots, underscores, and single slashes".to_owned()
            );
        }
        let bucket = bucket.parse().map_err(|error: aws::s3::BucketNameError| error.to_string())?;
        Ok(Self { bucket, prefix: prefix.to_owned() })
    }
}

/// The folder of one cluster's files.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    bucket: BucketName,
    key: String,
}

impl Folder {
    /// Below a cluster's folder of the state store.
    const NAME: &str = "secrets/cluster-auth";

    fn new(StateStore { bucket, prefix }: &StateStore, name: &ClusterName) -> Self {
        let slash = if prefix.is_empty() { "" } else { "/" };
        Self { bucket: bucket.clone(), key: format!("{prefix}{slash}{name}/{}", Self::NAME) }
    }

    /// The key of one file.
    pub(super) fn key(&self, file: &str) -> String {
        format!("{}/{file}", self.key)
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket.as_str(), self.key)
    }
}

impl ClusterArgs {
    /// A flag that was given and is about the state store.
    pub(super) fn flag_of_store(&self) -> Option<&'static str> {
        let flags = [
            ("--state", self.state.is_some()),
            ("--region", self.region.is_some()),
            ("--profile", self.profile.is_some()),
        ];
        flags.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    /// The cluster's name: flag or variable, as kops has it.
    pub(super) fn name(&self, process: &Process) -> anyhow::Result<ClusterName> {
        let variable = || process.variable("KOPS_CLUSTER_NAME").map(str::parse).transpose();
        let name = self.name.clone().map_or_else(variable, |name| Ok(Some(name)));
        let name = name.map_err(anyhow::Error::msg).context("KOPS_CLUSTER_NAME")?;
        name.context("which cluster? give --name, or set KOPS_CLUSTER_NAME")
    }

    /// The folder of its files, where a state store is known.
    pub(super) fn folder(&self, name: &ClusterName, process: &Process) -> anyhow::Result<Folder> {
        let variable = || process.variable("KOPS_STATE_STORE").map(str::parse).transpose();
        let state = self.state.clone().map_or_else(variable, |state| Ok(Some(state)));
        let state = state.map_err(anyhow::Error::msg).context("KOPS_STATE_STORE")?;
        Ok(Folder::new(&state.context("which state store? give --state, or set KOPS_STATE_STORE")?, name))
    }

    /// The Region that was given, fit to stand in a command.
    pub(super) fn region(&self) -> anyhow::Result<Option<String>> {
        if let Some(region) = &self.region {
            StsHost::regional(region).map_err(|_| aws::EndpointError::Region(region.clone()))?;
        }
        Ok(self.region.clone())
    }

    /// S3, with the caller's credentials, in the bucket's own Region.
    pub(super) async fn open(
        &self,
        folder: &Folder,
        found: credentials::Found,
        environment: &aws::credentials::Environment,
    ) -> anyhow::Result<S3Client> {
        let client = aws::Client::new(environment)?;
        let (credentials, region) = (found.credentials, found.region.as_deref());
        Ok(S3Client::open(client, credentials, environment, region, folder.bucket.clone(), rim::now).await?)
    }

    /// Whose credentials.
    pub(super) fn credentials(
        &self,
        environment: &aws::credentials::Environment,
    ) -> anyhow::Result<credentials::Found> {
        let wanted = Wanted { region: self.region.clone(), profile: self.profile.clone(), ..Wanted::default() };
        credentials::find(&wanted, environment)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClusterName, Folder, StateStore};

    fn folder(state: &str, name: &str) -> Result<String, String> {
        let state: StateStore = state.parse()?;
        let name: ClusterName = name.parse().map_err(str::to_owned)?;
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
