//! The authenticator that runs today, over HTTPS: reviews go to it as they came, and its answers come back as it gave them.
//!
//! There is no proxy in between, whatever the environment says, and redirects are not followed: what is sent are tokens.

mod decision;

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use http::{Request, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use tls::ConnectionError;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

pub(crate) use self::decision::{Decision, TheirUser};

/// The URL of the other authenticator. https, and neither user nor password: both would be shown wherever the URL is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredecessorUrl(Uri);

/// The text is not an https URL with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an https:// URL with a host, such as https://localhost:21362/authenticate")]
pub struct NotAUrl;

impl FromStr for PredecessorUrl {
    type Err = NotAUrl;

    fn from_str(text: &str) -> Result<Self, NotAUrl> {
        let url: Uri = text.parse().map_err(|_| NotAUrl)?;
        let is_plain = url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        // The parser leaves fragments out, which nobody is ever sent.
        let is_whole = is_plain && url.scheme_str() == Some("https") && !text.contains('#');
        if is_whole && url.host().is_some_and(|host| !host.is_empty()) { Ok(Self(url)) } else { Err(NotAUrl) }
    }
}

impl PredecessorUrl {
    /// Returns the host, without the brackets of IPv6 addresses.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// Returns the port, which is HTTPS's own where none is written.
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(443)
    }
}

impl fmt::Display for PredecessorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The limits of requests to the other authenticator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredecessorLimits {
    /// Reviews that it is asked at once. Each is a connection.
    pub under_way: usize,
    /// Reviews that wait until it is asked fewer; one more is answered 429.
    pub waiting: usize,
    /// How long one waits; then it is answered 429.
    pub wait: Duration,
    /// For its connection to be there.
    pub connect_timeout: Duration,
    /// For one answer, the connection included. An API server waits for 30 seconds.
    pub deadline: Duration,
    /// The longest answer that is read, in bytes: a user with thousands of groups.
    pub max_body: usize,
}

/// A client of the other authenticator, which answered before this server (`--shadow-of`).
pub struct Predecessor {
    url: Uri,
    limits: PredecessorLimits,
    client: ArcSwap<HttpsClient>,
    /// To be asked now or later.
    places: Semaphore,
    /// To be asked now.
    turns: Semaphore,
}

type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// What it answered: yes, no, or that it has too much to do.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    /// Nothing of what says neither yes nor no.
    pub(crate) said: Option<Decision>,
}

/// Why there is no answer to pass on. Nothing in it is text of the predecessor's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoReply {
    #[error("too many reviews are waiting for it")]
    Crowded,
    #[error("{0}")]
    Connection(ConnectionError),
    #[error("it did not answer in time")]
    Late,
    #[error("its answer is too long")]
    TooLong,
    #[error("its answer has the status {0}")]
    Status(u16),
    #[error("its answer is not a TokenReview")]
    Unreadable,
}

impl Predecessor {
    /// Creates the client without connecting.
    pub fn new(url: PredecessorUrl, tls: &ClientConfig, limits: PredecessorLimits) -> Self {
        let client = ArcSwap::from_pointee(client(tls, &limits));
        let (places, turns) = (Semaphore::new(limits.under_way + limits.waiting), Semaphore::new(limits.under_way));
        Self { url: url.0, limits, client, places, turns }
    }

    /// Asks it with these settings from now on, over new connections: whom to trust may have changed.
    pub(crate) fn trust(&self, tls: &ClientConfig) {
        self.client.store(Arc::new(client(tls, &self.limits)));
    }

    /// Puts a review to it, byte for byte.
    pub(crate) async fn ask(&self, review: Bytes) -> Result<Reply, NoReply> {
        let _place = self.places.try_acquire().map_err(|_| NoReply::Crowded)?;
        let start = Instant::now();
        let turn = timeout_at(start + self.limits.wait, self.turns.acquire()).await.map_err(|_| NoReply::Crowded)?;
        let _turn = turn.expect("the semaphore is never closed");
        let deadline = Instant::now() + self.limits.deadline;
        let (status, body) = timeout_at(deadline, self.exchange(review)).await.map_err(|_| NoReply::Late)??;
        let said = match status {
            200 => Some(Decision::read(&body).ok_or(NoReply::Unreadable)?),
            401 | 403 => Some(Decision::Refused),
            429 => None,
            _ => return Err(NoReply::Status(status)),
        };
        Ok(Reply { status, body, said })
    }

    async fn exchange(&self, review: Bytes) -> Result<(u16, Bytes), NoReply> {
        let request = Request::post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Full::new(review))
            .expect("a URL and two constants make a request");
        let connection = |error: &(dyn std::error::Error + 'static)| NoReply::Connection(ConnectionError::of(error));
        let answer = self.client.load_full().request(request).await.map_err(|error| connection(&error))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), self.limits.max_body)
            .collect()
            .await
            .map_err(|error| if error.is::<LengthLimitError>() { NoReply::TooLong } else { connection(&*error) })?;
        Ok((status, body.to_bytes()))
    }
}

fn client(tls: &ClientConfig, limits: &PredecessorLimits) -> HttpsClient {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(limits.connect_timeout));
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_only().enable_http1().wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        // Go's servers hang up on connections that are idle for a minute.
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(limits.under_way)
        .http1_max_buf_size(16 << 10)
        .build(https)
}

#[cfg(test)]
mod tests {
    use super::{NotAUrl, PredecessorUrl};

    #[test]
    fn tokens_go_to_https_alone_and_no_password_stands_in_the_url() {
        let rows = [
            ("https://localhost:21362/authenticate", Ok(("localhost", 21_362))),
            ("https://127.0.0.1:21362/authenticate", Ok(("127.0.0.1", 21_362))),
            ("https://[::1]:21362/authenticate", Ok(("::1", 21_362))),
            ("https://auth.example.com", Ok(("auth.example.com", 443))),
            ("http://localhost:21362/authenticate", Err(NotAUrl)),
            ("localhost:21362", Err(NotAUrl)),
            ("/authenticate", Err(NotAUrl)),
            ("https://", Err(NotAUrl)),
            ("https://user:password@localhost/authenticate", Err(NotAUrl)),
            ("https://localhost/authenticate#x", Err(NotAUrl)),
            ("https://local host/", Err(NotAUrl)),
            ("", Err(NotAUrl)),
        ];
        for (text, expected) in rows {
            let parsed = text.parse::<PredecessorUrl>();
            assert_eq!(parsed.as_ref().map(|url| (url.host(), url.port())).map_err(|error| *error), expected, "{text}");
            if let Ok(url) = parsed {
                assert!(url.to_string().starts_with(text), "{url}");
            }
        }
    }
}
