//! Bounds: bodies, reviews, and the end.

use std::time::Duration;

use sandbox::Fault;
use webhook::Limits;

use crate::stage::Stage;

#[tokio::test]
async fn a_body_has_a_limit() {
    let stage = Stage::with(|settings| settings.max_body = 10_000).await;
    let answer = stage.request("POST", "/authenticate", &"x".repeat(20_000)).await;
    assert_eq!((answer.status, answer.body.as_str()), (413, "the request body is too large\n"));
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
