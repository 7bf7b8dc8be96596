//! Person by person: who can log in, as whom, and what that changes about what they may do.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use identity::Identity;
use inventory::{Login, Named, Observed, Who, everybody};
use jiff::Timestamp;
use mapping::Snapshot;
use rbac::{
    Index, User,
    comparison::{Comparison, Gained, PolicyRights, RightsChange},
};

use super::{Wanted, Warning, access_policies::Policies, astray::Astray, known::KnownState, logins::Logins};

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
    /// Returns whether it is machines that log in by it, before or after.
    pub fn is_of_machines(&self) -> bool {
        [&self.before, &self.after].into_iter().flatten().any(Login::is_of_machine)
    }

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
    /// How many people there are for whom nothing changes.
    pub(super) unchanged: usize,
    /// How many machines there are for whose role nothing changes.
    pub(super) machines_unchanged: usize,
    /// Everybody's logins, before and after.
    pub(super) logins: Vec<(Who, [Option<Login>; 2])>,
    /// Those of whom it is not known whether they can log in, and as whom.
    pub(super) unknown_logins: Vec<Who>,
    /// Those of whom it is not known what they gain or lose.
    pub(super) unknown_rights: Vec<Who>,
    /// Who logs in otherwise than the file says, afterwards.
    pub(super) astray: Vec<Warning>,
}

/// Compares everybody's logins and rights before and after. `knows_rights`: whether all roles and bindings are known.
pub(super) fn changes(
    wanted: &Wanted<'_>,
    logins: Logins,
    before: &Index,
    after: &Index,
    observed: &Observed,
    (state, knows_rights): (&KnownState<'_>, bool),
) -> People {
    let partition = observed.partition;
    let policies = Policies::of(observed);
    let sources = logins.before.iter().chain(&logins.after);
    let everybody = everybody(wanted.desired, wanted.facts, sources, partition);
    let astray = Astray::of(wanted, observed, &logins, state.elsewhere().next().is_none());
    let comparison = Comparison::of_file(before, after, &wanted.desired.objects.bindings, policies.places());
    let named = Named::of([before, after]);
    let of_accounts = named.of_accounts(&everybody);
    let Logins { before: sources_before, after: sources_after, .. } = logins;
    let mut pass = Pass {
        snapshots: [sources_before, sources_after].map(|sources| Snapshot::new(partition, sources, [])),
        now: wanted.now,
        state,
        knows_rights,
        named,
        policies: &policies,
        rights: Rights { indexes: [before, after], comparison, of_class: HashMap::new(), of_leaver: HashMap::new() },
        astray,
        people: People::default(),
    };
    for (who, identity) in everybody.into_iter().chain(of_accounts) {
        pass.add(who, &identity);
    }
    pass.end()
}

/// One comparison of everybody.
struct Pass<'a> {
    /// The mappings before and after.
    snapshots: [Snapshot; 2],
    now: Timestamp,
    state: &'a KnownState<'a>,
    /// Whether all roles and bindings are known.
    knows_rights: bool,
    named: Named<'a>,
    policies: &'a Policies,
    rights: Rights<'a>,
    astray: Astray<'a>,
    people: People,
}

