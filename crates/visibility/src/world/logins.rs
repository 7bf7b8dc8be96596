//! Who logs in, by everything that says so.

use access::{Desired, Facts};
use document::Sources;
use identity::{Arn, Partition};
use inventory::{AccessEntries, LiveMapping, MappingTarget, Observed, Unseen, UnseenLogins, Who, foreign::Foreign};
use jiff::Timestamp;
use mapping::{BackendMode, RulePrincipal, Snapshot, Source};

use crate::NamedPrincipal;

/// Every mapping source, in the order in which they are asked. An access file that was given stands in place of what the
/// cluster has of it.
pub(super) fn logins(of_file: Option<Source>, entries: &AccessEntries, observed: &Observed) -> Vec<Source> {
    let is_replaced = |live: &LiveMapping| live.target == MappingTarget::AccessFile && of_file.is_some();
    let counts = |live: &&LiveMapping| observed.asks(live) && !is_replaced(live);
    let live: Vec<Source> = observed.mappings.iter().filter(counts).map(|live| live.source.clone()).collect();
    let mut logins: Vec<Source> = of_file.into_iter().chain([entries.source()]).chain(live).collect();
    // The server asks its access file first, wherever that stands.
    logins.sort_by_key(|source| source.mode != BackendMode::AccessFile);
    logins
}

/// What files of other programs say of logins that these programs make nothing of, or that are not filled in yet.
pub(super) fn without_login(declared: &[Foreign], sources: &Sources) -> Vec<UnseenLogins> {
    let all = declared.iter().flat_map(Foreign::without_login).map(|(mode, problem, is_of_nothing)| {
        let place = sources.locate(problem.span.start);
        let what = place.map_or_else(String::new, |(file, at)| format!("{file}:{}", at.line));
        let help = problem.hint.clone().unwrap_or_else(|| "give the file as its program takes it".to_owned());
        let gap = Unseen::new(what, problem.message.as_str());
        UnseenLogins { is_of_nothing, ..UnseenLogins::new(mode, gap, help) }
    });
    all.collect()
}

/// Whom other logins name than those that count, in the order of who they are.
pub(super) fn doubtful(
    others: &[Source],
    principals: &[NamedPrincipal],
    partition: Partition,
    now: Timestamp,
) -> Vec<NamedPrincipal> {
    let snapshot = Snapshot::new(partition, others.to_vec(), []);
    let everybody = inventory::everybody(&Desired::default(), &Facts::default(), others, partition);
    let is_new = |who: &Who| principals.iter().all(|known| known.login.is_err() || known.who != *who);
    let new = everybody.into_iter().filter(|(who, _)| is_new(who));
    let all = new.map(|(who, identity)| NamedPrincipal::of(who, identity, &snapshot, now));
    let mut all: Vec<NamedPrincipal> = all.filter(|principal| principal.login.is_ok()).collect();
    all.sort_by(|a, b| a.who.cmp(&b.who));
    all
}

/// The partition of whoever is named first; a cluster has people of one.
pub(super) fn partition(of_dump: Partition, written: Option<&Desired>, entries: &Source) -> Partition {
    let of_file = written.and_then(|desired| Some(desired.people.first()?.principal.partition));
    let first = entries.roles.iter().chain(&entries.users).next();
    let of_entries = first.and_then(|rule| match &rule.principal {
        RulePrincipal::Arn(arn) => Some(arn.parse::<Arn>().ok()?.partition),
        RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_) => None,
    });
    of_file.or(of_entries).unwrap_or(of_dump)
}
