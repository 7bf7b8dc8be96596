//! What the file means: who is who in the cluster, and which objects grant what.

mod namespaces;
mod objects;
mod people;

use std::collections::BTreeMap;

use document::{Problem, Problems};
use jiff::Timestamp;
use rbac::Objects;

pub(crate) use self::namespaces::Namespaces;
pub use self::namespaces::{glob, is_withheld};
use crate::{Access, AccessPrincipal, Facts};

/// The objects and logins that an access file asks for.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// Everybody, in the order of their principals.
    pub people: Vec<Person>,
    /// The roles of machines.
    pub nodes: Vec<AccessPrincipal>,
    /// Roles and bindings, in the order of namespaces and names; those of the cluster first.
    pub objects: Objects,
}

/// A principal, with username and groups in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// In AWS's terms. Its own `username` and `expires` are those of one of its places.
    pub principal: AccessPrincipal,
    /// The Kubernetes username, or its template.
    pub username: String,
    /// The groups, by name, each until it ends.
    pub groups: BTreeMap<Box<str>, Option<Timestamp>>,
}

/// Compiles an access file into objects and logins. Objects are those of groups that have not expired at `now`; people keep their expiry.
pub fn compile(access: &Access, facts: &Facts, now: Timestamp) -> (Desired, Vec<Problem>) {
    let mut problems = Problems::default();
    let people = people::people(access, facts, &mut problems);
    let objects = objects::objects(access, facts, now, &mut problems);
    (Desired { people, nodes: people::nodes(access), objects }, problems.into_sorted())
}

/// The people of one group, each until their own membership ends.
pub(crate) fn members(group: &crate::Group, facts: &Facts) -> Vec<Person> {
    people::members(group, facts)
}

impl Desired {
    /// Removes the people and memberships that have expired at `now`.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        for person in &mut self.people {
            person.groups.retain(|_, ends| ends.is_none_or(|ends| ends > now));
        }
        self.people.retain(|person| !person.groups.is_empty());
        self.nodes.retain(|node| node.expires.as_ref().is_none_or(|ends| ends.value > now));
        self
    }
}
