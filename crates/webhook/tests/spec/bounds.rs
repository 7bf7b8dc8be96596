//! Bounds: bodies, reviews, and the end.

use std::{io, sync::Arc, time::Duration};

use sandbox::Fault;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;
use webhook::{Limits, Server};

use crate::stage::{Stage, for_localhost};

/// HTTP/2's preface and an empty SETTINGS frame. Source: RFC 9113, sections 3.4 and 4.1.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// An HTTP/2 PING. Source: RFC 9113, section 6.7.
const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0\0\0\0\0\0\0\0\0";

const HALF_A_BODY: &[u8] = b"POST /authenticate HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{\"spec\": ";

/// HTTP/2 of a client who lets nothing of an answer's body come: an initial window of nothing, and GET /metrics on one stream. Source:
/// RFC 9113, sections 6.2 and 6.5.2; RFC 7541, appendix A.
const ANSWER_NOT_TAKEN: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0\
    \0\0\x0f\x01\x05\0\0\0\x01\x82\x87\x04\x08/metrics\x01\x01x";

/// What holds a connection open without asking anything more.
const HOLDING: [(&str, &[u8]); 7] = [
    ("nothing after TLS", b""),
    ("half a head", b"GET /healthz HTTP/1.1\r\nhost:"),
    ("half a body", HALF_A_BODY),
    ("half of HTTP/2's preface", b"PRI * HTT"),
    ("HTTP/2 without a stream", HTTP2),
    ("HTTP/2 with one ping", PING),
    ("HTTP/2 with an answer that is not taken", ANSWER_NOT_TAKEN),
];

#[tokio::test]
async fn a_body_has_a_limit() {
    let stage = Stage::set().await;
    let answer = stage.request("POST", "/authenticate", &"x".repeat(30_000)).await;
    assert_eq!((answer.status, answer.body.as_str()), (413, "the request body is too large\n"));
}

/// Opens a connection and says that.
async fn hold(stage: &Stage, said: &[u8]) -> TlsStream<TcpStream> {
    let mut stream = stage.connect().await;
    if said == PING {
        stream.write_all(HTTP2).await.expect("sent");
    }
    stream.write_all(said).await.expect("sent");
    stream.flush().await.expect("sent");
    stream
}

