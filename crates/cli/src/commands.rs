//! One file per command. A command turns its arguments into settings, calls the crates, and prints.

pub(crate) mod add;
pub(crate) mod apply;
pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod completion;
#[cfg(all(unix, feature = "local"))]
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod import;
#[cfg(unix)]
pub(crate) mod init;
#[cfg(unix)]
pub(crate) mod kops;
pub(crate) mod kubeconfig;
pub(crate) mod lint;
pub(crate) mod matrix;
pub(crate) mod plan;
pub(crate) mod reference;
pub(crate) mod render;
#[cfg(all(unix, feature = "local"))]
pub(crate) mod sandbox;
#[cfg(unix)]
pub(crate) mod server;
pub(crate) mod token;
pub(crate) mod verify;
pub(crate) mod version;
pub(crate) mod who_can;
pub(crate) mod whoami;
