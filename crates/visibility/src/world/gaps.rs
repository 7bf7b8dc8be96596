//! What is not known, so that an answer may lack something.

use std::collections::{BTreeMap, BTreeSet};

use access::{Access, Facts, Scope};
use inventory::{
    ACCESS_KEY, About, AccessEntries, AuthenticationMode, Extent, Knowledge, LiveMapping, Login, Named, NotAsked,
    ObjectKind, Observed, Unseen,
};
use rbac::{Binding, Index, RoleKind, RoleReference, Subject};

use super::{Associated, World};
use crate::NamedPrincipal;

/// What the cluster did not show. What was last applied is of no interest here.
pub(super) fn of_cluster(observed: &Observed, only_files: bool, has_access_file: bool) -> Vec<Unseen> {
    if only_files {
        let why = if has_access_file {
            "only access files were given; other grants in the cluster are not known"
        } else {
            "no roles and bindings were given; grants in the cluster are not known"
        };
        return vec![Unseen::new("the cluster", why).about(About::Cluster)];
    }
    observed.unseen.iter().filter(|gap| gap.about != About::Record).cloned().collect()
}

/// What an access file leaves to the cluster and IAM, who were not asked.
pub(super) fn of_file(access: &Access, facts: &Facts) -> Vec<Unseen> {
    let mut gaps: Vec<Unseen> = access.unknown_iam_groups(facts).into_iter().map(of_iam_group).collect();
    let grants = access.groups.iter().flatten().flat_map(|group| group.grants.iter().flatten());
    let chooses = |scope: &Scope| match scope {
        Scope::Cluster => false,
        Scope::Namespaces(names) => names.iter().any(|name| name.value.contains('*')),
        Scope::Selector(..) => true,
    };
    if facts.namespaces.is_none() && grants.into_iter().any(|grant| chooses(&grant.scope)) {
        let why = "the cluster's namespaces are not known";
        gaps.push(Unseen::new("the namespaces that the access file's globs and selectors choose", why));
    }
    gaps
}

/// That nobody said who is in an IAM group.
pub(super) fn of_iam_group(name: &str) -> Unseen {
    Unseen::new(format!("who is in the IAM group {name}"), "give what `aws iam get-group` prints")
}

/// Roles that some bindings grant and that could not be read, though they may be there.
pub(super) fn of_roles<'a>(
    bindings: impl Iterator<Item = &'a Binding>,
    index: &Index,
    knowledge: &Knowledge,
    assumed: &BTreeSet<Box<str>>,
    is_live: bool,
) -> BTreeSet<Unseen> {
    let unknown = if is_live { "you may not get it" } else { "a binding names it, but it was not given" };
    // Of many bindings of a role only one is put into words.
    let found: BTreeSet<(RoleReference<&str>, bool)> = bindings
        .filter_map(|binding| {
            let is_assumed = is_assumed(assumed, binding);
            (is_assumed || is_unknown(index, knowledge, binding)).then_some((binding.role(), is_assumed))
        })
        .collect();
    let gap = |(RoleReference { kind, name }, is_assumed): (RoleReference<&str>, bool)| {
        let so = if is_assumed { "; it counts as Kubernetes itself makes it" } else { "" };
        Unseen::new(format!("what the {} {name} allows", kind.as_str()), format!("{unknown}{so}")).about(About::Role)
    };
    found.into_iter().map(gap).collect()
}

pub(super) fn is_unknown(index: &Index, knowledge: &Knowledge, binding: &Binding) -> bool {
    let namespace = binding.namespace().filter(|_| binding.role().kind == RoleKind::Role);
    index.role_of(binding).is_none() && !knowledge.of_role(namespace, binding.role().name)
}

pub(super) fn is_assumed(assumed: &BTreeSet<Box<str>>, binding: &Binding) -> bool {
    binding.role().kind == RoleKind::ClusterRole && assumed.contains(binding.role().name)
}

/// The part of a cluster that an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// Wherever there is anything.
    Anywhere,
    /// What holds in the whole cluster, and nothing of one namespace.
    Cluster,
    /// These namespaces, and what holds in the whole cluster and so in them.
    Namespaces(&'a [&'a str]),
}

impl Reach<'_> {
    fn is_known(self, extent: &Extent) -> bool {
        match self {
            Self::Anywhere => *extent == Extent::All,
            Self::Cluster => true,
            Self::Namespaces(names) => names.iter().all(|name| extent.covers(name)),
        }
    }

    fn has(self, binding: &Binding) -> bool {
        match (self, binding.namespace()) {
            (Self::Anywhere, _) | (_, None) => true,
            (Self::Cluster, Some(_)) => false,
            (Self::Namespaces(names), Some(namespace)) => names.contains(&namespace),
        }
    }
}

