//! What the authenticator that runs today said, read from its answer.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A "yes" or a "no". What is in an answer besides passes on unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// May log in, as this user.
    Granted(TheirUser),
    /// May not.
    Refused,
}

/// Who somebody is in the cluster, by the predecessor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TheirUser {
    pub(crate) username: String,
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
    pub(crate) extra: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Review {
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    authenticated: Option<bool>,
    user: Option<UserInfo>,
}

#[derive(Default, Deserialize)]
struct UserInfo {
    username: Option<String>,
    uid: Option<String>,
    groups: Option<Vec<String>>,
    extra: Option<BTreeMap<String, Option<Vec<String>>>>,
}

impl Decision {
    /// Reads the body of an answer with status 200; nothing, where an API server could not read it either.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let review: Review = serde_json::from_slice(body).ok()?;
        let Some(Status { authenticated: Some(true), user }) = review.status else { return Some(Self::Refused) };
        let UserInfo { username, uid, groups, extra } = user.unwrap_or_default();
        Some(Self::Granted(TheirUser {
            username: username.unwrap_or_default(),
            uid: uid.unwrap_or_default(),
            groups: groups.unwrap_or_default(),
            extra: extra
                .unwrap_or_default()
                .into_iter()
                .map(|(key, values)| (key, values.unwrap_or_default()))
                .collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, TheirUser};

    #[test]
    fn answers_are_read_as_an_api_server_reads_them() {
        // What aws-iam-authenticator 0.7.18 answers.
        let granted = r#"{"metadata":{},"spec":{},"status":{"authenticated":true,"user":{"username":"alice","uid":"u","groups":["a","b"],"extra":{"arn":["x"]}}}}"#;
        let alice = TheirUser {
            username: "alice".to_owned(),
            uid: "u".to_owned(),
            groups: vec!["a".to_owned(), "b".to_owned()],
            extra: [("arn".to_owned(), vec!["x".to_owned()])].into(),
        };
        let nobody = || Some(Decision::Granted(TheirUser::default()));
        let refused = || Some(Decision::Refused);
        let rows = [
            ("granted", granted, Some(Decision::Granted(alice))),
            ("its refusal", r#"{"metadata":{},"spec":{},"status":{"user":{}}}"#, refused()),
            ("of others", r#"{"status":{"authenticated":false,"error":"no"}}"#, refused()),
            ("a user that is not authenticated", r#"{"status":{"user":{"username":"alice"}}}"#, refused()),
            ("without a status", "{}", refused()),
            ("null", r#"{"status":null}"#, refused()),
            ("nobody's name", r#"{"status":{"authenticated":true}}"#, nobody()),
            (
                "nulls",
                r#"{"status":{"authenticated":true,"user":{"username":null,"groups":null,"extra":null}}}"#,
                nobody(),
            ),
            ("a word for a yes", r#"{"status":{"authenticated":"true"}}"#, None),
            ("groups that are none", r#"{"status":{"authenticated":true,"user":{"groups":"a"}}}"#, None),
            ("no object", "[]", None),
            ("no JSON", "ok", None),
            ("nothing", "", None),
            ("half of it", &granted[..40], None),
        ];
        for (name, body, expected) in rows {
            assert_eq!(Decision::read(body.as_bytes()), expected, "{name}");
        }
    }
}
