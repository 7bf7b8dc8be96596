//! An explanation for a terminal, in the dress of a plan.

use inventory::{NotAsked, Unseen};
use mapping::{BackendMode, Entry, Membership, Outcome, Refusal, SourceMatch};
use rbac::RoleReference;
use report::{Item, Section, Sign, rules};
use token::Description;

use super::{BindingRights, Code, Denial, Explanation, NotKnown, Person, Possible, Verdict};
use crate::{Path, UnseenLogins, World, print};

/// How many namespaces are named before the rest is counted.
const NAMED: usize = 8;

/// Explains a code by itself, without a caller.
pub fn code_report(code: &Code) -> Vec<Section> {
    let title = format!("{}: {}", code.code, code.summary);
    let mut sections = vec![section(title, [Item::new(Sign::None, code.meaning)])];
    sections.push(section("Where it shows", seen(code)));
    sections.push(section("What to do", [Item::new(Sign::None, code.fix)]));
    sections
}

impl Explanation<'_> {
    /// Returns the report for people: every step.
    pub fn report(&self, world: Option<&World>) -> Vec<Section> {
        let mut sections = vec![self.head()];
        if let Some(token) = &self.token {
            sections.push(section("The token", of_token(token)));
        }
        if let Some(person) = &self.person {
            sections.push(section("Who AWS says it is", identity(person)));
            sections.push(section("Who that is in the cluster", person.mapped(&self.verdict)));
        }
        match &self.verdict {
            Verdict::LetIn => {
                let held = self.person.as_ref().zip(world).map(|(person, world)| rights(person, world));
                sections.push(section("What they may do", held.unwrap_or_default()));
            }
            Verdict::Undetermined(places) => {
                if let Some((person, world)) = self.person.as_ref().zip(world) {
                    for Possible { outcome, held } in &person.possible {
                        let Outcome::Permit(user) = outcome else { continue };
                        let title = format!("What they may do where they are {}", called(user));
                        sections.push(section(title, rights_by(person, held, world)));
                    }
                }
                let text = "remove all matching entries but one; until then any of them may be used";
                sections.push(section("What to do", [Item::new(Sign::None, text)]));
                sections.extend(not_known(places, true));
            }
            Verdict::Refused(denial) => {
                sections.push(section("Where it shows", seen(&denial.code)));
                sections.push(section("What to do", to_do(denial)));
            }
            Verdict::NotKnown(NotKnown { seen, places }) => {
                let held = self.person.as_ref().zip(world).filter(|_| seen.is_none());
                let held =
                    held.map(|(person, world)| section("What they may do, if that holds", rights(person, world)));
                sections.extend(held);
                sections.extend(not_known(places, seen.is_none()));
            }
            Verdict::NoAnswer(code) => {
                sections.push(section("Where it shows", seen(code)));
                sections.push(section("What to do", [Item::new(Sign::None, code.fix)]));
            }
            Verdict::NotAsked => {
                let ask = "run again with `--aws` to ask AWS whose the token is, as the server would, and to see what they \
                           may do";
                sections.push(section("What to do", [Item::new(Sign::None, ask)]));
            }
        }
        let is_said = |gap: &&Unseen| match &self.verdict {
            Verdict::Undetermined(places) | Verdict::NotKnown(NotKnown { places, .. }) => {
                places.iter().any(|place| place.gap == **gap)
            }
            _ => false,
        };
        let gaps: Vec<Unseen> = self.gaps.iter().filter(|gap| !is_said(gap)).cloned().collect();
        let gaps = inventory::shown(&gaps);
        let gaps = gaps.iter().map(|gap| Item::new(Sign::Danger, gap.to_string()));
        let gaps: Vec<Item> = gaps.collect();
        if !gaps.is_empty() {
            sections.push(section("Incomplete: this could not be read, and may say otherwise", gaps));
        }
        sections
    }

    fn head(&self) -> Section {
        let who = match &self.person {
            Some(person) => person.caller.arn(),
            None => "the token".to_owned(),
        };
        let user = || {
            let user = self.person.as_ref().and_then(|person| person.user.as_ref());
            user.map(called).unwrap_or_default()
        };
        let of = if self.is_of_pieces { ", by what was given" } else { "" };
        let title = match &self.verdict {
            Verdict::LetIn => format!("{who} is let in as {}{of}", user()),
            Verdict::Refused(Denial { code, .. }) => {
                format!("{who} is not let in{of}: {} [{}]", code.summary, code.code)
            }
            Verdict::Undetermined(places) => {
                let of = if places.is_empty() { of } else { ", by what could be read" };
                let possible = self.person.iter().flat_map(|person| &person.possible);
                let each = possible.map(|Possible { outcome, .. }| match outcome {
                    Outcome::Permit(user) => format!("let in as {}", called(user)),
                    Outcome::Refuse(refusal) => format!("not let in [{}]", refusal.code()),
                });
                format!("undetermined: {who} may be {}{of}", each.collect::<Vec<_>>().join(", or "))
            }
            Verdict::NotKnown(NotKnown { seen: None, .. }) => {
                format!("not known for certain: {who} is let in as {} by what could be read", user())
            }
            Verdict::NotKnown(NotKnown { seen: Some(Denial { code, .. }), .. }) => {
                format!("not known: whether {who} is let in; by what could be read, {} [{}]", code.summary, code.code)
            }
            Verdict::NoAnswer(code) => {
                format!("whether {who} is let in is not known: {} [{}]", code.summary, code.code)
            }
            Verdict::NotAsked => format!("{who} is valid as far as can be checked here; AWS was not asked"),
        };
        section(title, [])
    }
}

