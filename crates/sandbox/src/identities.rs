//! The identities file: who this AWS knows.
//!
//! ```yaml
//! account: "111122223333"          # of all that follows; any entry may have an `account` and a `partition` of its own
//! partition: aws                   # where nothing is said
//!
//! users:                           # `name` is how tests and the demo call whoever holds the key
//! - {name: bob, path: /ops/, accessKeyId: AKIA…, secretAccessKey: …,
//!    denied: [iam:ListRoles]}      # what whoever holds the key may not call; IAM's actions only, everything where nothing is said
//!
//! roles:
//! - name: Deployer
//!   path: /ci/                     # in the role's ARN, not in its sessions'
//!   assumableBy: [bob, Node]       # names of holders, or of roles whose sessions may
//!   externalId: secret-word        # asked for, where it is given
//!   mfa: {serial: "arn:aws:iam::111122223333:mfa/bob", code: "123456"}   # without this device's code nobody may, where it is given
//!   maxSessionDuration: 3600       # in seconds, 3600 to 43200; 3600 where nothing is said
//!   sessions:                      # sessions that exist from the start, beside those that AssumeRole makes
//!   - {name: deployer, sessionName: build-17, accessKeyId: ASIA…, secretAccessKey: …, sessionToken: …,
//!      expires: 2030-01-01T00:00:00Z}   # `expires` may be left out
//!
//! permissionSets:                  # IAM Identity Center: roles AWSReservedSSO_<name>_<suffix>
//! - {name: DevAccess, suffix: 0123456789abcdef, sessions: […]}
//!
//! federatedUsers:                  # GetFederationToken
//! - {name: federated, accessKeyId: ASIA…, secretAccessKey: …, sessionToken: …}
//!
//! root: {name: root, accessKeyId: AKIA…, secretAccessKey: …}
//!
//! groups:                          # of users, by name
//! - {name: Developers, path: /teams/, users: [bob]}
//!
//! instances:                       # what DescribeInstances knows
//! - {id: i-0123456789abcdef0, privateDnsName: ip-10-0-0-17.us-west-2.compute.internal}
//!
//! clusters:                        # of EKS; without `endpoint` one is still being made
//! - {name: prod, region: us-west-2, endpoint: "https://127.0.0.1:6443", certificateAuthority: "-----BEGIN CERTIFICATE-----…"}
//! ```

mod forms;
mod read;

use document::{Fields, KeyCase, Limits, Problem, Problems, Source};

use crate::directory::{Directory, Key};

/// The built-in identities, as a file that a person can copy and change.
pub const EXAMPLE_IDENTITIES: &str = include_str!("../example/identities.yaml");

/// The identities that the sandbox's AWS knows.
#[derive(Clone)]
pub struct Identities(Directory);

/// Credentials of the sandbox's AWS. The secrets are worth nothing anywhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct SandboxCredentials {
    /// `AKIA…` or `ASIA…`.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// For temporary credentials.
    pub session_token: Option<String>,
}

impl Identities {
    /// Returns the built-in identities.
    pub fn example() -> Self {
        Self::read(&Source::new("identities.yaml", EXAMPLE_IDENTITIES))
            .unwrap_or_else(|problems| unreachable!("the built-in identities are tested: {problems:?}"))
    }

    /// Reads a file; every problem of it is found in one run.
    ///
    /// # Errors
    ///
    /// All problems of the file, with their places.
    pub fn read(source: &Source) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut directory = Directory::default();
        if let Some(root) = document::parse(source, &Limits::default())?
            && let Some(fields) = Fields::new(&root, KeyCase::Exact, &mut problems)
        {
            directory = read::file(fields, &mut problems);
        }
        if problems.has_errors() { Err(problems.into_sorted()) } else { Ok(Self(directory)) }
    }

    /// Returns the credentials of whoever the file calls by this name.
    pub fn credentials(&self, name: &str) -> Option<SandboxCredentials> {
        self.0.held_by(name).map(|key| SandboxCredentials::of(key))
    }

    /// Returns the ARN that STS says for whoever the file calls by this name.
    pub fn arn(&self, name: &str) -> Option<String> {
        self.0.held_by(name).map(|key| key.arn.to_string())
    }

    pub(crate) fn into_directory(self) -> Directory {
        self.0
    }
}

impl SandboxCredentials {
    pub(crate) fn of(key: &Key) -> Self {
        Self {
            access_key_id: key.access_key_id.clone(),
            secret_access_key: key.secret_access_key.clone(),
            session_token: key.session_token.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
