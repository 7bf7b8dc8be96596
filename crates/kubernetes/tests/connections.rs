//! What is said where there is no connection, or no answer that an API server would give: each kind by real sockets.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use jiff::{SignedDuration, Timestamp};
use kubernetes::{Cluster, Kubeconfig, KubernetesError, Listener, Proxies};
use reading::Kind;
use rustls::{RootCertStore, ServerConfig, pki_types::pem::PemObject as _, server::WebPkiClientVerifier};
use tls::{Authority, Leaf, Pair, Usage};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// What a server sends for each request of a connection, in their order; it closes behind the last one.
type Answers = &'static [&'static str];

const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

fn authority(from: &str) -> Authority {
    Authority::new("test", time(from), SignedDuration::from_hours(24 * 365 * 50)).expect("an authority")
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn server_pair(authority: &Authority, names: &[&str]) -> Pair {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let leaf = Leaf { common_name: "test".to_owned(), organization: None, names, usage: Usage::Server };
    authority.issue(&leaf).expect("issued")
}

fn config(pair: &Pair, clients: Option<&Authority>) -> Arc<ServerConfig> {
    let chain =
        vec![rustls::pki_types::CertificateDer::from_pem_slice(pair.cert_pem().as_bytes()).expect("a certificate")];
    let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(pair.key_pem().as_bytes()).expect("a key");
    let builder = ServerConfig::builder_with_provider(tls::provider());
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            let pem = authority.cert_pem().as_bytes();
            roots.add(rustls::pki_types::CertificateDer::from_pem_slice(pem).expect("a certificate")).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), tls::provider()).build();
            builder.with_client_cert_verifier(verifier.expect("a verifier"))
        }
    };
    Arc::new(builder.with_single_cert(chain, key).expect("a pair"))
}

/// A server on loopback; its port.
async fn serve(tls: Option<Arc<ServerConfig>>, answers: Answers) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = tls.clone().map(TlsAcceptor::from);
            tokio::spawn(async move {
                match acceptor {
                    None => talk(stream, answers).await,
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            talk(stream, answers).await;
                        }
                    }
                }
            });
        }
    });
    port
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, answers: Answers) {
    let mut text = [0; 4096];
    for answer in answers {
        // One read is one request of ours, or one handshake of TLS.
        let Ok(1..) = stream.read(&mut text).await else { return };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// A port that nobody listens on: bound and given back.
async fn nobody() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address").port()
}

/// What a context says: the cluster's keys and the user's, in YAML's flow style.
async fn connect(cluster: &str, user: &str) -> Result<Cluster, KubernetesError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    );
    std::fs::write(&path, text).expect("written");
    let (kind, proxies, listener) = (Kind::Regular, Proxies::default(), Listener::Nobody);
    Kubeconfig { paths: vec![path], kind, is_given: false, context: None, server: None, proxies, listener, now }
        .connect()
        .await
}

fn now() -> Timestamp {
    time("2026-06-01T12:00:00Z")
}

async fn said(cluster: &str, user: &str) -> String {
    let answer = match connect(cluster, user).await {
        Ok(cluster) => cluster.get("/api/v1/namespaces/kube-system/configmaps/aws-auth").await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(found) => format!("an answer: {found:?}"),
        Err(error) => error.to_string(),
    }
}

fn trusting(authority: &Authority) -> String {
    format!("certificate-authority-data: {}", STANDARD.encode(authority.cert_pem()))
}

