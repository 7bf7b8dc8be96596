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
mod declared;
mod dump;
mod entries;
mod files;
mod foreign_logins;
mod format;
mod identities;
mod inputs;
mod knowledge;
mod kustomize;
mod mapping_object;
mod mappings;
mod named;
mod observed;
mod people;
mod place;
mod placeholder;
mod places;
mod policies;
mod record;
mod servers;
mod standing;
mod target;
mod unfilled;
mod unseen;
mod which_cluster;
mod within;
mod words;

pub use authentication_mode::AuthenticationMode;
pub use dump::{Dump, DumpError, joined, shown};
pub use entries::{AccessEntries, AccessEntriesError, Association, Entry};
pub use files::{File, file_at, files};
pub use inputs::{How, InputError, Inputs, no_configuration};
pub use knowledge::{Extent, Knowledge};
pub use kustomize::{FILES as KUSTOMIZATIONS, Kustomizations, Kustomized, unlisted as unlisted_files};
pub use mapping_object::MappingObject;
pub use mappings::Reading;
pub use named::Named;
pub use observed::{CloudAccount, LiveMapping, LoginStore, NotAsked, Observed, Seen, Twice, is_server_of_eks};
pub use people::{ACCESS_KEY, Login, SESSION, UNKNOWN_SUFFIX, Who, decide, everybody};
pub use places::{GivenLogins, Places};
pub use policies::{Policy, policy};
pub use record::{NAME as RECORD_NAME, NAMESPACE as RECORD_NAMESPACE, Record, RecordError};
pub use target::{ACCESS_FILE_MAP, MappingTarget};
pub use unseen::{Unseen, UnseenLogins};
pub use which_cluster::{SaidBy, SaidCluster, TwoClusters, WhichCluster};

#[cfg(test)]
mod tests;
