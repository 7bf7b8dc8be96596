//! What applying an access file would do: object by object, and person by person.
//!
//! ```text
//!   Wanted (the file, compiled) ┐
//!                               ├─ plan ─► Plan ─ print ─► text, Markdown, JSON
//!   Observed (the cluster)      ┘            └ steps ─► what apply executes, each step with what it depends on
//! ```
//!
//! Who somebody is before and after is asked of [`mapping::decide`], what they may do of `rbac`'s evaluator; there is no
//! second copy of either here. A plan is a function of its two arguments: the same cluster and the same file give the
//! same plan and the same [`Plan::digest`].

pub mod print;

mod access_policies;
mod action;
mod all_powerful;
mod astray;
mod chosen;
mod digest;
mod digesting;
mod import;
mod known;
mod lockout;
mod logins;
mod not_known;
mod objects;
mod people;
mod refusals;
mod required_permissions;
mod steps;
mod writes;

use std::{collections::BTreeSet, fmt};

use document::Sources;
use jiff::Timestamp;
use known::KnownState;
use mapping::{BackendMode, Defect, DefectKind};
use objects::ObjectDiff;

pub use action::{Action, ConfigMapWrite};
pub use all_powerful::AllPowerful;
pub use digest::Digest;
pub use import::{Imported, Left, Stands, Subject, import};
pub use logins::{Assumed, EntryChange, LoginEntry};
pub use not_known::NotKnown;
pub(crate) use objects::conflicting;
pub use objects::{Change, Object, ObjectChange};
pub use people::PersonChange;
pub use refusals::{Allowed, Flag, Refusal, STOPS, Stop};
pub use required_permissions::{RequiredPermission, required_permissions};
pub use steps::{Stage, Step};

use access::{Access, Desired, Facts, Mark};
use inventory::{About, File, Login, MappingTarget, Observed, Places, Record, Unseen, Who};
use rbac::{Index, ObjectId, RoleReference};

/// The desired state: the access file, the cluster that it is for, and where its mappings are written.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The file's `clusterID`.
    pub cluster_id: &'a str,
    /// The file compiled, with the cluster's namespaces among the facts, at the moment of planning ([`Desired::at`]).
    pub desired: &'a Desired,
    /// The file as it was read.
    pub access: &'a Access,
    /// What AWS and the cluster said.
    pub facts: &'a Facts,
    /// Where everything stands.
    pub sources: &'a Sources,
    /// The files' names in the cluster: [`files`] of the sources.
    pub files: &'a [File],
    /// Where mappings are written.
    pub target: MappingTarget,
    /// The moment.
    pub now: Timestamp,
}

/// The plan: everything that applying would change.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The cluster.
    pub cluster_id: Box<str>,
    /// Where mappings are written.
    pub target: MappingTarget,
    /// The people for whom something changes, in the order of who they are.
    pub people: Vec<PersonChange>,
    /// How many people there are for whom nothing changes.
    pub people_unchanged: usize,
    /// How many roles of machines there are for which nothing changes.
    pub machines_unchanged: usize,
    /// Objects that change, in the order of their ids.
    pub objects: Vec<ObjectChange>,
    /// How many objects of ours stay as they are.
    pub objects_unchanged: usize,
    /// Logins that change, in the order of targets and principals.
    pub logins: Vec<EntryChange>,
    /// How many logins of ours stay as they are.
    pub logins_unchanged: usize,
    /// Who may do everything and is not so by the file, behind what changes.
    pub all_powerful: Vec<AllPowerful>,
    /// What is probably not meant, and what cannot be known.
    pub warnings: Vec<Warning>,
    /// What stops apply, flags or not: see [`Plan::stops`].
    pub refusals: Vec<Refusal>,
    /// What could not be read. A plan with gaps is not applied.
    pub unseen: Vec<Unseen>,
    /// What cannot be said therefore. Nothing of it is stated otherwise.
    pub not_known: NotKnown,
    /// What is going to be recorded.
    pub record: Record,
    /// What apply executes.
    pub steps: Vec<Step>,
    /// What `apply --expect` compares.
    pub digest: Digest,
}

