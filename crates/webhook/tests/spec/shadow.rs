//! Beside the authenticator that runs today: its answers as they came, our own decisions compared with them, and what is told
//! where it has none.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sandbox::Fault;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::stage::{MAPPING, Stage, for_localhost};

/// For STS to answer in.
const DEADLINE: Duration = Duration::from_secs(2);

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(600);

/// Whoever runs today, and answers the same to whatever is asked.
struct Double {
    url: String,
    ca_pem: String,
    asked: Arc<AtomicUsize>,
}

impl Double {
    /// Answers this after a while; an empty answer is a connection that ends.
    async fn answers(answer: String, after: Duration) -> Self {
        let (tls, ca_pem) = for_localhost();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("https://localhost:{}/authenticate", listener.local_addr().expect("an address").port());
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (acceptor, answer, counter) =
                    (TlsAcceptor::from(Arc::clone(&tls)), answer.clone(), Arc::clone(&counter));
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut request = [0; 8_192];
                    let Ok(length) = stream.read(&mut request).await else { return };
                    assert!(request[..length].starts_with(b"POST /authenticate HTTP/1.1\r\n"));
                    counter.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(after).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { url, ca_pem, asked }
    }

    async fn says(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
        Self::answers(head + body, Duration::ZERO).await
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// A predecessor that is a server of ours with this mapping, and one beside it.
async fn pair(mapping: &str) -> (Stage, Stage) {
    let before = Stage::set().await;
    before.load(mapping);
    let url = format!("https://localhost:{}/authenticate", before.address.port());
    let beside = Stage::with_predecessor(&url, &before.ca_pem, DEADLINE, |_| {}).await;
    (before, beside)
}

/// What came of comparing, but for what never did.
fn compared(stage: &Stage) -> BTreeMap<String, usize> {
    let metrics = stage.webhook.metrics().text();
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("cluster_auth_shadow_reviews_total{result=\""));
    let counts = lines.filter_map(|line| line.split_once("\"} "));
    counts
        .map(|(result, count)| (result.to_owned(), count.parse().expect("a number")))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// The same, once so many were compared: it is done behind the answer.
async fn compared_all(stage: &Stage, reviews: usize) -> BTreeMap<String, usize> {
    loop {
        let compared = compared(stage);
        if compared.values().sum::<usize>() >= reviews {
            return compared;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn only(result: &str, count: usize) -> BTreeMap<String, usize> {
    [(result.to_owned(), count)].into()
}

#[tokio::test]
async fn answers_are_passed_on_as_they_came_and_every_difference_is_counted() {
    let other = |from: &str, to: &str| MAPPING.replace(from, to);
    let with_ours = r#""cluster-auth.dev/arn""#;
    let rows = [
        ("the same", MAPPING.to_owned(), "alice", 200, "same"),
        ("nobody at either", MAPPING.to_owned(), "mallory", 403, "same"),
        ("not mapped there", other("user/alice", "user/zoe"), "alice", 403, "refused-granted"),
        ("mapped there alone", other("user/alice", "user/mallory"), "mallory", 200, "granted-refused"),
        ("another name", other("username: alice", "username: alicia"), "alice", 200, "username"),
        ("other groups", other("[developers]", "[admins, developers]"), "alice", 200, "groups"),
        ("another uid", other("server:", "server:\n  scrubbedAccounts: ['111122223333']"), "alice", 200, "uid"),
    ];
    for (name, mapping, person, status, result) in rows {
        let (before, beside) = pair(&mapping).await;
        let token = beside.token(person, 0);
        let (theirs, ours) = (before.review(&token).await, beside.review(&token).await);
        assert_eq!((ours.status, &ours.body), (status, &theirs.body), "{name}");
        assert!(result != "same" || person != "alice" || ours.body.contains(with_ours), "{name}: {ours:?}");
        assert_eq!(compared_all(&beside, 1).await, only(result, 1), "{name}");
        // Our own decision is asked about as ever.
        assert_eq!(beside.asked(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_predecessor_without_an_answer_is_502_and_neither_a_yes_nor_a_no() {
    let granted = r#"{"status":{"authenticated":true,"user":{"username":"alice"}}}"#;
    let elsewhere = Double::says("200 OK", "", granted).await;
    let to = format!("location: {}\r\n", elsewhere.url);
    let long = format!("{{\"status\":{{\"authenticated\":true}},\"x\":\"{}\"}}", "x".repeat(300_000));
    let rows = [
        ("a failure", Double::says("500 Internal Server Error", "", granted).await, 502),
        ("an end", Double::says("503 Service Unavailable", "retry-after: 100\r\n", "").await, 502),
        ("another path", Double::says("404 Not Found", "", "404 page not found\n").await, 502),
        ("another status", Double::says("201 Created", "", granted).await, 502),
        ("a redirect", Double::says("307 Temporary Redirect", &to, granted).await, 502),
        ("no TokenReview", Double::says("200 OK", "", "ok").await, 502),
        ("too long", Double::says("200 OK", "", &long).await, 502),
        (
            "half of it",
            Double::answers("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned(), Duration::ZERO).await,
            502,
        ),
        ("no HTTP", Double::answers("SSH-2.0-x\r\n".to_owned(), Duration::ZERO).await, 502),
        ("a connection that ends", Double::answers(String::new(), Duration::ZERO).await, 502),
        ("too much to do", Double::says("429 Too Many Requests", "retry-after: 100\r\n", "{}").await, 429),
    ];
    for (name, before, status) in rows {
        let beside = Stage::with_predecessor(&before.url, &before.ca_pem, DEADLINE, |_| {}).await;
        let answer = beside.review(&beside.token("alice", 0)).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        assert!(!answer.body.contains("authenticated") && !answer.head.contains("retry-after"), "{name}: {answer:?}");
        assert_eq!(compared_all(&beside, 1).await, only("no-answer", 1), "{name}");
        assert_eq!(before.asked(), 1, "{name}");
    }
    assert_eq!(elsewhere.asked(), 0, "a token goes nowhere else");
}

#[tokio::test]
async fn a_predecessor_that_cannot_be_reached_or_is_not_trusted_is_502() {
    let silent = Double::answers(String::new(), NEVER).await;
    let stranger = Double::says("200 OK", "", "{}").await;
    let rows = [
        ("nothing listens", "https://localhost:1/authenticate", &silent.ca_pem, 0),
        ("it never answers", &silent.url, &silent.ca_pem, 1),
        ("of another authority", &stranger.url, &silent.ca_pem, 1),
    ];
    for (name, url, ca_pem, asked) in rows {
        let beside = Stage::with_predecessor(url, ca_pem, DEADLINE, |settings| {
            settings.predecessor.deadline = Duration::from_millis(500);
        });
        let beside = beside.await;
        assert_eq!(beside.review(&beside.token("alice", 0)).await.status, 502, "{name}");
        assert_eq!(compared_all(&beside, 1).await, only("no-answer", 1), "{name}");
        assert_eq!(silent.asked() + stranger.asked(), asked, "{name}");
    }
}

#[tokio::test]
async fn no_answer_waits_for_our_own_decision() {
    let before = Stage::set().await;
    let url = format!("https://localhost:{}/authenticate", before.address.port());
    let beside = Stage::with_predecessor(&url, &before.ca_pem, NEVER, |_| {}).await;
    beside.faults.set(Fault::Delay(NEVER));
    // More than are compared at once: they are answered all the same.
    for number in 0..260 {
        // Of one token few share a question.
        assert_eq!(beside.review(&beside.token("alice", number / 20)).await.status, 200);
    }
    assert_eq!(compared(&beside), only("not-compared", 4));
}

#[tokio::test]
async fn our_own_trouble_is_neither_the_same_nor_a_difference() {
    let (_before, beside) = pair(MAPPING).await;
    for (age, fault) in [Fault::ServerError, Fault::Throttle, Fault::Garbage].into_iter().enumerate() {
        beside.faults.set(fault);
        assert_eq!(beside.review(&beside.token("alice", i64::try_from(age).expect("few"))).await.status, 200);
        assert_eq!(compared_all(&beside, age + 1).await, only("no-decision", age + 1));
        beside.faults.clear();
    }
}

#[tokio::test]
async fn what_the_predecessor_is_asked_at_once_has_a_limit() {
    let slow = Double::answers(String::new(), NEVER).await;
    let beside = Stage::with_predecessor(&slow.url, &slow.ca_pem, DEADLINE, |settings| {
        (settings.predecessor.under_way, settings.predecessor.waiting) = (1, 1);
        settings.predecessor.wait = Duration::ZERO;
    });
    let beside = beside.await;
    let (first, second) = (beside.token("alice", 0), beside.token("alice", 1));
    let crowd = async {
        while slow.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        beside.review(&second).await
    };
    tokio::select! {
        _ = beside.review(&first) => panic!("it is never answered"),
        answer = crowd => assert_eq!(answer.status, 429),
    }
    assert_eq!(slow.asked(), 1);
    // Whoever hung up is not waited for.
    assert_eq!(compared_all(&beside, 2).await, [("no-answer".to_owned(), 1), ("not-compared".to_owned(), 1)].into());
}

#[tokio::test]
async fn what_is_no_review_is_answered_here_and_what_is_compared_is_finished_at_the_end() {
    let (before, mut beside) = pair(MAPPING).await;
    assert_eq!(beside.request("POST", "/authenticate", "[]").await.status, 400);
    assert_eq!(beside.request("GET", "/authenticate", "").await.status, 405);
    assert_eq!(before.asked(), 0);
    beside.faults.set(Fault::Delay(Duration::from_millis(500)));
    assert_eq!(beside.review(&beside.token("alice", 0)).await.status, 200);
    beside.stop.take().expect("not stopped yet").send(()).expect("the server runs");
    (&mut beside.server).await.expect("the server has ended by itself");
    assert_eq!(compared(&beside), only("same", 1));
}
