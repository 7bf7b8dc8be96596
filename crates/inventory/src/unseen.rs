//! What could not be read.

use std::fmt;

use mapping::BackendMode;

use crate::MappingTarget;

/// A gap: something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unseen {
    /// What, in words: `rolebindings`, `the ConfigMap kube-system/aws-auth`.
    pub what: Box<str>,
    /// Why, in words: `not allowed to list them`.
    pub why: Box<str>,
    /// What it is about, for whoever asks whether an answer depends on it.
    pub about: About,
}

/// What was not read. Answers use it to tell whether they depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// All of a cluster. The reason names it.
    Cluster,
    /// All objects of a kind.
    Kind(ObjectKind),
    /// A mapping source of the cluster that was not to be had.
    Source(MappingTarget),
    /// A mapping source that its reader refuses as a whole.
    Refused(MappingTarget),
    /// A file that was given for a mapping source: it cannot be taken as it is.
    Given(MappingTarget),
    /// Two that were given for one mapping source, and differ.
    Twice(MappingTarget),
    /// Whether a server reads a mapping source.
    WhetherRead(MappingTarget),
    /// Entries of `aws-auth` without the `ConfigMap` around them.
    BareLogins,
    /// The record of what was applied last.
    Record,
    /// What one role allows that bindings grant.
    Role,
    /// Which roles an aggregated role is made of, whether it is bound or chosen by one that is.
    Aggregation,
    /// Who has an access key.
    AccessKey,
    /// Anything else.
    #[default]
    Other,
}

/// A kind of objects that is known as a whole or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// `Namespace`s.
    Namespaces,
    /// `Role`s.
    Roles,
    /// `ClusterRole`s.
    ClusterRoles,
    /// `RoleBinding`s.
    RoleBindings,
    /// `ClusterRoleBinding`s.
    ClusterRoleBindings,
    /// `ConfigMap`s of `kube-system`.
    ConfigMaps,
    /// `IAMIdentityMapping`s.
    IdentityMappings,
    /// `ServiceAccount`s.
    ServiceAccounts,
}

/// Returns the gap about an aggregated role of which it hangs on the controller's order what it allows ([`rbac::Index::undecided`]).
pub fn undecided_role(role: &str) -> Unseen {
    let why = "it aggregates roles that aggregate it in turn, and each has rules of its own: which of them stay hangs on which role \
               the cluster's controller looks at first; leave the rules of all but one out";
    Unseen::new(format!("what the ClusterRole {role} allows"), why).about(About::Aggregation)
}

/// A mapping source that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnseenLogins {
    /// Which of the server's sources it is.
    pub mode: BackendMode,
    /// What, and why.
    pub gap: Unseen,
    /// What would help, as a sentence in the imperative.
    pub help: Box<str>,
    /// Whether nobody may be let in by what stands there: the program whose file it is makes nothing of it, or nothing says that a
    /// server reads it. Others may be named by what the cluster has all the same.
    pub is_of_nothing: bool,
}

impl UnseenLogins {
    /// Returns one by which whoever is named there may be let in.
    pub fn new(mode: BackendMode, gap: Unseen, help: impl Into<Box<str>>) -> Self {
        Self { mode, gap, help: help.into(), is_of_nothing: false }
    }

    /// A place that its reader refuses as a whole.
    pub(super) fn unreadable(gap: Unseen, target: MappingTarget) -> Self {
        Self::new(target.mode().unwrap_or(BackendMode::MountedFile), gap, "give it in a form that can be read")
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.about {
            About::Cluster => f.write_str(&self.why),
            _ => write!(f, "{}: {}", self.what, self.why),
        }
    }
}

impl ObjectKind {
    /// What permissions are made of.
    pub const OF_RBAC: [Self; 4] = [Self::Roles, Self::ClusterRoles, Self::RoleBindings, Self::ClusterRoleBindings];

    /// Returns the kind in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Roles => "roles",
            Self::ClusterRoles => "clusterroles",
            Self::RoleBindings => "rolebindings",
            Self::ClusterRoleBindings => "clusterrolebindings",
            Self::ConfigMaps => "the ConfigMaps of kube-system",
            Self::IdentityMappings => "IAMIdentityMappings",
            Self::ServiceAccounts => "serviceaccounts",
        }
    }
}

impl Unseen {
    /// Returns a gap that is about no particular kind of object or mapping source.
    pub fn new(what: impl Into<Box<str>>, why: impl Into<Box<str>>) -> Self {
        Self { what: what.into(), why: why.into(), about: About::Other }
    }

    /// Returns the gap that not all objects of a kind are known.
    pub fn of_kind(kind: ObjectKind, why: impl Into<Box<str>>) -> Self {
        Self::new(kind.in_words(), why).about(About::Kind(kind))
    }

    /// Returns the gap that a `ConfigMap` of `kube-system` is not known.
    pub fn of_config_map(name: &str, why: impl Into<Box<str>>) -> Self {
        let about = MappingTarget::in_config_map(name).map_or(About::Other, About::Source);
        Self::new(format!("the ConfigMap kube-system/{name}"), why).about(about)
    }

    /// Returns the gap with what it is about.
    #[must_use]
    pub fn about(self, about: About) -> Self {
        Self { about, ..self }
    }

    /// Returns whether it is about all objects of one of these kinds.
    pub fn is_of(&self, kinds: &[ObjectKind]) -> bool {
        matches!(self.about, About::Kind(kind) if kinds.contains(&kind))
    }

    /// Whether it is a mapping source that was there and cannot be read.
    pub(crate) fn hides_as_read(&self, target: MappingTarget) -> bool {
        [About::Refused(target), About::Given(target), About::Twice(target)].contains(&self.about)
    }

    /// Returns whether it is the very place of a target, which is there and cannot be read: whatever is written for it would be written
    /// over that.
    pub fn withholds(&self, target: MappingTarget) -> bool {
        [About::Source(target), About::Refused(target), About::Given(target)].contains(&self.about)
    }

    /// Returns whether it may hold the logins of a target.
    pub fn hides(&self, target: MappingTarget) -> bool {
        let list = target.config_map().map_or(ObjectKind::IdentityMappings, |_| ObjectKind::ConfigMaps);
        [About::Source(target), About::Refused(target)].contains(&self.about)
            || (self.is_of(&[list]) && target != MappingTarget::None)
    }
}
