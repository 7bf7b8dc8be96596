//! Where logins are written, and which entries change there.

use std::collections::{BTreeMap, BTreeSet};

use mapping::{Membership, Mode, Rule, RulePrincipal, RuleSource};

use super::{Holder, LiveMapping, MappingObject, Observed, Owner, Wanted};
use crate::{Consumer, render::Entry};

/// Where logins are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MappingTarget {
    /// A `ConfigMap` with the access file, which `cluster-auth server` reads.
    AccessFile,
    /// The `ConfigMap` of the existing authenticator's configuration.
    ConfigMap,
    /// The `ConfigMap` `aws-auth`.
    AwsAuth,
    /// `IAMIdentityMapping` objects.
    Crd,
    /// Nowhere: somebody else sees to it, as with EKS access entries, or a file on the control plane.
    #[default]
    None,
}

/// The `ConfigMap` of [`MappingTarget::AccessFile`], in the namespace of the record, and its key.
pub const ACCESS_FILE_MAP: (&str, &str) = ("cluster-auth-access", "access.yaml");

impl MappingTarget {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::AccessFile, Self::ConfigMap, Self::AwsAuth, Self::Crd, Self::None];

    /// As the key and the flag `mapping` name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessFile => "access-file",
            Self::ConfigMap => "configmap",
            Self::AwsAuth => "aws-auth",
            Self::Crd => "crd",
            Self::None => "none",
        }
    }

    /// In words, as the plan's first line has it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::AccessFile => "the server's access file, ConfigMap kube-system/cluster-auth-access",
            Self::ConfigMap => "the authenticator's configuration, ConfigMap kube-system/aws-iam-authenticator",
            Self::AwsAuth => "ConfigMap kube-system/aws-auth",
            Self::Crd => "IAMIdentityMapping objects",
            Self::None => "nowhere (mapping: none)",
        }
    }

    /// The `ConfigMap` that holds it, in `kube-system`.
    pub const fn config_map(self) -> Option<&'static str> {
        match self {
            Self::AccessFile => Some(ACCESS_FILE_MAP.0),
            Self::ConfigMap => Some("aws-iam-authenticator"),
            Self::AwsAuth => Some("aws-auth"),
            Self::Crd | Self::None => None,
        }
    }

    /// Who takes it: what they cannot carry has to be resolved before planning ([`crate::unsupported`]).
    pub const fn consumer(self) -> Consumer {
        match self {
            Self::AccessFile => Consumer::Server,
            Self::ConfigMap => Consumer::Config,
            Self::AwsAuth => Consumer::AwsAuth,
            Self::Crd => Consumer::Crd,
            Self::None => Consumer::Rbac,
        }
    }

    fn mode(self) -> Option<Mode> {
        match self {
            Self::AccessFile => Some(Mode::AccessFile),
            Self::ConfigMap => Some(Mode::MountedFile),
            Self::AwsAuth => Some(Mode::EksConfigMap),
            Self::Crd => Some(Mode::Crd),
            Self::None => None,
        }
    }
}

/// One entry of a mapping: a principal and who it is in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoginEntry {
    /// The username, possibly with variables.
    pub username: String,
    /// The groups.
    pub groups: Vec<String>,
}

/// One entry that changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryChange {
    /// The principal: an ARN in lower case, or `permission set dev in 111122223333`.
    pub principal: String,
    /// What stands there now.
    pub before: Option<LoginEntry>,
    /// What is going to stand there; the same where only its owner changes.
    pub after: Option<LoginEntry>,
    /// What stands there is not ours: it is adopted.
    pub adopted: bool,
}

/// What happens to logins.
#[derive(Debug, Default)]
pub(super) struct Logins {
    /// In the order of principals.
    pub(super) changes: Vec<EntryChange>,
    /// How many entries are as the file asks for.
    pub(super) unchanged: usize,
    /// The entries of ours that a shared mapping is going to have.
    pub(super) entries: BTreeSet<Box<str>>,
    /// Every source in force now.
    pub(super) before: Vec<mapping::Source>,
    /// Every source in force afterwards.
    pub(super) after: Vec<mapping::Source>,
    /// Whether logins are only what the file says, because nothing of them is read or written.
    pub(super) assumed: bool,
}

