//! What an account has: keys, roles, users, groups, instances. Read from the identities file once, and never changed.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use identity::{AccountId, Arn, Partition};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// Everything that this AWS knows.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    pub(crate) keys: HashMap<String, Arc<Key>>,
    pub(crate) roles: Vec<Role>,
    /// With the path, as IAM says it, by name.
    pub(crate) users: BTreeMap<String, Arn>,
    /// By name.
    pub(crate) groups: BTreeMap<String, Group>,
    /// Private DNS names by instance id.
    pub(crate) instances: BTreeMap<String, String>,
    /// Of EKS.
    pub(crate) clusters: Vec<KubernetesCluster>,
}

/// One access key, and whose it is. No Debug: it holds the secret.
#[expect(clippy::struct_field_names, reason = "the field's name is AWS's own")]
pub(crate) struct Key {
    /// How the identities file calls whoever holds it; `<role>/<session name>` for sessions made since.
    pub(crate) holder: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    /// Temporary credentials are good only with this.
    pub(crate) session_token: Option<String>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) arn: Arn,
    /// `UserId` as `GetCallerIdentity` says it.
    pub(crate) user_id: String,
    /// The name of the role, where this is a session of one.
    pub(crate) role: Option<String>,
    /// Actions of IAM's that the holder may not call, as policies write them.
    pub(crate) denied: Vec<String>,
}

/// A cluster of EKS.
#[derive(Clone)]
pub(crate) struct KubernetesCluster {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) account: AccountId,
    /// The URL of its API server and the authority of that, as PEM; none while it is being made.
    pub(crate) reach: Option<(String, String)>,
}

/// A group of users.
#[derive(Clone)]
pub(crate) struct Group {
    /// With the path, as IAM says it.
    pub(crate) arn: Arn,
    /// The names of those in it, in their order.
    pub(crate) users: Vec<String>,
}

/// A role that can be assumed.
#[derive(Clone)]
pub(crate) struct Role {
    /// With the path, as IAM says it.
    pub(crate) arn: Arn,
    pub(crate) name: String,
    /// Holders of keys, or names of roles whose sessions may.
    pub(crate) assumable_by: Vec<String>,
    pub(crate) external_id: Option<String>,
    /// Whose code the trust policy asks for.
    pub(crate) mfa: Option<Mfa>,
    /// `MaxSessionDuration`, in seconds.
    pub(crate) max_session_seconds: i64,
}

/// An MFA device, and the code that it shows for ever.
#[derive(Clone)]
pub(crate) struct Mfa {
    pub(crate) serial: String,
    pub(crate) code: String,
}

impl Directory {
    /// The key of whoever the file calls by this name.
    pub(crate) fn held_by(&self, holder: &str) -> Option<&Arc<Key>> {
        self.keys.values().find(|key| key.holder == holder)
    }
}

impl Role {
    /// Whether the trust policy, as far as there is one here, lets the holder of a key in.
    pub(crate) fn trusts(&self, caller: &Key, external_id: Option<&str>) -> bool {
        let named = |name: &String| *name == caller.holder || Some(name) == caller.role.as_ref();
        self.external_id.as_deref().is_none_or(|expected| external_id == Some(expected))
            && self.assumable_by.iter().any(named)
    }

    /// The ARN of a session: without the role's path, as STS says it.
    pub(crate) fn session_arn(&self, session_name: &str) -> Arn {
        let resource = format!("assumed-role/{}/{session_name}", self.name);
        Arn { service: "sts".to_owned(), resource, ..self.arn.clone() }
    }

    /// `<unique id of the role>:<session name>`
    pub(crate) fn session_id(&self, session_name: &str) -> String {
        format!("{}:{session_name}", unique_id("AROA", &self.arn))
    }
}

/// A principal of IAM's in an account.
pub(crate) fn iam_arn(partition: Partition, account: AccountId, resource: String) -> Arn {
    Arn { partition, service: "iam".to_owned(), account, resource }
}

/// The unique id that IAM would make up (`AIDA…`, `AROA…`): the same for one ARN, every time.
pub(crate) fn unique_id(prefix: &str, arn: &Arn) -> String {
    format!("{prefix}{}", letters_and_digits(&arn.to_string(), 17))
}

/// `i-` and 8 or 17 hexadecimal digits.
pub(crate) fn is_instance_id(text: &str) -> bool {
    let digits = text.strip_prefix("i-").unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Upper-case letters and digits (base32) made from a seed.
pub(crate) fn letters_and_digits(seed: &str, length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    Sha256::digest(seed).iter().take(length).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}
