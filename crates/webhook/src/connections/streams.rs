//! Requests of all connections together, from their first byte until their answer is taken: of HTTP/2 each is a stream, which costs
//! memory for as long, whatever it asks and however soon it is answered.
//!
//! So nothing more is read where there are too many, until some have ended: whoever asks waits in the system's queue. Connections on
//! which somebody was let in are read all the same.

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
    count: usize,
    waiting: BTreeMap<u64, Waker>,
}

/// One of them, until dropped.
pub(crate) struct Stream(Arc<Connections>);

impl Place {
    /// One more has come.
    pub(crate) fn stream(&self) -> Stream {
        self.connections.open().streams.count += 1;
        Stream(Arc::clone(&self.connections))
    }

    /// Waits until the connection may be read.
    pub(crate) fn poll_may_read(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut open = self.connections.open();
        if open.streams.count < self.connections.bounds.streams || self.connection.state().has_let_in {
            return Poll::Ready(());
        }
        open.streams.waiting.insert(self.number, cx.waker().clone());
        Poll::Pending
    }
}

impl Streams {
    /// A connection is gone.
    pub(super) fn forget(&mut self, connection: u64) {
        self.waiting.remove(&connection);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut open = self.0.open();
        open.streams.count -= 1;
        // Not for each of them, since all are woken.
        if open.streams.count + OF_ONE_CONNECTION as usize <= self.0.bounds.streams {
            let waiting = mem::take(&mut open.streams.waiting);
            drop(open);
            waiting.into_values().for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use tokio::{task::yield_now, time::timeout};

    use super::{
        super::{Bounds, Connections},
        OF_ONE_CONNECTION,
    };

    #[tokio::test(start_paused = true)]
    async fn nothing_more_is_read_while_too_many_are_under_way_but_where_somebody_was_let_in() {
        let minute = Duration::from_secs(60);
        let most = 2 * OF_ONE_CONNECTION as usize;
        let connections = Connections::new(Bounds {
            connections: 4,
            idle_timeout: minute,
            first_request_timeout: minute,
            answer_timeout: minute,
            streams: most,
            answers: 1 << 20,
        });
        let [greedy, modest, let_in] = [1, 2, 3].map(|of| connections.enter([10, 0, 0, of].into()).expect("a place"));
        let_in.review().await.expect("there is room").has_let_in();
        let mut streams: Vec<_> = (0..most).map(|_| greedy.stream()).collect();
        let reading = tokio::spawn(async move { poll_fn(|cx| modest.poll_may_read(cx)).await });
        yield_now().await;
        assert!(!reading.is_finished());
        assert!(timeout(Duration::ZERO, poll_fn(|cx| let_in.poll_may_read(cx))).await.is_ok());
        streams.truncate(most / 2 + 1);
        yield_now().await;
        assert!(!reading.is_finished(), "not for each of them");
        streams.pop();
        yield_now().await;
        assert!(reading.is_finished());
    }
}
