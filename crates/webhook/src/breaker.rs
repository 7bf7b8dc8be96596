//! Leaving an endpoint alone that fails again and again. Pure: `now` is an argument.
//!
//! Breakers are per host, because callers choose the host: a token that names a Region which does not exist must not keep
//! others from logging in through theirs.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// Failures in a row that open a breaker.
const THRESHOLD: u32 = 10;

/// How long an open one stays open before a probe is let through.
const OPEN_FOR: SignedDuration = SignedDuration::from_secs(2);

/// How many hosts are kept in mind; those without failures are forgotten first.
const CAPACITY: usize = 128;

/// One breaker for each host.
#[derive(Debug, Default)]
pub(crate) struct Breakers(BTreeMap<String, Breaker>);

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// When the next probe may go; set while open.
    probe_at: Option<Timestamp>,
}

impl Breakers {
    /// Whether a request may go to this host. When a breaker has been open long enough, one probe may, and the next only
    /// after as long again unless the probe succeeds.
    pub(crate) fn allow(&mut self, host: &str, now: Timestamp) -> bool {
        let Some(Breaker { probe_at: Some(probe_at), .. }) = self.0.get_mut(host) else { return true };
        if now < *probe_at {
            return false;
        }
        *probe_at = now + OPEN_FOR;
        true
    }

    /// The host answered, whatever it said.
    pub(crate) fn succeeded(&mut self, host: &str) {
        self.0.remove(host);
    }

    /// The host did not answer, or said that it cannot.
    pub(crate) fn failed(&mut self, host: &str, now: Timestamp) {
        if !self.0.contains_key(host) && self.0.len() >= CAPACITY {
            self.0.retain(|_, breaker| breaker.probe_at.is_some_and(|at| now < at));
            if self.0.len() >= CAPACITY {
                return;
            }
        }
        let breaker = self.0.entry(host.to_owned()).or_default();
        breaker.failures = breaker.failures.saturating_add(1);
        if breaker.failures >= THRESHOLD {
            breaker.probe_at = Some(now + OPEN_FOR);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Breakers, CAPACITY, THRESHOLD};

    #[test]
    fn a_breaker_opens_after_failures_in_a_row_probes_and_closes() {
        let start = Timestamp::UNIX_EPOCH;
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        let mut breakers = Breakers::default();
        for _ in 1..THRESHOLD {
            breakers.failed("a", start);
            assert!(breakers.allow("a", start));
        }
        breakers.failed("a", start);
        assert!(!breakers.allow("a", at(1)), "open");
        assert!(breakers.allow("b", at(1)), "another host");
        assert!(breakers.allow("a", at(2)), "the probe");
        assert!(!breakers.allow("a", at(2)), "one probe at a time");
        breakers.failed("a", at(3));
        assert!(!breakers.allow("a", at(4)), "the probe failed");
        assert!(breakers.allow("a", at(5)), "another probe");
        breakers.succeeded("a");
        assert!(breakers.allow("a", at(5)) && breakers.allow("a", at(5)), "closed");
    }

    #[test]
    fn made_up_hosts_do_not_fill_the_memory() {
        let mut breakers = Breakers::default();
        for host in 0..10 * CAPACITY {
            breakers.failed(&host.to_string(), Timestamp::UNIX_EPOCH);
        }
        assert!(breakers.0.len() <= CAPACITY);
    }
}
