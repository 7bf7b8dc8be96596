//! What a grant of the file allows.

use rbac::{Binding, RoleKind, RoleReference};

/// What a grant allows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    Rules(Vec<rbac::Rule>),
    ClusterRole(Box<str>),
    Role(Box<str>),
}

impl Right {
    /// The role that a binding grants, by its name.
    pub(super) fn of(binding: &Binding) -> Self {
        Self::of_role(binding.role())
    }

    /// A role by its name.
    pub(super) fn of_role(RoleReference { kind, name }: RoleReference<&str>) -> Self {
        match kind {
            RoleKind::ClusterRole => Self::ClusterRole(name.into()),
            RoleKind::Role => Self::Role(name.into()),
        }
    }

    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Rules(_) => "rules".to_owned(),
            Self::ClusterRole(name) => format!("ClusterRole {name}"),
            Self::Role(name) => format!("Role {name}"),
        }
    }
}
