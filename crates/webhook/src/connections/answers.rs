//! Answers that were given and are not taken: whoever asks and does not read keeps them in memory.
//!
//! So an answer counts against its connection until its last byte has left for the system. A connection ends on which none was
//! taken for a while, and where all together are too many the one goes that has the most of them: an API server takes an answer at
//! once.

use std::sync::Arc;

use hyper::body::Bytes;
use tokio::time::Instant;

use super::{Connection, Connections, Ending, Open, Place};

/// What an answer takes besides its body: its head, and a stream of HTTP/2 that has not ended.
const BESIDE_BODY: usize = 2 << 10;

/// The bytes of an answer, counted until dropped.
struct Held {
    bytes: Bytes,
    connection: Arc<Connection>,
    connections: Arc<Connections>,
}

impl Place {
    /// Whether a long answer may be made for it now. Those who are about to go hold theirs for a moment longer.
    pub(crate) fn may_be_answered_at_length(&self) -> bool {
        let untaken = self.connections.open().untaken_of_all;
        untaken <= 2 * self.connections.bounds.answers && !self.is_crowded_out()
    }

    /// Counts an answer until it is taken.
    pub(crate) fn hold(&self, bytes: Bytes) -> Bytes {
        let (connections, connection) = (Arc::clone(&self.connections), Arc::clone(&self.connection));
        let held = Held { bytes, connection, connections };
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        open.untaken_of_all += held.counts();
        state.untaken += held.counts();
        if !state.is_greediest {
            open.untaken += held.counts();
        }
        if state.untaken_since.is_none() {
            state.untaken_since = Some(Instant::now());
            self.connection.changed.notify_waiters();
        }
        drop(state);
        while open.untaken > self.connections.bounds.answers && open.end_greediest() {}
        Bytes::from_owner(held)
    }
}

impl Open {
    /// Ends the connection with the most answers that nobody takes, which count no more: it is about to go. Whether there is one.
    fn end_greediest(&mut self) -> bool {
        let others = self.all.values().filter(|connection| !connection.state().is_greediest);
        let Some(greediest) = others.max_by_key(|connection| connection.state().untaken) else { return false };
        let mut state = greediest.state();
        state.is_greediest = true;
        self.untaken -= state.untaken;
        drop(state);
        greediest.end(Ending::CrowdedOut);
        true
    }
}

impl Held {
    fn counts(&self) -> usize {
        self.bytes.len() + BESIDE_BODY
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        open.untaken_of_all -= self.counts();
        state.untaken -= self.counts();
        if !state.is_greediest {
            open.untaken -= self.counts();
        }
        // One was taken: for the others time begins anew.
        state.untaken_since = (state.untaken > 0).then(Instant::now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::body::Bytes;
    use tokio::time::timeout;

    use super::{
        super::{Bounds, Connections},
        BESIDE_BODY,
    };

    const BOUNDS: Bounds = Bounds {
        connections: 4,
        idle_timeout: Duration::from_secs(600),
        first_request_timeout: Duration::from_secs(600),
        answer_timeout: Duration::from_secs(10),
        answers: 10 * BESIDE_BODY,
    };

    fn answer() -> Bytes {
        Bytes::from_static(b"yes")
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_on_which_no_answer_is_taken() {
        let connections = Connections::new(BOUNDS);
        let place = connections.enter([10, 0, 0, 1].into()).expect("a place");
        drop(place.request());
        let mut first = place.hold(answer());
        assert_eq!(first.split_to(1), "y");
        let second = place.hold(answer());
        assert!(timeout(Duration::from_secs(9), place.closing()).await.is_err(), "they have time");
        drop(first);
        assert!(timeout(Duration::from_secs(9), place.closing()).await.is_err(), "one was taken");
        assert!(timeout(Duration::from_secs(2), place.closing()).await.is_ok());
        drop(second);
        assert!(timeout(Duration::from_secs(60), place.closing()).await.is_err(), "all were taken");
        assert_eq!(connections.open().untaken, 0);
    }

    /// As many as there are, before the first of them has gone.
    #[tokio::test(start_paused = true)]
    async fn all_go_who_take_none() {
        let connections = Connections::new(Bounds { connections: 100, ..BOUNDS });
        let places: Vec<_> = (0..100).filter_map(|client| connections.enter([10, 0, 0, client].into())).collect();
        let held: Vec<_> = places.iter().map(|place| place.hold(answer())).collect();
        assert_eq!(places.iter().filter(|place| !place.is_crowded_out()).count(), 9, "as many as may wait");
        assert!(places.iter().all(|place| !place.may_be_answered_at_length()), "those that go hold theirs still");
        drop(held);
        assert!(places.iter().any(super::Place::may_be_answered_at_length));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_the_fewest_answers_goes_where_they_are_too_many() {
        let connections = Connections::new(BOUNDS);
        let [greedy, modest] = [1, 2].map(|client| connections.enter([10, 0, 0, client].into()).expect("a place"));
        let one = modest.hold(answer());
        let mut held = Vec::new();
        while !greedy.is_crowded_out() {
            held.push(greedy.hold(answer()));
        }
        assert_eq!(held.len(), 9, "{BOUNDS:?}");
        for _ in 0..5 {
            // It has not gone yet, and nobody goes in its place.
            drop(modest.hold(answer()));
        }
        assert!(!modest.is_crowded_out());
        assert!(!greedy.may_be_answered_at_length() && modest.may_be_answered_at_length());
        drop((one, held, greedy));
        let open = connections.open();
        assert_eq!((open.untaken, open.untaken_of_all), (0, 0));
    }
}
