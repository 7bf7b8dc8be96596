//! A short text that two plans share only if they say the same.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::Plan;

/// How many bytes of the hash are shown: nobody makes a second plan that fits 128 bits.
const SHOWN: usize = 16;

/// What `apply --expect` compares: of everything that a plan says, so that it differs where IAM groups, namespaces or
/// the cluster changed in a way that matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    pub(super) fn of(plan: &Plan) -> Self {
        let content = serde_json::to_vec(&super::print::content(plan)).expect("plain data can be written");
        Self(Sha256::digest(&content)[..SHOWN].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
