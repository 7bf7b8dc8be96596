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
        let RoleReference { kind, name } = binding.role();
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
