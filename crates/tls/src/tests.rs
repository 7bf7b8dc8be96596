//! Pairs that can be used, and what is said about those that cannot.

use std::fs;

use jiff::{SignedDuration, Timestamp};

use crate::{Authority, Leaf, Roots, ServerIdentity, Usage, client_config, inspect, last_certificate};

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn authority() -> Authority {
    Authority::new("test", now(), SignedDuration::from_hours(24)).expect("made")
}

fn leaf() -> Leaf {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    Leaf { common_name: "test".to_owned(), organization: None, names, usage: Usage::Server }
}

#[test]
fn a_leaf_names_what_it_is_valid_for_and_the_chain_ends_in_its_authority() {
    let authority = authority();
    let pair = authority.issue(&leaf()).expect("issued");
    let inspection = inspect(pair.cert_pem()).expect("readable");
    assert_eq!(inspection.names, ["localhost", "127.0.0.1", "::1"]);
    assert_eq!((inspection.not_before, inspection.is_authority), (now(), false));
    let chain = format!("{}{}", pair.cert_pem(), authority.cert_pem());
    let last = last_certificate(&chain).expect("a certificate");
    assert_eq!(last.replace('\r', "").trim(), authority.cert_pem().replace('\r', "").trim());
    assert!(inspect(&last).expect("readable").is_authority);
}

#[test]
fn an_unusable_pair_is_refused_in_words_that_name_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let authority = authority();
    let (pair, other) = (authority.issue(&leaf()).expect("issued"), authority.issue(&leaf()).expect("issued"));
    let later = |hours| now() + SignedDuration::from_hours(hours);
    let cases = [
        ("a good pair", pair.cert_pem(), pair.key_pem(), later(1), None),
        ("no certificate", "", pair.key_pem(), later(1), Some("cert.pem: it holds no certificate")),
        ("a key as certificate", pair.key_pem(), pair.key_pem(), later(1), Some("cert.pem: it holds no certificate")),
        ("no key", pair.cert_pem(), "", later(1), Some("key.pem: it holds no private key")),
        ("another's key", pair.cert_pem(), other.key_pem(), later(1), Some("key.pem: the key does not belong")),
        ("after its end", pair.cert_pem(), pair.key_pem(), later(25), Some("cert.pem: the certificate has expired")),
        (
            "before its start",
            pair.cert_pem(),
            pair.key_pem(),
            later(-1),
            Some("cert.pem: the certificate is not valid yet"),
        ),
    ];
    for (name, cert_pem, key_pem, at, expected) in cases {
        fs::write(&cert, cert_pem).expect("written");
        fs::write(&key, key_pem).expect("written");
        let problem = ServerIdentity::load(&cert, &key, at).err().map(|error| error.to_string());
        match (problem, expected) {
            (None, None) => {}
            (Some(problem), Some(expected)) => assert!(problem.contains(expected), "{name}: {problem}"),
            (problem, expected) => panic!("{name}: {problem:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn pairs_of_the_existing_authenticator_are_used_as_they_are() {
    // Self-signed, CA:TRUE, RSA-2048 with the key as PKCS#1: made by aws-iam-authenticator 0.7.18 `init`. A test's key.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/aws-iam-authenticator");
    let path = |name: &str| std::path::Path::new(folder).join(name);
    let at = "2027-01-01T00:00:00Z".parse().expect("a time");
    let identity = ServerIdentity::load(&path("cert.pem"), &path("key.pem"), at).expect("usable");
    assert_eq!(identity.names(), ["localhost", "127.0.0.1"]);
}

#[test]
fn only_the_given_roots_are_trusted_and_none_at_all_is_an_error() {
    assert!(client_config(&Roots::Only(authority().cert_pem().into())).is_ok());
    assert!(client_config(&Roots::Only(Vec::new())).is_err());
    assert!(
        client_config(&Roots::Only(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----".to_vec())).is_err()
    );
}
