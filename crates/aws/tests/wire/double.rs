//! An HTTP server on loopback that does as it is told and remembers what it was asked.

use std::{
    collections::BTreeMap,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use aws::Transport;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// A request that was made.
#[derive(Clone)]
pub(crate) struct SentRequest {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl SentRequest {
    /// A parameter of the form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.body.as_bytes());
        pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
    }

    /// The ids of `InstanceId.N`.
    pub(crate) fn instance_ids(&self) -> Vec<String> {
        let pairs = form_urlencoded::parse(self.body.as_bytes());
        pairs.filter(|(name, _)| name.starts_with("InstanceId.")).map(|(_, id)| id.into_owned()).collect()
    }
}

/// The default, but for the machine's roots, which take time to load and are not needed for plain HTTP.
pub(crate) fn rootless() -> Transport {
    let start = "2020-01-01T00:00:00Z".parse().expect("a time");
    let unused = tls::Authority::new("unused", start, SignedDuration::from_hours(1)).expect("a CA");
    Transport { roots: tls::Roots::Only(unused.cert_pem().into()), ..Transport::default() }
}

/// What to do with a request. None closes the connection without an answer.
pub(crate) type Reply = Pin<Box<dyn Future<Output = Option<Response<Full<Bytes>>>> + Send>>;

/// An answer that is ready.
pub(crate) fn answer(status: u16, body: impl Into<String>) -> Reply {
    let answer = Response::builder().status(status).body(Full::from(body.into())).expect("a response");
    Box::pin(async { Some(answer) })
}

/// No answer, ever.
pub(crate) fn silence() -> Reply {
    Box::pin(std::future::pending())
}

#[derive(Default)]
struct Counts {
    seen: Mutex<Vec<SentRequest>>,
    connections: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

/// The server. Dropping it ends it.
pub(crate) struct Double {
    pub(crate) address: SocketAddr,
    /// Who vouches for it.
    pub(crate) ca_pem: String,
    counts: Arc<Counts>,
    _tasks: JoinSet<()>,
}

impl Double {
    /// Plain HTTP.
    pub(crate) async fn plain(handler: impl Fn(SentRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(handler, None, String::new()).await
    }

    /// TLS, with a certificate for this name.
    pub(crate) async fn secure(name: &str, handler: impl Fn(SentRequest) -> Reply + Send + Sync + 'static) -> Self {
        let start = "2020-01-01T00:00:00Z".parse().expect("a time");
        let authority = tls::Authority::new("double", start, SignedDuration::from_hours(24 * 36_500)).expect("a CA");
        let pair = authority.issue(&tls::Leaf {
            common_name: "double".to_owned(),
            organization: None,
            names: vec![name.to_owned()],
            usage: tls::Usage::Server,
        });
        let pair = pair.expect("a pair");
        let identity = tls::ServerIdentity::from_pem(pair.cert_pem(), pair.key_pem(), crate::noon()).expect("a pair");
        let config = tls::server_config(tls::ReloadingResolver::new(&identity)).expect("settings");
        Self::start(handler, Some(TlsAcceptor::from(config)), authority.cert_pem().to_owned()).await
    }

    async fn start(
        handler: impl Fn(SentRequest) -> Reply + Send + Sync + 'static,
        acceptor: Option<TlsAcceptor>,
        ca_pem: String,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (counts, handler) = (Arc::new(Counts::default()), Arc::new(handler));
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&counts);
        tasks.spawn(async move {
            // Inside, so that connections end with the server.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (counts, handler, acceptor) = (Arc::clone(&shared), Arc::clone(&handler), acceptor.clone());
                counts.connections.fetch_add(1, SeqCst);
                connections.spawn(async move {
                    match acceptor {
                        None => serve(stream, counts, &*handler).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, counts, &*handler).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, ca_pem, counts, _tasks: tasks }
    }

    /// What was asked, in order.
    pub(crate) fn seen(&self) -> Vec<SentRequest> {
        self.counts.seen.lock().expect("no test panics while it holds this").clone()
    }

    /// How many connections were opened.
    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(SeqCst)
    }

    /// How many requests were answered at once, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.counts.most.load(SeqCst)
    }

    /// `http://address`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connects here whatever the URL says, and trusts this server only.
    pub(crate) fn transport(&self) -> Transport {
        Transport {
            connect_to: Some(self.address.to_string()),
            roots: tls::Roots::Only(self.ca_pem.clone().into_bytes()),
            ..Transport::default()
        }
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    counts: Arc<Counts>,
    handler: &(impl Fn(SentRequest) -> Reply + Sync),
) {
    let service = service_fn(|request: Request<Incoming>| async {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| "no body")?.to_bytes();
        let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let seen = SentRequest {
            method: head.method.to_string(),
            uri: head.uri.to_string(),
            headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        counts.seen.lock().map_err(|_| "a test panicked")?.push(seen.clone());
        counts.most.fetch_max(counts.now.fetch_add(1, SeqCst) + 1, SeqCst);
        let answer = handler(seen).await;
        counts.now.fetch_sub(1, SeqCst);
        answer.ok_or("told to close")
    });
    // A connection that ends early is what some tests are about.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}
