//! Who logs in otherwise than the file says, where a plan does not change it: by EKS access entries, by a mapping of others, or
//! wherever mappings are not written. What the file's bindings give a group, everybody has who is in it, whoever put them there.

use std::collections::{BTreeSet, HashSet};

use access::{Desired, compile, mapping_source, read};
use document::{Limits, Severity, Sources};
use identity::{AccountId, Identity, Principal};
use inventory::{Login, Observed, Record, Who, everybody};
use jiff::Timestamp;
use mapping::{BackendMode, Snapshot, Source};
use rbac::{MASTERS, Subject};

use super::{
    Wanted, Warning,
    logins::{Logins, THE_PLAN},
};

/// Groups that are not a file's own, whatever it binds them to. Who is in `system:masters` a plan says anyway.
const NOT_OF_A_FILE: [&str; 4] = [MASTERS, "system:authenticated", "system:nodes", "system:bootstrappers"];
/// A moment before everything ends: who was in a file, although their time in it is over.
const BEFORE_ALL_ENDS: Timestamp = Timestamp::MIN;

/// Compares who people are with what the file says, one by one.
pub(super) struct Astray<'a> {
    /// The file alone.
    file: Snapshot,
    /// What was applied last, with whatever has ended.
    was: Snapshot,
    /// Everybody whom that had.
    were: Vec<(Who, Identity)>,
    /// The groups that the file gives something.
    groups: HashSet<&'a str>,
    /// Those of the machines of the file, whose logins have nothing to do with it.
    machines: HashSet<String>,
    /// The accounts of which any user may be in the file, by an IAM group of which nobody said who is in it.
    any_user_of: BTreeSet<AccountId>,
    /// Whether people whom nothing names are taken to be whom the file says.
    is_assumed: bool,
    looked_at_all: bool,
    /// Everybody who logs in afterwards.
    let_in: HashSet<Who>,
    found: BTreeSet<Warning>,
    now: Timestamp,
}

impl<'a> Astray<'a> {
    /// What the mappings of `logins` are compared with; the flag says whether every place was looked at that lets people in.
    pub(super) fn of(wanted: &Wanted<'a>, observed: &Observed, logins: &Logins, looked_at_all: bool) -> Self {
        let snapshot = |source: Source| Snapshot::new(observed.partition, vec![source], []);
        let desired = wanted.desired;
        let (was, were) = match observed.record.as_ref().and_then(|seen| applied(wanted, &seen.object)) {
            None => (Source::empty(BackendMode::AccessFile, mapping::Reader::ClusterAuth), Vec::new()),
            Some((then, source)) => {
                let sources = logins.before.iter().chain(&logins.after);
                (source, everybody(&then, wanted.facts, sources, observed.partition))
            }
        };
        let subjects = desired.objects.bindings.iter().flat_map(rbac::Binding::subjects);
        let bound = subjects.filter_map(|subject| match subject {
            Subject::Group(group) => Some(&**group),
            Subject::User(_) | Subject::ServiceAccount { .. } => None,
        });
        let of_people = desired.people.iter().flat_map(|person| person.groups.keys().map(|group| &**group));
        let groups = bound.chain(of_people).filter(|group| !NOT_OF_A_FILE.contains(group)).collect();
        let nodes = Desired { nodes: desired.nodes.clone(), ..Desired::default() };
        let machines = everybody(&nodes, wanted.facts, [], observed.partition);
        Self {
            file: snapshot(mapping_source(desired, wanted.sources)),
            was: snapshot(was),
            were,
            groups,
            machines: machines.into_iter().map(|(_, identity)| identity.canonical_arn()).collect(),
            any_user_of: wanted.access.accounts_of_unknown_iam_groups(wanted.facts).into_values().flatten().collect(),
            is_assumed: logins.assumed.is_some(),
            looked_at_all,
            let_in: HashSet::new(),
            found: BTreeSet::new(),
            now: wanted.now,
        }
    }

