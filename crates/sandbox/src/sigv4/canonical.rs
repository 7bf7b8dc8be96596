//! The one text that a request is, before it is hashed and signed.

use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Signed, Unverified,
    claim::{Claim, SIGNATURE},
    header,
};

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `host`, and whatever `x-amz-…` is sent, must be under the signature; the list sorted, in lower case.
pub(super) fn check_signed_headers(claim: &Claim, request: &Signed<'_>) -> Result<(), Unverified> {
    let signed: Vec<_> = claim.signed_headers.split(';').collect();
    let ordered = signed.is_sorted_by(|a, b| a < b);
    if !ordered || signed.contains(&"") || claim.signed_headers.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Unverified::Incomplete("SignedHeaders must be sorted, in lower case, each once".to_owned()));
    }
    if !signed.contains(&"host") {
        let message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
        return Err(Unverified::Scope(message.to_owned()));
    }
    let mut sent = request.headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    sent.find(|name| !signed.contains(name)).map_or(Ok(()), |name| Err(Unverified::Unsigned(name.to_owned())))
}

/// Method, path, query, headers, their names, and the payload's hash.
pub(super) fn request(claim: &Claim, request: &Signed<'_>) -> Result<String, Unverified> {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let parameters = request.query.iter().filter(|(name, _)| *name != SIGNATURE);
    let mut query: Vec<_> = parameters.map(|(name, value)| (encode(name), encode(value))).collect();
    query.sort();
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut headers = String::new();
    for name in claim.signed_headers.split(';') {
        let value = header(request.headers, name)?.ok_or(Unverified::Mismatch)?;
        headers.extend([name, ":", &value, "\n"]);
    }
    let Signed { method, path, .. } = request;
    let Claim { signed_headers, payload_hash, .. } = claim;
    Ok(format!("{method}\n{path}\n{}\n{headers}\n{signed_headers}\n{payload_hash}", query.join("&")))
}
