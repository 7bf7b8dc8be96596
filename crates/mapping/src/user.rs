//! Who the caller is in the cluster, in the terms of a `TokenReview`.

use std::collections::BTreeMap;

use identity::Identity;

use crate::RuleSource;

/// A Kubernetes user, as a TokenReview answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The username; empty only where aws-iam-authenticator lets somebody in without one.
    pub username: String,
    /// The groups, in the order of the rule.
    pub groups: Vec<String>,
    /// Stays the same for one principal: account and unique id.
    pub uid: String,
    /// What RBAC cannot see and audit logs show.
    pub extra: BTreeMap<String, Vec<String>>,
    /// The rule that says so.
    pub source: RuleSource,
    /// Whether the account's details are to be kept out of logs and answers.
    pub scrubbed: bool,
}

/// The prefix of our own `extra` keys. The existing ones hold capitals, which do not survive impersonation (Kubernetes,
/// `user.Info`: keys must be lower case for that), so each has a lower-case twin.
pub const EXTRA_PREFIX: &str = "cluster-auth.dev/";

impl User {
    /// A user whose uid and extra are made from the identity, as aws-iam-authenticator makes them.
    pub(crate) fn new(
        username: String,
        groups: Vec<String>,
        identity: &Identity,
        access_key_id: &str,
        source: RuleSource,
        scrubbed: bool,
    ) -> Self {
        let (uid, extra) = if scrubbed {
            (format!("aws-iam-authenticator:administrative:{username}"), BTreeMap::new())
        } else {
            let uid = format!("aws-iam-authenticator:{}:{}", identity.account, identity.unique_id);
            (uid, extra(identity, access_key_id))
        };
        Self { username, groups, uid, extra, source, scrubbed }
    }
}

fn extra(identity: &Identity, access_key_id: &str) -> BTreeMap<String, Vec<String>> {
    let session_name = identity.session_name().unwrap_or_default();
    let values = [
        ("arn", "arn", identity.arn()),
        ("canonicalArn", "canonical-arn", identity.canonical_arn()),
        ("sessionName", "session-name", session_name.to_owned()),
        ("accessKeyId", "access-key-id", access_key_id.to_owned()),
        ("principalId", "principal-id", identity.unique_id.clone()),
    ];
    let principal_id = ("sigs.k8s.io/aws-iam-authenticator/principalId".to_owned(), vec![identity.unique_id.clone()]);
    values
        .into_iter()
        .flat_map(|(existing, own, value)| {
            [(existing.to_owned(), vec![value.clone()]), (format!("{EXTRA_PREFIX}{own}"), vec![value])]
        })
        .chain([principal_id])
        .collect()
}
