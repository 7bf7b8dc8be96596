//! Everybody, in two worlds.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use identity::{Identity, Principal as Caller};
use inventory::{Login, UNKNOWN_SUFFIX, Who};
use mapping::PermissionSet;
use rbac::{
    Subject, User,
    comparison::{Comparison, PolicyRights, RightsChange},
};

use super::{
    not_given::{NotGiven, not_given},
    sides::{Side, alike, key, places},
    unknown::{self, UnknownGrant},
};
use crate::{NamedPrincipal, World, who_can::resolved};

/// The changes from one world to another.
#[derive(Debug)]
pub struct Difference<'a> {
    /// From, and to.
    pub worlds: [&'a World; 2],
    /// The people for whom something changes, in the order of who they are.
    pub people: Vec<Person>,
    /// How many there are for whom nothing changes.
    pub people_unchanged: usize,
    /// The subjects of Kubernetes for whom something changes, by kind, namespace and name. Each is taken by itself, with the
    /// groups that everybody of its kind is in.
    pub subjects: Vec<SubjectChange>,
    /// How many of those that bindings name there are for whom nothing changes.
    pub subjects_unchanged: usize,
    /// Grants that come or go, of roles that are not known.
    pub unknown: Vec<UnknownGrant>,
    /// What only one of the worlds has because the other one's was not given. Where there are mapping sources among it, no
    /// people are compared.
    pub not_given: Vec<NotGiven>,
}

/// The changes for one AWS principal.
#[derive(Debug)]
pub struct Person {
    /// Who.
    pub who: Who,
    /// As STS would name them.
    pub identity: Identity,
    /// Who they are in the first world; none where they cannot log in.
    pub before: Option<Login>,
    /// Who they are in the second.
    pub after: Option<Login>,
    /// What that changes. For somebody who cannot log in to one of them it is compared with what everybody may do who can,
    /// as plans do.
    pub rights: Arc<RightsChange>,
}

/// The changes for one Kubernetes subject.
#[derive(Debug)]
pub struct SubjectChange {
    /// Who; a service account with its namespace.
    pub subject: Subject,
    /// What changes.
    pub rights: Arc<RightsChange>,
}

/// Those for whom the same changes.
type Class<'a> = [(User, Vec<PolicyRights<'a>>); 2];

impl<'a> Difference<'a> {
    /// Compares two worlds.
    pub fn between(before: &'a World, after: &'a World) -> Self {
        let worlds = [before, after];
        let sides = worlds.map(Side::new);
        let places = places(worlds);
        let mut comparison = Comparison::new(before.index(), after.index(), places.iter().map(|place| &**place));
        let mut known: HashMap<Class<'a>, Arc<RightsChange>> = HashMap::new();
        let mut change = |class: Class<'a>| {
            let change = known.entry(class).or_insert_with_key(|[before, after]| {
                Arc::new(comparison.change_with_policies((&before.0, &before.1), (&after.0, &after.1)))
            });
            Arc::clone(change)
        };

        let mut people = Vec::new();
        // The rights of a role, for its sessions.
        let mut of_role: HashMap<String, Arc<RightsChange>> = HashMap::new();
        let not_given = not_given(worlds);
        let compares_people = !not_given.iter().any(|one| one.is_of_logins);
        let everybody = if compares_people { everybody(worlds) } else { Vec::new() };
        let number_of_people = everybody.iter().filter(|(who, _)| !matches!(who, Who::Session(..))).count();
        for (who, identity) in everybody {
            for logins in Login::pairs(worlds.map(|world| world.logins_of(&identity))) {
                let class = [0, 1].map(|at| match &logins[at] {
                    Some(Login { username, groups }) => {
                        let user = User::authenticated(username.clone(), groups.iter().cloned());
                        (alike(user, worlds[at].index()), sides[at].held_by(&identity, &places))
                    }
                    None => (User::authenticated("", [""; 0]), Vec::new()),
                });
                let rights = change(class);
                let [before, after] = logins;
                let is_said = if matches!(who, Who::Session(..)) {
                    // Everybody else's changes are said of the role.
                    of_role.get(&key(&identity)) != Some(&rights)
                } else {
                    of_role.insert(key(&identity), Arc::clone(&rights));
                    before != after || !rights.is_empty()
                };
                if is_said {
                    let (who, identity) = (who.clone(), identity.clone());
                    people.push(Person { who, identity, before, after, rights });
                }
            }
        }
        let changed = people.iter().filter(|person| !matches!(person.who, Who::Session(..)));
        let changed = changed.map(|person| key(&person.identity)).collect::<BTreeSet<_>>().len();
        people.sort_by(|a, b| a.who.cmp(&b.who));

        let everybody = subjects(worlds);
        let number_of_subjects = everybody.len();
        let subjects = everybody.into_iter().filter_map(|subject| {
            let class = worlds.map(|world| (alike(User::of(&subject), world.index()), Vec::new()));
            let rights = change(class);
            (!rights.is_empty()).then_some(SubjectChange { subject, rights })
        });
        let subjects: Vec<SubjectChange> = subjects.collect();
        Self {
            worlds,
            people_unchanged: number_of_people - changed,
            people,
            subjects_unchanged: number_of_subjects - subjects.len(),
            subjects,
            unknown: unknown::between(before, after),
            not_given,
        }
    }

    /// Returns whether nothing changes for anybody.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.subjects.is_empty() && self.unknown.is_empty()
    }

    /// Returns whether something could not be read.
    pub fn is_incomplete(&self) -> bool {
        !self.not_given.is_empty() || self.worlds.iter().any(|world| !world.gaps().is_empty())
    }
}

/// Everybody whom one of the worlds names, roles before their sessions.
pub(super) fn everybody(worlds: [&World; 2]) -> Vec<(Who, Identity)> {
    let all = || worlds.into_iter().flat_map(World::principals);
    // The role of a permission set may be known to one of the worlds only: it is the same one in the other, unless there
    // are several.
    let mut roles_of_sets: HashMap<PermissionSet, BTreeSet<&str>> = HashMap::new();
    for identity in all().map(|principal| &principal.identity) {
        if let Caller::AssumedRole { role, .. } = &identity.principal
            && !role.ends_with(UNKNOWN_SUFFIX)
            && let Some(set) = PermissionSet::of_role(identity.account, role)
        {
            roles_of_sets.entry(set).or_default().insert(role);
        }
    }
    let role_of = |set: PermissionSet| match roles_of_sets.get(&set)?.iter().collect::<Vec<_>>()[..] {
        [role] => Some(*role),
        _ => None,
    };
    let mut everybody = BTreeMap::new();
    for NamedPrincipal { who, identity, .. } in all() {
        let (mut who, mut identity) = (who.clone(), identity.clone());
        if let Caller::AssumedRole { role, session } = &mut identity.principal
            && role.ends_with(UNKNOWN_SUFFIX)
            && let Some(known) = PermissionSet::of_role(identity.account, role).and_then(role_of)
        {
            *role = known.to_owned();
            if let Who::Session(_, name) = &mut who {
                *name = format!("{known}/{session}").into();
            }
        }
        let session = matches!(who, Who::Session(..)).then(|| identity.session_name().map(str::to_owned));
        everybody.entry((key(&identity), session)).or_insert((who, identity));
    }
    everybody.into_values().collect()
}

/// The subjects that bindings of one of the worlds name.
pub(super) fn subjects(worlds: [&World; 2]) -> BTreeSet<Subject> {
    let bindings = worlds.into_iter().flat_map(|world| world.index().bindings());
    bindings.flat_map(|binding| binding.subjects().iter().filter_map(|subject| resolved(subject, binding))).collect()
}
