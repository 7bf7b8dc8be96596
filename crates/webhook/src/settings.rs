//! Every limit of the server, in one place.

use std::time::Duration;

use identity::StsHost;
use jiff::Timestamp;
use token::{ClusterId, Rules};

use crate::Limits;

/// How the server behaves. Start from [`Settings::new`] and change what needs changing.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cluster that tokens must be for.
    pub cluster_id: ClusterId,
    /// What a token may look like.
    pub rules: Rules,
    /// How long STS's "yes" is remembered; at most a minute, and never past the token's own end. Zero remembers nothing.
    pub cache_max_age: Duration,
    /// How many are remembered.
    pub cache_capacity: u64,
    /// Questions to STS under way at once, and waiting; one more is answered 429.
    pub sts_questions: Limits,
    /// Hosts of STS that are in use, known as such before anybody has logged in through them.
    pub known_hosts: Vec<StsHost>,
    /// How long one waits for its turn to ask STS; then it is answered 429, and STS is not blamed for it.
    pub sts_wait: Duration,
    /// Connections open at once; one more waits to be accepted.
    pub max_connections: usize,
    /// The longest request body, in bytes.
    pub max_body: usize,
    /// For TLS handshakes.
    pub handshake_timeout: Duration,
    /// For the head of a request, and for an idle connection.
    pub header_timeout: Duration,
    /// How long requests under way may take to finish when the server ends.
    pub drain_timeout: Duration,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Settings {
    /// The longest that a "yes" may be remembered.
    pub const MAX_CACHE_AGE: Duration = Duration::from_secs(60);

    /// The defaults.
    pub fn new(cluster_id: ClusterId, now: fn() -> Timestamp) -> Self {
        Self {
            cluster_id,
            rules: Rules::default(),
            cache_max_age: Self::MAX_CACHE_AGE,
            cache_capacity: 1_024,
            sts_questions: Limits { under_way: 64, waiting: 512 },
            known_hosts: Vec::new(),
            sts_wait: Duration::from_secs(3),
            max_connections: 512,
            max_body: 1 << 20,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(10),
            now,
        }
    }
}
