//! Where a person's or machine's AWS credentials come from.
//!
//! ```text
//!   Environment, SharedFiles ── resolve (pure) ──► Plan = a base and the roles to assume from it
//!                                                   │
//!                         immediate(): static keys, nothing to ask      fetch(): SSO, STS, IMDS …
//! ```
//!
//! The order is botocore's (`create_credential_resolver`), because people compare with what the AWS CLI does:
//! environment → role of the profile → web identity → SSO → shared credentials file → `aws login` →
//! `credential_process` → static keys of the config file → container → instance metadata. A profile given by flag leaves the
//! environment's keys and web identity out; `AWS_PROFILE` does not.

mod bridge;
mod fetch;
mod files;
mod ini;
mod resolve;

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;

pub use self::{
    fetch::{fetch, instance_region},
    files::{SharedFiles, load_files},
    resolve::{Base, Plan, Sso, region, resolve},
};

/// The environment variables and the home folder, as the rim read them. No Debug: some of them are secrets.
#[derive(Clone, Default)]
pub struct Environment {
    /// Variables by name; empty ones count as unset.
    pub vars: BTreeMap<String, String>,
    /// The home folder.
    pub home: Option<PathBuf>,
}

impl Environment {
    /// One variable, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a variable says `true`, in any case.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// A text that is never printed: no Debug, no Display.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Gives it out, to whoever signs or sends.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Keys that sign. No Debug: two of the fields are secrets.
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
    /// Keys of an IAM user: no session, no end.
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

/// A role to assume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssumeRole {
    /// Its ARN.
    pub role_arn: String,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// The session's name; one is made up where it is not given.
    pub session_name: Option<String>,
    /// How long the credentials are to last, in seconds.
    pub duration_seconds: Option<u32>,
    /// Sent as `x-amz-source-arn` (with its account), for trust policies that ask on whose behalf a service acts.
    pub source_arn: Option<String>,
}

/// Why there are no credentials. Each says which source was tried, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Nothing in the environment, the files, a container or an instance.
    #[error(
        "no AWS credentials found: looked at the environment, the profile `{profile}`, and what containers and instances offer; set AWS_PROFILE, run `aws sso login` or `aws configure`"
    )]
    None {
        /// The profile.
        profile: String,
    },
    /// A profile is named that stands in neither file.
    #[error(
        "the profile `{0}` stands in neither AWS configuration file; `aws configure list-profiles` lists those that do"
    )]
    NoProfile(String),
    /// One half of a pair of settings.
    #[error("{present} is set and {missing} is not ({place}); set both")]
    Partial {
        /// What is there.
        present: &'static str,
        /// What is not.
        missing: &'static str,
        /// Where.
        place: String,
    },
    /// A setting that does not make sense.
    #[error("profile `{profile}`: {problem}")]
    Profile {
        /// The profile.
        profile: String,
        /// What is wrong.
        problem: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A source was asked and gave nothing.
    #[error("{origin} {problem}; {advice}")]
    Origin {
        /// Which.
        origin: String,
        /// What became of it.
        problem: String,
        /// What to do.
        advice: String,
    },
    /// A call to AWS failed.
    #[error(transparent)]
    Aws(#[from] crate::AwsError),
}

#[cfg(test)]
mod tests;