pub(super) fn diff(wanted: &Wanted<'_>, observed: &Observed) -> Logins {
    let before: Vec<mapping::Source> = observed.mappings.iter().map(|live| live.source.clone()).collect();
    let Some(mode) = wanted.target.mode() else {
        let assumed = before.is_empty();
        let all = if assumed { vec![crate::mapping_source(wanted.desired, wanted.sources)] } else { before };
        return Logins { before: all.clone(), after: all, assumed, ..Logins::default() };
    };
    let live = observed.mappings.iter().find(|live| live.target == wanted.target);
    let desired = desired_source(wanted, mode);
    let ours = ours(wanted, observed, live);
    let empty = || mapping::Source {
        mode,
        roles: Vec::new(),
        users: Vec::new(),
        accounts: Vec::new(),
        reserved_prefixes: Vec::new(),
    };
    let current = live.map_or_else(empty, |live| live.source.clone());
    let (mut changes, mut unchanged) = (Vec::new(), 0);
    let mut now = by_principal(&current);
    let next = by_principal(&desired);
    for (principal, rule) in &next {
        let after = entry(rule);
        let before = now.remove(principal).map(entry);
        let adopted = before.is_some() && !ours.contains(principal.as_str());
        if before.as_ref() == Some(&after) && !adopted {
            unchanged += 1;
            continue;
        }
        changes.push(EntryChange { principal: principal.clone(), before, after: Some(after), adopted });
    }
    for (principal, rule) in now {
        if ours.contains(principal.as_str()) {
            let before = Some(entry(rule));
            changes.push(EntryChange { principal, before, after: None, adopted: false });
        }
    }
    changes.sort();
    let goes = |rule: &Rule| {
        let principal = key(&rule.principal);
        ours.contains(principal.as_str()) || next.contains_key(&principal)
    };
    let mut after = current.clone();
    after.roles.retain(|rule| !goes(rule));
    after.users.retain(|rule| !goes(rule));
    let entries = next.keys().map(|principal| principal.as_str().into()).collect();
    after.roles.extend(desired.roles);
    after.users.extend(desired.users);
    let mut sources = before.clone();
    match sources.iter_mut().find(|source| source.mode == mode) {
        Some(source) => *source = after,
        // The server asks its access file first.
        None if mode == Mode::AccessFile => sources.insert(0, after),
        None => sources.push(after),
    }
    Logins { changes, unchanged, entries, before, after: sources, assumed: false }
}

/// What the file asks for, as the target's reader will see it.
fn desired_source(wanted: &Wanted<'_>, mode: Mode) -> mapping::Source {
    if mode == Mode::AccessFile {
        return crate::mapping_source(wanted.desired, wanted.sources);
    }
    let (users, roles): (Vec<_>, Vec<_>) =
        crate::render::entries(wanted.desired, wanted.facts).into_iter().partition(|entry| entry.is_user);
    let rules = |entries: Vec<Entry<'_>>, list: &'static str| {
        let rule = |(index, entry): (usize, Entry<'_>)| Rule {
            principal: RulePrincipal::Arn(entry.arn.to_ascii_lowercase()),
            username: entry.username.to_owned(),
            groups: entry.groups.iter().map(|group| Membership::from((*group).to_owned())).collect(),
            source: RuleSource { mode, list, index, file: "the plan".into(), line: 1 },
        };
        entries.into_iter().enumerate().map(rule).collect()
    };
    let (accounts, reserved_prefixes) = Default::default();
    mapping::Source {
        mode,
        roles: rules(roles, "mapRoles"),
        users: rules(users, "mapUsers"),
        accounts,
        reserved_prefixes,
    }
}

/// The principals of the entries that are ours.
fn ours(wanted: &Wanted<'_>, observed: &Observed, live: Option<&LiveMapping>) -> BTreeSet<Box<str>> {
    let Some(live) = live else { return BTreeSet::new() };
    match &live.holder {
        Holder::ConfigMap(seen) if wanted.target == MappingTarget::AccessFile => {
            // Nobody else writes into it: it is ours as a whole, or not at all.
            match seen.owner.mark_of(wanted.cluster_id) {
                Some(_) => by_principal(&live.source).into_keys().map(Into::into).collect(),
                None => BTreeSet::new(),
            }
        }
        Holder::ConfigMap(_) => {
            let record = observed.record.as_ref().map(|seen| &seen.object);
            let of_here =
                record.filter(|record| *record.cluster_id == *wanted.cluster_id && record.target == wanted.target);
            of_here.map(|record| record.entries.clone()).unwrap_or_default()
        }
        Holder::Objects(objects) => {
            let ours = objects.iter().filter(|seen| seen.owner.mark_of(wanted.cluster_id).is_some());
            ours.map(|seen| seen.object.principal()).collect()
        }
    }
}

impl MappingObject {
    /// Whom it is for, in lower case, as the mapping's reader compares.
    pub(super) fn principal(&self) -> Box<str> {
        self.arn.to_ascii_lowercase().into()
    }
}

/// The rules by principal. Where one stands twice, the last one counts, and roles go before users.
fn by_principal(source: &mapping::Source) -> BTreeMap<String, &Rule> {
    let rules = source.users.iter().chain(&source.roles);
    rules.map(|rule| (key(&rule.principal), rule)).collect()
}

/// A principal as one text that no other has.
pub(super) fn key(principal: &RulePrincipal) -> String {
    match principal {
        RulePrincipal::Arn(arn) => arn.clone(),
        RulePrincipal::PermissionSet(set) => format!("permission set {} in {}", set.name, set.account),
    }
}

fn entry(rule: &Rule) -> LoginEntry {
    let groups = rule.groups.iter().map(|membership| membership.group.clone());
    LoginEntry { username: rule.username.clone(), groups: groups.collect() }
}

/// Whether our mark is on what holds a mapping as a whole.
pub(super) fn holder_owner(live: &LiveMapping) -> Option<&Owner> {
    match &live.holder {
        Holder::ConfigMap(seen) => Some(&seen.owner),
        Holder::Objects(_) => None,
    }
}
