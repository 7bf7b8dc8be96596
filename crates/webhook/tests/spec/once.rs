//! STS is asked once for a token, however often and by however many it is shown; who may log in is decided every time.

use std::time::Duration;

use sandbox::Fault;

use crate::stage::{MAPPING, Stage};

#[tokio::test]
async fn a_confirmed_token_is_asked_about_once() {
    let stage = Stage::set().await;
    let token = stage.token("alice", 0);
    for _ in 0..3 {
        assert_eq!(stage.review(&token).await.status, 200);
    }
    assert_eq!(stage.asked(), 1);
    // The decision is not remembered: a changed mapping counts at once.
    stage.load(&MAPPING.replace("user/alice", "user/somebody"));
    assert_eq!(stage.review(&token).await.status, 403);
    assert_eq!(stage.asked(), 1);
}

#[tokio::test]
async fn remembering_can_be_switched_off() {
    let stage = Stage::with(|settings| settings.cache_max_age = Duration::ZERO).await;
    let token = stage.token("alice", 0);
    for _ in 0..3 {
        assert_eq!(stage.review(&token).await.status, 200);
    }
    assert_eq!(stage.asked(), 3);
}

#[tokio::test]
async fn many_who_show_one_token_at_once_share_one_question() {
    let stage = Stage::set().await;
    let token = stage.token("alice", 0);
    stage.faults.set(Fault::Delay(Duration::from_millis(300)));
    let reviews = (0..20).map(|_| stage.webhook.authenticate(&token));
    let mut tasks = Vec::new();
    for review in reviews {
        tasks.push(Box::pin(review));
    }
    let outcomes = join_all(tasks).await;
    assert!(outcomes.iter().all(|status| *status == 200), "{outcomes:?}");
    assert_eq!(stage.asked(), 1);
}

#[tokio::test]
async fn neither_a_no_nor_trouble_is_remembered() {
    let stage = Stage::set().await;
    let token = stage.token("alice", 0);
    stage.faults.set_for(Fault::ServerError, 1);
    assert_eq!(stage.review(&token).await.status, 502);
    assert_eq!(stage.review(&token).await.status, 200);
    let other = stage.token("alice", 1).replace('A', "B");
    for _ in 0..2 {
        assert_eq!(stage.review(&other).await.status, 403);
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_again_and_again_is_left_alone() {
    let stage = Stage::set().await;
    stage.faults.set(Fault::ServerError);
    for age in 0..12 {
        assert_eq!(stage.review(&stage.token("alice", age)).await.status, 502);
    }
    assert_eq!(stage.asked(), 10, "two of twelve were not sent");
    assert!(stage.webhook.metrics().text().contains("upstream.circuit-open"));
}

/// The statuses of all, polled together.
async fn join_all(reviews: Vec<impl Future<Output = webhook::Outcome> + Unpin>) -> Vec<u16> {
    let mut pending: Vec<_> = reviews.into_iter().map(Some).collect();
    let mut statuses = Vec::new();
    std::future::poll_fn(|cx| {
        for slot in &mut pending {
            if let Some(review) = slot
                && let std::task::Poll::Ready(outcome) = std::pin::Pin::new(review).poll(cx)
            {
                statuses.push(outcome.status());
                *slot = None;
            }
        }
        if pending.iter().all(Option::is_none) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    statuses
}
