//! The four kinds of objects, as slim as a hundred thousand of them need.

use std::sync::Arc;

use document::Span;
use serde::{Deserialize, Serialize};

use crate::{LabelSelector, Labels, nulls::texts};

/// The objects by which RBAC decides: roles and bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    /// Roles of namespaces and of the cluster.
    pub roles: Vec<AnyRole>,
    /// Bindings in namespaces and of the cluster.
    pub bindings: Vec<Binding>,
}

/// A `Role` or a `ClusterRole`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyRole {
    /// Of the cluster.
    ClusterRole(ClusterRole),
    /// Of one namespace.
    Role(Role),
}

/// A role of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterRole {
    /// The name, unique in the cluster.
    pub name: Box<str>,
    /// What it allows. Of an aggregated role that no cluster has yet this is only what somebody wrote there: see
    /// [`Self::aggregation`]. Roles that allow the same may share it.
    pub rules: Arc<[Rule]>,
    /// What aggregating roles choose it by.
    pub labels: Labels,
    /// Its rules are those of all `ClusterRole`s that one of these chooses.
    pub aggregation: Option<Vec<LabelSelector>>,
    /// Whether an API server served it, so that its rules are those in force, whatever it aggregates.
    pub is_served: bool,
    /// Where it is written, if a person wrote it.
    pub origin: Option<Span>,
}

/// A role of one namespace. It aggregates nothing, and nothing aggregates it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// The namespace.
    pub namespace: Box<str>,
    /// The name, unique in the namespace.
    pub name: Box<str>,
    /// What it allows. Roles that allow the same may share it.
    pub rules: Arc<[Rule]>,
    /// Where it is written, if a person wrote it.
    pub origin: Option<Span>,
}

/// A rule of a role: every verb on every resource of every group, or on every URL.
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

/// A `RoleBinding` or a `ClusterRoleBinding`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// In the whole cluster.
    ClusterRoleBinding(ClusterRoleBinding),
    /// In one namespace.
    RoleBinding(RoleBinding),
}

/// A binding in the whole cluster, which can grant a `ClusterRole` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterRoleBinding {
    /// The name, unique in the cluster.
    pub name: Box<str>,
    /// The name of the `ClusterRole` that is granted.
    pub cluster_role: Box<str>,
    /// The subjects.
    pub subjects: Vec<Subject>,
    /// Where it is written, if a person wrote it.
    pub origin: Option<Span>,
}

/// A binding in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleBinding {
    /// The namespace in which it grants.
    pub namespace: Box<str>,
    /// The name, unique in the namespace.
    pub name: Box<str>,
    /// What is granted.
    pub role: RoleReference,
    /// The subjects.
    pub subjects: Vec<Subject>,
    /// Where it is written, if a person wrote it.
    pub origin: Option<Span>,
}

/// `roleRef`: which role a binding grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoleReference<Name = Box<str>> {
    /// Which kind of role.
    pub kind: RoleKind,
    /// Its name; a `Role` is one of the binding's own namespace.
    pub name: Name,
}

/// The two kinds of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RoleKind {
    /// Of one namespace.
    Role,
    /// Of the cluster.
    ClusterRole,
}

/// The subject of a binding: a user, a group or a service account.
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
    /// Returns the name as Kubernetes writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::ClusterRole => "ClusterRole",
        }
    }
}

impl RoleReference<&str> {
    /// The same, to keep.
    pub fn into_owned(self) -> RoleReference {
        RoleReference { kind: self.kind, name: self.name.into() }
    }
}

impl AnyRole {
    /// Returns the namespace of a `Role`.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::ClusterRole(_) => None,
            Self::Role(role) => Some(&role.namespace),
        }
    }

    /// Returns the name, unique by kind and namespace.
    pub fn name(&self) -> &str {
        let (Self::ClusterRole(ClusterRole { name, .. }) | Self::Role(Role { name, .. })) = self;
        name
    }

    /// Returns what it allows.
    pub fn rules(&self) -> &Arc<[Rule]> {
        let (Self::ClusterRole(ClusterRole { rules, .. }) | Self::Role(Role { rules, .. })) = self;
        rules
    }

    /// Returns what it aggregates, if it is a `ClusterRole` that does.
    pub fn aggregation(&self) -> Option<&[LabelSelector]> {
        self.as_cluster_role()?.aggregation.as_deref()
    }

    /// Returns where it is written, if a person wrote it.
    pub fn origin(&self) -> Option<Span> {
        let (Self::ClusterRole(ClusterRole { origin, .. }) | Self::Role(Role { origin, .. })) = self;
        *origin
    }

    /// Returns namespace and name, which identify the object among those of its kind.
    pub fn id(&self) -> (Option<&str>, &str) {
        (self.namespace(), self.name())
    }

    /// Returns whether it is a `Role` or a `ClusterRole`.
    pub fn kind(&self) -> RoleKind {
        match self {
            Self::ClusterRole(_) => RoleKind::ClusterRole,
            Self::Role(_) => RoleKind::Role,
        }
    }

    /// Returns the `ClusterRole`, or `None` for a namespaced `Role`.
    pub fn as_cluster_role(&self) -> Option<&ClusterRole> {
        match self {
            Self::ClusterRole(role) => Some(role),
            Self::Role(_) => None,
        }
    }

    /// Gives it another name.
    pub fn set_name(&mut self, new: Box<str>) {
        let (Self::ClusterRole(ClusterRole { name, .. }) | Self::Role(Role { name, .. })) = self;
        *name = new;
    }

    /// Gives it other rules.
    pub fn set_rules(&mut self, new: Arc<[Rule]>) {
        let (Self::ClusterRole(ClusterRole { rules, .. }) | Self::Role(Role { rules, .. })) = self;
        *rules = new;
    }

    /// Says where it is written.
    pub fn set_origin(&mut self, at: Option<Span>) {
        let (Self::ClusterRole(ClusterRole { origin, .. }) | Self::Role(Role { origin, .. })) = self;
        *origin = at;
    }
}

