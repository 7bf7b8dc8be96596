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
pub(crate) struct Names(Arc<Inner>);

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

impl Names {
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

impl Service<Name> for Names {
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
mod tests {
    use std::{
        io,
        net::SocketAddr,
        sync::atomic::{AtomicBool, AtomicUsize, Ordering},
        time::Duration,
    };

    use tokio::time::timeout;

    use super::{MAX_NAMES, Names, THREADS_FOR_OTHERS};

    fn somewhere() -> Vec<SocketAddr> {
        vec![([192, 0, 2, 1], 0).into()]
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_a_moment() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let names = Names::new(Duration::from_secs(60), |_| {
            ASKED.fetch_add(1, Ordering::Relaxed);
            Ok(somewhere())
        });
        for _ in 0..10 {
            assert_eq!(names.addresses("sts.us-west-2.amazonaws.com").await.expect("found"), somewhere());
        }
        assert_eq!(ASKED.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn an_answer_is_used_on_where_there_is_no_other() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let names = Names::new(Duration::ZERO, |_| match ASKED.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(somewhere()),
            _ => Err(io::Error::other("the name server is away")),
        });
        for _ in 0..3 {
            assert_eq!(names.addresses("sts.us-west-2.amazonaws.com").await.expect("found"), somewhere());
        }
        assert_eq!(ASKED.load(Ordering::Relaxed), 3);
        assert!(names.addresses("sts.eu-west-1.amazonaws.com").await.is_err());
    }

    #[tokio::test]
    async fn names_that_are_never_answered_hold_few_threads_and_none_of_the_others() {
        static HANGING: AtomicUsize = AtomicUsize::new(0);
        static IS_OVER: AtomicBool = AtomicBool::new(false);
        let names = Names::new(Duration::ZERO, |name| {
            if name.starts_with("made-up") {
                HANGING.fetch_add(1, Ordering::Relaxed);
                while !IS_OVER.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            Ok(somewhere())
        });
        names.addresses("sts.us-west-2.amazonaws.com").await.expect("found");
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..200 {
            let names = names.clone();
            asking.spawn(async move {
                // As if whoever wanted the answer had given up.
                drop(timeout(Duration::from_millis(100), names.addresses(&format!("made-up-{number}"))).await);
            });
        }
        while HANGING.load(Ordering::Relaxed) < THREADS_FOR_OTHERS {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        asking.join_all().await;
        for _ in 0..20 {
            names.addresses("sts.us-west-2.amazonaws.com").await.expect("found");
        }
        assert_eq!(HANGING.load(Ordering::Relaxed), THREADS_FOR_OTHERS);
        IS_OVER.store(true, Ordering::Relaxed);
    }

    /// After a restart nothing was found before, and made-up names may come first.
    #[tokio::test]
    async fn names_that_are_given_wait_for_no_made_up_ones_the_first_time() {
        static HANGING: AtomicUsize = AtomicUsize::new(0);
        static IS_OVER: AtomicBool = AtomicBool::new(false);
        let names = Names::new(Duration::from_secs(60), |name| {
            if name.starts_with("made-up") {
                HANGING.fetch_add(1, Ordering::Relaxed);
                while !IS_OVER.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            Ok(somewhere())
        });
        let mut asking = tokio::task::JoinSet::new();
        for number in 0..200 {
            let names = names.clone();
            asking.spawn(async move { drop(names.addresses(&format!("made-up-{number}")).await) });
        }
        while HANGING.load(Ordering::Relaxed) < THREADS_FOR_OTHERS {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (own, another) = ("sts.us-west-2.amazonaws.com", "sts.eu-west-1.amazonaws.com");
        names.give([own]);
        assert_eq!(names.addresses(own).await.expect("found"), somewhere());
        let waits = timeout(Duration::from_millis(200), names.addresses(another)).await;
        assert!(waits.is_err(), "nobody has said that it is in use");
        IS_OVER.store(true, Ordering::Relaxed);
        assert_eq!(names.addresses(another).await.expect("found"), somewhere());
        asking.shutdown().await;
    }

    #[tokio::test]
    async fn no_more_names_are_kept_than_there_are_places() {
        let names = Names::new(Duration::from_secs(60), |_| Ok(somewhere()));
        for number in 0..2 * MAX_NAMES {
            names.addresses(&number.to_string()).await.expect("found");
        }
        assert_eq!(names.found().len(), MAX_NAMES);
    }
}
