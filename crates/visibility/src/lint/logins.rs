//! Who logs in, and as whom.

use std::collections::BTreeMap;

use inventory::{About, MappingTarget, ObjectKind, Unseen};
use mapping::{Membership, Rule, RulePrincipal};
use rbac::{
    Subject, User,
    escalation::{Escalation, Severity},
};

use super::{
    Finding, Path,
    checks::other,
    exclusions::{Excluded, Found},
    holders::{BindingSubject, bindings},
};
use crate::{NamedPrincipal, World};

/// The group that has everything.
const MASTERS: &str = "system:masters";
/// What the variables begin with that whoever assumes a role chooses.
const CHOSEN: &str = "{{SessionName";

pub(super) fn findings<'a>(world: &'a World, excluded: &Excluded<'_, 'a>) -> Vec<Finding<'a>> {
    [masters(world, excluded), chosen_usernames(world, excluded), defects(world, excluded), unknown(world, excluded)]
        .concat()
}

/// The mapping source that an escalation changes, if it is one that does.
pub(super) fn changed_by(escalation: &Escalation) -> Option<MappingTarget> {
    match escalation.code {
        "aws-auth" => Some(MappingTarget::AwsAuth),
        "authenticator-config" => Some(MappingTarget::ConfigMap),
        "access-file" => Some(MappingTarget::AccessFile),
        "identity-mappings" => Some(MappingTarget::Crd),
        _ => None,
    }
}

/// The principals that log in as a subject.
pub(super) fn behind<'a>(world: &'a World, who: BindingSubject<'_>) -> Vec<&'a NamedPrincipal> {
    match who {
        BindingSubject::User(name) => world.called(name).collect(),
        BindingSubject::Group(name) => world.members(name).collect(),
        // Whoever a mapping gives an account's name, not its groups.
        BindingSubject::ServiceAccount(namespace, name) => {
            world.called(&User::service_account(namespace, name).name).collect()
        }
    }
}

fn masters<'a>(world: &'a World, excluded: &Excluded<'_, 'a>) -> Vec<Finding<'a>> {
    let check = other("masters");
    let mut findings = Vec::new();
    for principal in world.members(MASTERS) {
        let Ok(login) = &principal.login else { continue };
        let who = BindingSubject::user(&login.username);
        let found = Found::new(check, Some(who), None);
        if excluded.holds(Found { principal: Some(principal.arn()), ..found }) {
            continue;
        }
        let by = principal.source.as_ref().map(|source| format!(", by {source}")).unwrap_or_default();
        let message = format!(
            "{} logs in as a member of {MASTERS}{by}: the API server allows the group everything, and removing bindings has no effect",
            principal.arn()
        );
        let mut finding = Finding::new(check, Some(who), message);
        if let Some(source) = &principal.source {
            finding = finding.of_rule(source);
        }
        // Others may have the username without the group.
        finding.principals = vec![principal];
        finding.is_everywhere = true;
        findings.push(finding);
    }
    findings
}

/// Usernames and groups that are what the caller calls their session. Where nodes are named by it, EC2 or Fargate does.
fn chosen_usernames<'a>(world: &'a World, excluded: &Excluded<'_, 'a>) -> Vec<Finding<'a>> {
    let check = other("chosen-username");
    let mut findings = Vec::new();
    for rule in world.surroundings().logins.iter().flat_map(|source| source.roles.iter().chain(&source.users)) {
        let Rule { principal, username, groups, source, written } = rule;
        let principal = match principal {
            RulePrincipal::PermissionSet(set) => format!("the permission set {} in {}", set.name, set.account),
            // Only sessions of roles have names that somebody chooses.
            RulePrincipal::Arn(arn) if !arn.contains(":role/") => continue,
            RulePrincipal::Arn(arn) => {
                let written = written.as_deref().filter(|written| written.eq_ignore_ascii_case(arn));
                written.unwrap_or(arn).to_owned()
            }
            RulePrincipal::UniqueId(_) => principal.to_string(),
        };
        let held = groups.iter().filter(|membership| membership.holds(world.now()));
        if !groups.is_empty() && held.clone().next().is_none() {
            continue;
        }
        let group = held.map(|Membership { group, .. }| group).find(|group| group.contains(CHOSEN));
        let is_of_system = username.starts_with("system:") && !username.starts_with("system:node:");
        let (message, severity) = match group {
            Some(group) => (format!("is in the group `{group}`, which they choose"), Severity::Danger),
            None if username.contains(CHOSEN) && is_of_system => {
                (format!("is the user `{username}`, and so whatever part of Kubernetes they choose"), Severity::Danger)
            }
            None if username.starts_with(CHOSEN) => {
                (format!("is the user `{username}`, and so whatever user bindings name"), Severity::Warning)
            }
            None => continue,
        };
        let target = Some(group.unwrap_or(username).clone());
        let found = Found { severity, target, ..Found::new(check, None, None) };
        if excluded.holds(Found { principal: Some(principal.clone()), ..found }) {
            continue;
        }
        let message = format!("whoever assumes {principal} {message} ({source})");
        let mut finding = Finding::new(check, None, message).of_rule(source);
        finding.severity = severity;
        findings.push(finding);
    }
    findings
}

