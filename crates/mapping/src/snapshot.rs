//! All rules at one moment, indexed for looking up.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use identity::{AccountId, Arn, Identity, Partition, Principal};

use crate::{Membership, Mode, PermissionSet, Rule, RulePrincipal, RuleSource, template::PRIVATE_DNS_NAME};

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

/// One source's rules by principal.
#[derive(Debug)]
pub(crate) struct Index {
    /// `mapRoles` and `mapUsers`, by canonical ARN in lower case.
    arns: [HashMap<String, Grant>; 2],
    permission_sets: HashMap<PermissionSet, Grant>,
    accounts: HashMap<AccountId, RuleSource>,
    pub(crate) reserved_prefixes: Vec<String>,
}

/// What a rule gives. Its principal is the key under which it stands, so that it is held only once.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) username: String,
    pub(crate) groups: Vec<Membership>,
    pub(crate) source: RuleSource,
}

/// What a found entry is.
pub(crate) enum Found<'a> {
    Rule(&'a Grant),
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

    /// Whether an account's details are to be kept out of logs and answers.
    pub fn scrubs(&self, account: &AccountId) -> bool {
        self.scrubbed_accounts.contains(account)
    }

    /// Whether some rule names machines by what EC2 calls them.
    pub fn needs_private_dns_names(&self) -> bool {
        let asks = |grant: &Grant| {
            let in_groups = grant.groups.iter().any(|membership| membership.group.contains(PRIVATE_DNS_NAME));
            in_groups || grant.username.contains(PRIVATE_DNS_NAME)
        };
        let grants =
            |index: &Index| index.arns.iter().flat_map(HashMap::values).chain(index.permission_sets.values()).any(asks);
        self.sources.iter().any(grants)
    }

    /// The rule that nearly fits a caller who was not found: what an administrator would look for by hand.
    ///
    /// It walks all rules, so it is for denials that are looked at, not for every request.
    pub fn nearest(&self, identity: &Identity) -> Option<Nearest> {
        self.sources.iter().flat_map(|index| index.nearly(identity)).min_by(|a, b| a.source.cmp(&b.source))
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
                let Rule { principal, username, groups, source } = rule;
                let grant = Grant { username, groups, source };
                match principal {
                    RulePrincipal::Arn(arn) => index.arns[list].insert(arn, grant),
                    RulePrincipal::PermissionSet(set) => index.permission_sets.insert(set, grant),
                };
            }
        }
        index
    }

    fn len(&self) -> usize {
        self.arns.iter().map(HashMap::len).sum::<usize>() + self.permission_sets.len() + self.accounts.len()
    }

    /// The entry for a caller: roles by ARN, then permission sets, then users, then the account.
    pub(crate) fn find(&self, identity: &Identity, key: &str) -> Option<Found<'_>> {
        let [roles, users] = &self.arns;
        let rule =
            roles.get(key).or_else(|| self.permission_sets.get(&permission_set(identity)?)).or_else(|| users.get(key));
        rule.map(Found::Rule).or_else(|| self.accounts.get(&identity.account).map(Found::Account))
    }

    /// The rules that nearly fit a caller.
    fn nearly(&self, identity: &Identity) -> Vec<Nearest> {
        let caller = key(identity);
        let set = permission_set(identity);
        let by_arn = self.arns.iter().flatten().filter_map(|(arn, grant)| {
            let difference = arn_difference(&caller, arn, set.as_ref())?;
            Some(Nearest { principal: arn.clone(), difference, source: grant.source.clone() })
        });
        let by_set = self.permission_sets.iter().filter_map(|(rule, grant)| {
            let difference = set_difference(set.as_ref()?, rule)?;
            let principal = format!("the permission set {} in account {}", rule.name, rule.account);
            Some(Nearest { principal, difference, source: grant.source.clone() })
        });
        by_arn.chain(by_set).collect()
    }
}

/// What a caller is looked up by: the canonical ARN in lower case.
pub(crate) fn key(identity: &Identity) -> String {
    let parts = identity.canonical_arn_parts();
    // Lowered on the way, byte by byte: copying short texts costs musl more than that.
    let mut key = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        key.extend(part.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    String::from_utf8(key).expect("texts put together, of which ASCII letters were lowered")
}

fn permission_set(identity: &Identity) -> Option<PermissionSet> {
    match &identity.principal {
        Principal::AssumedRole { role, .. } => PermissionSet::of_role(identity.account, role),
        Principal::User { .. } | Principal::FederatedUser { .. } | Principal::Root => None,
    }
}

/// How a rule's ARN differs from the caller's, if little. Both canonical and in lower case.
fn arn_difference(caller: &str, rule: &str, caller_set: Option<&PermissionSet>) -> Option<&'static str> {
    let name = |arn: &str| arn.rfind('/').map(|slash| slash + 1);
    let (caller_name, rule_name) = (&caller[name(caller)?..], &rule[name(rule)?..]);
    let same_name = caller_name == rule_name;
    if !same_name && caller_set.is_none() {
        return None; // Nearly every rule, so nothing is parsed for it.
    }
    let (caller, rule): (Arn, Arn) = (caller.parse().ok()?, rule.parse().ok()?);
    if caller.resource == rule.resource {
        Some("is of another account or partition")
    } else if same_name && caller.account == rule.account {
        Some("has another path or is of another kind")
    } else if caller_set.is_some() && PermissionSet::of_role(rule.account, rule_name).as_ref() == caller_set {
        Some("has another suffix, which AWS changes; name the permission set with `sso` instead")
    } else {
        None
    }
}

/// How a rule's permission set differs from the caller's, if little.
fn set_difference(caller: &PermissionSet, rule: &PermissionSet) -> Option<&'static str> {
    if caller.name == rule.name {
        Some("is of another account")
    } else if caller.account == rule.account && caller.name.starts_with(&format!("{}_", rule.name)) {
        Some("is only the beginning of the caller's; permission sets are compared as a whole")
    } else {
        None
    }
}
