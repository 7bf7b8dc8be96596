//! One file per command. A command turns its arguments into settings, calls the crates, and prints.

mod access;
pub(crate) mod add;
mod analysis;
pub(crate) mod apply;
pub(crate) mod check;
pub(crate) mod completion;
#[cfg(unix)]
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
mod observe;
pub(crate) mod plan;
mod planning;
pub(crate) mod reference;
pub(crate) mod render;
mod review;
#[cfg(unix)]
pub(crate) mod sandbox;
#[cfg(unix)]
pub(crate) mod server;
pub(crate) mod token;
mod transport;
pub(crate) mod verify;
pub(crate) mod version;
pub(crate) mod who_can;
pub(crate) mod whoami;

pub(crate) use self::transport::Transport;
