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
    /// Whether the caller has logged in lately: others take no place from such a one.
    is_known: bool,
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
    pub(crate) fn failed(&mut self, caller: u64, is_known: bool, why: Upstream, now: Instant) {
        if let Some(back_off) = self.0.get_mut(&caller) {
            back_off.is_known |= is_known;
            if std::mem::take(&mut back_off.is_trying) {
                let pause = (back_off.pause * 2).min(LONGEST);
                (back_off.why, back_off.pause, back_off.next) = (why, pause, now + pause);
            }
            return;
        }
        if self.0.len() >= CAPACITY && !self.make_room(is_known) {
            return;
        }
        self.0.insert(caller, BackOff { is_known, why, pause: FIRST, next: now + FIRST, is_trying: false });
    }

    /// Forgets whoever may be asked about first, of those who are not known if there are any.
    fn make_room(&mut self, for_known: bool) -> bool {
        let others = self.0.iter().filter(|(_, back_off)| for_known || !back_off.is_known);
        let first = others.min_by_key(|(_, back_off)| (back_off.is_known, back_off.next)).map(|(caller, _)| *caller);
        first.is_some_and(|caller| self.0.remove(&caller).is_some())
    }

    /// STS has confirmed this caller.
    pub(crate) fn answered(&mut self, caller: u64) {
        self.0.remove(&caller);
    }
}

#[cfg(test)]
mod tests;
