//! So many times a second, and no more; and what is beyond that, counted.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use tokio::time::Instant;

/// Counts what is done within each second.
pub(crate) struct Rate {
    a_second: u32,
    /// When the second under way began, and how often it was done since.
    second: Mutex<Option<(Instant, u32)>>,
}

impl Rate {
    pub(crate) const fn new(a_second: u32) -> Self {
        Self { a_second, second: Mutex::new(None) }
    }

    /// Whether it may be done once more.
    pub(crate) fn allows(&self, now: Instant) -> bool {
        let mut second = self.second.lock().expect("no holder of this lock panics");
        let (_, times) = match &mut *second {
            Some(second) if now < second.0 + Duration::from_secs(1) => second,
            second => second.insert((now, 0)),
        };
        let is_allowed = *times < self.a_second;
        *times += u32::from(is_allowed);
        is_allowed
    }
}

/// Lines of a log of which only so many a second are written. The others are counted by kind, so that none is lost uncounted.
pub(crate) struct Lines<K> {
    rate: Rate,
    counted: Mutex<BTreeMap<K, u64>>,
}

impl<K: Ord> Lines<K> {
    pub(crate) const fn new(a_second: u32) -> Self {
        Self { rate: Rate::new(a_second), counted: Mutex::new(BTreeMap::new()) }
    }

    /// Whether one more may be written.
    pub(crate) fn allows(&self, now: Instant) -> bool {
        self.rate.allows(now)
    }

    /// What was counted since the last time, to add to: kinds, and how often each was not written.
    pub(crate) fn counted(&self) -> MutexGuard<'_, BTreeMap<K, u64>> {
        self.counted.lock().expect("no holder of this lock panics")
    }

    /// Takes what was counted: from here on it is counted anew.
    pub(crate) fn take(&self) -> BTreeMap<K, u64> {
        std::mem::take(&mut *self.counted())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Rate;

    #[test]
    fn no_more_than_allowed_within_a_second() {
        let (rate, start) = (Rate::new(2), Instant::now());
        let allowed = [0, 10, 999, 1_000, 1_500, 1_999, 5_000].map(|at| rate.allows(start + Duration::from_millis(at)));
        assert_eq!(allowed, [true, true, false, true, true, false, true]);
    }
}
