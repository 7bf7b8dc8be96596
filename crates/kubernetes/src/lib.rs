//! Asking and changing a cluster, as the person at the terminal: the only crate that knows the Kubernetes client.
//!
//! ```text
//!   kubeconfig files + context ─► Cluster ─┬ list ──► bytes ─► rbac's slim types
//!                                          ├ get ───► bytes of one object, or that there is none
//!                                          ├ may, who_am_i      what whoever asks may do, and who they are
//!                                          ├ write ─► one object applied, made, replaced or removed
//!                                          ├ watch ─► all objects of a kind, and each change of them
//!                                          └ lease ─► nobody else applies while it is held
//! ```
//!
//! Objects travel as bytes: a hundred thousand bindings are read into slim types while they arrive, without the client's
//! own between them. Whatever a list lacks would count as absent, so a list is whole or an error. What is written, and why,
//! is decided above: this crate knows requests and preconditions, and nothing of access files.
//!
//! The caller sees a [`KubernetesError`]. Nothing of what a credential plugin wrote is in it, and of what the API server
//! wrote only why it refused a write.

// Whoever calls what does I/O decides what its failing means.
#![warn(clippy::missing_errors_doc)]

mod client;
mod cluster;
mod connect;
mod context;
mod credentials;
mod endpoint;
mod error;
mod files;
mod lease;
mod list_stream;
mod no_proxy;
mod plugin;
mod proxies;
mod resource;
mod review;
mod socks;
mod status;
mod usable;
mod watch;
mod write;

pub use cluster::Cluster;
pub use connect::{Kubeconfig, Pod};
pub use context::ContextName;
pub use error::{KubernetesError, PluginTrouble};
pub use lease::Lease;
pub use list_stream::ListStream;
pub use plugin::Listener;
pub use plugin::Plugin;
pub use resource::Resource;
pub use review::{MyRules, Question, Username};
pub use tls::Proxies;
pub use watch::{Change, Object, Watched, watch};
pub use write::{Run, Write};
