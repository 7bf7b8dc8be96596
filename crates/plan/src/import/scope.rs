//! Where a grant of the file holds.

use std::collections::HashMap;

use inventory::{
    Observed,
    foreign::{Chosen, RbacDefinition},
};
use rbac::{Binding, LabelSelector, Labels, RoleReference};

use super::Stands;

/// Where a grant holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    Cluster,
    /// By name, or as a glob.
    Namespace(Box<str>),
    /// By labels.
    Selector(LabelSelector),
}

impl Scope {
    /// Where a binding holds.
    pub(super) fn of(binding: &Binding) -> Self {
        binding.namespace().map_or(Self::Cluster, |namespace| Self::Namespace(namespace.into()))
    }

    /// Whether it holds where a binding does. Neither globs nor selectors of a file reach what is withheld from them.
    pub(super) fn covers(&self, binding: &Binding, labels: &HashMap<&str, &Labels>) -> bool {
        match (self, binding.namespace()) {
            (Self::Selector(selector), Some(namespace)) => {
                let of_namespace = labels.get(namespace).filter(|_| !access::is_withheld(namespace));
                of_namespace.is_some_and(|labels| selector.matches(labels))
            }
            _ => *self == Self::of(binding),
        }
    }
}

/// What a definition grants by labels.
pub(super) type ByLabels<'a> = (&'a RbacDefinition, Chosen<'a>);

/// What definitions of rbac-manager grant by labels, as far as a file can say the same: where every namespace that is chosen now
/// has just the binding that comes of it. The rest is behind it.
pub(super) fn by_labels(observed: &Observed) -> (Vec<ByLabels<'_>>, Vec<ByLabels<'_>>) {
    let there: HashMap<(Option<&str>, &str), &Binding> =
        observed.bindings.iter().map(|seen| (seen.object.id(), &seen.object)).collect();
    let is_as_there = |chosen: &Chosen<'_>| {
        let mut now = observed.namespaces.iter().filter(|namespace| chosen.selector.matches(&namespace.labels));
        now.all(|namespace| {
            let binding = there.get(&(Some(&*namespace.name), chosen.binding));
            binding.is_some_and(|binding| {
                let RoleReference { kind, name } = binding.role();
                (kind, name) == (chosen.role.kind, &*chosen.role.name) && *binding.subjects() == *chosen.subjects
            })
        })
    };
    let all = observed.definitions.iter().flat_map(|definition| definition.chosen().map(move |one| (definition, one)));
    all.partition(|(_, chosen)| is_as_there(chosen))
}

/// Where it stands that a definition chooses by labels.
pub(super) fn stands(definition: &RbacDefinition, chosen: &Chosen<'_>) -> Stands {
    let what = format!("the namespaces that the RBACDefinition {} chooses by labels", definition.name);
    Stands { what, section: String::new(), file: Some((definition.file.clone(), chosen.line)) }
}
