//! Who an AWS identity is in the cluster.
//!
//! ```text
//!   sources of rules ─► Snapshot (immutable, indexed)
//!   decide(snapshot, identity, facts, now) ─► Permit(user) | Refuse(why) | Needs(fact)
//! ```
//!
//! The same function decides for callers that STS confirmed and for hypothetical ones: what it is given is plain data.
//! It asks for what it lacks (an instance's DNS name, which only EC2 knows) instead of fetching it.
//!
//! What a source means is what its [`Reader`] makes of it. [`Reader::ClusterAuth`]'s rules and answers are those of
//! aws-iam-authenticator 0.7.18 but for its mistakes, each of which has a test here with its name: empty usernames,
//! permission sets matched by their beginning, role paths that never match, a random choice between matching entries,
//! session names that render into `system:masters`. [`Reader::AwsIamAuthenticator`]'s are that program's with all of them,
//! for whoever asks what a file means to it.

pub mod authenticator;
pub mod aws_iam_authenticator;

mod canonical;
mod decide;
mod defect;
mod dotted;
mod facts;
mod key;
mod reader;
mod refusal;
mod rule;
mod snapshot;
mod template;
mod user;

pub use decide::{Decision, Outcome, Undetermined, decide};
pub use defect::{Defect, DefectKind, Never, Unused};
pub use facts::{Fact, Facts};
pub use reader::Reader;
pub use refusal::{Refusal, catalogue};
pub use rule::{BackendMode, Membership, PermissionSet, Rule, RulePrincipal, RuleSource, UNKNOWN_UNIQUE_ID, UniqueId};
pub use snapshot::{Difference, Entry, Index, List, Mismatch, Nearest, Snapshot, Source, SourceMatch, SourceState};
pub use template::VARIABLES;
pub use user::{EXTRA_PREFIX, User};

#[cfg(test)]
mod tests;
