//! Presigned requests: botocore's vectors.

use std::sync::Arc;

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Sent, changed, key, said};
use crate::{directory::Key, sigv4::Unverified};

struct Vector {
    name: String,
    sent: Sent,
    at: Timestamp,
    key: Arc<Key>,
}

fn vectors() -> Vec<Vector> {
    let file: Value = serde_json::from_str(include_str!("../../../testdata/presigned-tokens.json")).expect("JSON");
    let vectors = file["vectors"].as_array().expect("vectors").iter().map(|vector| {
        let text = |key: &str| vector[key].as_str().expect(key);
        let (host, query) = text("url").split_once("://").and_then(|(_, url)| url.split_once("/?")).expect("a URL");
        let mut sent = Sent::new("GET", host).header("x-k8s-aws-id", text("cluster_id"));
        sent.query = query.to_owned();
        Vector {
            name: text("name").to_owned(),
            sent,
            at: text("signed_at").parse().expect("a time"),
            key: key(text("access_key_id"), text("secret_access_key"), vector["session_token"].as_str()),
        }
    });
    vectors.collect()
}

/// The first one, whose key is static and whose host is us-west-2's.
fn vector() -> Vector {
    let vector = vectors().swap_remove(0);
    assert!(vector.key.session_token.is_none() && vector.sent.headers["host"] == "sts.us-west-2.amazonaws.com");
    vector
}

#[test]
fn botocores_vectors_verify_and_nothing_near_them_does() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 12);
    for Vector { name, sent, at, key } in vectors {
        let now = at + SignedDuration::from_mins(1);
        assert_eq!(sent.verify(&key, now), Ok(()), "{name}");
        let mismatch = Err(Unverified::Mismatch);
        let other_cluster = sent.clone().header("x-k8s-aws-id", "another");
        assert_eq!(other_cluster.verify(&key, now), mismatch, "{name}: another cluster");
        assert_eq!(sent.clone().without("x-k8s-aws-id").verify(&key, now), mismatch, "{name}: no cluster");
        let secret = changed(&key, |key| key.secret_access_key.push('x'));
        assert_eq!(sent.verify(&secret, now), mismatch, "{name}: another secret");
        assert_eq!(Sent { method: "POST", ..sent.clone() }.verify(&key, now), mismatch, "{name}: another method");
        assert_eq!(Sent { path: "/x", ..sent.clone() }.verify(&key, now), mismatch, "{name}: another path");
        assert_eq!(Sent { body: "x".to_owned(), ..sent }.verify(&key, now), mismatch, "{name}: a body");
    }
}

#[test]
fn every_byte_of_the_query_is_signed() {
    for Vector { name, sent, at, key } in vectors() {
        for position in 0..sent.query.len() {
            let mut query = sent.query.clone().into_bytes();
            // Neither is a hexadecimal digit, so that no escape becomes another spelling of itself.
            query[position] = if query[position] == b'x' { b'y' } else { b'x' };
            let query = String::from_utf8(query).expect("ASCII");
            let result = Sent { query: query.clone(), ..sent.clone() }.verify(&key, at);
            assert!(result.is_err(), "{name}: {query}");
        }
    }
}

