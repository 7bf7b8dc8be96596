//! The TokenReview server.
//!
//! ```text
//!   listener ─ TLS, bounds ─► routes ─► review ─► authenticate ─► review ─► answer, audit line, metrics
//!                                                    │
//!            token::accept ─► verdicts (cache, single flight, breaker, turns ─► aws::StsClient ─► token::confirm)
//!                                       └ lanes: whose turn it is, by standing
//!                                                    └─► mapping::decide, with facts from EC2 where it needs them
//! ```
//!
//! What an API server is told, and why (it caches 200s alone, and tries again by itself after 429 and 502):
//! - 200: the caller is who STS says, and may log in. Only [`review`] says so, and only of a granted [`Outcome`].
//! - 403: a definite "no", of the token, of AWS or of the mapping. Where the settings ask for it, 200 with
//!   `authenticated: false`, if the "no" is one that lasts and all logins are known.
//! - 429, 502, 503: no answer now. Never a denial; and never with Retry-After, which would hold every other authenticator
//!   up.

//!
//! Beside an authenticator that runs today ([`Webhook::with_predecessor`]) the answers are that one's, as they come: see [`passthrough`].

// Whoever calls what does I/O decides what its failing means.
#![warn(clippy::missing_errors_doc)]

mod arrivals;
mod audit;
mod authenticate;
mod backoff;
mod body;
mod breaker;
mod caller;
mod connections;
mod lanes;
mod lately;
mod listener;
mod metrics;
mod outcome;
mod pace;
mod pages;
mod passthrough;
mod predecessor;
mod rate;
mod readiness;
mod reply;
mod review;
mod routes;
mod settings;
mod shadow;
mod sharing;
mod socket;
mod standing;
mod turns;
mod verdicts;

pub use audit::DENIED;
pub use authenticate::Webhook;
pub use lanes::Limits;
pub use listener::{Health, Server};
pub use metrics::{Kind, Metrics, SERIES, Series};
pub use outcome::{Granted, Outcome, Trouble};
pub use predecessor::{NotAUrl, Predecessor, PredecessorLimits, PredecessorUrl};
pub use readiness::Readiness;
pub use review::reviewed_token;
pub use settings::Settings;
