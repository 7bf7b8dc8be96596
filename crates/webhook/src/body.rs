//! Reading request bodies: each within its length and time, all of them together within a budget.
//!
//! Who sends bodies slowly, or many at once, keeps them in memory. So where all together take too much, the one goes that
//! has been unfinished for the longest; an API server sends a whole one at once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
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

#[derive(Default)]
struct Unfinished {
    bytes: usize,
    /// In the order in which they began.
    bodies: BTreeMap<u64, (usize, Arc<Notify>)>,
    next_number: u64,
}

/// One of them, forgotten when dropped.
struct Reading<'a> {
    bodies: &'a Bodies,
    number: u64,
    is_crowded_out: Arc<Notify>,
}

impl Bodies {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, unfinished: Mutex::default() }
    }

    /// Reads one.
    pub(crate) async fn read(&self, mut body: Incoming) -> Result<Bytes, Unread> {
        let Limits { length, time, .. } = self.limits;
        if body.size_hint().lower() > length as u64 {
            return Err(Unread::TooLarge);
        }
        let deadline = Instant::now() + time;
        let reading = self.begin();
        let mut bytes = Vec::new();
        loop {
            let frame = tokio::select! {
                frame = timeout_at(deadline, body.frame()) => frame.map_err(|_| Unread::Slow)?,
                () = reading.is_crowded_out.notified() => return Err(Unread::Crowded),
            };
            let Some(frame) = frame else { return Ok(bytes.into()) };
            let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
            if bytes.len() + data.len() > length {
                return Err(Unread::TooLarge);
            }
            reading.grow(data.len());
            bytes.extend_from_slice(&data);
        }
    }

    fn begin(&self) -> Reading<'_> {
        let is_crowded_out = Arc::new(Notify::new());
        let mut unfinished = self.lock();
        let number = unfinished.next_number;
        unfinished.next_number += 1;
        unfinished.bodies.insert(number, (0, Arc::clone(&is_crowded_out)));
        Reading { bodies: self, number, is_crowded_out }
    }

    fn lock(&self) -> MutexGuard<'_, Unfinished> {
        self.unfinished.lock().expect("no holder of this lock panics")
    }
}

impl Reading<'_> {
    fn grow(&self, by: usize) {
        let mut unfinished = self.bodies.lock();
        unfinished.bytes += by;
        if let Some((bytes, _)) = unfinished.bodies.get_mut(&self.number) {
            *bytes += by;
        }
        let mut too_much = unfinished.bytes.saturating_sub(self.bodies.limits.together);
        for (bytes, is_crowded_out) in unfinished.bodies.values().filter(|(bytes, _)| *bytes > 0) {
            if too_much == 0 {
                break;
            }
            is_crowded_out.notify_one();
            too_much = too_much.saturating_sub(*bytes);
        }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut unfinished = self.bodies.lock();
        if let Some((bytes, _)) = unfinished.bodies.remove(&self.number) {
            unfinished.bytes -= bytes;
        }
    }
}
