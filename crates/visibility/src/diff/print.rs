//! What differs, for people and for programs: in a plan's words.

use std::collections::BTreeMap;

use identity::Identity;
use inventory::{Login, Unseen, Who};
use rbac::{
    RoleReference, Subject,
    comparison::{Gained, Rights},
};
use report::{Changed, Item, Name, Section, Sign, Totals, changes, count, dangers_of, rights_in_places};
use serde::Serialize;

use super::{Contrast, DiffSubject, Difference, Person, SubjectChange, UnknownGrant};
use crate::{
    NamedPrincipal, World,
    print::{self, GapOut, PrincipalOut, SubjectOut},
};

impl<'a> From<&'a Person> for Changed<'a> {
    fn from(Person { who, before, after, rights, .. }: &'a Person) -> Self {
        Self { who: Name::Person(who), before: before.as_ref(), after: after.as_ref(), rights, meanwhile: &[] }
    }
}

impl<'a> From<&'a SubjectChange> for Changed<'a> {
    fn from(change: &'a SubjectChange) -> Self {
        Self { who: Name::Subject(&change.subject), before: None, after: None, rights: &change.rights, meanwhile: &[] }
    }
}

impl Difference<'_> {
    /// Returns the report for people; `names` are the names of the worlds.
    pub fn report(&self, names: [&str; 2]) -> Vec<Section> {
        let people: Vec<Changed<'_>> = self.people.iter().map(Changed::from).collect();
        let subjects: Vec<Changed<'_>> = self.subjects.iter().map(Changed::from).collect();
        let [from, to] = names;
        let mut sections = vec![Section::new(&format!("From {from} to {to}"), self.head(&people, &subjects))];
        sections.extend(changes(&[people, subjects].concat()));
        sections.push(Section::new("What is not known", [self.unknown(), self.gaps(names)].concat()));
        sections.retain(|section| !section.items.is_empty());
        sections
    }

    fn head(&self, of_people: &[Changed<'_>], of_subjects: &[Changed<'_>]) -> Vec<Item> {
        let mut items = Vec::new();
        if self.is_incomplete() {
            items.push(Item::new(Sign::Danger, "incomplete: not everything is known, and there may be more"));
        }
        let compares_people = !self.not_given.iter().any(|one| one.is_of_logins);
        if self.is_empty() {
            let (people, subjects) = (self.people_unchanged, self.subjects_unchanged);
            let what =
                if self.is_incomplete() { "no change is seen in what is known" } else { "nothing changes for anybody" };
            let people = if compares_people { format!("{people} people, ") } else { String::new() };
            let text = format!("{what}: {people}{subjects} subjects of Kubernetes");
            items.push(Item::new(Sign::None, text));
            return items;
        }
        if compares_people {
            let totals = Totals::of(of_people);
            let (logins, rights) = (totals.logins(), totals.rights("person", "people"));
            let unchanged = count(self.people_unchanged, "person", "people");
            items.push(Item::new(Sign::None, format!("logins: {logins}")));
            items.push(Item::new(Sign::None, format!("rights: {rights}; {unchanged} unchanged")));
        } else {
            items.push(Item::new(Sign::None, "logins: not compared, because only one side has them"));
        }
        let rights = Totals::of(of_subjects).rights("subject", "subjects");
        let unchanged = self.subjects_unchanged;
        items.push(Item::new(Sign::None, format!("bindings: {rights}; {unchanged} unchanged")));
        items
    }

    /// Grants of roles that are not known, those of one role and subject together.
    fn unknown(&self) -> Vec<Item> {
        let mut alike: BTreeMap<(bool, &Subject, &RoleReference), Vec<&str>> = BTreeMap::new();
        for UnknownGrant { comes, subject, role, namespace } in &self.unknown {
            alike.entry((*comes, subject, role)).or_default().extend(namespace.as_deref());
        }
        let item = |((comes, subject, role), namespaces): ((bool, &Subject, &RoleReference), Vec<&str>)| {
            let (sign, verb) = if comes { (Sign::Add, "gains") } else { (Sign::Remove, "loses") };
            let place =
                if namespaces.is_empty() { "everywhere".to_owned() } else { format!("in {}", namespaces.join(", ")) };
            let (who, kind, role) = (print::subject(subject), role.kind.as_str(), &role.name);
            Item::new(sign, format!("{who} {verb} whatever the {kind} {role} allows {place}"))
        };
        alike.into_iter().map(item).collect()
    }

    /// What of both is not known is said once.
    fn gaps(&self, [from, to]: [&str; 2]) -> Vec<Item> {
        let [before, after] = self.worlds.map(World::gaps);
        let of_both = gap_items("", before.iter().filter(|gap| after.contains(gap)));
        let of_before = gap_items(&format!("{from}: "), before.iter().filter(|gap| !after.contains(gap)));
        let of_after = gap_items(&format!("{to}: "), after.iter().filter(|gap| !before.contains(gap)));
        let not_given = self.not_given.iter();
        let not_given =
            not_given.flat_map(|one| gap_items(&format!("{}: ", [from, to][one.side]), [&one.gap].into_iter()));
        [not_given.collect(), of_both, of_before, of_after].concat()
    }

    /// Returns the report for programs; `names` are the names of the worlds.
    pub fn out<'o>(&'o self, names: [&'o str; 2]) -> DifferenceOut<'o> {
        let person = |person: &'o Person| {
            let Person { who, identity, before, after, rights } = person;
            PersonOut {
                arn: arn(who, identity),
                kind: who.kind(),
                name: who.name(),
                account: identity.account.as_str(),
                before: before.as_ref(),
                after: after.as_ref(),
                gains: &rights.gains,
                losses: &rights.losses,
                escalations: &rights.escalations,
            }
        };
        let gaps = |at: usize| {
            let gaps = self.worlds[at].gaps().iter();
            gaps.map(move |gap| GapOfOut { of: names[at], gap: gap.into() })
        };
        let not_given = self.not_given.iter().map(|one| GapOfOut { of: names[one.side], gap: (&one.gap).into() });
        DifferenceOut {
            before: names[0],
            after: names[1],
            incomplete: self.is_incomplete(),
            gaps: not_given.chain(gaps(0)).chain(gaps(1)).collect(),
            people: self.people.iter().map(person).collect(),
            people_unchanged: self.people_unchanged,
            subjects: self
                .subjects
                .iter()
                .map(|one| ChangeOut {
                    subject: (&one.subject).into(),
                    gains: &one.rights.gains,
                    losses: &one.rights.losses,
                    escalations: &one.rights.escalations,
                })
                .collect(),
            subjects_unchanged: self.subjects_unchanged,
            unknown: self
                .unknown
                .iter()
                .map(|grant| UnknownOut {
                    change: if grant.comes { "gains" } else { "loses" },
                    subject: (&grant.subject).into(),
                    role: RoleOut { kind: grant.role.kind.as_str(), name: &grant.role.name },
                    namespace: grant.namespace.as_deref(),
                })
                .collect(),
        }
    }
}

