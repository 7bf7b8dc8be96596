//! What is said, in which order: what stops apply and what is dangerous first, people before objects.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use identity::AccountId;

use super::words::{count, phrases, place, some_of};
use crate::plan::{
    Atom, Change, Login, ObjectChange, ObjectKind, On, Owner, PersonChange, Place, Plan, Refusal, Right, Rights, Still,
    Warning, Who,
};

/// How many people, objects or refusals of one kind are named before the rest is counted.
const NAMED: usize = 8;

/// Items under a title; the first section is the head of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The title.
    pub title: String,
    /// What is said.
    pub items: Vec<Item>,
}

/// One thing that is said, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// What kind of thing.
    pub sign: Sign,
    /// In one line.
    pub text: String,
    /// What belongs to it.
    pub below: Vec<Item>,
}

/// The kinds of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// To look at before anything else.
    Danger,
    /// It comes.
    Add,
    /// It becomes something else.
    Change,
    /// It goes.
    Remove,
    /// Of less importance.
    Note,
    /// Nothing of these.
    None,
}

/// Everything that is said about a plan.
pub fn report(plan: &Plan) -> Vec<Section> {
    let people = Names::of(plan);
    let sections = [
        ("", head(plan)),
        ("What stops apply", refusals(plan)),
        ("Dangerous", dangers(plan, &people)),
        ("Who can log in", logins(plan, &people)),
        ("Who gains rights", rights(plan, &people, Sign::Add)),
        ("Who loses rights", rights(plan, &people, Sign::Remove)),
        ("Bindings of the whole cluster", cluster_wide(plan)),
        ("Objects", objects(plan)),
        ("Warnings", warnings(plan)),
    ];
    let section = |(title, items): (&str, Vec<Item>)| {
        let head = || format!("Plan for {}: logins in {}", plan.cluster_id, plan.target.title());
        let title = if title.is_empty() { head() } else { title.to_owned() };
        (!items.is_empty()).then_some(Section { title, items })
    };
    let mut sections: Vec<Section> = sections.into_iter().filter_map(section).collect();
    let digest = Item::new(Sign::Note, format!("{}", plan.digest));
    sections.push(Section { title: "Digest, for `apply --expect`".to_owned(), items: vec![digest] });
    sections
}

impl Item {
    /// Without anything below it.
    pub fn new(sign: Sign, text: impl Into<String>) -> Self {
        Self { sign, text: text.into(), below: Vec::new() }
    }

    /// With more below it.
    #[must_use]
    pub fn below(mut self, below: impl IntoIterator<Item = Item>) -> Self {
        self.below.extend(below);
        self
    }
}

fn head(plan: &Plan) -> Vec<Item> {
    let files: Vec<&str> = plan.record.files.iter().map(|file| &*file.name).collect();
    let mut items = vec![Item::new(Sign::None, format!("files: {}", some_of(&files, NAMED)))];
    if !plan.unseen.is_empty() {
        items.push(Item::new(Sign::Danger, "incomplete: not all of the cluster could be looked at"));
    }
    if plan.is_empty() {
        items.push(Item::new(Sign::None, "nothing changes: the cluster is as the files say"));
        return items;
    }
    let people = |of: &dyn Fn(&PersonChange) -> bool| plan.people.iter().filter(|person| of(person)).count();
    let come = people(&|person| person.before.is_none() && person.after.is_some());
    let go = people(&|person| person.before.is_some() && person.after.is_none());
    let gain = people(&|person| !person.rights.gains.is_empty());
    let lose = people(&|person| !person.rights.losses.is_empty());
    let of_people = format!(
        "people: {come} can log in who could not, {go} cannot any more; {gain} gain rights, {lose} lose some; {} stay as \
         they are",
        plan.people_unchanged
    );
    let objects = |of: &[Change]| plan.objects.iter().filter(|change| of.contains(&change.change)).count();
    let of_objects = format!(
        "objects: {} to create, {} to change, {} to remove, {} to mark; {} stay",
        objects(&[Change::Create]),
        objects(&[Change::Update, Change::Replace]),
        objects(&[Change::Remove]),
        objects(&[Change::Mark]),
        plan.objects_unchanged
    );
    items.extend([Item::new(Sign::None, of_people), Item::new(Sign::None, of_objects)]);
    items
}

