//! EKS access entries and the policies that are associated with them, as the AWS CLI prints them.
//!
//! Sources: Amazon EKS API Reference, `ListAccessEntries`, `DescribeAccessEntry`, `ListAssociatedAccessPolicies`,
//! `DescribeCluster`; Amazon EKS User Guide, "Grant IAM users access to Kubernetes with EKS access entries".

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use identity::{Arn, Partition};
use mapping::{BackendMode, Membership, Reader, Rule, RulePrincipal, RuleSource};
use serde::Deserialize;

use crate::{
    AuthenticationMode, ClaimedBy, ClusterClaim, Unseen,
    eks::policies::OF_AUTO_MODE_NODES,
    foreign::{self, AccessEntry, EntryType},
    policy,
    text::placeholder,
};

/// The known access entries of an EKS cluster.
#[derive(Clone, Debug, Default)]
pub struct AccessEntries {
    /// Who has an entry, if the list was given.
    listed: Option<BTreeSet<Box<str>>>,
    described: BTreeMap<Box<str>, Described>,
    /// Those of whom only a part was said.
    mentioned: BTreeSet<Box<str>>,
    associated: BTreeMap<Box<str>, Vec<Association>>,
    /// Those in which another program fills something in, and what it is in.
    unfilled: BTreeMap<Box<str>, Box<str>>,
    mode: Option<AuthenticationMode>,
    cluster_claims: Vec<ClusterClaim>,
    /// The partition of the cluster, where an answer has its ARN.
    partition: Option<Partition>,
    /// What answers said, by what it is of.
    answers: BTreeMap<Box<str>, Answer>,
}

/// The association of an access policy with an entry, and its scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Association {
    /// The principal's ARN, as EKS has it: a role's with its path.
    pub principal: Box<str>,
    /// The policy's name: `AmazonEKSViewPolicy`.
    pub policy: Box<str>,
    /// The namespaces, as names or globs; `None` is the whole cluster.
    pub namespaces: Option<Vec<Box<str>>>,
}

/// The reasons to reject output of `aws eks`.
#[derive(Debug, thiserror::Error)]
pub enum AccessEntriesError {
    /// JSON of another shape.
    #[error(
        "it is not the whole output of `aws eks list-access-entries`, `describe-access-entry`, `list-associated-access-policies` or `describe-cluster`; leave --query out"
    )]
    Shape,
    /// Only a part of an answer: whoever is not in it would count as absent.
    #[error("it is only a part of what AWS answers; print it again without --max-items and --no-paginate of `aws`")]
    Partial,
    /// Of what an answer that was read before says otherwise.
    #[error("it contradicts an answer about {0} that was read before; give only the newer one")]
    Contradicts(Box<str>),
}

/// What an answer said, to compare it with another one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    /// Groups, username and type of an entry.
    Entry(Vec<String>, String, String),
    /// The policies of one, sorted.
    Policies(Vec<Association>),
    /// Which logins the cluster looks at.
    Mode(AuthenticationMode),
}

/// Of what nobody gave an answer.
enum Lack<'a> {
    /// Who has an entry.
    List,
    /// The entry of a principal.
    Entry(&'a str),
    /// The policies of one.
    Policies(&'a str),
}

#[derive(Clone, Debug)]
struct Described {
    username: String,
    groups: Vec<String>,
    /// Only standard ones take policies; `None` is a type that is not known here.
    kind: Option<EntryType>,
    /// The list in the file, and which entry of it.
    section: Box<str>,
    /// File and line, where it is known.
    file: Option<(Arc<str>, usize)>,
}

/// An access entry, with its place.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The principal's ARN, as EKS has it: a role's with its path.
    pub principal: &'a str,
    /// Whose it is; `None` is a type that is not known here.
    pub kind: Option<EntryType>,
    /// The username.
    pub username: &'a str,
    /// The Kubernetes groups.
    pub groups: &'a [String],
    /// The place in whatever says it: `accessEntries[0]`.
    pub section: &'a str,
    /// File and line of that, where it is known.
    pub file: Option<(Arc<str>, usize)>,
}

/// What machines are in (Kubernetes, "Using Node Authorization").
const NODES: &str = "system:nodes";

