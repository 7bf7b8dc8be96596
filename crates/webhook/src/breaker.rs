//! Leaving an endpoint alone that fails again and again. Pure: `now` is an argument, of the clock that only goes forward.
//!
//! Callers choose the host, and what STS says to one caller says nothing about the others. So breakers are per host, and
//! what counts is what says something about the host: that it cannot be reached, whoever asks; or that it fails several
//! callers who have logged in before.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::{Duration, Instant};

/// Failures in a row that open a breaker.
const THRESHOLD: usize = 10;

/// From how many callers they must come, where the host was reached.
const CALLERS: usize = 3;

/// How long an open one stays open before questions are let through again, and how long until the next ones.
const OPEN_FOR: Duration = Duration::from_secs(2);

/// Questions let through each time: of callers who have logged in before, and of all others.
const PROBES: usize = 3;
const PROBES_OF_STRANGERS: usize = 1;

/// How many unknown hosts are kept in mind.
const CAPACITY: usize = 128;

/// One breaker for each host.
#[derive(Debug, Default)]
pub(crate) struct Breakers(BTreeMap<u64, Breaker>);

/// How a question failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There was no connection.
    Connection,
    /// There was one, and no answer that says yes or no.
    Answer,
}

/// Who has asked, as far as a breaker minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Somebody who logged in lately, by their credentials.
    Known(u64),
    /// Somebody else, through a host that others logged in through.
    Stranger,
    /// Anybody, through a host that nobody logged in through.
    OfNewHost,
}

#[derive(Debug, Default)]
struct Breaker {
    without_connection: usize,
    without_answer: usize,
    /// Who got no answer, up to as many as matter.
    callers: BTreeSet<u64>,
    opened: Option<Opened>,
}

#[derive(Debug)]
struct Opened {
    /// When the next questions may go.
    next: Instant,
    probes: usize,
    probes_of_strangers: usize,
}

impl Breakers {
    /// Whether a question may go to this host. When a breaker has been open long enough, some may, and others only after
    /// as long again, unless one of them succeeds. Strangers have their own.
    pub(crate) fn allow(&mut self, host: u64, caller: Caller, now: Instant) -> bool {
        let Some(Breaker { opened: Some(opened), .. }) = self.0.get_mut(&host) else { return true };
        if now < opened.next {
            let left = match caller {
                Caller::Known(_) => &mut opened.probes,
                Caller::Stranger | Caller::OfNewHost => &mut opened.probes_of_strangers,
            };
            return left.checked_sub(1).inspect(|rest| *left = *rest).is_some();
        }
        *opened = Opened { next: now + OPEN_FOR, probes: PROBES, probes_of_strangers: PROBES_OF_STRANGERS };
        self.allow(host, caller, now)
    }

    /// Whether this host is left alone.
    pub(crate) fn is_open(&self, host: u64) -> bool {
        self.0.get(&host).is_some_and(|breaker| breaker.opened.is_some())
    }

    /// The host answered yes or no, to whomever.
    pub(crate) fn succeeded(&mut self, host: u64) {
        self.0.remove(&host);
    }

    /// The host did not.
    pub(crate) fn failed(&mut self, host: u64, caller: Caller, failure: Failure, now: Instant) {
        if !self.0.contains_key(&host) && caller == Caller::OfNewHost && self.0.len() >= CAPACITY {
            self.0.retain(|_, breaker| breaker.opened.as_ref().is_some_and(|opened| now < opened.next));
            if self.0.len() >= CAPACITY {
                return;
            }
        }
        let breaker = self.0.entry(host).or_default();
        match (failure, caller) {
            (Failure::Connection, _) => breaker.without_connection += 1,
            (Failure::Answer, Caller::Known(credentials)) => {
                breaker.without_answer += 1;
                if breaker.callers.len() < CALLERS {
                    breaker.callers.insert(credentials);
                }
            }
            (Failure::Answer, Caller::Stranger | Caller::OfNewHost) => {}
        }
        let is_failing = breaker.without_connection >= THRESHOLD
            || (breaker.without_answer >= THRESHOLD && breaker.callers.len() >= CALLERS);
        if is_failing && breaker.opened.is_none() {
            breaker.opened = Some(Opened { next: now + OPEN_FOR, probes: 0, probes_of_strangers: 0 });
        }
    }
}

#[cfg(test)]
mod tests {
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
}
