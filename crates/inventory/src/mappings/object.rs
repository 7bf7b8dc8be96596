//! `IAMIdentityMapping` objects: one way to read them, for dumps and for who watches a cluster.

use std::collections::BTreeMap;

use access::Mark;
use mapping::{
    BackendMode,
    aws_iam_authenticator::{Object, compared},
};
use serde::{Deserialize, Deserializer};

/// An `IAMIdentityMapping`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MappingObject {
    /// The object's name.
    pub name: Box<str>,
    /// `spec.arn`, as written.
    pub arn: Box<str>,
    /// `spec.username`.
    pub username: Box<str>,
    /// `spec.groups`.
    pub groups: Vec<Box<str>>,
    /// `status.canonicalARN`, which aws-iam-authenticator writes; empty where it is not known.
    pub canonical_arn: Box<str>,
    /// ARNs that stand in `spec` under keys that nobody reads, each with its key.
    pub unread: Vec<(Box<str>, Box<str>)>,
}

impl MappingObject {
    /// Reads an object by its name, its `spec` and its `status`, as far as it has these.
    ///
    /// # Errors
    ///
    /// Its `spec` has values of other types than its definition says. A `status` that cannot be read says nothing.
    pub fn read<'de, D>(
        name: impl Into<Box<str>>,
        spec: Option<D>,
        status: Option<D>,
    ) -> Result<Self, serde_json::Error>
    where
        D: Deserializer<'de, Error = serde_json::Error>,
    {
        let spec = spec.map(Spec::deserialize).transpose()?.unwrap_or_default();
        let status = status.and_then(|status| Status::deserialize(status).ok()).unwrap_or_default();
        let unread = spec.unread();
        let Spec { arn, username, groups, .. } = spec;
        let (groups, canonical_arn) = (groups.unwrap_or_default(), status.canonical_arn);
        Ok(Self { name: name.into(), arn, username, groups, canonical_arn, unread })
    }

    /// Returns whom it is for, as aws-iam-authenticator compares; what never matches is for nobody.
    pub fn principal(&self) -> Box<str> {
        compared(BackendMode::Crd, &self.arn).map(Into::into).unwrap_or_default()
    }

    /// Returns this object in the form that aws-iam-authenticator's reader takes.
    pub fn as_read(&self) -> Object<'_> {
        let Self { name, arn, username, groups, canonical_arn, unread } = self;
        let groups = groups.iter().map(|group| &**group).collect();
        let unread = unread.iter().map(|(key, arn)| (&**key, &**arn)).collect();
        Object { name, arn, username, groups, canonical_arn, unread, place: None }
    }

    /// Returns the whole object with our mark, as the API server takes it.
    pub fn manifest(&self, mark: &Mark) -> serde_json::Value {
        serde_json::json!({
            "apiVersion": "iamauthenticator.k8s.aws/v1alpha1",
            "kind": "IAMIdentityMapping",
            "metadata": {"name": self.name, "labels": Mark::labels(), "annotations": mark.annotations()},
            "spec": {"arn": self.arn, "username": self.username, "groups": self.groups},
        })
    }
}

/// The `spec` of an `IAMIdentityMapping`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    arn: Box<str>,
    username: Box<str>,
    groups: Option<Vec<Box<str>>>,
    #[serde(flatten)]
    others: BTreeMap<Box<str>, serde_json::Value>,
}

impl Spec {
    /// ARNs under keys that nobody reads.
    fn unread(&self) -> Vec<(Box<str>, Box<str>)> {
        let is_arn = |text: &&str| text.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"));
        let mut unread = Vec::new();
        for (key, value) in &self.others {
            unread.extend(value.as_str().filter(is_arn).map(|arn| (key.clone(), arn.into())));
        }
        unread
    }
}

/// Its `status`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    #[serde(rename = "canonicalARN")]
    canonical_arn: Box<str>,
}
