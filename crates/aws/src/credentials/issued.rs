//! Credentials as AWS names them in JSON, which is how they are kept in files.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Credentials, Secret};

/// No Debug: they are secrets.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Issued {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    pub(super) expiration: String,
}

impl Issued {
    /// Of credentials that end.
    pub(super) fn of(credentials: &Credentials) -> Option<Self> {
        let Credentials { access_key_id, secret_access_key, session_token, expires } = credentials;
        Some(Self {
            access_key_id: access_key_id.clone(),
            secret_access_key: secret_access_key.expose().to_owned(),
            session_token: session_token.as_ref().map(|token| token.expose().to_owned()),
            expiration: (*expires)?.to_string(),
        })
    }

    /// The credentials, whose end is read from the text by whoever knows how that is written.
    pub(super) fn ending(self, expires: Timestamp) -> Credentials {
        Credentials {
            access_key_id: self.access_key_id,
            secret_access_key: Secret::new(self.secret_access_key),
            session_token: self.session_token.map(Secret::new),
            expires: Some(expires),
        }
    }
}

/// A time as the AWS CLI writes it: RFC 3339, or `UTC` in place of the zone.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.strip_suffix("UTC").map_or_else(|| text.parse(), |time| format!("{time}Z").parse()).ok()
}
