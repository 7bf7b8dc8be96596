//! One source's rules, as compact as they can be looked up in.
//!
//! A server holds them for as long as it runs, on machines where every MiB counts. So all texts stand in one piece of memory,
//! and each membership is held once, however many have it. Nothing is taken out again: a changed file makes another index.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use hashbrown::HashTable;
use identity::{AccountId, Identity, Partition, Partitions};

use super::{
    Grant, Kept, Mismatch, Nearest, Source, key_difference, permission_set, set_difference,
    unique_ids::{ById, UniqueIds},
};
use crate::{
    BackendMode, Membership, PermissionSet, Reader, Rule, RulePrincipal, RuleSource,
    key::{Key, KeyRef},
};

/// One source's rules by principal, in the order of [`Reader::ClusterAuth`]: of a principal in both lists `mapRoles` counts,
/// and of one that stands twice in a list, the last entry.
#[derive(Debug)]
pub struct Index {
    pub(super) mode: BackendMode,
    pub(crate) reader: Reader,
    texts: String,
    files: Vec<Arc<str>>,
    /// The names of lists.
    lists: Vec<&'static str>,
    /// Each once.
    memberships: Vec<Membership>,
    /// Places among them, until all rules are there.
    known_memberships: HashTable<u32>,
    /// The memberships of one rule after the other.
    groups: Vec<u32>,
    rules: Vec<Compact>,
    /// The rules of ARNs, by their keys. Hashed by std's `SipHash`: whoever has an AWS account chooses names that are looked
    /// up.
    principals: HashTable<u32>,
    permission_sets: HashMap<PermissionSet, u32>,
    /// Rules of roles with a path, which count where nothing else names a role. There are few, if any.
    by_path: HashMap<Key, u32>,
    unique_ids: UniqueIds<Kept>,
    accounts: HashMap<AccountId, RuleSource>,
    /// Of which partitions rules name ARNs.
    partitions: Vec<Partition>,
    pub(crate) reserved_prefixes: Vec<String>,
    hasher: RandomState,
}

/// The list of a source that a rule is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// `mapRoles`.
    Roles,
    /// `mapUsers`.
    Users,
}

/// What a found entry is.
pub(crate) enum Found<'a> {
    Rule(Grant<'a>),
    Account(&'a RuleSource),
    /// A rule for the caller's unique id that names another ARN.
    OtherArn,
}

/// A rule, of which everything that is long stands elsewhere. What its key is made of is held here, so that a look-up
/// fetches one place in memory for the rule and one for its text.
#[derive(Clone, Copy, Debug)]
struct Compact {
    account: AccountId,
    partition: Partition,
    list: List,
    list_name: u8,
    resource: Piece,
    username: Piece,
    groups: Piece,
    index: u32,
    file: u32,
    line: u32,
}

/// A piece of [`Index::texts`] or [`Index::groups`].
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u32,
    length: u32,
}

impl Index {
    /// Creates an index without rules. Its reader keeps an order: [`Reader::AwsIamAuthenticator`]'s rules are looked up
    /// in another way.
    pub fn new(mode: BackendMode, reader: Reader) -> Self {
        Self {
            mode,
            reader,
            texts: String::new(),
            files: Vec::new(),
            lists: Vec::new(),
            memberships: Vec::new(),
            known_memberships: HashTable::new(),
            groups: Vec::new(),
            rules: Vec::new(),
            principals: HashTable::new(),
            permission_sets: HashMap::new(),
            by_path: HashMap::new(),
            unique_ids: UniqueIds::default(),
            accounts: HashMap::new(),
            partitions: Vec::new(),
            reserved_prefixes: Vec::new(),
            hasher: RandomState::new(),
        }
    }

    /// Indexes a source that was read as a whole.
    pub fn of(source: Source) -> Self {
        let Source { mode, reader, roles, users, accounts, reserved_prefixes, unused: _, defects: _ } = source;
        let mut index = Self::new(mode, reader);
        for (list, rules) in [(List::Roles, roles), (List::Users, users)] {
            for rule in rules {
                index.push(list, rule);
            }
        }
        index.finish(accounts, reserved_prefixes)
    }

