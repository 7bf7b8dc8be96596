//! Person by person: who can log in, as whom, and what that changes about what they may do.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    ops::Bound,
    sync::Arc,
};

use identity::{AccountId, Arn, Identity, Partition, Principal};
use jiff::Timestamp;
use mapping::{Decision, Fact, PermissionSet, Refusal as Denial, RulePrincipal, Snapshot};
use rbac::{Index, Subject, User};

use super::{
    Wanted,
    comparison::{Comparison, everything},
    logins::Logins,
    rights::{Gained, RightsChange},
};
use crate::Kind;

/// What stands for the session's name, which whoever assumes a role chooses. STS allows no such character.
pub const SESSION: &str = "<session>";
/// What stands for everybody in an account (`mapAccounts`).
const ANYBODY: &str = "<anybody>";
/// What stands for the machine that uses a role of machines, and its name.
const INSTANCE: (&str, &str) = ("i-00000000000000000", "<private-dns-name>");
/// What stands for a permission set's suffix where its role is not known.
const SUFFIX: &str = "0000000000000000";

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// An IAM user, by path and name.
    User(AccountId, Box<str>),
    /// Whoever assumes a role.
    Role(AccountId, Box<str>),
    /// Whoever has a permission set in an account.
    PermissionSet(AccountId, Box<str>),
    /// One session of a role, as `role/session`: one that bindings name by its username.
    Session(AccountId, Box<str>),
    /// A federated user, by name.
    FederatedUser(AccountId, Box<str>),
    /// The account's root.
    Root(AccountId),
    /// Everybody in an account whom nothing else names.
    AnybodyIn(AccountId),
}

/// Who somebody is in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Login {
    /// The username; `<session>` stands for what whoever assumes the role chooses.
    pub username: String,
    /// The groups, sorted.
    pub groups: Vec<String>,
}

/// Somebody for whom something changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonChange {
    /// Who.
    pub who: Who,
    /// Who they are in the cluster now; `None`: they cannot log in.
    pub before: Option<Login>,
    /// Who they are going to be.
    pub after: Option<Login>,
    /// What that changes, together with what bindings change. For somebody who cannot log in at one of the times it is
    /// compared with what everybody may do who can.
    pub rights: Arc<RightsChange>,
    /// Ways to become more that they have only until logins change: rights are added first, and they are still in groups
    /// that gain them.
    pub meanwhile: Arc<[Gained]>,
}

/// What [`changes`] finds.
#[derive(Debug, Default)]
pub(super) struct People {
    /// In the order of who they are.
    pub(super) changes: Vec<PersonChange>,
    /// How many there are for whom nothing changes.
    pub(super) unchanged: usize,
    /// Everybody's logins, before and after.
    pub(super) logins: Vec<(Who, [Option<Login>; 2])>,
}

