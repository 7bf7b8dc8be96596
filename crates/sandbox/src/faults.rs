//! What goes wrong on purpose, and how often anything was asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// One way to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `Throttling`, with status 400 as STS sends it.
    Throttle,
    /// 500, `InternalFailure`.
    ServerError,
    /// 503, `ServiceUnavailable`.
    Unavailable,
    /// The right answer, too late.
    Delay(Duration),
    /// The connection is closed without an answer.
    Reset,
    /// 200 with something that is not an answer.
    Garbage,
    /// 302 to another host.
    Redirect,
    /// 200 with 20 MB.
    HugeBody,
    /// 200 for a caller of another partition than the host's.
    OtherPartition,
    /// 200 whose account is not its ARN's.
    OtherAccount,
}

/// A handle on what goes wrong. Clones share it.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    /// How many more requests it is for; none for all.
    remaining: Option<usize>,
    requests: BTreeMap<String, usize>,
}

impl Faults {
    /// From now on every request fails like this.
    pub fn set(&self, fault: Fault) {
        let mut state = self.lock();
        (state.fault, state.remaining) = (Some(fault), None);
    }

    /// The next `count` requests fail like this.
    pub fn set_for(&self, fault: Fault, count: usize) {
        let mut state = self.lock();
        (state.fault, state.remaining) = (Some(fault), Some(count));
    }

    /// Nothing fails any more.
    pub fn clear(&self) {
        let mut state = self.lock();
        (state.fault, state.remaining) = (None, None);
    }

    /// How many requests there were for an action (`GetCallerIdentity` …), whatever became of them.
    pub fn requests(&self, action: &str) -> usize {
        self.lock().requests.get(action).copied().unwrap_or_default()
    }

    /// Counts a request, and says how it is to fail.
    pub(crate) fn next(&self, action: &str) -> Option<Fault> {
        let mut state = self.lock();
        *state.requests.entry(action.to_owned()).or_default() += 1;
        match &mut state.remaining {
            Some(0) => None,
            Some(remaining) => {
                *remaining -= 1;
                state.fault.clone()
            }
            None => state.fault.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no holder of this lock panics")
    }
}
