//! The machine's clock is set, forwards and back: tokens end by it, and nothing else of the server minds.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use sandbox::Fault;
use tokio::time::sleep;
use webhook::Settings;

use crate::stage::{self, Stage};

const HOUR: i64 = 3_600;

/// A clock of its own, by which way it is wrong: tests run beside each other.
struct Clock {
    wrong_by: &'static AtomicI64,
    now: fn() -> Timestamp,
}

macro_rules! clock {
    () => {{
        static WRONG_BY: AtomicI64 = AtomicI64::new(0);
        fn now() -> Timestamp {
            stage::now() + SignedDuration::from_secs(WRONG_BY.load(Ordering::Relaxed))
        }
        Clock { wrong_by: &WRONG_BY, now }
    }};
}

impl Clock {
    async fn stage(&self, change: impl FnOnce(&mut Settings)) -> Stage {
        let stage = Stage::with(|settings| {
            settings.now = self.now;
            change(settings);
        });
        let stage = stage.await;
        stage.load(crate::attacks::MAPPING);
        stage
    }

    fn set_wrong_by(&self, seconds: i64) {
        self.wrong_by.store(seconds, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn what_is_remembered_is_remembered_by_the_time_that_has_gone_by() {
    let clock = clock!();
    let stage = clock.stage(|settings| settings.cache_max_age = Duration::from_secs(1)).await;
    for (step, code) in [(HOUR, "token.expired"), (-HOUR, "token.future")] {
        let token = stage.token("alice", step / HOUR);
        assert_eq!(stage.webhook.authenticate(&token).await.code(), "granted");
        let asked = stage.asked();
        clock.set_wrong_by(step);
        assert_eq!(stage.webhook.authenticate(&token).await.code(), code);
        clock.set_wrong_by(0);
        assert_eq!(stage.webhook.authenticate(&token).await.code(), "granted");
        assert_eq!(stage.asked(), asked, "it was remembered all the while");
        clock.set_wrong_by(step);
        sleep(Duration::from_millis(1_100)).await;
        clock.set_wrong_by(0);
        assert_eq!(stage.webhook.authenticate(&token).await.code(), "granted");
        assert_eq!(stage.asked(), asked + 1, "and for a second, whatever the clock said");
    }
}

#[tokio::test]
async fn an_endpoint_is_left_alone_for_as_long_as_it_is_whatever_the_clock_says() {
    let clock = clock!();
    for step in [HOUR, -HOUR] {
        let stage = clock.stage(|_| {}).await;
        let people = ["alice", "bob", "carol"];
        for person in people {
            assert_eq!(stage.webhook.authenticate(&stage.token(person, 100)).await.code(), "granted");
        }
        stage.faults.set(Fault::ServerError);
        let mut codes = Vec::new();
        for age in 0..4 {
            for person in people {
                codes.push(stage.webhook.authenticate(&stage.token(person, age)).await.code());
            }
        }
        assert_eq!(codes.last(), Some(&"upstream.circuit-open"), "{codes:?}");
        let asked = stage.asked();
        clock.set_wrong_by(step);
        let code = stage.webhook.authenticate(&stage.token("alice", -step)).await.code();
        assert_eq!((code, stage.asked()), ("upstream.circuit-open", asked), "it is still left alone");
        let mut age = 1;
        while stage.webhook.authenticate(&stage.token("alice", age - step)).await.code() == "upstream.circuit-open" {
            sleep(Duration::from_millis(100)).await;
            age += 1;
        }
        assert_eq!(stage.asked(), asked + 1, "and asked again after seconds, not after an hour");
        clock.set_wrong_by(0);
    }
}

#[tokio::test]
async fn whoever_waits_has_a_turn_whatever_the_clock_says() {
    let clock = clock!();
    for step in [HOUR, -HOUR] {
        let stage = clock.stage(|settings| settings.sts_questions.under_way = 1).await;
        stage.faults.set(Fault::Delay(Duration::from_millis(300)));
        let (first, second) = (stage.token("alice", 0), stage.token("bob", 0));
        let set = async {
            while stage.asked() == 0 {
                sleep(Duration::from_millis(10)).await;
            }
            clock.set_wrong_by(step);
        };
        let (first, second, ()) =
            tokio::join!(stage.webhook.authenticate(&first), stage.webhook.authenticate(&second), set);
        assert_eq!([first.code(), second.code()], ["granted"; 2]);
        clock.set_wrong_by(0);
    }
}