/// All four outputs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    access_entries: Option<Vec<Box<str>>>,
    access_entry: Option<PrintedEntry>,
    associated_access_policies: Option<Vec<PrintedPolicy>>,
    principal_arn: Option<Box<str>>,
    cluster_name: Option<Box<str>>,
    cluster: Option<PrintedCluster>,
    #[serde(alias = "NextToken")]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrintedEntry {
    cluster_name: Option<Box<str>>,
    access_entry_arn: Option<Box<str>>,
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
    name: Option<Box<str>>,
    arn: Option<Box<str>>,
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
    /// Adds an entry of a file that makes entries.
    pub fn add(&mut self, entry: &AccessEntry, file: &Arc<str>, line: usize) {
        let principal = &entry.principal;
        let of = |policy: &foreign::Association| Association {
            principal: principal.clone(),
            policy: policy.policy.clone(),
            namespaces: policy.namespaces.clone(),
        };
        self.associated.entry(principal.clone()).or_default().extend(entry.policies.iter().map(of));
        let default = || entry.kind?.default_username(&principal.parse().ok()?);
        let username = entry.username.as_ref().map(ToString::to_string).or_else(default);
        let texts =
            [&**principal].into_iter().chain(username.as_deref()).chain(entry.groups.iter().map(|group| &**group));
        if let Some(text) = texts.into_iter().find(|text| placeholder::is_in_login(text)) {
            self.mentioned.insert(principal.clone());
            self.unfilled.insert(principal.clone(), text.into());
            return;
        }
        let (Some(username), Some(kind)) = (username, entry.kind) else {
            self.mentioned.insert(principal.clone());
            return;
        };
        let mut groups: Vec<String> = entry.groups.iter().map(ToString::to_string).collect();
        groups.extend((kind != EntryType::Standard && groups.is_empty()).then(|| NODES.to_owned()));
        let (section, file) = (format!("{}[{}]", entry.at.0, entry.at.1).into(), Some((Arc::clone(file), line)));
        self.described.insert(principal.clone(), Described { username, groups, kind: Some(kind), section, file });
    }

    /// Returns the partition of the cluster, where that was said. Nobody of another one can log in to it.
    pub fn partition(&self) -> Option<Partition> {
        self.partition
    }

    /// Adds which logins the cluster looks at.
    pub fn set_mode(&mut self, mode: AuthenticationMode) {
        self.mode = Some(mode);
    }

    /// Adds what one of the four commands prints.
    pub fn read(&mut self, json: &[u8]) -> Result<(), AccessEntriesError> {
        self.read_at(json, None)
    }

    /// The same of what stands in a file, at a line. Of what is of another cluster than what was read before nothing is taken
    /// but that: [`crate::WhichCluster`] refuses both.
    pub(crate) fn read_at(&mut self, json: &[u8], place: Option<(&str, usize)>) -> Result<(), AccessEntriesError> {
        let printed: Printed = serde_json::from_slice(json).map_err(|_| AccessEntriesError::Shape)?;
        // Other programs have a `cluster` with a name as well.
        if !printed.is_answer() {
            return Err(AccessEntriesError::Shape);
        }
        if printed.next_token.is_some() {
            return Err(AccessEntriesError::Partial);
        }
        if !self.is_of(printed.cluster(), place) {
            return Ok(());
        }
        self.partition = self.partition.or(printed.partition());
        match printed {
            Printed { access_entries: Some(arns), .. } => self.listed.get_or_insert_default().extend(arns),
            Printed { access_entry: Some(entry), .. } => {
                let PrintedEntry { principal_arn, kubernetes_groups: groups, username, r#type, .. } = entry;
                let answer = Answer::Entry(groups.clone(), username.clone(), r#type.clone());
                self.answers(format!("{ENTRY}{principal_arn}"), answer)?;
                let kind = EntryType::of(&r#type);
                let (section, file) = ("accessEntry".into(), None);
                self.described.insert(principal_arn, Described { username, groups, kind, section, file });
            }
            Printed { associated_access_policies: Some(policies), principal_arn: Some(principal), .. } => {
                let of = |policy: PrintedPolicy| policy.into_association(&principal);
                let mut policies: Vec<Association> = policies.into_iter().map(of).collect();
                policies.sort();
                self.answers(format!("{POLICIES}{principal}"), Answer::Policies(policies.clone()))?;
                self.associated.insert(principal, policies);
            }
            Printed { cluster: Some(cluster), .. } => {
                let access = cluster.access_config.ok_or(AccessEntriesError::Shape)?;
                self.answers("the authentication mode".to_owned(), Answer::Mode(access.authentication_mode))?;
                self.mode = Some(access.authentication_mode);
            }
            Printed { .. } => return Err(AccessEntriesError::Shape),
        }
        Ok(())
    }

    /// Returns the clusters that answers are of, as far as they say which, each of them once.
    pub fn cluster_claims(&self) -> &[ClusterClaim] {
        &self.cluster_claims
    }

    /// Returns who has an entry of which username or type are not known, and what to give for it.
    pub fn undescribed(&self) -> Vec<Unseen> {
        let lacks = self.lacks().into_iter();
        lacks.filter(|(of, _)| matches!(of, Lack::Entry(_))).map(|(_, gap)| gap).collect()
    }

    /// Returns whose policies nobody gave, and what to give for it.
    pub fn without_policies(&self) -> Vec<Unseen> {
        let lacks = self.lacks().into_iter();
        lacks.filter(|(of, _)| matches!(of, Lack::Policies(_))).map(|(_, gap)| gap).collect()
    }

    /// Returns whether nothing is known at all.
    pub fn is_empty(&self) -> bool {
        let is_unknown = self.described.is_empty() && self.mentioned.is_empty() && self.associated.is_empty();
        self.listed.is_none() && self.mode.is_none() && is_unknown
    }

    /// Returns which logins the cluster looks at, if that is known.
    pub fn mode(&self) -> Option<AuthenticationMode> {
        self.mode
    }

    /// Returns the entries as a mapping source, which EKS asks before `aws-auth`.
    pub fn source(&self) -> mapping::Source {
        let mut source = mapping::Source::empty(BackendMode::AccessEntries, Reader::Eks);
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
                source: RuleSource { mode: BackendMode::AccessEntries, list: "accessEntries", index, file, line: 1 },
            });
        }
        source
    }

    /// Returns everybody who has an entry that is known, in the order of their ARNs.
    pub fn described(&self) -> impl Iterator<Item = Entry<'_>> {
        self.described.iter().map(|(principal, entry)| Entry {
            principal,
            kind: entry.kind,
            username: &entry.username,
            groups: &entry.groups,
            section: &entry.section,
            file: entry.file.clone(),
        })
    }

    /// Returns the principals of entries, as EKS writes them.
    pub fn spelled(&self) -> impl Iterator<Item = Arn> {
        self.described.keys().filter_map(|principal| principal.parse().ok())
    }

    /// Returns the policies that entries have, in the order of principals and policies.
    pub fn associations(&self) -> Vec<Association> {
        if self.mode == Some(AuthenticationMode::ConfigMap) {
            return Vec::new();
        }
        let mut all: Vec<Association> = self.associated.values().flatten().cloned().collect();
        all.sort();
        all
    }

    /// Returns whether the cluster looks at nothing else.
    pub fn are_alone(&self) -> bool {
        self.mode == Some(AuthenticationMode::Api)
    }

    /// Returns what of logins by them is not known, with the ARN that mappings compare where it is about one principal.
    pub fn unseen_logins(&self) -> Vec<(Option<String>, Unseen)> {
        let of_one = |arn: &str| match RulePrincipal::of_arn(&arn.parse().ok()?)? {
            RulePrincipal::Arn(arn) => Some(arn),
            RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_) => None,
        };
        let of_login = |(of, gap): (Lack<'_>, Unseen)| match of {
            Lack::List => Some((None, gap)),
            Lack::Entry(arn) => Some((of_one(arn), gap)),
            Lack::Policies(_) => None,
        };
        self.lacks().into_iter().filter_map(of_login).collect()
    }

    /// Returns the principals whose access policies are not known, or who have a policy whose rules are not known. Nodes of EKS
    /// Auto Mode are left out: EKS manages their policy, and no plan changes it.
    pub fn unseen_policies(&self) -> BTreeSet<Box<str>> {
        let of_policies = |(of, _)| match of {
            Lack::Policies(arn) => Some(Box::from(arn)),
            Lack::List | Lack::Entry(_) => None,
        };
        let gaps = self.lacks().into_iter().filter_map(of_policies);
        gaps.chain(self.unknown_policies().into_iter().map(|association| association.principal)).collect()
    }

    /// The policies of which it is not known what they allow, but for those of nodes.
    pub(crate) fn unknown_policies(&self) -> Vec<Association> {
        let is_of_node = |association: &Association| {
            let kind = self.described.get(&association.principal).and_then(|entry| entry.kind);
            kind == Some(EntryType::Ec2) && *association.policy == *OF_AUTO_MODE_NODES
        };
        let is_unknown = |association: &Association| policy(&association.policy).is_none() && !is_of_node(association);
        self.associations().into_iter().filter(is_unknown).collect()
    }

    /// Returns what of them is not known.
    pub fn unseen(&self) -> Vec<Unseen> {
        self.lacks().into_iter().map(|(_, gap)| gap).collect()
    }

    /// The same, with what it is of.
    fn lacks(&self) -> Vec<(Lack<'_>, Unseen)> {
        if self.mode == Some(AuthenticationMode::ConfigMap) {
            return Vec::new();
        }
        let gap = |what: String, command: &str| Unseen::new(what, format!("give what `aws eks {command}` prints"));
        let mut lacks = Vec::new();
        if self.listed.is_none() {
            lacks.push((Lack::List, gap("EKS access entries".to_owned(), "list-access-entries")));
        }
        let named = self.listed.iter().flatten().chain(&self.mentioned).chain(self.associated.keys());
        let all: BTreeSet<&Box<str>> = named.chain(self.described.keys()).collect();
        for arn in all {
            let what = || format!("{ENTRY}{arn}");
            match (self.unfilled.get(arn), self.described.get(arn)) {
                (Some(text), _) => {
                    let why = placeholder::why(text);
                    lacks.push((Lack::Entry(arn), Unseen::new(what(), why)));
                }
                (None, None) => lacks.push((Lack::Entry(arn), gap(what(), "describe-access-entry"))),
                (None, Some(entry)) => {
                    if entry.kind == Some(EntryType::Standard) && !self.associated.contains_key(arn) {
                        let what = format!("{POLICIES}{arn}");
                        lacks.push((Lack::Policies(arn), gap(what, "list-associated-access-policies")));
                    }
                }
            }
        }
        lacks
    }
}

