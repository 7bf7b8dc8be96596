//! EKS access entries and the policies that are associated with them, as the AWS CLI prints them.
//!
//! Sources: Amazon EKS API Reference, `ListAccessEntries`, `DescribeAccessEntry`, `ListAssociatedAccessPolicies`,
//! `DescribeCluster`; Amazon EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries".

use std::collections::{BTreeMap, BTreeSet};

use identity::Arn;
use mapping::{Membership, Mode, Reader, Rule, RulePrincipal, RuleSource};
use serde::Deserialize;

use super::Unseen;

/// What is known of a cluster's access entries.
#[derive(Clone, Debug, Default)]
pub struct AccessEntries {
    /// Who has an entry, if the list was given.
    listed: Option<BTreeSet<Box<str>>>,
    described: BTreeMap<Box<str>, Described>,
    associated: BTreeMap<Box<str>, Vec<Association>>,
    mode: Option<AuthenticationMode>,
}

/// Which of its two kinds of logins an EKS cluster looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthenticationMode {
    /// `aws-auth` alone.
    ConfigMap,
    /// Access entries first, then `aws-auth`.
    ApiAndConfigMap,
    /// Access entries alone.
    Api,
}

/// A policy that an entry has, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Association {
    /// The principal's ARN, as EKS has it: a role's with its path.
    pub principal: Box<str>,
    /// The policy's name: `AmazonEKSViewPolicy`.
    pub policy: Box<str>,
    /// The namespaces, as names or globs; `None` is the whole cluster.
    pub namespaces: Option<Vec<Box<str>>>,
}

/// Why a text is not what `aws eks` prints.
#[derive(Debug, thiserror::Error)]
pub enum AccessEntriesError {
    /// JSON of another shape.
    #[error(
        "it is not all that `aws eks list-access-entries`, `describe-access-entry`, `list-associated-access-policies` or `describe-cluster` prints; leave --query out"
    )]
    Shape,
    /// Only a part of an answer: whoever is not in it would count as absent.
    #[error("it is only a part of an answer; leave --max-items and --no-paginate out")]
    Partial,
}

#[derive(Clone, Debug)]
struct Described {
    username: String,
    groups: Vec<String>,
    /// Only entries of this type take policies.
    is_standard: bool,
}

/// All four outputs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    access_entries: Option<Vec<Box<str>>>,
    access_entry: Option<PrintedEntry>,
    associated_access_policies: Option<Vec<PrintedPolicy>>,
    principal_arn: Option<Box<str>>,
    cluster: Option<PrintedCluster>,
    #[serde(alias = "NextToken")]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrintedEntry {
    principal_arn: Box<str>,
    #[serde(default)]
    kubernetes_groups: Vec<String>,
    username: String,
    r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrintedPolicy {
    policy_arn: Box<str>,
    access_scope: PrintedScope,
}