pub(super) fn changes(
    wanted: &Wanted<'_>,
    logins: Logins,
    before: &Index,
    after: &Index,
    partition: Partition,
) -> People {
    let everybody = everybody(wanted, &logins, partition);
    let Logins { before: sources_before, after: sources_after, .. } = logins;
    let snapshots = [sources_before, sources_after].map(|sources| Snapshot::new(partition, sources, []));
    let masters = everything();
    let mut comparison = Comparison::new(before, after, &wanted.desired.objects.bindings, &masters);
    let mut of_class: HashMap<[Option<User>; 2], Arc<RightsChange>> = HashMap::new();
    let mut people = People::default();
    let mut compare = |identity: &Identity| {
        let logins = snapshots.each_ref().map(|snapshot| login(snapshot, identity, wanted.now));
        let class = [user(logins[0].as_ref(), before), user(logins[1].as_ref(), after)];
        let rights = of_class.entry(class).or_insert_with_key(|[before, after]| {
            let nobody = User::authenticated("", [""; 0]);
            let stays = after.is_some();
            let (before, after) = (before.as_ref().unwrap_or(&nobody), after.as_ref().unwrap_or(&nobody));
            let mut change = comparison.change(before, after);
            if !stays {
                change.still.clear(); // Whoever cannot log in has nothing.
            }
            Arc::new(change)
        });
        (logins, Arc::clone(rights))
    };
    let (named, nothing) = (named(before, after), Arc::<[Gained]>::from([]));
    for (who, identity) in everybody.into_values() {
        let (logins, rights) = compare(&identity);
        for session in sessions(&logins, &named) {
            let Principal::AssumedRole { role, .. } = &identity.principal else { continue };
            let whose = Who::Session(identity.account, format!("{role}/{session}").into());
            let principal = Principal::AssumedRole { role: role.clone(), session: session.to_owned() };
            let (logins, own) = compare(&Identity { principal, ..identity.clone() });
            // Everybody else's changes are said of the role.
            if own != rights {
                let [before, after] = logins;
                let meanwhile = Arc::clone(&nothing);
                people.changes.push(PersonChange { who: whose, before, after, rights: own, meanwhile });
            }
        }
        let [login_before, login_after] = logins;
        if login_before == login_after && rights.is_empty() {
            people.unchanged += 1;
        } else {
            let (before, after) = (login_before.clone(), login_after.clone());
            let meanwhile = Arc::clone(&nothing);
            people.changes.push(PersonChange { who: who.clone(), before, after, rights, meanwhile });
        }
        people.logins.push((who, [login_before, login_after]));
    }
    let mut of_leaver: HashMap<[Option<User>; 2], Arc<[Gained]>> = HashMap::new();
    for person in &mut people.changes {
        let Some(login) = &person.before else { continue };
        let stays = |group: &String| person.after.as_ref().is_some_and(|after| after.groups.contains(group));
        if login.groups.iter().all(stays) {
            continue;
        }
        let class = [user(Some(login), before), user(Some(login), after)];
        let gained = of_leaver.entry(class).or_insert_with_key(|class| {
            let [Some(now), Some(then)] = class else { return Arc::clone(&nothing) };
            comparison.change(now, then).escalations.into()
        });
        let stays = |gained: &&Gained| !person.rights.escalations.contains(gained);
        if gained.iter().any(|gained| stays(&gained)) {
            person.meanwhile = gained.iter().filter(stays).cloned().collect();
        }
    }
    people.changes.sort_by(|a, b| a.who.cmp(&b.who));
    people
}

/// The user that bindings see; without the name where none names it, so that people who are alike are one.
fn user(login: Option<&Login>, index: &Index) -> Option<User> {
    let login = login?;
    let alone = User { name: login.username.clone(), groups: Vec::new() };
    let is_named = index.bindings_of(&alone).next().is_some();
    let name = if is_named { login.username.as_str() } else { "" };
    Some(User::authenticated(name, login.groups.iter().cloned()))
}

/// The usernames that bindings name.
fn named<'a>(before: &'a Index, after: &'a Index) -> BTreeSet<&'a str> {
    let subjects = before.bindings().iter().chain(after.bindings()).flat_map(|binding| &binding.subjects);
    let name = |subject: &'a Subject| match subject {
        Subject::User(name) => Some(&**name),
        Subject::Group(_) | Subject::ServiceAccount { .. } => None,
    };
    subjects.filter_map(name).collect()
}

/// The sessions of a role whose usernames bindings name.
fn sessions<'a>(logins: &[Option<Login>; 2], named: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut sessions = BTreeSet::new();
    for login in logins.iter().flatten() {
        let Some((prefix, suffix)) = login.username.split_once(SESSION) else { continue };
        let alike = named.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        let alike = alike.copied().take_while(|name| name.starts_with(prefix));
        let middle = alike.filter_map(|name| name[prefix.len()..].strip_suffix(suffix));
        sessions.extend(middle.filter(|session| !session.is_empty() && *session != SESSION));
    }
    sessions
}

