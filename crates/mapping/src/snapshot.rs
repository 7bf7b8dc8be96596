//! All rules at one moment, indexed for looking up.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use identity::{AccountId, Identity, Partition, Partitions, Principal};

use crate::{
    BackendMode, Defect, Membership, Never, PermissionSet, Reader, Rule, RulePrincipal, RuleSource, Unused,
    key::{Key, KeyRef},
};

mod index;
mod unique_ids;
mod unordered;

pub(crate) use index::Found;
pub use index::{Index, List};
pub(crate) use unordered::{Candidates, Unordered};

/// The rules of one source, as its reader has read them.
///
/// Of [`Reader::AwsIamAuthenticator`] the two lists are what its maps hold: entries that were displaced or match nobody
/// are among [`Self::unused`], and where two rules match one caller, it takes any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which source.
    pub mode: BackendMode,
    /// Who has read it.
    pub reader: Reader,
    /// `mapRoles`, in order; looked at before [`Self::users`].
    pub roles: Vec<Rule>,
    /// `mapUsers`, in order.
    pub users: Vec<Rule>,
    /// `mapAccounts`: everybody in these accounts may log in under their ARN, without groups.
    pub accounts: Vec<(AccountId, RuleSource)>,
    /// Usernames from this source may not start with any of these.
    pub reserved_prefixes: Vec<String>,
    /// Entries that let nobody in, although they stand there.
    pub unused: Vec<Unused>,
    /// Everything in it that is not, or does not do, what it looks like.
    pub defects: Vec<Defect>,
}

impl Source {
    /// Returns a source without anything in it.
    pub const fn empty(mode: BackendMode, reader: Reader) -> Self {
        Self {
            mode,
            reader,
            roles: Vec::new(),
            users: Vec::new(),
            accounts: Vec::new(),
            reserved_prefixes: Vec::new(),
            unused: Vec::new(),
            defects: Vec::new(),
        }
    }

    /// Returns whether nothing at all stands in it.
    pub fn is_blank(&self) -> bool {
        self.is_empty() && self.unused.is_empty() && self.defects.is_empty()
    }

    /// Returns whether it lets nobody in.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.users.is_empty() && self.accounts.is_empty()
    }
}

/// Every source's rules, immutable. Readers share one; a change makes another.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) partitions: Partitions,
    /// The partition of which the server takes tokens alone, where that is known and is not asked before.
    pub(crate) server: Option<Partition>,
    pub(crate) sources: Vec<Indexed>,
    /// Entries of all sources that let nobody in.
    unused: Vec<Unused>,
    pub(crate) scrubbed_accounts: BTreeSet<AccountId>,
    /// With what usernames may not begin, in place of what their source says of itself.
    reserved_prefixes: BTreeMap<BackendMode, Vec<String>>,
}

/// One source's rules, as its reader looks them up.
#[derive(Debug)]
pub(crate) enum Indexed {
    /// In a fixed order: [`Reader::ClusterAuth`] and [`Reader::Eks`].
    Ordered(Arc<Index>),
    /// [`Reader::AwsIamAuthenticator`].
    Unordered(Box<Unordered>),
    /// Nobody knows yet what it has.
    NotRead(BackendMode),
}

/// A source of a running server: sources are read one by one, and each may change while the others stay.
#[derive(Clone, Debug)]
pub enum SourceState {
    /// What was read last.
    Read(Arc<Index>),
    /// It was not read yet. Whoever no earlier source names may stand in it, so that the answer to them is
    /// [`crate::Fact::Logins`] and never a refusal.
    NotRead(BackendMode),
}

impl From<Index> for SourceState {
    fn from(index: Index) -> Self {
        Self::Read(index.into())
    }
}

/// What a rule gives. Its principal is the key under which it stands.
#[derive(Clone, Debug)]
pub(crate) struct Grant<'a> {
    pub(crate) username: &'a str,
    pub(crate) groups: Vec<&'a Membership>,
    pub(crate) source: RuleSource,
}

