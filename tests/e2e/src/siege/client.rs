//! Connections to the server: those of API servers, and those of whoever else can reach its port.

use std::{
    convert::Infallible,
    io,
    net::Ipv4Addr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Context as _;
use http_body_util::BodyExt as _;
use hyper::{
    Request,
    body::{Body, Bytes, Frame, SizeHint},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::server::token_review;

/// Where the server is, the authority that its certificate is of, and whence one connects to it.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) port: u16,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) from: Ipv4Addr,
}

/// A request's body, that comes to its end or never does.
pub(super) struct Load {
    rest: Option<Bytes>,
    ends: bool,
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    /// Whether somebody is let in by it.
    pub(super) fn is_grant(&self) -> bool {
        self.status == 200 || self.body.contains("\"authenticated\":true")
    }
}

pub(super) type Http1 = http1::SendRequest<Load>;
pub(super) type Http2 = http2::SendRequest<Load>;

/// Connections that are kept, as API servers keep them, or none: each request connects anew, as after a restart.
pub(super) struct Kept {
    door: Door,
    idle: Option<Mutex<Vec<Http1>>>,
}

impl Door {
    /// The same from another machine.
    pub(super) fn elsewhere(&self) -> Self {
        Self { from: Ipv4Addr::new(127, 0, 0, 2), ..self.clone() }
    }

    pub(super) async fn tls(&self) -> anyhow::Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let tcp = socket.connect((Ipv4Addr::LOCALHOST, self.port).into()).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").context("a server name")?;
        Ok(TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp).await?)
    }

    pub(super) async fn http1(&self) -> anyhow::Result<Http1> {
        let (requests, connection) = http1::handshake(TokioIo::new(self.tls().await?)).await?;
        // Its end is seen by whoever asks.
        tokio::spawn(async move { drop(connection.await) });
        Ok(requests)
    }

    pub(super) async fn http2(&self) -> anyhow::Result<Http2> {
        let io = TokioIo::new(self.tls().await?);
        let (requests, connection) = http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(requests)
    }
}

/// A review of a token.
pub(super) fn review(token: &str) -> Load {
    Load::whole(token_review("authentication.k8s.io/v1", token))
}

/// One request of an HTTP/1.1 connection.
pub(super) async fn ask(http: &mut Http1, body: Load) -> anyhow::Result<Answer> {
    http.ready().await?;
    answer(http.send_request(request("/authenticate", body)).await?).await
}

/// One of many of an HTTP/2 connection.
pub(super) async fn ask_among_others(http: &Http2, body: Load) -> anyhow::Result<Answer> {
    let mut http = http.clone();
    http.ready().await?;
    answer(http.send_request(request("https://localhost/authenticate", body)).await?).await
}

/// A page of an HTTP/1.1 connection.
pub(super) async fn page(http: &mut Http1, path: &str) -> anyhow::Result<Answer> {
    http.ready().await?;
    answer(http.send_request(get(path)).await?).await
}

/// How many requests this process has made.
static REQUESTS: AtomicUsize = AtomicUsize::new(0);

/// How many requests this process has made, whether they were answered or not.
pub(super) fn requests() -> usize {
    REQUESTS.load(Ordering::Relaxed)
}

fn get(uri: &str) -> Request<Load> {
    REQUESTS.fetch_add(1, Ordering::Relaxed);
    Request::get(uri).header("host", "localhost").body(Load::whole("")).expect("a request of our own")
}

fn request(uri: &str, body: Load) -> Request<Load> {
    REQUESTS.fetch_add(1, Ordering::Relaxed);
    let request = Request::post(uri).header("host", "localhost").header("content-type", "application/json");
    request.body(body).expect("a request of our own")
}

async fn answer(response: hyper::Response<hyper::body::Incoming>) -> anyhow::Result<Answer> {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

impl Kept {
    pub(super) fn new(door: Door) -> Self {
        Self { door, idle: Some(Mutex::default()) }
    }

    pub(super) fn none(door: Door) -> Self {
        Self { door, idle: None }
    }

    /// One review, as an API server asks for it: whoever is hung up on by a reset tries again a few times, after pauses that
    /// grow. Source: Kubernetes 1.37, `apiserver/pkg/util/webhook` (`WithExponentialBackoff`, `DefaultShouldRetry`) and
    /// `apiserver/pkg/server/options/authentication.go` (500 ms, factor 1.5, five steps).
    pub(super) async fn ask(&self, token: &str) -> anyhow::Result<Answer> {
        let mut pause = Duration::from_millis(500);
        for _ in 0..4 {
            match self.ask_once(token).await {
                Err(error) if is_reset(&error) => tokio::time::sleep(pause).await,
                done => return done,
            }
            pause = pause * 3 / 2;
        }
        self.ask_once(token).await
    }

    /// One request, of a connection that is idle or of a new one. A connection that the server has closed meanwhile is
    /// replaced, as Go's client replaces it: nothing of the request was answered.
    async fn ask_once(&self, token: &str) -> anyhow::Result<Answer> {
        let kept = self.idle().and_then(|mut idle| idle.pop());
        if let Some(mut http) = kept
            && let Ok(answer) = ask(&mut http, review(token)).await
        {
            self.keep(http);
            return Ok(answer);
        }
        let mut http = self.door.http1().await?;
        let answer = ask(&mut http, review(token)).await?;
        self.keep(http);
        Ok(answer)
    }

    /// So many connections, before anybody attacks.
    pub(super) async fn open(&self, count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            self.keep(self.door.http1().await?);
        }
        Ok(())
    }

    fn keep(&self, http: Http1) {
        if let Some(mut idle) = self.idle() {
            idle.push(http);
        }
    }

    fn idle(&self) -> Option<MutexGuard<'_, Vec<Http1>>> {
        self.idle.as_ref().map(|idle| idle.lock().expect("no holder of this lock panics"))
    }
}

fn is_reset(error: &anyhow::Error) -> bool {
    let of_system = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    of_system.map(io::Error::kind).any(|kind| kind == io::ErrorKind::ConnectionReset)
}

impl Load {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self { rest: Some(bytes.into()), ends: true }
    }

    /// Its beginning, and then nothing.
    pub(super) fn unfinished(bytes: impl Into<Bytes>) -> Self {
        Self { rest: Some(bytes.into()), ends: false }
    }
}

impl Body for Load {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match (self.rest.take(), self.ends) {
            (Some(bytes), _) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            (None, true) => Poll::Ready(None),
            // Nobody wakes it: it ends with its connection.
            (None, false) => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.rest {
            Some(bytes) if self.ends => SizeHint::with_exact(bytes.len() as u64),
            None if self.ends => SizeHint::with_exact(0),
            _ => SizeHint::default(),
        }
    }
}
