//! Objects of a cluster, with whose they are.

use access::Owner;

/// An object as the cluster has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterObject<T> {
    /// The object.
    pub object: T,
    /// Whose it is.
    pub owner: Owner,
    /// Its `resourceVersion`: opaque, so that a removal can insist on what was reviewed.
    pub version: Box<str>,
}
