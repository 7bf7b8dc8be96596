//! Where a person's or machine's AWS credentials come from.
//!
//! ```text
//!   Environment, SharedFiles ── resolve (pure) ──► Plan = a base and the roles to assume from it
//!                                                   │
//!                         immediate(): static keys, nothing to ask      fetch(): SSO, STS, IMDS …
//! ```
//!
//! For whom the AWS CLI's [`Rules`] count the order is botocore's (`create_credential_resolver`), because people compare with what the AWS CLI does:
//! environment → role of the profile → web identity → SSO → shared credentials file → `aws login` →
//! `credential_process` → static keys of the config file → container → instance metadata. A profile given by flag leaves the
//! environment's keys and web identity out; `AWS_PROFILE` does not. The order of AWS's SDK for Go is another: keys of a profile's
//! section, in either file, go before all else that it has.

mod aws_cli;
mod bridge;
mod cache;
mod configparser;
mod considered;
mod container;
#[cfg(unix)]
mod descendants;
mod digest;
mod endpoints;
mod expanded;
mod fetch;
mod files;
mod ini;
mod issued;
mod login;
mod metadata;
mod process;
mod replace;
mod resolve;
mod session;
mod slips;
mod small_file;
mod sso;
mod sso_token;
mod words;

use self::small_file::small_file;
pub use self::{
    aws_cli::{aws_cli_base, aws_cli_role},
    cache::{Cache, CacheKey, MAX_CACHE, NotACache},
    considered::{Considered, Verdict, considered},
    endpoints::{missing_services, with_endpoints},
    fetch::{fetch, fetch_base, instance_region},
    files::{SharedFiles, load_files},
    process::{is_mfa_code, mfa_code},
    resolve::{Base, Plan, Sso, half_of_keys, profile_name, region, resolve},
    session::{Session, SessionKey, Standing},
};
pub use crate::{
    calls::{AssumeRole, MfaDevice, Obtained},
    environment::Environment,
    keys::{Credentials, Secret},
    rules::Rules,
};

/// The reasons why no AWS credentials were found. Each says which source was tried, and what to do.
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
    #[error("the profile `{profile}` stands in neither AWS configuration file; {advice}")]
    NoProfile {
        /// Its name.
        profile: String,
        /// What may be meant.
        advice: String,
    },
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
    /// A file that the AWS CLI could not read.
    #[error("{path}, line {line}: {problem}; the AWS CLI reads nothing of such a file")]
    Syntax {
        /// The file.
        path: String,
        /// From 1.
        line: usize,
        /// What is wrong there, and what to do.
        problem: String,
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
