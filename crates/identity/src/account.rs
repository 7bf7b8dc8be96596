//! The twelve digits of an AWS account.

use std::{fmt, str::FromStr};

/// An AWS account id: exactly twelve decimal digits, leading zeros included.
///
/// Source: <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

/// The text is not twelve decimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an AWS account id has exactly 12 digits")]
pub struct AccountIdError;

impl AccountId {
    /// Returns the account that an access key id seems to belong to: ids that AWS has made since 2019 hold it, in the 48 bits
    /// that the first ten characters behind the prefix are in base32, without the highest bit and the lowest seven.
    ///
    /// AWS does not document this, and anybody can write such an id. So it is good for a guess about whom to serve first,
    /// and for nothing else.
    pub fn encoded_in(access_key_id: &str) -> Option<Self> {
        let mut bits: u64 = 0;
        for letter in access_key_id.as_bytes().get(4..14)? {
            let five = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                _ => return None,
            };
            bits = bits << 5 | u64::from(five);
        }
        let account = (bits >> 2 & 0x7fff_ffff_ff80) >> 7;
        format!("{account:012}").parse().ok()
    }

    /// Returns the twelve digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII digits are ever stored")
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: [u8; 12] = text.as_bytes().try_into().map_err(|_| AccountIdError)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(AccountIdError) }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
