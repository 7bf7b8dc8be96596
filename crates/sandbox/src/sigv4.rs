//! AWS Signature Version 4, verified. Written from the specification and sharing nothing with the signer.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use identity::StsHost;
use jiff::{SignedDuration, Timestamp, fmt::strtime, tz::TimeZone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::{
    answer::AwsError,
    keys::{Key, Keys},
};

/// A request, as far as its signature is concerned.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// What a signature claims, wherever it stands in the request.
struct Claim {
    credential: String,
    signed_headers: String,
    signature: String,
    date: String,
    session_token: Option<String>,
    /// The query without the signature, decoded.
    parameters: Vec<(String, String)>,
    payload_hash: String,
}

/// STS takes signatures from 15 minutes ago to 15 minutes ahead.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whose request this is; the service and Region come from its host.
pub(crate) fn verify<'k>(request: &Signed<'_>, keys: &'k Keys, now: Timestamp) -> Result<&'k Key, AwsError> {
    let claim = Claim::read(request)?;
    let scope = Scope::read(&claim.credential)?;
    let key = keys.by_id.get(scope.access_key_id).ok_or_else(unknown_key)?;
    match (&key.session_token, &claim.session_token) {
        (None, None) => {}
        (Some(issued), Some(sent)) if issued == sent => {}
        _ => return Err(unknown_key()),
    }
    check_time(&claim.date, now)?;
    if key.expires.is_some_and(|expires| expires <= now) {
        return Err(AwsError::new(403, "ExpiredToken", "The security token included in the request is expired"));
    }
    let host = header(request.headers, "host").ok_or_else(|| incomplete("the Host header is missing"))?;
    scope.check(&host, &claim.date)?;
    check_signed_headers(&claim, request)?;
    let canonical = canonical_request(&claim, request)?;
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let credential_scope = format!("{}/{}/{}/aws4_request", scope.date, scope.region, scope.service);
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{credential_scope}\n{hash}", claim.date);
    let mut signing_key = format!("AWS4{}", key.secret_access_key).into_bytes();
    for part in [scope.date, scope.region, scope.service, "aws4_request"] {
        signing_key = hmac(&signing_key, part);
    }
    if hex(&hmac(&signing_key, &to_sign)) == claim.signature { Ok(key) } else { Err(mismatch()) }
}

/// The service that a host belongs to, and its Region where the name says one.
pub(crate) fn service_of(host: &str) -> Option<(&'static str, Option<String>)> {
    let name = host.split(':').next().unwrap_or(host);
    if let Ok(sts) = name.parse::<StsHost>() {
        return Some(("sts", Some(sts.signing_region().to_owned())));
    }
    if let Some(sts) = name.strip_prefix("ec2.").and_then(|rest| format!("sts.{rest}").parse::<StsHost>().ok()) {
        return Some(("ec2", Some(sts.signing_region().to_owned())));
    }
    // For clients that were pointed here by AWS_ENDPOINT_URL_STS.
    matches!(name, "localhost" | "127.0.0.1").then_some(("sts", None))
}

impl Claim {
    fn read(request: &Signed<'_>) -> Result<Self, AwsError> {
        let parameters = parameters(request.query)?;
        let parameter = |name: &str| parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        if let Some(signature) = parameter("X-Amz-Signature") {
            let required = |name: &str| parameter(name).ok_or_else(|| incomplete(&format!("{name} is missing")));
            if required("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
                return Err(incomplete("the algorithm must be AWS4-HMAC-SHA256"));
            }
            let expires = required("X-Amz-Expires")?.parse::<u32>().ok().filter(|seconds| *seconds <= 604_800);
            expires.ok_or_else(|| incomplete("X-Amz-Expires must be a number of seconds up to a week"))?;
            return Ok(Self {
                credential: required("X-Amz-Credential")?,
                signed_headers: required("X-Amz-SignedHeaders")?,
                date: required("X-Amz-Date")?,
                session_token: parameter("X-Amz-Security-Token"),
                signature,
                parameters: parameters.iter().filter(|(name, _)| name != "X-Amz-Signature").cloned().collect(),
                payload_hash: hex(&Sha256::digest(request.body)),
            });
        }
        let authorization = header(request.headers, "authorization").ok_or_else(|| {
            AwsError::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        })?;
        let fields = authorization
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .ok_or_else(|| incomplete("the algorithm must be AWS4-HMAC-SHA256"))?;
        let field = |name: &str| {
            let found =
                fields.split(',').filter_map(|field| field.trim().split_once('=')).find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_owned()).ok_or_else(|| incomplete(&format!("{name} is missing")))
        };
        let own_hash = hex(&Sha256::digest(request.body));
        let sent_hash = header(request.headers, "x-amz-content-sha256");
        if sent_hash.as_ref().is_some_and(|sent| *sent != own_hash) {
            return Err(mismatch());
        }
        Ok(Self {
            credential: field("Credential")?,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
            date: header(request.headers, "x-amz-date").ok_or_else(|| incomplete("X-Amz-Date is missing"))?,
            session_token: header(request.headers, "x-amz-security-token"),
            parameters,
            payload_hash: own_hash,
        })
    }
}

