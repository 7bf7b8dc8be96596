//! Whoever asks whether the server is alive gets an answer, whatever is under way.

use std::{sync::Arc, time::Duration};

use sandbox::{Fault, Identities};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
    time::timeout,
};
use webhook::Limits;

use crate::stage::{MAPPING, Stage};

/// Longer than any test takes, so that what waits for it waits for ever.
const FOR_EVER: Duration = Duration::from_secs(600);

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server whose STS never answers, with so many connections at most.
async fn stuck(connections: usize) -> Arc<Stage> {
    let stage = Stage::of(Identities::example(), FOR_EVER, |settings| {
        settings.max_connections = connections;
        settings.sts_wait = FOR_EVER;
        settings.sts_questions = Limits { under_way: 4, waiting: 1_000 };
    });
    let stage = stage.await;
    stage.load(MAPPING);
    stage.faults.set(Fault::Delay(FOR_EVER));
    Arc::new(stage)
}

fn whole_review(stage: &Stage, age: i64) -> String {
    let review = serde_json::json!({"spec": {"token": stage.token("mallory", age)}}).to_string();
    format!("POST /authenticate HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{review}", review.len())
}

#[tokio::test]
async fn probes_do_not_wait_for_reviews() {
    const MOST: usize = 40;
    let stage = stuck(MOST).await;
    let mut strangers = JoinSet::new();
    for age in 0..3 * i64::try_from(MOST).expect("few") {
        let mut stream = stage.connect().await;
        stream.write_all(whole_review(&stage, age).as_bytes()).await.expect("sent");
        stream.flush().await.expect("sent");
        // The server reads it before the next one comes.
        tokio::time::sleep(Duration::from_millis(5)).await;
        strangers.spawn(async move {
            let mut status = [0; 12];
            stream.read_exact(&mut status).await.ok().map(|_| String::from_utf8_lossy(&status).into_owned())
        });
    }
    for path in ["/healthz", "/readyz", "/metrics"].into_iter().cycle().take(3 * MOST) {
        let answer = timeout(PATIENCE, stage.request("GET", path, "")).await;
        assert_eq!(answer.map(|answer| answer.status), Ok(200), "{path}");
    }
    let mut turned_away = Vec::new();
    while let Some(Ok(status)) = strangers.try_join_next() {
        turned_away.push(status);
    }
    assert!(turned_away.len() >= 2 * MOST, "all places were taken: {turned_away:?}");
    let answers: Vec<_> = turned_away.into_iter().flatten().collect();
    assert!(!answers.is_empty() && answers.iter().all(|status| status == "HTTP/1.1 429"), "{answers:?}");
    assert!(stage.webhook.metrics().text().contains("decisions_total{code=\"server.overloaded\"}"));
}