/// The places that were not looked at.
fn not_known(places: &[UnseenLogins], is_let_in: bool) -> Option<Section> {
    let is_of = |UnseenLogins { mode, gap, help, is_of_nothing }: &UnseenLogins| {
        let otherwise = (!is_of_nothing).then(|| otherwise(is_let_in, *mode));
        let below = otherwise.into_iter().chain([&**help]).map(|text| Item::new(Sign::Note, text));
        Item::new(Sign::Danger, format!("{}: {}", gap.what, gap.why)).below(below)
    };
    let title = "Not known: what may say otherwise, and what to do";
    (!places.is_empty()).then(|| section(title, places.iter().map(is_of)))
}

/// What it means that a place was not looked at.
const fn otherwise(is_let_in: bool, mode: BackendMode) -> &'static str {
    match (is_let_in, mode) {
        (false, _) => "whoever is named there is let in",
        (true, BackendMode::AccessEntries) => "EKS reads that first, or nothing else",
        (true, _) => "that is read first, and may map them differently",
    }
}

fn section(title: impl Into<String>, items: impl IntoIterator<Item = Item>) -> Section {
    Section { title: title.into(), items: items.into_iter().collect() }
}

fn of_token(token: &Description) -> Vec<Item> {
    let Description { host, access_key_id, signed_at, valid_until, .. } = token;
    let lines = [
        format!("signed for {} of the Region {}", host.as_str(), host.signing_region()),
        format!("with the access key {access_key_id} ({})", token.sort()),
        format!("at {signed_at}, good until {valid_until}"),
    ];
    lines.into_iter().map(|line| Item::new(Sign::None, line)).collect()
}

fn identity(person: &Person<'_>) -> Vec<Item> {
    let caller = &person.caller;
    let mut items = vec![Item::new(Sign::None, caller.in_words())];
    if !caller.has_session() {
        items.push(Item::new(Sign::Note, "whoever assumes it chooses the session name, written as <session> here"));
    }
    if let Some(path) = &caller.path {
        items.push(Item::new(Sign::Note, format!("AWS leaves the role's path {path} out of what it says")));
    }
    if caller.arn() != caller.identity.canonical_arn() {
        let canonical = caller.identity.canonical_arn();
        items.push(Item::new(Sign::None, format!("mappings compare it as {canonical}")));
    }
    items
}

