//! Escalations, judged: one finding for each check and subject, in all its places.

use std::collections::BTreeMap;

use inventory::CloudAccount;
use rbac::escalation::{Scope, Severity, Takes};

use super::{
    Finding, Path, built_in,
    checks::{Check, of_escalation, other},
    exclusions::{Excluded, Found},
    holders::BindingSubject,
    judged::Judged,
    reachability::Reachability,
    subject_escalation::{By, SubjectEscalation},
    words,
};
use crate::World;

/// Ways by which nobody runs as a service account, though they may act as one towards the API server.
const WITHOUT_PODS: [&str; 2] = ["impersonate", "secrets-write"];
/// Ways that make pods of one's own.
const MAKING_PODS: [&str; 4] = ["pods", "workloads", "jobs", "replicationcontrollers"];

/// What the escalations lead to.
pub(super) fn findings<'a>(
    world: &'a World,
    escalations: &[SubjectEscalation<'a>],
    reachability: &Reachability<'a>,
    excluded: &Excluded<'_, 'a>,
) -> Vec<Finding<'a>> {
    let judged = escalations.iter().filter(|escalation| !built_in::expects(escalation));
    let mut by_place: BTreeMap<(BindingSubject<'a>, Option<&str>), Vec<Judged<'_, 'a>>> = BTreeMap::new();
    for escalation in judged.clone() {
        let Some(verdict) = reachability.verdict(escalation) else { continue };
        let namespace = words::namespace(escalation.scope);
        let check = of_escalation(escalation.escalation);
        let target = escalation.of.map(|of| of.to_string());
        let found = Found { severity: verdict.severity, target, ..found(world, check, escalation, namespace) };
        if !excluded.holds(found) {
            let others = Vec::new();
            by_place.entry((escalation.who, namespace)).or_default().push(Judged { escalation, verdict, others });
        }
    }
    // Places are alike where the same is found of the same subject, by the same other ways.
    let mut alike: BTreeMap<(BindingSubject<'a>, &str, Severity, Vec<&str>), Vec<Judged<'_, 'a>>> = BTreeMap::new();
    for judged in by_place.into_values().flat_map(one_for_all) {
        let Judged { escalation, verdict, others } = &judged;
        let others: Vec<&str> = others.iter().map(|escalation| escalation.escalation.code).collect();
        alike.entry((escalation.who, escalation.escalation.code, verdict.severity, others)).or_default().push(judged);
    }
    let of = |((who, _, severity, others), alike): (
        (BindingSubject<'a>, &str, Severity, Vec<&'static str>),
        Vec<Judged<'_, 'a>>,
    )| {
        let check = of_escalation(alike[0].escalation.escalation);
        let mut finding = Finding::new(check, Some(who), words::of_powers(escalations, reachability, &alike));
        (finding.severity, finding.others) = (severity, others);
        for Judged { escalation, others, .. } in alike {
            add_place(&mut finding, escalation);
            for escalation in others {
                add_paths(&mut finding, escalation);
            }
        }
        finding
    };
    let mut findings: Vec<Finding<'a>> = alike.into_iter().map(of).collect();
    findings.extend(cloud_roles(world, judged.clone(), excluded));
    findings.extend(node_files(world, judged, excluded));
    findings
}

/// Of the ways to act as the service accounts of one place that lead to one end, all are behind the first, and so are those
/// that are called the same.
fn one_for_all<'p, 'a>(judged: Vec<Judged<'p, 'a>>) -> Vec<Judged<'p, 'a>> {
    let is_way = |one: &Judged<'_, '_>| {
        let SubjectEscalation { escalation, is_short, of, .. } = one.escalation;
        escalation.takes == Takes::Accounts && !is_short && of.is_none()
    };
    let mut kept: Vec<Judged<'p, 'a>> = Vec::new();
    for one in judged {
        let is_like = |first: &&mut Judged<'_, '_>| {
            let is_called =
                first.escalation.of.is_none() && first.escalation.escalation.title == one.escalation.escalation.title;
            first.verdict == one.verdict && (is_called || is_way(first) && is_way(&one))
        };
        match kept.iter_mut().find(is_like) {
            Some(first) => first.others.push(one.escalation),
            None => kept.push(one),
        }
    }
    kept
}

/// What an escalation is to exclusions.
fn found<'a>(world: &World, check: Check, escalation: &SubjectEscalation<'a>, namespace: Option<&'a str>) -> Found<'a> {
    let is_of_file = escalation.by.iter().all(|by| world.is_of_access_file(by.binding.origin()));
    let found = Found::new(check, Some(escalation.who), namespace).by(escalation.by.iter().map(|by| by.binding));
    Found { is_of_file, ..found }
}

fn add_place<'a>(finding: &mut Finding<'a>, escalation: &SubjectEscalation<'a>) {
    match escalation.scope {
        Scope::Cluster => finding.is_everywhere = true,
        Scope::Namespace(name) => finding.namespaces.push(name),
    }
    add_paths(finding, escalation);
}

fn add_paths<'a>(finding: &mut Finding<'a>, escalation: &SubjectEscalation<'a>) {
    let path = |by: &By<'a>| Path { binding: by.binding, role: Some(by.role), allows: Some((by.rule, by.request)) };
    finding.paths.extend(escalation.by.iter().map(path));
}

