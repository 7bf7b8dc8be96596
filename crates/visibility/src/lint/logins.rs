//! Who logs in, and as whom.

use std::collections::BTreeSet;

use mapping::{Membership, Rule, RulePrincipal};
use rbac::{Subject, escalation::Severity};

use super::{Finding, Login, Looked, Path, checks::other, exclusions::Excluded, holders::Who};

/// The group that has everything.
const MASTERS: &str = "system:masters";
/// What stands for a session's name in the usernames of [`Login`]s.
const SESSION: &str = access::cluster::SESSION;
/// What the variables begin with that whoever assumes a role chooses.
const CHOSEN: &str = "{{SessionName";

pub(super) fn findings<'a>(looked: &Looked<'a>, excluded: &Excluded<'a>) -> Vec<Finding<'a>> {
    let mut findings = chosen_usernames(looked);
    let Some(logins) = looked.logins else { return findings };
    findings.extend(masters(logins, excluded));
    findings.extend(unknown(looked, logins, excluded));
    findings
}

/// The principals that log in as a subject.
pub(super) fn behind<'a>(looked: &Looked<'a>, who: Who<'_>) -> Vec<&'a str> {
    let is_one = |login: &&'a Login| match who {
        Who::User(name) => is_username(&login.username, name),
        Who::Group(name) => login.groups.iter().any(|group| **group == *name),
        Who::ServiceAccount(..) => false,
    };
    looked.logins.unwrap_or_default().iter().filter(is_one).map(|login| &*login.principal).collect()
}

/// Whether a login can have a username: where a session's name is part of it, whatever that may be.
fn is_username(login: &str, name: &str) -> bool {
    match login.split_once(SESSION) {
        None => login == name,
        Some((before, behind)) => {
            name == login
                || name.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind)).is_some_and(|session| {
                    !session.is_empty()
                        && session.chars().all(|letter| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter))
                })
        }
    }
}

fn masters<'a>(logins: &'a [Login], excluded: &Excluded<'a>) -> Vec<Finding<'a>> {
    let check = other("masters");
    let is_master = |login: &&Login| login.groups.iter().any(|group| **group == *MASTERS);
    let mut findings = Vec::new();
    for login in logins.iter().filter(is_master) {
        let who = Who::user(&login.username);
        if excluded.holds(check.code, Some(who), None, false) {
            continue;
        }
        let message = format!(
            "{} logs in as a member of {MASTERS}: the API server grants it everything, and no binding can take it away",
            login.principal
        );
        let mut finding = Finding::new(check, Some(who), message);
        finding.is_everywhere = true;
        findings.push(finding);
    }
    findings
}

/// Usernames and groups that are what the caller calls their session. Where nodes are named by it, EC2 or Fargate does.
fn chosen_usernames<'a>(looked: &Looked<'a>) -> Vec<Finding<'a>> {
    let check = other("chosen-username");
    let mut findings = Vec::new();
    for rule in looked.mappings.iter().flat_map(|source| source.roles.iter().chain(&source.users)) {
        let Rule { principal, username, groups, source } = rule;
        let principal = match principal {
            RulePrincipal::Arn(arn) => arn.clone(),
            RulePrincipal::PermissionSet(set) => format!("permission set {} in {}", set.name, set.account),
        };
        let group = groups.iter().map(|Membership { group, .. }| group).find(|group| group.contains(CHOSEN));
        let is_of_system = username.starts_with("system:") && !username.starts_with("system:node:");
        let (message, severity) = match group {
            Some(group) => {
                (format!("is put into the group `{group}`, and so into one that they choose"), Severity::Danger)
            }
            None if username.contains(CHOSEN) && is_of_system => {
                (format!("is `{username}`, and so whatever part of Kubernetes they choose"), Severity::Danger)
            }
            None if username.starts_with(CHOSEN) => {
                (format!("is `{username}`, and so whatever user of this cluster they choose"), Severity::Warning)
            }
            None => continue,
        };
        let mut finding = Finding::new(check, None, format!("whoever assumes {principal} {message} ({source})"));
        finding.severity = severity;
        findings.push(finding);
    }
    findings
}

/// Users and groups of bindings that nobody logs in as. What certificates and other authenticators say is not known, so
/// names of Kubernetes' own are left out.
fn unknown<'a>(looked: &Looked<'a>, logins: &'a [Login], excluded: &Excluded<'a>) -> Vec<Finding<'a>> {
    let groups: BTreeSet<&str> = logins.iter().flat_map(|login| &login.groups).map(|group| &**group).collect();
    let (with_session, plain): (Vec<_>, Vec<_>) = logins.iter().partition(|login| login.username.contains(SESSION));
    let plain: BTreeSet<&str> = plain.iter().map(|login| &*login.username).collect();
    let is_known = |who: Who<'_>| match who {
        Who::User(name) => plain.contains(name) || with_session.iter().any(|login| is_username(&login.username, name)),
        Who::Group(name) => groups.contains(name),
        Who::ServiceAccount(..) => true,
    };
    let mut findings: std::collections::BTreeMap<Who<'a>, Finding<'a>> = std::collections::BTreeMap::new();
    for binding in looked.index.bindings() {
        for subject in &binding.subjects {
            let (Subject::User(name) | Subject::Group(name)) = subject else { continue };
            let Some(who) = Who::of(subject, binding) else { continue };
            if name.starts_with("system:") || is_known(who) {
                continue;
            }
            let (check, words) = match who {
                Who::User(_) => (
                    other("unknown-user"),
                    "is bound, and no login makes this user: whoever is given the name inherits its rights",
                ),
                _ => (
                    other("unknown-group"),
                    "is bound, and no login gives this group: whoever is put into it inherits its rights",
                ),
            };
            let namespace = binding.namespace.as_deref();
            if excluded.holds(check.code, Some(who), namespace, binding.origin.is_some()) {
                continue;
            }
            let finding =
                findings.entry(who).or_insert_with(|| Finding::new(check, Some(who), format!("{who} {words}")));
            finding.paths.push(Path { binding, role: looked.index.role_of(binding), allows: None });
            match namespace {
                Some(namespace) => finding.namespaces.push(namespace),
                None => finding.is_everywhere = true,
            }
        }
    }
    findings.into_values().collect()
}