impl From<ClusterRole> for AnyRole {
    fn from(role: ClusterRole) -> Self {
        Self::ClusterRole(role)
    }
}

impl From<Role> for AnyRole {
    fn from(role: Role) -> Self {
        Self::Role(role)
    }
}

impl Binding {
    /// Returns a `RoleBinding` if a namespace is given, else a `ClusterRoleBinding`; `None` for a `ClusterRoleBinding` to a `Role`.
    pub fn new(
        namespace: Option<Box<str>>,
        name: Box<str>,
        role: RoleReference,
        subjects: Vec<Subject>,
        origin: Option<Span>,
    ) -> Option<Self> {
        match (namespace, role) {
            (Some(namespace), role) => Some(Self::RoleBinding(RoleBinding { namespace, name, role, subjects, origin })),
            (None, RoleReference { kind: RoleKind::ClusterRole, name: cluster_role }) => {
                Some(Self::ClusterRoleBinding(ClusterRoleBinding { name, cluster_role, subjects, origin }))
            }
            (None, RoleReference { kind: RoleKind::Role, .. }) => None,
        }
    }

    /// Returns the namespace of a `RoleBinding`.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::ClusterRoleBinding(_) => None,
            Self::RoleBinding(binding) => Some(&binding.namespace),
        }
    }

    /// Returns the name, unique by kind and namespace.
    pub fn name(&self) -> &str {
        let (Self::ClusterRoleBinding(ClusterRoleBinding { name, .. }) | Self::RoleBinding(RoleBinding { name, .. })) =
            self;
        name
    }

    /// Returns what is granted.
    pub fn role(&self) -> RoleReference<&str> {
        match self {
            Self::ClusterRoleBinding(ClusterRoleBinding { cluster_role, .. }) => {
                RoleReference { kind: RoleKind::ClusterRole, name: cluster_role }
            }
            Self::RoleBinding(RoleBinding { role: RoleReference { kind, name }, .. }) => {
                RoleReference { kind: *kind, name }
            }
        }
    }

    /// Returns the subjects.
    pub fn subjects(&self) -> &[Subject] {
        let (Self::ClusterRoleBinding(ClusterRoleBinding { subjects, .. })
        | Self::RoleBinding(RoleBinding { subjects, .. })) = self;
        subjects
    }

    /// Returns where it is written, if a person wrote it.
    pub fn origin(&self) -> Option<Span> {
        let (Self::ClusterRoleBinding(ClusterRoleBinding { origin, .. })
        | Self::RoleBinding(RoleBinding { origin, .. })) = self;
        *origin
    }

    /// Returns namespace and name, which identify the object among those of its kind.
    pub fn id(&self) -> (Option<&str>, &str) {
        (self.namespace(), self.name())
    }

    /// As Kubernetes writes its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ClusterRoleBinding(_) => "ClusterRoleBinding",
            Self::RoleBinding(_) => "RoleBinding",
        }
    }

    /// Gives it another name.
    pub fn set_name(&mut self, new: Box<str>) {
        let (Self::ClusterRoleBinding(ClusterRoleBinding { name, .. }) | Self::RoleBinding(RoleBinding { name, .. })) =
            self;
        *name = new;
    }

    /// Gives it other subjects.
    pub fn set_subjects(&mut self, new: Vec<Subject>) {
        let (Self::ClusterRoleBinding(ClusterRoleBinding { subjects, .. })
        | Self::RoleBinding(RoleBinding { subjects, .. })) = self;
        *subjects = new;
    }

    /// Says where it is written.
    pub fn set_origin(&mut self, at: Option<Span>) {
        let (Self::ClusterRoleBinding(ClusterRoleBinding { origin, .. })
        | Self::RoleBinding(RoleBinding { origin, .. })) = self;
        *origin = at;
    }
}
