//! Powers, judged: one finding for each check and subject, in all its places.

use std::collections::BTreeMap;

use access::cluster::CloudAccount;
use rbac::escalation::{Scope, Severity, Takes};

use super::{
    Finding, Path, built_in,
    checks::{of_escalation, other},
    exclusions::Excluded,
    holders::Who,
    might::{Might, Verdict},
    powers::{By, Power},
    words,
};
use crate::World;

/// Ways by which nobody runs as a service account, though they may act as one towards the API server.
const WITHOUT_PODS: [&str; 2] = ["impersonate", "secrets-write"];
/// Ways that make pods of one's own.
const MAKING_PODS: [&str; 4] = ["pods", "workloads", "jobs", "replicationcontrollers"];

/// What the powers lead to.
pub(super) fn findings<'a>(
    world: &'a World,
    powers: &[Power<'a>],
    might: &Might<'a>,
    excluded: &Excluded<'_>,
) -> Vec<Finding<'a>> {
    let judged = powers.iter().filter(|power| !built_in::expects(power));
    let mut alike: BTreeMap<(Who<'a>, &str, Severity), Vec<(&Power<'a>, Verdict<'a>)>> = BTreeMap::new();
    for power in judged.clone() {
        let Some(verdict) = might.verdict(power) else { continue };
        if !excluded.holds(power.escalation.code, Some(power.who), words::namespace(power.scope), is_written(power)) {
            alike.entry((power.who, power.escalation.code, verdict.severity)).or_default().push((power, verdict));
        }
    }
    let mut findings: Vec<Finding<'a>> = alike
        .into_values()
        .map(|alike| {
            let (power, verdict) = alike[0];
            let message = words::of_powers(powers, might, &alike);
            let mut finding = Finding::new(of_escalation(power.escalation), Some(power.who), message);
            finding.severity = verdict.severity;
            for (power, _) in alike {
                add_place(&mut finding, power);
            }
            finding
        })
        .collect();
    findings.extend(cloud_roles(world, judged.clone(), excluded));
    findings.extend(node_files(world, judged, excluded));
    findings
}

/// Whether all that grants it stands in files that were given.
fn is_written(power: &Power<'_>) -> bool {
    power.by.iter().all(|by| by.binding.origin.is_some())
}

fn add_place<'a>(finding: &mut Finding<'a>, power: &Power<'a>) {
    match power.scope {
        Scope::Cluster => finding.is_everywhere = true,
        Scope::Namespace(name) => finding.namespaces.push(name),
    }
    let path = |by: &By<'a>| Path { binding: by.binding, role: Some(by.role), allows: Some((by.rule, by.request)) };
    finding.paths.extend(power.by.iter().map(path));
}

/// Ways over a namespace that somebody has completely, by subject.
fn ways<'p, 'a: 'p>(
    powers: impl Iterator<Item = &'p Power<'a>>,
    is_one: impl Fn(&Power<'a>) -> bool,
) -> BTreeMap<Who<'a>, Vec<(&'a str, &'p Power<'a>)>> {
    let mut ways: BTreeMap<Who<'a>, Vec<(&'a str, &'p Power<'a>)>> = BTreeMap::new();
    for power in powers.filter(|power| !power.is_short && power.of.is_none() && is_one(power)) {
        let Scope::Namespace(namespace) = power.scope else { continue };
        let known = ways.entry(power.who).or_default();
        if known.last().is_none_or(|(last, _)| *last != namespace) {
            known.push((namespace, power)); // The first of the table is enough.
        }
    }
    ways
}

/// Who runs as service accounts that have an AWS role, and those accounts themselves.
fn cloud_roles<'p, 'a: 'p>(
    world: &'a World,
    powers: impl Iterator<Item = &'p Power<'a>>,
    excluded: &Excluded<'_>,
) -> Vec<Finding<'a>> {
    let check = other("cloud-role");
    let mut by_namespace: BTreeMap<&str, Vec<&'a CloudAccount>> = BTreeMap::new();
    let mut findings = Vec::new();
    for account in &world.surroundings().cloud_accounts {
        let who = Who::ServiceAccount(&account.namespace, &account.name);
        by_namespace.entry(&account.namespace).or_default().push(account);
        if excluded.holds(check.code, Some(who), Some(&account.namespace), false) {
            continue;
        }
        let message = format!("{who} acts in AWS as {}, and so does whoever runs pods as it", account.role);
        let mut finding = Finding::new(check, Some(who), message);
        finding.severity = Severity::Info;
        finding.namespaces.push(&account.namespace);
        findings.push(finding);
    }
    let runs =
        |power: &Power<'a>| power.escalation.takes != Takes::Nothing && !WITHOUT_PODS.contains(&power.escalation.code);
    for (who, ways) in ways(powers, runs) {
        let is_other = |account: &CloudAccount| who != Who::ServiceAccount(&account.namespace, &account.name);
        let found = ways.iter().filter_map(|(namespace, power)| {
            let account = by_namespace.get(namespace)?.iter().find(|account| is_other(account))?;
            let excluded = excluded.holds(check.code, Some(who), Some(namespace), is_written(power));
            (!excluded).then_some((*namespace, *power, *account))
        });
        let found: Vec<_> = found.collect();
        let Some((_, power, account)) = found.first() else { continue };
        let namespaces: Vec<&str> = found.iter().map(|(namespace, ..)| *namespace).collect();
        let CloudAccount { namespace, name, role } = account;
        let way = words::by_way(who, power.escalation, &namespaces);
        let message = format!("{way}, and so use the AWS role {role} of ServiceAccount {namespace}/{name}");
        let mut finding = Finding::new(check, Some(who), message);
        found.iter().for_each(|(_, power, _)| add_place(&mut finding, power));
        findings.push(finding);
    }
    findings
}

/// Who starts pods in ordinary namespaces that enforce no Pod Security.
fn node_files<'p, 'a: 'p>(
    world: &'a World,
    powers: impl Iterator<Item = &'p Power<'a>>,
    excluded: &Excluded<'_>,
) -> Vec<Finding<'a>> {
    const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
    let check = other("node-files");
    let is_open = |namespace: &str| {
        let labels = world.surroundings().labels.get(namespace);
        labels.is_some_and(|labels| labels.get(ENFORCE).is_none_or(|level| &**level == "privileged"))
    };
    let making = |power: &Power<'a>| MAKING_PODS.contains(&power.escalation.code);
    let mut findings = Vec::new();
    for (who, ways) in ways(powers, making) {
        let found = ways.iter().filter(|(namespace, power)| {
            is_open(namespace)
                && power.escalation.within > power.scope.standing()
                && !excluded.holds(check.code, Some(who), Some(namespace), is_written(power))
        });
        let found: Vec<_> = found.collect();
        let Some((_, power)) = found.first() else { continue };
        let namespaces: Vec<&str> = found.iter().map(|(namespace, _)| *namespace).collect();
        let way = words::by_way(who, power.escalation, &namespaces);
        let message = format!("{way}, where no Pod Security keeps them off the node's files");
        let mut finding = Finding::new(check, Some(who), message);
        found.iter().for_each(|(_, power)| add_place(&mut finding, power));
        findings.push(finding);
    }
    findings
}
