//! Pairs that can be used, and what is said about those that cannot.

use std::{fs, path::PathBuf, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{
    Authority, Leaf, ReloadingResolver, Roots, ServerIdentity, Usage, client_config, client_config_as, inspect,
    last_certificate, pem, server_config,
};

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

fn testdata(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
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
    let two_keys = format!("{}{}", pair.key_pem(), other.key_pem());
    let later = |hours| now() + SignedDuration::from_hours(hours);
    let cases = [
        ("a good pair", pair.cert_pem(), pair.key_pem(), later(1), None),
        ("no certificate", "", pair.key_pem(), later(1), Some("cert.pem: it is not PEM")),
        ("a key as certificate", pair.key_pem(), pair.key_pem(), later(1), Some("cert.pem: it holds no certificate")),
        ("no key", pair.cert_pem(), "", later(1), Some("key.pem: it is not PEM")),
        ("a certificate as key", pair.cert_pem(), pair.cert_pem(), later(1), Some("key.pem: it holds no private key")),
        ("two keys", pair.cert_pem(), &two_keys, later(1), Some("key.pem: it holds 2 private keys")),
        ("half a certificate", &pair.cert_pem()[..200], pair.key_pem(), later(1), Some("cert.pem: a PEM block in it")),
        ("half a key", pair.cert_pem(), &pair.key_pem()[..100], later(1), Some("key.pem: a PEM block in it")),
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
fn a_missing_file_is_told_from_one_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("cert.pem");
    let error = ServerIdentity::load(&missing, &missing, now()).expect_err("nothing there").to_string();
    assert!(error.ends_with("cert.pem does not exist; `cluster-auth init` makes certificate and key"), "{error}");
    let error = ServerIdentity::load(folder.path(), &missing, now()).expect_err("a folder").to_string();
    assert!(error.starts_with("cannot read "), "{error}");
}

#[test]
fn keys_are_read_in_every_form_that_operators_have_them_in() {
    let at = "2027-01-01T00:00:00Z".parse().expect("a time");
    let cases = [
        // Self-signed, CA:TRUE, RSA-2048 with the key as PKCS#1: what `aws-iam-authenticator init` makes.
        ("aws-iam-authenticator/cert.pem", "aws-iam-authenticator/key.pem", None),
        ("keys/rsa.cert.pem", "keys/rsa-pkcs1.key.pem", None),
        ("keys/rsa.cert.pem", "keys/rsa-pkcs8.key.pem", None),
        ("keys/ec.cert.pem", "keys/ec-pkcs8.key.pem", None),
        ("keys/ec.cert.pem", "keys/ec-sec1.key.pem", None),
        ("keys/ec.cert.pem", "keys/rsa-pkcs1.key.pem", Some("does not belong to the certificate")),
        ("keys/ec.cert.pem", "keys/ec-encrypted.key.pem", Some("is encrypted")),
        ("keys/rsa.cert.pem", "keys/rsa-pkcs1-encrypted.key.pem", Some("is encrypted")),
        ("keys/p521.cert.pem", "keys/p521.key.pem", Some("of a kind that cannot be used")),
    ];
    for (certificate, key, expected) in cases {
        match (ServerIdentity::load(&testdata(certificate), &testdata(key), at), expected) {
            (Ok(identity), None) => assert_eq!(identity.inspection().names, ["localhost", "127.0.0.1"], "{key}"),
            (Err(error), Some(expected)) => {
                let error = error.to_string();
                assert!(error.contains(key) && error.contains(expected) && !error.contains('\n'), "{key}: {error}");
            }
            (outcome, _) => panic!("{key}: {:?}", outcome.err().map(|error| error.to_string())),
        }
    }
}

#[test]
fn a_pair_in_memory_is_checked_as_files_are() {
    let (authority, other) = (authority(), authority());
    let pair = authority.issue(&leaf()).expect("issued");
    let stranger = other.issue(&leaf()).expect("issued");
    assert!(ServerIdentity::from_pem(pair.cert_pem(), pair.key_pem(), now()).is_ok());
    let error = ServerIdentity::from_pem(pair.cert_pem(), stranger.key_pem(), now()).expect_err("another's key");
    assert!(error.to_string().starts_with("key: the key does not belong to the certificate"), "{error}");
}

#[test]
fn certificates_say_what_they_may_be_used_for() {
    let authority = authority();
    let read = |pem: &str| pem::certificates(pem).expect("PEM").remove(0);
    let certificate = read(authority.cert_pem());
    let (_, ca) = X509Certificate::from_der(&certificate).expect("X.509");
    let usage = ca.key_usage().expect("readable").expect("there").value;
    assert!(ca.is_ca() && usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
    for (usage, server, client) in [(Usage::Server, true, false), (Usage::Client, false, true)] {
        let organization = Some("system:masters".to_owned());
        let pair = authority.issue(&Leaf { organization, usage, ..leaf() }).expect("issued");
        let certificate = read(pair.cert_pem());
        let (_, leaf) = X509Certificate::from_der(&certificate).expect("X.509");
        let extended = leaf.extended_key_usage().expect("readable").expect("there").value;
        assert_eq!((extended.server_auth, extended.client_auth), (server, client));
        assert!(leaf.key_usage().expect("readable").expect("there").value.digital_signature());
        let organization = leaf.subject().iter_organization().next().and_then(|name| name.as_str().ok());
        assert_eq!((leaf.is_ca(), organization), (false, Some("system:masters")));
        assert_ne!(leaf.serial, ca.serial);
    }
}

#[test]
fn a_certificate_covers_its_names_and_nothing_else() {
    let names = ["node.example.com", "*.example.org", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let pair = authority().issue(&Leaf { names, ..leaf() }).expect("issued");
    let inspection = inspect(pair.cert_pem()).expect("readable");
    let cases = [
        ("node.example.com", true),
        ("NODE.Example.com", true),
        ("other.example.com", false),
        ("a.example.org", true),
        ("a.b.example.org", false),
        ("example.org", false),
        ("127.0.0.1", true),
        ("127.0.0.2", false),
        ("0:0:0:0:0:0:0:1", true),
    ];
    for (host, expected) in cases {
        assert_eq!(inspection.covers(host), expected, "{host}");
    }
}

#[test]
fn connections_are_shown_the_pair_that_was_put_in_last() {
    let (old, new) = (authority(), authority());
    let identity = |authority: &Authority| {
        let pair = authority.issue(&leaf()).expect("issued");
        ServerIdentity::from_pem(pair.cert_pem(), pair.key_pem(), now()).expect("usable")
    };
    let resolver = ReloadingResolver::new(&identity(&old));
    let trusts_both = Roots::Only(format!("{}{}", old.cert_pem(), new.cert_pem()).into());
    let shown = || {
        let settings = server_config(Arc::<ReloadingResolver>::clone(&resolver)).expect("set up");
        handshake(&client_config(&trusts_both).expect("set up"), &settings).expect("the client accepts")
    };
    let (before, again) = (shown(), shown());
    assert_eq!(before, again);
    resolver.replace(&identity(&new));
    assert_ne!(shown(), before);
}

#[test]
fn a_client_can_show_a_certificate_of_its_own() {
    let authority = authority();
    let pair = authority.issue(&Leaf { usage: Usage::Client, ..leaf() }).expect("issued");
    let config = client_config_as(&Roots::Only(authority.cert_pem().into()), &pair).expect("set up");
    assert!(config.client_auth_cert_resolver.has_certs());
}

#[test]
fn only_the_given_roots_are_trusted_and_none_at_all_is_an_error() {
    assert!(client_config(&Roots::Only(authority().cert_pem().into())).is_ok());
    assert!(client_config(&Roots::Only(Vec::new())).is_err());
    assert!(
        client_config(&Roots::Only(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----".to_vec())).is_err()
    );
}

#[test]
fn whoever_trusts_nobody_accepts_no_certificate() {
    let pair = authority().issue(&leaf()).expect("issued");
    let identity = ServerIdentity::from_pem(pair.cert_pem(), pair.key_pem(), now()).expect("usable");
    let settings = server_config(ReloadingResolver::new(&identity)).expect("set up");
    let refused = handshake(&client_config(&Roots::Nobody).expect("set up"), &settings).expect_err("refused");
    assert_eq!(refused, rustls::CertificateError::UnknownIssuer.into());
}

/// A whole handshake in memory; returns the certificate that the client was shown, or why it refuses that.
fn handshake(client: &Arc<rustls::ClientConfig>, server: &Arc<rustls::ServerConfig>) -> Result<Vec<u8>, rustls::Error> {
    let mut client = Arc::unwrap_or_clone(Arc::clone(client));
    client.time_provider = Arc::new(Fixed);
    let name = "localhost".try_into().expect("a name");
    let mut client = rustls::ClientConnection::new(Arc::new(client), name).expect("a client");
    let mut server = rustls::ServerConnection::new(Arc::clone(server)).expect("a server");
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).expect("in memory");
        server.read_tls(&mut wire.as_slice()).expect("in memory");
        server.process_new_packets().expect("the server accepts");
        let mut wire = Vec::new();
        server.write_tls(&mut wire).expect("in memory");
        client.read_tls(&mut wire.as_slice()).expect("in memory");
        client.process_new_packets()?;
    }
    Ok(client.peer_certificates().expect("shown")[0].to_vec())
}

/// The tests' time, for verifying what is valid only then.
#[derive(Debug)]
struct Fixed;

impl rustls::time_provider::TimeProvider for Fixed {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let seconds = now().as_second().try_into().expect("after 1970");
        Some(rustls::pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}
