//! Who somebody is, in words.

use std::collections::BTreeMap;

use identity::AccountId;
use inventory::Who;
use rbac::Subject;

/// The number of people who are named before the rest is counted.
pub const NAMED: usize = 8;

/// The name of a person or subject: a person, or whom bindings name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name<'a> {
    /// Somebody of AWS.
    Person(&'a Who),
    /// A subject of Kubernetes; a service account with its namespace.
    Subject(&'a Subject),
}

/// The names of people, with their account if there are several.
pub struct Names {
    /// The account that needs no mention: the one of most people.
    usual: Option<AccountId>,
}

impl Names {
    /// Chooses the account that names leave out: the most common one among `all`.
    pub fn of<'a>(all: impl IntoIterator<Item = Name<'a>>) -> Self {
        let mut accounts: BTreeMap<AccountId, usize> = BTreeMap::new();
        for name in all {
            if let Name::Person(who) = name {
                *accounts.entry(who.account()).or_default() += 1;
            }
        }
        Self {
            usual: accounts
                .into_iter()
                .max_by_key(|(account, number)| (*number, std::cmp::Reverse(*account)))
                .map(|(account, _)| account),
        }
    }

    /// Returns the name of one of them.
    pub fn one(&self, name: Name<'_>) -> String {
        self.all(&[name])
    }

    /// `users alice, ops/bob; role Deployer of 444455556666`, and how many more there are.
    pub fn some(&self, people: &[Name<'_>]) -> String {
        let named = self.all(&people[..people.len().min(NAMED)]);
        match people.len().saturating_sub(NAMED) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }

    /// Returns all of some of them, however many they are.
    pub fn all(&self, people: &[Name<'_>]) -> String {
        let mut by_kind: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for name in people {
            let kind = KINDS.iter().position(|(one, _)| *one == name.kind()).unwrap_or_default();
            let name = match name {
                Name::Subject(Subject::ServiceAccount { namespace: Some(namespace), name }) => {
                    format!("{namespace}/{name}")
                }
                Name::Subject(Subject::User(name) | Subject::Group(name) | Subject::ServiceAccount { name, .. }) => {
                    name.to_string()
                }
                Name::Person(who) => {
                    let is_said = matches!(who, Who::Root(_) | Who::AnybodyIn(_)) || Some(who.account()) == self.usual;
                    if is_said { who.name().to_owned() } else { format!("{} of {}", who.name(), who.account()) }
                }
            };
            by_kind.entry(kind).or_default().push(name);
        }
        let kind = |(kind, names): (usize, Vec<String>)| {
            let (one, many) = KINDS[kind];
            format!("{} {}", if names.len() == 1 { one } else { many }, names.join(", "))
        };
        by_kind.into_iter().map(kind).collect::<Vec<_>>().join("; ")
    }
}

impl Name<'_> {
    fn kind(self) -> &'static str {
        match self {
            Self::Person(who) => who.kind(),
            Self::Subject(Subject::User(_)) => "Kubernetes user",
            Self::Subject(Subject::Group(_)) => "group",
            Self::Subject(Subject::ServiceAccount { .. }) => "service account",
        }
    }
}

/// What [`Name::kind`] says, for one and for several.
const KINDS: [(&str, &str); 10] = [
    ("user", "users"),
    ("role", "roles"),
    ("permission set", "permission sets"),
    ("session", "sessions"),
    ("federated user", "federated users"),
    ("root of", "roots of"),
    ("anybody in", "anybody in"),
    ("group", "groups"),
    ("Kubernetes user", "Kubernetes users"),
    ("service account", "service accounts"),
];
