//! Those who have connected and wait for a place among the open connections.
//!
//! They are taken out of the system's queue as they come: that queue is in the order of arrival, and whoever connects a
//! thousand times would stand in everybody's way. Here whoever has the fewest connections is next.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    pin,
    time::{Instant, sleep_until},
};

use crate::{
    connections::{Connections, Place, neighbourhood},
    socket::plain,
};

/// A listener, and who waits for a place.
pub(crate) struct Arrivals {
    listener: TcpListener,
    connections: Arc<Connections>,
    waiting: Waiting<TcpStream>,
    /// When one may be accepted again after none could be.
    pause: Option<Instant>,
}

/// A connection that has its place.
pub(crate) struct Arrival {
    pub(crate) stream: TcpStream,
    pub(crate) client: SocketAddr,
    pub(crate) place: Place,
}

impl Arrivals {
    /// As many may wait as may be open.
    pub(crate) fn new(listener: TcpListener, connections: Arc<Connections>, most: usize) -> Self {
        Self { listener, connections, waiting: Waiting::new(most), pause: None }
    }

    /// The next connection. Nothing is lost where this is dropped before.
    pub(crate) async fn next(&mut self) -> Arrival {
        let connections = Arc::clone(&self.connections);
        loop {
            let changed = connections.changed();
            pin!(changed);
            changed.as_mut().enable();
            let later = match self.admit() {
                Ok(arrival) => return arrival,
                Err(later) => later,
            };
            // Reviews wait by themselves; who goes for one is decided here, once for all of them.
            let later = [later, connections.make_room_for_review()].into_iter().flatten().min();
            tokio::select! {
                (stream, client) = accept(&self.listener, &mut self.pause) => self.come(client, stream),
                () = changed => {}
                () = sleep_until(later.unwrap_or_else(Instant::now)), if later.is_some() => {}
            }
        }
    }

    fn come(&mut self, client: SocketAddr, stream: TcpStream) {
        if let Some(stream) = self.waiting.come(client, stream) {
            reset_when_dropped(&stream);
        }
    }

    /// Lets whoever is next in, or makes room for them: then it says when more can be done than now, if that is known.
    fn admit(&mut self) -> Result<Arrival, Option<Instant>> {
        let Some((number, client)) = self.waiting.next(|| self.connections.of_clients()) else { return Err(None) };
        let Some(place) = self.connections.enter(client) else { return Err(self.connections.make_room(client)) };
        let (client, stream) = self.waiting.take(number).expect("whoever is next waits");
        Ok(Arrival { stream, client, place })
    }

    /// Those who have come already, as far as there are places: to be asked when the server ends. Nobody else can connect
    /// from here on.
    pub(crate) fn last(self) -> Vec<Arrival> {
        let Self { listener, connections, waiting, pause: _ } = self;
        let listener = listener.into_std();
        let accepted = listener.iter().flat_map(|listener| std::iter::from_fn(|| listener.accept().ok()));
        let accepted =
            accepted.filter_map(|(stream, client)| nonblocking(stream).ok().map(|stream| (plain(client), stream)));
        let all = waiting.all.into_iter().chain(accepted);
        all.map_while(|(client, stream)| {
            let place = connections.enter(client.ip())?;
            Some(Arrival { stream, client, place })
        })
        .collect()
    }
}

/// How long none is accepted after one could not be.
const PAUSE: Duration = Duration::from_millis(100);

/// The next of the system's queue. Where this is dropped and called again, as at the end of every request, the pause goes on.
async fn accept(listener: &TcpListener, pause: &mut Option<Instant>) -> (TcpStream, SocketAddr) {
    loop {
        if let Some(end) = *pause {
            sleep_until(end).await;
            *pause = None;
        }
        match listener.accept().await {
            Ok((stream, client)) => return (stream, plain(client)),
            // Out of file descriptors, most likely: they come back when connections end.
            Err(error) => {
                tracing::error!(error = %error, "cannot accept a connection");
                *pause = Some(Instant::now() + PAUSE);
            }
        }
    }
}

fn nonblocking(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}

/// A connection that is about to be dropped ends by a reset: an API server tries again after one, and gives up where a
/// connection just ends. Source: Kubernetes 1.37, `apiserver/pkg/util/webhook`, `DefaultShouldRetry`.
pub(crate) fn reset_when_dropped(stream: &TcpStream) {
    // It fails where there is no connection any more.
    let _ = stream.set_zero_linger();
}

/// Who waits, in the order in which they came.
struct Waiting<T> {
    most: usize,
    all: VecDeque<(SocketAddr, T)>,
}

impl<T> Waiting<T> {
    fn new(most: usize) -> Self {
        Self { most, all: VecDeque::new() }
    }

    /// One more waits. Where these are too many, the last of the client goes who waits most often, and is returned.
    fn come(&mut self, client: SocketAddr, stream: T) -> Option<T> {
        self.all.push_back((client, stream));
        if self.all.len() <= self.most {
            return None;
        }
        let clients = self.all.iter().map(|(client, _)| neighbourhood(client.ip()));
        let mut often = BTreeMap::<_, usize>::new();
        clients.clone().for_each(|client| *often.entry(client).or_default() += 1);
        let (last, _) = clients.enumerate().max_by_key(|(number, client)| (often[client], *number))?;
        self.all.remove(last).map(|(_, stream)| stream)
    }

    /// The one whose client has the fewest connections open; of several, whoever came first. Where nobody waits, which is
    /// nearly always, nothing is counted.
    fn next(&self, open: impl FnOnce() -> BTreeMap<IpAddr, usize>) -> Option<(usize, IpAddr)> {
        if self.all.is_empty() {
            return None;
        }
        let open = open();
        let all = self.all.iter().enumerate().map(|(number, (client, _))| (number, client.ip()));
        all.min_by_key(|(_, client)| open.get(&neighbourhood(*client)).copied().unwrap_or_default())
    }

    fn take(&mut self, number: usize) -> Option<(SocketAddr, T)> {
        self.all.remove(number)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use super::Waiting;

    fn waiting(most: usize, clients: &[u8]) -> Waiting<usize> {
        let mut waiting = Waiting::new(most);
        for (number, client) in clients.iter().enumerate() {
            waiting.come(SocketAddr::from(([10, 0, 0, *client], 1)), number);
        }
        waiting
    }

    fn order(mut waiting: Waiting<usize>, open: &[([u8; 4], usize)]) -> Vec<usize> {
        let open = || open.iter().map(|(client, count)| (IpAddr::from(*client), *count)).collect();
        let next = || waiting.next(open).and_then(|(number, _)| waiting.take(number)).map(|(_, number)| number);
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn whoever_has_the_fewest_connections_is_next() {
        let open = [([10, 0, 0, 1], 1), ([10, 0, 0, 3], 1)];
        assert_eq!(order(waiting(9, &[1, 1, 2, 3, 2]), &open), [2, 4, 0, 1, 3]);
        assert_eq!(order(waiting(9, &[1, 2, 1]), &[]), [0, 1, 2]);
    }

    #[test]
    fn whoever_waits_most_often_gives_way() {
        assert_eq!(order(waiting(3, &[1, 1, 1, 1, 1]), &[]), [0, 1, 2]);
        assert_eq!(order(waiting(3, &[1, 1, 1, 2, 3]), &[]), [0, 3, 4]);
    }
}
