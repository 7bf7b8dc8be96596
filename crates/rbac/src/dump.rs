//! What `kubectl get … -o json` prints, read straight into the slim types.

mod kinds;
mod raw;
mod text_stream;
mod validation;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::value::RawValue;

use self::{
    kinds::{Kind, TypeMeta},
    walk::Walk,
};
use crate::{AnyRole, Binding, Labels, Objects};

pub use self::text_stream::TextStream;

/// The reasons to reject a dump.
#[derive(Debug)]
pub enum DumpError {
    /// Not JSON, or not of Kubernetes' shape.
    Syntax(serde_json::Error),
    /// Only a part of a list (`metadata.continue` or `remainingItemCount` is set), and of which kinds it does not say.
    Partial,
}

impl std::fmt::Display for DumpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "it is not what `kubectl get … -o json` prints: {error}"),
            Self::Partial => f.write_str("it is only a part of a list (metadata.continue is set)"),
        }
    }
}

impl std::error::Error for DumpError {}

/// An object of a dump, with further fields of its metadata.
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
    /// Its uid, which no other object in any cluster has; empty where the dump has none.
    pub uid: Box<str>,
    /// Whether an API server would choose its name, of which only the beginning (`generateName`) is known: `b-…`.
    pub is_name_generated: bool,
}

/// An object of a dump: of one of the kinds that define access, or any other. `apiVersion` and `kind` decide which, and also
/// whether the object is namespaced: a `ClusterRoleBinding` with a namespace in its metadata is cluster-wide, as for an API
/// server.
#[derive(Clone, Debug)]
pub enum FoundObject {
    /// A namespace.
    Namespace(Box<str>),
    /// A role of a namespace or of the cluster.
    Role(AnyRole),
    /// A binding in a namespace or in the whole cluster.
    Binding(Binding),
    /// Anything else.
    Other(Other),
    /// What is called as one of these and cannot be taken for one.
    Refused(Refused),
}

/// An object that RBAC knows nothing of, with what most kinds have, as it is written in JSON.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its `apiVersion`.
    pub api_version: Box<str>,
    /// Its kind.
    pub kind: Box<str>,
    /// Its namespace; objects of the cluster have none. A `ConfigMap` and a `ServiceAccount` always have one.
    pub namespace: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
    /// `data`.
    pub data: Option<Box<RawValue>>,
    /// `binaryData`.
    pub binary_data: Option<Box<RawValue>>,
    /// `spec`.
    pub spec: Option<Box<RawValue>>,
    /// `status`.
    pub status: Option<Box<RawValue>>,
}

/// An access object that is refused, because its meaning is not clear.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Its kind, as it is written.
    pub kind: Box<str>,
    /// Its name; empty where it has none.
    pub name: Box<str>,
    /// `data`, of what is called as a `ConfigMap`.
    pub data: Option<Box<RawValue>>,
    /// Why it is not taken.
    pub why: Refusal,
}

/// The reasons to refuse an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has no `apiVersion`.
    NoApiVersion,
    /// It has no `kind`.
    NoKind,
    /// There is no such kind in `rbac.authorization.k8s.io`.
    NoSuchKind,
    /// It is called as one of Kubernetes' own kinds in another case, of which this is the name.
    Misspelt(&'static str),
    /// It has no name.
    NoName,
    /// No API server serves its kind in this version.
    NotServed(Box<str>),
    /// One of OpenShift's own kinds, of which roles and bindings of RBAC are made there.
    OpenShift,
    /// It is of a namespace, and neither it nor anybody else says of which.
    NoNamespace,
    /// An API server would refuse it, for these reasons in its words.
    Invalid(Vec<String>),
}

impl fmt::Display for Refused {
    /// `RoleBinding b`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind.is_empty() { "an object" } else { &self.kind };
        let name = if self.name.is_empty() { "without a name" } else { &self.name };
        write!(f, "{kind} {name}")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoApiVersion => f.write_str("it has no apiVersion, which kubectl requires"),
            Self::NoSuchKind => f.write_str("rbac.authorization.k8s.io has no such kind, so kubectl refuses it"),
            Self::NoKind => f.write_str("it has no kind, which kubectl requires"),
            Self::NotServed(version) => match version.split_once('/') {
                None => {
                    write!(f, "no API server has this kind in {version}; write `apiVersion: rbac.authorization.k8s.io/v1`")
                }
                Some(("rbac.authorization.k8s.io", "v1alpha1" | "v1beta1")) => {
                    write!(f, "no API server serves {version} since Kubernetes 1.22; write rbac.authorization.k8s.io/v1")
                }
                Some(_) => write!(f, "Kubernetes has no `{version}`; write rbac.authorization.k8s.io/v1"),
            },
            Self::Misspelt(kind) => write!(f, "unknown kind, so kubectl refuses it; write `kind: {kind}`"),
            Self::NoName => f.write_str(
                "it has no name, which an API server requires; write `name` and `namespace` below `metadata`",
            ),
            Self::OpenShift => {
                f.write_str("OpenShift's own kind is not read; give what `oc get` prints of rbac.authorization.k8s.io")
            }
            Self::NoNamespace => f.write_str(
                "it has no namespace, and kubectl would take the one of its context; give `--default-namespace NAMESPACE`",
            ),
            Self::Invalid(reasons) => write!(f, "an API server refuses it: {}", reasons.join("; ")),
        }
    }
}

impl Objects {
    /// Adds the roles and bindings that a text holds: a list, a typed list, or one object.
    pub fn read(&mut self, json: &[u8]) -> Result<(), DumpError> {
        each(json, None, |found| match found.object {
            FoundObject::Namespace(_) | FoundObject::Other(_) | FoundObject::Refused(_) => {}
            FoundObject::Role(role) => self.roles.push(role),
            FoundObject::Binding(binding) => self.bindings.push(binding),
        })?;
        Ok(())
    }
}

/// The kinds that a text holds lists of: those of a list's elements, and of typed lists that are empty. A kind that is not
/// known here stands with its group, as `IAMIdentityMapping.iamauthenticator.k8s.aws`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// What is not there is not in the cluster.
    pub whole: BTreeSet<Box<str>>,
    /// Only parts of the lists are there (`metadata.continue` or `remainingItemCount` is set): what is not in them may be in
    /// the cluster.
    pub cut: BTreeSet<Box<str>>,
}

/// Hands on every object that a text holds, as soon as it is read: a long list never stands in memory as a whole. An object
/// of a namespace that does not say which is in `default_namespace`. With an error, what was handed on counts for nothing.
pub fn each(json: &[u8], default_namespace: Option<&str>, mut take: impl FnMut(Found)) -> Result<Kinds, DumpError> {
    let mut walk = Walk::new(default_namespace, &mut take);
    walk.text(json).map_err(DumpError::Syntax)?;
    walk.end()
}

/// Returns whether objects are of one of the kinds that are known here, or called as one and refused.
pub fn is_known(api_version: &str, kind: &str) -> bool {
    !matches!(TypeMeta { api_version, kind }.kind(), Kind::Other)
}
