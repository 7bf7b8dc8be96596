//! Starting and stopping a local AWS.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time::timeout};

use crate::{
    Faults, Identities, SandboxCredentials,
    aws::Aws,
    certificates::Certificates,
    https::{self, GRACE},
    proxy,
    sessions::Sessions,
};

/// Options of a sandbox: addresses, clock and log.
pub struct Options {
    /// The HTTPS endpoint; port 0 takes a free one.
    pub sts: SocketAddr,
    /// The CONNECT proxy; port 0 takes a free one.
    pub proxy: SocketAddr,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// Told of every signature and session token that arrives, for tests that search elsewhere for them.
    pub heard: fn(&str),
}

impl Options {
    /// Creates options with free ports on loopback.
    pub fn new(now: fn() -> Timestamp) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { sts: free, proxy: free, now, heard: |_| {} }
    }
}

/// The reasons why the sandbox does not start. Shown to whoever starts it.
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

/// The entry point that starts a sandbox.
pub struct Sandbox;

/// A sandbox that answers. Dropping it ends it at once.
pub struct Running {
    ca_pem: String,
    sts: SocketAddr,
    proxy: SocketAddr,
    aws: Arc<Aws>,
    stopping: watch::Sender<bool>,
    https: JoinSet<()>,
    tunnels: JoinSet<()>,
}

/// How long its certificates are valid, from an hour before its start.
const VALIDITY: SignedDuration = SignedDuration::from_hours(24 * 30);

impl Sandbox {
    /// Makes an authority, listens, and answers in tasks of the current runtime.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Listen`] where an address is taken, and [`SandboxError::Tls`] without randomness.
    pub async fn start(identities: Identities, options: Options) -> Result<Running, SandboxError> {
        let (sts_listener, sts) = listen(options.sts).await?;
        let (proxy_listener, proxy) = listen(options.proxy).await?;
        let start = (options.now)() - SignedDuration::from_hours(1);
        let authority = tls::Authority::new("cluster-auth sandbox", start, VALIDITY)?;
        let ca_pem = authority.cert_pem().to_owned();
        let certificates = Certificates::new(authority, sts.ip(), options.now);
        let acceptor = https::acceptor(certificates)?;
        let aws = Arc::new(Aws {
            directory: identities.into_directory(),
            sessions: Sessions::default(),
            faults: Faults::default(),
            now: options.now,
            heard: options.heard,
        });
        let stopping = watch::Sender::new(false);
        let (mut https, mut tunnels) = (JoinSet::new(), JoinSet::new());
        https.spawn(https::serve(sts_listener, acceptor, Arc::clone(&aws), stopping.subscribe()));
        tunnels.spawn(proxy::serve(proxy_listener, sts));
        Ok(Running { ca_pem, sts, proxy, aws, stopping, https, tunnels })
    }
}

impl Running {
    /// Returns the authority that clients must trust, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Returns where the HTTPS endpoint listens.
    pub fn sts(&self) -> SocketAddr {
        self.sts
    }

    /// Returns where the proxy listens.
    pub fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    /// Returns the handle on faults and counts.
    pub fn faults(&self) -> Faults {
        self.aws.faults.clone()
    }

    /// Creates credentials of a new session of a role, as if AWS had made it: no trust policy is asked. `role` is the role's name,
    /// `AWSReservedSSO_…` for a permission set; `None` if the identities have no such role.
    pub fn session_for(&self, role: &str, session_name: &str, duration: SignedDuration) -> Option<SandboxCredentials> {
        let now = (self.aws.now)();
        let role = self.aws.directory.roles.iter().find(|known| known.name == role)?;
        Some(SandboxCredentials::of(&self.aws.sessions.make(role, session_name, now + duration, now)))
    }

    /// Stops listening, lets requests that are under way end (for a few seconds at most), and closes every connection.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        // The task ends by itself; the limit is for one that does not get to run.
        let _ = timeout(GRACE + Duration::from_secs(1), self.https.join_next()).await;
        self.https.shutdown().await;
        self.tunnels.shutdown().await;
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), SandboxError> {
    let failed = |source| SandboxError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