#[tokio::test]
async fn whoever_holds_all_connections_and_asks_nothing_makes_room() {
    for (name, said) in HOLDING {
        let stage = Stage::with(|settings| {
            settings.max_connections = 3;
            settings.body_timeout = Duration::from_millis(300);
        });
        let stage = stage.await;
        let mut held = Vec::new();
        for _ in 0..6 {
            held.push(hold(&stage, said).await);
        }
        assert_eq!(stage.review(&stage.token("alice", 0)).await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_ends_by_itself() {
    for (name, said) in HOLDING {
        let stage = Stage::with(|settings| {
            settings.first_request_timeout = Duration::from_millis(200);
            settings.idle_timeout = Duration::from_millis(200);
            settings.body_timeout = Duration::from_millis(200);
        });
        let stage = stage.await;
        let mut held = hold(&stage, said).await;
        let mut rest = Vec::new();
        // Without an end this would wait for ever.
        let _ = held.read_to_end(&mut rest).await;
        let answer = String::from_utf8_lossy(&rest);
        assert_eq!(answer.starts_with("HTTP/1.1 408 "), said == HALF_A_BODY, "{name}: {answer}");
    }
}

#[tokio::test]
async fn a_connection_on_which_no_answer_is_taken_ends() {
    let long = Duration::from_secs(600);
    let stage = Stage::with(|settings| {
        (settings.idle_timeout, settings.header_timeout) = (long, long);
        settings.answer_timeout = Duration::from_millis(200);
    });
    let stage = stage.await;
    let mut held = hold(&stage, ANSWER_NOT_TAKEN).await;
    let mut idle = stage.connect().await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    // Without an end this would wait for ever.
    let _ = held.read_to_end(&mut Vec::new()).await;
    assert_eq!(stage.ask(&mut idle, "GET", "/healthz", "").await.status, 200, "whoever takes answers may stay");
}

#[tokio::test]
async fn a_connection_on_which_somebody_was_let_in_is_kept_before_others() {
    let stage = Stage::with(|settings| settings.max_connections = 3).await;
    let mut kept = stage.connect().await;
    let mut ask = async |age| {
        let review = Stage::token_review(&stage.token("alice", age));
        let head = format!("POST /authenticate HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", review.len());
        kept.write_all(format!("{head}{review}").as_bytes()).await.expect("sent");
        let mut answer = [0; 4096];
        let length = kept.read(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer[..length]).starts_with("HTTP/1.1 200 ")
    };
    assert!(ask(0).await);
    for said in [b"".as_slice(), b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", HALF_A_BODY] {
        let mut held = Vec::new();
        for _ in 0..6 {
            held.push(hold(&stage, said).await);
        }
        assert!(ask(1).await, "{said:?}");
    }
}

#[tokio::test]
async fn unfinished_bodies_give_way_to_a_whole_one() {
    let stage = Stage::with(|settings| settings.max_bodies = 8_000).await;
    let half = format!("POST /authenticate HTTP/1.1\r\nhost: x\r\ncontent-length: 10000\r\n\r\n{}", "x".repeat(2_000));
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(hold(&stage, half.as_bytes()).await);
    }
    let mut oldest = [0; 12];
    held[0].read_exact(&mut oldest).await.expect("an answer");
    assert_eq!(&oldest, b"HTTP/1.1 429");
    assert_eq!(stage.review(&stage.token("alice", 0)).await.status, 200);
}

#[tokio::test]
async fn more_reviews_than_are_taken_at_once_are_shed() {
    let stage = Stage::with(|settings| settings.sts_questions = Limits { under_way: 1, waiting: 0 }).await;
    stage.faults.set(Fault::Delay(Duration::from_secs(1)));
    let (first, second) = (stage.token("alice", 0), stage.token("alice", 1));
    let slow = stage.webhook.authenticate(&first);
    let shed = async {
        while stage.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stage.review(&second).await
    };
    let (slow, shed) = tokio::join!(slow, shed);
    assert_eq!((slow.status(), shed.status), (200, 429));
}

#[tokio::test]
async fn waiting_for_a_turn_at_sts_is_429_and_no_fault_of_sts() {
    let stage = Stage::with(|settings| {
        settings.sts_questions.under_way = 1;
        settings.sts_wait = Duration::ZERO;
    });
    let stage = stage.await;
    stage.faults.set(Fault::Delay(Duration::from_secs(1)));
    let first = stage.token("alice", 0);
    let slow = stage.webhook.authenticate(&first);
    let crowd = async {
        while stage.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Far more than the failures in a row that would open the breaker.
        for age in 1..20 {
            assert_eq!(stage.review(&stage.token("alice", age)).await.status, 429);
        }
    };
    let (slow, ()) = tokio::join!(slow, crowd);
    assert_eq!((slow.status(), stage.asked()), (200, 1));
    stage.faults.clear();
    assert_eq!(stage.review(&stage.token("alice", 30)).await.status, 200);
}

#[tokio::test]
async fn a_review_under_way_is_finished_when_the_server_ends() {
    let mut stage = Stage::set().await;
    let token = stage.token("alice", 0);
    stage.faults.set(Fault::Delay(Duration::from_millis(500)));
    let stop = stage.stop.take().expect("not stopped yet");
    let end = async {
        while stage.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.send(()).expect("the server runs");
    };
    let (answer, ()) = tokio::join!(stage.review(&token), end);
    assert_eq!(answer.status, 200);
    (&mut stage.server).await.expect("the server has ended by itself");
}

#[tokio::test]
async fn whoever_has_only_just_come_when_the_server_ends_is_answered() {
    let mut stage = Stage::set().await;
    let connected = stage.connect().await;
    // The server is not polled between the two: nobody has accepted this one yet.
    let waiting = std::net::TcpStream::connect(stage.address).expect("a connection");
    stage.stop.take().expect("not stopped yet").send(()).expect("the server runs");
    waiting.set_nonblocking(true).expect("a socket");
    let waiting = stage.handshake(TcpStream::from_std(waiting).expect("a socket")).await;
    for (name, mut stream) in [("in the queue", waiting), ("connected", connected)] {
        let answer = stage.ask(&mut stream, "GET", "/readyz", "").await;
        assert_eq!((answer.status, answer.body.as_str()), (503, "not ready: the server is shutting down\n"), "{name}");
    }
    (&mut stage.server).await.expect("the server has ended by itself");
}

/// Only there does the system know of ports that several have.
#[cfg(unix)]
#[tokio::test]
async fn a_port_is_shared_by_servers_that_both_want_to() {
    let stage = Stage::set().await;
    let bind = |address| Server::bind_shared(address, for_localhost().0, Arc::clone(&stage.webhook));
    let is_refused = |result: io::Result<Server>| result.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse);
    assert!(is_refused(bind(stage.address)), "this one is the stage's alone");

    let first = bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = first.local_addr().expect("an address");
    let second = bind(address).expect("the same port");
    assert!(Server::is_taken(address));
    let alone = Server::bind(address, for_localhost().0, Arc::clone(&stage.webhook));
    assert!(is_refused(alone), "whoever wants it alone does not get it");
    drop((first, second));
    assert!(!Server::is_taken(address));
}