/// What stands in a mapping source and is not, or does not do, what it looks like.
fn defects<'a>(world: &'a World, excluded: &Excluded<'_, 'a>) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    for defect in world.surroundings().logins.iter().flat_map(|source| &source.defects) {
        let check = other(defect.kind.code());
        let found = Found { target: Some(defect.place()), ..Found::new(check, None, None) };
        if excluded.holds(found) {
            continue;
        }
        let excerpt = if defect.excerpt.is_empty() { String::new() } else { format!(" | {}", defect.excerpt.trim()) };
        let hint = defect.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        let mut finding = Finding::new(check, None, format!("{}: {}{hint}{excerpt}", defect.place(), defect.message));
        finding.origin = world.sources().span_of_line(&defect.file, defect.line);
        findings.push(finding.at(&defect.file, defect.line));
    }
    findings
}

/// Users and groups of bindings that nobody logs in as, where it is known who does. What certificates and other
/// authenticators say is not, so names of Kubernetes' own are left out.
fn unknown<'a>(world: &'a World, excluded: &Excluded<'_, 'a>) -> Vec<Finding<'a>> {
    // Whom the id of an access key makes somebody is looked at one by one.
    let is_of_others = |gap: &Unseen| {
        gap.is_of(&[ObjectKind::Namespaces])
            || gap.is_of(&ObjectKind::OF_RBAC)
            || matches!(gap.about, About::Cluster | About::AccessKey)
    };
    let is_known = world.gaps().iter().all(is_of_others);
    if !is_known || world.principals().is_empty() {
        return Vec::new();
    }
    let mut findings: BTreeMap<BindingSubject<'a>, Finding<'a>> = BTreeMap::new();
    for binding in bindings(world) {
        for subject in binding.subjects() {
            let (Subject::User(name) | Subject::Group(name)) = subject else { continue };
            let Some(who) = BindingSubject::of(subject, binding) else { continue };
            let is_known = match who {
                BindingSubject::User(name) => world.called(name).next().is_some(),
                BindingSubject::Group(name) => world.members(name).next().is_some(),
                BindingSubject::ServiceAccount(..) => true,
            };
            if name.starts_with("system:") || is_known || world.is_by_key(subject) {
                continue;
            }
            let (check, words) = match who {
                BindingSubject::User(_) => (
                    other("unknown-user"),
                    "no mapping gives this username: whoever is given it inherits its permissions",
                ),
                _ => (
                    other("unknown-group"),
                    "no mapping gives this group: whoever is put into it inherits its permissions",
                ),
            };
            let namespace = binding.namespace();
            let is_of_file = world.is_of_access_file(binding.origin());
            if excluded.holds(Found { is_of_file, ..Found::new(check, Some(who), namespace).by([binding]) }) {
                continue;
            }
            let message = || format!("{who} is bound, and {words}");
            let finding = findings.entry(who).or_insert_with(|| Finding::new(check, Some(who), message()));
            finding.paths.push(Path { binding, role: world.index().role_of(binding), allows: None });
            match namespace {
                Some(namespace) => finding.namespaces.push(namespace),
                None => finding.is_everywhere = true,
            }
        }
    }
    findings.into_values().collect()
}
