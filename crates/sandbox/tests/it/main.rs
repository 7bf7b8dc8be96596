//! The sandbox as its clients meet it: over TLS, on real sockets, with requests signed by AWS's own signer.

mod actions;
mod client;
mod errors;
mod faults;
mod iam;
mod serving;
