//! How far something long is, on one line of the terminal that the next one replaces.
//!
//! Elsewhere than on a terminal, in CI, and within the first second nothing is shown, and at the end nothing of it is left.

use std::{
    future::Future,
    io::{self, IsTerminal as _, Write as _},
    pin::pin,
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};

/// What takes less is not worth a line that is gone at once.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(200);

/// A line that is replaced.
pub(crate) struct Progress {
    since: Instant,
    is_wanted: bool,
    is_shown: bool,
}

impl Progress {
    /// Nothing is shown yet.
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), is_wanted: is_wanted(), is_shown: false }
    }

    /// Replaces what was shown.
    pub(crate) fn show(&mut self, text: &str) {
        if self.is_wanted && self.since.elapsed() >= PATIENCE {
            self.write(text);
        }
    }

    fn write(&mut self, text: &str) {
        let mut stderr = io::stderr();
        // Whoever cannot see it misses nothing but this.
        let _ = write!(stderr, "\r\x1b[K{}", document::visible(text)).and_then(|()| stderr.flush());
        self.is_shown = !text.is_empty();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            self.write("");
        }
    }
}

/// Does something, and shows meanwhile how far it is.
pub(crate) async fn showing<T>(line: impl Fn() -> String, work: impl Future<Output = T>) -> T {
    let (mut work, mut progress) = (pin!(work), Progress::new());
    if !progress.is_wanted {
        return work.await;
    }
    let mut again = interval(EVERY);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = again.tick() => progress.show(&line()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the process, which reads the environment")]
fn is_wanted() -> bool {
    io::stderr().is_terminal() && std::env::var_os("CI").is_none_or(|ci| ci.is_empty())
}