/// The same, held in places of its own.
#[derive(Debug)]
struct Kept {
    username: String,
    groups: Vec<Membership>,
    source: RuleSource,
}

impl Kept {
    fn grant(&self) -> Grant<'_> {
        let Self { username, groups, source } = self;
        Grant { username, groups: groups.iter().collect(), source: source.clone() }
    }
}

/// A rule that nearly fits a caller, and how it differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The rule's principal.
    pub principal: RulePrincipal,
    /// Why it does not match the caller.
    pub why: Mismatch,
    /// Where it stands.
    pub source: RuleSource,
}

/// Why a rule does not match a caller whom it nearly fits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mismatch {
    /// Its principal is another one.
    Differs(Difference),
    /// It looks like the caller's, and matches nobody.
    Never(Never),
}

/// How a rule's principal differs from a caller whom it nearly fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// Everything is the same but the account, or the partition.
    Account,
    /// A user of another path, or a role for a user.
    PathOrKind,
    /// The role of the same permission set, before AWS made it anew.
    Suffix,
    /// A permission set whose name is the beginning of the caller's.
    Beginning,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(difference) => difference.fmt(f),
            Self::Never(why) => write!(f, "never matches: {why}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account => "is of another account or partition",
            Self::PathOrKind => "has another path or is of another kind",
            Self::Suffix => "has another suffix, which AWS changes; name the permission set with `sso` instead",
            Self::Beginning => "is only a prefix of the caller's; the name of a permission set must match exactly",
        })
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is mapped by {} and {}", self.principal, self.source, self.why)
    }
}

/// The rules of one source that match a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMatch<'a> {
    /// Which source.
    pub mode: BackendMode,
    /// Who has read it.
    pub reader: Reader,
    /// How many rules it has, accounts included.
    pub rules: usize,
    /// Whether it was asked once more, behind all others, for a role whose ARN has a path in the mapping.
    pub without_paths: bool,
    /// What names the caller: more than one entry where its reader takes any of them.
    pub entries: Vec<Entry<'a>>,
}

/// A rule of a source that matches a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Where it stands.
    pub source: RuleSource,
    /// The username, possibly with variables; none where the whole account is named, whose callers are called by their ARN.
    pub username: Option<&'a str>,
    /// The groups.
    pub groups: Vec<&'a Membership>,
}

impl Snapshot {
    /// Indexes the sources in the order in which they are asked.
    ///
    /// Where [`Reader::ClusterAuth`] finds one principal twice in a list, the last entry counts.
    pub fn new(
        partitions: impl Into<Partitions>,
        mut sources: Vec<Source>,
        scrubbed_accounts: impl IntoIterator<Item = AccountId>,
    ) -> Self {
        let unused = sources.iter_mut().flat_map(|source| std::mem::take(&mut source.unused)).collect();
        let sources = sources.into_iter().map(Indexed::new).collect();
        let scrubbed_accounts = scrubbed_accounts.into_iter().collect();
        let (partitions, server, reserved_prefixes) = (partitions.into(), None, BTreeMap::new());
        Self { partitions, server, sources, unused, scrubbed_accounts, reserved_prefixes }
    }

    /// Builds a snapshot of sources whose rules were indexed while they were read, and of those that were not read yet.
    pub fn of_indexes(
        partitions: impl Into<Partitions>,
        sources: impl IntoIterator<Item = impl Into<SourceState>>,
        scrubbed_accounts: impl IntoIterator<Item = AccountId>,
    ) -> Self {
        let sources = sources.into_iter().map(|source| match source.into() {
            SourceState::Read(index) => Indexed::Ordered(index),
            SourceState::NotRead(mode) => Indexed::NotRead(mode),
        });
        let (unused, scrubbed_accounts) = (Vec::new(), scrubbed_accounts.into_iter().collect());
        Self {
            partitions: partitions.into(),
            server: None,
            sources: sources.collect(),
            unused,
            scrubbed_accounts,
            reserved_prefixes: BTreeMap::new(),
        }
    }

