//! The sandbox's AWS, on a thread of its own for as long as it is held.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::mpsc,
    thread::JoinHandle,
};

use anyhow::Context as _;
use document::Source;
use sandbox::{Faults, Identities, Options, Sandbox};
use tokio::sync::oneshot;

use crate::secrets;

/// A local AWS that verifies signatures.
pub struct Sts {
    /// The HTTPS endpoint.
    pub address: SocketAddr,
    /// The CONNECT proxy in front of it.
    pub proxy: SocketAddr,
    /// The authority that clients must trust.
    pub ca_file: PathBuf,
    /// What goes wrong, and how often it was asked.
    pub faults: Faults,
    /// Who it knows.
    pub identities: Identities,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The identities of the tests.
const IDENTITIES: &str = include_str!("identities.yaml");

impl Sts {
    /// Starts it on free ports.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        Self::start_with(folder, IDENTITIES)
    }

    /// The same with other identities.
    pub fn start_with(folder: &Path, identities: &str) -> anyhow::Result<Self> {
        let source = Source::new("identities.yaml", identities);
        let plain = document::RenderStyle::Plain;
        let identities = Identities::read(&source)
            .map_err(|problems| anyhow::anyhow!("{}", document::render(&source, &problems, plain)))?;
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::channel();
        let known = identities.clone();
        let thread = std::thread::spawn(move || serve(known, &ready, stopped));
        let (address, proxy, ca_pem, faults) = started.recv().context("the sandbox's thread has ended")??;
        let ca_file = folder.join("sts-ca.pem");
        std::fs::write(&ca_file, ca_pem)?;
        Ok(Self { address, proxy, ca_file, faults, identities, stop: Some(stop), thread: Some(thread) })
    }

    /// What AWS gave to the person of this name.
    pub fn credentials(&self, name: &str) -> anyhow::Result<sandbox::SandboxCredentials> {
        let found = self.identities.credentials(name).with_context(|| format!("identities.yaml has no {name}"))?;
        [Some(&found.secret_access_key), found.session_token.as_ref()]
            .into_iter()
            .flatten()
            .for_each(|s| secrets::heard(s));
        Ok(found)
    }

    /// The variables that lead an unmodified program here.
    pub fn proxy_environment(&self) -> Vec<(&'static str, String)> {
        let proxy = format!("http://{}", self.proxy);
        let ca = self.ca_file.display().to_string();
        vec![("HTTPS_PROXY", proxy), ("SSL_CERT_FILE", ca.clone()), ("AWS_CA_BUNDLE", ca)]
    }
}

type Started = anyhow::Result<(SocketAddr, SocketAddr, String, Faults)>;

fn serve(identities: Identities, ready: &mpsc::Sender<Started>, stopped: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(ready.send(Err(error.into()))),
    };
    runtime.block_on(async {
        match Sandbox::start(identities, Options { heard: secrets::heard, ..Options::new(now) }).await {
            Ok(running) => {
                let addresses = (running.sts(), running.proxy());
                let started = (addresses.0, addresses.1, running.ca_pem().to_owned(), running.faults());
                drop(ready.send(Ok(started)));
                // An error means that the holder has gone, which is a wish to stop as well.
                let _ = stopped.await;
                running.stop().await;
            }
            Err(error) => drop(ready.send(Err(error.into()))),
        }
    });
}

/// The real time: signatures are made and checked by it.
#[expect(clippy::disallowed_methods, reason = "the tests' own edge: signatures are made and checked by the real time")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

impl Drop for Sts {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have stopped by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
