//! HTTPS to AWS: pooled, bounded, never redirected, through a proxy or to another address where that is wanted.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use ::http::{Request, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::{
        legacy::{
            Client as HyperClient,
            connect::{HttpConnector, proxy::Tunnel},
        },
        proxy::matcher::Matcher,
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use token::Upstream;
use tokio::{
    net::TcpStream,
    sync::Semaphore,
    time::{Instant, timeout, timeout_at},
};
use tower_service::Service;

use crate::{AwsError, credentials::Environment};

/// How AWS is reached, and how much of it at a time.
#[derive(Clone, Debug)]
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
    /// Platform roots, no proxy; 2 s to connect, 5 s in all, 64 KiB, 32 at once.
    fn default() -> Self {
        Self {
            connect_to: None,
            roots: tls::Roots::Platform,
            proxy: Proxy::default(),
            connect_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
            max_body: 64 << 10,
            max_concurrent: 32,
        }
    }
}

/// The variables that name a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// `HTTPS_PROXY` or `https_proxy`.
    pub https: Option<String>,
    /// `NO_PROXY` or `no_proxy`.
    pub except: Option<String>,
}

impl Proxy {
    /// Reads them; the lower-case name wins, as in curl.
    pub fn from_environment(environment: &Environment) -> Self {
        let either = |lower: &str, upper: &str| environment.get(lower).or_else(|| environment.get(upper));
        Self {
            https: either("https_proxy", "HTTPS_PROXY").map(str::to_owned),
            except: either("no_proxy", "NO_PROXY").map(str::to_owned),
        }
    }
}

/// An HTTP client for one kind of calls.
pub(crate) struct Http {
    client: HyperClient<HttpsConnector<Dial>, Full<Bytes>>,
    permits: Semaphore,
    deadline: Duration,
    max_body: usize,
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
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), Upstream> {
        let deadline = Instant::now() + self.deadline;
        let call = async {
            let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let answer = self.client.request(request).await.map_err(|error| {
                // The connect timeout is the one error that has a kind of its own here.
                let timed_out = std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source())
                    .any(|e| e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::TimedOut));
                if timed_out { Upstream::Timeout } else { Upstream::Unreachable }
            })?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), self.max_body).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() { Upstream::TooLarge } else { Upstream::Unreachable }
            })?;
            Ok((status, body.to_bytes()))
        };
        timeout_at(deadline, call).await.map_err(|_| Upstream::Timeout)?
    }
}

/// Opens the TCP connection: to the given address, through the proxy, or to the URL's host.
#[derive(Clone)]
struct Dial {
    connect_to: Option<Arc<str>>,
    proxies: Arc<Matcher>,
    direct: HttpConnector,
    connect_timeout: Duration,
}

impl Dial {
    fn new(transport: &Transport) -> Result<Self, AwsError> {
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        let mut proxies = Matcher::builder();
        if let Some(proxy) = &transport.proxy.https {
            proxy.parse::<Uri>().map_err(|_| AwsError::Proxy)?;
            proxies = proxies.https(proxy.clone());
        }
        if let Some(except) = &transport.proxy.except {
            proxies = proxies.no(except.clone());
        }
        Ok(Self {
            connect_to: transport.connect_to.as_deref().map(Arc::from),
            proxies: Arc::new(proxies.build()),
            direct,
            connect_timeout: transport.connect_timeout,
        })
    }
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.direct.poll_ready(cx).map_err(io::Error::other)
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        let mut direct = self.direct.clone();
        let connect_to = self.connect_to.clone();
        let proxy = if connect_to.is_some() { None } else { self.proxies.intercept(&uri) };
        let limit = self.connect_timeout;
        let connect = async move {
            match (connect_to, proxy) {
                (Some(address), _) => {
                    let stream = TcpStream::connect(&*address).await?;
                    stream.set_nodelay(true)?;
                    Ok(TokioIo::new(stream))
                }
                (None, Some(proxy)) => {
                    let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
                    if let Some(auth) = proxy.basic_auth() {
                        tunnel = tunnel.with_auth(auth.clone());
                    }
                    tunnel.call(uri).await.map_err(io::Error::other)
                }
                (None, None) => direct.call(uri).await.map_err(io::Error::other),
            }
        };
        Box::pin(async move { timeout(limit, connect).await.map_err(|_| io::ErrorKind::TimedOut)? })
    }
}