    /// Refuses everybody of another partition than the server's, whose tokens it does not take at all: an answer about an ARN comes
    /// without a token that would have shown it.
    #[must_use]
    pub fn of_server(self, partition: Option<Partition>) -> Self {
        Self { server: partition, ..self }
    }

    /// Returns the partition of which the server takes tokens alone, where that is known.
    pub fn server(&self) -> Option<Partition> {
        self.server
    }

    /// Reserves the beginnings of usernames by mode, whatever was reserved when its source was read.
    #[must_use]
    pub fn reserving(mut self, prefixes: impl IntoIterator<Item = (BackendMode, Vec<String>)>) -> Self {
        let without_empty = |prefixes: Vec<String>| prefixes.into_iter().filter(|prefix| !prefix.is_empty()).collect();
        self.reserved_prefixes = prefixes.into_iter().map(|(mode, prefixes)| (mode, without_empty(prefixes))).collect();
        self
    }

    /// With what usernames of a source may not begin.
    pub(crate) fn reserved_prefixes<'a>(&'a self, index: &'a Index) -> &'a [String] {
        self.reserved_prefixes.get(&index.mode).unwrap_or(&index.reserved_prefixes)
    }

    /// Returns how many rules there are, accounts included.
    pub fn len(&self) -> usize {
        self.sources.iter().map(Indexed::len).sum()
    }

    /// Returns whether nobody can log in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether every source has been read: a caller whom it does not name is named nowhere.
    pub fn is_complete(&self) -> bool {
        !self.sources.iter().any(|source| matches!(source, Indexed::NotRead(_)))
    }

    /// Returns whether an account's details are to be kept out of logs and answers.
    pub fn scrubs(&self, account: &AccountId) -> bool {
        self.scrubbed_accounts.contains(account)
    }

    /// Returns the partitions of everybody who may log in.
    pub fn partitions(&self) -> Partitions {
        self.partitions
    }

    /// Returns what every source has for a caller, in the order in which they are asked: the first that names the caller decides
    /// ([`crate::decide`]), and those behind it are not asked.
    pub fn ask(&self, identity: &Identity) -> Vec<SourceMatch<'_>> {
        let key = Key::of(identity);
        let is_ours = self.partitions.has(identity.partition);
        let ours = is_ours.then_some(self.partitions);
        let asked = self.sources.iter().map(|source| source.ask(identity, &key, ours));
        let by_path = self.sources.iter().filter_map(Indexed::as_ordered).filter(|_| is_ours);
        asked.chain(by_path.filter_map(|index| by_path_in(index, identity))).collect()
    }

    /// Returns the accounts of everybody whom a rule names.
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        self.sources.iter().flat_map(Indexed::accounts).collect()
    }

    /// Returns the rule that nearly fits a caller who was not found: what an administrator would look for by hand.
    ///
    /// It walks all rules, so it is for denials that are looked at, not for every request.
    pub fn nearest(&self, identity: &Identity) -> Option<Nearest> {
        let caller = Key::of(identity);
        let meant = self.unused.iter().filter(|unused| unused.is_meant_for(&caller)).map(|unused| Nearest {
            principal: RulePrincipal::Arn(unused.arn().to_owned()),
            why: Mismatch::Never(unused.why.clone()),
            source: unused.source.clone(),
        });
        let all = self.sources.iter().flat_map(|source| source.nearly(identity)).chain(meant);
        // What names everybody with a wildcard names nobody before others.
        let order = |one: &Nearest| (one.principal.to_string().contains(['*', '?']), one.source.clone());
        all.min_by_key(order)
    }
}

