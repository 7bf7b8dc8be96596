//! What Kubernetes installs itself, where manifests are compared with a cluster.

use std::collections::BTreeSet;

use rbac::{AnyRole, Binding};

use crate::{World, lint};

/// Adds to manifests the bindings of a cluster that Kubernetes installs itself, where none of the same name is among them,
/// and says how many: nobody writes them into manifests, and every cluster has them, so that they are neither lost nor new.
pub fn take_built_in(manifests: &mut World, cluster: &World) -> usize {
    let here: BTreeSet<_> = manifests.index().bindings().iter().map(Binding::id).collect();
    let mut bindings = Vec::new();
    for binding in cluster.index().bindings() {
        let subjects = lint::built_in_subjects(binding);
        if !subjects.is_empty() && !here.contains(&binding.id()) {
            let role = binding.role().into_owned();
            bindings.extend(Binding::new(
                binding.namespace().map(Into::into),
                binding.name().into(),
                role,
                subjects,
                None,
            ));
        }
    }
    let mut known: BTreeSet<_> = manifests.index().roles().iter().map(AnyRole::id).collect();
    let needed = bindings.iter().filter_map(|binding| cluster.index().role_of(binding));
    let roles: Vec<AnyRole> = needed.filter(|role| known.insert(role.id())).cloned().collect();
    let number = bindings.len();
    manifests.add(&bindings, &roles);
    number
}
