//! Person by person: who can log in, as whom, and what that changes about what they may do.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use identity::Identity;
use inventory::{Login, Named, Observed, Who, everybody};
use mapping::Snapshot;
use rbac::{
    Index, User,
    comparison::{Beside, Comparison, Gained, RightsChange},
};

use super::{Wanted, Warning, astray::Astray, beside::Policies, known::Seeing, logins::Logins};

/// The changes for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonChange {
    /// Who.
    pub who: Who,
    /// Who they are in the cluster now; `None`: they cannot log in.
    pub before: Option<Login>,
    /// Who they are going to be.
    pub after: Option<Login>,
    /// What that changes, together with what bindings change. For somebody who cannot log in at one of the times it is
    /// compared with what everybody may do who can. `None`: that is not known.
    pub rights: Option<Arc<RightsChange>>,
    /// Privilege escalations that they have only until logins change: rights are added first, and they are still in groups
    /// that gain them.
    pub meanwhile: Arc<[Gained]>,
}

impl PersonChange {
    /// Returns what of it is known.
    pub fn known_rights(&self) -> &RightsChange {
        static NONE: RightsChange = RightsChange::NONE;
        self.rights.as_deref().unwrap_or(&NONE)
    }
}

/// The users that somebody is before and after.
type Class = [Option<User>; 2];

/// What [`changes`] finds.
#[derive(Debug, Default)]
pub(super) struct People {
    /// In the order of who they are.
    pub(super) changes: Vec<PersonChange>,
    /// How many there are for whom nothing changes.
    pub(super) unchanged: usize,
    /// Everybody's logins, before and after.
    pub(super) logins: Vec<(Who, [Option<Login>; 2])>,
    /// Those of whom it is not known whether they can log in, and as whom.
    pub(super) unknown_logins: Vec<Who>,
    /// Those of whom it is not known what they gain or lose.
    pub(super) unknown_rights: Vec<Who>,
    /// Who logs in otherwise than the file says, afterwards.
    pub(super) astray: Vec<Warning>,
}

