//! The token's outer form: prefix and base64url around a URL.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::Refusal;

/// The prefix of every token.
///
/// Source: aws-iam-authenticator 0.7.18, `pkg/token/token.go`; `aws eks get-token` writes the same.
pub const PREFIX: &str = "k8s-aws-v1.";

/// Makes a token of a presigned URL: the prefix and the URL in base64url without padding.
pub fn wrap(presigned_url: &str) -> String {
    let mut token = PREFIX.to_owned();
    BASE64_URL_SAFE_NO_PAD.encode_string(presigned_url, &mut token);
    token
}

/// The URL inside a token of at most `max_length` bytes.
///
/// The prefix is looked at before all else, even before the length: an API server asks about every bearer token it
/// does not know, and those of other authenticators must cost nothing and be called what they are.
pub(crate) fn open(token: &str, max_length: usize) -> Result<String, Refusal> {
    let encoded = token.strip_prefix(PREFIX).ok_or(Refusal::NotAws)?;
    if token.len() > max_length {
        return Err(Refusal::TooLong);
    }
    // This engine takes one text per value only: padding and stray bits in the last character are errors.
    let url = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Refusal::Encoding)?;
    String::from_utf8(url).map_err(|_| Refusal::Encoding)
}
