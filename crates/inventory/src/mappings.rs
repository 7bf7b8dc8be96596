//! Mappings as they stand in the cluster, read as whoever reads them reads them.

mod foreign;
mod object;
mod read;
mod unfilled;

use access::ConfigMap;

pub use self::{object::MappingObject, read::Reading};
use crate::{ClusterObject, MappingTarget};

/// A mapping source of the cluster that has mappings.
#[derive(Clone, Debug)]
pub struct LiveMapping {
    /// Which.
    pub target: MappingTarget,
    /// What it says, as the authenticator reads it.
    pub source: mapping::Source,
    /// What holds it.
    pub holder: LoginStore,
    /// Whether the server asks it at all, as far as that is known: its backend modes may leave it out.
    pub is_asked: bool,
}

/// The object that holds mappings.
#[derive(Clone, Debug)]
pub enum LoginStore {
    /// One `ConfigMap`.
    ConfigMap(ConfigMap),
    /// One object for each entry.
    Objects(Vec<ClusterObject<MappingObject>>),
}

impl LiveMapping {
    /// Returns one that the server asks.
    pub fn new(target: MappingTarget, source: mapping::Source, holder: LoginStore) -> Self {
        Self { target, source, holder, is_asked: true }
    }

    /// Returns whether it is a configuration in a file of its own, which was given to be read.
    pub fn is_in_file(&self) -> bool {
        matches!(&self.holder, LoginStore::ConfigMap(map) if map.in_file.is_some())
    }
}
