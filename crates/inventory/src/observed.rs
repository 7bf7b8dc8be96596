//! What the cluster has, as far as it could be seen.

use std::{collections::BTreeMap, sync::Arc};

use access::Namespace;
use identity::{Arn, Partition};
use mapping::BackendMode;
use rbac::{AnyRole, Binding};

use crate::{
    AccessEntries, AuthenticationMode, ClusterObject, Knowledge, LiveMapping, LoginStore, MappingTarget, Record,
    Unseen, UnseenLogins, foreign::RbacDefinition, unknown_policy,
};

/// A binding's namespace, which a `ClusterRoleBinding` lacks, and its name.
pub type BindingId = (Option<Box<str>>, Box<str>);

/// A cluster as observed at one moment.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Every `Role` and `ClusterRole`, built-in ones included.
    pub roles: Vec<ClusterObject<AnyRole>>,
    /// Every `RoleBinding` and `ClusterRoleBinding`.
    pub bindings: Vec<ClusterObject<Binding>>,
    /// The file of each binding that was read from a file.
    pub binding_files: BTreeMap<BindingId, Arc<str>>,
    /// Every namespace.
    pub namespaces: Vec<Namespace>,
    /// The mappings in force, in the order in which the authenticator asks them.
    pub mappings: Vec<LiveMapping>,
    /// EKS access entries, where any were given.
    pub entries: AccessEntries,
    /// What was last applied, if anything was.
    pub record: Option<ClusterObject<Record>>,
    /// Who applies, as the cluster sees them (`SelfSubjectReview`).
    pub caller: Option<rbac::User>,
    /// The partition of the authenticator.
    pub partition: Partition,
    /// How much of roles and bindings is known.
    pub knowledge: Knowledge,
    /// What was given and cannot be read, in words: what stands there may grant something.
    pub unreadable: Vec<Box<str>>,
    /// Whether it is one of EKS, where nothing but access entries and `aws-auth` is asked.
    pub is_eks: bool,
    /// Whether a file was given that makes clusters of EKS. It says nothing of what the cluster has.
    pub makes_eks: bool,
    /// The modes in the order in which the server asks for logins, where that is known.
    pub modes: Option<Vec<BackendMode>>,
    /// Why those are not known that a server's flag gives, where one gives some.
    pub unread_modes: Option<Box<str>>,
    /// Whether there are no `IAMIdentityMapping`s but those that were seen.
    pub knows_mapping_objects: bool,
    /// The mapping sources of which nothing says that a server reads them, and why not.
    pub not_read: BTreeMap<MappingTarget, Box<str>>,
    /// Whether the `ConfigMap`s are here that are read for logins, as far as it shows who reads any, though not all of
    /// `kube-system` may be: `aws-auth` as a cluster has it, and the authenticator's where one mounts it.
    pub has_maps_of_logins: bool,
    /// What could not be read. What is missing is never assumed to be empty: a plan with gaps says so, and is not applied.
    pub unseen: Vec<Unseen>,
    /// Of that, mapping sources that were given and cannot be read, or in which something is still to be filled in.
    pub unread_logins: Vec<UnseenLogins>,
    /// Of that, what stands there twice and differs.
    pub twice: Vec<Twice>,
    /// What rbac-manager makes bindings of, which are among the bindings.
    pub definitions: Vec<RbacDefinition>,
    /// The roles and bindings of these that do not count.
    pub others: rbac::Objects,
    /// The logins of these that do not count.
    pub other_logins: Vec<mapping::Source>,
    /// The mappings that are taken for nobody's login, where none are written and servers have files of their own: one may read
    /// them all the same.
    pub left_aside: Vec<mapping::Source>,
    /// Which of these could not be read.
    pub left_aside_unseen: Vec<Unseen>,
    /// What to know of how it was read.
    pub notes: Vec<Box<str>>,
    /// Flags that were typed and change nothing, each with why.
    pub idle: Vec<Box<str>>,
}

/// Two given objects of one identity with different content; a cluster can have only one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Twice {
    /// Both places, and which one counts.
    pub gap: Unseen,
    /// Kind, namespace and name.
    pub object: Box<str>,
    /// Where the later one stands that somebody wrote; empty where nobody did.
    pub file: Arc<str>,
    /// The line of that; 0 where it is not known.
    pub line: usize,
}

/// A service account with an AWS role of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CloudAccount {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The role's ARN, as it is written there.
    pub role: Box<str>,
}