fn refusals(plan: &Plan) -> Vec<Item> {
    let mut by_code: BTreeMap<&str, Vec<&Refusal>> = BTreeMap::new();
    for refusal in &plan.refusals {
        by_code.entry(refusal.code()).or_default().push(refusal);
    }
    let item = |(code, refusals): (&str, Vec<&Refusal>)| {
        let mut below: Vec<Item> =
            refusals.iter().take(NAMED).map(|refusal| Item::new(Sign::None, refusal.summary())).collect();
        if refusals.len() > NAMED {
            below.push(Item::new(Sign::None, format!("and {} more", refusals.len() - NAMED)));
        }
        below.push(Item::new(Sign::Note, format!("help: {}", refusals[0].advice())));
        Item::new(Sign::Danger, code).below(below)
    };
    by_code.into_iter().map(item).collect()
}

/// How people are called, in a plan that may know several accounts.
struct Names {
    /// The account that needs no mention: the one of most people.
    usual: Option<AccountId>,
}

impl Names {
    fn of(plan: &Plan) -> Self {
        let mut accounts: BTreeMap<AccountId, usize> = BTreeMap::new();
        plan.people.iter().for_each(|person| *accounts.entry(person.who.account()).or_default() += 1);
        Self {
            usual: accounts
                .into_iter()
                .max_by_key(|(account, number)| (*number, std::cmp::Reverse(*account)))
                .map(|(account, _)| account),
        }
    }

    fn one(&self, who: &Who) -> String {
        self.all(&[who])
    }

    /// `users alice, ops/bob; role Deployer of 444455556666`, and how many more there are.
    fn some(&self, people: &[&Who]) -> String {
        let named = self.all(&people[..people.len().min(NAMED)]);
        match people.len().saturating_sub(NAMED) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }

    fn all(&self, people: &[&Who]) -> String {
        let mut by_kind: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for who in people {
            let kind = KINDS.iter().position(|(one, _)| *one == who.kind()).unwrap_or_default();
            let is_said = matches!(who, Who::Root(_) | Who::AnybodyIn(_)) || Some(who.account()) == self.usual;
            let name = if is_said { who.name().to_owned() } else { format!("{} of {}", who.name(), who.account()) };
            by_kind.entry(kind).or_default().push(name);
        }
        let kind = |(kind, names): (usize, Vec<String>)| {
            let (one, many) = KINDS[kind];
            format!("{} {}", if names.len() == 1 { one } else { many }, names.join(", "))
        };
        by_kind.into_iter().map(kind).collect::<Vec<_>>().join("; ")
    }
}

/// What [`Who::kind`] says, for one and for several.
const KINDS: [(&str, &str); 7] = [
    ("user", "users"),
    ("role", "roles"),
    ("permission set", "permission sets"),
    ("session", "sessions"),
    ("federated user", "federated users"),
    ("root of", "roots of"),
    ("anybody in", "anybody in"),
];

fn dangers(plan: &Plan, names: &Names) -> Vec<Item> {
    // By what it is, so that a hundred people who become administrators are one item.
    let mut found: BTreeMap<(usize, String, String), Vec<&Who>> = BTreeMap::new();
    for person in &plan.people {
        let mut add = |order: usize, text: String, why: &str| {
            found.entry((order, text, why.to_owned())).or_default().push(&person.who);
        };
        let is_in = |login: &Option<Login>| {
            login.as_ref().is_some_and(|login| login.groups.iter().any(|group| group == "system:masters"))
        };
        if is_in(&person.after) && !is_in(&person.before) {
            add(0, "may do everything, by the group system:masters".to_owned(), "no binding can take that away");
        }
        let everything: BTreeSet<&Place> =
            person.rights.gains.iter().filter(|rights| is_everything(rights)).map(|rights| &rights.place).collect();
        for at in &everything {
            add(1, format!("may do everything {}", place(at)), "");
        }
        for gained in &person.rights.escalations {
            if everything.contains(&Place::Cluster) || everything.contains(&gained.place) {
                continue; // Whoever may do everything may do this.
            }
            add(2, format!("can {} {}", gained.escalation.title, place(&gained.place)), gained.escalation.why);
        }
        for gained in &*person.meanwhile {
            let text = format!("can {} {} until logins change", gained.escalation.title, place(&gained.place));
            add(4, text, "they leave a group that gains it: apply their leaving alone, and the rest after it");
        }
        if matches!(person.who, Who::AnybodyIn(_)) && person.before.is_none() {
            add(3, "can log in".to_owned(), "whoever is let into the account is let into the cluster");
        }
    }
    let item = |((_, text, why), people): ((usize, String, String), Vec<&Who>)| {
        let why = (!why.is_empty()).then(|| Item::new(Sign::Note, why));
        // Whoever becomes dangerous is named, however many they are.
        Item::new(Sign::Danger, format!("{} {text}", names.all(&people))).below(why)
    };
    found.into_iter().map(item).collect()
}