pub(super) fn changes(
    wanted: &Wanted<'_>,
    logins: Logins,
    before: &Index,
    after: &Index,
    observed: &Observed,
    (seeing, knows_rights): (&Seeing<'_>, bool),
) -> People {
    let partition = observed.partition;
    let policies = Policies::of(observed);
    let sources = logins.before.iter().chain(&logins.after);
    let everybody = everybody(wanted.desired, wanted.facts, sources, partition);
    let mut astray = Astray::of(wanted, observed, &logins, seeing.beside().next().is_none());
    let Logins { before: sources_before, after: sources_after, .. } = logins;
    let snapshots = [sources_before, sources_after].map(|sources| Snapshot::new(partition, sources, []));
    let mut comparison = Comparison::of_file(before, after, &wanted.desired.objects.bindings, policies.places());
    let mut of_class: HashMap<(Class, Vec<Beside<'_>>), Arc<RightsChange>> = HashMap::new();
    let mut people = People::default();
    let mut change = |identity: &Identity, logins: &[Option<Login>; 2]| {
        let class: Class = [user(logins[0].as_ref(), before), user(logins[1].as_ref(), after)];
        let class = (class, policies.held_by(identity));
        let rights = of_class.entry(class).or_insert_with_key(|([before, after], beside)| {
            let nobody = User::authenticated("", [""; 0]);
            let stays = after.is_some();
            let of = |user: &Option<User>| user.as_ref().map_or(&[][..], |_| beside);
            let held = [of(before), of(after)];
            let (before, after) = (before.as_ref().unwrap_or(&nobody), after.as_ref().unwrap_or(&nobody));
            let mut change = comparison.change_beside((before, held[0]), (after, held[1]));
            if !stays {
                change.still.clear(); // Whoever cannot log in has nothing.
            }
            Arc::new(change)
        });
        Arc::clone(rights)
    };
    let logins_of = |identity: &Identity| {
        Login::pairs(snapshots.each_ref().map(|snapshot| Login::each(snapshot, identity, wanted.now)))
    };
    let (named, nothing) = (Named::of([before, after]), Arc::<[Gained]>::from([]));
    let of_accounts = named.of_accounts(&everybody);
    for (who, identity) in everybody.into_iter().chain(of_accounts) {
        if !snapshots.iter().all(|snapshot| seeing.is_login_known(snapshot, &identity)) {
            people.unknown_logins.push(who);
            continue;
        }
        let knows_rights = knows_rights && policies.are_known_of(&identity);
        let (mut changes, mut of_all) = (false, Vec::new());
        for logins in logins_of(&identity) {
            if !knows_rights {
                let [before, after] = logins;
                if before.is_some() || after.is_some() {
                    people.unknown_rights.push(who.clone());
                    changes = true;
                }
                if before != after {
                    let (who, before, after) = (who.clone(), before.clone(), after.clone());
                    let meanwhile = Arc::clone(&nothing);
                    people.changes.push(PersonChange { who, before, after, rights: None, meanwhile });
                }
                astray.judge(&who, &identity, after.as_ref(), &snapshots[1]);
                people.logins.push((who.clone(), [before, after]));
                continue;
            }
            let rights = change(&identity, &logins);
            of_all.push(Arc::clone(&rights));
            let [login_before, login_after] = logins;
            if login_before != login_after || !rights.is_empty() {
                changes = true;
                let (before, after) = (login_before.clone(), login_after.clone());
                let meanwhile = Arc::clone(&nothing);
                let rights = Some(rights);
                people.changes.push(PersonChange { who: who.clone(), before, after, rights, meanwhile });
            }
            astray.judge(&who, &identity, login_after.as_ref(), &snapshots[1]);
            people.logins.push((who.clone(), [login_before, login_after]));
        }
        if knows_rights {
            let of_each = snapshots.iter().flat_map(|snapshot| named.sessions(&identity, snapshot, wanted.now));
            let sessions: BTreeMap<Who, Identity> = of_each.collect();
            for (who, identity) in sessions {
                for logins in logins_of(&identity) {
                    let own = change(&identity, &logins);
                    // Everybody else's changes are said of the role.
                    if !of_all.contains(&own) {
                        let [before, after] = logins.clone();
                        let (who, meanwhile) = (who.clone(), Arc::clone(&nothing));
                        people.changes.push(PersonChange { who, before, after, rights: Some(own), meanwhile });
                    }
                    astray.judge(&who, &identity, logins[1].as_ref(), &snapshots[1]);
                    people.logins.push((who.clone(), logins));
                }
            }
        }
        people.unchanged += usize::from(!changes);
    }
    let mut of_leaver: HashMap<[Option<User>; 2], Arc<[Gained]>> = HashMap::new();
    for person in &mut people.changes {
        let (Some(login), Some(rights)) = (&person.before, &person.rights) else { continue };
        let stays = |group: &String| person.after.as_ref().is_some_and(|after| after.groups.contains(group));
        if login.groups.iter().all(stays) {
            continue;
        }
        let class = [user(Some(login), before), user(Some(login), after)];
        let gained = of_leaver.entry(class).or_insert_with_key(|class| {
            let [Some(now), Some(then)] = class else { return Arc::clone(&nothing) };
            comparison.change(now, then).escalations.into()
        });
        let stays = |gained: &&Gained| !rights.escalations.contains(gained);
        if gained.iter().any(|gained| stays(&gained)) {
            person.meanwhile = gained.iter().filter(stays).cloned().collect();
        }
    }
    people.changes.sort_by(|a, b| a.who.cmp(&b.who));
    people.unknown_logins.sort();
    people.unknown_rights.sort();
    people.unknown_rights.dedup();
    people.astray = astray.found();
    people
}

/// The user that bindings see; without the name where none names it, so that people who are alike are one.
fn user(login: Option<&Login>, index: &Index) -> Option<User> {
    let login = login?;
    let name = if index.names_user(&login.username) { login.username.as_str() } else { "" };
    Some(User::authenticated(name, login.groups.iter().cloned()))
}
