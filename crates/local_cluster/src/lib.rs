//! A real etcd and kube-apiserver on loopback, from binaries that the caller has, for the demo and the tests.
//!
//! ```text
//!   Cluster ─┬─ etcd                       http://127.0.0.1:P
//!            ├─ kube-apiserver             https://127.0.0.1:P ──► the token webhook, if one is given
//!            └─ kube-controller-manager    only when asked for; without it no namespace gets its service account
//! ```
//!
//! Everything here **blocks**: [`Cluster::start`] returns when the API server is ready, after a few seconds. From async
//! code, call it on a thread for blocking work.
//!
//! All files lie in one temporary folder of mode 0700, private keys as 0600. etcd is plain HTTP: every user of this
//! machine can reach it, so nothing of value belongs into such a cluster.
//!
//! A [`node::Node`] is a whole machine instead, with containerd and a kubelet: for root alone.
//!
//! # How the processes end
//!
//! - [`Cluster::stop`], or dropping the value: killed, reaped, the folder removed.
//! - Ctrl-C: they share our process group, so a terminal interrupts them together with us.
//! - We end in any other way (`kill`, `kill -9`, a panic that aborts): each has a guard, a shell that waits for our end
//!   of a pipe to close and then kills it. Only the folder stays behind then. A program that wants it gone handles
//!   SIGINT and SIGTERM, and drops the cluster.

// Whoever calls what does I/O decides what its failing means.
#![warn(clippy::missing_errors_doc)]

mod arguments;
mod binaries;
mod error;
mod files;
mod get;
pub mod node;
mod process;

use std::{
    fs::{self, Permissions},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tempfile::TempDir;

use self::{arguments::Ports, files::Files, process::Process};
pub use self::{binaries::Binaries, error::ClusterError, get::Answer};

/// What kind of cluster to start. An API server reads its flags once, so a cluster is a fixture keyed by these.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whom the API server asks about bearer tokens; nobody by default.
    pub webhook: Option<Webhook>,
    /// `--api-audiences`: which audiences the API server says it is. Kubernetes' default where empty.
    pub api_audiences: Vec<String>,
    /// Whether to run kube-controller-manager too: service accounts, deleting namespaces, and aggregated roles (`view`,
    /// `edit` and `admin` have no rules without it).
    pub controller_manager: bool,
    /// Authorities besides the cluster's own whose client certificates the API server takes (PEM); none by default.
    pub client_authorities: String,
    /// Further arguments of kube-apiserver, after ours, so that they win.
    pub api_server_arguments: Vec<String>,
    /// How long to wait until the cluster is ready.
    pub deadline: Duration,
}

/// The API server's token webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// `--authentication-token-webhook-config-file`: a kubeconfig. Read once, when the API server starts.
    pub kubeconfig: PathBuf,
    /// `--authentication-token-webhook-version`.
    pub version: ReviewVersion,
    /// `--authentication-token-webhook-cache-ttl`: how long the API server remembers the webhook's answers, with the
    /// precision of milliseconds. Kubernetes' default (two minutes) where there is none; zero turns this cache off.
    /// Whatever it is, a token that was accepted is remembered for 10 s by a cache above it (1.37 warns of it in its log).
    pub cache_ttl: Option<Duration>,
}

/// Versions of `TokenReview` that an API server can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewVersion {
    /// `authentication.k8s.io/v1`
    V1,
    /// `authentication.k8s.io/v1beta1`: what an API server sends unless told otherwise.
    V1Beta1,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            webhook: None,
            api_audiences: Vec::new(),
            controller_manager: false,
            client_authorities: String::new(),
            api_server_arguments: Vec::new(),
            deadline: Duration::from_mins(1),
        }
    }
}

/// A running cluster. Dropping it stops it.
pub struct Cluster {
    // In the order in which they are stopped: the last started first.
    controller_manager: Option<Process>,
    /// None while it is stopped.
    api_server: Option<Process>,
    etcd: Process,
    /// With what the API server is started.
    api_server_program: (PathBuf, Vec<String>),
    server: SocketAddr,
    etcd_port: u16,
    files: Files,
    client: get::Client,
    folder: TempDir,
}

/// Ports are chosen before the programs bind them; another program may be faster. So often is it tried anew.
const ATTEMPTS: usize = 3;

/// How long to wait between two looks at something that is not ready.
const POLL_INTERVAL: Duration = Duration::from_millis(25);

