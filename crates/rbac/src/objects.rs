//! The four kinds of objects, as slim as a hundred thousand of them need.

use std::sync::Arc;

use document::Span;
use serde::{Deserialize, Serialize};

use crate::{LabelSelector, Labels, User, nulls::texts};

/// Everything that RBAC decides by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// Roles of a namespace and of the cluster.
    pub roles: Vec<Role>,
    /// Bindings in a namespace and of the cluster.
    pub bindings: Vec<Binding>,
}

/// A `Role` (with a namespace) or a `ClusterRole` (without).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The namespace of a `Role`; a `ClusterRole` has none.
    pub namespace: Option<Box<str>>,
    /// The name, unique by kind and namespace.
    pub name: Box<str>,
    /// What it allows. Of an aggregated role this is only what was last written there: see [`Self::aggregation`].
    /// Roles that allow the same may share it.
    pub rules: Arc<[Rule]>,
    /// What aggregating roles choose it by.
    pub labels: Labels,
    /// A `ClusterRole` whose rules are those of all `ClusterRole`s that one of these chooses.
    pub aggregation: Option<Vec<LabelSelector>>,
    /// Where it is written, if a person wrote it.
    pub origin: Option<Span>,
}

/// What is allowed: every verb on every resource of every group, or on every URL.
///
/// Field meanings and wildcards: Kubernetes, `rbac/v1` `PolicyRule`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// `get`, `list`, `impersonate` …, or `*`.
    #[serde(default, deserialize_with = "texts")]
    pub verbs: Vec<Box<str>>,
    /// `""` is the core group; `*` is every group.
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<Box<str>>,
    /// `pods`, `pods/log`, `*/scale`, `*`.
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Box<str>>,
    /// Only objects of these names; empty is every object.
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<Box<str>>,
    /// `/healthz`, `/apis/*`, `*`.
    #[serde(default, rename = "nonResourceURLs", deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<Box<str>>,
}

/// A `RoleBinding` (with a namespace) or a `ClusterRoleBinding` (without).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The namespace of a `RoleBinding`; a `ClusterRoleBinding` has none.
    pub namespace: Option<Box<str>>,
    /// The name, unique by kind and namespace.
    pub name: Box<str>,
    /// What is granted.
    pub role: RoleReference,
    /// To whom.
    pub subjects: Vec<Subject>,
    /// Where it is written, if a person wrote it.
    pub origin: Option<Span>,
}

/// `roleRef`: which role a binding grants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoleReference {
    /// Which kind of role.
    pub kind: RoleKind,
    /// Its name; a `Role` is one of the binding's own namespace.
    pub name: Box<str>,
}

/// The two kinds of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RoleKind {
    /// Of one namespace.
    Role,
    /// Of the cluster.
    ClusterRole,
}

/// To whom a binding grants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A username.
    User(Box<str>),
    /// Everybody in a group.
    Group(Box<str>),
    /// The pods that run as a service account.
    ServiceAccount {
        /// Its namespace; without one, that of the binding.
        namespace: Option<Box<str>>,
        /// Its name.
        name: Box<str>,
    },
}

impl RoleKind {
    /// As Kubernetes writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::ClusterRole => "ClusterRole",
        }
    }
}

impl Role {
    /// Namespace and name, which no two of one kind share.
    pub fn id(&self) -> (Option<&str>, &str) {
        (self.namespace.as_deref(), &self.name)
    }

    /// Whether it is a `Role` or a `ClusterRole`.
    pub fn kind(&self) -> RoleKind {
        if self.namespace.is_some() { RoleKind::Role } else { RoleKind::ClusterRole }
    }
}

impl Binding {
    /// Namespace and name, which no two of one kind share.
    pub fn id(&self) -> (Option<&str>, &str) {
        (self.namespace.as_deref(), &self.name)
    }

    /// As Kubernetes writes its kind.
    pub fn kind(&self) -> &'static str {
        if self.namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" }
    }

    /// Those of its subjects that a user is.
    pub fn subjects_of<'a>(&'a self, user: &User) -> impl Iterator<Item = &'a Subject> {
        self.subjects.iter().filter(|subject| match subject {
            Subject::User(name) => **name == *user.name,
            Subject::Group(name) => user.groups.iter().any(|group| **group == **name),
            Subject::ServiceAccount { namespace, name } => {
                let namespace = namespace.as_ref().or(self.namespace.as_ref());
                namespace.is_some_and(|namespace| User::service_account(namespace, name).name == user.name)
            }
        })
    }
}