impl Contrast<'_> {
    /// Returns the report for people.
    pub fn report(&self) -> Vec<Section> {
        let [first, second] = self.asked.map(named);
        let mut head: Vec<Item> = self.asked.into_iter().flat_map(|asked| who(asked, self.world)).collect();
        if !self.world.gaps().is_empty() {
            head.push(Item::new(Sign::Danger, "incomplete: not everything is known, and there may be more"));
        }
        if self.is_empty() {
            let is_known = self.world.gaps().is_empty();
            let text = if is_known { "both may do the same" } else { "no difference is seen in what is known" };
            head.push(Item::new(Sign::None, text));
        }
        let only =
            |sign, rights: &[Rights], change| [dangers_of(change), rights_in_places(rights, sign, "both may")].concat();
        let mut sections = vec![
            Section::new(&format!("{first} and {second}"), head),
            Section::new(&format!("Only {second} may"), only(Sign::Add, &self.rights.gains, &self.rights)),
            Section::new(&format!("Only {first} may"), only(Sign::Remove, &self.rights.losses, &self.reverse)),
            Section::new("What is not known", gap_items("", self.world.gaps().iter())),
        ];
        let mut at = 0..;
        sections.retain(|section| at.next() == Some(0) || !section.items.is_empty());
        sections
    }

    /// Returns the report for programs.
    pub fn out(&self) -> ContrastOut<'_> {
        ContrastOut {
            first: self.asked[0].into(),
            second: self.asked[1].into(),
            incomplete: !self.world.gaps().is_empty(),
            gaps: self.world.gaps().iter().map(Into::into).collect(),
            only_first: OnlyOut { rights: &self.rights.losses, escalations: &self.reverse.escalations },
            only_second: OnlyOut { rights: &self.rights.gains, escalations: &self.rights.escalations },
        }
    }
}

/// As [`NamedPrincipal::arn`].
fn arn(who: &Who, identity: &Identity) -> String {
    if matches!(who, Who::Session(..)) { identity.arn() } else { identity.canonical_arn() }
}

