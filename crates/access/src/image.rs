//! The container image that everything names which starts a server in a cluster.

/// The name of the container image, without its tag (the version). None is published yet.
pub const IMAGE: &str = "cluster-auth/cluster-auth";
