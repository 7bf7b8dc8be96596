//! What the end-to-end tests stand on: real programs, started on loopback, each with a folder of its own.
//!
//! ```text
//!   kubectl ─► cluster-auth token        (real kubectl, our binary, environment credentials)
//!      │
//!   kube-apiserver ─► cluster-auth server ─► sandbox STS        (real API server, our binary, signatures verified)
//! ```
//!
//! A missing part is an error that names it and the command that makes it; no test is skipped for it.

pub mod admin;
pub mod authenticator;
pub mod cgroup;
pub mod container;
pub mod counting_proxy;
pub mod exchange;
pub mod holding_proxy;
pub mod homes;
pub mod https;
pub mod load;
pub mod machine;
pub mod metadata;
pub mod moto;
pub mod node;
pub mod page;
pub mod parts;
pub mod people;
pub mod pod;
pub mod process;
pub mod production;
pub mod random;
pub mod scripted;
pub mod secrets;
pub mod server;
pub mod shell;
pub mod siege;
pub mod socks;
pub mod someone;
pub mod sts;
pub mod test_cluster;
pub mod tunnel;
pub mod typed;
pub mod world;