impl Cluster {
    /// Starts a cluster and waits until it is ready. Blocks. `now` is when its certificates start to be valid.
    ///
    /// # Errors
    ///
    /// [`ClusterError`]: files or ports that cannot be had, or a process that ends or does not get ready, with the end of its log.
    pub fn start(binaries: &Binaries, options: &Options, now: Timestamp) -> Result<Self, ClusterError> {
        let mut attempt = 1;
        loop {
            match Self::start_once(binaries, options, now) {
                Err(error) if error.is_port_taken() && attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    fn start_once(binaries: &Binaries, options: &Options, now: Timestamp) -> Result<Self, ClusterError> {
        let give_up = Instant::now() + options.deadline;
        // Named before anything runs.
        let controller_manager = options.controller_manager.then(|| binaries.kube_controller_manager()).transpose()?;
        let folder =
            tempfile::Builder::new().prefix("cluster-auth-").permissions(Permissions::from_mode(0o700)).tempdir();
        let folder = folder.map_err(ClusterError::Folder)?;
        let path = folder.path();
        let ports = free_ports()?;
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.api_server));
        let files = Files::write(path, server, &options.client_authorities, now)?;

        // The API server waits for etcd by itself.
        let etcd = Process::start(binaries.etcd(), &arguments::etcd(path, &ports), path)?;
        let arguments = arguments::kube_apiserver(&files, &ports, options);
        let api_server = Some(Process::start(binaries.kube_apiserver(), &arguments, path)?);
        let client = get::Client::new(server, &files)?;
        let api_server_program = (binaries.kube_apiserver().to_owned(), arguments);
        let controller = None;
        let mut cluster = Self {
            controller_manager: controller,
            api_server,
            etcd,
            api_server_program,
            server,
            etcd_port: ports.etcd,
            files,
            client,
            folder,
        };
        cluster.wait_until(give_up, "/readyz", |_| true)?;

        if let Some(program) = controller_manager {
            let arguments = arguments::kube_controller_manager(&cluster.files);
            cluster.controller_manager = Some(Process::start(program, &arguments, cluster.folder.path())?);
            cluster.wait_until(give_up, "/api/v1/namespaces/default/serviceaccounts/default", |_| true)?;
            let role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/view";
            cluster.wait_until(give_up, role, |body| body.contains(r#""rules":[{"#))?;
        }
        Ok(cluster)
    }

    /// Returns the port of loopback where etcd listens to its clients, over plain HTTP.
    pub fn etcd_port(&self) -> u16 {
        self.etcd_port
    }

    /// Returns where the API server listens: `https://127.0.0.1:PORT`.
    pub fn server_url(&self) -> String {
        format!("https://{}", self.server)
    }

    /// Returns the authority that signed the API server's certificate, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.files.ca_pem
    }

    /// Returns the kubeconfig of an administrator (a client certificate of `system:masters`). It lives as long as the cluster.
    pub fn admin_kubeconfig(&self) -> &Path {
        &self.files.admin_kubeconfig
    }

    /// Returns where all its files are. It lives as long as the cluster.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns everything that kube-apiserver has logged so far.
    pub fn api_server_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("kube-apiserver.log")).unwrap_or_default()
    }

    /// Asks the API server as administrator. Blocks. `path` as it stands in a URL, such as `/readyz?verbose`.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Get`] where no answer comes; an answer of any status is none.
    pub fn get(&self, path: &str) -> Result<Answer, ClusterError> {
        self.client.get(path).map_err(|source| ClusterError::Get { path: path.to_owned(), source })
    }

    /// Kills the API server, as a machine does that loses its power; everything that it keeps is with etcd.
    pub fn stop_api_server(&mut self) {
        self.api_server = None;
    }

    /// Starts the API server again where it was, and waits until it is ready. Blocks.
    ///
    /// # Errors
    ///
    /// It does not start, or is not ready within a minute.
    pub fn start_api_server(&mut self) -> Result<(), ClusterError> {
        let (program, arguments) = &self.api_server_program;
        self.api_server = Some(Process::start(program, arguments, self.folder.path())?);
        self.wait_until(Instant::now() + Duration::from_mins(1), "/readyz", |_| true)
    }

    /// Kills and reaps the processes and removes the folder. Dropping does the same and says nothing where it fails.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Folder`] where the folder cannot be removed.
    pub fn stop(self) -> Result<(), ClusterError> {
        let Self { controller_manager, api_server, etcd, folder, .. } = self;
        drop((controller_manager, api_server, etcd));
        folder.close().map_err(ClusterError::Folder)
    }

    fn wait_until(&mut self, give_up: Instant, path: &str, ready: impl Fn(&str) -> bool) -> Result<(), ClusterError> {
        loop {
            let last = match self.client.get(path) {
                Ok(Answer { status: 200, body }) if ready(&body) => return Ok(()),
                Ok(Answer { status, .. }) => format!("it answers with status {status}"),
                Err(error) => error.to_string(),
            };
            let Self { controller_manager, api_server, etcd, .. } = self;
            let mut processes: Vec<_> = controller_manager.iter_mut().chain(api_server).chain([etcd]).collect();
            processes.iter_mut().try_for_each(|process| process.must_run())?;
            if Instant::now() > give_up {
                return Err(ClusterError::NotReady { path: path.to_owned(), last, log: processes[0].log_tail() });
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// Ports that are free now: all are held until all are chosen, so that no two are the same.
fn free_ports() -> Result<Ports, ClusterError> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(ClusterError::Port);
    let (etcd, etcd_peer, api_server) = (listen()?, listen()?, listen()?);
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port()).map_err(ClusterError::Port);
    Ok(Ports { etcd: port(&etcd)?, etcd_peer: port(&etcd_peer)?, api_server: port(&api_server)? })
}

#[cfg(test)]
mod tests;