    /// Adds a rule, in the order of its list. The lists may come one after the other or mixed.
    pub fn push(&mut self, list: List, rule: Rule) {
        let is_by_path = rule.is_by_path();
        let Rule { principal, username, groups, source, written: _ } = rule;
        match principal {
            RulePrincipal::Arn(arn) if is_by_path => {
                let Some(key) = Key::of_rule(&arn) else { return };
                let before = self.by_path.get(&key).map(|at| self.rules[*at as usize].list);
                if before == Some(List::Roles) && list == List::Users {
                    return;
                }
                let rule = self.compact(key.as_ref(), None, list, &username, groups, &source);
                let at = self.keep(rule);
                self.by_path.insert(key, at);
            }
            RulePrincipal::Arn(arn) => {
                let Some(key) = Key::of_rule(&arn) else { return };
                match self.at(key.as_ref()) {
                    Some(at) if self.rules[at].list == List::Roles && list == List::Users => {}
                    Some(at) => {
                        let resource = self.rules[at].resource;
                        self.rules[at] = self.compact(key.as_ref(), Some(resource), list, &username, groups, &source);
                    }
                    None => {
                        let rule = self.compact(key.as_ref(), None, list, &username, groups, &source);
                        let at = self.keep(rule);
                        let Self { principals, hasher, texts, rules, .. } = self;
                        let hash = |at: &u32| hasher.hash_one(rules[*at as usize].key(texts));
                        principals.insert_unique(hasher.hash_one(key.as_ref()), at, hash);
                    }
                }
            }
            RulePrincipal::PermissionSet(set) => {
                // The set is its key, elsewhere; there is no ARN.
                let key = KeyRef { partition: Partition::default(), account: set.account, resource: "" };
                let rule = self.compact(key, None, list, &username, groups, &source);
                let at = self.keep(rule);
                self.permission_sets.insert(set, at);
            }
            RulePrincipal::UniqueId(id) => {
                if list == List::Roles || !self.unique_ids.has(&id.id) {
                    self.unique_ids.insert(id, Kept { username, groups, source });
                }
            }
        }
    }

    /// Completes the index with everything else that its source has. No rule may be added after this.
    #[must_use]
    pub fn finish(
        mut self,
        accounts: impl IntoIterator<Item = (AccountId, RuleSource)>,
        reserved_prefixes: impl IntoIterator<Item = String>,
    ) -> Self {
        self.accounts = accounts.into_iter().collect();
        self.reserved_prefixes = reserved_prefixes.into_iter().filter(|prefix| !prefix.is_empty()).collect();
        self.known_memberships = HashTable::new();
        self.texts.shrink_to_fit();
        self.groups.shrink_to_fit();
        self.rules.shrink_to_fit();
        self
    }

    /// Returns where the rules stand whose principals another source names as well, in order.
    pub fn also_in(&self, other: &Self) -> Vec<RuleSource> {
        let by_arn = self.principals.iter().filter(|at| other.at(self.rules[**at as usize].key(&self.texts)).is_some());
        let is_set_there = |set: &PermissionSet| other.permission_sets.contains_key(set);
        let by_set = self.permission_sets.iter().filter(|(set, _)| is_set_there(set)).map(|(_, at)| at);
        let mut places: Vec<_> = by_arn.chain(by_set).map(|at| self.source(&self.rules[*at as usize])).collect();
        places.sort_unstable();
        places
    }

    /// Returns how many rules there are, accounts included.
    pub fn len(&self) -> usize {
        self.principals.len()
            + self.permission_sets.len()
            + self.by_path.len()
            + self.unique_ids.len()
            + self.accounts.len()
    }