impl Pass<'_> {
    /// Compares one principal, and the sessions of a role that bindings name one by one.
    fn add(&mut self, who: Who, identity: &Identity) {
        if !self.snapshots.iter().all(|snapshot| self.state.is_login_known(snapshot, identity)) {
            self.people.unknown_logins.push(who);
            return;
        }
        let knows_rights = self.knows_rights && self.policies.are_known_of(identity);
        let (mut changes, mut is_machine, mut of_all) = (false, false, Vec::new());
        for logins in self.logins_of(identity) {
            let rights = knows_rights.then(|| self.rights.change(identity, &logins, self.policies));
            let is_changed = logins[0] != logins[1] || rights.as_ref().is_some_and(|rights| !rights.is_empty());
            let can_log_in = logins.iter().any(Option::is_some);
            is_machine |= logins.iter().flatten().any(Login::is_of_machine);
            if rights.is_none() && can_log_in {
                self.people.unknown_rights.push(who.clone());
            }
            changes |= is_changed || (rights.is_none() && can_log_in);
            of_all.extend(rights.clone());
            self.say(&who, identity, logins, rights, is_changed);
        }
        if knows_rights {
            let of_each = self.snapshots.iter().flat_map(|snapshot| self.named.sessions(identity, snapshot, self.now));
            let sessions: BTreeMap<Who, Identity> = of_each.collect();
            for (who, identity) in sessions {
                for logins in self.logins_of(&identity) {
                    let own = self.rights.change(&identity, &logins, self.policies);
                    // Everybody else's changes are said of the role.
                    let is_said = of_all.contains(&own);
                    self.say(&who, &identity, logins, Some(own), !is_said);
                }
            }
        }
        let unchanged = if is_machine { &mut self.people.machines_unchanged } else { &mut self.people.unchanged };
        *unchanged += usize::from(!changes);
    }

    /// Returns who an identity is before and after; more than one pair where that is left to chance.
    fn logins_of(&self, identity: &Identity) -> Vec<[Option<Login>; 2]> {
        Login::pairs(self.snapshots.each_ref().map(|snapshot| Login::each(snapshot, identity, self.now)))
    }

    /// Notes what was found of somebody.
    fn say(
        &mut self,
        who: &Who,
        identity: &Identity,
        logins: [Option<Login>; 2],
        rights: Option<Arc<RightsChange>>,
        is_changed: bool,
    ) {
        self.astray.judge(who, identity, logins[1].as_ref(), &self.snapshots[1]);
        if is_changed {
            let [before, after] = logins.clone();
            self.people.changes.push(PersonChange { who: who.clone(), before, after, rights, meanwhile: [].into() });
        }
        self.people.logins.push((who.clone(), logins));
    }

    /// Adds what people have until logins change, and puts everybody in order.
    fn end(mut self) -> People {
        for person in &mut self.people.changes {
            if let Some(meanwhile) = self.rights.meanwhile(person) {
                person.meanwhile = meanwhile;
            }
        }
        let mut people = self.people;
        people.changes.sort_by(|a, b| a.who.cmp(&b.who));
        people.unknown_logins.sort();
        people.unknown_rights.sort();
        people.unknown_rights.dedup();
        people.astray = self.astray.found();
        people
    }
}

/// What changes about rights, found once for all who are alike.
struct Rights<'a> {
    /// Bindings and roles before and after.
    indexes: [&'a Index; 2],
    comparison: Comparison<'a>,
    of_class: HashMap<(Class, Vec<PolicyRights<'static>>), Arc<RightsChange>>,
    of_leaver: HashMap<Class, Arc<[Gained]>>,
}

impl Rights<'_> {
    /// Returns what changes for whoever has these logins, EKS access policies included.
    fn change(
        &mut self,
        identity: &Identity,
        [before, after]: &[Option<Login>; 2],
        policies: &Policies,
    ) -> Arc<RightsChange> {
        let class = [user(before.as_ref(), self.indexes[0]), user(after.as_ref(), self.indexes[1])];
        let comparison = &mut self.comparison;
        let rights = self.of_class.entry((class, policies.held_by(identity)));
        let rights = rights.or_insert_with_key(|([before, after], of_policies)| {
            let nobody = User::authenticated("", [""; 0]);
            let of = |user: &Option<User>| user.as_ref().map_or(&[][..], |_| of_policies);
            let held = [of(before), of(after)];
            let stays = after.is_some();
            let (before, after) = (before.as_ref().unwrap_or(&nobody), after.as_ref().unwrap_or(&nobody));
            let mut change = comparison.change_with_policies((before, held[0]), (after, held[1]));
            if !stays {
                change.still.clear(); // Whoever cannot log in has nothing.
            }
            Arc::new(change)
        });
        Arc::clone(rights)
    }

    /// Returns the privilege escalations that somebody has only until logins change, where they leave a group.
    fn meanwhile(&mut self, person: &PersonChange) -> Option<Arc<[Gained]>> {
        let (login, rights) = (person.before.as_ref()?, person.rights.as_ref()?);
        let stays = |group: &String| person.after.as_ref().is_some_and(|after| after.groups.contains(group));
        if login.groups.iter().all(stays) {
            return None;
        }
        let comparison = &mut self.comparison;
        let class = self.indexes.map(|index| user(Some(login), index));
        let gained = self.of_leaver.entry(class).or_insert_with_key(|class| match class {
            [Some(now), Some(then)] => comparison.change(now, then).escalations.into(),
            _ => [].into(),
        });
        Some(gained.iter().filter(|gained| !rights.escalations.contains(gained)).cloned().collect())
    }
}

/// The user that bindings see; without the name where none names it, so that people who are alike are one.
fn user(login: Option<&Login>, index: &Index) -> Option<User> {
    let login = login?;
    let name = if index.names_user(&login.username) { login.username.as_str() } else { "" };
    Some(User::authenticated(name, login.groups.iter().cloned()))
}
