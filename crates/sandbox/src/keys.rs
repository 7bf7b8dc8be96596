//! Access keys: what signs, and whose it is.

use std::collections::HashMap;

use identity::{AccountId, Arn, Partition};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// One access key.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "the field's name is AWS's own")]
pub(crate) struct Key {
    /// How the identities file calls whoever holds it.
    pub(crate) holder: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    /// Temporary credentials are good only with this.
    pub(crate) session_token: Option<String>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) arn: Arn,
    pub(crate) user_id: String,
}

/// A role that can be assumed.
#[derive(Clone)]
pub(crate) struct Role {
    pub(crate) arn: Arn,
    pub(crate) name: String,
    pub(crate) assumable_by: Vec<String>,
    pub(crate) external_id: Option<String>,
}

/// Everything an account has.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    pub(crate) by_id: HashMap<String, Key>,
    pub(crate) roles: Vec<Role>,
    /// Private DNS names by instance id.
    pub(crate) instances: HashMap<String, String>,
    assumed: u64,
}

impl Keys {
    /// Credentials of a new session of a role.
    pub(crate) fn assume(&mut self, role: &Role, session_name: &str, expires: Timestamp) -> Key {
        self.assumed += 1;
        let seed = format!("{}/{session_name}/{}/{}", role.arn, self.assumed, expires.as_nanosecond());
        let key = Key {
            holder: format!("{}/{session_name}", role.name),
            access_key_id: format!("ASIA{}", &unique("key", &seed)[..16]),
            secret_access_key: unique("secret", &seed),
            session_token: Some(unique("session", &seed)),
            expires: Some(expires),
            arn: session_arn(&role.arn, &role.name, session_name),
            user_id: format!("{}:{session_name}", role_id(&role.arn)),
        };
        self.by_id.insert(key.access_key_id.clone(), key.clone());
        key
    }
}

/// The ARN of a role's session: without the role's path, as STS says it.
pub(crate) fn session_arn(role: &Arn, name: &str, session_name: &str) -> Arn {
    let resource = format!("assumed-role/{name}/{session_name}");
    Arn { service: "sts".to_owned(), resource, ..role.clone() }
}

/// A principal in an account.
pub(crate) fn iam_arn(partition: Partition, account: AccountId, resource: String) -> Arn {
    Arn { partition, service: "iam".to_owned(), account, resource }
}

/// The unique id of a role; the same for one ARN, as long as the sandbox is concerned.
pub(crate) fn role_id(role: &Arn) -> String {
    format!("AROA{}", &unique("role", &role.to_string())[..17])
}

/// The unique id of a user.
pub(crate) fn user_id(user: &Arn) -> String {
    format!("AIDA{}", &unique("user", &user.to_string())[..17])
}

fn unique(kind: &str, seed: &str) -> String {
    let hash = Sha256::digest(format!("{kind}:{seed}"));
    hash.iter().map(|byte| format!("{byte:02X}")).collect()
}
