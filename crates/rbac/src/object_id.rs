//! What roles and bindings are called.

use std::fmt;

use crate::{AnyRole, Binding, RoleKind, RoleReference};

/// The four kinds of RBAC objects, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "Kubernetes' own names")]
pub enum ObjectKind {
    ClusterRoleBinding,
    ClusterRole,
    RoleBinding,
    Role,
}

/// The identity of a role or a binding: no two objects of a cluster have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// The kind.
    pub kind: ObjectKind,
    /// The namespace, for the two kinds that have one.
    pub namespace: Option<Box<str>>,
    /// The name.
    pub name: Box<str>,
}

impl ObjectId {
    /// Returns the id of a role.
    pub fn of_role(role: &AnyRole) -> Self {
        Self::new(role.kind().into(), role.id())
    }

    /// Returns the id of a binding.
    pub fn of_binding(binding: &Binding) -> Self {
        let kind = match binding {
            Binding::ClusterRoleBinding(_) => ObjectKind::ClusterRoleBinding,
            Binding::RoleBinding(_) => ObjectKind::RoleBinding,
        };
        Self::new(kind, binding.id())
    }

    /// Returns the id of the role that a binding grants.
    pub fn of_role_of(binding: &Binding) -> Self {
        let RoleReference { kind, name } = binding.role();
        Self::new(kind.into(), (binding.namespace().filter(|_| kind == RoleKind::Role), name))
    }

    fn new(kind: ObjectKind, (namespace, name): (Option<&str>, &str)) -> Self {
        Self { kind, namespace: namespace.map(Box::from), name: name.into() }
    }
}

impl fmt::Display for ObjectId {
    /// `RoleBinding dev/developers-binding`, `ClusterRole cluster-auth:ops`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        f.write_str(" ")?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

impl From<RoleKind> for ObjectKind {
    fn from(kind: RoleKind) -> Self {
        match kind {
            RoleKind::Role => Self::Role,
            RoleKind::ClusterRole => Self::ClusterRole,
        }
    }
}

impl ObjectKind {
    /// Returns the name as Kubernetes writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::ClusterRole => "ClusterRole",
            Self::RoleBinding => "RoleBinding",
            Self::Role => "Role",
        }
    }
}
