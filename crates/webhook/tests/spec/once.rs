//! STS is asked once for a token, however often and by however many it is shown; who may log in is decided every time.

use std::time::Duration;

use sandbox::{Fault, SandboxCredentials};

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
async fn trouble_is_not_remembered() {
    let stage = Stage::set().await;
    let token = stage.token("alice", 0);
    stage.faults.set_for(Fault::ServerError, 1);
    assert_eq!(stage.review(&token).await.status, 502);
    assert_eq!(stage.review(&token).await.status, 200);
}

#[tokio::test]
async fn what_sts_refuses_it_is_asked_once() {
    let stage = Stage::set().await;
    let alice = stage.identities.credentials("alice").expect("alice");
    let wrong_secret = SandboxCredentials { secret_access_key: "x".repeat(40), ..alice.clone() };
    let no_such_key = SandboxCredentials { access_key_id: "AKIASANDBOXNOBODY000".to_owned(), ..alice };
    let rows = [
        ("a wrong signature", stage.signed(&wrong_secret, "us-west-2", 0), "sts.signature-mismatch"),
        ("a session that is over", stage.token("expired", 0), "sts.expired-credentials"),
        ("a key that AWS does not know yet", stage.signed(&no_such_key, "us-west-2", 0), "sts.unknown-access-key"),
        ("the same key in another token", stage.signed(&no_such_key, "us-west-2", 1), "sts.unknown-access-key"),
    ];
    for (name, token, code) in rows {
        let before = stage.asked();
        for _ in 0..100 {
            assert_eq!(stage.webhook.authenticate(&token).await.code(), code, "{name}");
        }
        assert_eq!(stage.asked() - before, 1, "{name}");
    }
}

/// A key that has just been made is not known everywhere at once.
#[tokio::test]
async fn what_sts_may_take_in_a_moment_it_is_asked_again_soon() {
    let stage = Stage::set().await;
    let alice = stage.identities.credentials("alice").expect("alice");
    let no_such_key = SandboxCredentials { access_key_id: "AKIASANDBOXNOBODY000".to_owned(), ..alice };
    let token = stage.signed(&no_such_key, "us-west-2", 0);
    while stage.asked() < 2 {
        assert_eq!(stage.webhook.authenticate(&token).await.code(), "sts.unknown-access-key");
        // Without an end to what is remembered this would go on for ever.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_token_whose_parameters_stand_in_another_order_is_no_other_question() {
    let stage = Stage::set().await;
    let url = stage.url(&stage.identities.credentials("alice").expect("alice"), "us-west-2", 0);
    let (before, query) = url.split_once('?').expect("a query");
    let mut parameters: Vec<_> = query.split('&').collect();
    for turn in 0..300 {
        parameters.rotate_left(1);
        parameters.swap(turn % 7, 7);
        let token = token::wrap(&format!("{before}?{}", parameters.join("&")));
        assert_eq!(stage.webhook.authenticate(&token).await.code(), "granted");
    }
    assert_eq!(stage.asked(), 1);
}

#[tokio::test]
async fn an_endpoint_that_fails_again_and_again_is_left_alone() {
    let stage = Stage::set().await;
    stage.load(crate::attacks::MAPPING);
    let people = ["alice", "bob", "carol"];
    for person in people {
        assert_eq!(stage.review(&stage.token(person, 100)).await.status, 200, "{person}");
    }
    let before = stage.asked();
    stage.faults.set(Fault::ServerError);
    for age in 0..4 {
        for person in people {
            assert_eq!(stage.review(&stage.token(person, age)).await.status, 502);
        }
    }
    assert_eq!(stage.asked() - before, 10, "two of twelve were not sent");
    let metrics = || stage.webhook.metrics().text();
    assert!(metrics().contains("upstream.circuit-open"));
    let left_alone = "\ncluster_auth_sts_left_alone{StsHost=\"sts.us-west-2.amazonaws.com\"}";
    assert!(metrics().contains(&format!("{left_alone} 1\n")), "{}", metrics());
    stage.faults.clear();
    let mut ages = 10..;
    while stage.review(&stage.token("alice", ages.next().expect("an age"))).await.status != 200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(metrics().contains(&format!("{left_alone} 0\n")), "{}", metrics());
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
