//! The server's call to STS: what is sent, and that every bound holds.

use std::time::Duration;

use aws::{
    Client, Endpoint, NoAnswer, StsClient, Transport, get_caller_identity, presign_get_caller_identity, sts_endpoint,
};
use http::Response;
use http_body_util::Full;
use tls::Roots;
use token::{Accepted, ClusterId, Rules, Upstream, accept};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::{
    double::{Double, answer, silence},
    environment, keys, noon,
};

const HOST: &str = "sts.us-west-2.amazonaws.com";

fn accepted() -> Accepted {
    let endpoint = sts_endpoint(&environment(&[]), Some("us-west-2")).expect("an endpoint");
    let token = token::wrap(&presign_get_caller_identity(&keys(), &endpoint, "my-cluster", noon()));
    let cluster = ClusterId::parse("my-cluster").expect("an id");
    accept(&token, &cluster, &Rules::default(), noon()).unwrap_or_else(|refusal| panic!("{refusal}"))
}

async fn call(transport: &Transport) -> Result<(u16, Vec<u8>), Upstream> {
    StsClient::new(transport).expect("a client").call(&accepted()).await.map_err(|why| why.upstream())
}

#[tokio::test]
async fn the_request_is_the_tokens_and_the_answer_comes_as_it_is() {
    let double = Double::secure(HOST, |_| answer(403, "whatever STS says")).await;
    assert_eq!(call(&double.transport()).await, Ok((403, b"whatever STS says".to_vec())));

    let accepted = accepted();
    let request = accepted.request();
    let [seen] = <[_; 1]>::try_from(double.seen()).unwrap_or_else(|_| panic!("one request"));
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("GET", request.path_and_query.as_str()));
    let sent: Vec<_> = seen.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let agent = ("user-agent", concat!("cluster-auth/", env!("CARGO_PKG_VERSION")));
    assert_eq!(sent, [("accept", "application/json"), ("host", HOST), agent, ("x-k8s-aws-id", "my-cluster")]);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let double = Double::secure(HOST, |_| {
        let redirect = Response::builder().status(302).header("location", format!("https://{HOST}/elsewhere"));
        let redirect = redirect.body(Full::default()).expect("a response");
        Box::pin(async { Some(redirect) })
    });
    let double = double.await;
    assert_eq!(call(&double.transport()).await, Ok((302, Vec::new())));
    assert_eq!(double.seen().len(), 1);
}

#[tokio::test]
async fn every_trouble_has_its_kind() {
    let quick = |double: &Double| Transport { deadline: Duration::from_millis(300), ..double.transport() };

    let silent = Double::secure(HOST, |_| silence()).await;
    assert_eq!(call(&quick(&silent)).await, Err(Upstream::Timeout), "no answer");
    assert_eq!(silent.seen().len(), 1);

    let closing = Double::secure(HOST, |_| Box::pin(async { None })).await;
    assert_eq!(call(&closing.transport()).await, Err(Upstream::Unreachable), "closed without an answer");

    let long = Double::secure(HOST, |_| answer(200, "x".repeat((64 << 10) + 1))).await;
    assert_eq!(call(&long.transport()).await, Err(Upstream::TooLarge), "one byte too many");
    let fits = Transport { max_body: (64 << 10) + 1, ..long.transport() };
    assert_eq!(call(&fits).await.map(|(status, body)| (status, body.len())), Ok((200, (64 << 10) + 1)));

    let other_name = Double::secure("sts.eu-west-1.amazonaws.com", |_| answer(200, "")).await;
    assert_eq!(call(&other_name.transport()).await, Err(Upstream::Unreachable), "a certificate for another name");
    let other_ca = Transport { roots: Roots::Only(other_name.ca_pem.clone().into_bytes()), ..long.transport() };
    assert_eq!(call(&other_ca).await, Err(Upstream::Unreachable), "vouched for by somebody else");
    assert!(other_name.seen().is_empty(), "a token is not sent to who cannot prove to be STS");

    // Bound and dropped: nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a port");
    let nobody = Transport { connect_to: Some(free.to_string()), ..long.transport() };
    assert_eq!(call(&nobody).await, Err(Upstream::Unreachable), "nobody listens");

    // Listens, and never says a word of TLS.
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mute_address = mute.local_addr().expect("an address").to_string();
    let handshake = Transport { connect_to: Some(mute_address), ..quick(&long) };
    assert_eq!(call(&handshake).await, Err(Upstream::Timeout), "no handshake");
}

