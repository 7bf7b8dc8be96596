//! The bearer token of AWS callers: wrap, describe, accept, confirm or refuse.
//!
//! A token is `k8s-aws-v1.` and the base64url text of a presigned URL of STS's `GetCallerIdentity`. Only the caller's
//! secret key can have signed that URL, and only AWS can check the signature. So a token is judged in two steps, and
//! each step's result is a type that nothing else can make:
//!
//! ```text
//!   token ── accept ──►  Accepted ── request() ──►  STS ── status, body ──  confirm ──►  Confirmed
//!              │                                                               │
//!              ▼                                                               ▼
//!           Refusal (nothing is sent)                     Unconfirmed: Refusal, or Upstream (trouble, no verdict)
//! ```
//!
//! What protects the cluster:
//! - [`accept`] allows one form of the URL and no other: one encoding, known parameters, each once. Only the order of
//!   the parameters is free.
//! - The request for STS is written anew from the parsed fields. No text of the caller's is forwarded, so nothing can
//!   be read one way here and another way there (CVE-2022-2385).
//! - A refusal says what is wrong and never repeats the caller's text, nor what came back from upstream.
//! - Nothing here that holds a signature or a session token has a `Debug` or a `Display`.
//!
//! Everything is pure: no I/O, no clock.

mod accept;
mod cluster_id;
mod confirm;
mod describe;
mod envelope;
mod object;
mod presigned;
mod query;
mod refusal;
mod upstream;

use codes::Code;

pub use accept::{Accepted, Rules, StsRequest, accept};
pub use cluster_id::{ClusterId, ClusterIdError};
pub use confirm::{Confirmed, Unconfirmed, confirm};
pub use describe::{Description, describe};
pub use envelope::{PREFIX, wrap};
pub use object::{Object, read_json};
pub use refusal::Refusal;
pub use upstream::Upstream;

/// Returns every refusal, then every trouble, in the order in which they can come up.
pub fn catalogue() -> impl Iterator<Item = &'static Code> {
    Refusal::CATALOGUE.iter().chain(Upstream::CATALOGUE)
}