impl Indexed {
    fn new(source: Source) -> Self {
        match source.reader {
            Reader::ClusterAuth | Reader::Eks => Self::Ordered(Index::of(source).into()),
            Reader::AwsIamAuthenticator => Self::Unordered(Unordered::new(source).into()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Ordered(index) => index.len(),
            Self::Unordered(index) => index.len(),
            Self::NotRead(_) => 0,
        }
    }

    fn accounts(&self) -> Box<dyn Iterator<Item = AccountId> + '_> {
        match self {
            Self::Ordered(index) => Box::new(index.accounts()),
            Self::Unordered(index) => Box::new(index.accounts()),
            Self::NotRead(_) => Box::new(std::iter::empty()),
        }
    }

    /// Its index, if it keeps an order.
    pub(crate) fn as_ordered(&self) -> Option<&Index> {
        match self {
            Self::Ordered(index) => Some(index),
            Self::Unordered(_) | Self::NotRead(_) => None,
        }
    }

    /// What it has for a caller of one of these partitions; nothing where the caller is of none.
    fn ask(&self, identity: &Identity, key: &Key, ours: Option<Partitions>) -> SourceMatch<'_> {
        let index = match self {
            Self::Unordered(index) => return index.ask(identity, key),
            Self::NotRead(mode) => {
                return SourceMatch {
                    mode: *mode,
                    reader: Reader::ClusterAuth,
                    rules: 0,
                    without_paths: false,
                    entries: Vec::new(),
                };
            }
            Self::Ordered(index) => index,
        };
        let found = ours.and_then(|ours| index.find(identity, key.as_ref(), ours));
        let entry = found.and_then(|found| match found {
            Found::Account(source) => Some(Entry { source: source.clone(), username: None, groups: Vec::new() }),
            Found::Rule(grant) => Some(of_grant(grant)),
            Found::OtherArn => None,
        });
        let possible = ours.map(|_| index.possible(identity, key.as_ref())).into_iter().flatten().map(of_grant);
        let entries = possible.chain(entry).collect();
        SourceMatch { mode: index.mode, reader: index.reader, rules: index.len(), without_paths: false, entries }
    }

    fn nearly(&self, identity: &Identity) -> Vec<Nearest> {
        match self {
            Self::Ordered(index) => index.nearly(identity),
            Self::Unordered(index) => index.nearly(identity),
            Self::NotRead(_) => Vec::new(),
        }
    }
}

fn of_grant(Grant { username, groups, source }: Grant<'_>) -> Entry<'_> {
    Entry { source, username: Some(username), groups }
}

/// What a source has for a role by its path, behind all others.
fn by_path_in<'a>(index: &'a Index, identity: &Identity) -> Option<SourceMatch<'a>> {
    let Found::Rule(grant) = index.find_by_path(identity)? else { return None };
    let (mode, reader, entries) = (index.mode, index.reader, vec![of_grant(grant)]);
    Some(SourceMatch { mode, reader, rules: index.len(), without_paths: true, entries })
}

fn permission_set(identity: &Identity) -> Option<PermissionSet> {
    match &identity.principal {
        Principal::AssumedRole { role, .. } => PermissionSet::of_role(identity.account, role),
        Principal::User { .. } | Principal::FederatedUser { .. } | Principal::Root => None,
    }
}

/// How a rule's principal differs from the caller, if little.
fn key_difference(caller: KeyRef<'_>, rule: KeyRef<'_>, caller_set: Option<&PermissionSet>) -> Option<Difference> {
    let same_name = caller.name()? == rule.name()?;
    if caller.resource == rule.resource {
        Some(Difference::Account)
    } else if same_name && caller.account == rule.account {
        Some(Difference::PathOrKind)
    } else if caller_set.is_some() && PermissionSet::of_role(rule.account, rule.name()?).as_ref() == caller_set {
        Some(Difference::Suffix)
    } else {
        None
    }
}

/// How a rule's permission set differs from the caller's, if little.
fn set_difference(caller: &PermissionSet, rule: &PermissionSet) -> Option<Difference> {
    if caller.name == rule.name {
        Some(Difference::Account)
    } else if caller.account == rule.account && caller.name.starts_with(&format!("{}_", rule.name)) {
        Some(Difference::Beginning)
    } else {
        None
    }
}
