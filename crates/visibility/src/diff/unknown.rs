//! Grants of roles that are not known: of an access file that binds `edit`, where no cluster was given that says what
//! `edit` allows. Nothing can be said of the rights, and that such a grant comes or goes must not go unsaid.

use std::collections::BTreeSet;

use rbac::{RoleReference, Subject};

use crate::{World, who_can::resolved};

/// A grant that is added or removed, and whose permissions are not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownGrant {
    /// Whether it comes.
    pub comes: bool,
    /// Whose.
    pub subject: Subject,
    /// The role that is not known.
    pub role: RoleReference,
    /// Where; none is the whole cluster.
    pub namespace: Option<Box<str>>,
}

/// The grants that only one of two worlds has and does not know the role of.
pub(super) fn between(before: &World, after: &World) -> Vec<UnknownGrant> {
    let only = |one: &World, other: &World, comes: bool| -> Vec<UnknownGrant> {
        let unknown = grants(one, |at| one.lacks_role_of(at), comes);
        if unknown.is_empty() {
            return Vec::new();
        }
        let others = grants(other, |_| true, comes);
        unknown.difference(&others).cloned().collect()
    };
    let mut all = [only(before, after, false), only(after, before, true)].concat();
    all.sort_by(|a, b| (a.comes, &a.subject, &a.role, &a.namespace).cmp(&(b.comes, &b.subject, &b.role, &b.namespace)));
    all
}

fn grants(world: &World, which: impl Fn(&rbac::Binding) -> bool, comes: bool) -> BTreeSet<UnknownGrant> {
    let mut grants = BTreeSet::new();
    for binding in world.index().bindings().iter().filter(|binding| which(binding)) {
        let subjects = binding.subjects().iter().filter_map(|subject| resolved(subject, binding));
        grants.extend(subjects.map(|subject| UnknownGrant {
            comes,
            subject,
            role: binding.role().into_owned(),
            namespace: binding.namespace().map(Box::from),
        }));
    }
    grants
}
