//! What a cluster has, as it says itself: objects, where logins stand, and who everybody is by them.
//!
//! ```text
//!   files that are given ─► Inputs: what each is about
//!   lists of an API server, dumps of kubectl, manifests ─► Dump ─► Observed: objects, mappings, and every gap by name
//!   mappings + access file ─► everybody ─► who each of them is in the cluster ([`mapping::decide`])
//! ```
//!
//! What could not be read is named and never taken for empty.

pub mod foreign;

mod authentication_mode;
mod dump;
mod eks;
mod format;
mod inputs;
mod knowledge;
mod mappings;
mod object;
mod observed;
mod people;
mod places;
mod record;
mod target;
mod text;
mod unseen;
mod which_cluster;

pub use authentication_mode::AuthenticationMode;
pub use dump::{Dump, DumpError, joined, shown};
pub use eks::{AccessEntries, AccessEntriesError, Association, Entry, Policy, policy, unknown_policy};
pub use inputs::{
    How, InputError, Inputs, KUSTOMIZATIONS, Kustomizations, Kustomized, no_configuration, unlisted_files,
};
pub use knowledge::{Extent, Knowledge};
pub use mappings::{LiveMapping, LoginStore, MappingObject, Reading};
pub use object::ClusterObject;
pub use observed::{BindingId, CloudAccount, NotAsked, Observed, Twice, is_server_of_eks};
pub use people::{ACCESS_KEY, Login, Named, SESSION, UNKNOWN_SUFFIX, Who, decide, everybody};
pub use places::{GivenLogins, Places};
pub use record::{File, NAME as RECORD_NAME, NAMESPACE as RECORD_NAMESPACE, Record, RecordError, file_at, files};
pub use target::{ACCESS_FILE_MAP, MappingTarget};
pub use unseen::{About, ObjectKind, Unseen, UnseenLogins, undecided_role};
pub use which_cluster::{ClaimedBy, ClusterClaim, TwoClusters, WhichCluster};

#[cfg(test)]
mod tests;
