//! Connections: accepted up to a bound, given a time for everything, and let finish when the server ends.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{Request, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::{TcpListener, TcpStream},
    pin,
    time::{Instant, interval, timeout, timeout_at},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    Webhook,
    arrivals::{Arrival, Arrivals, reset_when_dropped},
    connections::{Bounds, Connections, OF_ONE_CONNECTION, Place},
    reply, routes,
    socket::{self, Port},
};

/// How long a connection that is to end may take to say so, and one whose place somebody waits for.
const GOODBYE: Duration = Duration::from_secs(1);
const GOODBYE_AT_ONCE: Duration = Duration::from_millis(100);

/// How long one may ask on that is to end. API servers wait for no answer any longer: Kubernetes 1.37, `apiserver/pkg/util/webhook`.
const GOODBYE_AT_MOST: Duration = Duration::from_secs(30);

/// The longest head of a request of HTTP/2, in bytes, each field with 32 besides (RFC 9113, section 6.5.2). Those of a whole connection are read
/// before the first is looked at.
const MAX_HEAD: u32 = 8 << 10;

/// What TLS keeps of what a client does not take, in bytes: two of its records.
const UNTAKEN_BY_TLS: usize = 32 << 10;

/// The HTTPS listener.
pub struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    webhook: Arc<Webhook>,
}

impl Server {
    /// Binds the listener; connections wait until [`Self::run`].
    ///
    /// # Errors
    ///
    /// What the system says of the address: taken, say, or not this machine's.
    pub fn bind(address: SocketAddr, tls: Arc<ServerConfig>, webhook: Arc<Webhook>) -> io::Result<Self> {
        let listener = socket::listen(address, Port::Own)?;
        Ok(Self { listener, acceptor: TlsAcceptor::from(tls), webhook })
    }

    /// The same for a port that is handed from one server to the next: one that the same user has bound by this as well may have it
    /// too. Each new connection goes to one of them then, and to the other alone once the first has ended, so that none is refused.
    ///
    /// # Errors
    ///
    /// As [`Self::bind`]. Where the system knows no such ports, one that somebody has is taken.
    pub fn bind_shared(address: SocketAddr, tls: Arc<ServerConfig>, webhook: Arc<Webhook>) -> io::Result<Self> {
        let listener = socket::listen(address, Port::Shared)?;
        Ok(Self { listener, acceptor: TlsAcceptor::from(tls), webhook })
    }

    /// Returns whether a process listens on this address now.
    pub fn is_taken(address: SocketAddr) -> bool {
        socket::is_taken(address)
    }

    /// Returns where it listens.
    ///
    /// # Errors
    ///
    /// What the system says. A socket that listens has an address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown` resolves; then requests in progress may finish, for as long as the settings say.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, acceptor, webhook } = self;
        let settings = &webhook.settings;
        let connections = Connections::new(Bounds {
            connections: settings.max_connections,
            idle_timeout: settings.idle_timeout,
            first_request_timeout: settings.first_request_timeout,
            answer_timeout: settings.answer_timeout,
            streams: settings.max_streams,
            answers: settings.max_answers,
        });
        let telling = tell_every_second(&webhook);
        pin!(shutdown, telling);
        let mut arrivals = Arrivals::new(listener, Arc::clone(&connections), settings.max_connections);
        let serve = |arrival| tokio::spawn(connection(arrival, acceptor.clone(), Arc::clone(&webhook)));
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                never = &mut telling => match never {},
                arrival = arrivals.next() => drop(serve(arrival)),
            }
        }
        webhook.readiness.draining();
        arrivals.last().into_iter().for_each(|arrival| drop(serve(arrival)));
        let end = Instant::now() + webhook.settings.drain_timeout;
        connections.end_all();
        if timeout_at(end, connections.all_closed()).await.is_err() {
            tracing::warn!("requests were still in progress when the time for finishing them was over");
        }
        if let Some(shadow) = &webhook.shadow {
            // Who gets in does not hang on them: those that take longer are not told of.
            let _ = timeout_at(end, shadow.finished()).await;
        }
        tell(&webhook);
    }
}

async fn tell_every_second(webhook: &Webhook) -> Infallible {
    let mut seconds = interval(Duration::from_secs(1));
    loop {
        seconds.tick().await;
        tell(webhook);
    }
}

/// Writes what had no line of its own.
fn tell(webhook: &Webhook) {
    webhook.audit.tell();
    if let Some(shadow) = &webhook.shadow {
        shadow.tell();
    }
}

