//! The second step: what STS's answer means.

use identity::{Identity, IdentityError, StsHost};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{Accepted, Object, Refusal, Upstream, object::read_json};

/// Reads STS's answer to [`Accepted::request`].
///
/// The answer must come from the host that the request names, over a connection that was authenticated as that host:
/// then it is about the key that signed. An answer names no access key, so this cannot be checked here.
pub fn confirm(accepted: &Accepted, status: u16, body: &[u8]) -> Result<Confirmed, Unconfirmed> {
    match status {
        200 => confirmed(accepted, body),
        300..=399 => Err(Upstream::Redirect.into()),
        429 => Err(Upstream::Throttled.into()),
        400..=499 => Err(error(status, body)),
        500..=599 => Err(Upstream::ServerError(status).into()),
        _ => Err(Upstream::UnexpectedStatus(status).into()),
    }
}

/// A caller whom AWS confirmed. Only [`confirm`] makes one.
#[derive(Clone)]
pub struct Confirmed {
    identity: Identity,
    access_key_id: String,
    host: StsHost,
    valid_until: Timestamp,
}

impl Confirmed {
    /// Returns who AWS says the caller is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns the access key that signed the token.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// Returns the STS endpoint that confirmed it.
    pub fn host(&self) -> &StsHost {
        &self.host
    }

    /// Returns when the token ends, until when this may be remembered.
    pub fn valid_until(&self) -> Timestamp {
        self.valid_until
    }
}

/// The reasons why STS did not confirm a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unconfirmed {
    /// AWS said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// AWS said neither yes nor no.
    #[error(transparent)]
    Upstream(#[from] Upstream),
}

impl Unconfirmed {
    /// Returns the code of either.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Upstream(upstream) => upstream.code(),
        }
    }
}

/// STS's JSON answer; its XML has another shape, and we ask for JSON. serde refuses a field that comes twice.
///
/// Unknown members are let through below the top, since AWS adds members to answers without notice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(rename = "GetCallerIdentityResponse")]
    response: Object<Response>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "GetCallerIdentityResult")]
    result: Object<CallerIdentity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CallerIdentity {
    account: String,
    arn: String,
    user_id: String,
}

fn confirmed(accepted: &Accepted, body: &[u8]) -> Result<Confirmed, Unconfirmed> {
    let Object(answer): Object<Answer> = read_json(body).map_err(|_| Upstream::Unreadable)?;
    let Object(Response { result: Object(caller) }) = answer.response;
    let CallerIdentity { account, arn, user_id } = caller;
    let identity = Identity::from_answer(&arn, &account, &user_id).map_err(|error| match error {
        IdentityError::Kind => Unconfirmed::Refused(Refusal::StsUnsupportedPrincipal),
        _ => Unconfirmed::Upstream(Upstream::Inconsistent),
    })?;
    // `accept` compared the host's partition with the configured one, so the caller's is compared with both.
    if identity.partition != accepted.host().partition() {
        return Err(Upstream::Inconsistent.into());
    }
    Ok(Confirmed {
        identity,
        access_key_id: accepted.access_key_id().to_owned(),
        host: accepted.host().clone(),
        valid_until: accepted.valid_until(),
    })
}

/// STS's JSON error.
#[derive(Deserialize)]
struct ErrorAnswer {
    #[serde(rename = "Error")]
    error: Object<StsError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StsError {
    code: String,
    #[serde(default)]
    message: String,
}

/// What a 4xx means: by its error code and nothing else, and no verdict where the code is not known.
///
/// In particular throttling comes as 400 with a code, not as 429.
fn error(status: u16, body: &[u8]) -> Unconfirmed {
    let Ok(Object(ErrorAnswer { error: Object(StsError { code, message }) })) = read_json(body) else {
        return Upstream::Unreadable.into();
    };
    match code.as_str() {
        // One code, three meanings that only the message tells apart.
        "SignatureDoesNotMatch" if message.starts_with("Signature expired") => Refusal::StsSignatureExpired.into(),
        "SignatureDoesNotMatch" if message.starts_with("Signature not yet current") => {
            Refusal::StsSignatureNotYetCurrent.into()
        }
        "SignatureDoesNotMatch" => Refusal::StsSignatureMismatch.into(),
        "RequestExpired" => Refusal::StsSignatureExpired.into(),
        "IncompleteSignature" => Refusal::StsIncompleteSignature.into(),
        "InvalidClientTokenId" => Refusal::StsUnknownAccessKey.into(),
        "ExpiredToken" | "ExpiredTokenException" => Refusal::StsExpiredCredentials.into(),
        "AccessDenied" | "AccessDeniedException" => Refusal::StsAccessDenied.into(),
        "RequestLimitExceeded" => Upstream::Throttled.into(),
        code if code.starts_with("Throttl") => Upstream::Throttled.into(),
        _ => Upstream::UnexpectedStatus(status).into(),
    }
}
