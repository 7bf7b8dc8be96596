//! What is said, in which order: what stops apply and what is dangerous first, people before objects.

use std::collections::{BTreeMap, BTreeSet};

use access::Owner;
use inventory::{MappingTarget, Places, Who};
use rbac::{ObjectId, ObjectKind};
use report::{Changed, Item, NAMED, Name, Names, Section, Sign, Totals, changes, count, some_of};

use crate::{
    Allowed, Change, Flag, NotKnown, Object, ObjectChange, PersonChange, Plan, Refusal, Warning, by_any_mapping,
};

/// Of how many people it is said in text that they log in otherwise than the file says, a sentence each.
const MAX_ASTRAY: usize = 20;

/// Returns everything that is said about a plan. What the flags of `apply` allow does not stop it.
pub fn report(plan: &Plan, allowed: &Allowed) -> Vec<Section> {
    let people: Vec<Changed<'_>> = plan.people.iter().map(Changed::from).collect();
    let logins = match plan.target {
        MappingTarget::None => "no mappings are written (mapping: none)".to_owned(),
        target => format!("logins in {}", target.title()),
    };
    let title = format!("Plan for {}: {logins}", plan.cluster_id);
    let (overridden, stops): (Vec<&Refusal>, Vec<&Refusal>) =
        plan.refusals.iter().partition(|refusal| allowed.covers(refusal));
    let mut sections = vec![
        Section::new(&title, head(plan, &people)),
        Section::new("What stops apply", refusals(&stops, |refusal| format!("help: {}", refusal.advice()))),
        Section::new(
            "Allowed by flags",
            refusals(&overridden, |refusal| format!("by {}", refusal.flag().map(Flag::as_str).unwrap_or_default())),
        ),
    ];
    sections.extend(changes(&people));
    sections.extend([
        Section::new("Bindings of the whole cluster", cluster_wide(plan)),
        Section::new("Cluster admins outside this file", all_powerful(plan)),
        Section::new("Objects", objects(plan)),
        Section::new("Not known", not_known(plan)),
        Section::new("Warnings", warnings(plan)),
    ]);
    sections.retain(|section| !section.items.is_empty());
    let digest = Item::new(Sign::Note, format!("{}", plan.digest));
    sections.push(Section { title: "Digest, for `apply --expect`".to_owned(), items: vec![digest] });
    sections
}

