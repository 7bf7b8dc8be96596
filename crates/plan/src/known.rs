//! What of a cluster is known: whether what was not seen is not there.

use std::collections::BTreeSet;

use access::Scope;
use inventory::{Extent, GivenLogins, MappingTarget, Observed, Places, Unseen};
use rbac::{Binding, Index, ObjectId, ObjectKind, RoleKind};

use super::Wanted;

/// What of a cluster is known.
pub(super) struct KnownState<'a> {
    observed: &'a Observed,
    places: Places,
    /// Whether the file chooses namespaces that are not known.
    chooses: bool,
}

impl<'a> KnownState<'a> {
    pub(super) fn new(wanted: &Wanted<'_>, observed: &'a Observed) -> Self {
        // Without a place to write to none is looked at; EKS has its own.
        let looks = wanted.target != MappingTarget::None || observed.is_eks;
        let places =
            if looks { Places::of(observed, GivenLogins::default(), observed.is_eks) } else { Places::default() };
        let grants = wanted.access.groups.iter().flatten().flat_map(|group| group.grants.iter().flatten());
        let chooses = |scope: &Scope| match scope {
            Scope::Cluster => false,
            Scope::Namespaces(names) => names.iter().any(|name| name.value.contains('*')),
            Scope::Selector(..) => true,
        };
        let chooses = !observed.knowledge.namespaces && grants.into_iter().any(|grant| chooses(&grant.scope));
        Self { observed, places, chooses }
    }

    /// Whether somebody's login by these mappings could be another one, by what could not be read.
    pub(super) fn is_login_known(&self, snapshot: &mapping::Snapshot, identity: &identity::Identity) -> bool {
        let is_gap = |gap: &Unseen| self.observed.unseen.contains(gap);
        if !self.places.all().any(|place| is_gap(&place.gap)) {
            return true;
        }
        !self.places.that_may_say_otherwise(snapshot, identity).iter().any(|place| is_gap(&place.gap))
    }

    /// Mapping sources that make no gap of a plan, because nobody can look there: what they say is not part of it.
    pub(super) fn elsewhere(&self) -> impl Iterator<Item = &Unseen> {
        self.places.all().map(|place| &place.gap).filter(|gap| !self.observed.unseen.contains(gap))
    }

    /// Whether there may be logins that were not seen at all.
    pub(super) fn has_other_logins(&self) -> bool {
        self.places.all().any(|place| self.observed.unseen.contains(&place.gap))
    }

    /// Whether there may be roles or bindings that were not seen at all.
    pub(super) fn has_other_objects(&self) -> bool {
        let Observed { knowledge, unreadable, .. } = self.observed;
        let lists = knowledge.cluster_roles && knowledge.cluster_role_bindings;
        let of_namespaces = knowledge.roles == Extent::All && knowledge.role_bindings == Extent::All;
        !(lists && of_namespaces && unreadable.is_empty())
    }

    /// Whether an object that was not seen is not there, and would be made.
    pub(super) fn is_absent(&self, id: &ObjectId) -> bool {
        let knowledge = &self.observed.knowledge;
        let namespace = id.namespace.as_deref();
        let is_there = |namespace| self.observed.namespaces.iter().any(|one| &*one.name == namespace);
        let is_listed = match id.kind {
            ObjectKind::ClusterRoleBinding => knowledge.cluster_role_bindings,
            ObjectKind::RoleBinding => knowledge.role_bindings.covers(namespace.unwrap_or_default()),
            ObjectKind::ClusterRole | ObjectKind::Role => knowledge.of_role(namespace, &id.name),
        };
        // Nothing is made in a namespace that is not there.
        is_listed && namespace.is_none_or(|namespace| knowledge.namespaces || is_there(namespace))
    }

    /// Whether the file does not ask for an object that it is not seen to ask for.
    pub(super) fn is_unwanted(&self, id: &ObjectId) -> bool {
        id.namespace.is_none() || !self.chooses
    }

    /// Whether a role that was not found is not there.
    pub(super) fn lacks_role_of(&self, binding: &Binding) -> bool {
        let role = binding.role();
        let namespace = binding.namespace().filter(|_| role.kind == RoleKind::Role);
        self.observed.knowledge.of_role(namespace, role.name)
    }

    /// Why rights cannot be compared.
    pub(super) fn why_no_rights(&self, indexes: [&Index; 2], in_namespace: bool) -> Vec<Box<str>> {
        let Observed { knowledge, unreadable, .. } = self.observed;
        let mut why: BTreeSet<Box<str>> = unreadable.iter().cloned().collect();
        why.extend((knowledge.role_bindings != Extent::All).then(|| "rolebindings".into()));
        why.extend((!knowledge.cluster_role_bindings).then(|| "clusterrolebindings".into()));
        why.extend((!knowledge.namespaces && (self.chooses || in_namespace)).then(|| "namespaces".into()));
        for index in indexes {
            let lost = index.bindings().iter().filter(|binding| index.role_of(binding).is_none());
            let unknown = lost.filter(|binding| !self.lacks_role_of(binding));
            why.extend(unknown.map(|binding| format!("the {}", ObjectId::of_role_of(binding)).into()));
        }
        why.into_iter().collect()
    }
}
