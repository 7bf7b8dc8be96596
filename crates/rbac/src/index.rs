//! The objects, indexed for questions.

use std::{collections::HashMap, sync::Arc};

use crate::{
    AnyRole, Binding, Objects, Request, RoleKind, RoleReference, Rule, Subject, User,
    aggregate::{Aggregated, aggregated},
};

/// All objects at one moment, with aggregated rules filled in.
#[derive(Debug)]
pub struct Index {
    roles: Vec<AnyRole>,
    bindings: Vec<Binding>,
    cluster_roles_by_name: HashMap<Box<str>, usize>,
    roles_by_name: HashMap<(Box<str>, Box<str>), usize>,
    /// Bindings by what their subjects are called: usernames (those of service accounts too) and groups.
    by_user: HashMap<Box<str>, Vec<usize>>,
    by_group: HashMap<Box<str>, Vec<usize>>,
    undecided: Vec<Box<str>>,
}

/// The grant that allows a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant<'a> {
    /// Membership in `system:masters`.
    Masters,
    /// A rule of a role that is bound.
    Rule {
        /// The binding.
        binding: &'a Binding,
        /// The role.
        role: &'a AnyRole,
        /// The rule.
        rule: &'a Rule,
    },
}

impl Index {
    /// Indexes objects. Of two roles with one name the later one counts; a cluster cannot have two.
    pub fn new(objects: Objects) -> Self {
        let Objects { mut roles, bindings } = objects;
        let Aggregated { rules, undecided } = aggregated(&roles);
        let aggregated: Vec<(Box<str>, Arc<[Rule]>)> =
            rules.into_iter().map(|(name, rules)| (name.into(), rules)).collect();
        let (mut cluster_roles_by_name, mut roles_by_name) = (HashMap::new(), HashMap::new());
        for (at, role) in roles.iter().enumerate() {
            match role {
                AnyRole::ClusterRole(role) => cluster_roles_by_name.insert(role.name.clone(), at),
                AnyRole::Role(role) => roles_by_name.insert((role.namespace.clone(), role.name.clone()), at),
            };
        }
        for (name, rules) in aggregated {
            if let AnyRole::ClusterRole(role) = &mut roles[cluster_roles_by_name[&name]] {
                role.rules = rules;
            }
        }
        let (mut by_user, mut by_group): (HashMap<_, Vec<_>>, HashMap<_, Vec<_>>) = Default::default();
        for (at, binding) in bindings.iter().enumerate() {
            for subject in binding.subjects() {
                let of = match subject {
                    Subject::User(name) => by_user.entry(name.clone()).or_default(),
                    Subject::Group(name) => by_group.entry(name.clone()).or_default(),
                    Subject::ServiceAccount { namespace, name } => {
                        let Some(namespace) = namespace.as_deref().or(binding.namespace()) else { continue };
                        by_user.entry(User::service_account(namespace, name).name.into_boxed_str()).or_default()
                    }
                };
                if of.last() != Some(&at) {
                    of.push(at);
                }
            }
        }
        Self { roles, bindings, cluster_roles_by_name, roles_by_name, by_user, by_group, undecided }
    }

    /// Returns what allows a request of a user: the first grant found, those of the whole cluster before those of the namespace.
    pub fn authorize<'a>(&'a self, user: &User, request: &Request<'_>) -> Option<Grant<'a>> {
        if user.is_master() {
            return Some(Grant::Masters);
        }
        let namespace = match request {
            Request::Resource(request) => request.namespace,
            Request::Url { .. } => "",
        };
        self.grants(user, None)
            .chain((!namespace.is_empty()).then(|| self.grants(user, Some(namespace))).into_iter().flatten())
            .find(|grant| matches!(grant, Grant::Rule { rule, .. } if rule.allows(request)))
    }

    /// Returns every rule that a user holds in the whole cluster (`None`) or by the bindings of one namespace.
    pub fn grants<'a, 'u>(
        &'a self,
        user: &'u User,
        namespace: Option<&'u str>,
    ) -> impl Iterator<Item = Grant<'a>> + use<'a, 'u> {
        self.bindings_of(user).filter(move |binding| binding.namespace() == namespace).flat_map(|binding| {
            let role = self.role_of(binding);
            role.into_iter()
                .flat_map(move |role| role.rules().iter().map(move |rule| Grant::Rule { binding, role, rule }))
        })
    }

    /// Returns every binding that names a user, directly or by a group.
    pub fn bindings_of<'a, 'u>(&'a self, user: &'u User) -> impl Iterator<Item = &'a Binding> + use<'a, 'u> {
        let by_group = user.groups.iter().filter_map(|group| self.by_group.get(group.as_str()));
        let bindings = self.by_user.get(user.name.as_str()).into_iter().chain(by_group).flatten();
        bindings.map(|at| &self.bindings[*at])
    }

    /// Returns whether a binding names a user by this name, and not only by a group.
    pub fn names_user(&self, name: &str) -> bool {
        self.by_user.contains_key(name)
    }

    /// Returns every role.
    pub fn roles(&self) -> &[AnyRole] {
        &self.roles
    }

    /// Returns the names of aggregated roles that select each other, so that their rules depend on the order of events.
    pub fn undecided(&self) -> &[Box<str>] {
        &self.undecided
    }

    /// Returns every binding.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Returns the role that a reference in a namespace (`None`: in a `ClusterRoleBinding`) leads to, if it exists.
    pub fn role(&self, reference: RoleReference<&str>, namespace: Option<&str>) -> Option<&AnyRole> {
        let at = match reference.kind {
            RoleKind::ClusterRole => self.cluster_roles_by_name.get(reference.name)?,
            RoleKind::Role => self.roles_by_name.get(&(namespace?.into(), reference.name.into()))?,
        };
        Some(&self.roles[*at])
    }

    /// Returns the role that a binding grants, if it exists.
    pub fn role_of(&self, binding: &Binding) -> Option<&AnyRole> {
        self.role(binding.role(), binding.namespace())
    }
}
