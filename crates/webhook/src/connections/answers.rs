//! Answers that were given and are not taken: whoever asks and does not read keeps them in memory.
//!
//! So an answer counts against its connection until its last byte has left for the system. A connection ends on which none was
//! taken for a while, and where all together are too many the one goes that has the most of them, and had the time to take one: an
//! API server takes an answer at once. Where they are twice too many, nobody has time.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Response, header};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::Instant;

use super::{Connection, Connections, Ending, Open, Place, Stream};

/// What an answer takes besides its body: its head but for a long field, and a stream of HTTP/2 that has not ended.
const BESIDE_BODY: usize = 2 << 10;

/// How long an answer may be on its way to a client that takes it. Many that are made in one moment are written in the next.
const ON_ITS_WAY: Duration = Duration::from_millis(100);

/// The body of an answer: one frame, also where it is empty. So what the frame holds is dropped when the client has taken the answer,
/// and not, as with an empty `Full`, when it was made.
pub(crate) struct Answer(Option<Bytes>);

/// The bytes of an answer, counted until dropped.
struct Held {
    bytes: Bytes,
    counts: usize,
    _stream: Stream,
    connection: Arc<Connection>,
    connections: Arc<Connections>,
}

impl Place {
    /// Whether a long answer may be made for it now. Those who are about to go hold theirs for a moment longer.
    pub(crate) fn may_be_answered_at_length(&self) -> bool {
        let untaken = self.connections.open().untaken_of_all;
        untaken <= 2 * self.connections.bounds.answers && !self.is_crowded_out()
    }

    /// Counts an answer until it is taken, and its request.
    pub(crate) fn hold(&self, answer: Response<Bytes>, stream: Stream) -> Response<Answer> {
        let field = answer.headers().get(header::LOCATION).map_or(0, http::HeaderValue::len);
        answer.map(|bytes| Answer(Some(self.hold_body(bytes, field, stream))))
    }

    /// The same of a body, beside which is so much.
    fn hold_body(&self, bytes: Bytes, beside: usize, mut stream: Stream) -> Bytes {
        stream.is_answered();
        let (connections, connection) = (Arc::clone(&self.connections), Arc::clone(&self.connection));
        let counts = bytes.len() + beside + BESIDE_BODY;
        let held = Held { bytes, counts, _stream: stream, connection, connections };
        let mut open = self.connections.open();
        let mut state = self.connection.state();
        open.untaken_of_all += counts;
        state.untaken += counts;
        if !state.is_greediest {
            open.untaken += counts;
        }
        if state.untaken_since.is_none() {
            state.untaken_since = Some(Instant::now());
            self.connection.changed.notify_waiters();
        }
        drop(state);
        open.end_greedy(self.connections.bounds.answers);
        Bytes::from_owner(held)
    }
}

impl Open {
    /// Ends connections until no more answers wait than may: each time the one with the most, which count no more, since it is about to
    /// go.
    fn end_greedy(&mut self, most: usize) {
        while self.untaken > most {
            let now = Instant::now();
            let has_time = self.untaken <= 2 * most;
            let others = self.all.values().filter(|connection| {
                let state = connection.state();
                let had_time = state.untaken_since.is_some_and(|since| since + ON_ITS_WAY <= now);
                !state.is_greediest && (had_time || !has_time)
            });
            let Some(greediest) = others.max_by_key(|connection| connection.state().untaken) else { return };
            let mut state = greediest.state();
            state.is_greediest = true;
            self.untaken -= state.untaken;
            drop(state);
            greediest.end(Ending::CrowdedOut(now));
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
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
        open.untaken_of_all -= self.counts;
        state.untaken -= self.counts;
        if !state.is_greediest {
            open.untaken -= self.counts;
        }
        // One was taken: for the others time begins anew.
        state.untaken_since = (state.untaken > 0).then(Instant::now);
    }
}

#[cfg(test)]
mod tests;
