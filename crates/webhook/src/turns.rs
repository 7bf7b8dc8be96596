//! Waiting for a turn to ask STS, by the rules of [`lanes`](crate::lanes).

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use crate::{
    lanes::{Admission, Asker, Lane, Lanes, Limits, Started},
    pace::Pace,
};

/// Those who wait are told by handing them their turn.
type Waiting = Mutex<Lanes<oneshot::Sender<Turn>>>;

/// All turns.
pub(crate) struct Turns {
    lanes: Arc<Waiting>,
    pace: Mutex<Pace>,
    max_wait: Duration,
}

/// The right to ask STS one question. Dropped, it goes on to whoever is next.
pub(crate) struct Turn {
    lanes: Arc<Waiting>,
    lane: Lane,
    asker: Asker,
}

/// Too many were before, or one has waited too long. STS is not to blame for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoTurn;

impl Turns {
    pub(crate) fn new(limits: Limits, max_wait: Duration) -> Self {
        let pace = Pace::new(limits.under_way);
        let lanes = Lanes::new(Limits { under_way: pace.now(), ..limits });
        Self { lanes: Arc::new(Mutex::new(lanes)), pace: Mutex::new(pace), max_wait }
    }

    /// STS has confirmed somebody who is mapped: perhaps it takes more questions at once.
    pub(crate) fn answered(&self) {
        self.change_pace(Pace::answered);
    }

    /// Somebody who has logged in before got no answer: perhaps these were too many at once.
    pub(crate) fn failed(&self) {
        self.change_pace(|pace| pace.failed(Instant::now()));
    }

    fn change_pace(&self, change: impl FnOnce(&mut Pace)) {
        let mut pace = self.pace.lock().expect("no holder of this lock panics");
        let before = pace.now();
        change(&mut pace);
        let now = pace.now();
        // In the order in which the pace has changed.
        let started = if now == before { Vec::new() } else { lock(&self.lanes).set_under_way(now) };
        drop(pace);
        tell(&self.lanes, started);
    }

    /// Waits for a turn.
    pub(crate) async fn wait(&self, lane: Lane, asker: Asker) -> Result<Turn, NoTurn> {
        let (sender, receiver) = oneshot::channel();
        let asked = lock(&self.lanes).ask(lane, asker, || sender);
        match asked {
            Admission::UnderWay => Ok(Turn { lanes: Arc::clone(&self.lanes), lane, asker }),
            Admission::Full => Err(NoTurn),
            Admission::Waits(number) => {
                // Whoever goes away, or has waited long enough, waits no more. A turn that comes at that very moment is
                // dropped with the receiver, and goes on.
                let _place = WaitingPlace { turns: self, number };
                timeout(self.max_wait, receiver).await.ok().and_then(Result::ok).ok_or(NoTurn)
            }
        }
    }

    /// Those who wait go into the lane that they belong to now.
    pub(crate) fn sort_anew(&self, lane: impl Fn(Asker) -> Lane) {
        let started = lock(&self.lanes).sort_anew(lane);
        tell(&self.lanes, started);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let started = lock(&self.lanes).end(self.lane, self.asker);
        tell(&self.lanes, started);
    }
}

/// A place among those who wait.
struct WaitingPlace<'a> {
    turns: &'a Turns,
    number: u64,
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        lock(&self.turns.lanes).forget(self.number);
    }
}

/// Hands the turns over. One whose asker has gone away comes back, and is dropped here: without the lock.
fn tell(lanes: &Arc<Waiting>, started: Vec<Started<oneshot::Sender<Turn>>>) {
    for Started { lane, asker, tell } in started {
        let _ = tell.send(Turn { lanes: Arc::clone(lanes), lane, asker });
    }
}

fn lock(lanes: &Waiting) -> MutexGuard<'_, Lanes<oneshot::Sender<Turn>>> {
    lanes.lock().expect("no holder of this lock panics")
}
