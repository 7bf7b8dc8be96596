//! HTTP/1.1 to AWS: pooled, bounded, never redirected. How a connection is opened is the subject of [`dial`].

mod dial;
mod names;
mod within;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use ::http::{HeaderMap, HeaderValue, Request, Response, header};
use arc_swap::ArcSwap;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::Client as HyperClient,
    rt::{TokioExecutor, TokioTimer},
};
use jiff::{Timestamp, fmt::rfc2822};
use tls::{ConnectionError, Proxies, Spelling, Trouble};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use self::{dial::Dial, names::ResolvedHosts, within::Within};
use crate::{AwsError, NoAnswer, environment::Environment};

/// The settings of connections to AWS: roots, proxy, overrides and limits. No Debug: a proxy's URL may hold a password.
#[derive(Clone)]
pub struct Transport {
    /// Dial this `host:port` whatever the URL says. TLS still asks for the URL's host.
    pub connect_to: Option<String>,
    /// Who may vouch for AWS.
    pub roots: tls::Roots,
    /// The proxy, from the environment.
    pub proxy: Proxies,
    /// For TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// For the whole call, waiting for a connection included.
    pub deadline: Duration,
    /// The longest answer read, in bytes.
    pub max_body: usize,
    /// Requests under way at once; further ones wait in order.
    pub max_concurrent: usize,
}

/// Who asks: CloudTrail shows it beside each call.
const AGENT: &str = concat!("cluster-auth/", env!("CARGO_PKG_VERSION"));

impl Default for Transport {
    /// Platform roots, no proxy; 2 s to connect, 5 s in all, 64 KiB, 64 at once.
    fn default() -> Self {
        Self {
            connect_to: None,
            roots: tls::Roots::Platform,
            proxy: Proxies::default(),
            connect_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
            max_body: 64 << 10,
            max_concurrent: 64,
        }
    }
}

/// Returns the proxies that the environment names. Only `https://` URLs go through one: plain HTTP is the metadata services of this
/// very machine. An empty variable in small letters takes the one in capitals away, as for the AWS CLI (Python's `getproxies_environment`).
pub fn proxies(environment: &Environment) -> Proxies {
    let is_empty = |name: &str| environment.vars.get(name).is_some_and(String::is_empty);
    let taken_away = |name: &str| match name {
        "HTTPS_PROXY" => is_empty("https_proxy"),
        "NO_PROXY" => is_empty("no_proxy"),
        _ => false,
    };
    Proxies::read(Spelling::Lower, |name| environment.get(name).filter(|_| !taken_away(name)))
}

/// An HTTP client for one kind of calls.
pub(crate) struct Http {
    client: ArcSwap<HttpsClient>,
    transport: Transport,
    names: ResolvedHosts,
    permits: Semaphore,
    /// The hour by whoever answered last, in seconds since 1970; [`NO_DATE`] where nobody has said it.
    date: AtomicI64,
}

/// Stands for no hour.
const NO_DATE: i64 = i64::MIN;

type HttpsClient = HyperClient<Within<HttpsConnector<Dial>>, Full<Bytes>>;

impl Http {
    pub(crate) fn new(transport: &Transport) -> Result<Self, AwsError> {
        let names = ResolvedHosts::of_the_system();
        let client = ArcSwap::from_pointee(client(transport, &names)?);
        let (permits, date) = (Semaphore::new(transport.max_concurrent), AtomicI64::new(NO_DATE));
        Ok(Self { client, permits, transport: transport.clone(), names, date })
    }

    /// Lets others vouch for AWS from now on, over new connections.
    pub(crate) fn trust(&self, roots: &tls::Roots) -> Result<(), AwsError> {
        let transport = Transport { roots: roots.clone(), ..self.transport.clone() };
        self.client.store(Arc::new(client(&transport, &self.names)?));
        Ok(())
    }

    /// These hosts are in use: to look one up waits for no other.
    pub(crate) fn know<'n>(&self, hosts: impl IntoIterator<Item = &'n str>) {
        self.names.give(hosts);
    }

    /// How long one call may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.transport.deadline
    }

    /// Sends one request and reads its answer, whatever the status.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, NoAnswer> {
        self.send_for(request, self.transport.max_body).await
    }

    /// The same for a call whose answers have a length of their own, in bytes.
    pub(crate) async fn send_for(
        &self,
        mut request: Request<Full<Bytes>>,
        max_body: usize,
    ) -> Result<Response<Bytes>, NoAnswer> {
        request.headers_mut().entry(header::USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
        let deadline = Instant::now() + self.transport.deadline;
        let call = async {
            let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let answer = self.client.load_full().request(request).await;
            let (head, body) = answer.map_err(|error| broken(&error, !error.is_connect()))?.into_parts();
            if let Some(date) = date(&head.headers) {
                self.date.store(date.as_second(), Ordering::Relaxed);
            }
            let body = Limited::new(body, max_body).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() { NoAnswer::TooLarge } else { broken(&*error, true) }
            })?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        timeout_at(deadline, call).await.map_err(|_| NoAnswer::Late)?
    }

    /// The hour by the clock of whoever answered last, if that was said: to the second, when the answer came.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.date.load(Ordering::Relaxed)).ok()
    }
}

/// AWS's name of an error, which services that speak JSON put into this header, if it is there.
pub(crate) fn error_in(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amzn-errortype")?.to_str().ok().map(bare_error)
}

/// The same without what some put behind a colon or in front of a `#`.
pub(crate) fn bare_error(name: &str) -> &str {
    let name = name.rsplit_once('#').map_or(name, |(_, name)| name);
    name.split_once(':').map_or(name, |(name, _)| name)
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(headers.get(header::DATE)?.as_bytes()).ok()
}

fn client(transport: &Transport, names: &ResolvedHosts) -> Result<HttpsClient, AwsError> {
    let config = tls::client_config(&transport.roots)?;
    let https = HttpsConnectorBuilder::new()
        .with_tls_config((*config).clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(Dial::new(transport, names.clone())?);
    Ok(HyperClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(30))
        // Whoever waits for one takes it before it is idle; those that a burst leaves behind cost memory, and serve nobody.
        .pool_max_idle_per_host((transport.max_concurrent / 4).max(1))
        .http1_max_buf_size(16 << 10)
        .build(Within::new(transport.connect_timeout, https)))
}

/// What happened to the connection. That what came was not HTTP, the client alone knows.
fn broken(error: &(dyn Error + 'static), is_connected: bool) -> NoAnswer {
    let of = |why| NoAnswer::Connection { why: Box::new(why), is_connected };
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return of(Trouble::NotHttp.into());
        }
        cause = error.source();
    }
    of(ConnectionError::of(error))
}