/// Everybody whom the file or a mapping names, by the ARN that mappings compare.
fn everybody(wanted: &Wanted<'_>, logins: &Logins, partition: Partition) -> BTreeMap<String, (Who, Identity)> {
    let mut everybody = BTreeMap::new();
    let mut sets: BTreeMap<(AccountId, String), Box<str>> = BTreeMap::new();
    let mut add = |who: Who, partition: Partition| {
        let identity = who.identity(partition);
        everybody.entry(identity.canonical_arn().to_ascii_lowercase()).or_insert((who, identity));
    };
    // The file first: it has names in their own spelling, where mappings are compared in lower case.
    let machines = wanted.desired.nodes.iter();
    for principal in wanted.desired.people.iter().map(|person| &person.principal).chain(machines) {
        let (account, name) = (principal.account, &principal.name);
        match principal.kind {
            Kind::User | Kind::IamGroup => {
                let path = principal.path.trim_start_matches('/');
                add(Who::User(account, format!("{path}{name}").into()), principal.partition);
            }
            Kind::Role => add(Who::Role(account, name.clone()), principal.partition),
            Kind::PermissionSet => drop(sets.insert((account, name.to_ascii_lowercase()), name.clone())),
        }
    }
    let mut roles_of_sets: BTreeMap<(AccountId, String), Vec<Box<str>>> = BTreeMap::new();
    for ((account, set), role) in &wanted.facts.permission_sets {
        let role = role.rsplit('/').next().unwrap_or(role);
        roles_of_sets.entry((*account, set.clone())).or_default().push(role.into());
    }
    for source in logins.before.iter().chain(&logins.after) {
        for rule in source.roles.iter().chain(&source.users) {
            match &rule.principal {
                RulePrincipal::PermissionSet(set) => {
                    sets.entry((set.account, set.name.clone())).or_insert_with(|| set.name.as_str().into());
                }
                RulePrincipal::Arn(arn) => {
                    let Some(arn) = arn.parse::<Arn>().ok() else { continue };
                    let role = arn.resource.strip_prefix("role/");
                    match role.and_then(|role| Some((role, PermissionSet::of_role(arn.account, role)?))) {
                        Some((role, set)) => {
                            let roles = roles_of_sets.entry((set.account, set.name)).or_default();
                            if !roles.iter().any(|known| known.eq_ignore_ascii_case(role)) {
                                roles.push(role.into());
                            }
                        }
                        None => drop(Who::of_arn(&arn).map(|who| add(who, arn.partition))),
                    }
                }
            }
        }
        for (account, _) in &source.accounts {
            add(Who::AnybodyIn(*account), partition);
        }
    }
    for (key, roles) in roles_of_sets {
        let account = key.0;
        match (&roles[..], sets.remove(&key)) {
            ([role], Some(set)) => {
                let who = Who::PermissionSet(account, set);
                let identity = Who::Role(account, role.clone()).identity(partition);
                everybody.entry(identity.canonical_arn().to_ascii_lowercase()).or_insert((who, identity));
            }
            // Several roles of one set: all but one are left over from an assignment that was made anew.
            (roles, _) => {
                for role in roles {
                    let who = Who::Role(account, role.clone());
                    let identity = who.identity(partition);
                    everybody.entry(identity.canonical_arn().to_ascii_lowercase()).or_insert((who, identity));
                }
            }
        }
    }
    for ((account, _), set) in sets {
        let role = format!("AWSReservedSSO_{set}_{SUFFIX}");
        let identity = Who::Role(account, role.into()).identity(partition);
        let who = Who::PermissionSet(account, set);
        everybody.entry(identity.canonical_arn().to_ascii_lowercase()).or_insert((who, identity));
    }
    everybody
}

