//! Everybody whom mappings and an access file name, and who each of them is in the cluster.

mod named;

use std::{collections::BTreeMap, fmt};

use access::{Desired, Facts, Kind};
use identity::{AccountId, Arn, Identity, Partition, Principal};
use jiff::Timestamp;
use mapping::{
    Decision, Fact, Outcome, PermissionSet, Refusal, RulePrincipal, Snapshot, UNKNOWN_UNIQUE_ID, Undetermined, UniqueId,
};
use serde::Serialize;

pub use self::named::Named;

/// What stands for the session's name, which whoever assumes a role chooses. STS allows no such character.
pub const SESSION: &str = "<session>";
/// What stands for the id of the access key that signs, which AWS chooses.
pub const ACCESS_KEY: &str = "<access-key-id>";
/// What stands for everybody in an account (`mapAccounts`).
const ANYBODY: &str = "<anybody>";
/// What stands for the machine that uses a role of machines, and its name.
const INSTANCE: (&str, &str) = ("i-00000000000000000", "<private-dns-name>");
/// What stands for a permission set's suffix where its role is not known.
pub const UNKNOWN_SUFFIX: &str = "0000000000000000";

/// A person or machine, as AWS names them.
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

/// A username and groups in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Login {
    /// The username; `<session>` stands for what whoever assumes the role chooses.
    pub username: String,
    /// The groups, sorted.
    pub groups: Vec<String>,
}

impl Login {
    /// Returns whether it is one of machines, which join a cluster by it.
    pub fn is_of_machine(&self) -> bool {
        self.groups.iter().any(|group| group == "system:nodes")
    }
}

