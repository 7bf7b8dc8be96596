//! What opens a breaker, what it lets through, and that strangers change nothing of it for others.

use proptest::prelude::*;
use tokio::time::{Duration, Instant};

use super::{Breakers, CAPACITY, Caller, Failure, PROBES, THRESHOLD};

const KNOWN: Caller = Caller::Known(1);

/// Name, the caller of each question, how it fails, whether the host is asked on.
type Row = (&'static str, fn(usize) -> Caller, Failure, bool);

fn fail(breakers: &mut Breakers, times: usize, caller: impl Fn(usize) -> Caller, failure: Failure, now: Instant) {
    for time in 0..times {
        breakers.failed(0, caller(time), failure, now);
    }
}

#[test]
fn a_breaker_opens_after_failures_in_a_row_probes_and_closes() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut breakers = Breakers::default();
    fail(&mut breakers, THRESHOLD - 1, |_| Caller::Stranger, Failure::Connection, start);
    assert!(breakers.allow(0, KNOWN, start));
    breakers.failed(0, Caller::Stranger, Failure::Connection, start);
    assert!(!breakers.allow(0, KNOWN, at(1)) && breakers.is_open(0), "open");
    assert!(breakers.allow(1, KNOWN, at(1)), "another host");
    assert!((0..PROBES).all(|_| breakers.allow(0, KNOWN, at(2))), "probes");
    assert!(!breakers.allow(0, KNOWN, at(2)), "no more of them");
    assert!(breakers.allow(0, Caller::Stranger, at(2)), "strangers have one of their own");
    assert!(!breakers.allow(0, Caller::Stranger, at(3)), "and only one");
    breakers.failed(0, KNOWN, Failure::Connection, at(3));
    assert!(!breakers.allow(0, KNOWN, at(3)), "the probes failed");
    assert!(breakers.allow(0, KNOWN, at(4)), "others");
    breakers.succeeded(0);
    assert!((0..100).all(|_| breakers.allow(0, KNOWN, at(4))) && !breakers.is_open(0), "closed");
}

#[test]
fn what_one_caller_meets_with_says_nothing_about_the_host() {
    let now = Instant::now();
    let rows: [Row; 6] = [
        ("one known caller without answers", |_| KNOWN, Failure::Answer, true),
        ("two", |time| Caller::Known(time as u64 % 2), Failure::Answer, true),
        ("three", |time| Caller::Known(time as u64 % 3), Failure::Answer, false),
        ("strangers without answers", |_| Caller::Stranger, Failure::Answer, true),
        ("strangers at a new host, without answers", |_| Caller::OfNewHost, Failure::Answer, true),
        ("strangers without a connection", |_| Caller::OfNewHost, Failure::Connection, false),
    ];
    for (name, caller, failure, is_asked) in rows {
        let mut breakers = Breakers::default();
        fail(&mut breakers, 10 * THRESHOLD, caller, failure, now);
        assert_eq!(breakers.allow(0, KNOWN, now), is_asked, "{name}");
    }
}

#[test]
fn made_up_hosts_take_no_place_from_those_in_use() {
    let now = Instant::now();
    let mut breakers = Breakers::default();
    for host in 1..10 * CAPACITY as u64 {
        breakers.failed(host, Caller::OfNewHost, Failure::Connection, now);
    }
    assert!(breakers.0.len() <= CAPACITY);
    fail(&mut breakers, THRESHOLD, |_| Caller::Stranger, Failure::Connection, now);
    assert!(!breakers.allow(0, KNOWN, now));
}

/// What happens at a host, and at those that strangers make up.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(Duration),
    Known(u64, Doing),
    Strangers(Caller, Doing),
    /// So many made-up hosts cannot be reached.
    MadeUp(u64),
}

#[derive(Clone, Copy, Debug)]
enum Doing {
    Ask,
    Fail(Failure),
    Succeed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let doing = prop_oneof![
        6 => Just(Doing::Ask),
        6 => prop::sample::select(vec![Failure::Connection, Failure::Answer]).prop_map(Doing::Fail),
        1 => Just(Doing::Succeed),
    ];
    // Who cannot reach the host says something of it, whoever that is, and so does whoever is answered.
    let of_strangers = prop::sample::select(vec![Doing::Ask, Doing::Fail(Failure::Answer)]);
    let stranger = prop::sample::select(vec![Caller::Stranger, Caller::OfNewHost]);
    let step = prop_oneof![
        3 => (0..3_000_u64).prop_map(|millis| Step::Pass(Duration::from_millis(millis))),
        9 => (0..4_u64, doing).prop_map(|(who, doing)| Step::Known(who, doing)),
        6 => (stranger, of_strangers).prop_map(|(stranger, doing)| Step::Strangers(stranger, doing)),
        1 => (1..2 * CAPACITY as u64).prop_map(Step::MadeUp),
    ];
    prop::collection::vec(step, 0..200)
}

/// Whether those who are known may ask, each time.
fn allowed(steps: &[Step], with_strangers: bool) -> Vec<bool> {
    let (mut breakers, mut now, mut allowed) = (Breakers::default(), Instant::now(), Vec::new());
    for step in steps {
        match *step {
            Step::Pass(time) => now += time,
            Step::Known(who, doing) => allowed.extend(take(&mut breakers, Caller::Known(who), doing, now)),
            Step::Strangers(stranger, doing) if with_strangers => {
                take(&mut breakers, stranger, doing, now);
            }
            Step::MadeUp(count) if with_strangers => {
                (1..=count).for_each(|host| breakers.failed(host, Caller::OfNewHost, Failure::Connection, now));
            }
            Step::Strangers(..) | Step::MadeUp(_) => {}
        }
    }
    allowed
}

fn take(breakers: &mut Breakers, caller: Caller, doing: Doing, now: Instant) -> Option<bool> {
    match doing {
        Doing::Ask => return Some(breakers.allow(0, caller, now)),
        Doing::Fail(failure) => breakers.failed(0, caller, failure, now),
        Doing::Succeed => breakers.succeeded(0),
    }
    None
}

proptest! {
    #[test]
    fn what_strangers_do_never_changes_what_known_callers_may_ask(steps in steps()) {
        prop_assert_eq!(allowed(&steps, true), allowed(&steps, false));
    }
}
