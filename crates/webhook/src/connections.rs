//! Every open connection: what it is doing, and which one goes when there are too many.
//!
//! A connection costs memory while it is open, whatever it does. So each ends when it has been idle for too long, and where
//! all places are taken the one goes that is of the least use: first of all one that has never asked anything.
//!
//! Reviews may take as long as STS does, and anybody can cause them. So some places are left to connections without one: what
//! wants to know whether the server is alive gets in, whatever is under way on the others.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    pin,
    sync::Notify,
    time::{Instant, sleep_until},
};

/// How long whoever has only just come may take to ask, when the server ends.
const LAST_ASKED: Duration = Duration::from_secs(1);

/// Places that no connection with a review under way takes, where there are enough of them.
const WITHOUT_REVIEWS: usize = 16;

/// Of those that have never asked anything so many are ended at a time, where all places are taken.
const SILENT_AT_ONCE: usize = 32;

/// Within that time whoever connects has shaken hands and asked, if they mean to.
const TO_ASK: Duration = Duration::from_millis(500);

/// All open connections of one listener.
pub(crate) struct Connections {
    most: usize,
    idle_timeout: Duration,
    first_request_timeout: Duration,
    open: Mutex<Open>,
    next_number: AtomicU64,
    /// A connection has ended, or a request of one.
    changed: Notify,
}

#[derive(Default)]
struct Open {
    all: BTreeMap<u64, Arc<Connection>>,
    /// How many of them have a review under way.
    with_reviews: usize,
}

struct Connection {
    state: Mutex<State>,
    /// It is to end, or has asked for the first time.
    changed: Notify,
}

struct State {
    /// Requests under way. One that waits until its review may begin is not.
    requests: usize,
    /// Of these, reviews.
    reviews: usize,
    /// Whether there was any request.
    has_asked: bool,
    /// Since when nothing is under way, or something is.
    since: Instant,
    ending: Option<Ending>,
}

/// Why a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Its place is needed.
    CrowdedOut,
    /// The server ends, since then.
    WithServer(Instant),
}

/// A place among the open connections, given back when dropped.
pub(crate) struct Place {
    connections: Arc<Connections>,
    number: u64,
    connection: Arc<Connection>,
}

/// A request under way.
pub(crate) struct Busy {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
    is_review: bool,
}

/// The connection has to go before its review could begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CrowdedOut;

