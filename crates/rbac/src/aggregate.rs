//! Aggregated roles: their rules are other roles' rules.

use std::{collections::BTreeMap, sync::Arc};

use crate::{AnyRole, ClusterRole, Rule};

/// The rules of every aggregated `ClusterRole`, by name, as the cluster's controller would come to write them.
///
/// Source: Kubernetes, `pkg/controller/clusterroleaggregation`: what is chosen, in the order of names, without repetition
/// and without the role itself; what was written into the role before is replaced. An aggregated role may choose another
/// one, so this goes on until nothing changes.
pub(crate) fn aggregated(roles: &[AnyRole]) -> BTreeMap<&str, Arc<[Rule]>> {
    let mut cluster_roles: Vec<&ClusterRole> = roles.iter().filter_map(AnyRole::as_cluster_role).collect();
    cluster_roles.sort_by(|a, b| a.name.cmp(&b.name));
    let chosen: Vec<(&ClusterRole, Vec<&ClusterRole>)> = cluster_roles
        .iter()
        .filter_map(|role| {
            let selectors = role.aggregation.as_ref()?;
            let of_selector = |selector: &crate::LabelSelector| {
                let chosen =
                    cluster_roles.iter().filter(|other| other.name != role.name && selector.matches(&other.labels));
                chosen.copied().collect::<Vec<_>>()
            };
            Some((*role, selectors.iter().flat_map(of_selector).collect()))
        })
        .collect();
    let mut rules: BTreeMap<&str, Arc<[Rule]>> =
        chosen.iter().map(|(role, _)| (&*role.name, role.rules.clone())).collect();
    // Rules only travel along choices, so after as many rounds as there are roles nothing can change any more.
    for _ in 0..=chosen.len() {
        let mut changed = false;
        for (role, sources) in &chosen {
            let mut next: Vec<Rule> = Vec::new();
            for source in sources {
                for rule in rules.get(&*source.name).unwrap_or(&source.rules).iter() {
                    if !next.contains(rule) {
                        next.push(rule.clone());
                    }
                }
            }
            let current = rules.get_mut(&*role.name).expect("every aggregated role is in");
            if **current != *next {
                *current = next.into();
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    rules
}
