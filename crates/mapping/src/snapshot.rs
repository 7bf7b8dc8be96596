//! All rules at one moment, indexed for looking up.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use identity::{AccountId, Identity, Partition, Principal};

use crate::{Mode, PermissionSet, Rule, RulePrincipal, RuleSource};

/// The rules of one source, as they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which source.
    pub mode: Mode,
    /// `mapRoles`, in order; looked at before [`Self::users`].
    pub roles: Vec<Rule>,
    /// `mapUsers`, in order.
    pub users: Vec<Rule>,
    /// `mapAccounts`: everybody in these accounts may log in under their ARN, without groups.
    pub accounts: Vec<(AccountId, RuleSource)>,
    /// Usernames from this source may not start with any of these.
    pub reserved_prefixes: Vec<String>,
}

/// Every source's rules, immutable. Readers share one; a change makes another.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) partition: Partition,
    pub(crate) sources: Vec<Index>,
    pub(crate) scrubbed_accounts: BTreeSet<AccountId>,
}

#[derive(Debug)]
pub(crate) struct Index {
    arns: [HashMap<String, Rule>; 2],
    permission_sets: HashMap<PermissionSet, Rule>,
    accounts: HashMap<AccountId, RuleSource>,
    pub(crate) reserved_prefixes: Vec<String>,
}

/// What a found entry is.
pub(crate) enum Found<'a> {
    Rule(&'a Rule),
    Account(&'a RuleSource),
}

/// A rule that nearly fits a caller, and how it differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The rule's principal.
    pub principal: String,
    /// How it differs from the caller.
    pub difference: &'static str,
    /// Where it stands.
    pub source: RuleSource,
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is mapped by {} and {}", self.principal, self.source, self.difference)
    }
}

impl Snapshot {
    /// Indexes the sources in the order in which they are asked.
    ///
    /// Where one principal stands twice in a list, the last entry counts, as in aws-iam-authenticator.
    pub fn new(
        partition: Partition,
        sources: Vec<Source>,
        scrubbed_accounts: impl IntoIterator<Item = AccountId>,
    ) -> Self {
        let sources = sources.into_iter().map(Index::new).collect();
        Self { partition, sources, scrubbed_accounts: scrubbed_accounts.into_iter().collect() }
    }

    /// How many rules there are, accounts included.
    pub fn len(&self) -> usize {
        self.sources.iter().map(Index::len).sum()
    }

    /// Whether nobody can log in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rule that nearly fits a caller who was not found: what an administrator would look for by hand.
    ///
    /// It walks all rules, so it is for denials that are looked at, not for every request.
    pub fn nearest(&self, identity: &Identity) -> Option<Nearest> {
        let caller = identity.canonical_arn().to_ascii_lowercase();
        let set = match &identity.principal {
            Principal::AssumedRole { role, .. } => PermissionSet::of_role(identity.account, role),
            _ => None,
        };
        let rules = self.sources.iter().flat_map(Index::rules);
        let mut near: Vec<_> = rules.filter_map(|rule| rule.nearly(&caller, set.as_ref())).collect();
        near.sort_by(|a, b| a.source.cmp(&b.source));
        near.into_iter().next()
    }
}

impl Index {
    fn new(source: Source) -> Self {
        let mut index = Self {
            arns: [HashMap::with_capacity(source.roles.len()), HashMap::with_capacity(source.users.len())],
            permission_sets: HashMap::new(),
            accounts: source.accounts.into_iter().collect(),
            reserved_prefixes: source.reserved_prefixes.into_iter().filter(|prefix| !prefix.is_empty()).collect(),
        };
        for (list, rules) in [source.roles, source.users].into_iter().enumerate() {
            for rule in rules {
                match rule.principal.clone() {
                    RulePrincipal::Arn(arn) => index.arns[list].insert(arn, rule),
                    RulePrincipal::PermissionSet(set) => index.permission_sets.insert(set, rule),
                };
            }
        }
        index
    }

    fn len(&self) -> usize {
        self.arns.iter().map(HashMap::len).sum::<usize>() + self.permission_sets.len() + self.accounts.len()
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.arns.iter().flat_map(HashMap::values).chain(self.permission_sets.values())
    }

    /// The entry for a caller: roles by ARN, then permission sets, then users, then the account.
    pub(crate) fn find(&self, identity: &Identity, canonical_arn: &str) -> Option<Found<'_>> {
        let [roles, users] = &self.arns;
        let rule = roles
            .get(canonical_arn)
            .or_else(|| self.permission_sets.get(&permission_set(identity)?))
            .or_else(|| users.get(canonical_arn));
        rule.map(Found::Rule).or_else(|| self.accounts.get(&identity.account).map(Found::Account))
    }
}

fn permission_set(identity: &Identity) -> Option<PermissionSet> {
    match &identity.principal {
        Principal::AssumedRole { role, .. } => PermissionSet::of_role(identity.account, role),
        Principal::User { .. } | Principal::FederatedUser { .. } | Principal::Root => None,
    }
}

impl Rule {
    fn nearly(&self, caller: &str, set: Option<&PermissionSet>) -> Option<Nearest> {
        let near = |principal: String, difference| Some(Nearest { principal, difference, source: self.source.clone() });
        match (&self.principal, set) {
            (RulePrincipal::PermissionSet(rule), Some(set)) if rule.name == set.name => {
                near(format!("the permission set {} in account {}", rule.name, rule.account), "is of another account")
            }
            (RulePrincipal::Arn(arn), _) => {
                let (ours, theirs): (Vec<_>, Vec<_>) = (caller.split(':').collect(), arn.split(':').collect());
                let name = |resource: &str| resource.rsplit('/').next().unwrap_or(resource).to_owned();
                let (ours_resource, theirs_resource) = (*ours.get(5)?, *theirs.get(5)?);
                if ours_resource == theirs_resource && ours_resource != "root" {
                    near(arn.clone(), "is of another account or partition")
                } else if ours[4] == theirs[4] && name(ours_resource) == name(theirs_resource) {
                    near(arn.clone(), "has another path or is of another kind")
                } else {
                    None
                }
            }
            _ => None,
        }
    }
}
