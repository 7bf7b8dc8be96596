//! Tokens to start from: those that botocore made, and the URLs inside them.

use identity::Partition;
use jiff::Timestamp;
use serde::Deserialize;
use token::{Accepted, ClusterId, PREFIX, Refusal, Rules, accept, wrap};

/// One token of `testdata/presigned-tokens.json`, with what botocore computed on the way to it.
#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) access_key_id: String,
    pub(crate) session_token: Option<String>,
    pub(crate) cluster_id: String,
    signed_at: String,
    pub(crate) url: String,
    pub(crate) canonical_request: String,
    pub(crate) signature: String,
    pub(crate) token: String,
}

impl Vector {
    pub(crate) fn all() -> Vec<Self> {
        #[derive(Deserialize)]
        struct File {
            vectors: Vec<Vector>,
        }
        let text = include_str!("../../testdata/presigned-tokens.json");
        serde_json::from_str::<File>(text).expect("the fixture is in the form above").vectors
    }

    /// The vector of temporary credentials: it has every parameter there is.
    pub(crate) fn with_session() -> Self {
        Self::all().into_iter().find(|vector| vector.name == "session token").expect("the fixture has it")
    }

    pub(crate) fn signed_at(&self) -> Timestamp {
        self.signed_at.parse().expect("the fixture's times are RFC 3339")
    }

    pub(crate) fn cluster(&self) -> ClusterId {
        ClusterId::parse(&self.cluster_id).expect("the fixture's cluster ids are valid")
    }

    /// The rules of a server in the vector's partition.
    pub(crate) fn rules(&self) -> Rules {
        let partition = match self.name.as_str() {
            "cn" => Partition::AwsCn,
            "gov" => Partition::AwsUsGov,
            _ => Partition::Aws,
        };
        Rules { partitions: partition.into(), ..Rules::default() }
    }

    /// Accepts `token` as this vector's server does at the moment of signing.
    pub(crate) fn accept(&self, token: &str) -> Result<Accepted, Refusal> {
        accept(token, &self.cluster(), &self.rules(), self.signed_at())
    }

    /// Accepts the token around `url`.
    pub(crate) fn accept_url(&self, url: &str) -> Result<Accepted, Refusal> {
        self.accept(&wrap(url))
    }
}

/// What came of it, in words that fail a test readably: `Accepted` has no `Debug`.
pub(crate) fn outcome(result: Result<Accepted, Refusal>) -> &'static str {
    result.map_or_else(Refusal::code, |_| "accepted")
}

/// The prefix and `encoded`, which `wrap` would not have made.
pub(crate) fn raw(encoded: &str) -> String {
    format!("{PREFIX}{encoded}")
}