/// Returns everybody whom the file or a mapping names, as STS would name them, in the order of the ARNs that mappings compare.
///
/// Several sources may name the same people, who are listed once.
pub fn everybody<'a>(
    desired: &Desired,
    facts: &Facts,
    sources: impl IntoIterator<Item = &'a mapping::Source>,
    partition: Partition,
) -> Vec<(Who, Identity)> {
    let mut everybody = BTreeMap::new();
    let mut sets: BTreeMap<(AccountId, String), Box<str>> = BTreeMap::new();
    let mut add = |who: Who, partition: Partition| {
        let identity = who.identity(partition);
        everybody.entry(identity.canonical_arn().to_ascii_lowercase()).or_insert((who, identity));
    };
    // The file first: it has names in their own spelling, where mappings are compared in lower case.
    let machines = desired.nodes.iter();
    for principal in desired.people.iter().map(|person| &person.principal).chain(machines) {
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
    for ((account, set), role) in &facts.permission_sets {
        let role = role.rsplit('/').next().unwrap_or(role);
        roles_of_sets.entry((*account, set.clone())).or_default().push(role.into());
    }
    for source in sources {
        for rule in source.roles.iter().chain(&source.users) {
            match &rule.principal {
                RulePrincipal::PermissionSet(set) => {
                    let name = || rule.written.clone().unwrap_or_else(|| set.name.as_str().into());
                    sets.entry((set.account, set.name.clone())).or_insert_with(name);
                }
                // Of an id alone only AWS can say whose it is.
                RulePrincipal::UniqueId(UniqueId { arn: None, .. }) => {}
                RulePrincipal::Arn(arn) | RulePrincipal::UniqueId(UniqueId { arn: Some(arn), .. }) => {
                    let Some(arn) = as_written(arn, rule.written.as_deref()) else { continue };
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
        let role = format!("AWSReservedSSO_{set}_{UNKNOWN_SUFFIX}");
        let identity = Who::Role(account, role.into()).identity(partition);
        let who = Who::PermissionSet(account, set);
        everybody.entry(identity.canonical_arn().to_ascii_lowercase()).or_insert((who, identity));
    }
    everybody.into_values().collect()
}

/// Returns what mappings decide about somebody of [`everybody`], with what they are called standing for what only AWS knows.
pub fn decide(snapshot: &Snapshot, identity: &Identity, now: Timestamp) -> Decision {
    let decision = decide_of_one(snapshot, identity, now);
    let is_of_machines = |refusal: &Refusal| *refusal == Refusal::SessionNameNotInstance;
    let asks_for_machine = match &decision {
        Decision::Refuse(refusal) => is_of_machines(refusal),
        Decision::Undetermined(undetermined) => {
            undetermined.outcomes.iter().any(|one| matches!(one, Outcome::Refuse(refusal) if is_of_machines(refusal)))
        }
        Decision::Permit(_) | Decision::Needs(_) => false,
    };
    match &identity.principal {
        // A role of machines, whose sessions are called by their instances.
        Principal::AssumedRole { role, session } if asks_for_machine && session == SESSION => {
            let principal = Principal::AssumedRole { role: role.clone(), session: INSTANCE.0.to_owned() };
            let machine = Identity { principal, ..identity.clone() };
            of_any_machine(decide_of_one(snapshot, &machine, now))
        }
        _ => decision,
    }
}

/// The same of one whose name stands as it is.
fn decide_of_one(snapshot: &Snapshot, identity: &Identity, now: Timestamp) -> Decision {
    let mut facts = mapping::Facts::default();
    loop {
        let decision = mapping::decide(snapshot, identity, ACCESS_KEY, &facts, now);
        let Decision::Needs(Fact::PrivateDnsName { instance_id }) = &decision else { return decision };
        let known = facts.private_dns_names.insert(instance_id.clone(), Some(INSTANCE.1.to_owned()));
        if known.is_some() {
            return decision;
        }
    }
}

/// Whoever one machine is, with any machine's name.
fn of_any_machine(decision: Decision) -> Decision {
    let of_any = |text: String| text.replace(INSTANCE.0, SESSION);
    let user = |user: mapping::User| mapping::User {
        username: of_any(user.username),
        groups: user.groups.into_iter().map(of_any).collect(),
        ..user
    };
    match decision {
        Decision::Permit(one) => Decision::Permit(user(one)),
        Decision::Undetermined(Undetermined { outcomes }) => {
            let outcomes = outcomes.into_iter().map(|outcome| match outcome {
                Outcome::Permit(one) => Outcome::Permit(user(one)),
                Outcome::Refuse(_) => outcome,
            });
            Decision::Undetermined(Undetermined { outcomes: outcomes.collect() })
        }
        Decision::Refuse(_) | Decision::Needs(_) => decision,
    }
}

/// The ARN that a rule compares, in the letters in which somebody wrote it.
fn as_written(compared: &str, written: Option<&str>) -> Option<Arn> {
    let of_caller = |arn: Arn| {
        let (kind, rest) = arn.resource.split_once('/').unwrap_or((&arn.resource, ""));
        let role = match (arn.service.as_str(), kind) {
            ("iam", "role") => rest.rsplit('/').next()?,
            ("sts", "assumed-role") => rest.split('/').next()?,
            _ => return Some(arn),
        };
        Some(Arn { service: "iam".to_owned(), resource: format!("role/{role}"), ..arn })
    };
    let written = written.and_then(|written| of_caller(written.parse().ok()?));
    let is_compared = |arn: &Arn| arn.to_string().eq_ignore_ascii_case(compared);
    written.filter(is_compared).or_else(|| compared.parse().ok())
}

impl Login {
    /// Returns who somebody is, by a mapping; `None` if they cannot log in. Where that is left to chance, everybody they may be.
    pub fn each(snapshot: &Snapshot, identity: &Identity, now: Timestamp) -> Vec<Option<Self>> {
        match decide(snapshot, identity, now) {
            Decision::Permit(user) => vec![Some(user.into())],
            Decision::Refuse(_) | Decision::Needs(_) => vec![None],
            Decision::Undetermined(undetermined) => {
                let each = undetermined.outcomes.into_iter().map(|outcome| match outcome {
                    Outcome::Permit(user) => Some(user.into()),
                    Outcome::Refuse(_) => None,
                });
                each.collect()
            }
        }
    }

    /// Pairs the possible logins before with the possible ones after: each with each, or each with itself if they are
    /// the same.
    pub fn pairs([before, after]: [Vec<Option<Self>>; 2]) -> Vec<[Option<Self>; 2]> {
        if before == after {
            return before.into_iter().zip(after).map(Into::into).collect();
        }
        before.iter().flat_map(|before| after.iter().map(|after| [before.clone(), after.clone()])).collect()
    }
}

impl From<mapping::User> for Login {
    fn from(user: mapping::User) -> Self {
        let mapping::User { username, mut groups, .. } = user;
        groups.sort_unstable();
        groups.dedup();
        Self { username, groups }
    }
}

impl Who {
    /// Returns the account.
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

    /// Returns what they are, as a word in front of [`Self::name`].
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

    /// Returns the name; of those who have none, the account.
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

    /// Returns whom an ARN of a mapping names.
    pub fn of_arn(arn: &Arn) -> Option<Self> {
        let (kind, name) = arn.resource.split_once('/').unwrap_or((&arn.resource, ""));
        match (arn.service.as_str(), kind) {
            ("iam", "user") => Some(Self::User(arn.account, name.into())),
            ("iam", "role") => Some(Self::Role(arn.account, name.into())),
            ("iam", "root") => Some(Self::Root(arn.account)),
            ("sts", "federated-user") => Some(Self::FederatedUser(arn.account, name.into())),
            _ => None,
        }
    }

    /// Returns what STS would say of them.
    pub fn identity(&self, partition: Partition) -> Identity {
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
        Identity { partition, account: self.account(), principal, unique_id: UNKNOWN_UNIQUE_ID.to_owned() }
    }
}

impl fmt::Display for Who {
    /// Kind and name: `user ops/bob`. Without the account, where the name is not one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}