/// Ways over a namespace that somebody has completely, by subject.
fn ways<'p, 'a: 'p>(
    escalations: impl Iterator<Item = &'p SubjectEscalation<'a>>,
    is_one: impl Fn(&SubjectEscalation<'a>) -> bool,
) -> BTreeMap<BindingSubject<'a>, Vec<(&'a str, &'p SubjectEscalation<'a>)>> {
    let mut ways: BTreeMap<BindingSubject<'a>, Vec<(&'a str, &'p SubjectEscalation<'a>)>> = BTreeMap::new();
    for escalation in
        escalations.filter(|escalation| !escalation.is_short && escalation.of.is_none() && is_one(escalation))
    {
        let Scope::Namespace(namespace) = escalation.scope else { continue };
        let known = ways.entry(escalation.who).or_default();
        if known.last().is_none_or(|(last, _)| *last != namespace) {
            known.push((namespace, escalation)); // The first of the table is enough.
        }
    }
    ways
}

/// Who runs as service accounts that have an AWS role, and those accounts themselves.
fn cloud_roles<'p, 'a: 'p>(
    world: &'a World,
    escalations: impl Iterator<Item = &'p SubjectEscalation<'a>>,
    excluded: &Excluded<'_, 'a>,
) -> Vec<Finding<'a>> {
    let check = other("cloud-role");
    let mut by_namespace: BTreeMap<&str, Vec<&'a CloudAccount>> = BTreeMap::new();
    let mut findings = Vec::new();
    for account in &world.surroundings().cloud_accounts {
        let who = BindingSubject::ServiceAccount(&account.namespace, &account.name);
        by_namespace.entry(&account.namespace).or_default().push(account);
        let found = Found::new(check, Some(who), Some(&account.namespace));
        if excluded.holds(Found { severity: Severity::Info, target: Some(account.role.to_string()), ..found }) {
            continue;
        }
        let message = format!("{who} acts in AWS as {}, and so does whoever runs pods as it", account.role);
        let mut finding = Finding::new(check, Some(who), message);
        finding.severity = Severity::Info;
        finding.namespaces.push(&account.namespace);
        findings.push(finding);
    }
    let runs = |escalation: &SubjectEscalation<'a>| {
        escalation.escalation.takes != Takes::Nothing && !WITHOUT_PODS.contains(&escalation.escalation.code)
    };
    for (who, ways) in ways(escalations, runs) {
        let is_other =
            |account: &CloudAccount| who != BindingSubject::ServiceAccount(&account.namespace, &account.name);
        let found = ways.iter().filter_map(|(namespace, escalation)| {
            let account = by_namespace.get(namespace)?.iter().find(|account| is_other(account))?;
            let found = found(world, check, escalation, Some(namespace));
            let found = Found { target: Some(account.role.to_string()), ..found };
            (!excluded.holds(found)).then_some((*namespace, *escalation, *account))
        });
        let found: Vec<_> = found.collect();
        let Some((_, escalation, account)) = found.first() else { continue };
        let namespaces: Vec<&str> = found.iter().map(|(namespace, ..)| *namespace).collect();
        let CloudAccount { namespace, name, role } = account;
        let way = words::by_way(who, escalation.escalation, &namespaces);
        let message = format!("{way}, and so use the AWS role {role} of ServiceAccount {namespace}/{name}");
        let mut finding = Finding::new(check, Some(who), message);
        for (_, escalation, _) in &found {
            add_place(&mut finding, escalation);
        }
        findings.push(finding);
    }
    findings
}

/// Who starts pods in ordinary namespaces that enforce no Pod Security.
fn node_files<'p, 'a: 'p>(
    world: &'a World,
    escalations: impl Iterator<Item = &'p SubjectEscalation<'a>>,
    excluded: &Excluded<'_, 'a>,
) -> Vec<Finding<'a>> {
    const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
    let check = other("node-files");
    let is_open = |namespace: &str| {
        let labels = world.surroundings().labels.get(namespace);
        labels.is_some_and(|labels| labels.get(ENFORCE).is_none_or(|level| &**level == "privileged"))
    };
    let making = |escalation: &SubjectEscalation<'a>| MAKING_PODS.contains(&escalation.escalation.code);
    let mut findings = Vec::new();
    for (who, ways) in ways(escalations, making) {
        let found = ways.iter().filter(|(namespace, escalation)| {
            is_open(namespace)
                && escalation.escalation.within > escalation.scope.standing()
                && !excluded.holds(found(world, check, escalation, Some(namespace)))
        });
        let found: Vec<_> = found.collect();
        let Some((_, escalation)) = found.first() else { continue };
        let namespaces: Vec<&str> = found.iter().map(|(namespace, _)| *namespace).collect();
        let way = words::by_way(who, escalation.escalation, &namespaces);
        let message = format!("{way}, where no Pod Security level keeps them from the node's files");
        let mut finding = Finding::new(check, Some(who), message);
        for (_, escalation) in &found {
            add_place(&mut finding, escalation);
        }
        findings.push(finding);
    }
    findings
}
