//! Every open connection: what it is doing, and which one goes when there are too many.
//!
//! A connection costs memory while it is open, whatever it does. So each ends when it has been idle for too long, and where
//! all places are taken one goes for whoever comes. API servers keep connections on which somebody was let in, so these go
//! last. Of the others one goes of the client that has the most of them: whoever opens many crowds out themselves first, and
//! keeps nobody out who has few. Among clients with as many, an idle one goes that had the time to ask.
//!
//! Reviews may take as long as STS does, and anybody can cause them. So some places are left to connections without one: what
//! wants to know whether the server is alive gets in, whatever is under way on the others.

mod answers;

use std::{
    cmp::Reverse,
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

/// How long whoever has only just come may take to ask, when the server ends.
const LAST_ASKED: Duration = Duration::from_secs(1);

/// Places that no connection with a review under way takes, where there are enough of them.
const WITHOUT_REVIEWS: usize = 16;

/// How long whoever connects is given to shake hands and ask, for each place that there is: so five hundred a second get in,
/// whatever those do who came before, and with 256 places each has half a second.
const TO_ASK: Duration = Duration::from_millis(2);

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

    /// A place for one more, of a client; nothing where all are taken.
    pub(crate) fn enter(self: &Arc<Self>, client: IpAddr) -> Option<Place> {
        let mut open = self.open();
        if open.all.len() >= self.bounds.connections {
            return None;
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let state = State {
            requests: 0,
            reviews: 0,
            unfinished: 0,
            waiting: 0,
            has_asked: false,
            has_let_in: false,
            since: Instant::now(),
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

    /// Ends the connection of the least use, for one more of this client; where none may be ended yet, says when one may.
    pub(crate) fn make_room(&self, client: IpAddr) -> Option<Instant> {
        let (open, client) = (self.open(), neighbourhood(client));
        let of_clients = open.of_clients();
        let after = of_clients.get(&client).copied().unwrap_or_default() + 1;
        self.end_one(&open, &of_clients, after, |_| true)
    }

    /// The same among connections with reviews under way, where these are as many as may be and another review waits: for the
    /// client with the fewest connections of those whose reviews do.
    pub(crate) fn make_room_for_review(&self) -> Option<Instant> {
        let open = self.open();
        if open.with_reviews < self.most_with_reviews() {
            return None;
        }
        let of_clients = open.of_clients();
        let waiting = open.all.values().filter(|connection| connection.state().waiting > 0);
        let own = waiting.map(|connection| of_clients[&connection.client]).min()?;
        self.end_one(&open, &of_clients, own, |state| state.reviews > 0)
    }

    /// Ends the connection of the least use among some, for a client that has so many. None ends where one is going already;
    /// where none may end yet, this says when one may.
    fn end_one(
        &self,
        open: &Open,
        of_clients: &BTreeMap<IpAddr, usize>,
        own: usize,
        among: impl Fn(&State) -> bool,
    ) -> Option<Instant> {
        let (now, to_ask) = (Instant::now(), self.to_ask());
        let mut ends = Vec::new();
        for connection in open.all.values() {
            let (state, count) = (connection.state(), of_clients[&connection.client]);
            if state.ending == Some(Ending::CrowdedOut) {
                return None;
            }
            if let Some(from) = state.may_end(count > own, to_ask).filter(|_| among(&state)) {
                let (from, is_busy) = (from.max(now), state.is_busy());
                ends.push(((state.has_let_in, from, Reverse(count), is_busy, state.since), connection));
            }
        }
        let ((_, from, ..), connection) = ends.into_iter().min_by_key(|(key, _)| *key)?;
        if from > now {
            return Some(from);
        }
        connection.end(Ending::CrowdedOut);
        None
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

    /// How long a connection that never asked anything stays, if another one of the same client waits.
    fn to_ask(&self) -> Duration {
        TO_ASK * u32::try_from(self.bounds.connections).unwrap_or(u32::MAX)
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
        if state.reviews == 0 {
            if state.ending == Some(Ending::CrowdedOut) || open.with_reviews >= self.connections.most_with_reviews() {
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
            Some(Ending::CrowdedOut) => Instant::now(),
            Some(Ending::WithServer(_)) if state.has_asked => Instant::now(),
            Some(Ending::WithServer(since)) => since + LAST_ASKED,
            None if state.has_asked => state.idle_since() + bounds.idle_timeout,
            None => state.idle_since() + bounds.first_request_timeout,
        };
        state.untaken_since.map_or(end, |since| end.min(since + bounds.answer_timeout))
    }

    /// Whether its place is needed.
    pub(crate) fn is_crowded_out(&self) -> bool {
        self.connection.state().ending == Some(Ending::CrowdedOut)
    }

    /// Whether its place is needed and nobody is told so before it is hung up on: nothing waits for an answer, and nobody was
    /// let in on it.
    pub(crate) fn ends_at_once(&self) -> bool {
        let state = self.connection.state();
        state.ending == Some(Ending::CrowdedOut) && state.waiting == 0 && !state.has_let_in
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

    /// From when on it may be ended for somebody else, if at all. Whoever has more connections than that one has no claim.
    fn may_end(&self, has_more: bool, to_ask: Duration) -> Option<Instant> {
        match (self.is_busy(), self.has_let_in || has_more) {
            (true, _) => (has_more && !self.has_let_in).then_some(self.since),
            (false, true) => Some(self.since),
            (false, false) => Some(self.since + to_ask),
        }
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
        self.connections.open().all.remove(&self.number);
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
mod tests {
    use std::{
        net::{IpAddr, Ipv4Addr},
        sync::Arc,
        time::Duration,
    };

    use tokio::{
        pin,
        time::{Instant, advance, timeout},
    };

    use super::{Bounds, Connections, Place, neighbourhood};

    const MOST: usize = 4;

    /// Connections of these clients, one a second, all places taken.
    struct Full {
        connections: Arc<Connections>,
        places: Vec<Place>,
    }

    impl Full {
        async fn of(clients: [u8; MOST]) -> Self {
            let minute = Duration::from_secs(60);
            let connections = Connections::new(Bounds {
                connections: MOST,
                idle_timeout: minute,
                first_request_timeout: minute,
                answer_timeout: minute,
                answers: 1 << 20,
            });
            let mut places = Vec::new();
            for client in clients {
                places.push(connections.enter(address(client)).expect("there is a place"));
                advance(Duration::from_secs(1)).await;
            }
            Self { connections, places }
        }

        /// Which of them go for one more of this client.
        fn go_for(&self, client: u8) -> Vec<usize> {
            assert!(self.connections.enter(address(client)).is_none(), "all places are taken");
            assert_eq!(self.connections.make_room(address(client)), None);
            (0..MOST).filter(|number| self.places[*number].is_crowded_out()).collect()
        }

        async fn let_in(&self, numbers: impl IntoIterator<Item = usize>) {
            for number in numbers {
                self.places[number].review().await.expect("there is room").has_let_in();
            }
        }
    }

    fn address(client: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, client).into()
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_goes_of_whoever_has_the_most() {
        assert_eq!(Full::of([1, 1, 1, 1]).await.go_for(9), [0]);
        assert_eq!(Full::of([1, 2, 2, 3]).await.go_for(9), [1]);
        let full = Full::of([1, 1, 2, 2]).await;
        drop(full.places[0].request());
        assert_eq!(full.go_for(9), [1], "the first has asked since");
    }

    #[tokio::test(start_paused = true)]
    async fn one_goes_at_a_time_and_makes_room() {
        let mut full = Full::of([1, 1, 1, 1]).await;
        assert_eq!(full.go_for(9), [0]);
        assert_eq!(full.go_for(9), [0], "it has not gone yet");
        drop(full.places.remove(0));
        assert!(full.connections.enter(address(9)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_as_few_is_given_the_time_to_ask() {
        let full = Full::of([1, 1, 1, 1]).await;
        full.places.iter().for_each(|place| drop(place.request()));
        assert_eq!(full.connections.make_room(address(1)), Some(Instant::now() + full.connections.to_ask()));
        advance(full.connections.to_ask()).await;
        assert_eq!(full.go_for(1), [0]);

        let full = Full::of([1, 1, 1, 1]).await;
        full.places.iter().for_each(|place| drop(place.request()));
        assert_eq!(full.go_for(2), [0], "it is of the one who has the most");
    }

    #[tokio::test(start_paused = true)]
    async fn those_on_which_somebody_was_let_in_go_last_and_are_told() {
        let full = Full::of([1, 1, 1, 2]).await;
        full.let_in(0..3).await;
        assert_eq!(full.go_for(9), [3]);
        assert!(full.places[3].ends_at_once());

        let full = Full::of([1, 1, 2, 2]).await;
        full.let_in(0..MOST).await;
        assert_eq!(full.go_for(9), [0]);
        assert!(!full.places[0].ends_at_once());
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_are_busy_go_only_for_whoever_has_fewer() {
        let full = Full::of([1, 1, 1, 2]).await;
        let busy: Vec<_> = full.places[..3].iter().map(Place::request).collect();
        assert_eq!(full.go_for(1), [3]);

        let full = Full::of([1, 1, 1, 1]).await;
        let busy_too: Vec<_> = full.places.iter().map(Place::request).collect();
        assert_eq!(full.go_for(1), [0; 0]);
        assert_eq!(full.go_for(2), [0]);
        drop((busy, busy_too));
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_body_is_as_idle_as_nothing_and_makes_room_for_a_review() {
        let full = Full::of([1, 1, 1, 1]).await;
        // One place is left to connections without a review.
        let half = [full.places[0].review().await, full.places[1].review().await];
        assert_eq!(full.connections.make_room_for_review(), None, "no review waits");
        let asking = full.places[2].review();
        pin!(asking);
        assert!(timeout(Duration::ZERO, &mut asking).await.is_err(), "reviews are under way on as many as may be");
        assert_eq!(full.connections.make_room_for_review(), Some(Instant::now() + full.connections.to_ask()));
        advance(full.connections.to_ask()).await;
        assert_eq!(full.connections.make_room_for_review(), None);
        assert!(full.places[0].is_crowded_out());
        drop(half);
        assert!(asking.await.is_ok());
    }

    #[test]
    fn a_client_has_one_ipv4_address_or_a_network_of_ipv6() {
        for (client, of) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::"),
        ] {
            assert_eq!(neighbourhood(client.parse().expect(client)).to_string(), of);
        }
    }
}
