//! What is done only so often, whoever asks for it.

use std::{
    cell::Cell,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, advance, sleep},
};

use super::{
    sts::{Kind, confirmed, error, genuine, of_session},
    webhook,
};
use crate::{Outcome, Webhook};

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(test);
}

/// Shows a new token every ten milliseconds for a minute, of a caller whom STS throttles. How often it was asked.
async fn throttled_for_a_minute(webhook: &Webhook, token: impl Fn(usize) -> String) -> usize {
    let (asked, start, mut number) = (Cell::new(0), Instant::now(), 1_000);
    while start.elapsed() < Duration::from_secs(60) {
        let sts = async |_: &token::Accepted| {
            asked.set(asked.get() + 1);
            Ok(error(400, "Throttling"))
        };
        let outcome = webhook.authenticate_by(&token(number), false, sts).await;
        assert_eq!((outcome.code(), outcome.status()), ("upstream.throttled", 429));
        number += 1;
        advance(Duration::from_millis(10)).await;
    }
    asked.get()
}

#[test]
fn about_a_caller_whom_sts_throttles_it_is_asked_ever_more_rarely() {
    run(async {
        let webhook = webhook();
        assert_eq!(throttled_for_a_minute(&webhook, of_session).await, 19, "a session's token is nobody else's");

        let stranger = |number| Kind::NotMapped.token(number);
        let sts = async |_: &token::Accepted| Ok(confirmed("444455556666", "444455556666", "mallory"));
        assert_eq!(webhook.authenticate_by(&stranger(0), false, sts).await.code(), "mapping.none");
        assert_eq!(throttled_for_a_minute(&webhook, stranger).await, 19, "nobody who is mapped has this key");
    });
}

/// A key's id is no secret: that a token names it says nothing of who has sent it.
#[test]
fn forged_tokens_move_nobodys_back_off() {
    run(async {
        let webhook = webhook();
        assert_eq!(webhook.authenticate_by(&genuine(0, 0), false, super::answer).await.code(), "granted");
        assert_eq!(throttled_for_a_minute(&webhook, |number| Kind::ForgedOfKnown.token(number * 3)).await, 6_000);
        assert_eq!(webhook.authenticate_by(&genuine(0, 1), false, super::answer).await.code(), "granted");
    });
}

#[test]
fn a_caller_who_is_confirmed_again_is_asked_about_as_ever() {
    run(async {
        let webhook = webhook();
        throttled_for_a_minute(&webhook, of_session).await;
        advance(Duration::from_secs(4)).await;
        for number in 0..3 {
            let sts = async |_: &token::Accepted| Ok(confirmed("444455556666", "444455556666", "mallory"));
            assert_eq!(
                webhook.authenticate_by(&of_session(number), false, sts).await.code(),
                "mapping.none",
                "{number}"
            );
        }
    });
}

#[test]
fn the_rule_that_nearly_fits_is_looked_for_twenty_times_a_second() {
    run(async {
        let webhook = webhook();
        for second in 0..3 {
            let mut found = 0;
            for number in 0..100 {
                // Somebody of another account who is called as one of ours is.
                let sts = async |_: &token::Accepted| Ok(confirmed("444455556666", "444455556666", "p0"));
                let outcome = webhook.authenticate_by(&Kind::NotMapped.token(second * 100 + number), false, sts).await;
                let Outcome::RefusedCaller { nearest, .. } = outcome else { panic!("nobody has mapped them") };
                found += usize::from(nearest.is_some());
            }
            assert_eq!(found, 20, "in second {second}");
            advance(Duration::from_secs(1)).await;
        }
    });
}

/// Everybody logs in again and again, each time with another token: STS is hardly asked while it is gone, nobody is told that they may not
/// log in, and when it is back each login is one question, and everybody is let in.
#[test]
fn sts_is_gone_for_a_minute_and_comes_back_without_a_herd() {
    /// Seconds; first of all it is there.
    const GONE: [u64; 3] = [0, 5, 60];
    run(async {
        let (webhook, asked) = (webhook(), Arc::new(AtomicUsize::new(0)));
        let mut number = 0;
        let mut log_in_for = async |seconds: u64, is_gone: bool| {
            let (start, mut logins) = (Instant::now(), JoinSet::new());
            while start.elapsed() < Duration::from_secs(seconds) {
                number += 1;
                // Those whose credentials are over are another matter.
                let person = number % 9;
                let (webhook, asked, token) = (Arc::clone(&webhook), Arc::clone(&asked), genuine(person, number));
                logins.spawn(async move {
                    let sts = async |accepted: &token::Accepted| {
                        asked.fetch_add(1, Ordering::Relaxed);
                        if is_gone { Ok(error(503, "ServiceUnavailable")) } else { super::answer(accepted).await }
                    };
                    let outcome = webhook.authenticate_by(&token, false, sts).await;
                    (outcome.code(), outcome.status())
                });
                sleep(Duration::from_millis(10)).await;
            }
            (logins.join_all().await, asked.swap(0, Ordering::Relaxed))
        };
        for gone in GONE {
            let (told, questions) = log_in_for(gone, true).await;
            assert!(told.iter().all(|(_, status)| *status == 502), "{told:?}");
            // Those that open the breaker, and then four every two seconds.
            assert!(questions as u64 <= 10 + 9 + 4 * (gone / 2 + 1), "{questions} in {gone} s");
            // One of those that try finds out that it is back; until then everybody is told to try again.
            let (told, _) = log_in_for(3, false).await;
            assert!(told.iter().all(|(code, status)| *code == "granted" || *status == 502), "{told:?}");
            let (told, questions) = log_in_for(10, false).await;
            assert!(told.iter().all(|(code, _)| *code == "granted"), "{told:?}");
            assert_eq!(questions, told.len(), "one for each login");
        }
    });
}
