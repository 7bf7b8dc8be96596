//! Who may do everything, and not by the file: what is left of other ways in behind a plan.

use std::{collections::HashSet, fmt};

use inventory::{AccessEntries, Association};
use mapping::Rule;
use rbac::{Binding, ObjectId, RoleKind, RoleReference, Subject};

use super::Wanted;

/// The group that is asked about nothing (Kubernetes, `apiserver/pkg/authentication/user`).
const MASTERS: &str = "system:masters";
/// The role that allows everything (Kubernetes, `bootstrappolicy/policy.go`), and the binding of Kubernetes' own to it.
const CLUSTER_ADMIN: &str = "cluster-admin";
/// EKS' access policy that allows the same where it is associated (Amazon EKS User Guide, "Review access policy permissions").
const CLUSTER_ADMIN_POLICY: &str = "AmazonEKSClusterAdminPolicy";

/// One way to every right that the file has not given. It stays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllPowerful {
    /// An entry of a mapping that puts somebody into `system:masters`.
    Login {
        /// The principal, as it is written.
        who: Box<str>,
        /// The username, possibly with variables.
        username: Box<str>,
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
pub(super) fn all_powerful<'a>(
    wanted: &Wanted<'_>,
    others: impl IntoIterator<Item = &'a Rule>,
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
    let logins = others.into_iter().filter(|rule| rule.groups.iter().any(|membership| membership.group == MASTERS));
    let logins = logins.map(|rule| AllPowerful::Login {
        who: rule.written.clone().unwrap_or_else(|| rule.principal.to_string().into()),
        username: rule.username.as_str().into(),
        place: rule.source.to_string().into(),
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
            Self::Login { who, username, place } if username.is_empty() => {
                write!(f, "{who} is in {MASTERS}, without a username, by {place}")
            }
            Self::Login { who, username, place } => write!(f, "{who} is in {MASTERS}, as {username}, by {place}"),
            Self::Binding { id, role, subjects } => {
                let subjects: Vec<_> = subjects.iter().map(said).collect();
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
pub(super) fn said(subject: &Subject) -> String {
    match subject {
        Subject::User(name) => format!("user {name}"),
        Subject::Group(name) => format!("group {name}"),
        Subject::ServiceAccount { namespace: Some(namespace), name } => format!("service account {namespace}/{name}"),
        Subject::ServiceAccount { namespace: None, name } => format!("service account {name}"),
    }
}
