//! Leftovers in bindings.

use std::collections::{BTreeMap, BTreeSet};

use inventory::{About, ObjectKind, Twice, Unseen};
use rbac::AnyRole;

use super::{
    Finding, Path, built_in,
    checks::{Check, MANY_ROLES, MANY_SUBJECTS, other},
    exclusions::{Excluded, Found},
    holders::{BindingSubject, BoundRole, BoundSubject, bindings},
    words,
};
use crate::World;

/// Who is in every group that the API server fills by itself.
const EVERYBODY: [&str; 2] = ["system:authenticated", "system:serviceaccounts"];

pub(super) fn findings<'a>(
    world: &'a World,
    holders: &BTreeMap<BindingSubject<'a>, BoundSubject<'a>>,
    excluded: &Excluded<'_, 'a>,
) -> Vec<Finding<'a>> {
    let mut findings = missing_roles(world, excluded);
    findings.extend(twice(world, excluded));
    for (who, holder) in holders {
        let anonymous = [BindingSubject::Group("system:unauthenticated"), BindingSubject::User("system:anonymous")];
        let is_everybody = matches!(who, BindingSubject::Group(name) if EVERYBODY.contains(name) || name.starts_with("system:serviceaccounts:"));
        if anonymous.contains(who) {
            findings.extend(beyond(world, other("anonymous"), *who, holder, excluded));
        } else if is_everybody {
            findings.extend(beyond(world, other("everybody"), *who, holder, excluded));
        } else if *who == BindingSubject::Group("system:masters") {
            findings.extend(beyond(world, other("masters-binding"), *who, holder, excluded));
        } else {
            findings.extend(many_roles(*who, holder, excluded));
        }
    }
    findings.extend(many_subjects(holders, excluded));
    findings
}

/// Objects that stand there twice and differ.
fn twice<'a>(world: &'a World, excluded: &Excluded<'_, 'a>) -> Vec<Finding<'a>> {
    let check = other("object-twice");
    let found = |twice: &&Twice| Found { target: Some(twice.object.to_string()), ..Found::new(check, None, None) };
    let is_left = |twice: &&Twice| !excluded.holds(found(twice));
    let finding = |twice: &Twice| {
        let mut finding = Finding::new(check, None, format!("{}: {}", twice.gap.what, twice.gap.why));
        finding.origin = world.sources().span_of_line(&twice.file, twice.line);
        finding.at(&twice.file, twice.line)
    };
    world.twice().iter().filter(is_left).map(finding).collect()
}

fn missing_roles<'a>(world: &'a World, excluded: &Excluded<'_, 'a>) -> Vec<Finding<'a>> {
    let check = other("missing-role");
    let mut findings: BTreeMap<_, Finding<'a>> = BTreeMap::new();
    // One that was not looked at is not missing.
    let is_of_roles =
        |gap: &Unseen| gap.is_of(&[ObjectKind::Roles, ObjectKind::ClusterRoles]) || gap.about == About::Cluster;
    let roles_are_whole = !world.gaps().iter().any(is_of_roles);
    for binding in bindings(world) {
        let namespace = binding.namespace();
        if !roles_are_whole || world.index().role_of(binding).is_some() {
            continue;
        }
        let whom = binding.subjects().first().and_then(|subject| BindingSubject::of(subject, binding));
        let is_of_file = world.is_of_access_file(binding.origin());
        if excluded.holds(Found { is_of_file, ..Found::new(check, whom, namespace).by([binding]) }) {
            continue;
        }
        // All bindings to one missing role are one finding.
        let finding =
            findings.entry((binding.role(), None::<()>)).or_insert_with(|| Finding::new(check, None, String::new()));
        finding.paths.push(Path { binding, role: None, allows: None });
        match namespace {
            Some(namespace) => finding.namespaces.push(namespace),
            None => finding.is_everywhere = true,
        }
    }
    findings
        .into_iter()
        .map(|((role, _), mut finding)| {
            let (first, count) = (finding.paths[0].binding, finding.paths.len());
            let more = if count > 1 { format!(" and {} more grant", count - 1) } else { " grants".to_owned() };
            let (kind, name) = (role.kind.as_str(), &role.name);
            finding.message = format!(
                "{} {kind} {name}, which does not exist: whoever creates it decides what is granted",
                super::print::binding(first) + &more
            );
            finding
        })
        .collect()
}

