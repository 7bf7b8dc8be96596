//! A server with the sandbox behind it, in the test's own runtime.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use document::Source;
use mapping::authenticator::read_config_in;
use rustls::pki_types::ServerName;
use sandbox::{Faults, Identities, Options, Running, Sandbox, SandboxCredentials};
use token::ClusterId;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};
use tokio_rustls::client::TlsStream;
use webhook::{Predecessor, PredecessorUrl, Server, Settings, Webhook};

pub(crate) const CLUSTER_ID: &str = "c.example.com";

pub(crate) const MAPPING: &str = r#"
server:
  mapUsers:
  - {userarn: "arn:aws:iam::111122223333:user/alice", username: alice, groups: [developers]}
  mapRoles:
  - {rolearn: "arn:aws:iam::111122223333:role/Node", username: "system:node:{{EC2PrivateDNSName}}"}
"#;

pub(crate) struct Stage {
    pub(crate) webhook: Arc<Webhook>,
    pub(crate) faults: Faults,
    pub(crate) address: SocketAddr,
    pub(crate) ca_pem: String,
    pub(crate) identities: Identities,
    start: jiff::Timestamp,
    _sandbox: Running,
    pub(crate) stop: Option<oneshot::Sender<()>>,
    pub(crate) server: JoinHandle<()>,
}

/// Status and body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

#[expect(clippy::disallowed_methods, reason = "signatures are made and checked by the real time")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// What a server for localhost shows, and the authority that vouches for it.
pub(crate) fn for_localhost() -> (Arc<rustls::ServerConfig>, String) {
    let authority = tls::Authority::new("CA", now(), jiff::SignedDuration::from_hours(1)).expect("an authority");
    let names = vec!["localhost".to_owned()];
    let leaf = tls::Leaf { common_name: "x".to_owned(), organization: None, names, usage: tls::Usage::Server };
    let pair = authority.issue(&leaf).expect("a leaf");
    let identity = tls::ServerIdentity::from_pem(pair.cert_pem(), pair.key_pem(), now()).expect("a pair");
    let tls = tls::server_config(tls::ReloadingResolver::new(&identity)).expect("a configuration");
    (tls, authority.cert_pem().to_owned())
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let stage = Self::unloaded(change).await;
        stage.load(MAPPING);
        stage
    }

    pub(crate) async fn unloaded(change: impl FnOnce(&mut Settings)) -> Self {
        Self::of(Identities::example(), Duration::from_secs(2), change).await
    }

    /// With these identities, and so much time for STS to answer in.
    pub(crate) async fn of(identities: Identities, deadline: Duration, change: impl FnOnce(&mut Settings)) -> Self {
        Self::made(identities, deadline, change, None).await
    }

    /// Beside another authenticator, which is asked at this URL and vouched for by this authority; its mapping is loaded.
    pub(crate) async fn with_predecessor(
        url: &str,
        ca_pem: &str,
        deadline: Duration,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let url = url.parse().expect("a URL");
        let stage = Self::made(Identities::example(), deadline, change, Some((url, ca_pem))).await;
        stage.load(MAPPING);
        stage
    }

    async fn made(
        identities: Identities,
        deadline: Duration,
        change: impl FnOnce(&mut Settings),
        predecessor: Option<(PredecessorUrl, &str)>,
    ) -> Self {
        let sandbox = Sandbox::start(identities.clone(), Options::new(now)).await.expect("a sandbox");
        let transport = aws::Transport {
            connect_to: Some(sandbox.sts().to_string()),
            roots: tls::Roots::Only(sandbox.ca_pem().into()),
            connect_timeout: deadline,
            deadline,
            ..aws::Transport::default()
        };
        let mut settings = Settings::new(ClusterId::parse(CLUSTER_ID).expect("an id"), now);
        change(&mut settings);
        let sts = aws::StsClient::new(&transport).expect("a client");
        let webhook = match predecessor {
            None => Webhook::new(settings, sts, None),
            Some((url, ca_pem)) => {
                let tls = tls::webhook_client_config(ca_pem).expect("an authority");
                Webhook::with_predecessor(Predecessor::new(url, &tls, settings.predecessor), settings, sts, None)
            }
        };
        let (tls, ca_pem) = for_localhost();
        let server = Server::bind(([127, 0, 0, 1], 0).into(), tls, Arc::clone(&webhook)).expect("a port");
        let address = server.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self {
            webhook,
            faults: sandbox.faults(),
            address,
            ca_pem,
            identities,
            start: now(),
            _sandbox: sandbox,
            stop: Some(stop),
            server,
        }
    }

    pub(crate) fn load(&self, mapping: &str) {
        let (config, _) = read_config_in(&Source::new("config.yaml", mapping), None).expect("a mapping");
        self.webhook.load(config.server.into_snapshot(None));
    }

    /// A person's token, signed this many seconds ago.
    pub(crate) fn token(&self, person: &str, age: i64) -> String {
        self.signed(&self.identities.credentials(person).expect("a person"), "us-west-2", age)
    }

    /// A token signed with these credentials in this Region, this many seconds ago.
    pub(crate) fn signed(&self, credentials: &SandboxCredentials, region: &str, age: i64) -> String {
        token::wrap(&self.url(credentials, region, age))
    }

    /// What is in that token.
    pub(crate) fn url(&self, credentials: &SandboxCredentials, region: &str, age: i64) -> String {
        let credentials = credentials.clone();
        let keys = aws::credentials::Credentials {
            session_token: credentials.session_token.map(aws::credentials::Secret::new),
            ..aws::credentials::Credentials::long_term(credentials.access_key_id, credentials.secret_access_key)
        };
        let environment = aws::credentials::Environment::default();
        let endpoint = aws::sts_endpoint(&environment, Some(region)).expect("an endpoint");
        let at = self.start - jiff::SignedDuration::from_secs(age);
        aws::presign_get_caller_identity(&keys, &endpoint, CLUSTER_ID, at)
    }

    pub(crate) async fn review(&self, token: &str) -> Answer {
        self.request("POST", "/authenticate", &Self::token_review(token)).await
    }

    /// The body of a review of that token.
    pub(crate) fn token_review(token: &str) -> String {
        serde_json::json!({"apiVersion": "authentication.k8s.io/v1", "spec": {"token": token}}).to_string()
    }

    pub(crate) async fn connect(&self) -> TlsStream<TcpStream> {
        self.handshake(TcpStream::connect(self.address).await.expect("a connection")).await
    }

    pub(crate) async fn handshake(&self, tcp: TcpStream) -> TlsStream<TcpStream> {
        let config = tls::client_config(&tls::Roots::Only(self.ca_pem.clone().into())).expect("a configuration");
        // HTTP/1.1 as nobody offers HTTP/2 here.
        let connector = tokio_rustls::TlsConnector::from(config);
        let name = ServerName::try_from("localhost").expect("a name");
        connector.connect(name, tcp).await.expect("TLS")
    }

    pub(crate) async fn request(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask(&mut self.connect().await, method, path, body).await
    }

    /// The last request of a connection.
    pub(crate) async fn ask(&self, stream: &mut TlsStream<TcpStream>, method: &str, path: &str, body: &str) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        // A server that refuses a body may close before all of it is sent.
        let _ = stream.write_all(body.as_bytes()).await;
        let mut answer = Vec::new();
        // What was read before an early close is what counts.
        let _ = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8(answer).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// How often STS was asked.
    pub(crate) fn asked(&self) -> usize {
        self.faults.requests("GetCallerIdentity")
    }
}