/// One connection from its first byte to its last. It costs memory while it is open, whatever it does: what is needed for
/// TLS's handshake alone goes with it, and nothing stands there twice.
async fn connection(arrival: Arrival, acceptor: TlsAcceptor, webhook: Arc<Webhook>) {
    let Arrival { stream, client, place } = arrival;
    let place = Arc::new(place);
    let Some(tls) = Box::pin(handshake(stream, client, acceptor, &place)).await else { return };
    let stream = Stream { tls, place: Arc::clone(&place) };
    let settings = &webhook.settings;
    let (header_timeout, max_body) = (settings.header_timeout, settings.max_body());
    let service = {
        let (webhook, place) = (Arc::clone(&webhook), Arc::clone(&place));
        service_fn(move |request: Request<Incoming>| {
            let stream = place.stream(routes::head_size(&request));
            let (webhook, place) = (Arc::clone(&webhook), Arc::clone(&place));
            // On the heap, so that a stream whose answer waits to be taken does not hold all that it took to make it.
            Box::pin(async move { routes::answer(&webhook, client, &place, stream, request).await })
        })
    };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(32 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(header_timeout)
        .max_concurrent_streams(OF_ONE_CONNECTION)
        .max_header_list_size(MAX_HEAD)
        .initial_stream_window_size(u32::try_from(max_body).unwrap_or(u32::MAX >> 1))
        .initial_connection_window_size(64 << 10)
        .max_send_buf_size(64 << 10)
        .adaptive_window(false);
    let mut connection = Box::pin(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = &mut connection => result,
        () = place.closing() => {
            if place.ends_at_once() {
                return;
            }
            connection.as_mut().graceful_shutdown();
            goodbye(connection.as_mut(), &place).await
        }
    };
    if let Err(error) = result {
        tracing::debug!(client = %client, error = %error, "connection ended early");
    }
}

async fn handshake(
    stream: TcpStream,
    client: SocketAddr,
    acceptor: TlsAcceptor,
    place: &Place,
) -> Option<TlsStream<TcpStream>> {
    // Without it answers go out a little later, and that is all.
    let _ = stream.set_nodelay(true);
    if speaks_http(&stream, place).await? {
        tracing::debug!(client = %client, "a request of HTTP where TLS is spoken");
        say_that_tls_is_spoken(stream).await;
        return None;
    }
    let mut handshake = acceptor.accept(stream);
    let tls = tokio::select! {
        tls = &mut handshake => tls,
        () = place.closing() => {
            tracing::debug!(client = %client, "the TLS handshake took too long");
            handshake.get_ref().into_iter().for_each(reset_when_dropped);
            return None;
        }
    };
    let tls = tls.map(|mut tls| {
        tls.get_mut().1.set_buffer_limit(Some(UNTAKEN_BY_TLS));
        tls
    });
    tls.inspect_err(|error| tracing::debug!(client = %client, error = %error, "TLS handshake failed")).ok()
}

/// Whether a client begins as HTTP does: TLS begins with no letter. Nothing where the connection has to end before it begins.
async fn speaks_http(stream: &TcpStream, place: &Place) -> Option<bool> {
    let mut first = [0];
    tokio::select! {
        peeked = stream.peek(&mut first) => Some(peeked.is_ok() && first[0].is_ascii_uppercase()),
        () = place.closing() => {
            reset_when_dropped(stream);
            None
        }
    }
}

/// Tells a client that forgot the `s` of `https`, in the existing program's words.
async fn say_that_tls_is_spoken(mut stream: TcpStream) {
    // What was sent and not read would make the system reset the connection, and the words with it.
    let _ = stream.try_read(&mut [0; 1024]);
    let words = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    // Whoever has gone needs no words.
    let _ = timeout(GOODBYE, stream.write_all(words)).await;
}

/// The bytes of a connection: not read while too much is under way on others. Where it ends at once it is reset, so that an API
/// server that was about to ask tries again.
struct Stream {
    tls: TlsStream<TcpStream>,
    place: Arc<Place>,
}

impl Stream {
    fn tls(self: Pin<&mut Self>) -> Pin<&mut TlsStream<TcpStream>> {
        Pin::new(&mut self.get_mut().tls)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.place.ends_at_once() {
            reset_when_dropped(self.tls.get_ref().0);
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.place.poll_may_read(cx));
        self.tls().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.tls().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.tls().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tls.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tls().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tls().poll_shutdown(cx)
    }
}

/// Lets requests under way finish. A client who does not hang up by itself then is hung up on.
async fn goodbye<C: Future<Output = Result<(), E>>, E>(mut connection: Pin<&mut C>, place: &Place) -> Result<(), E> {
    let end = Instant::now() + GOODBYE_AT_MOST;
    loop {
        let time = if place.is_crowded_out() { GOODBYE_AT_ONCE } else { GOODBYE };
        match timeout(time, &mut connection).await {
            Ok(result) => return result,
            Err(_) if place.is_idle_for(time) || Instant::now() >= end => return Ok(()),
            Err(_) => {}
        }
    }
}

/// The plain HTTP listener for health checks: `ok` to every question, and nothing else to be had.
pub struct Health(TcpListener);

impl Health {
    /// Connections open at once.
    const MAX_CONNECTIONS: usize = 16;

    /// Bytes of answers that are not taken; each has two.
    const MAX_ANSWERS: usize = 64 << 10;

    /// For everything.
    const TIMEOUT: Duration = Duration::from_secs(5);

    /// Binds the listener.
    ///
    /// # Errors
    ///
    /// What the system says of the address: taken, say, or not this machine's.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self(socket::listen(address, Port::Own)?))
    }

    /// Serves until dropped.
    pub async fn run(self) {
        let connections = Connections::new(Bounds {
            connections: Self::MAX_CONNECTIONS,
            idle_timeout: Self::TIMEOUT,
            first_request_timeout: Self::TIMEOUT,
            answer_timeout: Self::TIMEOUT,
            // Each connection has one.
            streams: Self::MAX_CONNECTIONS + 1,
            answers: Self::MAX_ANSWERS,
        });
        let mut arrivals = Arrivals::new(self.0, connections, Self::MAX_CONNECTIONS);
        loop {
            let Arrival { stream, place, .. } = arrivals.next().await;
            tokio::spawn(async move {
                let ok = service_fn(async |_| {
                    Ok::<_, Infallible>(reply::response(StatusCode::OK, reply::TEXT, "ok").map(Full::new))
                });
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(Self::TIMEOUT).keep_alive(false);
                // A health check that breaks off is its own affair.
                tokio::select! {
                    _ = http.serve_connection(TokioIo::new(stream), ok) => {}
                    () = place.closing() => {}
                }
            });
        }
    }
}