    /// Compares one, as whom `mappings` let them in.
    pub(super) fn judge(&mut self, who: &Who, identity: &Identity, login: Option<&Login>, mappings: &Snapshot) {
        let by_file = || Login::each(&self.file, identity, self.now).into_iter().flatten().next();
        let Some(login) = login else {
            if by_file().is_some() {
                self.found.insert(Warning::NoLogin(who.clone(), self.looked_at_all));
            }
            return;
        };
        self.let_in.insert(who.clone());
        let Some((mode, place)) = place(mappings, identity) else { return };
        match by_file() {
            None if may_be_in_file(&self.any_user_of, identity) => {}
            None => {
                let was = was_in(&self.was, identity);
                let has_rights = login.groups.iter().any(|group| self.groups.contains(group.as_str()));
                if was || has_rights {
                    let (who, login) = (who.clone(), login.clone());
                    self.found.insert(Warning::NotByFile { who, was, has_rights, login, place });
                }
            }
            Some(by_file) => {
                if !self.machines.contains(&identity.canonical_arn()) && differ(login, &by_file, mode) {
                    let (who, login) = (who.clone(), login.clone());
                    self.found.insert(Warning::OtherThanFile { who, login, by_file, place });
                }
            }
        }
    }

    /// All that was found. Where people are taken to be whom the file says, nothing shows that whoever it had is out.
    pub(super) fn found(self) -> Vec<Warning> {
        let Self { file, was, were, any_user_of, is_assumed, let_in, mut found, now, .. } = self;
        let is_out = |(who, identity): &(Who, Identity)| {
            let is_in_file = Login::each(&file, identity, now).iter().any(Option::is_some);
            !is_in_file && !may_be_in_file(&any_user_of, identity) && !let_in.contains(who) && was_in(&was, identity)
        };
        if is_assumed {
            found.extend(were.into_iter().filter(is_out).map(|(who, _)| Warning::MayStillLogIn(who)));
        }
        found.into_iter().collect()
    }
}

/// What was applied last, as the record has it; `None` if its text is too long to be kept, or cannot be read any more.
fn applied(wanted: &Wanted<'_>, record: &Record) -> Option<(Desired, Source)> {
    if record.files == wanted.files {
        let (then, _) = compile(wanted.access, wanted.facts, wanted.now);
        let source = mapping_source(&then, wanted.sources);
        return Some((then, source));
    }
    let mut sources = Sources::default();
    for file in &record.files {
        sources.add(&*file.name, &*file.text);
    }
    let read = read(&sources, &Limits::default());
    if read.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return None;
    }
    let (then, _) = compile(&read.access, wanted.facts, wanted.now);
    let source = mapping_source(&then, &sources);
    Some((then, source))
}

fn may_be_in_file(any_user_of: &BTreeSet<AccountId>, identity: &Identity) -> bool {
    matches!(identity.principal, Principal::User { .. }) && any_user_of.contains(&identity.account)
}

fn was_in(was: &Snapshot, identity: &Identity) -> bool {
    Login::each(was, identity, BEFORE_ALL_ENDS).iter().any(Option::is_some)
}

/// What lets somebody in, and where it stands; `None` if that is the file itself.
fn place(mappings: &Snapshot, identity: &Identity) -> Option<(BackendMode, Box<str>)> {
    let asked = mappings.ask(identity).into_iter().find(|asked| !asked.entries.is_empty())?;
    if asked.mode == BackendMode::AccessEntries {
        return Some((asked.mode, "their EKS access entry".into()));
    }
    let is_file = |source: &mapping::RuleSource| source.mode == BackendMode::AccessFile || *source.file == *THE_PLAN;
    let places: BTreeSet<String> =
        asked.entries.iter().filter(|entry| !is_file(&entry.source)).map(|entry| entry.source.to_string()).collect();
    let places: Vec<String> = places.into_iter().collect();
    (!places.is_empty()).then(|| (asked.mode, places.join(" or ").into()))
}

/// Whether somebody is another user, or in other groups. EKS' entries take no `system:masters`, and have a policy in its place.
fn differ(login: &Login, by_file: &Login, mode: BackendMode) -> bool {
    let counts = |group: &&String| mode != BackendMode::AccessEntries || *group != MASTERS;
    let groups = |login: &'_ Login| login.groups.iter().filter(counts).cloned().collect::<Vec<_>>();
    login.username != by_file.username || groups(login) != groups(by_file)
}