impl Person<'_> {
    fn mapped(&self, verdict: &Verdict) -> Vec<Item> {
        let mut items = Vec::new();
        let mut decided = false;
        if let Some(Denial { code, .. }) = verdict.denial()
            && code.code == Refusal::OtherPartition.code()
        {
            items.push(Item::new(Sign::None, "no mapping source is asked: all mappings are of another partition"));
            return items;
        }
        for asked in &self.asked {
            items.push(of_source(asked, decided));
            decided |= !asked.entries.is_empty();
        }
        items.extend(self.left_out.iter().map(|(asked, why)| of_left_out(asked, *why)));
        if self.asked.is_empty() {
            let is_known = !matches!(verdict, Verdict::NotKnown(_));
            let none = match self.configuration {
                Some(file) if is_known => {
                    format!("there is no mapping at all: the authenticator's configuration ({file}) has none")
                }
                _ if !self.left_out.is_empty() => "no mapping source that is asked has a mapping".to_owned(),
                _ if is_known => "there is no mapping at all".to_owned(),
                _ => "there is no mapping in what could be read".to_owned(),
            };
            items.push(Item::new(Sign::None, none));
        }
        if !matches!(verdict, Verdict::LetIn) {
            let unreadable = self.unreadable.iter();
            items.extend(
                unreadable.map(|defect| Item::new(Sign::Danger, format!("{}: {}", defect.place(), defect.message))),
            );
        }
        for Possible { outcome, .. } in &self.possible {
            items.push(match outcome {
                Outcome::Permit(user) => {
                    let groups = if user.groups.is_empty() { "no groups".to_owned() } else { user.groups.join(", ") };
                    let by = print::rule(&user.source);
                    Item::new(Sign::Change, format!("perhaps username {} in {groups}, by {by}", called(user)))
                }
                Outcome::Refuse(refusal) => Item::new(Sign::Change, format!("perhaps not let in [{}]", refusal.code())),
            });
        }
        if !self.possible.is_empty() {
            return items;
        }
        if let Some(Denial { nearest: Some(near), .. }) = verdict.denial() {
            items.push(Item::new(Sign::Change, format!("nearest: {}", near.words)));
        }
        if let Some(user) = &self.user {
            items.push(Item::new(Sign::Add, format!("username {}", called(user))));
        }
        let memberships = self.memberships();
        // As the server renders them, in the order of those that hold.
        let mut rendered = self.user.iter().flat_map(|user| &user.groups);
        for membership in memberships {
            let rendered = if membership.holds(self.now) { rendered.next() } else { None };
            items.push(self.group(rendered.unwrap_or(&membership.group), membership));
        }
        if self.user.is_some() && memberships.is_empty() {
            items.push(Item::new(Sign::None, "no groups but system:authenticated"));
        }
        items
    }

    fn group(&self, group: &str, membership: &Membership) -> Item {
        let ends = &membership.ends;
        let is_in = self.user.is_some() && membership.holds(self.now);
        match ends {
            Some(ends) if !membership.holds(self.now) => {
                Item::new(Sign::Remove, format!("group {group} expired {ends}"))
            }
            Some(ends) => Item::new(if is_in { Sign::Add } else { Sign::None }, format!("group {group} until {ends}")),
            None => Item::new(if is_in { Sign::Add } else { Sign::None }, format!("group {group}")),
        }
    }
}

/// How many entries a place has, and which of them name somebody.
fn entries_of(asked: &SourceMatch<'_>) -> (String, Vec<String>) {
    let entries = match asked.rules {
        0 => "no entry that lets anybody in".to_owned(),
        1 => "1 entry".to_owned(),
        several => format!("{several} entries"),
    };
    let by = match asked.mode {
        BackendMode::AccessEntries => ", as AWS's documentation has them",
        _ if asked.without_paths => ", without the paths of roles",
        _ => "",
    };
    let named = |entry: &Entry<'_>| match entry.username {
        Some(_) => format!("{} names it", print::rule(&entry.source)),
        None => format!("{} names its account", print::rule(&entry.source)),
    };
    (format!("{entries}{by}"), asked.entries.iter().map(named).collect())
}

/// A place that EKS does not ask.
fn of_left_out(asked: &SourceMatch<'_>, why: NotAsked) -> Item {
    let (source, (entries, named), why) = (print::source(asked.mode), entries_of(asked), why.in_words());
    let though = if named.is_empty() { String::new() } else { format!("; {}", named.join(", ")) };
    Item::new(Sign::Note, format!("{source} ({entries}): not asked, since {why}{though}"))
}

fn of_source(asked: &SourceMatch<'_>, decided: bool) -> Item {
    let (source, (entries, named)) = (print::source(asked.mode), entries_of(asked));
    let chance = if named.len() > 1 { ", and any of them is taken" } else { "" };
    let entry = (!named.is_empty()).then(|| format!("{}{chance}", named.join(", ")));
    match (decided, entry) {
        (false, Some(entry)) => Item::new(Sign::None, format!("{source} ({entries}): {entry}")),
        (false, None) => Item::new(Sign::None, format!("{source} ({entries}): does not name it")),
        (true, Some(entry)) => Item::new(Sign::Note, format!("{source} ({entries}): not reached, though {entry}")),
        (true, None) => Item::new(Sign::Note, format!("{source} ({entries}): not reached")),
    }
}

