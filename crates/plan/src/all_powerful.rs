//! Who has every permission outside the file: what remains of other access after a plan.

use std::{collections::HashSet, fmt};

use inventory::{AccessEntries, Association, Named};
use jiff::Timestamp;
use mapping::{Rule, Source};
use rbac::{Binding, MASTERS, ObjectId, RoleKind, RoleReference, Subject};

use super::{
    Wanted,
    chosen::{ByRule, by_rule},
};

/// The role that allows everything (Kubernetes, `bootstrappolicy/policy.go`), and the binding of Kubernetes' own to it.
const CLUSTER_ADMIN: &str = "cluster-admin";
/// EKS' access policy that allows the same where it is associated (Amazon EKS User Guide, "Review access policy permissions").
const CLUSTER_ADMIN_POLICY: &str = "AmazonEKSClusterAdminPolicy";

/// A way to every permission that the file does not grant, and that a plan does not remove.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllPowerful {
    /// An entry of a mapping that puts somebody into `system:masters`.
    Login {
        /// The principal, as it is written.
        who: Box<str>,
        /// The username, possibly with variables.
        username: Box<str>,
        /// What they have to call their session for it, where the entry leaves the group to that.
        session: Option<Box<str>>,
        /// Where the entry stands.
        place: Box<str>,
    },
    /// A binding to the ClusterRole `cluster-admin`, or one of the group `system:masters`.
    Binding {
        /// Which.
        id: ObjectId,
        /// What it gives.
        role: RoleReference,
        /// Whom.
        subjects: Vec<Subject>,
    },
    /// An EKS access entry with the policy that allows everything.
    Policy {
        /// The principal, as EKS writes it.
        who: Box<str>,
        /// The policy.
        policy: Box<str>,
        /// Where, as names or globs; `None` is the whole cluster.
        namespaces: Option<Vec<Box<str>>>,
    },
}

/// All of them, in the order in which they are shown. Kubernetes' own binding of `system:masters` is in every cluster and no news.
pub(super) fn all_powerful<'s>(
    wanted: &Wanted<'_>,
    others: impl Iterator<Item = &'s Source>,
    bindings: &[Binding],
    entries: &AccessEntries,
) -> Vec<AllPowerful> {
    let desired = wanted.desired.objects.bindings.iter();
    let by_file: HashSet<_> = desired.map(|binding| (binding.namespace(), binding.name())).collect();
    let bindings = bindings.iter().filter(|binding| {
        let gives_all = binding.role().kind == RoleKind::ClusterRole && binding.role().name == CLUSTER_ADMIN;
        let is_file = by_file.contains(&(binding.namespace(), binding.name()));
        (gives_all || binding.subjects().iter().any(is_masters)) && !is_file && !is_built_in(binding)
    });
    let bindings = bindings.map(|binding| AllPowerful::Binding {
        id: ObjectId::of_binding(binding),
        role: binding.role().into_owned(),
        subjects: binding.subjects().to_vec(),
    });
    let rules = others.flat_map(|source| source.roles.iter().chain(&source.users).map(move |rule| (source, rule)));
    let logins = rules.filter_map(|(source, rule)| {
        Some(AllPowerful::Login {
            who: rule.written.clone().unwrap_or_else(|| rule.principal.to_string().into()),
            username: rule.username.as_str().into(),
            session: way_to_masters(source, rule, wanted.now)?,
            place: rule.source.to_string().into(),
        })
    });
    let policies =
        entries.associations().into_iter().filter(|association| *association.policy == *CLUSTER_ADMIN_POLICY);
    let policies = policies.map(|Association { principal: who, policy, namespaces }| AllPowerful::Policy {
        who,
        policy,
        namespaces,
    });
    let mut all: Vec<_> = logins.chain(bindings).chain(policies).collect();
    all.sort();
    all
}

/// How a rule puts somebody into `system:masters`: whatever they call their session, or by what; `None` if it does not.
#[expect(clippy::option_option, reason = "no way, one that is open to all of them, and one by a name")]
fn way_to_masters(source: &Source, rule: &Rule, now: Timestamp) -> Option<Option<Box<str>>> {
    if rule.groups.iter().any(|membership| membership.group == MASTERS) {
        return Some(None);
    }
    let ByRule { always, by_name } = by_rule(source, rule, &Named::of_groups([]), now)?;
    if always.iter().any(|login| login.groups.iter().any(|group| group == MASTERS)) {
        return Some(None);
    }
    by_name.into_iter().next().map(|(session, _)| Some(session.into()))
}

fn is_masters(subject: &Subject) -> bool {
    matches!(subject, Subject::Group(group) if **group == *MASTERS)
}

fn is_built_in(binding: &Binding) -> bool {
    binding.namespace().is_none()
        && binding.name() == CLUSTER_ADMIN
        && binding.role().name == CLUSTER_ADMIN
        && binding.subjects().iter().all(is_masters)
}

impl fmt::Display for AllPowerful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login { who, username, session, place } => {
                write!(f, "{who} is in {MASTERS}")?;
                if let Some(session) = session {
                    write!(f, " when they choose the session name `{session}`")?;
                }
                match &**username {
                    "" => write!(f, ", without a username, by {place}"),
                    username => write!(f, ", as {username}, by {place}"),
                }
            }
            Self::Binding { id, role, subjects } => {
                let subjects: Vec<_> = subjects.iter().map(in_words).collect();
                let subjects = if subjects.is_empty() { "nobody".to_owned() } else { subjects.join(", ") };
                write!(f, "{id} gives {} {} to {subjects}", role.kind.as_str(), role.name)
            }
            Self::Policy { who, policy, namespaces } => {
                let place = namespaces.as_ref().map(|names| format!(" in {}", names.join(", "))).unwrap_or_default();
                write!(f, "{who} has the EKS access policy {policy}{place}, by its access entry")
            }
        }
    }
}

/// A subject in kubectl's words.
pub(super) fn in_words(subject: &Subject) -> String {
    match subject {
        Subject::User(name) => format!("user {name}"),
        Subject::Group(name) => format!("group {name}"),
        Subject::ServiceAccount { namespace: Some(namespace), name } => format!("service account {namespace}/{name}"),
        Subject::ServiceAccount { namespace: None, name } => format!("service account {name}"),
    }
}
