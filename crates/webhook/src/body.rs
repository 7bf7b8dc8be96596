//! Reading request bodies: each within its length and time, all of them together within a budget.
//!
//! Who sends bodies slowly, many at once or none at all keeps them in memory, and a stream for each. So where all together take too
//! much, one goes of the connection whose unfinished ones have been there for the longest time, added up: the oldest of them. An API
//! server sends a whole one at once, and has few that are not; connections on which somebody was let in go last.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use tokio::{
    sync::Notify,
    time::{Duration, Instant, timeout_at},
};

/// How bodies are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of one body, in bytes.
    pub(crate) length: usize,
    /// Of all unfinished ones together, in bytes.
    pub(crate) together: usize,
    /// From its request's head to its end.
    pub(crate) time: Duration,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// Longer than any.
    TooLarge,
    /// It did not come in time.
    Slow,
    /// Too much of others was unfinished as well, and this one was the oldest.
    Crowded,
    /// The connection broke, or was not HTTP.
    Broken,
}

/// All bodies that are being read.
pub(crate) struct Bodies {
    limits: Limits,
    unfinished: Mutex<Unfinished>,
}

struct Unfinished {
    bytes: usize,
    /// In the order in which they began. Who is to go is none of them any more.
    bodies: BTreeMap<u64, Body>,
    of_connections: BTreeMap<u64, OfConnection>,
    next_number: u64,
    start: Instant,
}

/// The bodies of one connection, added up as they come and go: where many come, one goes for each.
#[derive(Default)]
struct OfConnection {
    has_let_in: bool,
    numbers: BTreeSet<u64>,
    since: Duration,
}

struct Body {
    connection: u64,
    /// Since when it is there, from [`Unfinished::start`].
    since: Duration,
    bytes: usize,
    goes: Arc<Notify>,
}

/// One of them, forgotten when dropped.
pub(crate) struct Reading<'a> {
    bodies: &'a Bodies,
    number: u64,
    goes: Arc<Notify>,
}

/// What one takes however little of it has come: a stream, and the task that waits for it.
const STREAM: usize = 2 << 10;

impl Bodies {
    pub(crate) fn new(limits: Limits) -> Self {
        let unfinished = Unfinished {
            bytes: 0,
            bodies: BTreeMap::new(),
            of_connections: BTreeMap::new(),
            next_number: 0,
            start: Instant::now(),
        };
        Self { limits, unfinished: Mutex::new(unfinished) }
    }

    /// One is to be read, of this connection, on which somebody was let in or not.
    pub(crate) fn begin(&self, connection: u64, has_let_in: bool) -> Reading<'_> {
        let goes = Arc::new(Notify::new());
        let mut unfinished = self.lock();
        let number = unfinished.add((connection, has_let_in), &goes);
        unfinished.grow(number, STREAM, self.limits.together);
        Reading { bodies: self, number, goes }
    }

    fn lock(&self) -> MutexGuard<'_, Unfinished> {
        self.unfinished.lock().expect("no holder of this lock panics")
    }
}

impl Reading<'_> {
    /// Waits until its place is needed.
    pub(crate) async fn crowded_out(&self) {
        self.goes.notified().await;
    }

    /// Reads it.
    pub(crate) async fn read(self, mut body: Incoming) -> Result<Bytes, Unread> {
        let Limits { length, time, together } = self.bodies.limits;
        if body.size_hint().lower() > length as u64 {
            return Err(Unread::TooLarge);
        }
        let deadline = Instant::now() + time;
        let mut bytes = Vec::new();
        loop {
            let frame = tokio::select! {
                frame = timeout_at(deadline, body.frame()) => frame.map_err(|_| Unread::Slow)?,
                () = self.crowded_out() => return Err(Unread::Crowded),
            };
            let Some(frame) = frame else { return Ok(bytes.into()) };
            let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
            if bytes.len() + data.len() > length {
                return Err(Unread::TooLarge);
            }
            self.bodies.lock().grow(self.number, data.len(), together);
            bytes.extend_from_slice(&data);
        }
    }
}

impl Unfinished {
    /// More has come of one, where it is not to go already; who is to go for it counts no more.
    fn grow(&mut self, number: u64, by: usize, most: usize) {
        let Some(body) = self.bodies.get_mut(&number) else { return };
        body.bytes += by;
        self.bytes += by;
        while self.bytes > most {
            let Some(body) = self.next_to_go().and_then(|number| self.remove(number)) else { return };
            body.goes.notify_one();
        }
    }

    fn add(&mut self, (connection, has_let_in): (u64, bool), goes: &Arc<Notify>) -> u64 {
        let (number, since) = (self.next_number, self.start.elapsed());
        self.next_number += 1;
        self.bodies.insert(number, Body { connection, since, bytes: 0, goes: Arc::clone(goes) });
        let of_connection = self.of_connections.entry(connection).or_default();
        of_connection.has_let_in = has_let_in;
        of_connection.numbers.insert(number);
        of_connection.since += since;
        number
    }

    fn remove(&mut self, number: u64) -> Option<Body> {
        let body = self.bodies.remove(&number)?;
        self.bytes -= body.bytes;
        if let Some(of_connection) = self.of_connections.get_mut(&body.connection) {
            of_connection.numbers.remove(&number);
            of_connection.since -= body.since;
            if of_connection.numbers.is_empty() {
                self.of_connections.remove(&body.connection);
            }
        }
        Some(body)
    }

    fn next_to_go(&self) -> Option<u64> {
        let now = self.start.elapsed();
        let order = |OfConnection { has_let_in, numbers, since }: &OfConnection| {
            let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let time = now.saturating_mul(count).saturating_sub(*since);
            Some((!has_let_in, time, Reverse(*numbers.first()?)))
        };
        self.of_connections.values().filter_map(order).max().map(|(.., Reverse(oldest))| oldest)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.bodies.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests;
