//! HTTP/1.1 to AWS: pooled, bounded, never redirected. How a connection is opened is the subject of [`dial`].

mod dial;

use std::{error::Error, io, time::Duration};

use ::http::{Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::Client as HyperClient,
    rt::{TokioExecutor, TokioTimer},
};
use token::Upstream;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use self::dial::Dial;
pub use self::dial::Proxy;
use crate::AwsError;

/// How AWS is reached, and how much of it at a time. No Debug: a proxy's URL may hold a password.
#[derive(Clone)]
pub struct Transport {
    /// Dial this `host:port` whatever the URL says. TLS still asks for the URL's host.
    pub connect_to: Option<String>,
    /// Who may vouch for AWS.
    pub roots: tls::Roots,
    /// The proxy, from the environment.
    pub proxy: Proxy,
    /// For TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// For the whole call, waiting for a connection included.
    pub deadline: Duration,
    /// The longest answer read, in bytes.
    pub max_body: usize,
    /// Requests under way at once; further ones wait in order.
    pub max_concurrent: usize,
}

impl Default for Transport {
    /// Platform roots, no proxy; 2 s to connect, 5 s in all, 64 KiB, 64 at once.
    fn default() -> Self {
        Self {
            connect_to: None,
            roots: tls::Roots::Platform,
            proxy: Proxy::default(),
            connect_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
            max_body: 64 << 10,
            max_concurrent: 64,
        }
    }
}

/// A request without an answer that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    /// What happened.
    pub trouble: Upstream,
    /// Whether there was a connection to send it over. Without one it says nothing about the request.
    pub is_connected: bool,
}

impl NoAnswer {
    pub(crate) const fn unconnected(trouble: Upstream) -> Self {
        Self { trouble, is_connected: false }
    }

    const fn connected(trouble: Upstream) -> Self {
        Self { trouble, is_connected: true }
    }
}

impl From<NoAnswer> for Upstream {
    fn from(no_answer: NoAnswer) -> Self {
        no_answer.trouble
    }
}

/// An HTTP client for one kind of calls.
pub(crate) struct Http {
    client: HyperClient<HttpsConnector<Dial>, Full<Bytes>>,
    permits: Semaphore,
    deadline: Duration,
    pub(crate) max_body: usize,
}

impl Http {
    pub(crate) fn new(transport: &Transport) -> Result<Self, AwsError> {
        let config = tls::client_config(&transport.roots)?;
        let dial = Dial::new(transport)?;
        let https = HttpsConnectorBuilder::new()
            .with_tls_config((*config).clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(dial);
        let client = HyperClient::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(transport.max_concurrent)
            .http1_max_buf_size(16 << 10)
            .build(https);
        let permits = Semaphore::new(transport.max_concurrent);
        Ok(Self { client, permits, deadline: transport.deadline, max_body: transport.max_body })
    }

    /// Sends one request and reads its answer, whatever the status.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Upstream> {
        self.send_for(request, self.max_body).await
    }

    /// The same for a call whose answers have a length of their own, in bytes.
    pub(crate) async fn send_for(
        &self,
        request: Request<Full<Bytes>>,
        max_body: usize,
    ) -> Result<Response<Bytes>, Upstream> {
        self.ask(request, max_body).await.map_err(Upstream::from)
    }

    /// The same, and whether there was a connection.
    pub(crate) async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        max_body: usize,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let deadline = Instant::now() + self.deadline;
        let call = async {
            let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let answer = self.client.request(request).await;
            let (head, body) = answer.map_err(|error| not_sent(&error))?.into_parts();
            let body = Limited::new(body, max_body).collect().await.map_err(|error| {
                let is_long = error.is::<LengthLimitError>();
                NoAnswer::connected(if is_long { Upstream::TooLarge } else { Upstream::Unreachable })
            })?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        timeout_at(deadline, call).await.map_err(|_| NoAnswer::connected(Upstream::Timeout))?
    }
}

/// Only a connection that was not made in time has a kind of its own, deep among the causes.
fn not_sent(error: &hyper_util::client::legacy::Error) -> NoAnswer {
    let (is_connected, mut trouble) = (!error.is_connect(), Upstream::Unreachable);
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            trouble = Upstream::Timeout;
        }
        cause = error.source();
    }
    NoAnswer { trouble, is_connected }
}
