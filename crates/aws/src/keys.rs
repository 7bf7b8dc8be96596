//! Keys that sign requests.

use jiff::Timestamp;

/// A text that is never printed: no Debug, no Display.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the secret text, for signing or sending.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// AWS credentials. No Debug: two of the fields are secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AKIA…` or `ASIA…`; not a secret.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token of temporary credentials.
    pub session_token: Option<Secret>,
    /// When they end, if that is known.
    pub expires: Option<Timestamp>,
}

impl Credentials {
    /// Creates long-term credentials of an IAM user, without session token and expiry.
    pub fn long_term(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: Secret::new(secret_access_key),
            session_token: None,
            expires: None,
        }
    }

    /// In the form that the signing crate takes.
    pub(crate) fn for_signing(&self) -> aws_credential_types::Credentials {
        let session = self.session_token.as_ref().map(|token| token.expose().to_owned());
        let secret = self.secret_access_key.expose().to_owned();
        aws_credential_types::Credentials::new(self.access_key_id.clone(), secret, session, None, "cluster-auth")
    }
}