/// Something about a plan that is probably not intended, or not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// A binding grants a role that does not exist, and so nothing.
    NoRole {
        /// The binding.
        binding: ObjectId,
        /// The role.
        role: RoleReference,
    },
    /// Somebody is in the file, and nothing lets them log in; the flag says whether every place was looked at.
    NoLogin(Who, bool),
    /// The file does not let somebody in, and something else does.
    NotByFile {
        /// Who.
        who: Who,
        /// Whether they were in what was applied last.
        was: bool,
        /// Whether they are in a group that the file gives something.
        has_rights: bool,
        /// Who they are in the cluster.
        login: Login,
        /// What lets them in.
        place: Box<str>,
    },
    /// Somebody is in the file, and something else decides who they are.
    OtherThanFile {
        /// Who.
        who: Who,
        /// Who they are in the cluster.
        login: Login,
        /// Who they would be by the file.
        by_file: Login,
        /// What says so.
        place: Box<str>,
    },
    /// Somebody was in what was applied last and is in the file no more; what lets people in was not read.
    MayStillLogIn(Who),
    /// An object that another cluster's file made stays.
    OtherMark(ObjectId, Mark),
    /// Nobody asked IAM who is in a group of the file's, so its users are not in the plan.
    IamGroup(Box<str>),
    /// Logins are taken from the file: nothing of them is written, and not all that there may be is read.
    LoginsAssumed(Assumed),
    /// A role of which it is not known whether it exists, and what it allows, is granted.
    UnknownRole {
        /// The binding.
        binding: ObjectId,
        /// The role.
        role: RoleReference,
    },
    /// A mapping source where nobody can look who asks the cluster.
    Elsewhere(Unseen),
    /// A mapping that is taken for nobody's login, and of which it is not known whom it makes a cluster admin.
    AdminsElsewhere(Unseen),
    /// Nothing says that a server reads the place where mappings are written, and why not.
    NotRead(MappingTarget, Box<str>),
}

