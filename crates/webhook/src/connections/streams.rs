//! Requests of all connections together, from their first byte until their answer is taken: of HTTP/2 each is a stream, which costs
//! memory for as long, whatever it asks and however soon it is answered.
//!
//! So nothing more is read where there are too many, until some have ended: whoever asks waits in the system's queue. Connections on
//! which somebody was let in are read all the same. Reviews that wait for their answer are bounded where they wait; of all others there may
//! be half as many. All that can come of one connection is read before the first request of it is
//! looked at, and that of others as well: until then a long head counts as many.

use std::{
    collections::BTreeMap,
    mem,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{Connections, Place};

/// So many more than there may be can come of one connection, which is read at once.
pub(crate) const OF_ONE_CONNECTION: u32 = 128;

/// How many there are, and who waits to be read.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) count: usize,
    /// Of these, reviews whose request is whole and not answered.
    reviews: usize,
    waiting: BTreeMap<u64, Waker>,
}

/// Bytes of a head that count as one more.
const HEAD: usize = 2 << 10;

/// One of them, until dropped.
pub(crate) struct Stream {
    connections: Arc<Connections>,
    counts: usize,
    is_review: bool,
}

impl Place {
    /// One more has come, with a head of so many bytes.
    pub(crate) fn stream(&self, head: usize) -> Stream {
        let counts = 1 + head / HEAD;
        self.connections.open().streams.count += counts;
        Stream { connections: Arc::clone(&self.connections), counts, is_review: false }
    }

    /// Waits until the connection may be read.
    pub(crate) fn poll_may_read(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut open = self.connections.open();
        if open.streams.has_room(1, self.connections.bounds.streams) || self.connection.state().has_let_in {
            return Poll::Ready(());
        }
        open.streams.waiting.insert(self.number, cx.waker().clone());
        Poll::Pending
    }
}

impl Streams {
    /// Whether so many more may come.
    fn has_room(&self, more: usize, most: usize) -> bool {
        self.count + more <= most && self.count - self.reviews + more <= most / 2
    }

    /// A connection is gone.
    pub(super) fn forget(&mut self, connection: u64) {
        self.waiting.remove(&connection);
    }
}

impl Stream {
    /// Its head is not held any more.
    pub(crate) fn is_looked_at(&mut self) {
        let of_head = mem::replace(&mut self.counts, 1) - 1;
        self.change(|streams| streams.count -= of_head);
    }

    /// It is a review, and its request is whole.
    pub(crate) fn is_under_review(&mut self) {
        let more = usize::from(!mem::replace(&mut self.is_review, true));
        self.change(|streams| streams.reviews += more);
    }

    /// What there is to say is said.
    pub(super) fn is_answered(&mut self) {
        let of_reviews = usize::from(mem::take(&mut self.is_review));
        self.change(|streams| streams.reviews -= of_reviews);
    }

    fn change(&self, change: impl FnOnce(&mut Streams)) {
        let mut open = self.connections.open();
        change(&mut open.streams);
        // Not for each of them, since all are woken.
        if open.streams.has_room(OF_ONE_CONNECTION as usize, self.connections.bounds.streams) {
            let waiting = mem::take(&mut open.streams.waiting);
            drop(open);
            waiting.into_values().for_each(Waker::wake);
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let (counts, of_reviews) = (self.counts, usize::from(self.is_review));
        self.change(|streams| {
            (streams.count, streams.reviews) = (streams.count - counts, streams.reviews - of_reviews);
        });
    }
}

#[cfg(test)]
mod tests;