#[tokio::test]
async fn every_trouble_of_a_connection_is_said_in_kubectls_words() {
    let (ours, others) = (authority("2020-01-01T00:00:00Z"), authority("2020-01-01T00:00:00Z"));
    let over = Authority::new("test", time("2020-01-01T00:00:00Z"), SignedDuration::from_hours(24)).expect("made");
    let early = authority("2120-01-01T00:00:00Z");
    let here = |authority: &Authority| config(&server_pair(authority, &["127.0.0.1"]), None);
    let (ca, local) = (trusting(&ours), "server: 'https://127.0.0.1");
    let at = |port: u16, more: &str| format!("{local}:{port}', {more}");
    let bad_client = {
        let leaf = Leaf { common_name: "me".to_owned(), organization: None, names: Vec::new(), usage: Usage::Client };
        let pair = others.issue(&leaf).expect("issued");
        let [certificate, key] = [pair.cert_pem(), pair.key_pem()].map(|pem| STANDARD.encode(pem));
        format!("client-certificate-data: {certificate}, client-key-data: {key}")
    };
    // Accepts, and never says a word.
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mute_port = mute.local_addr().expect("an address").port();
    let proxied =
        |proxy: u16| format!("server: 'https://api.e2e.invalid:6443', proxy-url: 'http://127.0.0.1:{proxy}', {ca}");
    let pair = server_pair(&ours, &["127.0.0.1"]);
    let token = "token: SECRET";
    let http = |port: u16| format!("server: 'http://127.0.0.1:{port}'");

    let rows: Vec<(&str, String, &str, &str)> = vec![
        ("nobody listens", at(nobody().await, &ca), token, "connection refused"),
        ("no such name", format!("server: 'https://api.e2e.invalid:6443', {ca}"), token, "name or host"),
        ("no answer to the handshake", at(mute_port, &ca), token, "i/o timeout"),
        ("plain HTTP", at(serve(None, &["HTTP/1.1 400 Bad Request\r\n\r\n"]).await, &ca), token, "server gave HTTP response to HTTPS client"),
        ("another authority", at(serve(Some(here(&others)), &[EMPTY]).await, &ca), token, "x509: certificate signed by unknown authority"),
        (
            "another name",
            at(serve(Some(config(&server_pair(&ours, &["a.example.com", "10.0.0.1"]), None)), &[EMPTY]).await, &ca),
            token,
            "x509: certificate is valid for a.example.com, 10.0.0.1, not 127.0.0.1",
        ),
        (
            "over",
            at(serve(Some(here(&over)), &[EMPTY]).await, &trusting(&over)),
            token,
            "x509: certificate has expired or is not yet valid: current time is after 2020-01-02T00:00:00Z",
        ),
        (
            "not begun",
            at(serve(Some(here(&early)), &[EMPTY]).await, &trusting(&early)),
            token,
            "x509: certificate has expired or is not yet valid: current time is before 2120-01-01T00:00:00Z",
        ),
        (
            "the client's certificate is another's",
            at(serve(Some(config(&pair, Some(&ours))), &[EMPTY]).await, &ca),
            &bad_client,
            "the server refuses the client's certificate",
        ),
        (
            "no client certificate where one is wanted",
            at(serve(Some(config(&pair, Some(&ours))), &[EMPTY]).await, &ca),
            token,
            "the server refuses the client's certificate, or wants one",
        ),
        ("closed at once", at(serve(Some(here(&ours)), &[""]).await, &ca), token, "closed before the answer was there"),
        ("TLS without HTTP", at(serve(Some(here(&ours)), &["SSH-2.0-x\r\n\r\n"]).await, &ca), token, "malformed HTTP response"),
        ("no TLS where it is needed", http(serve(None, &["HTTP/1.1 400 Bad Request\r\nContent-Length: 48\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"]).await), token, "client sent an HTTP request to an HTTPS server; write https://"),
        ("no proxy there", proxied(nobody().await), token, "proxyconnect: connection refused; check the proxy"),
        ("a proxy that wants a password", proxied(serve(None, &["HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"]).await), token, "Proxy Authentication Required"),
        ("a proxy that refuses", proxied(serve(None, &["HTTP/1.1 403 Forbidden\r\n\r\n"]).await), token, "the proxy does not connect to the server"),
        ("a proxy that never answers", proxied(mute_port), token, "i/o timeout"),
        ("401", at(serve(Some(here(&ours)), &["HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"]).await, &ca), token, "you must be logged in to the server (Unauthorized)"),
        ("403", at(serve(Some(here(&ours)), &["HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"]).await, &ca), token, "may not get configmaps kube-system/aws-auth"),
        ("503", at(serve(Some(here(&ours)), &["HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"]).await, &ca), token, "is not able to answer now (status 503)"),
        ("a 404 of something else", at(serve(Some(here(&ours)), &["HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\n<html>"]).await, &ca), token, "with status 404, which API servers do not do"),
    ];
    let asked = rows.iter().map(|(_, cluster, user, _)| said(cluster, user));
    let answers = futures_util::future::join_all(asked).await;
    for ((name, cluster, _, expected), said) in rows.iter().zip(answers) {
        // Which of the two it is depends on the machine's own resolver.
        let is_said = match *expected {
            "name or host" => said.contains("no such host") || said.contains("failure in name resolution"),
            expected => said.contains(expected),
        };
        assert!(is_said, "{name}: {said}");
        assert!(!said.contains("SECRET"), "{name}: {said}");
        // What an API server answered says so itself; of a connection, the server and the context are named.
        if said.contains("cannot be reached") {
            let url = cluster.split('\'').nth(1).expect("a URL");
            assert!(said.starts_with(&format!("{url} of the context `c` cannot be reached: ")), "{name}: {said}");
        }
    }
}

/// A server that sends this and nothing more, for ever: from then on the clock goes by itself.
async fn fall_silent_after(tls: Arc<ServerConfig>, beginning: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut stream = TlsAcceptor::from(tls).accept(stream).await.expect("TLS");
        let mut text = [0; 4096];
        assert!(stream.read(&mut text).await.is_ok_and(|length| length > 0), "a request");
        stream.write_all(beginning.as_bytes()).await.expect("sent");
        stream.flush().await.expect("sent");
        tokio::time::pause();
        std::future::pending::<()>().await;
    });
    port
}