/// Compares the desired state with the observed one.
pub fn plan(wanted: &Wanted<'_>, observed: &Observed) -> Plan {
    let state = KnownState::new(wanted, observed);
    let ObjectDiff { changes: objects, unchanged: objects_unchanged, others, unknown, perhaps_wanted } =
        objects::diff(wanted, observed, &state);
    let mut logins = logins::diff(wanted, observed);
    let afterwards = objects::afterwards(wanted, observed);
    let others_logins = logins.others.iter().chain(&observed.left_aside);
    let all_powerful = all_powerful::all_powerful(wanted, others_logins, &afterwards.bindings, &observed.entries);
    let (before, after) = (Index::new(observed.objects()), Index::new(afterwards));
    let mut refusals = refusals::of_objects(&objects);
    refusals.extend(refusals::of_logins(&logins));
    refusals.extend(refusals::of_access_file(wanted, observed));
    refusals.extend(refusals::of_record(wanted, observed));
    let record = Record { cluster_id: wanted.cluster_id.into(), files: wanted.files.to_vec(), target: wanted.target };
    let changes = std::mem::take(&mut logins.changes);
    let (login_actions, unmergeable) = writes::actions(wanted, observed, &changes);
    refusals.extend(unmergeable);
    let (logins_unchanged, assumed) = (logins.unchanged, logins.assumed);
    let mut not_known = NotKnown {
        why_no_rights: state
            .why_no_rights([&before, &after], unknown.iter().any(|object| object.id().namespace.is_some())),
        objects: unknown,
        stays: perhaps_wanted,
        entries: std::mem::take(&mut logins.unknown),
        has_other_logins: state.has_other_logins(),
        has_other_objects: state.has_other_objects(),
        ..NotKnown::default()
    };
    let knows_rights = not_known.why_no_rights.is_empty();
    let mut people = people::changes(wanted, logins, &before, &after, observed, (&state, knows_rights));
    not_known.logins = std::mem::take(&mut people.unknown_logins);
    not_known.rights = std::mem::take(&mut people.unknown_rights);
    // Who is left to change access shows only where everybody and everything is known.
    if not_known.is_empty() {
        refusals.extend(lockout::refusals(&people, observed.caller.as_ref(), &before, &after));
    }
    refusals.sort();
    refusals.dedup();

    let missing = wanted.desired.objects.bindings.iter().filter(|binding| after.role_of(binding).is_none());
    let no_role = missing.map(|binding| {
        let (id, role) = (ObjectId::of_binding(binding), binding.role().into_owned());
        let is_absent = state.lacks_role_of(binding);
        if is_absent { Warning::NoRole { binding: id, role } } else { Warning::UnknownRole { binding: id, role } }
    });
    let mut warnings: Vec<Warning> = no_role.collect();
    warnings.extend(std::mem::take(&mut people.astray));
    warnings.extend(others.into_iter().map(|(id, mark)| Warning::OtherMark(id, mark)));
    warnings
        .extend(wanted.access.unknown_iam_groups(wanted.facts).into_iter().map(|name| Warning::IamGroup(name.into())));
    warnings.extend(assumed.map(Warning::LoginsAssumed));
    let not_read = observed.not_read.get(&wanted.target).filter(|_| !observed.is_eks);
    // Of the place where mappings are written it is said once.
    let is_said = |gap: &&Unseen| not_read.is_none_or(|_| gap.about != About::WhetherRead(wanted.target));
    warnings.extend(state.elsewhere().filter(is_said).cloned().map(Warning::Elsewhere));
    warnings.extend(observed.left_aside_unseen.iter().cloned().map(Warning::AdminsElsewhere));
    warnings.extend(not_read.map(|why| Warning::NotRead(wanted.target, why.clone())));
    // Who somebody is cannot be said where the reader takes any of several entries. Of objects the plan keeps one.
    let is_kept_one = |defect: &&Defect| wanted.target == MappingTarget::Crd && defect.mode == BackendMode::Crd;
    let defects = observed.mappings.iter().flat_map(|live| &live.source.defects);
    let chances = defects.filter(|defect| defect.kind == DefectKind::Undetermined && !is_kept_one(defect));
    let chances = chances.map(|defect| Unseen::new(defect.place(), defect.message.as_str()));
    // Nor can be said what roles allow that aggregate each other.
    let undecided: BTreeSet<&str> = before.undecided().iter().chain(after.undecided()).map(|name| &**name).collect();
    let undecided = undecided.into_iter().map(inventory::undecided_role);
    let unseen = observed.unseen.iter().cloned().chain(chances).chain(undecided).collect();
    let mut plan = Plan {
        cluster_id: wanted.cluster_id.into(),
        target: wanted.target,
        people: people.changes,
        people_unchanged: people.unchanged,
        machines_unchanged: people.machines_unchanged,
        objects,
        objects_unchanged,
        logins: changes,
        logins_unchanged,
        all_powerful,
        warnings,
        refusals,
        unseen,
        not_known,
        record,
        steps: Vec::new(),
        digest: Digest::default(),
    };
    plan.digest = digesting::digest(&plan);
    let held = people.logins.iter().filter_map(|(_, [before, _])| before.as_ref()).flat_map(steps::subjects).collect();
    plan.steps = steps::steps(&plan, login_actions, held, observed);
    plan
}

impl Plan {
    /// Returns whether a file of this name was applied and is not among the files now.
    pub fn lacks_file(&self, name: &str) -> bool {
        self.refusals.iter().any(|refusal| matches!(refusal, Refusal::FileMissing { file } if **file == *name))
    }

