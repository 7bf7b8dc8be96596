//! The container image that everything names which starts a server in a cluster.

/// The image without its tag, which is the version. None is published yet.
pub const IMAGE: &str = "cluster-auth/cluster-auth";