/// What somebody holds besides what Kubernetes gives them in every cluster.
fn beyond<'a>(
    world: &'a World,
    check: Check,
    who: BindingSubject<'a>,
    holder: &BoundSubject<'a>,
    excluded: &Excluded<'_, 'a>,
) -> Option<Finding<'a>> {
    let mut finding = Finding::new(check, Some(who), String::new());
    let all = holder.everywhere.iter().chain(holder.in_namespaces.values().flatten());
    for BoundRole { binding, role } in all.filter(|bound| !built_in::is_one(bound.binding, who)) {
        let namespace = binding.namespace();
        let is_of_file = world.is_of_access_file(binding.origin());
        if excluded.holds(Found { is_of_file, ..Found::new(check, Some(who), namespace).by([*binding]) }) {
            continue;
        }
        finding.paths.push(Path { binding, role: Some(role), allows: None });
        match namespace {
            Some(namespace) => finding.namespaces.push(namespace),
            None => finding.is_everywhere = true,
        }
    }
    let first = finding.paths.first()?;
    let (binding, role) = (super::print::binding(first.binding), first.role?);
    let more = match finding.paths.len() - 1 {
        0 => String::new(),
        1 => " and one more binding".to_owned(),
        more => format!(" and {more} more bindings"),
    };
    let why = match check.code.code {
        "anonymous" => "so whoever reaches the API server has it",
        "everybody" => "so everybody of them has it",
        _ => "and removing it has no effect: the API server allows the group everything before it asks RBAC",
    };
    finding.message = format!("{who} holds {} {} by {binding}{more}, {why}", role.kind().as_str(), role.name());
    Some(finding)
}

fn many_roles<'a>(
    who: BindingSubject<'a>,
    holder: &BoundSubject<'a>,
    excluded: &Excluded<'_, 'a>,
) -> Option<Finding<'a>> {
    let check = other("many-roles");
    let all = || holder.everywhere.iter().chain(holder.in_namespaces.values().flatten());
    let names: BTreeSet<(&str, &str)> = all()
        .filter(|bound| !built_in::is_one(bound.binding, who))
        .map(|BoundRole { role, .. }| (role.kind().as_str(), role.name()))
        .collect();
    if names.len() < MANY_ROLES || excluded.holds(Found::new(check, Some(who), None)) {
        return None;
    }
    let mut some: Vec<&str> = names.iter().take(MANY_ROLES).map(|(_, name)| *name).collect();
    if names.len() > MANY_ROLES {
        some.push("…");
    }
    let message = format!("{who} is bound to {} roles ({})", names.len(), some.join(", "));
    let mut finding = Finding::new(check, Some(who), message);
    let mut seen: BTreeSet<*const AnyRole> = BTreeSet::new();
    for BoundRole { binding, role } in all() {
        if seen.insert(*role) {
            finding.paths.push(Path { binding, role: Some(role), allows: None });
        }
    }
    Some(finding)
}

/// One finding for all namespaces: they are many where they are found at all.
fn many_subjects<'a>(
    holders: &BTreeMap<BindingSubject<'a>, BoundSubject<'a>>,
    excluded: &Excluded<'_, 'a>,
) -> Option<Finding<'a>> {
    let check = other("many-subjects");
    let mut subjects: BTreeMap<&'a str, usize> = BTreeMap::new();
    for (who, holder) in holders {
        for (namespace, bound) in &holder.in_namespaces {
            if bound.iter().any(|bound| !built_in::is_one(bound.binding, *who)) {
                *subjects.entry(namespace).or_default() += 1;
            }
        }
    }
    let many = |(namespace, count): (&'a str, usize)| {
        (count >= MANY_SUBJECTS && !excluded.holds(Found::new(check, None, Some(namespace)))).then_some(namespace)
    };
    let namespaces: Vec<&str> = subjects.into_iter().filter_map(many).collect();
    let message = format!("bindings name five subjects or more in {}", words::list(&namespaces));
    let mut finding = Finding::new(check, None, message);
    finding.namespaces = namespaces;
    (!finding.namespaces.is_empty()).then_some(finding)
}
