//! Who gains and loses what, and what of it is dangerous: people, and subjects of Kubernetes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use inventory::{Login, Who};
use rbac::comparison::{Gained, On, Permission, Place, Right, Rights, RightsChange, Still};

use super::{
    names::{NAMED, Name, Names},
    sections::{Item, Section, Sign},
    words::{count, phrases, place, some_of},
};

/// The changes for one person or subject.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// Who.
    pub who: Name<'a>,
    /// Who they are in the cluster before; none where they cannot log in, and for subjects of Kubernetes.
    pub before: Option<&'a Login>,
    /// Who they are afterwards.
    pub after: Option<&'a Login>,
    /// What that changes.
    pub rights: &'a RightsChange,
    /// Privilege escalations that they have only in between.
    pub meanwhile: &'a [Gained],
}

/// The number of people that a change affects: what stands first, before each of them is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    added: usize,
    removed: usize,
    gain: usize,
    lose: usize,
}

impl Totals {
    /// Counts these changes.
    pub fn of(changed: &[Changed<'_>]) -> Self {
        let number = |of: fn(&Changed<'_>) -> bool| changed.iter().filter(|one| of(one)).count();
        Self {
            added: number(|one| one.before.is_none() && one.after.is_some()),
            removed: number(|one| one.before.is_some() && one.after.is_none()),
            gain: number(|one| !one.rights.gains.is_empty()),
            lose: number(|one| !one.rights.losses.is_empty()),
        }
    }

    /// Returns how logins change, as in `2 added, 1 removed`.
    pub fn logins(&self) -> String {
        format!("{} added, {} removed", self.added, self.removed)
    }

    /// `1 person gains, 2 lose`, of `person` and `people`, or of what else they are.
    pub fn rights(&self, one: &str, many: &str) -> String {
        let gain = count(self.gain, &format!("{one} gains"), &format!("{many} gain"));
        format!("{gain}, {}", count(self.lose, "loses", "lose"))
    }
}

/// Returns everything that is said about them, each section with a title, and some without items.
pub fn changes(changed: &[Changed<'_>]) -> [Section; 4] {
    let names = Names::of(changed.iter().map(|one| one.who));
    [
        Section::new("Dangerous", dangers(changed, &names)),
        Section::new("Who can log in", logins(changed, &names)),
        Section::new("Who gains rights", rights(changed, &names, Sign::Add)),
        Section::new("Who loses rights", rights(changed, &names, Sign::Remove)),
    ]
}

/// Returns the privilege escalations that somebody gains, without naming them.
pub fn dangers_of(change: &RightsChange) -> Vec<Item> {
    let item = |(_, text, why): (usize, String, &str)| {
        Item::new(Sign::Danger, text).below((!why.is_empty()).then(|| Item::new(Sign::Note, why)))
    };
    ways(change).map(item).collect()
}

/// Returns permissions, one item for each list of places where they are the same; `verb` says whose the parts are that are left out.
pub fn rights_in_places(rights: &[Rights], sign: Sign, verb: &str) -> Vec<Item> {
    let mut words = Words::default();
    rights.iter().map(|rights| in_places(rights, sign, Some(verb), &mut words)).collect()
}

fn dangers(changed: &[Changed<'_>], names: &Names) -> Vec<Item> {
    // By what it is, so that a hundred people who become administrators are one item.
    let mut found: BTreeMap<(usize, String, String), Vec<Name<'_>>> = BTreeMap::new();
    for person in changed {
        let mut add = |order: usize, text: String, why: &str| {
            found.entry((order, text, why.to_owned())).or_default().push(person.who);
        };
        let is_in = |login: Option<&Login>| {
            login.is_some_and(|login| login.groups.iter().any(|group| group == "system:masters"))
        };
        if is_in(person.after) && !is_in(person.before) {
            add(0, "may do everything, by the group system:masters".to_owned(), "removing bindings has no effect");
        }
        for (order, text, why) in ways(person.rights) {
            add(order, text, why);
        }
        for gained in person.meanwhile {
            let text = format!("can {} {} until logins change", gained.escalation.title, place(&gained.place));
            add(4, text, "they leave a group that gains it: apply their removal first, and the rest afterwards");
        }
        if matches!(person.who, Name::Person(Who::AnybodyIn(_))) && person.before.is_none() {
            add(3, "can log in".to_owned(), "whoever is let into the account is let into the cluster");
        }
    }
    let item = |((_, text, why), people): ((usize, String, String), Vec<Name<'_>>)| {
        let why = (!why.is_empty()).then(|| Item::new(Sign::Note, why));
        // Whoever becomes dangerous is named, however many they are.
        Item::new(Sign::Danger, format!("{} {text}", names.all(&people))).below(why)
    };
    found.into_iter().map(item).collect()
}

/// Returns the privilege escalations that somebody gains, by severity, with the reason.
fn ways(change: &RightsChange) -> impl Iterator<Item = (usize, String, &'static str)> {
    let everything: BTreeSet<&Place> =
        change.gains.iter().filter(|rights| is_everything(rights)).map(|rights| &rights.place).collect();
    // Whoever may do everything may do each of them.
    let is_more = {
        let everything = everything.clone();
        move |gained: &&Gained| !everything.contains(&Place::Cluster) && !everything.contains(&gained.place)
    };
    let all = everything.into_iter().map(|at| (1, format!("may do everything {}", place(at)), ""));
    all.chain(
        change.escalations.iter().filter(is_more).map(|gained| {
            (2, format!("can {} {}", gained.escalation.title, place(&gained.place)), gained.escalation.why)
        }),
    )
}

fn is_everything(rights: &Rights) -> bool {
    rights.rights.iter().any(|right| {
        let On::Resource { api_group, resource, name: None } = &right.permission.on else { return false };
        [&right.permission.verb, api_group, resource].into_iter().all(|word| &**word == "*")
    })
}

fn logins(changed: &[Changed<'_>], names: &Names) -> Vec<Item> {
    type Groups<'a> = Option<&'a [String]>;
    let mut alike: BTreeMap<(Sign, Groups<'_>, Groups<'_>), Vec<&Changed<'_>>> = BTreeMap::new();
    let mut items = Vec::new();
    for person in changed {
        let (before, after) = (person.before, person.after);
        let sign = match (before, after) {
            (None, Some(_)) => Sign::Add,
            (Some(_), None) => Sign::Remove,
            (Some(before), Some(after)) => {
                if before.username != after.username {
                    let (who, old, new) = (names.one(person.who), &before.username, &after.username);
                    let note = "bindings and audit logs know the old name";
                    items.push(
                        Item::new(Sign::Change, format!("{who} is called {new} instead of {old}"))
                            .below([Item::new(Sign::Note, note)]),
                    );
                }
                if before.groups == after.groups {
                    continue;
                }
                Sign::Change
            }
            (None, None) => continue,
        };
        let key = (sign, before.map(|login| &*login.groups), after.map(|login| &*login.groups));
        alike.entry(key).or_default().push(person);
    }
    let item = |((sign, before, after), people): ((Sign, Groups<'_>, Groups<'_>), Vec<&Changed<'_>>)| {
        let who: Vec<Name<'_>> = people.iter().map(|person| person.who).collect();
        let mut text = names.some(&who);
        let login = people[0].after.or(people[0].before);
        if let ([_], Some(login)) = (&people[..], login)
            && sign != Sign::Change
        {
            text.push_str(&format!(" as {}", login.username));
        }
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let only = |these: &[String], others: &[String]| {
            let only: Vec<String> = these.iter().filter(|group| !others.contains(group)).cloned().collect();
            some_of(&only, NAMED)
        };
        let (joins, leaves) = (only(after, before), only(before, after));
        match sign {
            Sign::Add | Sign::Remove => {
                let groups = if sign == Sign::Add { joins } else { leaves };
                let verb = if sign == Sign::Add { "in" } else { "was in" };
                text.push_str(&if groups.is_empty() {
                    ", in no group".to_owned()
                } else {
                    format!(", {verb} {groups}")
                });
            }
            _ => {
                let parts = [("joins", joins), ("leaves", leaves)];
                let parts = parts.into_iter().filter(|(_, groups)| !groups.is_empty());
                text.push_str(&parts.map(|(verb, groups)| format!(", {verb} {groups}")).collect::<String>());
            }
        }
        Item::new(sign, text)
    };
    let mut all: Vec<Item> = alike.into_iter().map(item).collect();
    all.extend(items);
    all
}

fn rights(changed: &[Changed<'_>], names: &Names, sign: Sign) -> Vec<Item> {
    let mut words = Words::default();
    let mut alike: BTreeMap<Vec<Item>, (bool, Vec<Name<'_>>)> = BTreeMap::new();
    for person in changed {
        let change = &person.rights;
        let (rights, still) =
            if sign == Sign::Add { (&change.gains, &[][..]) } else { (&change.losses, &change.still[..]) };
        if rights.is_empty() && still.is_empty() {
            continue;
        }
        // What is left out of a comparison with nothing is what every login may do: no part of it was theirs, or stays.
        let is_subject = matches!(person.who, Name::Subject(_));
        let verb = match (sign, person.before, person.after) {
            (Sign::Add, before, _) if before.is_some() || is_subject => Some("had"),
            (Sign::Remove, _, after) if after.is_some() || is_subject => Some("keeps"),
            _ => None,
        };
        let is_dangerous = sign == Sign::Add && (!change.escalations.is_empty() || rights.iter().any(is_everything));
        let items = rights
            .iter()
            .map(|rights| in_places(rights, sign, verb, &mut words))
            .chain(still.iter().map(not_lost))
            .collect();
        let (dangerous, people) = alike.entry(items).or_default();
        *dangerous |= is_dangerous;
        people.push(person.who);
    }
    let mut blocks: Vec<_> = alike.into_iter().collect();
    // What is dangerous first, then what concerns most.
    blocks.sort_by_key(|(_, (dangerous, people))| (!dangerous, std::cmp::Reverse(people.len()), people[0]));
    let item = |(below, (_, people)): (Vec<Item>, (bool, Vec<Name<'_>>))| {
        Item::new(Sign::None, names.some(&people)).below(below)
    };
    blocks.into_iter().map(item).collect()
}

/// Rights in words, said once where many people share them: by their address.
#[derive(Default)]
struct Words {
    whole: HashMap<*const Right, (String, Option<String>)>,
    parts: HashMap<*const Permission, String>,
}

impl Words {
    /// The rights, and the parts of them that were held or are kept.
    fn of(&mut self, rights: &Arc<[Right]>) -> (&str, Option<&str>) {
        let (whole, parts) = self.whole.entry(rights.as_ptr()).or_insert_with(|| {
            let parts: BTreeSet<&Permission> = rights.iter().flat_map(|right| right.except.iter()).collect();
            let parts = (!parts.is_empty()).then(|| some_of_phrases(&phrases(parts)));
            (some_of_phrases(&phrases(rights.iter().map(|right| &right.permission))), parts)
        });
        (whole, parts.as_deref())
    }

    fn of_part(&mut self, rights: &Arc<[Permission]>) -> &str {
        self.parts.entry(rights.as_ptr()).or_insert_with(|| some_of_phrases(&phrases(rights.iter())))
    }
}

fn in_places(rights: &Rights, sign: Sign, verb: Option<&str>, said: &mut Words) -> Item {
    let through: Vec<String> = rights.through.iter().map(ToString::to_string).collect();
    let through = if through.is_empty() { String::new() } else { format!(" ({})", some_of(&through, NAMED)) };
    let (words, parts) = said.of(&rights.rights);
    let item = Item::new(sign, format!("{}: {words}{through}", place(&rights.place)));
    let Some(verb) = verb else { return item };
    let item = item.below(parts.map(|parts| Item::new(Sign::Note, format!("{verb} {parts}"))));
    let mut in_namespaces: BTreeMap<String, Vec<Arc<str>>> = BTreeMap::new();
    for part in &rights.except {
        let words = said.of_part(&part.rights).to_owned();
        in_namespaces.entry(words).or_default().extend(part.namespaces.iter().cloned());
    }
    let note = |(words, mut namespaces): (String, Vec<Arc<str>>)| {
        namespaces.sort();
        Item::new(Sign::Note, format!("{verb} {}: {words}", place(&Place::Namespaces(namespaces))))
    };
    item.below(in_namespaces.into_iter().map(note))
}

fn not_lost(still: &Still) -> Item {
    let Still { place: at, by, role, rights } = still;
    let (kind, role) = (role.kind.as_str(), &role.name);
    let words = some_of_phrases(&phrases(rights.iter()));
    Item::new(
        Sign::Change,
        format!("still has {}: {words}, by {by} ({kind} {role}), which this file does not manage", place(at)),
    )
}

fn some_of_phrases(phrases: &[String]) -> String {
    const NAMED: usize = 4;
    let more = phrases.len().saturating_sub(NAMED);
    let first = phrases[..phrases.len().min(NAMED)].join("; ");
    if more == 0 { first } else { format!("{first}; and {more} more") }
}