fn head(plan: &Plan, people: &[Changed<'_>]) -> Vec<Item> {
    let files: Vec<&str> = plan.record.files.iter().map(|file| &*file.name).collect();
    let mut items = vec![Item::new(Sign::None, format!("files: {}", some_of(&files, NAMED)))];
    if !plan.unseen.is_empty() {
        items.push(Item::new(Sign::Danger, "incomplete: not all of the cluster could be read"));
    }
    if plan.is_empty() {
        let text = if !plan.unseen.is_empty() {
            "no change is seen in what could be read"
        } else if plan.warnings.iter().any(Warning::is_of_login) {
            "nothing changes; who logs in otherwise than the files say stands below Warnings"
        } else {
            "nothing changes: the cluster is as the files say"
        };
        items.push(Item::new(Sign::None, text));
        return items;
    }
    let NotKnown { logins, rights, why_no_rights, objects: unknown, stays, .. } = &plan.not_known;
    let elsewhere = elsewhere(plan);
    let are_logins_part = plan.not_known.has_other_logins || !elsewhere.is_empty();
    let so_far = |is_part: bool| if is_part { ", as far as could be read" } else { "" };
    let unknown_of = |number: usize| match number {
        0 => String::new(),
        number => format!("; {number} not known"),
    };
    let totals = Totals::of(people);
    let of_logins = format!("logins{}: {}{}", so_far(are_logins_part), totals.logins(), unknown_of(logins.len()));
    let (machines, people): (Vec<&PersonChange>, Vec<_>) =
        plan.people.iter().partition(|change| change.is_of_machines());
    let of_people: Vec<Changed<'_>> = people.iter().copied().map(Changed::from).collect();
    let of_rights = if why_no_rights.is_empty() {
        let totals = Totals::of(&of_people).rights("person", "people");
        format!("{totals}{}{}", otherwise(&people), unknown_of(rights.len()))
    } else {
        "it is not known whose change".to_owned()
    };
    let unchanged = count(plan.people_unchanged, "person", "people");
    let unchanged = format!("{unchanged} unchanged{}", of_machines(plan, &machines));
    let of_rights = format!("rights{}: {of_rights}; {unchanged}{elsewhere}", so_far(!elsewhere.is_empty()));
    let objects = |of: &[Change]| plan.objects.iter().filter(|change| of.contains(&change.change)).count();
    let labelled = match objects(&[Change::Mark]) {
        0 => String::new(),
        number => format!(", {number} to label"),
    };
    let of_objects = format!(
        "objects{}: {} to create, {} to change, {} to remove{labelled}; {} unchanged{}",
        so_far(plan.not_known.has_other_objects),
        objects(&[Change::Create]),
        objects(&[Change::Update, Change::Replace]),
        objects(&[Change::Remove]),
        plan.objects_unchanged,
        unknown_of(unknown.len() + stays.len())
    );
    items.extend([of_logins, of_rights, of_objects].map(|text| Item::new(Sign::None, text)));
    items
}

/// Those who keep their rights and log in under another name or in other groups, and those who have none, whether they can log in or
/// not; nothing where there are none.
fn otherwise(people: &[&PersonChange]) -> String {
    let keeps = |change: &&&PersonChange| {
        change.rights.as_ref().is_some_and(|rights| rights.gains.is_empty() && rights.losses.is_empty())
    };
    let (stay, others): (Vec<&PersonChange>, Vec<_>) = people
        .iter()
        .filter(keeps)
        .filter(|change| change.before != change.after)
        .partition(|change| change.before.is_some() && change.after.is_some());
    let said = |number: usize, words: String| if number == 0 { String::new() } else { format!("; {words}") };
    let alone = format!("{} name or groups alone", count(stay.len(), "changes", "change"));
    let logins = format!("{} a login alone", count(others.len(), "gets or loses", "get or lose"));
    format!("{}{}", said(stay.len(), alone), said(others.len(), logins))
}

/// Machines, which are no people; nothing where there are none.
fn of_machines(plan: &Plan, changed: &[&PersonChange]) -> String {
    let said = [(changed.len(), "changed"), (plan.machines_unchanged, "unchanged")];
    let said: Vec<String> =
        said.iter().filter(|(number, _)| *number > 0).map(|(number, how)| format!("{number} {how}")).collect();
    if said.is_empty() { String::new() } else { format!("; roles of machines: {}", said.join(", ")) }
}

/// By what the numbers at the head may be others, though the plan is whole: places at which nobody can look who asks the cluster.
fn elsewhere(plan: &Plan) -> String {
    let place = |warning: &Warning| match warning {
        Warning::Elsewhere(gap) => Some(gap.what.to_string()),
        Warning::NotRead(target, _) => Some(Places::whether_read(*target)),
        _ => None,
    };
    let places: BTreeSet<String> = plan.warnings.iter().filter_map(place).collect();
    let places: Vec<String> = places.into_iter().collect();
    if places.is_empty() { String::new() } else { format!("; not known: {}", some_of(&places, NAMED)) }
}

/// Refusals by their codes, each with what is `said` of all of that code.
fn refusals(refusals: &[&Refusal], said: impl Fn(&Refusal) -> String) -> Vec<Item> {
    let mut by_code: BTreeMap<&str, Vec<&Refusal>> = BTreeMap::new();
    for refusal in refusals {
        by_code.entry(refusal.code()).or_default().push(refusal);
    }
    let item = |(code, refusals): (&str, Vec<&Refusal>)| {
        let mut below: Vec<Item> =
            refusals.iter().take(NAMED).map(|refusal| Item::new(Sign::None, refusal.summary())).collect();
        if refusals.len() > NAMED {
            below.push(Item::new(Sign::None, format!("and {} more", refusals.len() - NAMED)));
        }
        below.push(Item::new(Sign::Note, said(refusals[0])));
        Item::new(Sign::Danger, code).below(below)
    };
    by_code.into_iter().map(item).collect()
}

fn cluster_wide(plan: &Plan) -> Vec<Item> {
    let bindings = plan.objects.iter().filter(|change| change.id.kind == ObjectKind::ClusterRoleBinding);
    let item = |change: &ObjectChange| {
        let object = change.after.as_ref().or(change.before.as_ref());
        let role = object.and_then(Object::role);
        let groups: Vec<&str> = object.map(|object| object.groups().collect()).unwrap_or_default();
        let role = role.map(|role| format!(" of {} {}", role.kind.as_str(), role.name)).unwrap_or_default();
        let was = match (change.change, change.before.as_ref().and_then(Object::role)) {
            (Change::Replace, Some(was)) => format!(" instead of {} {}", was.kind.as_str(), was.name),
            _ => String::new(),
        };
        let text = format!("{} {}{role}{was} to {}", verb(change.change), change.id.name, some_of(&groups, NAMED));
        Item::new(sign(change.change), text)
    };
    bindings.map(item).collect()
}

/// Each of them: whoever looks for a way in that is left looks here.
fn all_powerful(plan: &Plan) -> Vec<Item> {
    plan.all_powerful.iter().map(|one| Item::new(Sign::None, one.to_string())).collect()
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
        Item::new(sign(change), format!("{} {} {name}{at}{owner}", verb(change), kind.as_str()))
    };
    alike.into_iter().map(item).collect()
}

