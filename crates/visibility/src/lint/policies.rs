//! EKS access policies, which are beside RBAC: an access entry's principal has them.

use std::collections::BTreeSet;

use rbac::{Rule, escalation::Scope};

use super::{
    Finding,
    checks::{of_escalation, rows},
    exclusions::{Excluded, Found},
    reachability::Reachability,
    subject_escalation::SubjectEscalation,
    words,
};
use crate::{Associated, World};

/// The worst that each association gives, in all its places.
pub(super) fn findings<'a>(
    world: &'a World,
    escalations: &[SubjectEscalation<'a>],
    reachability: &Reachability<'a>,
    excluded: &Excluded<'_, 'a>,
) -> Vec<Finding<'a>> {
    world
        .policies()
        .iter()
        .filter_map(|associated| of_association(world, associated, escalations, reachability, excluded))
        .collect()
}

fn of_association<'a>(
    world: &'a World,
    associated: &'a Associated,
    escalations: &[SubjectEscalation<'a>],
    reachability: &Reachability<'a>,
    excluded: &Excluded<'_, 'a>,
) -> Option<Finding<'a>> {
    let rules: Vec<&Rule> = associated.policy?.rules.iter().collect();
    let scopes: Vec<Scope<'a>> = match &associated.association.namespaces {
        None => vec![Scope::Cluster],
        Some(names) => {
            let named = names.iter().map(|name| &**name).filter(|name| !name.contains('*'));
            let known = world.namespaces().filter(|name| associated.holds_in(name));
            named.chain(known).collect::<BTreeSet<&str>>().into_iter().map(Scope::Namespace).collect()
        }
    };
    let in_scope = |scope: Scope<'a>| {
        let (of_cluster, of_place) =
            if scope == Scope::Cluster { (&rules[..], &[][..]) } else { (&[][..], &rules[..]) };
        let of_row = |row: &'static rbac::escalation::Escalation| {
            row.met(of_cluster, of_place, scope)?;
            row.completed(of_cluster, of_place, scope)?;
            let verdict = reachability.of_row(row, scope, None)?;
            let found = Found::new(of_escalation(row), None, words::namespace(scope));
            let principal = Some(associated.association.principal.to_string());
            let target = Some(associated.association.policy.to_string());
            let found = Found { severity: verdict.severity, principal, target, ..found };
            (!excluded.holds(found)).then_some((row, scope, verdict))
        };
        // The first of the worst, in the order of the table.
        rows().filter_map(of_row).reduce(|worst, next| if next.2.severity > worst.2.severity { next } else { worst })
    };
    let found: Vec<_> = scopes.into_iter().filter_map(in_scope).collect();
    let (row, scope, verdict) =
        *found.iter().reduce(|worst, next| if next.2.severity > worst.2.severity { next } else { worst })?;
    let alike = found.iter().filter(|(other, _, of)| other.code == row.code && of.severity == verdict.severity);
    let namespaces: Vec<&str> = alike.filter_map(|(_, scope, _)| words::namespace(*scope)).collect();
    let by = format!("the EKS access policy {}", associated.association.policy);
    let message = words::of_policy(
        &associated.association.principal,
        &by,
        row,
        scope,
        &namespaces,
        verdict,
        escalations,
        reachability,
    );
    let mut finding = Finding::new(of_escalation(row), None, message);
    finding.severity = verdict.severity;
    finding.is_everywhere = scope == Scope::Cluster;
    finding.namespaces = namespaces;
    finding.principals = world.holders(associated).collect();
    Some(finding)
}
