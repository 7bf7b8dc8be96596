//! What an answer of `GetCallerIdentity` says about the caller, and which answers contradict themselves.

use identity::{Identity, IdentityError, Principal};
use proptest::prelude::*;

const ACCOUNT: &str = "111122223333";

fn read(resource: &str, user_id: &str) -> Result<Identity, IdentityError> {
    Identity::from_answer(&format!("arn:aws:{resource}"), ACCOUNT, user_id)
}

#[test]
fn every_kind_of_caller_is_read() {
    // Resource after the partition, UserId, canonical ARN's resource, session name, unique id.
    let cases = [
        ("iam::111122223333:user/alice", "AIDAX", "iam::111122223333:user/alice", None, "AIDAX"),
        ("iam::111122223333:user/a/b/alice", "AIDAX", "iam::111122223333:user/a/b/alice", None, "AIDAX"),
        ("iam::111122223333:root", ACCOUNT, "iam::111122223333:root", None, ACCOUNT),
        (
            "sts::111122223333:assumed-role/Admin/alice@example.com",
            "AROAX:alice@example.com",
            "iam::111122223333:role/Admin",
            Some("alice@example.com"),
            "AROAX",
        ),
        (
            "sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alice",
            "AROAX:alice",
            "iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef",
            Some("alice"),
            "AROAX",
        ),
        (
            "sts::111122223333:federated-user/bob",
            "111122223333:bob",
            "sts::111122223333:federated-user/bob",
            None,
            "111122223333:bob",
        ),
    ];
    for (resource, user_id, canonical, session, unique_id) in cases {
        let identity = read(resource, user_id).unwrap_or_else(|error| panic!("{resource}: {error}"));
        assert_eq!(identity.arn(), format!("arn:aws:{resource}"));
        assert_eq!(identity.canonical_arn(), format!("arn:aws:{canonical}"));
        assert_eq!(identity.session_name(), session, "{resource}");
        assert_eq!(identity.unique_id, unique_id, "{resource}");
    }
}

#[test]
fn the_path_of_a_user_is_kept_apart_from_the_name() {
    for (resource, path, name) in [("user/alice", "/", "alice"), ("user/ops/eu/alice", "/ops/eu/", "alice")] {
        let identity = read(&format!("iam::{ACCOUNT}:{resource}"), "AIDAX");
        let expected = Principal::User { path: path.to_owned(), name: name.to_owned() };
        assert_eq!(identity.map(|identity| identity.principal), Ok(expected));
    }
}

#[test]
fn what_is_no_caller_is_refused() {
    let cases = [
        "iam::111122223333:role/Admin",
        "iam::111122223333:group/Admins",
        "iam::111122223333:user",
        "iam::111122223333:user/",
        "iam::111122223333:user/ops/",
        "iam::111122223333:user//alice",
        "iam::111122223333:users/alice",
        "iam::111122223333:root/",
        "iam::111122223333:root/x",
        "iam::111122223333:assumed-role/Admin/alice",
        "sts::111122223333:root",
        "sts::111122223333:user/alice",
        "sts::111122223333:assumed-role/Admin",
        "sts::111122223333:assumed-role/Admin/",
        "sts::111122223333:assumed-role//alice",
        "sts::111122223333:assumed-role/path/Admin/alice",
        "sts::111122223333:federated-user/",
        "sts::111122223333:federated-user/a/b",
        "sts::111122223333:Assumed-Role/Admin/alice",
        "s3::111122223333:user/alice",
        "::111122223333:user/alice",
    ];
    for resource in cases {
        assert_eq!(read(resource, "AIDAX"), Err(IdentityError::Kind), "{resource}");
    }
}

#[test]
fn a_user_id_that_does_not_fit_is_refused() {
    let cases = [
        ("iam::111122223333:user/alice", ""),
        ("iam::111122223333:user/alice", "AIDAX:alice"),
        ("iam::111122223333:user/alice", "AIDA X"),
        ("iam::111122223333:root", "444455556666"),
        ("iam::111122223333:root", "AIDAX"),
        ("sts::111122223333:assumed-role/Admin/alice", "AROAX"),
        ("sts::111122223333:assumed-role/Admin/alice", "AROAX:eve"),
        ("sts::111122223333:assumed-role/Admin/alice", "AROAX:Alice"),
        ("sts::111122223333:assumed-role/Admin/alice", ":alice"),
        ("sts::111122223333:assumed-role/Admin/alice", "AROAX:alice:alice"),
        ("sts::111122223333:federated-user/bob", "bob"),
        ("sts::111122223333:federated-user/bob", "444455556666:bob"),
        ("sts::111122223333:federated-user/bob", "111122223333:eve"),
    ];
    for (resource, user_id) in cases {
        assert_eq!(read(resource, user_id), Err(IdentityError::UserIdMismatch), "{resource} {user_id}");
    }
}

#[test]
fn the_account_must_be_the_one_of_the_arn() {
    let arn = "arn:aws:iam::111122223333:user/alice";
    for account in ["444455556666", "", "0111122223333", "111122223333 "] {
        assert_eq!(Identity::from_answer(arn, account, "AIDAX"), Err(IdentityError::AccountMismatch), "{account:?}");
    }
}

proptest! {
    #[test]
    fn a_caller_that_was_read_has_the_arn_that_was_read(
        resource in "(iam|sts)::111122223333:(user|root|assumed-role|federated-user)(/{1,2}[a-zA-Z+=,.@:-]{0,3}){0,3}",
        id in "[A-Z]{1,3}",
    ) {
        let last = resource.rsplit('/').next().unwrap_or_default();
        for user_id in [id.clone(), format!("{id}:{last}"), ACCOUNT.to_owned(), format!("{ACCOUNT}:{last}")] {
            if let Ok(identity) = read(&resource, &user_id) {
                prop_assert_eq!(identity.arn(), format!("arn:aws:{resource}"));
            }
        }
    }
}