impl Connections {
    pub(crate) fn new(most: usize, idle_timeout: Duration, first_request_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            most,
            idle_timeout,
            first_request_timeout,
            open: Mutex::default(),
            next_number: 0.into(),
            changed: Notify::new(),
        })
    }

    /// A place for one more. With all taken, the idle connections of the least use have to go; where none is idle, this waits
    /// until a request ends.
    pub(crate) async fn enter(self: &Arc<Self>) -> Place {
        loop {
            let changed = self.changed.notified();
            pin!(changed);
            // From here on nothing changes unheard.
            changed.as_mut().enable();
            if let Some(place) = self.try_enter() {
                return place;
            }
            self.make_room();
            changed.await;
        }
    }

    fn try_enter(self: &Arc<Self>) -> Option<Place> {
        let mut open = self.open();
        if open.all.len() >= self.most {
            return None;
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let state = State { requests: 0, reviews: 0, has_asked: false, since: Instant::now(), ending: None };
        let connection = Arc::new(Connection { state: Mutex::new(state), changed: Notify::new() });
        open.all.insert(number, Arc::clone(&connection));
        Some(Place { connections: Arc::clone(self), number, connection })
    }

    /// Ends several at a time of those that have never asked anything and had the time to: each may take a moment to go, and
    /// whoever comes next waits for as many of them as came before. Of others one at a time.
    fn make_room(&self) {
        let open = self.open();
        let (mut silent, mut others, mut going) = (Vec::new(), Vec::new(), 0);
        for connection in open.all.values() {
            let state = connection.state();
            let idle = if state.has_asked { &mut others } else { &mut silent };
            match (state.ending, state.requests) {
                (Some(Ending::CrowdedOut), 0) => going += 1,
                (_, 0) => idle.push((state.since, Arc::clone(connection))),
                _ => {}
            }
        }
        silent.sort_by_key(|(since, _)| *since);
        others.sort_by_key(|(since, _)| *since);
        let had_time = silent.iter().take_while(|(since, _)| since.elapsed() >= TO_ASK).count();
        let most = if had_time == 0 { 1 } else { SILENT_AT_ONCE };
        let most = most.saturating_sub(going).min(had_time.max(1));
        let end = |(_, connection): (Instant, Arc<Connection>)| connection.end(Ending::CrowdedOut);
        silent.into_iter().chain(others).take(most).for_each(end);
    }

    /// On how many connections reviews may be under way: on half of them at the least.
    fn most_with_reviews(&self) -> usize {
        self.most - WITHOUT_REVIEWS.min(self.most / 2)
    }

    /// A place where one is free. To be asked when the server ends, for those who have come before.
    pub(crate) fn enter_at_once(self: &Arc<Self>) -> Option<Place> {
        self.try_enter()
    }

    /// Every connection is to end as soon as its requests are answered, or nothing was asked for a moment.
    pub(crate) fn end_all(&self) {
        let ending = Ending::WithServer(Instant::now());
        self.open().all.values().for_each(|connection| connection.end(ending));
    }

    /// Waits until none is open.
    pub(crate) async fn all_closed(&self) {
        loop {
            let changed = self.changed.notified();
            pin!(changed);
            changed.as_mut().enable();
            if self.open().all.is_empty() {
                return;
            }
            changed.await;
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("no holder of this lock panics")
    }
}

impl Place {
    /// To be held while a request is under way that is answered at once.
    pub(crate) fn request(&self) -> Busy {
        let mut state = self.connection.state();
        state.requests += 1;
        self.connection.asks(&mut state);
        self.busy(false)
    }

    /// To be held while a review is under way. Where they are under way on as many connections as may be, it waits until
    /// they are on fewer, and the connection is as idle as any.
    pub(crate) async fn review(&self) -> Result<Busy, CrowdedOut> {
        let mut has_waited = false;
        loop {
            let (fewer, ending) = (self.connections.changed.notified(), self.connection.changed.notified());
            if let Some(busy) = self.try_review() {
                return Ok(busy);
            }
            if self.is_crowded_out() {
                return Err(CrowdedOut);
            }
            if !has_waited {
                self.connection.asks(&mut self.connection.state());
                has_waited = true;
            }
            tokio::select! {
                () = fewer => {}
                () = ending => {}
            }
        }
    }

    fn try_review(&self) -> Option<Busy> {
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        if state.reviews == 0 {
            if state.ending == Some(Ending::CrowdedOut) || open.with_reviews >= self.connections.most_with_reviews() {
                return None;
            }
            open.with_reviews += 1;
        }
        (state.requests, state.reviews) = (state.requests + 1, state.reviews + 1);
        self.connection.asks(&mut state);
        Some(self.busy(true))
    }

    fn busy(&self, is_review: bool) -> Busy {
        Busy { connections: Arc::clone(&self.connections), connection: Arc::clone(&self.connection), is_review }
    }

    /// Waits until the connection is to end: its place is needed, the server ends, or it has been idle for too long.
    pub(crate) async fn closing(&self) {
        loop {
            let changed = self.connection.changed.notified();
            let end = self.end();
            if end <= Instant::now() {
                return;
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(end) => {}
            }
        }
    }

    /// When it is to end, if nothing changes.
    fn end(&self) -> Instant {
        let state = self.connection.state();
        match state.ending {
            Some(Ending::CrowdedOut) => Instant::now(),
            Some(Ending::WithServer(_)) if state.has_asked => Instant::now(),
            Some(Ending::WithServer(since)) => since + LAST_ASKED,
            None if state.has_asked => state.idle_since() + self.connections.idle_timeout,
            None => state.idle_since() + self.connections.first_request_timeout,
        }
    }

    /// Whether its place is needed.
    pub(crate) fn is_crowded_out(&self) -> bool {
        self.connection.state().ending == Some(Ending::CrowdedOut)
    }

    /// Whether nothing has been under way for so long.
    pub(crate) fn is_idle_for(&self, time: Duration) -> bool {
        self.connection.state().idle_since() + time <= Instant::now()
    }
}

impl Connection {
    fn end(&self, why: Ending) {
        self.state().ending = Some(why);
        self.changed.notify_waiters();
    }

    /// Something is asked now.
    fn asks(&self, state: &mut State) {
        (state.has_asked, state.since) = (true, Instant::now());
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}

impl State {
    /// Since when it has been idle, which is now if it is not.
    fn idle_since(&self) -> Instant {
        if self.requests == 0 { self.since } else { Instant::now() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().all.remove(&self.number);
        self.connections.changed.notify_waiters();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        (state.requests, state.since) = (state.requests - 1, Instant::now());
        if self.is_review {
            state.reviews -= 1;
            open.with_reviews -= usize::from(state.reviews == 0);
        }
        drop((state, open));
        self.connections.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::time::timeout;

    use super::{Connections, Place, SILENT_AT_ONCE};

    const MOST: usize = 2 * SILENT_AT_ONCE;

    async fn full(ask: impl Fn(usize) -> bool) -> (Arc<Connections>, Vec<Place>) {
        let connections = Connections::new(MOST, Duration::from_secs(60), Duration::from_secs(10));
        let mut places = Vec::new();
        for number in 0..MOST {
            let place = connections.enter().await;
            if ask(number) {
                drop(place.request());
            }
            places.push(place);
        }
        (connections, places)
    }

    fn going(places: &[Place]) -> Vec<usize> {
        (0..places.len()).filter(|number| places[*number].is_crowded_out()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn several_that_have_never_asked_make_room_at_a_time_and_one_that_has() {
        let (connections, mut places) = full(|number| number % 2 == 0).await;
        let later = |connections: Arc<Connections>| async move {
            timeout(Duration::from_millis(1), connections.enter()).await.is_ok()
        };
        assert!(!later(Arc::clone(&connections)).await, "all places are taken");
        assert_eq!(going(&places), [1], "the others may be about to ask");
        tokio::time::sleep(super::TO_ASK).await;
        assert!(!later(Arc::clone(&connections)).await, "all places are taken");
        let silent: Vec<usize> = (0..MOST).filter(|number| number % 2 == 1).collect();
        assert_eq!(going(&places), silent);
        // They have not gone yet, and nobody else has to.
        assert!(!later(Arc::clone(&connections)).await);
        assert_eq!(going(&places), silent);
        drop(places.remove(1));
        assert!(later(Arc::clone(&connections)).await, "one has gone");

        let (connections, places) = full(|_| true).await;
        assert!(!later(Arc::clone(&connections)).await);
        assert!(!later(connections).await);
        assert_eq!(going(&places), [0], "the one that was idle longest");
    }
}
