//! Groups turned around: each principal with its username and its groups.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use document::Problems;
use identity::{AccountId, Arn, Partition};
use jiff::Timestamp;
use mapping::PermissionSet;

use super::{Facts, Person};
use crate::{Access, AccessPrincipal, Code, Group, Kind};

type Id = (Kind, AccountId, String, Partition);

pub(super) fn people(access: &Access, facts: &Facts, problems: &mut Problems) -> Vec<Person> {
    let mut people: BTreeMap<Id, Person> = BTreeMap::new();
    for group in access.groups.iter().flatten() {
        of_group(&mut people, group, group.expires.as_ref().map(|at| at.value), facts, problems);
    }
    for node in &access.nodes {
        if let Some(person) = people.get(&node.identity()) {
            let message = format!("`{}` is a role of machines here and of people elsewhere", node.name);
            let problem = Code::UsernameTwice.at(node.span, message).related(person.principal.span, "there");
            problems.push(problem.hint("give machines a role of their own"));
        }
    }
    sets_are_not_listed_as_roles(&people, problems);
    let people: Vec<Person> = people.into_values().collect();
    usernames_are_their_own(&people, problems);
    people
}

/// The roles of machines, each once, until the last of its places ends.
pub(super) fn nodes(access: &Access) -> Vec<AccessPrincipal> {
    let mut nodes: BTreeMap<Id, (usize, AccessPrincipal)> = BTreeMap::new();
    for (at, node) in access.nodes.iter().enumerate() {
        let (_, known) = nodes.entry(node.identity()).or_insert_with(|| (at, node.clone()));
        let both = known.expires.take().zip(node.expires.clone());
        known.expires = both.map(|(first, again)| if first.value < again.value { again } else { first });
    }
    let mut nodes: Vec<_> = nodes.into_values().collect();
    nodes.sort_by_key(|(at, _)| *at);
    nodes.into_iter().map(|(_, node)| node).collect()
}

/// Whoever comes by a permission set has its role. Two rules for them would be taken by one server so and by another otherwise.
fn sets_are_not_listed_as_roles(people: &BTreeMap<Id, Person>, problems: &mut Problems) {
    for person in people.values().filter(|person| person.principal.kind == Kind::Role) {
        let AccessPrincipal { account, partition, name: role, span, .. } = &person.principal;
        let Some(set) = PermissionSet::of_role(*account, role) else { continue };
        if let Some(other) = people.get(&(Kind::PermissionSet, *account, set.name, *partition)) {
            let message =
                format!("`{role}` is the role of the permission set `{}`, which is listed too", other.principal.name);
            let problem = Code::UsernameTwice.at(*span, message).related(other.principal.span, "there");
            problems.push(problem.hint("list the permission set in each of the groups, and not its role"));
        }
    }
}

/// The people of one group, each until their own membership ends, whenever the group itself does.
pub(super) fn members(group: &Group, facts: &Facts) -> Vec<Person> {
    let mut people = BTreeMap::new();
    of_group(&mut people, group, None, facts, &mut Problems::default());
    people.into_values().collect()
}

fn of_group(
    people: &mut BTreeMap<Id, Person>,
    group: &Group,
    ends: Option<Timestamp>,
    facts: &Facts,
    problems: &mut Problems,
) {
    for member in &group.members {
        add(people, group, ends, member, problems);
    }
    for iam_group in &group.iam_groups {
        let key = (iam_group.account, iam_group.name.to_ascii_lowercase());
        for user in facts.iam_groups.get(&key).into_iter().flatten() {
            match expanded(user, iam_group) {
                Some(user) => add(people, group, ends, &user, problems),
                None => {
                    let message =
                        format!("IAM says that `{user}` is in this group, which is not a user of its account");
                    problems.push(Code::Arn.at(iam_group.span, message));
                }
            }
        }
    }
}

fn add(
    people: &mut BTreeMap<Id, Person>,
    group: &Group,
    ends: Option<Timestamp>,
    member: &AccessPrincipal,
    problems: &mut Problems,
) {
    let ends = earlier(ends, member.expires.as_ref().map(|at| at.value));
    let username = member.username();
    let person = people.entry(member.identity()).or_insert_with(|| Person {
        principal: member.clone(),
        username,
        groups: BTreeMap::new(),
    });
    if let Some(again) = &member.username {
        match &person.principal.username {
            Some(first) if first.value != again.value => {
                let message = format!("`{}` has another username elsewhere", member.name);
                problems.push(Code::UsernameTwice.at(again.span, message).related(first.span, "there"));
            }
            Some(_) => {}
            // One place that says it is enough.
            None => {
                person.username = again.value.to_string();
                person.principal.username = Some(again.clone());
            }
        }
    }
    let kept = person.groups.entry(group.name.value.clone()).or_insert(ends);
    *kept = kept.and_then(|first| ends.map(|again| first.max(again)));
}

/// A user that an IAM group names, at the place of that group.
fn expanded(arn: &str, iam_group: &AccessPrincipal) -> Option<AccessPrincipal> {
    let arn: Arn = arn.parse().ok()?;
    if (arn.partition, arn.account) != (iam_group.partition, iam_group.account) {
        return None;
    }
    let (path, name) = arn.resource.strip_prefix("user")?.rsplit_once('/')?;
    Some(AccessPrincipal {
        kind: Kind::User,
        path: format!("{path}/").into(),
        name: name.into(),
        username: None,
        ..iam_group.clone()
    })
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// No two principals can come to have one username: neither by writing it twice, nor by a session's name.
fn usernames_are_their_own(people: &[Person], problems: &mut Problems) {
    let mut seen: HashMap<String, &Person> = HashMap::with_capacity(people.len());
    let mut prefixes: HashMap<String, &Person> = HashMap::new();
    for person in people {
        let known = known(person);
        let (literal, variable) = known.split_once("{{").unwrap_or((&known, ""));
        // One without a colon is wrong by itself, and the others are not.
        if variable.starts_with("SessionName") && literal.contains(':') {
            prefixes.entry(literal.to_owned()).or_insert(person);
        }
        // AWS gives no access key twice.
        if known.contains("{{AccessKeyID}}") {
            continue;
        }
        if let Some(first) = seen.insert(known.into_owned(), person) {
            let message = format!("`{}` would be two principals' username", person.username);
            let problem = Code::UsernameTwice.at(place(person), message).related(place(first), "the other one");
            problems.push(problem.hint("give one of them a `username` of its own"));
        }
    }
    let lengths: BTreeSet<usize> = prefixes.keys().map(String::len).collect();
    if lengths.is_empty() {
        return;
    }
    for person in people {
        let known = known(person);
        let literal = known.split("{{").next().unwrap_or_default();
        for beginning in lengths.iter().filter_map(|length| literal.get(..*length)) {
            let Some(other) = prefixes.get(beginning) else { continue };
            if other.username != person.username {
                let message =
                    format!("a session of `{}` could take the username `{}`", other.principal.name, person.username);
                let problem = Code::Template.at(place(person), message).related(place(other), "by this template");
                problems.push(problem.hint("choose prefixes so that no username is the beginning of another"));
            }
        }
    }
}

/// A username with what is known of it, whoever logs in: the principal's account.
fn known(person: &Person) -> Cow<'_, str> {
    if !person.username.contains("{{AccountID}}") {
        return Cow::Borrowed(&person.username);
    }
    Cow::Owned(person.username.replace("{{AccountID}}", person.principal.account.as_str()))
}

fn place(person: &Person) -> document::Span {
    person.principal.username.as_ref().map_or(person.principal.span, |username| username.span)
}