impl AccessEntries {
    /// Takes no two answers that contradict each other.
    fn answers(&mut self, of: String, answer: Answer) -> Result<(), AccessEntriesError> {
        match self.answers.get(&*of) {
            Some(before) if *before != answer => Err(AccessEntriesError::Contradicts(of.into())),
            Some(_) => Ok(()),
            None => {
                self.answers.insert(of.into(), answer);
                Ok(())
            }
        }
    }

    /// Takes in of which cluster an answer is; `false` where it is another one than was said before.
    fn is_of(&mut self, cluster: Option<ClusterClaim>, place: Option<(&str, usize)>) -> bool {
        let Some(this) = cluster else { return true };
        let mut before = self.cluster_claims.iter();
        let is_another = before.clone().any(|before| before.is_another_than(&this));
        if !before.any(|before| before.says_the_same_as(&this)) {
            let place = place.map(|(file, line)| (file.into(), line));
            self.cluster_claims.push(ClusterClaim { place, ..this });
        }
        !is_another
    }
}

impl Printed {
    /// Whether it is what one of the four commands prints.
    fn is_answer(&self) -> bool {
        let is_described = self.cluster.as_ref().is_some_and(|cluster| cluster.access_config.is_some());
        let has_policies = self.associated_access_policies.is_some() && self.principal_arn.is_some();
        self.access_entries.is_some() || self.access_entry.is_some() || has_policies || is_described
    }

    fn partition(&self) -> Option<Partition> {
        let arn = self.cluster.as_ref().and_then(|cluster| cluster.arn.as_deref());
        let of_entry = || self.access_entry.as_ref().and_then(|entry| entry.access_entry_arn.as_deref());
        arn.or_else(of_entry)?.strip_prefix("arn:")?.split_once(':')?.0.parse().ok()
    }

    fn cluster(&self) -> Option<ClusterClaim> {
        let of = |name: &Option<Box<str>>, arn: &Option<Box<str>>| {
            Some(ClusterClaim::by_arn(ClaimedBy::Eks, name.as_deref()?, arn.as_deref().unwrap_or_default()))
        };
        let described = self.cluster.as_ref().and_then(|cluster| of(&cluster.name, &cluster.arn));
        let of_entry = || self.access_entry.as_ref().and_then(|entry| of(&entry.cluster_name, &entry.access_entry_arn));
        described.or_else(of_entry).or_else(|| of(&self.cluster_name, &None))
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
