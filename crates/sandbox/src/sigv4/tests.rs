//! The verifier against botocore's vectors, and what it says to everything that is not quite one of them.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Signed, verify};
use crate::keys::{Key, Keys, iam_arn};

struct Vector {
    name: String,
    url: String,
    cluster_id: String,
    at: Timestamp,
    keys: Keys,
}

fn vectors() -> Vec<Vector> {
    let file: Value = serde_json::from_str(include_str!("../../testdata/presigned-tokens.json")).expect("JSON");
    let vectors = file["vectors"].as_array().expect("vectors").iter().map(|vector| {
        let text = |key: &str| vector[key].as_str().expect(key).to_owned();
        let account = "111122223333".parse().expect("an account");
        let key = Key {
            holder: "x".to_owned(),
            access_key_id: text("access_key_id"),
            secret_access_key: text("secret_access_key"),
            session_token: vector["session_token"].as_str().map(str::to_owned),
            expires: None,
            arn: iam_arn(identity::Partition::Aws, account, "user/x".to_owned()),
            user_id: "AIDAX".to_owned(),
        };
        let mut keys = Keys::default();
        keys.by_id.insert(key.access_key_id.clone(), key);
        Vector {
            name: text("name"),
            url: text("url"),
            cluster_id: text("cluster_id"),
            at: text("signed_at").parse().expect("a time"),
            keys,
        }
    });
    vectors.collect()
}

/// Sends a URL with a cluster id: the code of the refusal, or `ok`.
fn ask(url: &str, cluster_id: &str, keys: &Keys, now: Timestamp) -> String {
    let (_, rest) = url.split_once("://").expect("a URL");
    let (host, query) = rest.split_once("/?").expect("a query");
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_str(host).expect("a host"));
    headers.insert(HeaderName::from_static("x-k8s-aws-id"), HeaderValue::from_str(cluster_id).expect("an id"));
    let request = Signed { method: "GET", path: "/", query, headers: &headers, body: b"" };
    match verify(&request, keys, now) {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            format!("{} {} {}", error.status, error.code, error.message.split(':').next().unwrap_or_default())
        }
    }
}

#[test]
fn tokens_of_botocore_verify_and_nothing_near_them_does() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 12);
    for Vector { name, url, cluster_id, at, keys } in vectors {
        let soon = at + SignedDuration::from_mins(1);
        assert_eq!(ask(&url, &cluster_id, &keys, soon), "ok", "{name}");
        let mismatch = |url: &str, id: &str, keys: &Keys, what: &str| {
            let said = ask(url, id, keys, soon);
            assert!(said.starts_with("403 SignatureDoesNotMatch"), "{name}, {what}: {said}");
        };
        mismatch(&url, "another", &keys, "another cluster");
        let (start, last) = url.split_at(url.len() - 1);
        mismatch(&format!("{start}{}", if last == "0" { "1" } else { "0" }), &cluster_id, &keys, "another signature");
        mismatch(&url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"), &cluster_id, &keys, "a changed parameter");
        let mut others = keys.clone();
        others.by_id.values_mut().for_each(|key| key.secret_access_key.push('x'));
        mismatch(&url, &cluster_id, &others, "another secret");
    }
}

#[test]
fn what_is_refused_has_the_code_that_aws_has_for_it() {
    let Vector { url, cluster_id, at, keys, .. } = vectors().swap_remove(0);
    let minutes = SignedDuration::from_mins;
    let rows = [
        ("15 minutes old", url.clone(), at + minutes(15), "ok"),
        (
            "older",
            url.clone(),
            at + minutes(15) + SignedDuration::from_secs(1),
            "403 SignatureDoesNotMatch Signature expired",
        ),
        ("ahead", url.clone(), at - minutes(16), "403 SignatureDoesNotMatch Signature not yet current"),
        (
            "unknown key",
            url.replace("AKIAIOSF", "AKIAXXXX"),
            at,
            "403 InvalidClientTokenId The security token included in the request is invalid.",
        ),
        (
            "another region's host",
            url.replace("sts.us-west-2", "sts.us-east-2"),
            at,
            "403 SignatureDoesNotMatch Credential should be scoped to a valid region.",
        ),
        (
            "another service",
            url.replace("%2Fsts%2F", "%2Fec2%2F"),
            at,
            "403 SignatureDoesNotMatch Credential should be scoped to correct service",
        ),
        (
            "another day",
            url.replace("%2F20260102%2F", "%2F20260103%2F"),
            at,
            "403 SignatureDoesNotMatch Credential should be scoped to the date of the request.",
        ),
        (
            "host not signed",
            url.replace("host%3Bx-k8s-aws-id", "x-k8s-aws-id"),
            at,
            "403 AccessDenied There were headers present in the request which were not signed",
        ),
        (
            "headers not sorted",
            url.replace("host%3Bx-k8s-aws-id", "x-k8s-aws-id%3Bhost"),
            at,
            "400 IncompleteSignature the signed headers must be sorted, once each, in lower case",
        ),
        ("no date", url.replace("X-Amz-Date", "X-Amz-Dat"), at, "400 IncompleteSignature X-Amz-Date is missing"),
        (
            "a parameter twice",
            url.replace("&Version", "&action=x&Version"),
            at,
            "400 MalformedQueryString The query string contains a syntax error.",
        ),
        (
            "no signature at all",
            url.replace("X-Amz-Signature", "Signature"),
            at,
            "403 MissingAuthenticationToken Request is missing Authentication Token",
        ),
        (
            "a session token of nobody",
            format!("{url}&X-Amz-Security-Token=x"),
            at,
            "403 InvalidClientTokenId The security token included in the request is invalid.",
        ),
    ];
    for (name, url, now, expected) in rows {
        assert_eq!(ask(&url, &cluster_id, &keys, now), expected, "{name}");
    }
    let mut expired = keys.clone();
    expired.by_id.values_mut().for_each(|key| key.expires = Some(at));
    assert!(ask(&url, &cluster_id, &expired, at).starts_with("403 ExpiredToken"));
}
