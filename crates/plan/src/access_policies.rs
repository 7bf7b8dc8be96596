//! What people hold beside bindings, which no plan changes: EKS access policies.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use identity::Identity;
use inventory::{Observed, Policy, policy};
use mapping::RulePrincipal;
use rbac::comparison::PolicyRights;

/// A policy, and where it holds: namespaces as names or globs, or the whole cluster.
type AssociatedPolicy = (&'static Policy, Option<Vec<Box<str>>>);

/// The policies that are known, by whose they are.
pub(super) struct Policies {
    /// By the ARN that mappings name, in lower case.
    held: HashMap<String, Vec<AssociatedPolicy>>,
    /// The namespaces that are known, and each glob as a place of its own, which stands for those that are not.
    places: BTreeSet<Arc<str>>,
    /// Who may hold others, or some of which it is not known what they allow: by the same ARNs.
    unknown: BTreeSet<String>,
}

impl Policies {
    pub(super) fn of(observed: &Observed) -> Self {
        let mut held: HashMap<String, Vec<AssociatedPolicy>> = HashMap::new();
        let mut places = BTreeSet::new();
        let arn = |principal: &str| match RulePrincipal::of_arn(&principal.parse().ok()?)? {
            RulePrincipal::Arn(arn) => Some(arn),
            RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_) => None,
        };
        let unknown = observed.entries.unseen_policies().into_iter().filter_map(|principal| arn(&principal)).collect();
        for association in observed.entries.associations() {
            let (Some(arn), Some(policy)) = (arn(&association.principal), policy(&association.policy)) else {
                continue;
            };
            places.extend(association.namespaces.iter().flatten().map(|glob| Arc::from(&**glob)));
            held.entry(arn).or_default().push((policy, association.namespaces));
        }
        if !held.is_empty() {
            places.extend(observed.namespaces.iter().map(|namespace| Arc::from(&*namespace.name)));
        }
        Self { held, places, unknown }
    }

    /// The places that they are about.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|place| &**place)
    }

    /// Whether it is known what somebody holds.
    pub(super) fn are_known_of(&self, identity: &Identity) -> bool {
        self.unknown.is_empty() || !self.unknown.contains(&identity.canonical_arn().to_ascii_lowercase())
    }

    /// What somebody holds, in each of the places that it holds in.
    pub(super) fn held_by(&self, identity: &Identity) -> Vec<PolicyRights<'static>> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let held = self.held.get(&identity.canonical_arn().to_ascii_lowercase()).into_iter().flatten();
        let mut rights: Vec<_> =
            held.flat_map(|(policy, namespaces)| policy.rights_in(namespaces.as_deref(), &self.places)).collect();
        rights.sort();
        rights
    }
}