/// What is not known, because something could not be read; JSON names all of them.
fn not_known(plan: &Plan) -> Vec<Item> {
    let NotKnown { logins, rights, why_no_rights, objects, stays, .. } = &plan.not_known;
    let mut unknown = Vec::new();
    let people = |people: &[Who]| {
        let people: Vec<Name<'_>> = people.iter().map(Name::Person).collect();
        Names::of(people.iter().copied()).some(&people)
    };
    if !logins.is_empty() {
        unknown.push(format!("whether, and as whom, these can log in: {}", people(logins)));
    }
    if !why_no_rights.is_empty() {
        unknown.push(format!("whose rights change: {} could not be read", some_of(why_no_rights, NAMED)));
    } else if !rights.is_empty() {
        unknown.push(format!("what these gain or lose: {}", people(rights)));
    }
    let mut alike: BTreeMap<(ObjectKind, Box<str>, String), Vec<Box<str>>> = BTreeMap::new();
    for object in objects {
        let ObjectId { kind, namespace, name } = object.id();
        let groups: Vec<&str> = object.groups().collect();
        let grants = object.role().filter(|_| kind == ObjectKind::ClusterRoleBinding);
        let grants =
            grants.map(|role| format!(" of {} {} to {}", role.kind.as_str(), role.name, some_of(&groups, NAMED)));
        alike.entry((kind, name, grants.unwrap_or_default())).or_default().extend(namespace);
    }
    unknown.extend(alike.into_iter().map(|((kind, name, grants), namespaces)| {
        let at = if namespaces.is_empty() { String::new() } else { format!(" in {}", some_of(&namespaces, NAMED)) };
        format!("whether {} {name}{grants} is there{at}", kind.as_str())
    }));
    let chosen = "the files choose namespaces that could not be read";
    unknown.extend(stays.iter().map(|id| format!("whether {id} stays: {chosen}")));
    unknown.into_iter().map(|text| Item::new(Sign::None, text)).collect()
}

/// What happens to an object, as people say it: what is marked as ours gets a label.
fn verb(change: Change) -> &'static str {
    match change {
        Change::Mark => "label",
        other => other.as_str(),
    }
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
    let (mut items, mut astray) = (Vec::new(), Vec::new());
    let (mut no_login, mut any) = (Vec::<String>::new(), "");
    for warning in &plan.warnings {
        match warning {
            Warning::NoLogin(who, looked_at_all) => {
                no_login.push(who.to_string());
                any = by_any_mapping(*looked_at_all);
            }
            other if other.is_of_login() => astray.push(Item::new(Sign::None, other.to_string())),
            other => items.push(Item::new(Sign::None, other.to_string())),
        }
    }
    let more = astray.len().saturating_sub(MAX_ASTRAY);
    items.extend(astray.into_iter().take(MAX_ASTRAY));
    if more > 0 {
        let more = count(more, "more login is", "more logins are");
        items.push(Item::new(Sign::None, format!("{more} not as the file says: `-o json` has all of them")));
    }
    if !no_login.is_empty() {
        let number = count(no_login.len(), "person", "people");
        let who = some_of(&no_login, NAMED);
        items.push(Item::new(Sign::None, format!("{number} of the file cannot log in, {any}: {who}")));
    }
    items
}