    /// Returns whether the cluster is as the file asks for. The record of the files may still be older.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.logins.is_empty()
    }

    /// Returns what stops apply with these flags.
    pub fn stops(&self, allowed: &Allowed) -> Vec<Refusal> {
        let mut stops: Vec<Refusal> =
            self.refusals.iter().filter(|refusal| !allowed.covers(refusal)).cloned().collect();
        if let Some(expected) = &allowed.expect
            && *expected != self.digest
        {
            let found = self.digest.as_str().into();
            stops.push(Refusal::NotAsReviewed { expected: expected.as_str().into(), found });
        }
        stops
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRole { binding, role } => {
                let (kind, name) = (role.kind.as_str(), &role.name);
                write!(f, "{binding} grants nothing: there is no {kind} `{name}`")
            }
            Self::NoLogin(who, looked_at_all) => {
                write!(f, "{who} is in the file and cannot log in, {}", by_any_mapping(*looked_at_all))
            }
            Self::NotByFile { who, was, has_rights, login, place } => {
                let logs_in = if *was {
                    "is not in the file any more and still logs in"
                } else {
                    "is not in the file and logs in all the same"
                };
                let they = match (has_rights, login.groups.len()) {
                    (true, 1) => "they have what the file gives that group until they are taken out there",
                    (true, _) => "they have what the file gives these groups until they are taken out there",
                    (false, _) => "take them out there, too",
                };
                write!(f, "{who} {logs_in}, {}, by {place}; {they}", as_whom(login))
            }
            Self::OtherThanFile { who, login, by_file, place } => {
                write!(f, "{who} logs in {}, by {place}, and not {}, as the file says", as_whom(login), as_whom(by_file))
            }
            Self::MayStillLogIn(who) => write!(
                f,
                "{who} is not in the file any more, and may still log in: what lets people in was not all read; take them out of \
                 that, too, or they keep what the file gives their groups"
            ),
            Self::OtherMark(id, mark) => write!(f, "{id} was made for the cluster `{}`, and stays", mark.cluster_id),
            Self::IamGroup(name) => {
                write!(
                    f,
                    "who is in the IAM group `{name}` is not known, so its users are not in this plan: `--aws` asks IAM"
                )
            }
            Self::UnknownRole { binding, role } => {
                let (kind, name) = (role.kind.as_str(), &role.name);
                write!(f, "not known: what {binding} grants; the {kind} `{name}` could not be read")
            }
            Self::Elsewhere(Unseen { what, why, .. }) => {
                write!(f, "not known: {what}: {why}; people who are named there may be mapped differently than this plan says")
            }
            Self::AdminsElsewhere(Unseen { what, why, .. }) => {
                write!(f, "not known: whom {what} puts into {}: {why}", rbac::MASTERS)
            }
            Self::NotRead(target, why) => {
                let whether = Places::whether_read(*target);
                write!(f, "not known: {whether}: {why}; logins change only where one does")?;
                match target {
                    MappingTarget::AccessFile => f.write_str(", and a server outside the cluster reads a file of its own"),
                    _ => Ok(()),
                }
            }
            Self::LoginsAssumed(Assumed::All) => f.write_str(
                "mappings are neither read nor written (mapping: none): everybody is assumed to log in as the file says; \
                 whoever was removed from it can log in until they are removed from what the servers read, too",
            ),
            Self::LoginsAssumed(Assumed::NotNamed) => f.write_str(
                "logins are not written (mapping: none): whom nothing names that was looked at is taken to be whom the file says; \
                 whoever was taken out of it can log in until they are removed from what EKS reads, too",
            ),
        }
    }
}

impl Warning {
    /// Returns whether it is about somebody who logs in otherwise than the file says, or not at all: no plan changes that.
    pub fn is_of_login(&self) -> bool {
        match self {
            Self::NoLogin(..) | Self::NotByFile { .. } | Self::OtherThanFile { .. } | Self::MayStillLogIn(_) => true,
            Self::NoRole { .. }
            | Self::OtherMark(..)
            | Self::IamGroup(_)
            | Self::LoginsAssumed(_)
            | Self::UnknownRole { .. }
            | Self::Elsewhere(_)
            | Self::AdminsElsewhere(_)
            | Self::NotRead(..) => false,
        }
    }
}

/// `as alice, in developers, oncall`.
fn as_whom(login: &Login) -> String {
    let name = match &*login.username {
        "" => "without a username".to_owned(),
        name => format!("as {name}"),
    };
    if login.groups.is_empty() {
        format!("{name}, in no group")
    } else {
        format!("{name} in {}", login.groups.join(", "))
    }
}

/// What somebody cannot log in by.
fn by_any_mapping(looked_at_all: bool) -> &'static str {
    if looked_at_all { "by any mapping" } else { "by any mapping that could be read" }
}

#[cfg(test)]
mod tests;
