//! The access file: who may log in to a cluster, and what they may do there.
//!
//! ```text
//!   texts ─ document ─► trees ─ read ─► Access ─ check ─► findings
//!                                         └ compile(facts, now) ─► Desired: people, and RBAC objects
//!                                                                    └ render ─► what each consumer takes
//! ```
//!
//! Reading finds every problem of all files in one run, and merges files by rules under which their order never matters.
//! Nothing here looks at a cluster, at AWS or at the clock: what they say comes in as [`Facts`] and `now`.

pub mod entries;
pub mod keys;
pub mod merge;
pub mod render;

mod check;
mod codes;
mod compile;
mod config_map;
mod consumers;
mod facts;
mod iam;
mod image;
mod model;
mod ownership;
mod read;
mod schema;
mod serve;

pub use self::codes::Code;
pub use check::{check, check_what_was_read, errors};
pub use compile::{Desired, Person, compile, glob, is_withheld};
pub use config_map::{ConfigMap, NotOfTexts, NotText};
pub use consumers::{Consumer, Expiry, Feature, unsupported};
pub use facts::{Facts, Namespace};
pub use iam::{IamAnswer, IamDumpError, IamFactError, IamQuestion, IamQuestions, iam_questions};
pub use image::IMAGE;
pub use merge::OWNED;
pub use model::{Accept, Access, AccessPrincipal, Carried, Grant, Group, IamAccount, Kind, Located, Right, Scope};
pub use ownership::{CLUSTER_ID, FILE, MANAGED_BY, MANAGER, Mark, Owner};
pub use read::{Read, WRITE_EXPIRY, read, read_expiry};
pub use render::{Options, RenderTarget, Rendered, Rendering, render, rendering};
pub use schema::{schema, values_schema};
pub use serve::mapping_source;

#[cfg(test)]
mod tests;