impl World {
    /// Returns what of [`Self::gaps`] matters for an answer.
    pub fn gaps_about(&self, reach: Reach<'_>) -> Vec<&Unseen> {
        let here = self.index.bindings().iter().filter(|binding| reach.has(binding));
        let of_roles = of_roles(here, &self.index, &self.knowledge, &self.assumed, self.is_live);
        let matters = |gap: &&Unseen| match gap.about {
            About::Kind(ObjectKind::RoleBindings) => !reach.is_known(&self.knowledge.role_bindings),
            About::Kind(ObjectKind::Namespaces) => reach == Reach::Anywhere,
            // Roles grant nothing but by bindings, and those that are bound are asked for one by one.
            About::Kind(ObjectKind::Roles | ObjectKind::ClusterRoles) if self.is_live => false,
            About::Role => of_roles.contains(*gap),
            _ => true,
        };
        self.gaps.iter().filter(matters).collect()
    }
}

/// What was not said of access entries, on EKS.
pub(super) fn of_entries(entries: &AccessEntries, is_eks: bool) -> Vec<Unseen> {
    if is_eks { entries.unseen() } else { Vec::new() }
}

/// Whom access entries name where EKS does not look at them.
pub(super) fn of_mode(entries: &AccessEntries) -> Option<Box<str>> {
    let named: Vec<&str> = entries.described().map(|entry| entry.principal).collect();
    let is_idle = entries.mode() == Some(AuthenticationMode::ConfigMap) && !named.is_empty();
    let note = || {
        let named = named.join(", ");
        format!("nobody is let in by EKS access entries ({named}): the cluster's authentication mode is CONFIG_MAP")
    };
    is_idle.then(|| note().into())
}

/// That EKS does not ask a place in which something stands.
pub(super) fn of_left_out((live, why): (&LiveMapping, NotAsked)) -> Box<str> {
    format!("nobody is let in by {}: {}", live.target.title(), why.in_words()).into()
}

/// That nothing says who logs in.
pub(super) fn of_logins(logins: &[mapping::Source]) -> Option<Unseen> {
    let why = "no ConfigMap, IAMIdentityMapping, access entry or access file says; a file on the control plane may";
    logins.iter().all(is_empty).then(|| Unseen::new("who logs in", why))
}

/// Whom bindings name by the id of an access key, which a mapping makes a name of: AWS alone knows who has it.
pub(super) fn of_keys(principals: &[NamedPrincipal], index: &Index) -> (BTreeSet<Subject>, Vec<Unseen>) {
    let with_key = |login: &&Login| login.groups.iter().chain([&login.username]).any(|name| name.contains(ACCESS_KEY));
    let mut named = None;
    let mut bearers: BTreeMap<(Subject, String), BTreeSet<String>> = BTreeMap::new();
    for principal in principals {
        let Some(login) = principal.login.as_ref().ok().filter(with_key) else { continue };
        let named = named.get_or_insert_with(|| Named::of([index]));
        for found in named.by_key(login, &principal.identity) {
            bearers.entry(found).or_default().insert(format!("{} of {}", principal.who, principal.who.account()));
        }
    }
    let gap = |((subject, key), who): (&(Subject, String), &BTreeSet<String>)| {
        let who = who.iter().map(String::as_str).collect::<Vec<_>>().join(" or ");
        let whoever = match subject {
            Subject::User(name) | Subject::ServiceAccount { name, .. } => format!("User {name}"),
            Subject::Group(name) => format!("Group {name}"),
        };
        let why = if key.starts_with("AKIA") {
            format!(
                "{who} is {whoever} with it, which bindings name; `aws iam get-access-key-last-used --access-key-id {key}` says \
                 whose it is"
            )
        } else {
            format!("a session of {who} is {whoever} with it, which bindings name; such a key ends with its session")
        };
        Unseen::new(format!("who has the access key {key}"), why).about(About::AccessKey)
    };
    let gaps = bearers.iter().map(gap).collect();
    (bearers.into_keys().map(|(subject, _)| subject).collect(), gaps)
}

/// EKS access policies whose rules are not known.
pub(super) fn of_policies(policies: &[Associated]) -> impl Iterator<Item = Unseen> {
    let unknown = policies.iter().filter(|associated| associated.policy.is_none());
    unknown.map(|associated| inventory::unknown_policy(&associated.association.policy))
}

fn is_empty(source: &mapping::Source) -> bool {
    source.roles.is_empty() && source.users.is_empty() && source.accounts.is_empty()
}

/// Entries of which the reader takes any: everybody whom they match is counted as each of them.
pub(super) fn of_chance(logins: &[mapping::Source]) -> Vec<Unseen> {
    let defects = logins.iter().flat_map(|source| &source.defects);
    let chances = defects.filter(|defect| defect.kind == mapping::DefectKind::Undetermined);
    let gap = |defect: &mapping::Defect| Unseen::new(defect.place(), defect.message.as_str());
    chances.map(gap).collect()
}
