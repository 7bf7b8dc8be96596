//! How many requests there may be before connections are not read.

use std::{future::poll_fn, sync::Arc, time::Duration};

use tokio::{task::yield_now, time::timeout};

use super::{
    super::{Bounds, Connections},
    HEAD, OF_ONE_CONNECTION,
};

const MOST: usize = 4 * OF_ONE_CONNECTION as usize;

fn connections() -> Arc<Connections> {
    let minute = Duration::from_secs(60);
    Connections::new(Bounds {
        connections: 4,
        idle_timeout: minute,
        first_request_timeout: minute,
        answer_timeout: minute,
        streams: MOST,
        answers: 1 << 20,
    })
}

#[tokio::test(start_paused = true)]
async fn nothing_more_is_read_while_too_many_are_under_way_but_where_somebody_was_let_in() {
    let connections = connections();
    let [greedy, modest, let_in] = [1, 2, 3].map(|of| connections.enter([10, 0, 0, of].into()).expect("a place"));
    let_in.review().await.expect("there is room").has_let_in();
    let mut streams: Vec<_> = (0..MOST).map(|_| greedy.stream(100)).collect();
    streams.iter_mut().for_each(super::Stream::is_under_review);
    let reading = tokio::spawn(async move { poll_fn(|cx| modest.poll_may_read(cx)).await });
    yield_now().await;
    assert!(!reading.is_finished());
    assert!(timeout(Duration::ZERO, poll_fn(|cx| let_in.poll_may_read(cx))).await.is_ok());
    streams.truncate(MOST - OF_ONE_CONNECTION as usize + 1);
    yield_now().await;
    assert!(!reading.is_finished(), "not for each of them");
    streams.pop();
    yield_now().await;
    assert!(reading.is_finished());
}

#[tokio::test(start_paused = true)]
async fn of_those_that_wait_for_no_answer_there_may_be_half_as_many() {
    let connections = connections();
    let [greedy, modest] = [1, 2].map(|of| connections.enter([10, 0, 0, of].into()).expect("a place"));
    let may_read = async || timeout(Duration::ZERO, poll_fn(|cx| modest.poll_may_read(cx))).await.is_ok();
    let mut streams: Vec<_> = (0..MOST / 2).map(|_| greedy.stream(100)).collect();
    assert!(!may_read().await, "they have only come");
    streams.iter_mut().for_each(super::Stream::is_under_review);
    assert!(may_read().await, "they are under review");
    streams.iter_mut().for_each(super::Stream::is_answered);
    assert!(!may_read().await, "nobody has taken the answers");
    streams.truncate(MOST / 2 - 1);
    assert!(may_read().await);
    drop(streams);
    let open = connections.open();
    assert_eq!((open.streams.count, open.streams.reviews), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn long_heads_count_as_many_until_they_are_looked_at() {
    let connections = connections();
    let [greedy, modest] = [1, 2].map(|of| connections.enter([10, 0, 0, of].into()).expect("a place"));
    let may_read = async || timeout(Duration::ZERO, poll_fn(|cx| modest.poll_may_read(cx))).await.is_ok();
    let mut streams: Vec<_> = (0..MOST / 8).map(|_| greedy.stream(7 * HEAD)).collect();
    assert!(!may_read().await);
    let reading = poll_fn(|cx| modest.poll_may_read(cx));
    streams.iter_mut().for_each(super::Stream::is_looked_at);
    reading.await;
    assert_eq!(connections.open().streams.count, MOST / 8);
    drop(streams);
    assert_eq!(connections.open().streams.count, 0);
}
