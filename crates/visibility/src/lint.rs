//! What a cluster's access lets people become, and what is left lying about in it.
//!
//! ```text
//!   Index ─ holders ─► who holds which roles where
//!            └ powers ─► which escalations of `rbac`'s table each of them has, and by which rule
//!                └ might ─► how far each leads: a right over a namespace is as bad as the service accounts there are mighty
//!                    └ Finding, beside those of hygiene and logins ─ Exclusions ─► Report ─► text, JSON, SARIF
//! ```
//!
//! What Kubernetes itself installs is known by name, role and subject ([`built_in`]), never by a label, which anybody who
//! may write a binding may write too.

mod built_in;
mod checks;
mod exclusions;
mod finding;
mod findings;
mod holders;
mod hygiene;
mod logins;
mod might;
mod named;
mod powers;
pub mod print;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rbac::{Index, Labels};

pub use self::{
    checks::{Check, checks},
    exclusions::{Exclusion, accepted, read_exclusions},
    finding::{Finding, Path},
    holders::Who,
};

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// Roles and bindings.
    pub index: &'a Index,
    /// Whether every role is in there, so that one that is not is missing.
    pub roles_are_whole: bool,
    /// The labels of namespaces, as far as they are known.
    pub namespaces: &'a BTreeMap<Box<str>, Labels>,
    /// Service accounts that act as AWS roles.
    pub accounts: &'a [CloudAccount],
    /// Who logs in, if that is known.
    pub logins: Option<&'a [Login]>,
    /// Where that is written.
    pub mappings: &'a [mapping::Source],
}

/// A service account with an AWS role of its own (annotation `eks.amazonaws.com/role-arn`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CloudAccount {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The role's ARN.
    pub role: Box<str>,
}

/// An AWS principal and who they are in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Login {
    /// The principal, in words: an ARN, or what stands for many.
    pub principal: Box<str>,
    /// The username; `<session>` stands for what a session's holder chooses.
    pub username: Box<str>,
    /// The groups, without those that the API server adds.
    pub groups: Vec<Box<str>>,
}

/// Everything that was found.
#[derive(Debug)]
pub struct Report<'a> {
    /// What is to be looked at, the worst first.
    pub findings: Vec<Finding<'a>>,
    /// How many things are excluded, and not among these: one for each place that something is found in.
    pub excluded: usize,
}

/// Looks at everything.
pub fn lint<'a>(looked: &Looked<'a>, exclusions: &'a [Exclusion], now: Timestamp) -> Report<'a> {
    let holders = holders::holders(looked.index);
    let powers = powers::powers(&holders);
    let might = might::Might::of(looked.index, &powers);
    let excluded = exclusions::Excluded::new(exclusions, now);
    let mut findings = findings::findings(looked, &powers, &might, &excluded);
    findings.extend(hygiene::findings(looked, &holders, &excluded));
    findings.extend(logins::findings(looked, &excluded));
    findings.extend(excluded.findings());
    for finding in &mut findings {
        finding.namespaces.sort_unstable();
        finding.namespaces.dedup();
        finding.principals = finding.who.map(|who| logins::behind(looked, who)).unwrap_or_default();
    }
    findings.sort_by(Finding::order);
    Report { findings, excluded: excluded.count() }
}
