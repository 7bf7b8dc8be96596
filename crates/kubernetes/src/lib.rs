//! Asking a cluster, as the person at the terminal: the only crate that knows the Kubernetes client.
//!
//! ```text
//!   kubeconfig files + context ─► Cluster ─ list ─► bytes ─► rbac's slim types
//!                                         └ get ──► bytes of one object, or that there is none
//! ```
//!
//! Objects travel as bytes: a hundred thousand bindings are read into slim types without the client's own between them.
//! Whatever a list lacks would count as absent, so a list is whole or an error. The caller sees a [`KubernetesError`];
//! nothing of what the API server or a credential plugin wrote is in it.

mod cluster;
mod connect;
mod error;

pub use cluster::Cluster;
pub use connect::Kubeconfig;
pub use error::KubernetesError;