#[test]
fn the_order_of_parameters_and_the_spelling_of_escapes_do_not_matter() {
    for Vector { name, sent, at, key } in vectors() {
        let mut parameters: Vec<_> = sent.query.split('&').collect();
        parameters.sort_unstable();
        parameters.reverse();
        let query = parameters.join("&").replace("%2F", "%2f").replace("GetCaller", "%47etCaller");
        assert_eq!(Sent { query, ..sent }.verify(&key, at), Ok(()), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_presigned_request_is_said() {
    let Vector { sent, key, .. } = vector();
    let rows = [
        ("an unknown key", "AKIAIOSF", "AKIAXXXX", "UnknownKey"),
        ("another service", "%2Fsts%2F", "%2Fec2%2F", "scope: Credential should be scoped to correct service: 'sts'."),
        (
            "another region",
            "%2Fus-west-2%2F",
            "%2Fus-east-2%2F",
            "scope: Credential should be scoped to a valid region, not 'us-east-2'.",
        ),
        (
            "another day",
            "%2F20260102%2F",
            "%2F20260103%2F",
            "scope: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260103' != '20260102', from '20260102T030405Z'.",
        ),
        (
            "another end",
            "aws4_request",
            "aws5_request",
            "scope: Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
        ),
        (
            "four fields",
            "%2Fsts%2F",
            "%2F",
            "incomplete: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/aws4_request'",
        ),
        ("another algorithm", "HMAC-SHA256", "HMAC-SHA1", "incomplete: X-Amz-Algorithm must be 'AWS4-HMAC-SHA256'"),
        (
            "host not signed",
            "host%3Bx-k8s-aws-id",
            "x-k8s-aws-id",
            "scope: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "headers not sorted",
            "host%3Bx-k8s-aws-id",
            "x-k8s-aws-id%3Bhost",
            "incomplete: SignedHeaders must be sorted, in lower case, each once",
        ),
        (
            "a header twice",
            "host%3B",
            "host%3Bhost%3B",
            "incomplete: SignedHeaders must be sorted, in lower case, each once",
        ),
        (
            "upper case",
            "host%3Bx-k8s",
            "Host%3Bx-k8s",
            "incomplete: SignedHeaders must be sorted, in lower case, each once",
        ),
        ("a header that was not sent", "host%3B", "host%3Bx-absent%3B", "Mismatch"),
        (
            "no date",
            "X-Amz-Date",
            "X-Amz-Dat",
            "incomplete: AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
        ),
        (
            "a date of another form",
            "X-Amz-Date=20260102T030405Z",
            "X-Amz-Date=2026-01-02T03%3A04%3A05Z",
            "incomplete: Date must be in ISO-8601 'basic format'. Got '2026-01-02T03:04:05Z'. See http://en.wikipedia.org/wiki/ISO_8601",
        ),
        (
            "more than a week",
            "Expires=60",
            "Expires=604801",
            "incomplete: X-Amz-Expires must be a number of seconds, at most 604800",
        ),
        (
            "a sign before the number",
            "Expires=60",
            "Expires=%2B60",
            "incomplete: X-Amz-Expires must be a number of seconds, at most 604800",
        ),
        (
            "no signature",
            "X-Amz-Signature",
            "Signature",
            "incomplete: AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters.",
        ),
        ("nothing of a signature", "X-Amz-", "Y-", "Missing"),
        ("a signature in upper case", "Signature=3e5d", "Signature=3E5D", "Mismatch"),
        ("a parameter twice", "&Version", "&action=x&Version", "incomplete: malformed"),
        ("a session token of nobody", "&X-Amz-Signature", "&X-Amz-Security-Token=x&X-Amz-Signature", "UnknownKey"),
        ("an empty session token", "&X-Amz-Signature", "&X-Amz-Security-Token=&X-Amz-Signature", "UnknownKey"),
        ("one more parameter", "&X-Amz-Signature", "&more=x&X-Amz-Signature", "Mismatch"),
    ];
    for (name, from, to, expected) in rows {
        assert!(sent.query.contains(from), "{name}");
        let changed = Sent { query: sent.query.replace(from, to), ..sent.clone() };
        assert_eq!(said(changed.verify(&key, vector().at)), expected, "{name}");
    }
}

#[test]
fn the_window_is_15_minutes_both_ways() {
    let Vector { sent, at, key, .. } = vector();
    let rows = [
        ("15 minutes old", 900, "ok"),
        (
            "older",
            901,
            "skewed: Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T031906Z - 15 min.)",
        ),
        ("15 minutes ahead", -900, "ok"),
        (
            "further ahead",
            -901,
            "skewed: Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T024904Z + 15 min.)",
        ),
    ];
    for (name, seconds, expected) in rows {
        assert_eq!(said(sent.verify(&key, at + SignedDuration::from_secs(seconds))), expected, "{name}");
    }
}

#[test]
fn temporary_keys_need_their_own_token_and_end() {
    let Vector { sent, at, key, .. } =
        vectors().into_iter().find(|vector| vector.key.session_token.is_some()).expect("one with a session token");
    let rows = [
        ("of another session", changed(&key, |key| key.session_token = Some("another".to_owned())), "UnknownKey"),
        ("of a long-term key", changed(&key, |key| key.session_token = None), "UnknownKey"),
        ("a second before its end", changed(&key, |key| key.expires = Some(at + SignedDuration::from_secs(1))), "ok"),
        ("at its end", changed(&key, |key| key.expires = Some(at)), "ExpiredKey"),
    ];
    for (name, key, expected) in rows {
        assert_eq!(said(sent.verify(&key, at)), expected, "{name}");
    }
}

#[test]
fn headers_are_taken_as_they_are_or_not_at_all() {
    let Vector { sent, at, key, .. } = vector();
    let rows = [
        ("blanks around", sent.clone().header("x-k8s-aws-id", "  my-cluster "), "ok"),
        ("another header, not AWS's", sent.clone().header("accept", "application/json"), "ok"),
        ("one of AWS's that is not signed", sent.clone().header("x-amz-meta", "x"), "unsigned: x-amz-meta"),
        ("a signed one twice", sent.clone().also("x-k8s-aws-id", "my-cluster"), "Mismatch"),
        (
            "signed in both ways",
            sent.clone().header("authorization", "AWS4-HMAC-SHA256 Credential=x"),
            "incomplete: Only one auth mechanism allowed; the query and the Authorization header",
        ),
    ];
    for (name, sent, expected) in rows {
        assert_eq!(said(sent.verify(&key, at)), expected, "{name}");
    }
    let mut not_text = sent;
    not_text.headers.insert("x-k8s-aws-id", HeaderValue::from_bytes(b"my-cluster\xff").expect("a value"));
    assert_eq!(not_text.verify(&key, at), Err(Unverified::Mismatch));
}