/// A server on loopback that says this to whoever connects, once it has heard something; nothing for ever where there is
/// nothing to say.
async fn saying(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                match answer {
                    "" => std::future::pending().await,
                    answer => drop(stream.write_all(answer.as_bytes()).await),
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn whoever_typed_a_command_is_told_which_trouble_it_was() {
    let double = Double::secure(HOST, |_| answer(200, "")).await;
    let other_name = Double::secure("sts.eu-west-1.amazonaws.com", |_| answer(200, "")).await;
    let free = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a port");
    let free = free.to_string();
    let to = |address: &str| Transport { connect_to: Some(address.to_owned()), ..double.transport() };
    let through = |address: &str| Transport {
        connect_to: None,
        proxy: tls::Proxies { https: Some(format!("http://user:secret@{address}")), except: None },
        ..double.transport()
    };
    let plain = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let rows = [
        ("nobody listens", to(&free), "connection refused; check AWS_ENDPOINT_URL_STS"),
        ("no such name", to("sts.e2e.invalid:443"), "name"),
        (
            "never says a word",
            Transport { connect_timeout: Duration::from_millis(200), ..to(&saying("").await) },
            "i/o timeout; nothing answers there",
        ),
        ("plain HTTP", to(&saying(plain).await), "http: server gave HTTP response to HTTPS client"),
        (
            "another's certificate",
            other_name.transport(),
            "x509: certificate is valid for sts.eu-west-1.amazonaws.com, not sts.us-west-2.amazonaws.com",
        ),
        (
            "vouched for by somebody else",
            Transport { roots: Roots::Only(other_name.ca_pem.clone().into_bytes()), ..double.transport() },
            "x509: certificate signed by unknown authority; a proxy intercepts TLS",
        ),
        ("no proxy", through(&free), "proxyconnect: connection refused; check HTTPS_PROXY"),
        (
            "the proxy wants credentials",
            through(&saying("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await),
            "Proxy Authentication Required; write user and password",
        ),
        (
            "the proxy refuses",
            through(&saying("HTTP/1.1 403 Forbidden\r\n\r\n").await),
            "the proxy does not connect to the server; the proxy lets nobody through",
        ),
    ];
    for (name, transport, expected) in rows {
        let client = Client::with(&transport).expect("a client");
        let endpoint = Endpoint { url: format!("https://{HOST}"), signing_region: "us-west-2".to_owned() };
        let asked = get_caller_identity(&client, &keys(), &endpoint, noon()).await;
        let said = asked.map_or_else(|error| error.to_string(), |caller| caller.arn);
        let begins = format!("sts:GetCallerIdentity failed: {HOST} cannot be reached: ");
        let Some(why) = said.strip_prefix(&begins) else { panic!("{name}: {said}") };
        let is_it = match expected {
            // Where there is no resolver, that is what is said.
            "name" => why.starts_with("no such host; ") || why.starts_with("temporary failure in name resolution; "),
            expected => why.starts_with(expected),
        };
        assert!(is_it && !why.contains("secret"), "{name}: {why}");
    }
}

#[tokio::test]
async fn whether_there_was_a_connection_is_said() {
    let closing = Double::secure(HOST, |_| Box::pin(async { None })).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let refused = Transport { connect_to: Some(nobody.to_string()), ..closing.transport() };
    for (transport, is_connected) in [(closing.transport(), true), (refused, false)] {
        let answer = StsClient::new(&transport).expect("a client").call(&accepted()).await;
        let said = answer.map_err(|why| (why.upstream(), why.is_connected()));
        assert_eq!(said, Err((Upstream::Unreachable, is_connected)));
    }
}

#[tokio::test]
async fn connections_are_kept_and_used_again() {
    let double = Double::secure(HOST, |_| answer(200, "{}")).await;
    let (client, accepted) = (StsClient::new(&double.transport()).expect("a client"), accepted());
    for _ in 0..5 {
        assert_eq!(client.call(&accepted).await, Ok((200, b"{}".to_vec())));
    }
    assert_eq!((double.seen().len(), double.connections()), (5, 1));
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed_and_the_others_wait() {
    let double = Double::secure(HOST, |_| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            answer(200, "").await
        })
    });
    let double = double.await;
    let transport = Transport { max_concurrent: 2, ..double.transport() };
    let client = std::sync::Arc::new(StsClient::new(&transport).expect("a client"));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = std::sync::Arc::clone(&client);
        calls.spawn(async move { client.call(&accepted()).await });
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|answer| *answer == Ok((200, Vec::new()))), "everybody gets an answer");
    assert_eq!((double.seen().len(), double.most_at_once()), (8, 2));
}

#[tokio::test]
async fn waiting_for_a_turn_counts_into_the_deadline() {
    let double = Double::secure(HOST, |_| silence()).await;
    let transport = Transport { max_concurrent: 1, deadline: Duration::from_millis(200), ..double.transport() };
    let (client, accepted) = (StsClient::new(&transport).expect("a client"), accepted());
    let both = tokio::join!(client.call(&accepted), client.call(&accepted));
    assert_eq!(both, (Err(NoAnswer::Late), Err(NoAnswer::Late)));
    assert_eq!(double.seen().len(), 1, "the second had no turn");
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_and_sees_nothing_else() {
    let double = Double::secure(HOST, |_| answer(200, "through the tunnel")).await;
    let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://user:p%40ss@{}", proxy.local_addr().expect("an address"));
    let target = double.address;
    let tunnel = tokio::spawn(async move {
        let (mut client, _) = proxy.accept().await.expect("a client");
        let head = head(&mut client).await;
        let mut server = TcpStream::connect(target).await.expect("the double");
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("an answer");
        drop(copy_bidirectional(&mut client, &mut server).await);
        head
    });
    let transport = Transport {
        connect_to: None,
        proxy: aws::proxies(&environment(&[("HTTPS_PROXY", &url)])),
        ..double.transport()
    };
    assert_eq!(call(&transport).await, Ok((200, b"through the tunnel".to_vec())));
    let head = tunnel.await.expect("the proxy").to_ascii_lowercase();
    assert!(head.starts_with(&format!("connect {HOST}:443 http/1.1\r\n")), "{head}");
    assert!(head.contains("proxy-authorization: basic dxnlcjpwqhnz\r\n"), "{head}");
    assert!(!head.contains("x-amz"), "the token is inside the tunnel only");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_trouble() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", proxy.local_addr().expect("an address"));
    let refusing = tokio::spawn(async move {
        let (mut client, _) = proxy.accept().await.expect("a client");
        head(&mut client).await;
        client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.expect("an answer");
    });
    let double = Double::secure(HOST, |_| answer(200, "")).await;
    let proxy = tls::Proxies { https: Some(url), except: None };
    let transport = Transport { connect_to: None, proxy, ..double.transport() };
    assert_eq!(call(&transport).await, Err(Upstream::Unreachable));
    refusing.await.expect("the proxy");
}

/// Everything up to the empty line.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a head"));
    }
    String::from_utf8(head).expect("text")
}
