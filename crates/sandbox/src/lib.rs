//! A local AWS that verifies signatures, for the demo and the tests.
//!
//! ```text
//!   AWS CLI, Go programs ─ HTTPS_PROXY ─► proxy ─┐
//!   cluster-auth server ─ --sts-connect-to ──────┴─► HTTPS, any AWS host name, own CA
//!                                                     └─ sigv4: its own verifier ─► actions ─► JSON or XML
//! ```
//!
//! Nothing else emulates what this project needs from AWS: a service that verifies presigned requests. The verifier shares
//! no code with the signer of this project; botocore's vectors and botocore itself are what it is checked against. Where
//! AWS's behaviour is not known it is stricter. Faults can be put in the way, so that tests see what an outage does.
//!
//! What it does not do: policies (an identities file says who may assume which role), MFA, session policies and tags.

// Whoever calls what does I/O decides what its failing means.
#![warn(clippy::missing_errors_doc)]

mod actions;
mod answer;
mod aws;
mod certificates;
mod directory;
mod endpoint;
mod faults;
mod https;
mod identities;
mod parameters;
mod proxy;
mod sandbox;
mod sessions;
mod sigv4;

pub use self::{
    faults::{Fault, Faults, Of},
    identities::{EXAMPLE_IDENTITIES, Identities, SandboxCredentials},
    sandbox::{Options, Running, Sandbox, SandboxError},
};
