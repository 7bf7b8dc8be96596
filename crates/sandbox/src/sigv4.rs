//! AWS Signature Version 4, verified. Written from the specification and sharing nothing with the signer.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
//!
//! Stricter than that where AWS's behaviour is not known: `host` and every `x-amz-…` header must be signed, signed headers
//! sorted and sent, one way of signing per request, no parameter twice, the payload's hash that of the body.

mod canonical;
mod claim;
mod scope;
mod unverified;

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp, fmt::strtime, tz::TimeZone};
use sha2::{Digest as _, Sha256};

pub(crate) use self::unverified::Unverified;
use self::{claim::Claim, scope::Scope};
use crate::{directory::Key, endpoint::Endpoint, parameters::Parameters};

/// A request, as far as its signature is concerned.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a Parameters,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Signatures are good from 15 minutes before to 15 minutes after their date.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The form of `X-Amz-Date`.
const DATE: &str = "%Y%m%dT%H%M%SZ";

/// Whose request this is.
pub(crate) fn verify(
    request: &Signed<'_>,
    endpoint: &Endpoint,
    find: impl Fn(&str) -> Option<Arc<Key>>,
    now: Timestamp,
) -> Result<Arc<Key>, Unverified> {
    let claim = Claim::read(request)?;
    let scope = Scope::read(&claim.credential)?;
    let key = find(scope.access_key_id).ok_or(Unverified::UnknownKey)?;
    if key.session_token != claim.session_token {
        return Err(Unverified::UnknownKey);
    }
    check_time(&claim.date, now)?;
    if key.expires.is_some_and(|expires| expires <= now) {
        return Err(Unverified::ExpiredKey);
    }
    scope.check(endpoint, &claim.date)?;
    canonical::check_signed_headers(&claim, request)?;
    let hash = hex(&Sha256::digest(canonical::request(&claim, request)?));
    let Scope { date, region, service, .. } = scope;
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{date}/{region}/{service}/aws4_request\n{hash}", claim.date);
    let secret = format!("AWS4{}", key.secret_access_key).into_bytes();
    let signing_key = [date, region, service, "aws4_request"].iter().fold(secret, |key, part| hmac(&key, part));
    if hex(&hmac(&signing_key, &to_sign)) == claim.signature { Ok(key) } else { Err(Unverified::Mismatch) }
}

fn check_time(date: &str, now: Timestamp) -> Result<(), Unverified> {
    let show = |at: Timestamp| at.strftime(DATE).to_string();
    let at = strtime::parse(DATE, date).and_then(|parsed| parsed.to_datetime()?.to_zoned(TimeZone::UTC));
    // The parser takes more than one spelling; the signature is over one.
    let at = at.ok().map(|zoned| zoned.timestamp()).filter(|at| show(*at) == date).ok_or_else(|| {
        let message = "Date must be in ISO-8601 'basic format'. Got";
        Unverified::Incomplete(format!("{message} '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"))
    })?;
    let (earliest, latest, now_text) = (now - WINDOW, now + WINDOW, show(now));
    if at < earliest {
        let earliest = show(earliest);
        let message = format!("Signature expired: {date} is now earlier than {earliest} ({now_text} - 15 min.)");
        return Err(Unverified::Skewed(message));
    }
    if at > latest {
        let latest = show(latest);
        let message = format!("Signature not yet current: {date} is still later than {latest} ({now_text} + 15 min.)");
        return Err(Unverified::Skewed(message));
    }
    Ok(())
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A header's values, trimmed, inner blanks collapsed, several joined by commas. What is not ASCII has no canonical form.
fn header(headers: &HeaderMap, name: &str) -> Result<Option<String>, Unverified> {
    let mut values = Vec::new();
    for value in headers.get_all(name) {
        let value = value.to_str().map_err(|_| Unverified::Mismatch)?;
        values.push(value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
    }
    Ok((!values.is_empty()).then(|| values.join(",")))
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests;