/// `<access key>/<date>/<region>/<service>/aws4_request`
struct Scope<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Scope<'a> {
    fn read(credential: &'a str) -> Result<Self, AwsError> {
        let fields: Vec<_> = credential.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = fields[..] else {
            return Err(incomplete("the credential must have five fields and end in aws4_request"));
        };
        Ok(Self { access_key_id, date, region, service })
    }

    fn check(&self, host: &str, date: &str) -> Result<(), AwsError> {
        let refuse = |what: &str| {
            Err(AwsError::new(403, "SignatureDoesNotMatch", format!("Credential should be scoped to {what}")))
        };
        let Some((service, region)) = service_of(host) else { return refuse("a service that is here") };
        if self.service != service {
            return refuse(&format!("correct service: '{service}'."));
        }
        if region.is_some_and(|region| region != self.region) {
            return refuse("a valid region.");
        }
        if date.get(..8) != Some(self.date) {
            return refuse("the date of the request.");
        }
        Ok(())
    }
}

fn check_time(date: &str, now: Timestamp) -> Result<(), AwsError> {
    let parsed = strtime::parse("%Y%m%dT%H%M%SZ", date).and_then(|parsed| parsed.to_datetime());
    let at = parsed
        .and_then(|datetime| datetime.to_zoned(TimeZone::UTC))
        .map_err(|_| incomplete("X-Amz-Date cannot be read"))?;
    let at = at.timestamp();
    let show = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let refuse = |message: String| Err(AwsError::new(403, "SignatureDoesNotMatch", message));
    if at < now - WINDOW {
        return refuse(format!(
            "Signature expired: {date} is now earlier than {} ({} - 15 min.)",
            show(now - WINDOW),
            show(now)
        ));
    }
    if at > now + WINDOW {
        return refuse(format!(
            "Signature not yet current: {date} is still later than {} ({} + 15 min.)",
            show(now + WINDOW),
            show(now)
        ));
    }
    Ok(())
}

/// `host`, and whatever `x-amz-…` is sent, must be under the signature. (Whether AWS insists is not known for all.)
fn check_signed_headers(claim: &Claim, request: &Signed<'_>) -> Result<(), AwsError> {
    let signed: BTreeSet<_> = claim.signed_headers.split(';').collect();
    let sorted: Vec<_> = signed.iter().copied().collect();
    if sorted.join(";") != claim.signed_headers || claim.signed_headers != claim.signed_headers.to_lowercase() {
        return Err(incomplete("the signed headers must be sorted, once each, in lower case"));
    }
    let sent = request.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    match sent.chain(["host"]).find(|name| !signed.contains(name)) {
        Some(name) => Err(AwsError::new(
            403,
            "AccessDenied",
            format!("There were headers present in the request which were not signed: {name}"),
        )),
        None => Ok(()),
    }
}

fn canonical_request(claim: &Claim, request: &Signed<'_>) -> Result<String, AwsError> {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let mut pairs: Vec<_> = claim.parameters.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    pairs.sort();
    let query: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut headers = String::new();
    for name in claim.signed_headers.split(';') {
        let value = header(request.headers, name).ok_or_else(mismatch)?;
        headers.push_str(&format!("{name}:{value}\n"));
    }
    Ok(format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        request.method,
        request.path,
        query.join("&"),
        claim.signed_headers,
        claim.payload_hash
    ))
}

/// A header's values, trimmed, inner blanks collapsed, several joined by commas.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .map(|value| value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn parameters(query: &str) -> Result<Vec<(String, String)>, AwsError> {
    let malformed = || AwsError::new(400, "MalformedQueryString", "The query string contains a syntax error.");
    let decode = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| malformed());
    let mut found: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        if found.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
            return Err(malformed());
        }
        found.push((name, decode(value)?));
    }
    Ok(found)
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unknown_key() -> AwsError {
    AwsError::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

fn mismatch() -> AwsError {
    let message = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    AwsError::new(403, "SignatureDoesNotMatch", message)
}

fn incomplete(message: &str) -> AwsError {
    AwsError::new(400, "IncompleteSignature", message)
}

#[cfg(test)]
mod tests;
