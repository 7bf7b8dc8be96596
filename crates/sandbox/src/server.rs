//! The HTTPS endpoint: every AWS host name, one connection loop.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, RwLock},
    time::Duration,
};

use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Fault, Faults, Identities,
    actions::{Form, perform},
    answer::{AwsError, Format, Success, response},
    certificates::Certificates,
    keys::Keys,
    proxy,
    sigv4::{Signed, service_of, verify},
};

/// Where to listen, and what time it is.
pub struct Options {
    /// The HTTPS endpoint; port 0 takes a free one.
    pub sts: SocketAddr,
    /// The CONNECT proxy; port 0 takes a free one.
    pub proxy: SocketAddr,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Options {
    /// Free ports on loopback.
    pub fn new(now: fn() -> Timestamp) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { sts: free, proxy: free, now }
    }
}

/// Why the sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Its certificates cannot be made.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
}

/// Starting one.
pub struct Sandbox;

/// A sandbox that answers. Dropping it ends it.
pub struct Running {
    ca_pem: String,
    sts: SocketAddr,
    proxy: SocketAddr,
    faults: Faults,
    tasks: JoinSet<()>,
}

struct State {
    keys: RwLock<Keys>,
    faults: Faults,
    now: fn() -> Timestamp,
}

/// The longest body that is read.
const MAX_BODY: usize = 1 << 20;

/// What a client has time for: its TLS handshake, and each request's head.
const PATIENCE: Duration = Duration::from_secs(10);

impl Sandbox {
    /// Makes an authority, listens, and answers in tasks of the current runtime.
    pub async fn start(identities: Identities, options: Options) -> Result<Running, SandboxError> {
        let listen =
            async |address| TcpListener::bind(address).await.map_err(|source| SandboxError::Listen { address, source });
        let (sts, proxy) = (listen(options.sts).await?, listen(options.proxy).await?);
        let address = |listener: &TcpListener, asked| listener.local_addr().unwrap_or(asked);
        let (sts_address, proxy_address) = (address(&sts, options.sts), address(&proxy, options.proxy));
        let start = (options.now)() - SignedDuration::from_hours(1);
        let authority = tls::Authority::new("cluster-auth sandbox", start, SignedDuration::from_hours(24 * 30))?;
        let ca_pem = authority.cert_pem().to_owned();
        let mut config = (*tls::server_config(Certificates::new(authority, options.now))?).clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let faults = Faults::default();
        let state = Arc::new(State { keys: RwLock::new(identities.keys), faults: faults.clone(), now: options.now });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(sts, acceptor, state));
        tasks.spawn(proxy::serve(proxy, sts_address));
        Ok(Running { ca_pem, sts: sts_address, proxy: proxy_address, faults, tasks })
    }
}

impl Running {
    /// The authority that clients must trust, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Where the HTTPS endpoint listens.
    pub fn sts(&self) -> SocketAddr {
        self.sts
    }

    /// Where the proxy listens.
    pub fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    /// The handle on faults and counts.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Stops listening and closes every connection.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<State>) {
    // Connections live in a set of their own, so that they end with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
                    connections.spawn(connection(stream, acceptor, state));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, state: Arc<State>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(Ok(tls)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { answer(request, &state).await }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(64 << 10);
    // Clients that break off, and the fault that resets, end here with an error that nobody needs.
    let _ = http.serve_connection(TokioIo::new(tls), service).await;
}

/// An error closes the connection without an answer.
async fn answer(request: Request<Incoming>, state: &State) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    let format = format(&parts.headers);
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(AwsError::new(413, "RequestEntityTooLarge", "the body is too large").respond(format));
    };
    let body = body.to_bytes();
    let query = parts.uri.query().unwrap_or_default();
    let form: Form = match parts.method {
        Method::POST => form_urlencoded::parse(&body).into_owned().collect(),
        _ => form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
    };
    let action = form.get("Action").map(String::as_str).unwrap_or_default();
    match state.faults.next(action) {
        None => {}
        Some(Fault::Delay(duration)) => tokio::time::sleep(duration).await,
        Some(fault) => return failing(&fault, format),
    }
    let signed =
        Signed { method: parts.method.as_str(), path: parts.uri.path(), query, headers: &parts.headers, body: &body };
    Ok(respond(&signed, &form, format, state).unwrap_or_else(|error| error.respond(format)))
}

fn respond(signed: &Signed<'_>, form: &Form, format: Format, state: &State) -> Result<Response<Full<Bytes>>, AwsError> {
    let now = (state.now)();
    let caller = verify(signed, &state.keys.read().expect("no holder of this lock panics"), now)?.clone();
    let host = signed.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let service = service_of(host).map_or("sts", |(service, _)| service);
    if form.get("Action").is_some_and(|action| action == "GetCallerIdentity") {
        // The hot path of load tests: no writer's lock.
        return perform(service, form, &caller, &mut Keys::default(), format, now);
    }
    perform(service, form, &caller, &mut state.keys.write().expect("no holder of this lock panics"), format, now)
}

fn failing(fault: &Fault, format: Format) -> Result<Response<Full<Bytes>>, io::Error> {
    let error = |status, code, message: &str| Ok(AwsError::new(status, code, message).respond(format));
    let lie = |arn: &str, account: &str| {
        let fields = json!({"Arn": arn, "UserId": "AIDASANDBOXLIE000000A", "Account": account});
        Ok(Success { action: "GetCallerIdentity", fields }.respond(format))
    };
    match fault {
        Fault::Throttle => error(400, "Throttling", "Rate exceeded"),
        Fault::ServerError => error(500, "InternalFailure", "The request processing has failed."),
        Fault::Unavailable => error(503, "ServiceUnavailable", "The request has failed."),
        Fault::Reset | Fault::Delay(_) => Err(io::ErrorKind::ConnectionReset.into()),
        Fault::Garbage => Ok(response(200, "application/json", "{\"GetCallerIdentityResponse\":{\"Get")),
        Fault::Redirect => {
            let mut redirect = response(302, "text/html", "");
            let elsewhere = header::HeaderValue::from_static("https://sts.example.com/");
            redirect.headers_mut().insert(header::LOCATION, elsewhere);
            Ok(redirect)
        }
        Fault::HugeBody => Ok(response(200, "application/json", vec![b' '; 20_000_000])),
        Fault::OtherPartition => lie("arn:aws-cn:iam::111122223333:user/alice", "111122223333"),
        Fault::OtherAccount => lie("arn:aws:iam::111122223333:user/alice", "444455556666"),
    }
}

fn format(headers: &HeaderMap) -> Format {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("application/json") { Format::Json } else { Format::Xml }
}