fn is_everything(rights: &Rights) -> bool {
    rights.rights.iter().any(|right| {
        let On::Resource { api_group, resource, name: None } = &right.atom.on else { return false };
        [&right.atom.verb, api_group, resource].into_iter().all(|word| &**word == "*")
    })
}

fn logins(plan: &Plan, names: &Names) -> Vec<Item> {
    type Groups<'a> = Option<&'a [String]>;
    let mut alike: BTreeMap<(Sign, Groups<'_>, Groups<'_>), Vec<&PersonChange>> = BTreeMap::new();
    let mut items = Vec::new();
    for person in &plan.people {
        let (before, after) = (person.before.as_ref(), person.after.as_ref());
        let sign = match (before, after) {
            (None, Some(_)) => Sign::Add,
            (Some(_), None) => Sign::Remove,
            (Some(before), Some(after)) => {
                if before.username != after.username {
                    let (who, old, new) = (names.one(&person.who), &before.username, &after.username);
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
    let item = |((sign, before, after), people): ((Sign, Groups<'_>, Groups<'_>), Vec<&PersonChange>)| {
        let who: Vec<&Who> = people.iter().map(|person| &person.who).collect();
        let mut text = names.some(&who);
        let login = people[0].after.as_ref().or(people[0].before.as_ref());
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

fn rights(plan: &Plan, names: &Names, sign: Sign) -> Vec<Item> {
    let mut words = Words::default();
    let mut alike: BTreeMap<Vec<Item>, (bool, Vec<&Who>)> = BTreeMap::new();
    for person in &plan.people {
        let change = &person.rights;
        let (rights, still) =
            if sign == Sign::Add { (&change.gains, &[][..]) } else { (&change.losses, &change.still[..]) };
        if rights.is_empty() && still.is_empty() {
            continue;
        }
        // What is left out of a comparison with nothing is what every login may do: no part of it was theirs, or stays.
        let verb = match (sign, &person.before, &person.after) {
            (Sign::Add, Some(_), _) => Some("had"),
            (Sign::Remove, _, Some(_)) => Some("keeps"),
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
        people.push(&person.who);
    }
    let mut blocks: Vec<_> = alike.into_iter().collect();
    // What is dangerous first, then what concerns most.
    blocks.sort_by_key(|(_, (dangerous, people))| (!dangerous, std::cmp::Reverse(people.len()), people[0].clone()));
    let item =
        |(below, (_, people)): (Vec<Item>, (bool, Vec<&Who>))| Item::new(Sign::None, names.some(&people)).below(below);
    blocks.into_iter().map(item).collect()
}

/// Rights in words, said once where many people share them: by their address.
#[derive(Default)]
struct Words {
    whole: HashMap<*const Right, (String, Option<String>)>,
    parts: HashMap<*const Atom, String>,
}

impl Words {
    /// The rights, and the parts of them that were held or are kept.
    fn of(&mut self, rights: &Arc<[Right]>) -> (&str, Option<&str>) {
        let (whole, parts) = self.whole.entry(rights.as_ptr()).or_insert_with(|| {
            let parts: BTreeSet<&Atom> = rights.iter().flat_map(|right| right.except.iter()).collect();
            let parts = (!parts.is_empty()).then(|| some_of_phrases(&phrases(parts)));
            (some_of_phrases(&phrases(rights.iter().map(|right| &right.atom))), parts)
        });
        (whole, parts.as_deref())
    }

    fn of_part(&mut self, rights: &Arc<[Atom]>) -> &str {
        self.parts.entry(rights.as_ptr()).or_insert_with(|| some_of_phrases(&phrases(rights.iter())))
    }
}

fn in_places(rights: &Rights, sign: Sign, verb: Option<&str>, said: &mut Words) -> Item {
    let through: Vec<String> =
        rights.through.iter().map(|role| format!("{} {}", role.kind.as_str(), role.name)).collect();
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
        format!("still has {}: {words}, by {by} ({kind} {role}), which is not of this file", place(at)),
    )
}

fn some_of_phrases(phrases: &[String]) -> String {
    const NAMED: usize = 4;
    let more = phrases.len().saturating_sub(NAMED);
    let first = phrases[..phrases.len().min(NAMED)].join("; ");
    if more == 0 { first } else { format!("{first}; and {more} more") }
}

fn cluster_wide(plan: &Plan) -> Vec<Item> {
    let bindings = plan.objects.iter().filter(|change| change.id.kind == ObjectKind::ClusterRoleBinding);
    let item = |change: &ObjectChange| {
        let object = change.after.as_ref().or(change.before.as_ref());
        let role = object.and_then(|object| object.role());
        let groups: Vec<&str> = object.map(|object| object.groups().collect()).unwrap_or_default();
        let role = role.map(|role| format!(" of {} {}", role.kind.as_str(), role.name)).unwrap_or_default();
        let was = match (change.change, change.before.as_ref().and_then(|object| object.role())) {
            (Change::Replace, Some(was)) => format!(" instead of {} {}", was.kind.as_str(), was.name),
            _ => String::new(),
        };
        let text = format!("{} {}{role}{was} to {}", change.change.as_str(), change.id.name, some_of(&groups, NAMED));
        Item::new(sign(change.change), text)
    };
    bindings.map(item).collect()
}

fn objects(plan: &Plan) -> Vec<Item> {
    let mut alike: BTreeMap<(Change, ObjectKind, &str, Option<&Owner>), Vec<&str>> = BTreeMap::new();
    for change in plan.objects.iter().filter(|change| change.id.kind != ObjectKind::ClusterRoleBinding) {
        let key = (change.change, change.id.kind, &*change.id.name, change.adopted_from.as_ref());
        alike.entry(key).or_default().extend(change.id.namespace.as_deref());
    }
    let item = |((change, kind, name, owner), namespaces): ((Change, ObjectKind, &str, Option<&Owner>), Vec<&str>)| {
        let at = if namespaces.is_empty() { String::new() } else { format!(" in {}", some_of(&namespaces, NAMED)) };
        let owner = match owner {
            None => "",
            Some(Owner::Nobody) => ", adopted",
            Some(Owner::Helm(_)) => ", adopted from Helm",
            Some(Owner::Ours(_)) => ", adopted from another cluster's file",
        };
        Item::new(sign(change), format!("{} {} {name}{at}{owner}", change.as_str(), kind.as_str()))
    };
    alike.into_iter().map(item).collect()
}

fn sign(change: Change) -> Sign {
    match change {
        Change::Create => Sign::Add,
        Change::Update | Change::Replace => Sign::Change,
        Change::Mark => Sign::Note,
        Change::Remove => Sign::Remove,
    }
}

fn warnings(plan: &Plan) -> Vec<Item> {
    let mut items = Vec::new();
    let mut no_login: Vec<String> = Vec::new();
    for warning in &plan.warnings {
        match warning {
            Warning::NoLogin(who) => no_login.push(who.to_string()),
            other => items.push(Item::new(Sign::None, other.to_string())),
        }
    }
    if !no_login.is_empty() {
        let number = count(no_login.len(), "person", "people");
        let who = some_of(&no_login, NAMED);
        items.push(Item::new(Sign::None, format!("{number} of the file cannot log in, by any mapping: {who}")));
    }
    items
}
