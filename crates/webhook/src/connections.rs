//! Every open connection: what it is doing, and which one goes when there are too many.
//!
//! A connection costs memory while it is open, whatever it does. So each ends when it has been idle for too long, and where
//! all places are taken one goes for whoever comes ([`room`]).
//!
//! Reviews may take as long as STS does, and anybody can cause them. So some places are left to connections without one: what
//! wants to know whether the server is alive gets in, whatever is under way on the others.

mod answers;
mod room;
mod streams;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    pin,
    sync::{Notify, futures::Notified},
    time::{Instant, sleep_until},
};

use self::streams::Streams;
pub(crate) use self::{
    answers::Answer,
    streams::{OF_ONE_CONNECTION, Stream},
};

/// How long whoever has only just come may take to ask, when the server ends.
const LAST_ASKED: Duration = Duration::from_secs(1);

/// Places that no connection with a review under way takes, where there are enough of them.
const WITHOUT_REVIEWS: usize = 16;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Open at once.
    pub(crate) connections: usize,
    /// Without anything under way.
    pub(crate) idle_timeout: Duration,
    /// Until something is asked.
    pub(crate) first_request_timeout: Duration,
    /// Until one of the answers is taken that were given.
    pub(crate) answer_timeout: Duration,
    /// Requests under way or with an answer that is not taken; half as many that are no reviews. With as many, only connections are read on which somebody was let in.
    pub(crate) streams: usize,
    /// Answers that were given and are not taken, of all connections, in bytes.
    pub(crate) answers: usize,
}

/// All open connections of one listener.
pub(crate) struct Connections {
    bounds: Bounds,
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
    streams: Streams,
    /// Answers that are not taken, in bytes; and besides, those of connections that are ended for it.
    untaken: usize,
    untaken_of_all: usize,
}

struct Connection {
    /// Whose it is, as far as that can be told from outside: [`neighbourhood`].
    client: IpAddr,
    state: Mutex<State>,
    /// It is to end, or has asked for the first time.
    changed: Notify,
}

struct State {
    /// Requests under way. One that waits until its review may begin is not.
    requests: usize,
    /// Of these, reviews.
    reviews: usize,
    /// Reviews of which the body is not whole yet: whoever sends half of it is as idle as whoever sends nothing.
    unfinished: usize,
    /// Reviews that wait until they may begin.
    waiting: usize,
    /// Whether there was any request.
    has_asked: bool,
    /// Whether somebody was let in by one.
    has_let_in: bool,
    opened: Instant,
    /// Since when nothing is under way, or something is.
    since: Instant,
    /// Answers that are not taken, in bytes, and since when none was.
    untaken: usize,
    untaken_since: Option<Instant>,
    /// Whether it ends because these were the most.
    is_greediest: bool,
    ending: Option<Ending>,
}

/// Why a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Its place is needed, since then.
    CrowdedOut(Instant),
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
    /// Whether its body is not whole yet.
    is_unfinished: bool,
}

/// A review that waits until it may begin.
struct WaitingReview<'a>(&'a Connection);

/// The connection has to go before its review could begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CrowdedOut;

