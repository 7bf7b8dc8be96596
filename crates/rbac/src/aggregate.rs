//! Aggregated roles: their rules are other roles' rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{AnyRole, ClusterRole, Rule};

/// A role with those that it chooses.
type Choice<'a> = (&'a ClusterRole, Vec<&'a ClusterRole>);

/// What comes of aggregated roles.
pub(crate) struct Aggregated<'a> {
    /// The rules of each, by name.
    pub(crate) rules: BTreeMap<&'a str, Arc<[Rule]>>,
    /// Those whose rules hang on which one the controller looks at first: they choose each other, and say something themselves.
    pub(crate) undecided: Vec<Box<str>>,
}

/// The rules of every aggregated `ClusterRole`, by name, as the cluster's controller would come to write them.
///
/// Source: Kubernetes, `pkg/controller/clusterroleaggregation`: what is chosen, in the order of names, without repetition
/// and without the role itself; what was written into the role before is replaced. Where that is not a rule at all,
/// nothing is: the controller applies the role without `rules`, and an API server keeps what somebody else has written
/// there. An aggregated role may choose another one, so this goes on until nothing changes.
pub(crate) fn aggregated(roles: &[AnyRole]) -> Aggregated<'_> {
    let chosen = choices(roles);
    let in_force = in_force(&chosen);
    let moving: Vec<&Choice<'_>> = chosen.iter().filter(|(role, _)| !in_force.contains(&*role.name)).collect();
    let start = || chosen.iter().map(|(role, _)| (&*role.name, role.rules.clone())).collect();
    let rules = settled(start(), &moving);
    let backwards: Vec<&Choice<'_>> = moving.iter().rev().copied().collect();
    let otherwise = settled(start(), &backwards);
    let is_same = |(name, rules): &(&&str, &Arc<[Rule]>)| {
        let other = &otherwise[**name];
        rules.iter().all(|rule| other.contains(rule)) && other.iter().all(|rule| rules.contains(rule))
    };
    let undecided = rules.iter().filter(|one| !is_same(one)).map(|(name, _)| Box::from(*name)).collect();
    Aggregated { rules, undecided }
}

/// The rules that are there when nothing changes any more, where roles are looked at in this order.
fn settled<'a>(mut rules: BTreeMap<&'a str, Arc<[Rule]>>, order: &[&Choice<'a>]) -> BTreeMap<&'a str, Arc<[Rule]>> {
    // Rules only travel along choices, so after as many rounds as there are roles nothing can change any more.
    for _ in 0..=order.len() {
        let mut changed = false;
        for (role, sources) in order {
            let mut next: Vec<Rule> = Vec::new();
            for source in sources {
                for rule in rules.get(&*source.name).unwrap_or(&source.rules).iter() {
                    if !next.contains(rule) {
                        next.push(rule.clone());
                    }
                }
            }
            let current = rules.get_mut(&*role.name).expect("every aggregated role is in");
            if !next.is_empty() && **current != *next {
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

fn choices(roles: &[AnyRole]) -> Vec<Choice<'_>> {
    let mut cluster_roles: Vec<&ClusterRole> = roles.iter().filter_map(AnyRole::as_cluster_role).collect();
    cluster_roles.sort_by(|a, b| a.name.cmp(&b.name));
    let choice = |role: &&'_ ClusterRole| {
        let selectors = role.aggregation.as_ref()?;
        let of_selector = |selector: &crate::LabelSelector| {
            let chosen =
                cluster_roles.iter().filter(|other| other.name != role.name && selector.matches(&other.labels));
            chosen.copied().collect::<Vec<_>>()
        };
        Some(selectors.iter().flat_map(of_selector).collect())
    };
    cluster_roles.iter().filter_map(|role| Some((*role, choice(role)?))).collect()
}

/// The names of the roles whose rules an API server said, and that choose nothing that it is only going to have: the
/// controller has no work with them.
fn in_force<'a>(chosen: &[Choice<'a>]) -> BTreeSet<&'a str> {
    let served = chosen.iter().filter(|(role, _)| role.is_served);
    let mut in_force: BTreeSet<&str> = served.map(|(role, _)| &*role.name).collect();
    loop {
        let stays = |source: &&ClusterRole| {
            source.is_served && (source.aggregation.is_none() || in_force.contains(&*source.name))
        };
        let moves =
            chosen.iter().filter(|(role, sources)| in_force.contains(&*role.name) && !sources.iter().all(stays));
        let moves: Vec<&str> = moves.map(|(role, _)| &*role.name).collect();
        if moves.is_empty() {
            return in_force;
        }
        in_force.retain(|name| !moves.contains(name));
    }
}
