//! Whom bindings name, and who of AWS comes to be one of them by a name that they choose or bear.
//!
//! A mapping source need not write such a name out: `team-{{SessionName}}` is the group `team-a` for whoever calls their
//! session `a`, and `mapAccounts` gives everybody their ARN as username. Everything that says who may do something knows of
//! them by this file alone.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use identity::{Arn, Identity, Principal, is_session_name};
use jiff::Timestamp;
use mapping::Snapshot;
use rbac::{Index, MASTERS, Subject, User};

use crate::people::{ACCESS_KEY, Login, SESSION, Who};

/// The users and groups that bindings name, and `system:masters`, which needs none.
#[derive(Clone, Debug, Default)]
pub struct Named<'a> {
    /// Service accounts among them, by their usernames: whoever is given one has what it is bound to.
    users: BTreeSet<Cow<'a, str>>,
    groups: BTreeSet<Cow<'a, str>>,
}

impl<'a> Named<'a> {
    /// Collects the users and groups that the bindings of some clusters name.
    pub fn of(indexes: impl IntoIterator<Item = &'a Index>) -> Self {
        let bindings = indexes.into_iter().flat_map(Index::bindings);
        Self::new(bindings.flat_map(|binding| binding.subjects().iter().map(|subject| (subject, binding.namespace()))))
    }

    /// Collects these groups only.
    pub fn of_groups(groups: impl IntoIterator<Item = &'a str>) -> Self {
        Self { groups: groups.into_iter().chain([MASTERS]).map(Cow::Borrowed).collect(), ..Self::default() }
    }

    fn new(subjects: impl IntoIterator<Item = (&'a Subject, Option<&'a str>)>) -> Self {
        let mut named = Self::of_groups([]);
        for (subject, of_binding) in subjects {
            match subject {
                Subject::User(name) => drop(named.users.insert(Cow::Borrowed(name))),
                Subject::Group(name) => drop(named.groups.insert(Cow::Borrowed(name))),
                Subject::ServiceAccount { namespace, name } => {
                    let namespace = namespace.as_deref().or(of_binding);
                    named.users.extend(namespace.map(|at| Cow::Owned(User::service_account(at, name).name)));
                }
            }
        }
        named
    }

    /// Returns the sessions of a role that come to be somebody who is named, by their name and beyond what all of the role's
    /// sessions are. `identity` is of whoever assumes the role, with [`SESSION`] for the session's name; of others there are
    /// none.
    pub fn sessions(&self, identity: &Identity, snapshot: &Snapshot, now: Timestamp) -> Vec<(Who, Identity)> {
        let Principal::AssumedRole { role, .. } = &identity.principal else { return Vec::new() };
        let logins: Vec<Login> = Login::each(snapshot, identity, now).into_iter().flatten().collect();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for Login { username, groups } in &logins {
            names.extend(names_in(username, &self.users));
            names.extend(groups.iter().flat_map(|group| names_in(group, &self.groups)));
        }
        let session = |name: &str| {
            let who = Who::Session(identity.account, format!("{role}/{name}").into());
            let principal = Principal::AssumedRole { role: role.clone(), session: name.to_owned() };
            (who, Identity { principal, ..identity.clone() })
        };
        let is_more = |(_, identity): &(Who, Identity)| {
            let own = Login::each(snapshot, identity, now);
            own.iter().flatten().any(|own| self.gives_more(own, &logins))
        };
        names.into_iter().map(session).filter(is_more).collect()
    }

    /// Returns whom `mapAccounts` lets in under an ARN that a binding names, and nothing else names so far.
    pub fn of_accounts(&self, everybody: &[(Who, Identity)]) -> Vec<(Who, Identity)> {
        let accounts: BTreeMap<_, _> = everybody
            .iter()
            .filter_map(|(who, identity)| match who {
                Who::AnybodyIn(account) => Some((*account, identity.partition)),
                _ => None,
            })
            .collect();
        if accounts.is_empty() {
            return Vec::new();
        }
        let known: BTreeSet<String> = everybody.iter().map(|(_, identity)| key(identity)).collect();
        let arns = self.users.iter().filter(|name| name.starts_with("arn:"));
        let bearer = |name: &Cow<'a, str>| {
            let arn: Arn = name.parse().ok()?;
            let who = Who::of_arn(&arn).filter(|_| accounts.get(&arn.account) == Some(&arn.partition))?;
            let identity = who.identity(arn.partition);
            // STS leaves out the path of a role.
            let has_path = matches!(&who, Who::Role(_, name) if name.contains('/'));
            let is_new = !has_path && !known.contains(&key(&identity));
            (identity.canonical_arn() == *name && is_new).then_some((who, identity))
        };
        arns.filter_map(bearer).collect()
    }

    /// Returns the users and groups that a login comes to be with access keys of certain ids, each with the id. Who has it only
    /// AWS can say: people have keys that last, and sessions have some for hours.
    pub fn by_key(&self, login: &Login, identity: &Identity) -> BTreeSet<(Subject, String)> {
        let prefixes = match identity.principal {
            Principal::User { .. } | Principal::Root => &["AKIA", "ASIA"][..],
            Principal::AssumedRole { .. } | Principal::FederatedUser { .. } => &["ASIA"],
        };
        let mut found = BTreeSet::new();
        for name in &self.users {
            found.extend(key_in(&login.username, name, prefixes).map(|key| (Subject::User((**name).into()), key)));
        }
        for (group, name) in login.groups.iter().flat_map(|group| self.groups.iter().map(move |name| (group, name))) {
            found.extend(key_in(group, name, prefixes).map(|key| (Subject::Group((**name).into()), key)));
        }
        found
    }

    /// Whether a login is somebody who is named and whom none of the others is.
    fn gives_more(&self, login: &Login, others: &[Login]) -> bool {
        let is_user = self.users.contains(&*login.username) && others.iter().all(|one| one.username != login.username);
        let is_new = |group: &&String| {
            self.groups.contains(group.as_str()) && others.iter().all(|one| !one.groups.contains(*group))
        };
        is_user || login.groups.iter().any(|group| is_new(&group))
    }
}

