//! What a signature claims, wherever it stands in the request.

use sha2::{Digest as _, Sha256};

use super::{Signed, Unverified, header, hex};

/// The parts of a signature, from the query or from the `Authorization` header.
pub(super) struct Claim {
    pub(super) credential: String,
    pub(super) signed_headers: String,
    pub(super) signature: String,
    pub(super) date: String,
    pub(super) session_token: Option<String>,
    /// SHA-256 of the body.
    pub(super) payload_hash: String,
}

/// The parameter that a presigned request's canonical form leaves out.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const A_WEEK: u32 = 604_800;

impl Claim {
    pub(super) fn read(request: &Signed<'_>) -> Result<Self, Unverified> {
        let presigned =
            ["X-Amz-Algorithm", "X-Amz-Credential", SIGNATURE].iter().any(|name| request.query.get(name).is_some());
        match (presigned, request.headers.contains_key("authorization")) {
            (true, false) => Self::of_query(request),
            (false, true) => Self::of_header(request),
            (false, false) => Err(Unverified::Missing),
            (true, true) => Err(incomplete("Only one auth mechanism allowed; the query and the Authorization header")),
        }
    }

    fn of_query(request: &Signed<'_>) -> Result<Self, Unverified> {
        let required = |name: &str| {
            let missing = || {
                let message = "AWS query-string parameters must include";
                incomplete(format!("{message} '{name}'. Re-examine the query-string parameters."))
            };
            request.query.get(name).map(str::to_owned).ok_or_else(missing)
        };
        if required("X-Amz-Algorithm")? != ALGORITHM {
            return Err(incomplete("X-Amz-Algorithm must be 'AWS4-HMAC-SHA256'"));
        }
        // STS does not look at how long it is: its own 15 minutes count.
        let expires = required("X-Amz-Expires")?;
        let number = expires.bytes().all(|byte| byte.is_ascii_digit()).then(|| expires.parse().ok()).flatten();
        if number.is_none_or(|seconds: u32| seconds > A_WEEK) {
            return Err(incomplete("X-Amz-Expires must be a number of seconds, at most 604800"));
        }
        Ok(Self {
            credential: required("X-Amz-Credential")?,
            signed_headers: required("X-Amz-SignedHeaders")?,
            signature: required(SIGNATURE)?,
            date: required("X-Amz-Date")?,
            session_token: request.query.get("X-Amz-Security-Token").map(str::to_owned),
            payload_hash: payload_hash(request)?,
        })
    }

    fn of_header(request: &Signed<'_>) -> Result<Self, Unverified> {
        let authorization = header(request.headers, "authorization")?.unwrap_or_default();
        let fields = authorization
            .strip_prefix(ALGORITHM)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or_else(|| incomplete("Authorization must start with 'AWS4-HMAC-SHA256'"))?;
        let pairs: Option<Vec<_>> = fields.split(',').map(|field| field.trim().split_once('=')).collect();
        let pairs = pairs
            .ok_or_else(|| incomplete("not a valid key=value pair (missing equal-sign) in Authorization header"))?;
        let field = |name: &str| {
            let value = pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
            value.ok_or_else(|| incomplete(format!("Authorization header requires '{name}' parameter.")))
        };
        if pairs.len() > 3 {
            return Err(incomplete("Authorization header has more than three parameters."));
        }
        Ok(Self {
            credential: field("Credential")?,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
            date: header(request.headers, "x-amz-date")?
                .ok_or_else(|| incomplete("Authorization header requires existence of a 'X-Amz-Date' header."))?,
            session_token: header(request.headers, "x-amz-security-token")?,
            payload_hash: payload_hash(request)?,
        })
    }
}

/// The hash of the body; whoever sends one of their own must have it right.
fn payload_hash(request: &Signed<'_>) -> Result<String, Unverified> {
    let own = hex(&Sha256::digest(request.body));
    match header(request.headers, "x-amz-content-sha256")? {
        Some(sent) if sent != own => Err(Unverified::Mismatch),
        _ => Ok(own),
    }
}

fn incomplete(message: impl Into<String>) -> Unverified {
    Unverified::Incomplete(message.into())
}
