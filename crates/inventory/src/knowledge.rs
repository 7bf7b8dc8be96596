//! How much of a cluster's roles and bindings is known: whoever may not look at all of it may often look at a part.

use std::collections::BTreeSet;

/// The namespaces in which all objects of a kind are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// In all of them.
    All,
    /// In these; in none of them where there are none.
    In(BTreeSet<Box<str>>),
}

/// The extent to which roles and bindings are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// Whether all namespaces are.
    pub namespaces: bool,
    /// Where `RoleBinding`s are.
    pub role_bindings: Extent,
    /// Whether `ClusterRoleBinding`s are.
    pub cluster_role_bindings: bool,
    /// Where `Role`s are.
    pub roles: Extent,
    /// Whether `ClusterRole`s are.
    pub cluster_roles: bool,
    /// Roles that were asked for one by one, by namespace (of a `ClusterRole` none) and name: what was not found of them is
    /// not there.
    pub asked_roles: BTreeSet<(Option<Box<str>>, Box<str>)>,
}

impl Extent {
    /// Returns whether all objects of a namespace are known.
    pub fn covers(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::In(namespaces) => namespaces.contains(namespace),
        }
    }

    /// Returns whether those of no namespace are.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::In(namespaces) if namespaces.is_empty())
    }
}

impl Knowledge {
    /// Returns the knowledge of everything.
    pub fn whole() -> Self {
        let (role_bindings, roles) = (Extent::All, Extent::All);
        Self {
            namespaces: true,
            role_bindings,
            cluster_role_bindings: true,
            roles,
            cluster_roles: true,
            ..Self::default()
        }
    }
}

impl Default for Extent {
    /// Nothing.
    fn default() -> Self {
        Self::In(BTreeSet::new())
    }
}

impl Knowledge {
    /// Returns whether all bindings that hold somewhere are known: in a namespace, or (`None`) in the whole cluster.
    pub fn of_bindings_in(&self, namespace: Option<&str>) -> bool {
        self.cluster_role_bindings && namespace.is_none_or(|namespace| self.role_bindings.covers(namespace))
    }

    /// Returns whether a role of a namespace (of a `ClusterRole` none) is not there where it was not found.
    pub fn of_role(&self, namespace: Option<&str>, name: &str) -> bool {
        let is_listed = namespace.map_or(self.cluster_roles, |namespace| self.roles.covers(namespace));
        let is_it = |(of, asked): &(Option<Box<str>>, Box<str>)| of.as_deref() == namespace && **asked == *name;
        is_listed || self.asked_roles.iter().any(is_it)
    }
}
