//! Connections: names, the proxy, bounds, and the end.

use std::time::Duration;

use http::{Request, header};
use http_body_util::Full;
use sandbox::{Fault, Identities, Options, Sandbox};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::client::{Aws, Call, EC2, IAM, STS, http, now, send};

#[tokio::test]
async fn there_is_a_certificate_for_every_name() {
    let aws = Aws::start().await;
    for name in [STS, "sts.amazonaws.com", "sts.cn-north-1.amazonaws.com.cn", EC2, "localhost", "127.0.0.1"] {
        let tcp = TcpStream::connect(aws.running.sts()).await.expect("a connection");
        let stream = aws.tls(name, tcp).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_ne!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]), "{name}");
    }
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let aws = Aws::start().await;
    let mut connection = aws.connect(STS).await;
    for name in ["alice", "bob", "mallory"] {
        let answer = send(&mut connection, Call::caller_identity().presigned(&aws.keys(name))).await;
        assert!(answer.expect("an answer").body.contains(&format!("/{name}</Arn>")), "{name}");
    }
    let refused = send(&mut connection, Request::get("/").header(header::HOST, STS).body(Full::default()).expect("x"));
    assert_eq!(refused.await.expect("an answer").status, 403);
    let after = send(&mut connection, Call::caller_identity().presigned(&aws.keys("alice"))).await;
    assert_eq!(after.expect("an answer").status, 200, "a refusal keeps the connection");
}

/// Says something to the proxy and reads what it answers first.
async fn say(aws: &Aws, head: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(aws.proxy()).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    (stream, String::from_utf8(answer).expect("text"))
}

#[tokio::test]
async fn the_proxy_leads_every_host_of_aws_here() {
    let aws = Aws::start().await;
    for host in [STS, "sts.amazonaws.com", EC2, "sts.eu-central-1.api.aws", IAM, "iam.us-gov.amazonaws.com"] {
        let head = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\nUser-Agent: x\r\n\r\n");
        let (stream, answer) = say(&aws, &head).await;
        assert_eq!(answer, "HTTP/1.1 200 Connection established\r\n\r\n", "{host}");
        aws.tls(host, stream).await.unwrap_or_else(|error| panic!("{host}: {error}"));
    }
    let (stream, _) = say(&aws, &format!("CONNECT {STS}:443 HTTP/1.1\r\n\r\n")).await;
    let mut connection = http(aws.tls(STS, stream).await.expect("TLS")).await;
    let answer = send(&mut connection, Call::caller_identity().post(&aws.keys("alice"))).await.expect("an answer");
    assert_eq!(answer.xml("Arn"), "arn:aws:iam::111122223333:user/alice");
}

#[tokio::test]
async fn the_proxy_leads_nowhere_else() {
    let aws = Aws::start().await;
    let rows = [
        "CONNECT example.com:443 HTTP/1.1",
        "CONNECT s3.us-west-2.amazonaws.com:443 HTTP/1.1",
        "CONNECT iam.us-west-2.amazonaws.com:443 HTTP/1.1",
        "CONNECT sts.us-west-2.amazonaws.com:80 HTTP/1.1",
        "CONNECT sts.us-west-2.amazonaws.com HTTP/1.1",
        "CONNECT sts.us-west-2.amazonaws.com.example.com:443 HTTP/1.1",
        "CONNECT 127.0.0.1:443 HTTP/1.1",
        "CONNECT localhost:443 HTTP/1.1",
        "GET http://sts.us-west-2.amazonaws.com/ HTTP/1.1",
        "connect sts.us-west-2.amazonaws.com:443 HTTP/1.1",
        "CONNECT",
    ];
    for line in rows {
        let (mut stream, answer) = say(&aws, &format!("{line}\r\nHost: x\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{line}: {answer}");
        let mut body = String::new();
        stream.read_to_string(&mut body).await.expect("the rest");
        assert!(answer.contains(&format!("content-length: {}\r\n", body.len())), "{line}: {answer}{body}");
    }
}

#[tokio::test]
async fn heads_and_bodies_are_bounded() {
    let aws = Aws::start().await;
    let long = format!("CONNECT {STS}:443 HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(9_000));
    assert_eq!(say(&aws, &long).await.1, "", "the proxy hangs up");

    let keys = aws.keys("alice");
    let big = Call { form: format!("Action=GetCallerIdentity&x={}", "x".repeat(1 << 20)), ..Call::caller_identity() };
    let answer = aws.send(big.post(&keys)).await;
    assert_eq!((answer.status, answer.xml("Code").as_str()), (413, "RequestEntityTooLarge"));

    let request = Request::get("/").header(header::HOST, STS).header("x-long", "x".repeat(300_000));
    let mut connection = aws.connect(STS).await;
    let answer = send(&mut connection, request.body(Full::default()).expect("a request")).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 431));
}

#[tokio::test]
async fn a_stop_waits_for_the_request_that_is_under_way_and_ends_everything_else() {
    let aws = Aws::start().await;
    let (sts, proxy, faults) = (aws.running.sts(), aws.running.proxy(), aws.running.faults());
    let (tunnel, _) = say(&aws, &format!("CONNECT {STS}:443 HTTP/1.1\r\n\r\n")).await;
    let mut idle = http(aws.tls(STS, tunnel).await.expect("TLS")).await;
    let mut busy = aws.connect(STS).await;
    let keys = aws.keys("alice");
    let request = || Call::caller_identity().presigned(&keys);
    assert_eq!(send(&mut idle, request()).await.expect("an answer").status, 200);

    faults.set_for(Fault::Delay(Duration::from_millis(300)), 1);
    let under_way = request();
    let answer = tokio::spawn(async move { send(&mut busy, under_way).await });
    while faults.requests("GetCallerIdentity") < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    aws.running.stop().await;
    assert_eq!(answer.await.expect("no panic").expect("an answer").status, 200);
    assert!(send(&mut idle, request()).await.is_err(), "the idle connection is over");
    assert!(TcpStream::connect(sts).await.is_err() && TcpStream::connect(proxy).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn dropping_it_ends_it() {
    let aws = Aws::start().await;
    let (sts, mut idle) = (aws.running.sts(), aws.connect(STS).await);
    let request = Call::caller_identity().presigned(&aws.keys("alice"));
    drop(aws);
    assert!(send(&mut idle, request).await.is_err());
    assert!(TcpStream::connect(sts).await.is_err());
}

#[tokio::test]
async fn a_taken_address_is_said() {
    let aws = Aws::start().await;
    let options = Options { sts: aws.running.sts(), ..Options::new(now) };
    let error = Sandbox::start(Identities::example(), options).await.err().expect("it is taken");
    assert_eq!(error.to_string(), format!("cannot listen on {}", aws.running.sts()));
}