impl Login {
    /// Returns the name of the session that makes a user of this login whom an API server sees; empty where it plays no part, and
    /// `None` if the user is somebody else.
    pub fn session_of(&self, username: &str, groups: &[String]) -> Option<String> {
        let of_user: BTreeSet<Cow<'_, str>> = groups.iter().map(|group| Cow::Borrowed(&**group)).collect();
        let of_name_alone = [Cow::Borrowed(username)].into();
        let mut names = names_in(&self.username, &of_name_alone);
        names.extend(self.groups.iter().flat_map(|group| names_in(group, &of_user)));
        names.push("");
        let name = names.into_iter().find(|name| {
            // Only the raw name keeps an `@`.
            let is_one = |text: &str, of: &str| text.replace(SESSION, name) == of || of_name(text, name) == of;
            is_one(&self.username, username)
                && self.groups.iter().all(|group| of_user.iter().any(|one| is_one(group, one)))
        })?;
        Some(name.to_owned())
    }

    /// Returns this login for a session of this name, with the variable for it filled in.
    #[must_use]
    pub fn of_session(&self, name: &str) -> Self {
        let groups = self.groups.iter().map(|group| of_name(group, name)).collect();
        Self { username: of_name(&self.username, name), groups }
    }
}

fn of_name(text: &str, name: &str) -> String {
    text.replace(SESSION, &name.replace('@', "-"))
}

fn key(identity: &Identity) -> String {
    identity.canonical_arn().to_ascii_lowercase()
}

/// AWS's are of so many capitals and digits (IAM User Guide, "IAM identifiers").
const KEY_LENGTH: usize = 20;

/// The id of an access key that makes a name out of a text with [`ACCESS_KEY`] in it.
fn key_in(text: &str, name: &str, prefixes: &[&str]) -> Option<String> {
    if !text.contains(ACCESS_KEY) {
        return None;
    }
    let is_key = |key: &&str| {
        let is_of_key = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        prefixes.iter().any(|prefix| key.starts_with(prefix)) && key.bytes().all(is_of_key)
    };
    let makes = |key: &&str| {
        let made = text.replace(ACCESS_KEY, key);
        made == name || !names_in(&made, &[Cow::Borrowed(name)].into()).is_empty()
    };
    let keys = (0..name.len()).filter_map(|at| name.get(at..at + KEY_LENGTH));
    keys.filter(is_key).find(makes).map(str::to_owned)
}

/// The names of sessions that may make one of some names out of a text with [`SESSION`] in it. AWS takes no others; what a
/// name comes to – an `@` may become a `-` – only the mapping says.
fn names_in<'w>(text: &str, wanted: &'w BTreeSet<Cow<'_, str>>) -> Vec<&'w str> {
    let literals: Vec<&str> = text.split(SESSION).collect();
    let places = literals.len() - 1;
    let literal: usize = literals.iter().map(|literal| literal.len()).sum();
    let mut names = Vec::new();
    if places == 0 {
        return names;
    }
    let from = wanted.range::<str, _>((Bound::Included(literals[0]), Bound::Unbounded));
    for name in from.take_while(|name| name.starts_with(literals[0])) {
        let Some(rest) = name.len().checked_sub(literal).filter(|rest| rest % places == 0) else { continue };
        let (length, mut at) = (rest / places, 0);
        for literal in &literals[..places] {
            at += literal.len();
            names.extend(name.get(at..at + length).filter(|session| is_session_name(session)));
            at += length;
        }
    }
    names
}
