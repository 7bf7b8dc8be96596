//! Connections to the server: those of API servers, and those of whoever else can reach its port.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
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
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::server::token_review;

/// Where the server is, and the authority that its certificate is of.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) port: u16,
    pub(super) tls: Arc<ClientConfig>,
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

/// Connections that are kept, as API servers keep them.
pub(super) struct Kept {
    door: Door,
    idle: Mutex<Vec<Http1>>,
}

impl Door {
    pub(super) async fn tls(&self) -> anyhow::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(("127.0.0.1", self.port)).await?;
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

fn request(uri: &str, body: Load) -> Request<Load> {
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
        Self { door, idle: Mutex::default() }
    }

    /// One request, of a connection that is idle or of a new one. A connection that the server has closed meanwhile is
    /// replaced, as Go's client replaces it: nothing of the request was answered.
    pub(super) async fn ask(&self, token: &str) -> anyhow::Result<Answer> {
        let kept = self.idle.lock().expect("no holder of this lock panics").pop();
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
        self.idle.lock().expect("no holder of this lock panics").push(http);
    }
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
