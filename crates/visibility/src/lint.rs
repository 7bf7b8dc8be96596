//! Privilege escalations in a cluster's access, and leftovers such as stale bindings.
//!
//! ```text
//!   Index ─ holders ─► who holds which roles where
//!            └ escalations ─► which escalations of `rbac`'s table each of them has, and by which rule
//!                └ reachability ─► how far each leads: a permission in a namespace is as severe as the service accounts there are privileged
//!                    └ Finding, beside those of hygiene and logins ─ Exclusions ─► Report ─► text, JSON, SARIF
//! ```
//!
//! What Kubernetes itself installs is known by name, role and subject ([`built_in`]), never by a label, which anybody who
//! may write a binding may write too.

mod built_in;
mod checks;
mod escalations;
mod exclusions;
mod finding;
mod findings;
mod groups;
mod holders;
mod hygiene;
mod judged;
mod logins;
mod named;
mod policies;
pub mod print;
mod reachability;
mod subject_escalation;
mod words;

pub(crate) use self::built_in::subjects as built_in_subjects;

use jiff::Timestamp;

pub use self::{
    checks::{Check, checks},
    exclusions::{Exclusion, baseline, read_exclusions},
    finding::{Finding, Path},
    holders::BindingSubject,
};
use crate::World;

/// The findings of `lint`.
#[derive(Debug)]
pub struct Report<'a> {
    /// What is to be looked at, the worst first.
    pub findings: Vec<Finding<'a>>,
    /// How many things are excluded, and not among these: one for each place that something is found in.
    pub excluded: usize,
    /// Whether something that was asked for or given could not be read, so that there may be more.
    pub is_incomplete: bool,
    /// How many exclusions exclude some of them, and nobody has said why.
    pub unexplained: usize,
    /// The things that are not excluded, as exclusions see them.
    left: Vec<exclusions::Found<'a>>,
}

impl Report<'_> {
    /// Returns how many things are found and not excluded, counted as [`Report::excluded`] counts: a finding for each place.
    pub fn places(&self) -> usize {
        self.left.len()
    }
}

/// Runs all checks. What the access file accepts of its own grants is excluded beside the exclusions.
pub fn lint<'a>(world: &'a World, exclusions: &[Exclusion], now: Timestamp) -> Report<'a> {
    let accepted = world.surroundings().access.as_ref().map(exclusions::accepted).unwrap_or_default();
    let exclusions = [exclusions, &accepted].concat();
    let excluded = exclusions::Excluded::new(&exclusions, now);
    let holders = holders::holders(world);
    let mut escalations = escalations::escalations(&holders);
    // Whoever may change what nobody reads changes nobody's login.
    let never_asked = &world.surroundings().never_asked;
    escalations.retain(|escalation| {
        logins::changed_by(escalation.escalation).is_none_or(|target| !never_asked.contains(&target))
    });
    let reachability = reachability::Reachability::of(world.index(), &escalations);
    let mut findings = findings::findings(world, &escalations, &reachability, &excluded);
    findings.extend(policies::findings(world, &escalations, &reachability, &excluded));
    findings.extend(hygiene::findings(world, &holders, &excluded));
    findings.extend(logins::findings(world, &excluded));
    findings.extend(excluded.findings());
    for finding in &mut findings {
        finding.namespaces.sort_unstable();
        finding.namespaces.dedup();
        if let Some(who) = finding.who
            && finding.principals.is_empty()
        {
            finding.principals = logins::behind(world, who);
        }
    }
    findings.sort_by(Finding::order);
    let (unexplained, count) = (excluded.unexplained(), excluded.count());
    let is_incomplete = !world.unread().is_empty();
    Report { findings, excluded: count, is_incomplete, unexplained, left: excluded.left() }
}
