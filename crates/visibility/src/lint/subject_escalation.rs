//! A privilege escalation that somebody has, and by which rules.

use std::fmt;

use rbac::{
    AnyRole, Binding, ClusterRole, ResourceRequest, Rule,
    escalation::{Escalation, Scope},
};

use super::holders::BindingSubject;

/// One way that somebody has.
#[derive(Clone, Debug)]
pub(super) struct SubjectEscalation<'a> {
    pub(super) who: BindingSubject<'a>,
    pub(super) escalation: &'static Escalation,
    pub(super) scope: Scope<'a>,
    /// What it takes, each with the rule that grants it.
    pub(super) by: Vec<By<'a>>,
    /// Something else is needed for it, which they lack.
    pub(super) is_short: bool,
    /// Where rules name objects: which one it is about.
    pub(super) of: Option<Of<'a>>,
}

/// A request, and what allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct By<'a> {
    pub(super) binding: &'a Binding,
    pub(super) role: &'a AnyRole,
    pub(super) rule: &'a Rule,
    pub(super) request: ResourceRequest<'a>,
}

/// What a rule names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'a> {
    /// Somebody to act as.
    Subject(BindingSubject<'a>),
    /// A service account of this name in any namespace.
    AnyAccount(&'a str),
    /// A role to bind, by its name.
    Role(&'a str),
    /// A role to write into, which they hold.
    Held(&'a ClusterRole),
}

/// As exclusions name it.
impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(who) => who.fmt(f),
            Self::AnyAccount(name) => write!(f, "ServiceAccount */{name}"),
            Self::Role(name) => write!(f, "ClusterRole {name}"),
            Self::Held(role) => write!(f, "ClusterRole {}", role.name),
        }
    }
}
