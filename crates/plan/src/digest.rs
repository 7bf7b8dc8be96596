//! A short text that two plans share only if they say the same.

use std::{fmt, str::FromStr};

/// How many bytes of the hash are shown: nobody makes a second plan that fits 128 bits.
const SHOWN: usize = 16;

/// The digest of a plan, which `apply --expect` compares: it covers everything that the plan does, so that it differs where IAM groups, namespaces or
/// the cluster changed in a way that matters. Where it was read plays no part – the cluster itself and a dump of it give the
/// same –, nor does who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    pub(super) fn of_hash(hash: &[u8; 32]) -> Self {
        Self(hash[..SHOWN].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let is_one = text.len() == 2 * SHOWN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_one { Ok(Self(text.to_ascii_lowercase())) } else { Err(NotADigest) }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
