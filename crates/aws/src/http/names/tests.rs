//! Which names wait for which.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use tokio::time::timeout;

use super::{MAX_NAMES, ResolvedHosts, THREADS_FOR_OTHERS};

fn somewhere() -> Vec<SocketAddr> {
    vec![([192, 0, 2, 1], 0).into()]
}

#[tokio::test]
async fn an_answer_is_kept_for_a_moment() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let names = ResolvedHosts::new(Duration::from_secs(60), |_| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        Ok(somewhere())
    });
    for _ in 0..10 {
        assert_eq!(names.addresses("sts.us-west-2.amazonaws.com").await.expect("found"), somewhere());
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_answer_is_used_on_where_there_is_no_other() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let names = ResolvedHosts::new(Duration::ZERO, |_| match ASKED.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(somewhere()),
        _ => Err(io::Error::other("the name server is away")),
    });
    for _ in 0..3 {
        assert_eq!(names.addresses("sts.us-west-2.amazonaws.com").await.expect("found"), somewhere());
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 3);
    assert!(names.addresses("sts.eu-west-1.amazonaws.com").await.is_err());
}

#[tokio::test]
async fn names_that_are_never_answered_hold_few_threads_and_none_of_the_others() {
    static HANGING: AtomicUsize = AtomicUsize::new(0);
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    let names = ResolvedHosts::new(Duration::ZERO, |name| {
        if name.starts_with("made-up") {
            HANGING.fetch_add(1, Ordering::Relaxed);
            while !IS_OVER.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(somewhere())
    });
    names.addresses("sts.us-west-2.amazonaws.com").await.expect("found");
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..200 {
        let names = names.clone();
        asking.spawn(async move {
            // As if whoever wanted the answer had given up.
            drop(timeout(Duration::from_millis(100), names.addresses(&format!("made-up-{number}"))).await);
        });
    }
    while HANGING.load(Ordering::Relaxed) < THREADS_FOR_OTHERS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    asking.join_all().await;
    for _ in 0..20 {
        names.addresses("sts.us-west-2.amazonaws.com").await.expect("found");
    }
    assert_eq!(HANGING.load(Ordering::Relaxed), THREADS_FOR_OTHERS);
    IS_OVER.store(true, Ordering::Relaxed);
}

/// After a restart nothing was found before, and made-up names may come first.
#[tokio::test]
async fn names_that_are_given_wait_for_no_made_up_ones_the_first_time() {
    static HANGING: AtomicUsize = AtomicUsize::new(0);
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    let names = ResolvedHosts::new(Duration::from_secs(60), |name| {
        if name.starts_with("made-up") {
            HANGING.fetch_add(1, Ordering::Relaxed);
            while !IS_OVER.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(somewhere())
    });
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..200 {
        let names = names.clone();
        asking.spawn(async move { drop(names.addresses(&format!("made-up-{number}")).await) });
    }
    while HANGING.load(Ordering::Relaxed) < THREADS_FOR_OTHERS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (own, another) = ("sts.us-west-2.amazonaws.com", "sts.eu-west-1.amazonaws.com");
    names.give([own]);
    assert_eq!(names.addresses(own).await.expect("found"), somewhere());
    let waits = timeout(Duration::from_millis(200), names.addresses(another)).await;
    assert!(waits.is_err(), "nobody has said that it is in use");
    IS_OVER.store(true, Ordering::Relaxed);
    assert_eq!(names.addresses(another).await.expect("found"), somewhere());
    asking.shutdown().await;
}

#[tokio::test]
async fn no_more_names_are_kept_than_there_are_places() {
    let names = ResolvedHosts::new(Duration::from_secs(60), |_| Ok(somewhere()));
    for number in 0..2 * MAX_NAMES {
        names.addresses(&number.to_string()).await.expect("found");
    }
    assert_eq!(names.found().len(), MAX_NAMES);
}
