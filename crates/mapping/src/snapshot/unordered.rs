//! Looking up as aws-iam-authenticator 0.7.18 does: `mapRoles` before `mapUsers` before `mapAccounts`, and in each list any
//! rule that matches, because it ranges over a Go map.
//!
//! Source: `Map` of `pkg/mapper/configmap/mapper.go`, `pkg/mapper/file/mapper.go`, `pkg/mapper/crd/mapper.go` and
//! `pkg/mapper/dynamicfile/mapper.go`.

use std::collections::HashMap;

use identity::{AccountId, Identity, Partition, Principal};

use super::{
    Entry, Grant, Kept, Mismatch, Nearest, Source, SourceMatch, key_difference, permission_set,
    unique_ids::{ById, UniqueIds},
};
use crate::{
    BackendMode, Difference, PermissionSet, Reader, Rule, RulePrincipal, RuleSource, key::Key, rule::SSO_ROLE_PREFIX,
};

/// One source's rules, several for one caller included.
#[derive(Debug)]
pub(crate) struct Unordered {
    mode: BackendMode,
    roles: List,
    users: List,
    accounts: HashMap<AccountId, RuleSource>,
    pub(crate) reserved_prefixes: Vec<String>,
}

/// One of its two lists.
#[derive(Debug, Default)]
struct List {
    arns: HashMap<Key, Vec<Kept>>,
    /// Every role whose name begins so.
    sets: Vec<(PermissionSet, Kept)>,
    /// By AWS's unique id, and the ARN that has to be right as well.
    unique_ids: UniqueIds<Kept>,
}

/// What it may take for a caller.
#[derive(Debug, Default)]
pub(crate) struct Candidates<'a> {
    /// Rules, of which it takes any one.
    pub(crate) rules: Vec<Grant<'a>>,
    /// Whether it may as well take none of them, because the caller's unique id is not known.
    pub(crate) or_none: bool,
    /// What holds where it takes none.
    pub(crate) account: Option<&'a RuleSource>,
}

impl Unordered {
    pub(super) fn new(source: Source) -> Self {
        Self {
            mode: source.mode,
            roles: List::new(source.roles),
            users: List::new(source.users),
            accounts: source.accounts.into_iter().collect(),
            reserved_prefixes: source.reserved_prefixes.into_iter().filter(|prefix| !prefix.is_empty()).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.roles.grants().count() + self.users.grants().count() + self.accounts.len()
    }

    /// The accounts of everybody whom a rule names, where it says so.
    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        let of_lists = [&self.roles, &self.users].into_iter().flat_map(|list| {
            let of_arns = list.arns.keys().map(|key| key.account);
            of_arns.chain(list.sets.iter().map(|(set, _)| set.account)).chain(list.unique_ids.accounts())
        });
        of_lists.chain(self.accounts.keys().copied())
    }

    /// What may be taken for a caller.
    pub(crate) fn find(&self, identity: &Identity, key: &Key) -> Candidates<'_> {
        let account = self.accounts.get(&identity.account);
        let mut found = Candidates { account, ..Candidates::default() };
        for list in [&self.roles, &self.users] {
            let ends = list.find(identity, key, &mut found);
            if ends {
                break;
            }
        }
        found
    }

    /// What is asked of it, for explanations.
    pub(super) fn ask(&self, identity: &Identity, key: &Key) -> SourceMatch<'_> {
        let Candidates { rules, or_none, account } = self.find(identity, key);
        let by_account = account.filter(|_| rules.is_empty() || or_none);
        let mut entries = Vec::with_capacity(rules.len());
        for grant in rules {
            let Grant { username, groups, source } = grant;
            entries.push(Entry { source, username: Some(username), groups });
        }
        entries.extend(by_account.map(|source| Entry { source: source.clone(), username: None, groups: Vec::new() }));
        SourceMatch {
            mode: self.mode,
            reader: Reader::AwsIamAuthenticator,
            rules: self.len(),
            without_paths: false,
            entries,
        }
    }

    /// The rules that nearly fit a caller.
    pub(super) fn nearly(&self, identity: &Identity) -> Vec<Nearest> {
        let caller = Key::of(identity);
        let set = permission_set(identity);
        let mut near = Vec::new();
        for list in [&self.roles, &self.users] {
            for (rule, grants) in &list.arns {
                let Some(difference) = key_difference(caller.as_ref(), rule.as_ref(), set.as_ref()) else { continue };
                near.extend(grants.iter().map(|grant| Nearest {
                    principal: RulePrincipal::Arn(rule.as_ref().arn()),
                    why: Mismatch::Differs(difference),
                    source: grant.source.clone(),
                }));
            }
            for (rule, grant) in &list.sets {
                if set.as_ref().is_some_and(|set| set.name == rule.name) {
                    let principal = RulePrincipal::PermissionSet(rule.clone());
                    let why = Mismatch::Differs(Difference::Account);
                    near.push(Nearest { principal, why, source: grant.source.clone() });
                }
            }
        }
        near
    }
}

impl List {
    fn new(rules: Vec<Rule>) -> Self {
        let mut list = Self::default();
        for Rule { principal, username, groups, source, written: _ } in rules {
            let grant = Kept { username, groups, source };
            match principal {
                RulePrincipal::Arn(arn) => {
                    let Some(key) = Key::of_rule(&arn) else { continue };
                    list.arns.entry(key).or_default().push(grant);
                }
                RulePrincipal::PermissionSet(set) => list.sets.push((set, grant)),
                RulePrincipal::UniqueId(id) => list.unique_ids.insert(id, grant),
            }
        }
        list
    }

    fn grants(&self) -> impl Iterator<Item = Grant<'_>> {
        let of_arns = self.arns.values().flatten();
        let of_sets = self.sets.iter().map(|(_, grant)| grant);
        of_arns.chain(of_sets).chain(self.unique_ids.values()).map(Kept::grant)
    }

    /// Adds what matches; whether the next list is not looked at.
    fn find<'a>(&'a self, identity: &Identity, key: &Key, found: &mut Candidates<'a>) -> bool {
        found.rules.extend(self.arns.get(key).into_iter().flatten().map(Kept::grant));
        if let Principal::AssumedRole { role, .. } = &identity.principal {
            let matches = |set: &PermissionSet| {
                identity.partition == Partition::Aws && identity.account == set.account && is_role_of(role, &set.name)
            };
            found.rules.extend(self.sets.iter().filter(|(set, _)| matches(set)).map(|(_, grant)| grant.grant()));
        }
        let before = found.rules.len();
        found.rules.extend(self.unique_ids.possible(identity, key.as_ref()).map(Kept::grant));
        if found.rules.len() > before {
            found.or_none = true;
            return false;
        }
        match self.unique_ids.find(identity, key.as_ref()) {
            Some(ById::Found(kept)) => {
                found.rules.push(kept.grant());
                true
            }
            // An id with another ARN is an error to it, and ends the look-up.
            Some(ById::OtherArn) => true,
            None => !found.rules.is_empty(),
        }
    }
}

/// Whether a role's name begins as those of a set's roles do; what follows is not looked at.
fn is_role_of(role: &str, set: &str) -> bool {
    let lower = role.to_ascii_lowercase();
    let rest = lower.strip_prefix(SSO_ROLE_PREFIX).and_then(|rest| rest.strip_prefix(set));
    rest.is_some_and(|rest| rest.starts_with('_'))
}