/// The reasons why EKS does not read a mapping source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// It is the authenticator's, and EKS' control plane reads access entries and `aws-auth` alone.
    OnEks,
    /// It is `aws-auth`, and the cluster's authentication mode has access entries alone.
    ByMode,
}

impl Twice {
    /// Returns whether they are roles or bindings, and not mapping sources.
    pub fn is_of_rights(&self) -> bool {
        ["Role", "ClusterRole", "RBACDefinition"].iter().any(|kind| self.object.starts_with(kind))
    }
}

impl NotAsked {
    /// Returns the reason in words, as what follows whom the place names.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::OnEks => "EKS reads only access entries and aws-auth",
            Self::ByMode => "EKS does not read it, because the cluster's authentication mode is API",
        }
    }
}

/// Returns whether an API server is one of EKS, by its URL.
pub fn is_server_of_eks(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    [".eks.amazonaws.com", ".eks.amazonaws.com.cn"].iter().any(|end| host.ends_with(end))
}

impl Observed {
    /// Adds the URL of its API server, where one was asked: EKS gives its clusters names of its own.
    pub fn is_of_server(&mut self, url: Option<&str>) {
        self.is_eks |= url.is_some_and(is_server_of_eks);
    }

    /// Adds EKS access entries, with what of them is not known.
    pub fn add_entries(&mut self, entries: AccessEntries) {
        if entries.is_empty() {
            return;
        }
        self.is_eks = true;
        self.unseen.extend(entries.unseen());
        self.unseen
            .extend(entries.unknown_policies().into_iter().map(|association| unknown_policy(&association.policy)));
        self.unseen.sort();
        self.unseen.dedup();
        self.entries = entries;
    }

    /// Returns whether logins are asked of a place: not where the server's backend modes or EKS leave it out.
    pub fn asks(&self, live: &LiveMapping) -> bool {
        live.is_asked && self.not_asked(live).is_none()
    }

    /// Returns why EKS does not ask a place, if it is such a cluster and does not. A configuration in a file of its own was given
    /// to be read.
    pub fn not_asked(&self, live: &LiveMapping) -> Option<NotAsked> {
        self.leaves_out(live.target).filter(|why| *why != NotAsked::OnEks || !live.is_in_file())
    }

    /// Returns why EKS asks no place of this kind, whatever stands there, if it is such a cluster and does not.
    pub fn leaves_out(&self, target: MappingTarget) -> Option<NotAsked> {
        match target {
            MappingTarget::AwsAuth => {
                (self.entries.mode() == Some(AuthenticationMode::Api)).then_some(NotAsked::ByMode)
            }
            MappingTarget::AccessFile | MappingTarget::ConfigMap | MappingTarget::Crd => {
                let is_eks = self.is_eks || self.makes_eks || !self.entries.is_empty();
                is_eks.then_some(NotAsked::OnEks)
            }
            MappingTarget::None => None,
        }
    }

    /// Returns what EKS does not ask, where anything stands there, and why not.
    pub fn left_out(&self) -> impl Iterator<Item = (&LiveMapping, NotAsked)> {
        let with_something = self.mappings.iter().filter(|live| !live.source.is_blank());
        with_something.filter_map(|live| Some((live, self.not_asked(live)?)))
    }

    /// Returns the ARNs of logins as they were written: mappings compare them in lower case.
    pub fn spelled(&self) -> Vec<Arn> {
        let of_text = |text: &str| -> Vec<Arn> {
            let ends = |c: char| c.is_whitespace() || "\"',}]".contains(c);
            let arns = text.match_indices("arn:").map(|(at, _)| text[at..].split(ends).next().unwrap_or_default());
            arns.filter_map(|arn| arn.parse().ok()).collect()
        };
        let of_holder = |live: &LiveMapping| match &live.holder {
            LoginStore::ConfigMap(map) => map.data.values().flat_map(|text| of_text(text)).collect(),
            LoginStore::Objects(objects) => {
                objects.iter().flat_map(|seen| of_text(&seen.object.arn)).collect::<Vec<_>>()
            }
        };
        self.mappings.iter().flat_map(of_holder).collect()
    }

    /// Returns what RBAC decides by.
    pub fn objects(&self) -> rbac::Objects {
        rbac::Objects {
            roles: self.roles.iter().map(|seen| seen.object.clone()).collect(),
            bindings: self.bindings.iter().map(|seen| seen.object.clone()).collect(),
        }
    }
}
