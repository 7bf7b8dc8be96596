//! Finding the addresses of a host: the system is asked, a bounded number of questions at a time, and answers are kept
//! for a moment.
//!
//! Whoever sends a token chooses which name is looked up, and a name server that is slow, or does not answer, holds a
//! thread for as long as the system cares to wait, whether anybody still wants the answer or not. So names that were
//! never found have few threads, and those that were found, or were given to us as in use, have others.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{SocketAddr, ToSocketAddrs as _},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
    time::Duration,
};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::{sync::Semaphore, task::spawn_blocking, time::Instant};
use tower_service::Service;

/// How long an answer is used before the system is asked again. AWS's own names have a minute.
const FRESH: Duration = Duration::from_secs(30);

/// How long it is used where the system has no other: TLS says whether it is still the host.
const STALE: Duration = Duration::from_hours(1);

/// Threads that look names up: those that were given or found before, and others.
const THREADS_FOR_KNOWN: usize = 8;
const THREADS_FOR_OTHERS: usize = 8;

/// How many names are kept. AWS has fewer hosts that we ask.
const MAX_NAMES: usize = 128;

/// The system's way to look a name up.
type LookUp = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// What is known of names. Clones share it.
#[derive(Clone)]
pub(crate) struct ResolvedHosts(Arc<Inner>);

struct Inner {
    look_up: LookUp,
    fresh: Duration,
    found: Mutex<BTreeMap<String, Found>>,
    given: Mutex<BTreeSet<String>>,
    known: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

#[derive(Clone)]
struct Found {
    addresses: Vec<SocketAddr>,
    at: Instant,
}

impl ResolvedHosts {
    pub(super) fn of_the_system() -> Self {
        Self::new(FRESH, |name| Ok((name, 0).to_socket_addrs()?.collect()))
    }

    fn new(fresh: Duration, look_up: LookUp) -> Self {
        Self(Arc::new(Inner {
            look_up,
            fresh,
            found: Mutex::default(),
            given: Mutex::default(),
            known: Arc::new(Semaphore::new(THREADS_FOR_KNOWN)),
            others: Arc::new(Semaphore::new(THREADS_FOR_OTHERS)),
        }))
    }

    /// These names are in use: looking one up waits for no other, not even the first time.
    pub(crate) fn give<'n>(&self, names: impl IntoIterator<Item = &'n str>) {
        self.given().extend(names.into_iter().map(str::to_owned));
    }

    async fn addresses(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let before = self.found().get(name).cloned();
        if let Some(found) = &before
            && found.at.elapsed() < self.0.fresh
        {
            return Ok(found.addresses.clone());
        }
        match (self.ask(name, before.is_some() || self.given().contains(name)).await, before) {
            (Ok(addresses), _) => {
                self.keep(name, &addresses);
                Ok(addresses)
            }
            (Err(_), Some(found)) if found.at.elapsed() < STALE => Ok(found.addresses),
            (Err(error), _) => Err(error),
        }
    }

    /// The thread keeps its place until the system has answered, even if nobody waits for it any more.
    async fn ask(&self, name: &str, is_known: bool) -> io::Result<Vec<SocketAddr>> {
        let threads = if is_known { &self.0.known } else { &self.0.others };
        let place = Arc::clone(threads).acquire_owned().await.expect("the semaphore is never closed");
        let (name, look_up) = (name.to_owned(), self.0.look_up);
        let asked = spawn_blocking(move || {
            let _place = place;
            look_up(&name)
        });
        asked.await.map_err(io::Error::other)?
    }

    /// Only names that were found take a place, and those that were found the longest ago make room.
    fn keep(&self, name: &str, addresses: &[SocketAddr]) {
        let mut found = self.found();
        if found.len() >= MAX_NAMES && !found.contains_key(name) {
            let oldest = found.iter().min_by_key(|(_, found)| found.at).map(|(name, _)| name.clone());
            if let Some(name) = oldest {
                found.remove(&name);
            }
        }
        found.insert(name.to_owned(), Found { addresses: addresses.to_vec(), at: Instant::now() });
    }

    fn given(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.given.lock().expect("no holder of this lock panics")
    }

    fn found(&self) -> MutexGuard<'_, BTreeMap<String, Found>> {
        self.0.found.lock().expect("no holder of this lock panics")
    }
}

impl Service<Name> for ResolvedHosts {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let names = self.clone();
        Box::pin(async move { Ok(names.addresses(name.as_str()).await?.into_iter()) })
    }
}

#[cfg(test)]
mod tests;
