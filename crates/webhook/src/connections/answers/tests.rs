//! Which connections end on which answers are not taken.

use std::time::Duration;

use http::{HeaderValue, Response, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes};
use tokio::time::{advance, timeout};

use super::{
    super::{Bounds, Connections},
    BESIDE_BODY, ON_ITS_WAY,
};

const BOUNDS: Bounds = Bounds {
    connections: 4,
    idle_timeout: Duration::from_secs(600),
    first_request_timeout: Duration::from_secs(600),
    answer_timeout: Duration::from_secs(10),
    streams: 1_024,
    answers: 10 * BESIDE_BODY,
};

fn answer() -> Bytes {
    Bytes::from_static(b"yes")
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_on_which_no_answer_is_taken() {
    let connections = Connections::new(BOUNDS);
    let place = connections.enter([10, 0, 0, 1].into()).expect("a place");
    drop(place.request());
    let mut first = place.hold_body(answer(), 0, place.stream(0));
    assert_eq!(first.split_to(1), "y");
    let second = place.hold_body(answer(), 0, place.stream(0));
    assert!(timeout(Duration::from_secs(9), place.closing()).await.is_err(), "they have time");
    drop(first);
    assert!(timeout(Duration::from_secs(9), place.closing()).await.is_err(), "one was taken");
    assert!(timeout(Duration::from_secs(2), place.closing()).await.is_ok());
    drop(second);
    assert!(timeout(Duration::from_secs(60), place.closing()).await.is_err(), "all were taken");
    assert_eq!(connections.open().untaken, 0);
}

/// As many as there are, before the first of them has gone.
#[tokio::test(start_paused = true)]
async fn all_go_who_take_none() {
    let connections = Connections::new(Bounds { connections: 100, ..BOUNDS });
    let places: Vec<_> = (0..100).filter_map(|client| connections.enter([10, 0, 0, client].into())).collect();
    let stay = || places.iter().filter(|place| !place.is_crowded_out()).count();
    let mut held: Vec<_> = places.iter().map(|place| place.hold_body(answer(), 0, place.stream(0))).collect();
    assert_eq!(stay(), 19, "twice as many as may wait, of one moment");
    advance(ON_ITS_WAY).await;
    held.push(places[99].hold_body(answer(), 0, places[99].stream(0)));
    assert_eq!(stay(), 9, "as many as may wait");
    assert!(places.iter().all(|place| !place.may_be_answered_at_length()), "those that go hold theirs still");
    drop(held);
    assert!(places.iter().any(super::Place::may_be_answered_at_length));
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_the_fewest_answers_goes_where_they_are_too_many() {
    let connections = Connections::new(BOUNDS);
    let [greedy, modest] = [1, 2].map(|client| connections.enter([10, 0, 0, client].into()).expect("a place"));
    let one = modest.hold_body(answer(), 0, modest.stream(0));
    let mut held = Vec::new();
    while !greedy.is_crowded_out() {
        held.push(greedy.hold_body(answer(), 0, greedy.stream(0)));
        advance(ON_ITS_WAY / 2).await;
    }
    assert_eq!(held.len(), 9, "{BOUNDS:?}");
    for _ in 0..5 {
        // It has not gone yet, and nobody goes in its place.
        drop(modest.hold_body(answer(), 0, modest.stream(0)));
    }
    assert!(!modest.is_crowded_out());
    assert!(!greedy.may_be_answered_at_length() && modest.may_be_answered_at_length());
    drop((one, held, greedy));
    let open = connections.open();
    assert_eq!((open.untaken, open.untaken_of_all), (0, 0));
}

/// Those of many streams, each answered in the same moment, are written in the next.
#[tokio::test(start_paused = true)]
async fn answers_of_one_moment_end_nobody_who_takes_them() {
    let connections = Connections::new(BOUNDS);
    let place = connections.enter([10, 0, 0, 1].into()).expect("a place");
    for _ in 0..5 {
        let held: Vec<_> = (0..18).map(|_| place.hold_body(answer(), 0, place.stream(0))).collect();
        drop(held);
        advance(ON_ITS_WAY).await;
    }
    assert!(!place.is_crowded_out());
}

/// One that leads elsewhere, and one to HEAD: the first repeats what was asked, and neither has a body.
#[tokio::test]
async fn an_answer_without_a_body_counts_until_it_is_taken() {
    let connections = Connections::new(BOUNDS);
    let place = connections.enter([10, 0, 0, 1].into()).expect("a place");
    for location in [0, 7_000] {
        let mut answer = Response::new(Bytes::new());
        if location > 0 {
            let value = HeaderValue::try_from("x".repeat(location)).expect("letters");
            answer.headers_mut().insert(header::LOCATION, value);
        }
        let mut body = place.hold(answer, place.stream(0)).into_body();
        let untaken = || connections.open().untaken;
        assert!(!body.is_end_stream(), "it has a frame yet");
        let frame = body.frame().await.expect("a frame").expect("bytes");
        assert_eq!((untaken(), connections.open().streams.count), (BESIDE_BODY + location, 1));
        assert!(body.is_end_stream());
        drop(body);
        assert_eq!(untaken(), BESIDE_BODY + location);
        drop(frame);
        assert_eq!((untaken(), connections.open().streams.count), (0, 0));
    }
}
