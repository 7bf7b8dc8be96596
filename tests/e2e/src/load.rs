//! People who log in again and again, each time with another token, while something happens to the server.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context as _;
use jiff::SignedDuration;

use crate::{
    https,
    process::wait_until,
    server::token_review,
    world::{CLUSTER_ID, World},
};

/// Tokens of each person: one signed in each second of the last ten minutes.
const TOKENS: i64 = 600;

/// Between two logins of one person.
const PAUSE: Duration = Duration::from_millis(10);

/// The people, on a thread each, until [`Load::end`].
pub struct Load {
    is_over: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
    people: Vec<JoinHandle<()>>,
}

/// What came of their logins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Answered that they are who they are.
    pub granted: usize,
    /// Without an answer: nobody listened, or the connection broke.
    pub unanswered: usize,
    /// Asked to try again later, by status.
    pub trouble: BTreeMap<u16, usize>,
    /// Answered wrongly: somebody who is mapped was denied, or taken for somebody else.
    pub wrong: Vec<String>,
}

impl Load {
    /// These people, at a server with a certificate of one of these authorities.
    pub fn start(world: &World, people: &[&str], authorities_pem: &str, port: u16) -> anyhow::Result<Self> {
        let (is_over, seen) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Seen>>::default());
        let now = crate::sts::now();
        let mut threads = Vec::new();
        for person in people {
            let token = |age| world.token_of(person, CLUSTER_ID, now - SignedDuration::from_secs(age));
            let tokens = (0..TOKENS).map(token).collect::<anyhow::Result<Vec<_>>>()?;
            let (is_over, seen) = (Arc::clone(&is_over), Arc::clone(&seen));
            let (person, authorities) = ((*person).to_owned(), authorities_pem.to_owned());
            threads.push(std::thread::spawn(move || {
                for token in tokens.iter().cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                    let review = token_review("authentication.k8s.io/v1", token);
                    let answer = https::request(&authorities, port, "POST", "/authenticate", &review);
                    lock(&seen).count(&person, answer);
                    std::thread::sleep(PAUSE);
                }
            }));
        }
        Ok(Self { is_over, seen, people: threads })
    }

    /// What has come of logins so far.
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    /// Waits until so many more have logged in.
    pub fn wait_for_logins(&self, count: usize) -> anyhow::Result<()> {
        let before = self.seen().granted;
        wait_until(&format!("{count} more have logged in"), || Ok(self.seen().granted >= before + count))
            .with_context(|| format!("{:?}", self.seen()))
    }

    /// What came of all of them. That somebody was answered wrongly is an error.
    pub fn end(mut self) -> anyhow::Result<Seen> {
        self.is_over.store(true, Ordering::Relaxed);
        for person in self.people.drain(..) {
            person.join().map_err(|_| anyhow::anyhow!("a person's thread has panicked"))?;
        }
        let seen = self.seen();
        anyhow::ensure!(seen.granted > 0 && seen.wrong.is_empty(), "{seen:?}");
        Ok(seen)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Seen {
    fn count(&mut self, person: &str, answer: anyhow::Result<https::Answer>) {
        let Ok(answer) = answer else { return self.unanswered += 1 };
        let is_granted = answer.body.contains("\"authenticated\":true");
        match answer.status {
            200 if is_granted && answer.body.contains(&format!("\"username\":\"{person}\"")) => self.granted += 1,
            429 | 502 | 503 if !is_granted => *self.trouble.entry(answer.status).or_default() += 1,
            status => self.wrong.push(format!("{person}: {status} {}", answer.body)),
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