impl Connections {
    pub(crate) fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { bounds, open: Mutex::default(), next_number: 0.into(), changed: Notify::new() })
    }

    /// A place for one more, of a client; `None` if all are taken.
    pub(crate) fn enter(self: &Arc<Self>, client: IpAddr) -> Option<Place> {
        let mut open = self.open();
        if open.all.len() >= self.bounds.connections {
            return None;
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let state = State {
            requests: 0,
            reviews: 0,
            unfinished: 0,
            waiting: 0,
            has_asked: false,
            has_let_in: false,
            opened: now,
            since: now,
            untaken: 0,
            untaken_since: None,
            is_greediest: false,
            ending: None,
        };
        let (client, state) = (neighbourhood(client), Mutex::new(state));
        let connection = Arc::new(Connection { client, state, changed: Notify::new() });
        open.all.insert(number, Arc::clone(&connection));
        Some(Place { connections: Arc::clone(self), number, connection })
    }

    /// How many connections each client has open.
    pub(crate) fn of_clients(&self) -> BTreeMap<IpAddr, usize> {
        self.open().of_clients()
    }

    /// Waits until a connection or a request has ended, or a review has to wait. To be enabled before anything is looked at, so that nothing changes
    /// unheard.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// On how many connections reviews may be under way: on half of them at the least.
    fn most_with_reviews(&self) -> usize {
        self.bounds.connections - WITHOUT_REVIEWS.min(self.bounds.connections / 2)
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

impl Open {
    fn of_clients(&self) -> BTreeMap<IpAddr, usize> {
        let mut of_clients = BTreeMap::new();
        for connection in self.all.values() {
            *of_clients.entry(connection.client).or_default() += 1;
        }
        of_clients
    }
}

impl Place {
    /// Which of the connections it is.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

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
        let mut waiting = None;
        loop {
            let (fewer, ending) = (self.connections.changed.notified(), self.connection.changed.notified());
            if let Some(busy) = self.try_review() {
                return Ok(busy);
            }
            if self.is_crowded_out() {
                return Err(CrowdedOut);
            }
            waiting.get_or_insert_with(|| WaitingReview::new(self));
            tokio::select! {
                () = fewer => {}
                () = ending => {}
            }
        }
    }

    fn try_review(&self) -> Option<Busy> {
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        if state.is_crowded_out() {
            return None;
        }
        if state.reviews == 0 {
            if open.with_reviews >= self.connections.most_with_reviews() {
                return None;
            }
            open.with_reviews += 1;
        }
        (state.requests, state.reviews, state.unfinished) =
            (state.requests + 1, state.reviews + 1, state.unfinished + 1);
        self.connection.asks(&mut state);
        Some(self.busy(true))
    }

    fn busy(&self, is_review: bool) -> Busy {
        let (connections, connection) = (Arc::clone(&self.connections), Arc::clone(&self.connection));
        Busy { connections, connection, is_review, is_unfinished: is_review }
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
        let (state, bounds) = (self.connection.state(), &self.connections.bounds);
        let end = match state.ending {
            Some(Ending::CrowdedOut(since)) => since,
            Some(Ending::WithServer(_)) if state.has_asked => Instant::now(),
            Some(Ending::WithServer(since)) => since + LAST_ASKED,
            None if state.has_asked => state.idle_since() + bounds.idle_timeout,
            None => state.idle_since() + bounds.first_request_timeout,
        };
        state.untaken_since.map_or(end, |since| end.min(since + bounds.answer_timeout))
    }

    /// Whether its place is needed.
    pub(crate) fn is_crowded_out(&self) -> bool {
        self.connection.state().is_crowded_out()
    }

    /// Whether its place is needed and nobody is told so before it is hung up on: nothing waits for an answer, and nobody was
    /// let in on it.
    pub(crate) fn ends_at_once(&self) -> bool {
        let state = self.connection.state();
        state.is_crowded_out() && state.waiting == 0 && !state.has_let_in
    }

    /// Whether somebody was let in on it.
    pub(crate) fn has_let_in(&self) -> bool {
        self.connection.state().has_let_in
    }

    /// Whether nothing has been under way for so long.
    pub(crate) fn is_idle_for(&self, time: Duration) -> bool {
        self.connection.state().idle_since() + time <= Instant::now()
    }
}

impl Busy {
    /// Its body is whole.
    pub(crate) fn has_read(&mut self) {
        if std::mem::take(&mut self.is_unfinished) {
            self.connection.state().unfinished -= 1;
        }
    }

    /// Somebody was let in by it: the connection is of use.
    pub(crate) fn has_let_in(&self) {
        self.connection.state().has_let_in = true;
    }
}

impl<'a> WaitingReview<'a> {
    fn new(place: &'a Place) -> Self {
        let mut state = place.connection.state();
        state.waiting += 1;
        place.connection.asks(&mut state);
        drop(state);
        // Room may have to be made for it.
        place.connections.changed.notify_waiters();
        Self(&place.connection)
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
    /// Whether anything is under way but bodies that are not whole.
    fn is_busy(&self) -> bool {
        self.requests > self.unfinished
    }

    fn is_crowded_out(&self) -> bool {
        matches!(self.ending, Some(Ending::CrowdedOut(_)))
    }

    /// Since when it has been idle, which is now if it is not.
    fn idle_since(&self) -> Instant {
        if self.requests == 0 { self.since } else { Instant::now() }
    }
}

/// What one client is known by: addresses that it may well have all of: an IPv4 address, or the /64 of an IPv6 address (RFC 6177, section 2).
pub(crate) fn neighbourhood(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.all.remove(&self.number);
        open.streams.forget(self.number);
        drop(open);
        self.connections.changed.notify_waiters();
    }
}

impl Drop for WaitingReview<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.has_read();
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
mod tests;
