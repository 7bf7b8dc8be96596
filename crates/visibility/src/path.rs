//! From whoever may do something to the rule that says so.

use document::Span;
use inventory::Association;
use rbac::{AnyRole, Binding, Grant, Request, Rule, User};

use crate::{Associated, NamedPrincipal, Policy, World};

/// A path from a subject to a rule: every right has one or more.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// Membership in `system:masters`, to which the API server grants everything.
    Masters,
    /// A binding, the role that it grants, and a rule of the role.
    Binding {
        /// The binding.
        binding: &'a Binding,
        /// The role.
        role: &'a AnyRole,
        /// The rule.
        rule: &'a Rule,
    },
    /// An EKS access policy that an access entry has.
    Policy {
        /// Whose, and where.
        associated: &'a Associated,
        /// The policy.
        policy: &'a Policy,
        /// A rule of it.
        rule: &'a Rule,
    },
}

/// The place in which a path grants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantPlace<'a> {
    /// In the whole cluster.
    Cluster,
    /// In the namespaces that these names or globs are for.
    Namespaces(&'a [Box<str>]),
    /// In one namespace.
    Namespace(&'a str),
}

impl<'a> GrantPlace<'a> {
    /// Returns the names or globs of its namespaces; none is the whole cluster.
    pub fn namespaces(self) -> Vec<&'a str> {
        match self {
            Self::Cluster => Vec::new(),
            Self::Namespace(name) => vec![name],
            Self::Namespaces(names) => names.iter().map(|name| &**name).collect(),
        }
    }
}

impl<'a> Path<'a> {
    /// Returns where it grants something.
    pub fn place(&self) -> GrantPlace<'a> {
        match self {
            Self::Masters => GrantPlace::Cluster,
            Self::Binding { binding, .. } => binding.namespace().map_or(GrantPlace::Cluster, GrantPlace::Namespace),
            Self::Policy { associated, .. } => {
                associated.association.namespaces.as_deref().map_or(GrantPlace::Cluster, GrantPlace::Namespaces)
            }
        }
    }

    /// Returns whether it grants something in a namespace; in the whole cluster for `""`.
    pub fn holds_in(&self, namespace: &str) -> bool {
        match self {
            Self::Policy { associated, .. } => associated.holds_in(namespace),
            Self::Masters | Self::Binding { .. } => match self.place() {
                GrantPlace::Namespace(own) => own == namespace,
                GrantPlace::Cluster | GrantPlace::Namespaces(_) => true,
            },
        }
    }

    /// Returns the rule; members of `system:masters` need none.
    pub fn rule(&self) -> Option<&'a Rule> {
        match self {
            Self::Masters => None,
            Self::Binding { rule, .. } | Self::Policy { rule, .. } => Some(rule),
        }
    }

    /// Returns where the grant is written, if a person wrote it: [`World::place`] says file and line.
    pub fn origin(&self) -> Option<Span> {
        match self {
            Self::Binding { binding, .. } => binding.origin(),
            Self::Masters | Self::Policy { .. } => None,
        }
    }

    /// What one path says before another one: the whole cluster first, then namespaces and names.
    pub(crate) fn order(&self) -> impl Ord + use<'a> {
        let name: [&str; 2] = match self {
            Self::Masters => ["", ""],
            Self::Binding { binding, .. } => [binding.name(), binding.role().name],
            Self::Policy {
                associated: Associated { association: Association { principal, policy, .. }, .. }, ..
            } => [policy, principal],
        };
        (self.place(), name)
    }
}

impl World {
    /// Returns every rule that a user holds somewhere, the whole cluster first. Of the rules of one role each is a path.
    pub fn held_by_user<'a>(&'a self, user: &User) -> Vec<Path<'a>> {
        let mut paths: Vec<Path<'a>> = user.is_master().then_some(Path::Masters).into_iter().collect();
        for binding in self.index().bindings_of(user) {
            let role = self.index().role_of(binding);
            let rules = role.into_iter().flat_map(|role| role.rules().iter().map(move |rule| (role, rule)));
            paths.extend(rules.map(|(role, rule)| Path::Binding { binding, role, rule }));
        }
        paths.sort_by_key(Path::order);
        // A binding that names several of the user's groups comes several times.
        paths.dedup_by(|a, b| match (a.rule(), b.rule()) {
            (Some(a_rule), Some(b_rule)) => std::ptr::eq(a_rule, b_rule) && a.is_by_same(b),
            _ => false,
        });
        paths
    }

    /// Returns every rule that a principal holds somewhere: those of the user and groups that they log in as, and of the EKS
    /// access policies of their access entry. Nothing for whoever cannot log in.
    pub fn held_by<'a>(&'a self, principal: &NamedPrincipal) -> Vec<Path<'a>> {
        let Some(user) = principal.user() else { return Vec::new() };
        let mut paths = self.held_by_user(&user);
        for associated in self.policies() {
            if let Some(policy) = associated.policy
                && associated.is_of(&principal.identity)
            {
                paths.extend(policy.rules.iter().map(|rule| Path::Policy { associated, policy, rule }));
            }
        }
        paths.sort_by_key(Path::order);
        paths
    }

    /// Returns what allows a principal a request: RBAC first, then EKS access policies.
    pub fn allows<'a>(&'a self, principal: &NamedPrincipal, request: &Request<'_>) -> Option<Path<'a>> {
        let by_rbac = self.index().authorize(&principal.user()?, request).map(Path::from);
        by_rbac.or_else(|| {
            let mut policies = self.policies().iter().filter(|associated| {
                associated.holds_in(namespace_of(request)) && associated.is_of(&principal.identity)
            });
            policies.find_map(|associated| associated.path(request))
        })
    }
}

impl Path<'_> {
    /// Whether both are by the same binding or the same policy, whatever the rules.
    pub(crate) fn is_by_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Masters, Self::Masters) => true,
            (Self::Binding { binding: a, .. }, Self::Binding { binding: b, .. }) => std::ptr::eq(*a, *b),
            (Self::Policy { associated: a, .. }, Self::Policy { associated: b, .. }) => std::ptr::eq(*a, *b),
            _ => false,
        }
    }
}

impl<'a> From<Grant<'a>> for Path<'a> {
    fn from(grant: Grant<'a>) -> Self {
        match grant {
            Grant::Masters => Self::Masters,
            Grant::Rule { binding, role, rule } => Self::Binding { binding, role, rule },
        }
    }
}

impl Associated {
    /// The rule of the policy that allows a request, wherever.
    pub(crate) fn path<'a>(&'a self, request: &Request<'_>) -> Option<Path<'a>> {
        let policy = self.policy?;
        let rule = policy.rules.iter().find(|rule| rule.allows(request))?;
        Some(Path::Policy { associated: self, policy, rule })
    }
}

/// The namespace that a request is about; `""` is the whole cluster.
pub(crate) fn namespace_of<'a>(request: &Request<'a>) -> &'a str {
    match request {
        Request::Resource(request) => request.namespace,
        Request::Url { .. } => "",
    }
}