fn named(asked: &DiffSubject) -> String {
    match asked {
        DiffSubject::Subject(subject) => print::subject(subject),
        DiffSubject::Principal(principal) => print::principal(principal),
    }
}

/// Who somebody is in the cluster. Of a Kubernetes user no groups are known, so those are named who have some.
fn who(asked: &DiffSubject, world: &World) -> Vec<Item> {
    match asked {
        DiffSubject::Principal(principal) => vec![match &principal.login {
            Ok(login) => Item::new(Sign::None, logs_in(principal, login)),
            Err(refusal) => {
                let unseen = world.may_say_otherwise(&principal.identity);
                let unseen: Vec<&str> = unseen.into_iter().map(|place| &*place.gap.what).collect();
                let why = match &unseen[..] {
                    [] => format!("{} cannot log in, and may do nothing: {}", named(asked), refusal.code()),
                    unseen => format!(
                        "it is not known whether {} logs in, so no permissions are counted; not read: {}",
                        named(asked),
                        unseen.join(", ")
                    ),
                };
                Item::new(Sign::Danger, why)
            }
        }],
        DiffSubject::Subject(Subject::User(name)) => {
            let called = world.called(name).filter_map(|one| Some((one, one.login.as_ref().ok()?)));
            let in_groups = called.filter(|(_, login)| !login.groups.is_empty());
            let note = |(one, login)| format!("{}: name them by their ARN to count these groups", logs_in(one, login));
            in_groups.map(|one| Item::new(Sign::Note, note(one))).collect()
        }
        DiffSubject::Subject(_) => Vec::new(),
    }
}

fn logs_in(principal: &NamedPrincipal, Login { username, groups }: &Login) -> String {
    let groups = if groups.is_empty() { "no group".to_owned() } else { groups.join(", ") };
    format!("{} logs in as {username}, in {groups}", print::principal(principal))
}

fn gap_items<'a>(of: &str, gaps: impl Iterator<Item = &'a Unseen>) -> Vec<Item> {
    let gaps = inventory::shown(&gaps.cloned().collect::<Vec<_>>());
    gaps.iter().map(|gap| Item::new(Sign::Note, format!("{of}{gap}"))).collect()
}

/// All of a [`Difference`], for [`print::json`] and [`print::yaml`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceOut<'a> {
    before: &'a str,
    after: &'a str,
    incomplete: bool,
    gaps: Vec<GapOfOut<'a>>,
    people: Vec<PersonOut<'a>>,
    people_unchanged: usize,
    subjects: Vec<ChangeOut<'a>>,
    subjects_unchanged: usize,
    unknown: Vec<UnknownOut<'a>>,
}

#[derive(Debug, Serialize)]
struct GapOfOut<'a> {
    of: &'a str,
    #[serde(flatten)]
    gap: GapOut<'a>,
}

#[derive(Debug, Serialize)]
struct PersonOut<'a> {
    arn: String,
    kind: &'static str,
    name: &'a str,
    account: &'a str,
    before: Option<&'a Login>,
    after: Option<&'a Login>,
    gains: &'a [Rights],
    losses: &'a [Rights],
    escalations: &'a [Gained],
}

#[derive(Debug, Serialize)]
struct ChangeOut<'a> {
    #[serde(flatten)]
    subject: SubjectOut<'a>,
    gains: &'a [Rights],
    losses: &'a [Rights],
    escalations: &'a [Gained],
}

#[derive(Debug, Serialize)]
struct UnknownOut<'a> {
    change: &'static str,
    subject: SubjectOut<'a>,
    role: RoleOut<'a>,
    /// Absent: the whole cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RoleOut<'a> {
    kind: &'static str,
    name: &'a str,
}

/// All of a [`Contrast`], for [`print::json`] and [`print::yaml`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContrastOut<'a> {
    first: AskedOut<'a>,
    second: AskedOut<'a>,
    incomplete: bool,
    gaps: Vec<GapOut<'a>>,
    only_first: OnlyOut<'a>,
    only_second: OnlyOut<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum AskedOut<'a> {
    Subject(SubjectOut<'a>),
    Principal(PrincipalOut<'a>),
}

impl<'a> From<&'a DiffSubject> for AskedOut<'a> {
    fn from(asked: &'a DiffSubject) -> Self {
        match asked {
            DiffSubject::Subject(subject) => Self::Subject(subject.into()),
            DiffSubject::Principal(principal) => Self::Principal((&**principal as &NamedPrincipal).into()),
        }
    }
}

#[derive(Debug, Serialize)]
struct OnlyOut<'a> {
    rights: &'a [Rights],
    escalations: &'a [Gained],
}
