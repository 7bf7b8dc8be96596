//! What is not known, so that an answer may lack something.

use std::collections::BTreeSet;

use access::{
    Access, Facts, Scope,
    cluster::{AccessEntries, Observed, Unseen},
};
use rbac::{Binding, Index, RoleKind, RoleReference};

use super::Associated;

/// What the cluster did not show. What was last applied is of no interest here.
pub(super) fn of_cluster(observed: &Observed, only_files: bool) -> Vec<Unseen> {
    if only_files {
        let why = "only access files were given: whatever others grant there is not known";
        return vec![Unseen { what: "the cluster".into(), why: why.into() }];
    }
    observed.unseen.iter().filter(|gap| &*gap.what != "what was applied last").cloned().collect()
}

/// What an access file leaves to the cluster and IAM, who were not asked.
pub(super) fn of_file(access: &Access, facts: &Facts) -> Vec<Unseen> {
    let mut gaps: Vec<Unseen> = Vec::new();
    for name in access.unknown_iam_groups(facts) {
        let what = format!("who is in the IAM group {name}").into();
        gaps.push(Unseen { what, why: "give what `aws iam get-group` prints".into() });
    }
    let grants = access.groups.iter().flatten().flat_map(|group| group.grants.iter().flatten());
    let chooses = |scope: &Scope| match scope {
        Scope::Cluster => false,
        Scope::Namespaces(names) => names.iter().any(|name| name.value.contains('*')),
        Scope::Selector(..) => true,
    };
    if facts.namespaces.is_none() && grants.into_iter().any(|grant| chooses(&grant.scope)) {
        let why = "the cluster's namespaces are not known";
        gaps.push(Unseen {
            what: "the namespaces that the access file's globs and selectors choose".into(),
            why: why.into(),
        });
    }
    gaps
}

/// Roles that are bound and are not in what was looked at, which need not be all roles.
pub(super) fn of_roles(index: &Index, knows_roles: [bool; 2]) -> Vec<Unseen> {
    let unknown = index.bindings().iter().filter(|binding| is_unknown(index, knows_roles, binding));
    let unknown: BTreeSet<_> = unknown.map(|binding| &binding.role).collect();
    let gap = |role: &&RoleReference| Unseen {
        what: format!("what the {} {} allows", role.kind.as_str(), role.name).into(),
        why: "it is bound, and not in what was given".into(),
    };
    unknown.iter().map(gap).collect()
}

pub(super) fn is_unknown(index: &Index, [knows_roles, knows_cluster_roles]: [bool; 2], binding: &Binding) -> bool {
    let knows = if binding.role.kind == RoleKind::Role { knows_roles } else { knows_cluster_roles };
    !knows && index.role_of(binding).is_none()
}

/// What was not said of access entries, on EKS.
pub(super) fn of_entries(entries: &AccessEntries, is_eks: bool) -> Vec<Unseen> {
    if is_eks { entries.unseen() } else { Vec::new() }
}

/// Whether a cluster is one of EKS: by its API server's URL, by the roles that EKS puts into each, or because it has access
/// entries.
pub(super) fn is_eks(server: Option<&str>, observed: &Observed, entries: &AccessEntries) -> bool {
    !entries.is_empty()
        || server.is_some_and(is_of_eks)
        || observed.roles.iter().any(|seen| seen.object.name.starts_with("eks:"))
}

/// That nothing says who logs in.
pub(super) fn of_logins(logins: &[mapping::Source]) -> Option<Unseen> {
    let why = "no ConfigMap, IAMIdentityMapping, access entry or access file says; a file on the control plane may";
    logins.iter().all(is_empty).then(|| Unseen { what: "who logs in".into(), why: why.into() })
}

/// EKS access policies whose rules are not known.
pub(super) fn of_policies(policies: &[Associated]) -> impl Iterator<Item = Unseen> {
    let unknown = policies.iter().filter(|associated| associated.policy.is_none());
    unknown.map(|associated| Unseen {
        what: format!("what the EKS access policy {} allows", associated.association.policy).into(),
        why: "its rules are not known here".into(),
    })
}

/// Whether an API server's URL is one that EKS gives its clusters.
fn is_of_eks(server: &str) -> bool {
    let host = server.split_once("://").map_or(server, |(_, rest)| rest).split(['/', ':']).next().unwrap_or_default();
    [".eks.amazonaws.com", ".eks.amazonaws.com.cn"].iter().any(|suffix| host.ends_with(suffix))
}

fn is_empty(source: &mapping::Source) -> bool {
    source.roles.is_empty() && source.users.is_empty() && source.accounts.is_empty()
}

/// Entries of which the reader takes any: everybody whom they match is counted as each of them.
pub(super) fn of_chance(logins: &[mapping::Source]) -> Vec<Unseen> {
    let defects = logins.iter().flat_map(|source| &source.defects);
    let chances = defects.filter(|defect| defect.kind == mapping::DefectKind::Undetermined);
    let gap = |defect: &mapping::Defect| Unseen { what: defect.place().into(), why: defect.message.as_str().into() };
    chances.map(gap).collect()
}