/// Who somebody is, by a mapping.
fn login(snapshot: &Snapshot, identity: &Identity, now: Timestamp) -> Option<Login> {
    let mut facts = mapping::Facts::default();
    let ask = |identity: &Identity, facts: &mapping::Facts| {
        mapping::decide(snapshot, identity, "<access-key-id>", facts, now)
    };
    let mut decision = ask(identity, &facts);
    if decision == Decision::Refuse(Denial::SessionNameNotInstance)
        && let Principal::AssumedRole { role, .. } = &identity.principal
    {
        // A role of machines, whose sessions are called by their instances.
        let principal = Principal::AssumedRole { role: role.clone(), session: INSTANCE.0.to_owned() };
        let machine = Identity { principal, ..identity.clone() };
        decision = ask(&machine, &facts);
        if let Decision::Needs(Fact::PrivateDnsName { instance_id }) = decision {
            facts.private_dns_names.insert(instance_id, Some(INSTANCE.1.to_owned()));
            decision = ask(&machine, &facts);
        }
    }
    match decision {
        Decision::Permit(user) => {
            let mut groups = user.groups;
            groups.sort_unstable();
            groups.dedup();
            Some(Login { username: user.username, groups })
        }
        Decision::Refuse(_) | Decision::Needs(_) => None,
    }
}

impl Who {
    /// The account.
    pub fn account(&self) -> AccountId {
        match self {
            Self::User(account, _)
            | Self::Role(account, _)
            | Self::PermissionSet(account, _)
            | Self::Session(account, _)
            | Self::FederatedUser(account, _)
            | Self::Root(account)
            | Self::AnybodyIn(account) => *account,
        }
    }

    /// What they are, as a word in front of [`Self::name`].
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(..) => "user",
            Self::Role(..) => "role",
            Self::PermissionSet(..) => "permission set",
            Self::Session(..) => "session",
            Self::FederatedUser(..) => "federated user",
            Self::Root(_) => "root of",
            Self::AnybodyIn(_) => "anybody in",
        }
    }

    /// The name; of those who have none, the account.
    pub fn name(&self) -> &str {
        match self {
            Self::User(_, name)
            | Self::Role(_, name)
            | Self::PermissionSet(_, name)
            | Self::Session(_, name)
            | Self::FederatedUser(_, name) => name,
            Self::Root(account) | Self::AnybodyIn(account) => account.as_str(),
        }
    }

    /// Whom an ARN of a mapping names.
    fn of_arn(arn: &Arn) -> Option<Self> {
        let (kind, name) = arn.resource.split_once('/').unwrap_or((&arn.resource, ""));
        match (arn.service.as_str(), kind) {
            ("iam", "user") => Some(Self::User(arn.account, name.into())),
            ("iam", "role") => Some(Self::Role(arn.account, name.into())),
            ("iam", "root") => Some(Self::Root(arn.account)),
            ("sts", "federated-user") => Some(Self::FederatedUser(arn.account, name.into())),
            _ => None,
        }
    }

    /// What STS would say of them.
    fn identity(&self, partition: Partition) -> Identity {
        let user = |name: &str| {
            let (path, name) =
                name.rsplit_once('/').map_or(("/".to_owned(), name), |(path, name)| (format!("/{path}/"), name));
            Principal::User { path, name: name.to_owned() }
        };
        let principal = match self {
            Self::User(_, name) => user(name),
            Self::Role(_, role) | Self::PermissionSet(_, role) => {
                Principal::AssumedRole { role: role.to_string(), session: SESSION.to_owned() }
            }
            Self::Session(_, name) => {
                let (role, session) = name.split_once('/').unwrap_or((name, SESSION));
                Principal::AssumedRole { role: role.to_owned(), session: session.to_owned() }
            }
            Self::FederatedUser(_, name) => Principal::FederatedUser { name: name.to_string() },
            Self::Root(_) => Principal::Root,
            Self::AnybodyIn(_) => user(ANYBODY),
        };
        Identity { partition, account: self.account(), principal, unique_id: "<unique-id>".to_owned() }
    }
}

impl fmt::Display for Who {
    /// Kind and name: `user ops/bob`. Without the account, where the name is not one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}
