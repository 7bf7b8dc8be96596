//! The name of the cluster that a token is bound to.

use std::{fmt, str::FromStr};

/// The value of the signed header `x-k8s-aws-id`: a token signed for one cluster is worthless at another.
///
/// Kept as Signature Version 4 signs a header's value: trimmed, and every run of blanks as one blank. A cluster id that somebody
/// wrote with two blanks therefore verifies tokens of clients who wrote it with one.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(String);

/// The reasons why a text is not a cluster id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterIdError {
    /// Nothing, or nothing but blanks: every such cluster would accept the others' tokens.
    #[error("the cluster id is empty")]
    Empty,
    /// Control characters and anything beyond ASCII cannot travel in an HTTP header.
    #[error("the cluster id may hold only visible ASCII characters and blanks")]
    Character,
}

impl ClusterId {
    /// Reads a cluster id: visible ASCII characters and blanks, at least one of them visible.
    pub fn parse(text: &str) -> Result<Self, ClusterIdError> {
        if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(ClusterIdError::Character);
        }
        let words: Vec<_> = text.split_ascii_whitespace().collect();
        if words.is_empty() { Err(ClusterIdError::Empty) } else { Ok(Self(words.join(" "))) }
    }

    /// Returns the id as it is signed and sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClusterId {
    type Err = ClusterIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
