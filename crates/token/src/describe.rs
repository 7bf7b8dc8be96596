//! What a token says about itself, for people.

use identity::StsHost;
use jiff::Timestamp;

use crate::{
    Refusal, envelope,
    presigned::{Presigned, SIGNED_HEADERS},
};

/// The contents of a token, read without asking AWS. Nothing of it is proven.
///
/// The signature and the session token are left out: a description may be shown and pasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The STS endpoint it is signed for; with it the Region and the partition.
    pub host: StsHost,
    /// The access key id it claims to be signed with. `AKIA…` is a user's own, `ASIA…` a temporary one.
    pub access_key_id: String,
    /// When it says it was signed.
    pub signed_at: Timestamp,
    /// When STS stops confirming it: 15 minutes later.
    pub valid_until: Timestamp,
    /// `X-Amz-Expires`, in seconds. STS ignores it.
    pub expires: u16,
    /// The names of the signed headers. The cluster's id is the value of one, and not in the token.
    pub signed_headers: Vec<&'static str>,
    /// Whether it was made with temporary credentials.
    pub has_security_token: bool,
}

impl Description {
    /// Returns what sort of credentials it was made with, for people.
    pub fn sort(&self) -> &'static str {
        match (self.has_security_token, self.access_key_id.starts_with("ASIA")) {
            (true, _) => "temporary credentials",
            (false, true) => "temporary, and no session token was given with it: set AWS_SESSION_TOKEN",
            (false, false) => "long-term credentials",
        }
    }
}

/// Reads a token without judging its time, its partition, its cluster or its length.
pub fn describe(token: &str) -> Result<Description, Refusal> {
    let Presigned { host, access_key_id, signed_at, valid_until, expires, security_token, .. } =
        Presigned::parse(&envelope::open(token, usize::MAX)?, &[])?;
    let signed_headers = SIGNED_HEADERS.split(';').collect();
    let has_security_token = security_token.is_some();
    Ok(Description { host, access_key_id, signed_at, valid_until, expires, signed_headers, has_security_token })
}

#[cfg(test)]
mod tests {
    use identity::StsHost;
    use jiff::Timestamp;

    use super::Description;

    /// The id says of what sort the key is, even where what else belongs to that sort is missing.
    #[test]
    fn a_temporary_key_without_its_session_token_is_none_that_lasts() {
        let rows = [
            ("AKIAIOSFODNN7EXAMPLE", false, "long-term credentials"),
            ("ASIAIOSFODNN7EXAMPLE", true, "temporary credentials"),
            ("ASIAIOSFODNN7EXAMPLE", false, "temporary, and no session token was given with it: set AWS_SESSION_TOKEN"),
        ];
        for (access_key_id, has_security_token, sort) in rows {
            let described = Description {
                host: StsHost::global(),
                access_key_id: access_key_id.to_owned(),
                signed_at: Timestamp::UNIX_EPOCH,
                valid_until: Timestamp::UNIX_EPOCH,
                expires: 60,
                signed_headers: Vec::new(),
                has_security_token,
            };
            assert_eq!(described.sort(), sort, "{access_key_id} {has_security_token}");
        }
    }
}
