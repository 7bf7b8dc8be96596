//! Sessions of roles that were made since the sandbox started.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use sha2::{Digest as _, Sha512};

use crate::directory::{Key, Role, letters_and_digits};

/// Sessions by access key id.
#[derive(Default)]
pub(crate) struct Sessions {
    by_id: RwLock<HashMap<String, Arc<Key>>>,
    made: AtomicU64,
}

/// How many sessions are remembered; beyond it, whichever ends first is forgotten.
const CAPACITY: usize = 10_000;

impl Sessions {
    pub(crate) fn get(&self, access_key_id: &str) -> Option<Arc<Key>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }

    /// Credentials of a new session of a role.
    pub(crate) fn make(&self, role: &Role, session_name: &str, expires: Timestamp, now: Timestamp) -> Arc<Key> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let seed = format!("{}/{session_name}/{number}/{}", role.arn, now.as_nanosecond());
        let key = Arc::new(Key {
            holder: format!("{}/{session_name}", role.name),
            access_key_id: format!("ASIA{}", letters_and_digits(&seed, 16)),
            secret_access_key: secret(&seed, 40),
            session_token: Some(session_token(&seed)),
            expires: Some(expires),
            arn: role.session_arn(session_name),
            user_id: role.session_id(session_name),
            role: Some(role.name.clone()),
            denied: Vec::new(),
        });
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        if by_id.len() >= CAPACITY {
            by_id.retain(|_, key| key.expires.is_none_or(|expires| now < expires));
        }
        if by_id.len() >= CAPACITY {
            let first = by_id.values().min_by_key(|key| key.expires).map(|key| key.access_key_id.clone());
            first.and_then(|id| by_id.remove(&id));
        }
        by_id.insert(key.access_key_id.clone(), Arc::clone(&key));
        key
    }
}

/// As long as AWS's are, and with the characters that have to be encoded in URLs: `+`, `/` and `=`.
fn session_token(seed: &str) -> String {
    let parts = ["session", "token", "of", "the", "sandbox"].map(|part| secret(&format!("{part}:{seed}"), 80));
    format!("IQoJb3JpZ2luX2Vj/+{}==", parts.concat())
}

fn secret(seed: &str, length: usize) -> String {
    let mut text = BASE64_STANDARD.encode(Sha512::digest(format!("secret:{seed}")));
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use identity::Partition;
    use jiff::{SignedDuration, Timestamp};

    use super::{CAPACITY, Sessions};
    use crate::directory::{Role, iam_arn};

    #[test]
    fn sessions_differ_and_the_first_to_end_makes_room() {
        let account = "111122223333".parse().expect("an account");
        let role = Role {
            arn: iam_arn(Partition::Aws, account, "role/ci/Deployer".to_owned()),
            name: "Deployer".to_owned(),
            assumable_by: Vec::new(),
            external_id: None,
            mfa: None,
            max_session_seconds: 3_600,
        };
        let (sessions, now) = (Sessions::default(), Timestamp::UNIX_EPOCH);
        let make = |seconds: i64, now| sessions.make(&role, "x", now + SignedDuration::from_secs(seconds), now);
        let first = make(900, now);
        assert_eq!(first.arn.to_string(), "arn:aws:sts::111122223333:assumed-role/Deployer/x");
        assert_eq!((first.access_key_id.len(), first.secret_access_key.len()), (20, 40));
        let mut last = make(3_600, now);
        for _ in 1..CAPACITY {
            last = make(3_600, now);
        }
        assert!(first.access_key_id != last.access_key_id && first.session_token != last.session_token);
        assert!(sessions.get(&first.access_key_id).is_none(), "one too many, and it would have ended first");
        assert!(sessions.get(&last.access_key_id).is_some());

        make(900, now + SignedDuration::from_secs(3_600));
        assert!(sessions.get(&last.access_key_id).is_none(), "the ended ones make room");
    }
}