    /// Returns whether it lets nobody in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The accounts of everybody whom a rule names.
    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        let accounts = self.in_use().map(|rule| rule.account).chain(self.unique_ids.accounts());
        accounts.chain(self.accounts.keys().copied())
    }

    /// The entry for a caller: roles by ARN, then permission sets, then users, then the account. Where callers are named by
    /// unique ids, nothing else but an account names them.
    ///
    /// Account ids are a partition's own. Where nothing names the server's, whole accounts are of the commercial one, and of others
    /// that rules of this source name as well.
    pub(crate) fn find(&self, identity: &Identity, key: KeyRef<'_>, partitions: Partitions) -> Option<Found<'_>> {
        let by_set = || Some(&self.rules[*self.permission_sets.get(&permission_set(identity)?)? as usize]);
        let rule = match self.at(key).map(|at| &self.rules[at]) {
            Some(rule) if rule.list == List::Users => Some(by_set().unwrap_or(rule)),
            Some(rule) => Some(rule),
            None => by_set(),
        };
        let by_id = || {
            Some(match self.unique_ids.find(identity, key)? {
                ById::Found(kept) => Found::Rule(kept.grant()),
                ById::OtherArn => Found::OtherArn,
            })
        };
        let found = rule.map(|rule| Found::Rule(self.grant(rule))).or_else(by_id);
        let is_guest = partitions.has_as_guest(identity.partition) && !self.partitions.contains(&identity.partition);
        let account = || self.accounts.get(&identity.account).filter(|_| !is_guest);
        found.or_else(|| account().map(Found::Account))
    }

    /// The entry for a role that nothing else names, in no source: one that has the role's path.
    pub(crate) fn find_by_path(&self, identity: &Identity) -> Option<Found<'_>> {
        if self.by_path.is_empty() {
            return None;
        }
        let rule = &self.rules[*self.by_path.get(&Key::of(identity))? as usize];
        Some(Found::Rule(self.grant(rule)))
    }

    /// The entries that there may be for somebody whose unique id is not known: whoever STS has confirmed has one.
    pub(crate) fn possible(&self, identity: &Identity, key: KeyRef<'_>) -> impl Iterator<Item = Grant<'_>> {
        self.unique_ids.possible(identity, key).map(Kept::grant)
    }

    /// The rules that nearly fit a caller.
    pub(super) fn nearly(&self, identity: &Identity) -> Vec<Nearest> {
        let caller = Key::of(identity);
        let set = permission_set(identity);
        let by_arn = self.principals.iter().chain(self.by_path.values()).filter_map(|at| {
            let rule = &self.rules[*at as usize];
            let key = rule.key(&self.texts);
            let difference = key_difference(caller.as_ref(), key, set.as_ref())?;
            let (principal, why) = (RulePrincipal::Arn(key.arn()), Mismatch::Differs(difference));
            Some(Nearest { principal, why, source: self.source(rule) })
        });
        let by_set = self.permission_sets.iter().filter_map(|(rule, at)| {
            let difference = set_difference(set.as_ref()?, rule)?;
            let principal = RulePrincipal::PermissionSet(rule.clone());
            let why = Mismatch::Differs(difference);
            Some(Nearest { principal, why, source: self.source(&self.rules[*at as usize]) })
        });
        by_arn.chain(by_set).collect()
    }

    /// The rules of ARNs and permission sets that no later one has replaced.
    fn in_use(&self) -> impl Iterator<Item = &Compact> {
        self.principals
            .iter()
            .chain(self.permission_sets.values())
            .chain(self.by_path.values())
            .map(|at| &self.rules[*at as usize])
    }

    fn at(&self, key: KeyRef<'_>) -> Option<usize> {
        let is_its = |at: &u32| self.rules[*at as usize].key(&self.texts) == key;
        self.principals.find(self.hasher.hash_one(key), is_its).map(|at| *at as usize)
    }

    fn grant(&self, rule: &Compact) -> Grant<'_> {
        let groups = rule.groups.of_list(&self.groups).iter().map(|at| &self.memberships[*at as usize]);
        Grant { username: rule.username.of(&self.texts), groups: groups.collect(), source: self.source(rule) }
    }

    fn source(&self, rule: &Compact) -> RuleSource {
        RuleSource {
            mode: self.mode,
            list: self.lists[usize::from(rule.list_name)],
            index: rule.index as usize,
            file: Arc::clone(&self.files[rule.file as usize]),
            line: rule.line as usize,
        }
    }

    fn keep(&mut self, rule: Compact) -> u32 {
        if rule.resource.length > 0 && !self.partitions.contains(&rule.partition) {
            self.partitions.push(rule.partition);
        }
        let at = number(self.rules.len());
        self.rules.push(rule);
        at
    }

    fn compact(
        &mut self,
        key: KeyRef<'_>,
        resource: Option<Piece>,
        list: List,
        username: &str,
        groups: Vec<Membership>,
        source: &RuleSource,
    ) -> Compact {
        let resource = resource.unwrap_or_else(|| self.text(key.resource));
        let list_name = position(&mut self.lists, |name| *name == source.list, || source.list);
        Compact {
            account: key.account,
            partition: key.partition,
            list,
            list_name: u8::try_from(list_name).expect("sources have a few lists"),
            resource,
            username: self.username(resource, username),
            groups: self.list_of_groups(groups),
            index: number(source.index),
            file: position(&mut self.files, |file| *file == source.file, || Arc::clone(&source.file)),
            line: number(source.line),
        }
    }

    fn text(&mut self, text: &str) -> Piece {
        let start = number(self.texts.len());
        self.texts.push_str(text);
        Piece { start, length: number(text.len()) }
    }

    /// Most users are called what IAM calls them, and most roles share a username.
    fn username(&mut self, resource: Piece, username: &str) -> Piece {
        let length = number(username.len());
        if resource.of(&self.texts).ends_with(username) {
            return Piece { start: resource.start + resource.length - length, length };
        }
        let before = self.rules.last().map(|rule| rule.username);
        before.filter(|before| before.of(&self.texts) == username).unwrap_or_else(|| self.text(username))
    }

    /// Those who stand together are often in the same groups.
    fn list_of_groups(&mut self, memberships: Vec<Membership>) -> Piece {
        let length = number(memberships.len());
        let list: Vec<u32> = memberships.into_iter().map(|membership| self.membership(membership)).collect();
        let before = self.rules.last().map(|rule| rule.groups);
        before.filter(|before| before.of_list(&self.groups) == list).unwrap_or_else(|| {
            let start = number(self.groups.len());
            self.groups.extend(list);
            Piece { start, length }
        })
    }

    fn membership(&mut self, membership: Membership) -> u32 {
        let Self { memberships, known_memberships, hasher, .. } = self;
        let is_it = |at: &u32| memberships[*at as usize] == membership;
        if let Some(at) = known_memberships.find(hasher.hash_one(&membership), is_it) {
            return *at;
        }
        let (hash, at) = (hasher.hash_one(&membership), number(memberships.len()));
        memberships.push(membership);
        known_memberships.insert_unique(hash, at, |at| hasher.hash_one(&memberships[*at as usize]));
        at
    }
}

impl Compact {
    fn key<'a>(&self, texts: &'a str) -> KeyRef<'a> {
        KeyRef { partition: self.partition, account: self.account, resource: self.resource.of(texts) }
    }
}

impl Piece {
    fn of(self, texts: &str) -> &str {
        &texts[self.start as usize..][..self.length as usize]
    }

    fn of_list(self, list: &[u32]) -> &[u32] {
        &list[self.start as usize..][..self.length as usize]
    }
}

/// The place of what is looked for in a short list, where it is put if it is not there.
fn position<T>(list: &mut Vec<T>, is_it: impl FnMut(&T) -> bool, make: impl FnOnce() -> T) -> u32 {
    let at = list.iter().position(is_it);
    number(at.unwrap_or_else(|| {
        list.push(make());
        list.len() - 1
    }))
}

fn number(number: usize) -> u32 {
    u32::try_from(number).expect("files are bounded far below this")
}
