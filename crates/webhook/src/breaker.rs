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
    /// Whether somebody has asked who did not choose the host from nowhere: then it is in use.
    is_in_use: bool,
    opened: Option<Opened>,
}

/// An open one lets questions through: of strangers at times of their own, so that they shift nobody else's.
#[derive(Debug)]
struct Opened {
    probes: Probes,
    probes_of_strangers: Probes,
}

#[derive(Debug)]
struct Probes {
    /// When the next ones may go.
    next: Instant,
    left: usize,
}

impl Breakers {
    /// Whether a question may go to this host. When a breaker has been open long enough, some may, and others only after
    /// as long again, unless one of them succeeds. Strangers have their own.
    pub(crate) fn allow(&mut self, host: u64, caller: Caller, now: Instant) -> bool {
        let Some(Breaker { opened: Some(opened), .. }) = self.0.get_mut(&host) else { return true };
        match caller {
            Caller::Known(_) => opened.probes.take(PROBES, now),
            Caller::Stranger | Caller::OfNewHost => opened.probes_of_strangers.take(PROBES_OF_STRANGERS, now),
        }
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
            let is_open = |breaker: &Breaker| breaker.opened.as_ref().is_some_and(|opened| opened.is_shut(now));
            self.0.retain(|_, breaker| breaker.is_in_use || is_open(breaker));
            if self.0.len() >= CAPACITY {
                return;
            }
        }
        let breaker = self.0.entry(host).or_default();
        breaker.is_in_use |= caller != Caller::OfNewHost;
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
            let none = || Probes { next: now + OPEN_FOR, left: 0 };
            breaker.opened = Some(Opened { probes: none(), probes_of_strangers: none() });
        }
    }
}

impl Opened {
    /// Whether nothing has been let through for as long as one waits.
    fn is_shut(&self, now: Instant) -> bool {
        now < self.probes.next.max(self.probes_of_strangers.next)
    }
}

impl Probes {
    /// Takes one, of so many each time.
    fn take(&mut self, each_time: usize, now: Instant) -> bool {
        if now >= self.next {
            *self = Self { next: now + OPEN_FOR, left: each_time };
        }
        self.left.checked_sub(1).inspect(|rest| self.left = *rest).is_some()
    }
}

#[cfg(test)]
mod tests;
