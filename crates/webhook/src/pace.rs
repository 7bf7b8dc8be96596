//! How many questions to STS may be under way at this moment. Pure: `now` is an argument.
//!
//! STS says nobody how much it takes. So it is found out as TCP finds out what a network takes: from few, twice as many
//! with each round of answers, and half as many when people who have logged in before get none; from there on, one more with
//! each round. What strangers are answered, or not, changes nothing.

use tokio::time::{Duration, Instant};

/// Questions at the start, and after failures at the least: as many as no endpoint has trouble with.
const LEAST: usize = 16;

/// What fails within one moment is one failure.
const MOMENT: Duration = Duration::from_secs(1);

/// How many may be under way.
#[derive(Debug)]
pub(crate) struct Pace {
    now: usize,
    most: usize,
    /// Up to here it doubles with each round, and from here on it grows by one.
    doubles_to: usize,
    /// Answers since it grew last.
    answers: usize,
    failed: Option<Instant>,
}

impl Pace {
    /// Never more than `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { now: LEAST.min(most), most, doubles_to: most, answers: 0, failed: None }
    }

    /// How many may be under way.
    pub(crate) fn now(&self) -> usize {
        self.now
    }

    /// STS has confirmed somebody who is mapped.
    pub(crate) fn answered(&mut self) {
        self.answers += 1;
        let round = if self.now < self.doubles_to { 1 } else { self.now };
        if self.answers >= round {
            self.answers = 0;
            self.now = (self.now + 1).min(self.most);
        }
    }

    /// Somebody who has logged in before got no answer.
    pub(crate) fn failed(&mut self, now: Instant) {
        if self.failed.is_some_and(|before| now < before + MOMENT) {
            return;
        }
        self.failed = Some(now);
        self.now = (self.now / 2).max(LEAST.min(self.most));
        (self.doubles_to, self.answers) = (self.now, 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::{Duration, Instant};

    use super::{LEAST, Pace};

    fn answered(pace: &mut Pace, times: usize) -> usize {
        (0..times).for_each(|_| pace.answered());
        pace.now()
    }

    #[test]
    fn it_doubles_until_something_fails_and_then_grows_by_one() {
        let (mut pace, start) = (Pace::new(128), Instant::now());
        assert_eq!(pace.now(), 16);
        assert_eq!([16, 32, 64, 1_000].map(|times| answered(&mut pace, times)), [32, 64, 128, 128]);
        for millis in [0, 10, 999] {
            pace.failed(start + Duration::from_millis(millis));
        }
        assert_eq!(pace.now(), 64, "they failed together");
        assert_eq!([63, 1, 65].map(|times| answered(&mut pace, times)), [64, 65, 66]);
        for second in 1..10 {
            pace.failed(start + Duration::from_secs(second));
        }
        assert_eq!(pace.now(), 16);
        assert_eq!(Pace::new(1).now(), 1);
    }

    proptest! {
        #[test]
        fn it_stays_within_its_bounds(most in 1..200_usize, steps in prop::collection::vec(prop::option::of(0..2_000_u64), 0..300)) {
            let (mut pace, start) = (Pace::new(most), Instant::now());
            for step in steps {
                match step {
                    None => pace.answered(),
                    Some(millis) => pace.failed(start + Duration::from_millis(millis)),
                }
                prop_assert!((LEAST.min(most)..=most).contains(&pace.now()));
            }
        }
    }
}
