//! Who holds which roles, where.

use std::{collections::BTreeMap, fmt};

use rbac::{AnyRole, Binding, Subject};

use crate::World;

/// The subject of a binding. A username that is a service account's is that account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BindingSubject<'a> {
    /// A username.
    User(&'a str),
    /// Everybody in a group.
    Group(&'a str),
    /// A service account: namespace and name.
    ServiceAccount(&'a str, &'a str),
}

/// A role that somebody is bound to.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoundRole<'a> {
    pub(super) binding: &'a Binding,
    pub(super) role: &'a AnyRole,
}

/// What bindings give to one subject.
#[derive(Debug, Default)]
pub(super) struct BoundSubject<'a> {
    /// In the whole cluster.
    pub(super) everywhere: Vec<BoundRole<'a>>,
    /// By namespace.
    pub(super) in_namespaces: BTreeMap<&'a str, Vec<BoundRole<'a>>>,
}

/// Everybody that bindings name. A binding to a role that is not there gives nothing, and its subjects are here all the same.
/// What an access file grants comes behind what others do: it may be accepted there, and theirs is not.
pub(super) fn holders(world: &World) -> BTreeMap<BindingSubject<'_>, BoundSubject<'_>> {
    let index = world.index();
    let mut holders: BTreeMap<BindingSubject<'_>, BoundSubject<'_>> = BTreeMap::new();
    for binding in bindings(world) {
        let role = index.role_of(binding);
        for subject in binding.subjects() {
            let Some(who) = BindingSubject::of(subject, binding) else { continue };
            let holder = holders.entry(who).or_default();
            let Some(role) = role else { continue };
            let bound = match binding.namespace() {
                None => &mut holder.everywhere,
                Some(namespace) => holder.in_namespaces.entry(namespace).or_default(),
            };
            bound.push(BoundRole { binding, role });
        }
    }
    let is_last = |bound: &BoundRole<'_>| world.is_of_access_file(bound.binding.origin());
    for holder in holders.values_mut() {
        holder.everywhere.sort_by_key(is_last);
        holder.in_namespaces.values_mut().for_each(|bound| bound.sort_by_key(is_last));
    }
    holders
}

/// Every binding in the order of namespaces and names, whatever order they came in.
pub(super) fn bindings(world: &World) -> Vec<&Binding> {
    let mut bindings: Vec<&Binding> = world.index().bindings().iter().collect();
    bindings.sort_by_key(|binding| binding.id());
    bindings
}

impl<'a> BindingSubject<'a> {
    /// Returns the subject of a binding; `None` if it names a service account of no namespace.
    pub fn of(subject: &'a Subject, binding: &'a Binding) -> Option<Self> {
        Some(match subject {
            Subject::User(name) => Self::user(name),
            Subject::Group(name) => Self::Group(name),
            Subject::ServiceAccount { namespace, name } => {
                Self::ServiceAccount(namespace.as_deref().or(binding.namespace())?, name)
            }
        })
    }

    /// Returns a username.
    pub fn user(name: &'a str) -> Self {
        rbac::service_account_of(name)
            .map_or(Self::User(name), |(namespace, name)| Self::ServiceAccount(namespace, name))
    }

    /// `User`, `Group` or `ServiceAccount`, as bindings have it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "User",
            Self::Group(_) => "Group",
            Self::ServiceAccount(..) => "ServiceAccount",
        }
    }

    /// Returns the name, without the namespace of a service account.
    pub const fn name(self) -> &'a str {
        match self {
            Self::User(name) | Self::Group(name) | Self::ServiceAccount(_, name) => name,
        }
    }

    /// As bindings name it.
    pub(super) fn subject(self) -> Subject {
        match self {
            Self::User(name) => Subject::User(name.into()),
            Self::Group(name) => Subject::Group(name.into()),
            Self::ServiceAccount(namespace, name) => {
                Subject::ServiceAccount { namespace: Some(namespace.into()), name: name.into() }
            }
        }
    }
}

/// `ServiceAccount kube-system/namespace-controller`.
impl fmt::Display for BindingSubject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "User {name}"),
            Self::Group(name) => write!(f, "Group {name}"),
            Self::ServiceAccount(namespace, name) => write!(f, "ServiceAccount {namespace}/{name}"),
        }
    }
}
