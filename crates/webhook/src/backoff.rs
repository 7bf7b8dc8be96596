//! Asking ever more rarely about a caller for whom STS has no answer. Pure: `now` is an argument, of the clock that only goes
//! forward.
//!
//! STS throttles accounts, so that what it says to one caller says nothing about the others. Whose back-off an answer may move is
//! for whoever knows the caller to say: a token proves nothing before STS has confirmed it.

use std::collections::HashMap;

use token::Upstream;
use tokio::time::{Duration, Instant};

/// How long nothing is asked after the first answer that is none, and at most, after each twice as long.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(4);

/// After that long without a question it is as if there had been none.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// How many callers are kept in mind.
const CAPACITY: usize = 1_024;

/// Callers about whom less is asked.
#[derive(Default)]
pub(crate) struct BackOffs(HashMap<u64, BackOff>);

struct BackOff {
    /// What STS said last.
    why: Upstream,
    pause: Duration,
    next: Instant,
    /// Whether a question is under way that shows whether it is over.
    is_trying: bool,
}

impl BackOffs {
    /// Whether a question about this caller may go; if not, what STS said last. After each pause one may.
    pub(crate) fn check(&mut self, caller: u64, now: Instant) -> Result<(), Upstream> {
        let Some(back_off) = self.0.get_mut(&caller) else { return Ok(()) };
        if now < back_off.next {
            return Err(back_off.why);
        }
        if now >= back_off.next + FORGOTTEN {
            self.0.remove(&caller);
            return Ok(());
        }
        (back_off.next, back_off.is_trying) = (now + back_off.pause, true);
        Ok(())
    }

    /// STS had no answer about this caller. What was under way already when the first one came counts once.
    pub(crate) fn failed(&mut self, caller: u64, why: Upstream, now: Instant) {
        if let Some(back_off) = self.0.get_mut(&caller) {
            if std::mem::take(&mut back_off.is_trying) {
                let pause = (back_off.pause * 2).min(LONGEST);
                *back_off = BackOff { why, pause, next: now + pause, is_trying: false };
            }
            return;
        }
        if self.0.len() >= CAPACITY {
            let first = self.0.iter().min_by_key(|(_, back_off)| back_off.next).map(|(caller, _)| *caller);
            first.and_then(|caller| self.0.remove(&caller));
        }
        self.0.insert(caller, BackOff { why, pause: FIRST, next: now + FIRST, is_trying: false });
    }

    /// STS has confirmed this caller.
    pub(crate) fn answered(&mut self, caller: u64) {
        self.0.remove(&caller);
    }
}

#[cfg(test)]
mod tests {
    use token::Upstream;
    use tokio::time::{Duration, Instant};

    use super::{BackOffs, CAPACITY, FORGOTTEN, LONGEST};

    const WHY: Upstream = Upstream::Throttled;

    /// When questions go, in milliseconds, if one comes every ten and none is answered.
    fn asked(back_offs: &mut BackOffs, caller: u64, start: Instant, seconds: u64) -> Vec<u64> {
        let asked = (0..seconds * 100).map(|ten| ten * 10).filter(|millis| {
            let now = start + Duration::from_millis(*millis);
            let may = back_offs.check(caller, now).is_ok();
            if may {
                back_offs.failed(caller, WHY, now);
            }
            may
        });
        asked.collect()
    }

    #[test]
    fn questions_become_rare_and_never_none() {
        let (mut back_offs, start) = (BackOffs::default(), Instant::now());
        let asked_in_a_minute = asked(&mut back_offs, 1, start, 24);
        assert_eq!(asked_in_a_minute, [0, 250, 750, 1_750, 3_750, 7_750, 11_750, 15_750, 19_750, 23_750]);
        assert_eq!(back_offs.check(1, start + Duration::from_secs(24)), Err(WHY));
        assert_eq!(back_offs.check(2, start), Ok(()), "others are asked about");
        back_offs.answered(1);
        assert_eq!(back_offs.check(1, start + Duration::from_secs(24)), Ok(()));
    }

    #[test]
    fn those_that_were_under_way_count_once_and_one_tries() {
        let (mut back_offs, start) = (BackOffs::default(), Instant::now());
        (0..10).for_each(|_| back_offs.failed(1, WHY, start));
        let later = start + Duration::from_millis(250);
        assert_eq!(back_offs.check(1, later), Ok(()));
        assert_eq!(back_offs.check(1, later), Err(WHY), "one at a time");
    }

    #[test]
    fn it_is_forgotten_after_a_while() {
        let (mut back_offs, start) = (BackOffs::default(), Instant::now());
        asked(&mut back_offs, 1, start, 24);
        let later = start + Duration::from_secs(24) + LONGEST + FORGOTTEN;
        assert!((0..10).all(|_| back_offs.check(1, later).is_ok()));
    }

    #[test]
    fn no_more_are_kept_in_mind_than_there_are_places() {
        let (mut back_offs, start) = (BackOffs::default(), Instant::now());
        for caller in 0..2 * CAPACITY as u64 {
            back_offs.failed(caller, WHY, start + Duration::from_micros(caller));
        }
        assert_eq!(back_offs.0.len(), CAPACITY);
        assert!(back_offs.check(2 * CAPACITY as u64 - 1, start).is_err());
    }
}
