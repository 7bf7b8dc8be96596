//! Who may do what in a cluster, and why: the join of people, mapping, groups, bindings and rules.
//!
//! Who somebody is in the cluster is asked of [`mapping::decide`], what they may do of `rbac`'s evaluator; there is no second
//! copy of either here.
//!
//! ```text
//!   inventory::Inputs (a live cluster's lists, dumps, manifests, access files, aws eks, aws iam)
//!     └ World::new ─► World: index() of roles and bindings · principals(), each with login and rule · policies() of EKS · gaps()
//!                       ├ who_can(request) ─► Answer: subjects and principals, each with its Paths
//!                       ├ held_by(principal) ─► Paths: every rule, and where it holds
//!                       ├ diff::Difference::between(another world) ─► who gains and loses what · diff::Contrast: two of one world
//!                       └ allows(principal, request) ─► the Path that allows it, or nothing
//! ```
//!
//! # How to ask
//!
//! - A right of one user, whoever that is: [`World::index`], then [`rbac::Index::authorize`] or `grants`.
//! - A right of somebody with an AWS identity: [`World::allows`]; all their rights: [`World::held_by`]. These know EKS access
//!   policies too, which no Kubernetes user or group has. [`Path::place`] says where a rule holds, [`Path::holds_in`] asks.
//! - Everybody who may: [`World::who_can`].
//! - Who is behind a username or a group: [`World::called`], [`World::members`]; who an ARN is: [`World::named`], and where
//!   nothing names it [`World::principal`] and [`World::snapshot`] (with [`mapping::Snapshot::nearest`]).
//! - Every step from an ARN, a token or a code to rights: [`World::explain`], with [`explain::Question`] for what was typed.
//! - Where a grant is written: [`Path::origin`], [`World::place`].
//! - Whether an answer may lack something: [`World::gaps`]. An answer with gaps says `incomplete: true` and each of them.
//! - Whether somebody may log in otherwise than could be seen: [`World::may_say_otherwise`]. Unknown is not no.

pub mod diff;
pub mod explain;
pub mod lint;
pub mod matrix;
pub mod print;
pub mod whoami;

mod built_in_roles;
mod default_permissions;
mod path;
mod principals;
mod resources;
mod who_can;
mod world;

pub use built_in_roles::built_in_roles;
pub use inventory::{Policy, UnseenLogins, policy};
pub use matrix::matrix;
pub use path::{GrantPlace, Path};
pub use principals::NamedPrincipal;
pub use resources::{ApiResource, NotAQuestion, Note, Question, Resources, Words, verbs};
pub use who_can::{Answer, AnswerOut, Holder, Reached};
pub use world::{Associated, Reach, Unreadable, World};

#[cfg(test)]
mod tests;