fn rights(person: &Person<'_>, world: &World) -> Vec<Item> {
    rights_by(person, &person.held, world)
}

/// The username, in quotes where it has no letter.
fn called(user: &mapping::User) -> &str {
    print::username(&user.username)
}

fn rights_by(person: &Person<'_>, held: &[BindingRights<'_>], world: &World) -> Vec<Item> {
    let (everybody, own): (Vec<&BindingRights<'_>>, Vec<_>) = held.iter().partition(|held| held.is_of_everybody());
    let mut items: Vec<Item> = own.into_iter().map(|held| of_held(held, world)).collect();
    let called = |binding: &rbac::Binding| {
        let at = binding.namespace().map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        format!("{} {}{at}", binding.kind(), binding.name())
    };
    for binding in &person.dangling {
        let RoleReference { kind, name } = binding.role();
        let text = format!("{} grants nothing: the {} {name} does not exist", called(binding), kind.as_str());
        items.push(Item::new(Sign::Danger, text));
    }
    for binding in &person.unknown {
        let RoleReference { kind, name } = binding.role();
        let text =
            format!("{} grants whatever the {} {name} allows, which is not known", called(binding), kind.as_str());
        items.push(Item::new(Sign::Danger, text));
    }
    if let Some(unseen) = world.unseen_bindings() {
        let more = if items.is_empty() { "" } else { "whether they may do more is " };
        items.push(Item::new(Sign::Danger, format!("{more}not known: {unseen} could not be read")));
    } else if items.is_empty() {
        let of = if world.is_whole() { "" } else { " by what was given" };
        items.push(Item::new(
            Sign::None,
            format!("no permissions of their own{of}: no binding names them or one of their groups"),
        ));
    }
    if !everybody.is_empty() {
        let roles: Vec<&str> = everybody
            .iter()
            .filter_map(|held| match held.path {
                Path::Binding { role, .. } => Some(role.name()),
                Path::Masters | Path::Policy { .. } => None,
            })
            .collect();
        let text = format!("and what every authenticated user may do ({})", roles.join(", "));
        items.push(Item::new(Sign::Note, text));
    }
    items
}

fn of_held(held: &BindingRights<'_>, world: &World) -> Item {
    let place = match &held.namespaces[..] {
        [] => "everywhere".to_owned(),
        names if names.len() <= NAMED => format!("in {}", names.join(", ")),
        names => format!("in {} and {} more", names[..NAMED].join(", "), names.len() - NAMED),
    };
    let path = print::path(world, &held.path);
    if let Path::Masters = held.path {
        return Item::new(Sign::Danger, format!("{place}: everything; {path}, as a member of system:masters"));
    }
    let subjects: Vec<String> = held.subjects.iter().map(|subject| print::subject(subject)).collect();
    let to = if subjects.is_empty() { String::new() } else { format!(", to {}", subjects.join(" and ")) };
    let below = rules(held.rules.iter().copied()).into_iter().map(|phrase| Item::new(Sign::None, phrase));
    Item::new(Sign::Add, format!("{place}, by {path}{to}")).below(below)
}

fn seen(code: &Code) -> Vec<Item> {
    let (caller, message, status) = (code.seen_by_the_caller(), code.message(), code.answered_with());
    vec![
        Item::new(Sign::None, format!("the caller: {caller}")),
        Item::new(Sign::None, format!("the server's log: \"{message}\" with the code {}", code.code)),
        Item::new(Sign::None, format!("the API server: status {status}, {}", consequence(code))),
    ]
}

fn consequence(code: &Code) -> &'static str {
    match code.answered_with() {
        403 if code.may_be_remembered() => "not cached (except with --deny-with-200), so a retry is checked anew",
        403 => "not cached, so a retry is checked anew",
        // It tries again after 429 and 500 to 502, and after nothing else that comes without Retry-After.
        503 => "no decision and not cached, so a retry is checked anew",
        _ => "no decision and not cached; the API server retries by itself",
    }
}

fn to_do(denial: &Denial) -> Vec<Item> {
    let Denial { code, fix, .. } = denial;
    let mut items = Vec::new();
    if let Some(fix) = fix {
        let lines = fix.lines.iter().map(|line| Item::new(Sign::None, line.as_str()));
        items.push(Item::new(Sign::None, fix.text.as_str()).below(lines));
    }
    items.push(Item::new(Sign::Note, code.fix));
    items
}
