//! People who log in all the time while something happens.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::Context as _;

use super::TestNode;
use crate::world::World;

/// What came of the logins.
#[derive(Clone, Debug, Default)]
pub struct Logins {
    /// How many were let in.
    pub let_in: usize,
    /// What was said to those who were not.
    pub turned_away: Vec<String>,
}

/// Tokens are good for 900 seconds.
const LONG_AGO: i64 = 600;

/// How long nobody logs in between two who do.
const PAUSE: Duration = Duration::from_millis(20);

impl TestNode {
    /// Lets these people log in, one after the other and each with a token that nobody has seen, until something has happened.
    pub fn under_logins<T>(
        &self,
        world: &World,
        people: &[&str],
        cluster_id: &str,
        happens: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<(T, Logins)> {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let logging_in = scope.spawn(|| {
                let (mut logins, mut last) = (Logins::default(), 0);
                while !done.load(Ordering::Relaxed) || logins.let_in + logins.turned_away.len() == 0 {
                    // Each token is signed in a second of its own, and none of them in the future.
                    last = (crate::sts::now().as_second() - LONG_AGO).max(last + 1);
                    for person in people {
                        let token = world.token_of(person, cluster_id, jiff::Timestamp::from_second(last)?)?;
                        let said = self.with_token(&token, &["auth", "whoami"])?;
                        if said.code == 0 {
                            logins.let_in += 1;
                        } else {
                            logins.turned_away.push(format!("{}: {}", crate::sts::now(), said.stderr.trim()));
                        }
                        thread::sleep(PAUSE);
                    }
                }
                anyhow::Ok(logins)
            });
            // Also where it panics.
            let finish = Finish(&done);
            let happened = happens();
            drop(finish);
            let logins = logging_in.join().ok().context("logging in panicked")?;
            Ok((happened?, logins?))
        })
    }
}

/// Says that it is done when it goes.
struct Finish<'a>(&'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
