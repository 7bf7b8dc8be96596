//! One of two things that are compared: who holds what there beside bindings.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use identity::Identity;
use rbac::{Index, User, comparison::PolicyRights};

use crate::{Associated, World};

/// The EKS access policies of a world, by whose they are.
pub(super) struct Side<'a> {
    /// By the ARN that mappings name, in lower case.
    policies: HashMap<String, Vec<&'a Associated>>,
}

impl<'a> Side<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        let mut policies: HashMap<String, Vec<&'a Associated>> = HashMap::new();
        for associated in world.policies().iter().filter(|associated| associated.policy.is_some()) {
            if let Some(arn) = associated.arn() {
                policies.entry(arn.to_owned()).or_default().push(associated);
            }
        }
        Self { policies }
    }

    /// What somebody holds by EKS access policies, in each of the places that it holds in.
    pub(super) fn held_by(&self, identity: &Identity, places: &BTreeSet<Arc<str>>) -> Vec<PolicyRights<'a>> {
        let associated = self.policies.get(&key(identity)).into_iter().flatten();
        let rights = |associated: &&Associated| {
            Some(associated.policy?.rights_in(associated.association.namespaces.as_deref(), places))
        };
        let mut rights: Vec<_> = associated.filter_map(rights).flatten().collect();
        rights.sort();
        rights
    }
}

/// The places that EKS access policies of some worlds are about: the namespaces that are known, and each glob as a place
/// of its own, which stands for the namespaces that are not known.
pub(super) fn places<'a>(worlds: impl IntoIterator<Item = &'a World>) -> BTreeSet<Arc<str>> {
    let mut places = BTreeSet::new();
    for world in worlds {
        let globs = world.policies().iter().filter_map(|associated| associated.association.namespaces.as_deref());
        places.extend(globs.flatten().map(|glob| Arc::from(&**glob)));
        places.extend(world.namespaces().map(Arc::from));
    }
    places
}

/// What compares somebody of AWS with others.
pub(super) fn key(identity: &Identity) -> String {
    identity.canonical_arn().to_ascii_lowercase()
}

/// A user without the name, where no binding names it, so that those who are alike are one.
pub(super) fn alike(user: User, index: &Index) -> User {
    if index.names_user(&user.name) { user } else { User { name: String::new(), ..user } }
}
