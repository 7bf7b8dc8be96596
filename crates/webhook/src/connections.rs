//! Every open connection: what it is doing, and which one goes when there are too many.
//!
//! A connection costs memory while it is open, whatever it does. So each ends when it has been idle for too long, and where
//! all places are taken the one goes that is of the least use: first of all one that has never asked anything.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    pin,
    sync::Notify,
    time::{Instant, sleep_until},
};

/// All open connections of one listener.
pub(crate) struct Connections {
    most: usize,
    idle_timeout: Duration,
    first_request_timeout: Duration,
    open: Mutex<BTreeMap<u64, Arc<Connection>>>,
    next_number: AtomicU64,
    /// A connection has ended, or a request of one.
    changed: Notify,
}

struct Connection {
    state: Mutex<State>,
    is_closing: AtomicBool,
    close: Notify,
}

struct State {
    /// Requests under way.
    requests: usize,
    /// Whether there was any.
    has_asked: bool,
    /// Since when nothing is under way, or something is.
    since: Instant,
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
}

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

    /// A place for one more. With all taken, the idle connection of the least use has to go; where none is idle, this
    /// waits until a request ends.
    pub(crate) async fn enter(self: &Arc<Self>) -> Place {
        loop {
            let changed = self.changed.notified();
            pin!(changed);
            // From here on nothing changes unheard.
            changed.as_mut().enable();
            if let Some(place) = self.try_enter() {
                return place;
            }
            self.close_one();
            changed.await;
        }
    }

    fn try_enter(self: &Arc<Self>) -> Option<Place> {
        let mut open = self.open();
        if open.len() >= self.most {
            return None;
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let state = State { requests: 0, has_asked: false, since: Instant::now() };
        let connection =
            Arc::new(Connection { state: Mutex::new(state), is_closing: false.into(), close: Notify::new() });
        open.insert(number, Arc::clone(&connection));
        Some(Place { connections: Arc::clone(self), number, connection })
    }

    fn close_one(&self) {
        let open = self.open();
        let idle = open.values().filter_map(|connection| {
            let state = connection.state();
            (state.requests == 0).then_some(((state.has_asked, state.since), connection))
        });
        if let Some((_, connection)) = idle.min_by_key(|(use_of, _)| *use_of) {
            connection.close();
        }
    }

    /// Every connection is to end as soon as its requests are answered.
    pub(crate) fn close_all(&self) {
        self.open().values().for_each(|connection| connection.close());
    }

    /// Waits until none is open.
    pub(crate) async fn all_closed(&self) {
        loop {
            let changed = self.changed.notified();
            pin!(changed);
            changed.as_mut().enable();
            if self.open().is_empty() {
                return;
            }
            changed.await;
        }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Connection>>> {
        self.open.lock().expect("no holder of this lock panics")
    }
}

impl Place {
    /// To be held while a request is under way.
    pub(crate) fn request(&self) -> Busy {
        let mut state = self.connection.state();
        state.requests += 1;
        (state.has_asked, state.since) = (true, Instant::now());
        Busy { connections: Arc::clone(&self.connections), connection: Arc::clone(&self.connection) }
    }

    /// Waits until the connection is to end: its place is needed, the server ends, or it has been idle for too long.
    pub(crate) async fn closing(&self) {
        loop {
            let close = self.connection.close.notified();
            if self.connection.is_closing.load(Ordering::Acquire) {
                return;
            }
            let (idle_since, limit) = self.idle_since();
            tokio::select! {
                () = close => return,
                () = sleep_until(idle_since + limit) => {
                    let (idle_since, limit) = self.idle_since();
                    if idle_since + limit <= Instant::now() {
                        return;
                    }
                }
            }
        }
    }

    /// Whether nothing has been under way for so long.
    pub(crate) fn is_idle_for(&self, time: Duration) -> bool {
        self.idle_since().0 + time <= Instant::now()
    }

    /// Since when it has been idle, which is now if it is not; and how long it may be.
    fn idle_since(&self) -> (Instant, Duration) {
        let state = self.connection.state();
        let limit =
            if state.has_asked { self.connections.idle_timeout } else { self.connections.first_request_timeout };
        (if state.requests == 0 { state.since } else { Instant::now() }, limit)
    }
}

impl Connection {
    fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        self.close.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().remove(&self.number);
        self.connections.changed.notify_waiters();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.connection.state();
        state.requests -= 1;
        state.since = Instant::now();
        drop(state);
        self.connections.changed.notify_waiters();
    }
}
