//! Names for files, made of what they are about.

use sha2::{Digest as _, Sha256};

/// SHA-256, in hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
