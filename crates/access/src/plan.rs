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

mod files;
mod logins;
mod marks;
mod objects;
mod observed;
mod record;

use document::Sources;

pub use files::{File, files};
pub use logins::{ACCESS_FILE_MAP, EntryChange, LoginEntry, MappingTarget};
pub use marks::{CLUSTER_ID, FIELD_MANAGER, FILE, MANAGED_BY, MANAGER, Mark, Owner};
pub use objects::{Change, Object, ObjectChange, ObjectId, ObjectKind};
pub use observed::{Holder, LiveMapping, MappingObject, Observed, Seen, Unseen};
pub use record::{NAME as RECORD_NAME, NAMESPACE as RECORD_NAMESPACE, Record, RecordError};

use crate::{Desired, Facts};

/// What is to be.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The file's `clusterID`.
    pub cluster_id: &'a str,
    /// The file compiled, with the cluster's namespaces among the facts, at the moment of planning ([`Desired::at`]).
    pub desired: &'a Desired,
    /// What AWS and the cluster said.
    pub facts: &'a Facts,
    /// Where everything stands.
    pub sources: &'a Sources,
    /// The files' names in the cluster: [`files`] of the sources.
    pub files: &'a [File],
    /// Where logins are written.
    pub target: MappingTarget,
}

/// What would happen.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The cluster.
    pub cluster_id: Box<str>,
    /// Where logins are written.
    pub target: MappingTarget,
    /// Objects that change, in the order of their ids.
    pub objects: Vec<ObjectChange>,
    /// How many objects of ours stay as they are.
    pub objects_unchanged: usize,
    /// Objects that another cluster's file marked and this file does not name. They are left alone.
    pub others: Vec<(ObjectId, Mark)>,
    /// Logins that change, in the order of principals.
    pub logins: Vec<EntryChange>,
    /// How many logins of ours stay as they are.
    pub logins_unchanged: usize,
    /// Logins are taken from the file, because nothing of them could be read: [`MappingTarget::None`] without a mapping.
    pub logins_assumed: bool,
    /// What could not be looked at. A plan with gaps is not applied.
    pub unseen: Vec<Unseen>,
    /// What is going to be recorded.
    pub record: Record,
}

/// Compares what is to be with what is.
pub fn plan(wanted: &Wanted<'_>, observed: &Observed) -> Plan {
    let objects = objects::diff(wanted, observed);
    let logins = logins::diff(wanted, observed);
    Plan {
        cluster_id: wanted.cluster_id.into(),
        target: wanted.target,
        objects: objects.changes,
        objects_unchanged: objects.unchanged,
        others: objects.others,
        logins: logins.changes,
        logins_unchanged: logins.unchanged,
        logins_assumed: logins.assumed,
        unseen: observed.unseen.clone(),
        record: Record {
            cluster_id: wanted.cluster_id.into(),
            files: wanted.files.to_vec(),
            target: wanted.target,
            entries: logins.entries,
        },
    }
}