#[tokio::test]
async fn an_answer_that_does_not_come_to_its_end_is_waited_for_no_longer_than_any_takes() {
    let ours = authority("2020-01-01T00:00:00Z");
    for beginning in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n{\"items\": ["] {
        let tls = config(&server_pair(&ours, &["127.0.0.1"]), None);
        let port = fall_silent_after(tls, beginning).await;
        let said = said(&format!("server: 'https://127.0.0.1:{port}', {}", trusting(&ours)), "token: t").await;
        tokio::time::resume();
        let expected = "did not answer within 20 s (context deadline exceeded)";
        assert!(said.contains(expected), "{beginning:?}: {said}");
    }
}

#[tokio::test]
async fn whoever_says_when_it_has_time_is_asked_again() {
    let ours = authority("2020-01-01T00:00:00Z");
    let tls = config(&server_pair(&ours, &["127.0.0.1"]), None);
    let busy = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
    let port = serve(Some(tls), Box::leak(Box::new([busy, busy, EMPTY]))).await;
    let cluster = format!("server: 'https://127.0.0.1:{port}', {}", trusting(&ours));
    assert_eq!(said(&cluster, "token: t").await, "an answer: Some(b\"{}\")");
}

#[tokio::test]
async fn what_is_not_there_is_so_by_the_servers_own_word() {
    let ours = authority("2020-01-01T00:00:00Z");
    let status = r#"{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}"#;
    for (body, is_none) in
        [(status, true), ("404 page not found\n", true), ("<html>no</html>", false), ("", false), ("{}", false)]
    {
        let tls = config(&server_pair(&ours, &["127.0.0.1"]), None);
        let answer = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let port = serve(Some(tls), Box::leak(Box::new([&*answer.leak()]))).await;
        let said = said(&format!("server: 'https://127.0.0.1:{port}', {}", trusting(&ours)), "token: t").await;
        assert_eq!(said == "an answer: None", is_none, "{body}: {said}");
    }
}

#[tokio::test]
async fn a_plugin_that_makes_no_credentials_is_named() {
    let ours = authority("2020-01-01T00:00:00Z");
    let tls = config(&server_pair(&ours, &["127.0.0.1"]), None);
    let port = serve(Some(tls), &[EMPTY]).await;
    let cluster = format!("server: 'https://127.0.0.1:{port}', {}", trusting(&ours));
    let exec = |command: &str| {
        format!(
            "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: {command}, \
             env: [{{name: KEY, value: SECRET}}]}}"
        )
    };
    let rows = [
        ("not there", "no-such-plugin", "exec: executable no-such-plugin not found; install no-such-plugin"),
        ("no program", "/dev/null", "exec: executable /dev/null cannot be run"),
        (
            "it fails",
            "/bin/sh, args: [-c, 'echo SECRET; echo SECRET >&2; exit 3']",
            "exec: executable /bin/sh failed with exit code 3",
        ),
        ("a signal ends it", "/bin/sh, args: [-c, 'kill -9 $$']", "exec: executable /bin/sh was ended by a signal"),
        (
            "it prints something else",
            "/bin/echo, args: ['SECRET: [']",
            "exec: executable /bin/echo printed no credentials",
        ),
        ("it prints nothing", "/bin/true", "exec: executable /bin/true printed no credentials"),
    ];
    for (name, command, expected) in rows {
        let said = said(&cluster, &exec(command)).await;
        assert!(said.starts_with("getting credentials: ") && said.contains(expected), "{name}: {said}");
        assert!(!said.contains("SECRET"), "{name}: {said}");
    }
}

/// The most that is read of one answer, in bytes.
const MOST: usize = 640 << 20;

/// A list without an end, or one that says at once how long it is, costs what is read of it and never counts as a whole one.
#[tokio::test]
async fn a_list_longer_than_is_read_is_an_error_and_no_shorter_list() {
    for head in ["Transfer-Encoding: chunked", "Content-Length: 1000000000000"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.read(&mut [0; 4096]).await;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}\r\n\r\n");
            let mut more = stream.write_all(head.as_bytes()).await;
            let (blanks, is_chunked) = (" ".repeat(1 << 20), head.contains("chunked"));
            let piece = if is_chunked { format!("100000\r\n{blanks}\r\n") } else { blanks };
            while more.is_ok() {
                more = stream.write_all(piece.as_bytes()).await;
            }
        });
        let cluster = connect(&format!("server: 'http://127.0.0.1:{port}'"), "token: SECRET").await.expect("a cluster");
        let mut list = cluster.list("/api/v1/secrets").await.expect("an answer").expect("a list");
        let mut read = 0;
        let error = loop {
            match list.piece().await {
                Ok(Some(piece)) => read += piece.len(),
                Ok(None) => panic!("{head}: {read} bytes are taken as all of it"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, KubernetesError::TooLarge { max: MOST, .. }), "{head}: {error}");
        assert!((MOST - (1 << 20)..=MOST).contains(&read), "{head}: {read} bytes were read");
    }
}