#[derive(Deserialize)]
struct PrintedScope {
    r#type: ScopeType,
    #[serde(default)]
    namespaces: Vec<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ScopeType {
    Cluster,
    Namespace,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrintedCluster {
    access_config: Option<PrintedAccess>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrintedAccess {
    authentication_mode: AuthenticationMode,
}

/// What gaps of one principal begin with.
const ENTRY: &str = "the EKS access entry of ";
const POLICIES: &str = "the EKS access policies of ";

impl AccessEntries {
    /// Adds what one of the four commands prints.
    pub fn read(&mut self, json: &[u8]) -> Result<(), AccessEntriesError> {
        let printed: Printed = serde_json::from_slice(json).map_err(|_| AccessEntriesError::Shape)?;
        if printed.next_token.is_some() {
            return Err(AccessEntriesError::Partial);
        }
        match printed {
            Printed { access_entries: Some(arns), .. } => self.listed.get_or_insert_default().extend(arns),
            Printed { access_entry: Some(entry), .. } => {
                let PrintedEntry { principal_arn, kubernetes_groups: groups, username, r#type } = entry;
                let is_standard = r#type == "STANDARD";
                self.described.insert(principal_arn, Described { username, groups, is_standard });
            }
            Printed { associated_access_policies: Some(policies), principal_arn: Some(principal), .. } => {
                let of = |policy: PrintedPolicy| policy.into_association(&principal);
                let policies = policies.into_iter().map(of).collect();
                self.associated.insert(principal, policies);
            }
            Printed { cluster: Some(cluster), .. } => {
                let access = cluster.access_config.ok_or(AccessEntriesError::Shape)?;
                self.mode = Some(access.authentication_mode);
            }
            Printed { .. } => return Err(AccessEntriesError::Shape),
        }
        Ok(())
    }

    /// Whether nothing is known at all.
    pub fn is_empty(&self) -> bool {
        self.listed.is_none() && self.described.is_empty() && self.associated.is_empty() && self.mode.is_none()
    }

    /// Which logins the cluster looks at, if that is known.
    pub fn mode(&self) -> Option<AuthenticationMode> {
        self.mode
    }

    /// The entries as a source of logins, which EKS asks before `aws-auth`.
    pub fn source(&self) -> mapping::Source {
        let mut source = mapping::Source::empty(Mode::AccessEntries, Reader::Eks);
        if self.mode == Some(AuthenticationMode::ConfigMap) {
            return source;
        }
        for (index, (principal, entry)) in self.described.iter().enumerate() {
            let Some(arn) = principal.parse::<Arn>().ok() else { continue };
            let Some(rule_principal) = RulePrincipal::of_arn(&arn) else { continue };
            let list = if arn.resource.starts_with("user/") { &mut source.users } else { &mut source.roles };
            let file = (&**principal).into();
            list.push(Rule {
                principal: rule_principal,
                written: Some(principal.clone()),
                username: entry.username.clone(),
                groups: entry.groups.iter().cloned().map(Membership::from).collect(),
                source: RuleSource { mode: Mode::AccessEntries, list: "accessEntries", index, file, line: 1 },
            });
        }
        source
    }

    /// The principals of entries, as EKS writes them.
    pub fn spelled(&self) -> impl Iterator<Item = Arn> {
        self.described.keys().filter_map(|principal| principal.parse().ok())
    }

    /// The policies that entries have, in the order of principals and policies.
    pub fn associations(&self) -> Vec<Association> {
        if self.mode == Some(AuthenticationMode::ConfigMap) {
            return Vec::new();
        }
        let mut all: Vec<Association> = self.associated.values().flatten().cloned().collect();
        all.sort();
        all
    }

    /// Whether the cluster looks at nothing else.
    pub fn are_alone(&self) -> bool {
        self.mode == Some(AuthenticationMode::Api)
    }

    /// What of logins by them is not known, with the ARN that mappings compare where it is about one principal.
    pub fn unseen_logins(&self) -> Vec<(Option<String>, Unseen)> {
        let of_one = |arn: &str| match RulePrincipal::of_arn(&arn.parse().ok()?)? {
            RulePrincipal::Arn(arn) => Some(arn),
            RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_) => None,
        };
        let logins = self.unseen().into_iter().filter(|gap| !gap.what.starts_with(POLICIES));
        logins.map(|gap| (gap.what.strip_prefix(ENTRY).and_then(of_one), gap)).collect()
    }

    /// What of them is not known.
    pub fn unseen(&self) -> Vec<Unseen> {
        if self.mode == Some(AuthenticationMode::ConfigMap) {
            return Vec::new();
        }
        let gap = |what: String, command: &str| Unseen {
            what: what.into(),
            why: format!("give what `aws eks {command}` prints").into(),
        };
        let Some(listed) = &self.listed else {
            return vec![gap("EKS access entries".to_owned(), "list-access-entries")];
        };
        let mut unseen = Vec::new();
        for arn in listed {
            match self.described.get(arn) {
                None => unseen.push(gap(format!("{ENTRY}{arn}"), "describe-access-entry")),
                Some(entry) if entry.is_standard && !self.associated.contains_key(arn) => {
                    let what = format!("{POLICIES}{arn}");
                    unseen.push(gap(what, "list-associated-access-policies"));
                }
                Some(_) => {}
            }
        }
        unseen
    }
}

impl PrintedPolicy {
    fn into_association(self, principal: &str) -> Association {
        let policy = self.policy_arn.rsplit('/').next().unwrap_or_default().into();
        let PrintedScope { r#type, namespaces } = self.access_scope;
        let namespaces = match r#type {
            ScopeType::Cluster => None,
            ScopeType::Namespace => Some(namespaces),
        };
        Association { principal: principal.into(), policy, namespaces }
    }
}
