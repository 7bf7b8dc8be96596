//! Requests signed by headers: AWS's own signer.

use std::{sync::Arc, time::SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use jiff::{SignedDuration, Timestamp};

use super::{Sent, changed, key, said};
use crate::directory::Key;

const FORM: &str = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FX";

const WEST: &str = "sts.us-west-2.amazonaws.com";

fn noon() -> Timestamp {
    "2026-01-02T12:00:00Z".parse().expect("a time")
}

/// Signs as every SDK does: all headers that are there, and those that the signature needs.
fn signed(mut sent: Sent, key: &Key, region: &str, service: &str, settings: SigningSettings) -> Sent {
    let credentials =
        Credentials::new(&key.access_key_id, &key.secret_access_key, key.session_token.clone(), None, "test");
    let identity = credentials.into();
    let params = v4::SigningParams::builder().identity(&identity).region(region).name(service);
    let params = params.time(SystemTime::from(noon())).settings(settings).build().expect("all parameters").into();
    let url = format!("https://{}/?{}", sent.headers["host"].to_str().expect("text"), sent.query);
    let headers = sent.headers.clone();
    let headers = headers.iter().filter(|(name, _)| *name != "host");
    let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().expect("text")));
    let request = SignableRequest::new(sent.method, url, headers, SignableBody::Bytes(sent.body.as_bytes()));
    let (instructions, _) = sign(request.expect("a request"), &params).expect("a signature").into_parts();
    let (headers, parameters) = instructions.into_parts();
    assert!(parameters.is_empty());
    for header in headers {
        sent = sent.header(header.name(), header.value());
    }
    sent
}

fn post(host: &str) -> Sent {
    let sent = Sent::new("POST", host).header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    Sent { body: FORM.to_owned(), ..sent }
}

fn alice() -> Arc<Key> {
    key("AKIASANDBOXALICE0000", "sandbox/alice/0123456789abcdefghijklmnop", None)
}

fn dave() -> Arc<Key> {
    key("ASIASANDBOXDAVE00000", "sandbox/dave/0123456789abcdefghijklmnopq", Some("to+ken/of=dave=="))
}

#[test]
fn aws_sigv4_is_understood() {
    let with_checksum = || {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings
    };
    let get = || Sent { query: "Action=GetCallerIdentity&Version=2011-06-15".to_owned(), ..Sent::new("GET", WEST) };
    let rows = [
        ("a form", post(WEST), alice(), "us-west-2", "sts", SigningSettings::default()),
        ("with a session token", post(WEST), dave(), "us-west-2", "sts", SigningSettings::default()),
        ("with the hash of the body", post(WEST), dave(), "us-west-2", "sts", with_checksum()),
        ("a query", get(), alice(), "us-west-2", "sts", SigningSettings::default()),
        ("the global host", post("sts.amazonaws.com"), alice(), "us-east-1", "sts", SigningSettings::default()),
        ("EC2", post("ec2.eu-west-1.amazonaws.com"), dave(), "eu-west-1", "ec2", SigningSettings::default()),
        (
            "headers of our own",
            post(WEST).header("x-amz-source-arn", "arn:aws:eks:x:1:cluster/a").header("x-two", "a   b"),
            alice(),
            "us-west-2",
            "sts",
            SigningSettings::default(),
        ),
        ("any region on this machine", post("localhost:8443"), alice(), "mars-1", "sts", SigningSettings::default()),
    ];
    for (name, sent, key, region, service, settings) in rows {
        assert_eq!(said(signed(sent, &key, region, service, settings).verify(&key, noon())), "ok", "{name}");
    }
}

#[test]
fn what_is_wrong_with_signed_headers_is_said() {
    let good = || signed(post(WEST), &alice(), "us-west-2", "sts", SigningSettings::default());
    let temporary = || signed(post(WEST), &dave(), "us-west-2", "sts", SigningSettings::default());
    let scope_of = |region, service| signed(post(WEST), &alice(), region, service, SigningSettings::default());
    assert_eq!(said(temporary().verify(&dave(), noon())), "ok");
    let empty_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let rows = [
        ("another body", Sent { body: FORM.replace('X', "Y"), ..good() }, "Mismatch"),
        ("another query", Sent { query: "x=y".to_owned(), ..good() }, "Mismatch"),
        ("another content type", good().header("content-type", "application/json"), "Mismatch"),
        ("another host of the region", good().header("host", "sts.us-west-2.api.aws"), "Mismatch"),
        ("another date", good().header("x-amz-date", "20260102T115959Z"), "Mismatch"),
        (
            "another region's host",
            good().header("host", "sts.us-east-2.amazonaws.com"),
            "scope: Credential should be scoped to a valid region, not 'us-west-2'.",
        ),
        (
            "another service's host",
            good().header("host", "ec2.us-west-2.amazonaws.com"),
            "scope: Credential should be scoped to correct service: 'ec2'.",
        ),
        (
            "signed for EC2",
            scope_of("us-west-2", "ec2"),
            "scope: Credential should be scoped to correct service: 'sts'.",
        ),
        (
            "signed for another region",
            scope_of("eu-west-1", "sts"),
            "scope: Credential should be scoped to a valid region, not 'eu-west-1'.",
        ),
        ("a hash of something else", good().header("x-amz-content-sha256", empty_hash), "Mismatch"),
        ("no hash at all", good().header("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "Mismatch"),
        ("a header more", good().header("x-amz-more", "x"), "unsigned: x-amz-more"),
        ("no signature", good().without("authorization"), "Missing"),
        (
            "no date",
            good().without("x-amz-date"),
            "incomplete: Authorization header requires existence of a 'X-Amz-Date' header.",
        ),
        (
            "another scheme",
            good().header("authorization", "Bearer x"),
            "incomplete: Authorization must start with 'AWS4-HMAC-SHA256'",
        ),
        (
            "a part is missing",
            good().replace("authorization", "Signature=", "Signed="),
            "incomplete: Authorization header requires 'Signature' parameter.",
        ),
        (
            "a part twice",
            good().replace("authorization", "Signature=", "Signature=x, Signature="),
            "incomplete: Authorization header has more than three parameters.",
        ),
        (
            "no pair",
            good().replace("authorization", "Signature=", "Signature"),
            "incomplete: not a valid key=value pair (missing equal-sign) in Authorization header",
        ),
        (
            "two of them",
            good().also("authorization", "AWS4-HMAC-SHA256 Credential=x"),
            "incomplete: Authorization header has more than three parameters.",
        ),
        ("a session token for a long-term key", good().header("x-amz-security-token", "x"), "UnknownKey"),
    ];
    for (name, sent, expected) in rows {
        assert_eq!(said(sent.verify(&alice(), noon())), expected, "{name}");
    }
    assert_eq!(said(temporary().without("x-amz-security-token").verify(&dave(), noon())), "UnknownKey");
    let other_secret = changed(&alice(), |key| key.secret_access_key.push('x'));
    assert_eq!(said(good().verify(&other_secret, noon())), "Mismatch");
    assert!(said(good().verify(&alice(), noon() + SignedDuration::from_mins(16))).starts_with("skewed: Signature exp"));
}
