//! How often AWS is asked where it cannot answer: what says so, what is worth asking again, and when.
//!
//! Source: `retryhandler.py` and `_retry.json` of botocore (its mode `legacy`), `aws/retry` of AWS's SDK for Go.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use ::http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use ring::rand::{SecureRandom as _, SystemRandom};
use tls::Trouble;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{NoAnswer, environment::Environment, http::Http, rules::Rules};

/// The variable, and the setting of a profile, that says how often.
pub(crate) const MAX_ATTEMPTS: (&str, &str) = ("AWS_MAX_ATTEMPTS", "max_attempts");

/// Those that say after which rules.
pub(crate) const RETRY_MODE: (&str, &str) = ("AWS_RETRY_MODE", "retry_mode");

/// Settings by which nobody can tell how often AWS is to be asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttemptsError {
    /// No number, or none that makes sense.
    #[error("AWS_MAX_ATTEMPTS (max_attempts of a profile) is {0:?}; it must be a number, 1 or more")]
    Number(String),
    /// A mode that there is not.
    #[error("AWS_RETRY_MODE (retry_mode of a profile) is {mode:?}; it must be {modes}")]
    Mode {
        /// What is there.
        mode: String,
        /// What may be.
        modes: &'static str,
    },
}

/// Returns how often AWS is asked at most, by the environment as it counts: with what the profile says.
///
/// # Errors
///
/// [`AttemptsError`]: a mode or a number that is none to the program whose rules count.
pub fn attempts(environment: &Environment, rules: Rules) -> Result<u32, AttemptsError> {
    let mode = environment.get(RETRY_MODE.0);
    let (usual, modes) = match (mode, rules) {
        (None | Some("legacy"), Rules::Cli) => (5, ""),
        (None | Some("standard" | "adaptive"), _) => (3, ""),
        (Some(_), Rules::Cli) => (0, "legacy, standard or adaptive"),
        (Some(_), Rules::Go) => (0, "standard or adaptive"),
    };
    if let Some(mode) = mode.filter(|_| usual == 0) {
        return Err(AttemptsError::Mode { mode: mode.to_owned(), modes });
    }
    let Some(text) = environment.get(MAX_ATTEMPTS.0) else { return Ok(usual) };
    let wrong = || AttemptsError::Number(text.to_owned());
    let read = match rules {
        Rules::Cli => text.trim(),
        Rules::Go => text,
    };
    match (read.parse::<i64>().map_err(|_| wrong())?, rules) {
        (most @ 1.., _) => Ok(u32::try_from(most).unwrap_or(u32::MAX)),
        (_, Rules::Cli) => Err(wrong()),
        // To the SDK for Go that is as if nobody had said anything.
        (_, Rules::Go) => Ok(usual),
    }
}

/// How often a client asks, and how often it had to.
pub(crate) struct Attempts {
    most: AtomicU32,
    again: AtomicU32,
}

impl Attempts {
    pub(crate) fn new(most: u32) -> Self {
        Self { most: AtomicU32::new(most), again: AtomicU32::new(0) }
    }

    /// As often as the variable says, by which whoever looks for credentials passes on what [`attempts`] has found.
    pub(crate) fn of(environment: &Environment) -> Self {
        Self::new(environment.get(MAX_ATTEMPTS.0).and_then(|most| most.parse().ok()).unwrap_or(1))
    }
}

/// The first pause is a part of this, the second a part of twice as much, and so on.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// What no pause is longer than.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// What a server answers who may answer otherwise in a moment.
const PASSING: [u16; 6] = [429, 500, 502, 503, 504, 509];

impl Attempts {
    /// Sends a request that may be sent again, and sends it again while `is_passing` says so of the answer or a connection breaks: as often as is set,
    /// within the time of one call. What it ends with is the last answer.
    pub(crate) async fn send(
        &self,
        http: &Http,
        request: &Request<Full<Bytes>>,
        max_body: usize,
        is_passing: impl Fn(&Response<Bytes>) -> bool,
    ) -> Result<Response<Bytes>, NoAnswer> {
        let deadline = Instant::now() + http.deadline();
        let mut longest = FIRST_PAUSE;
        for _ in 1..self.most.load(Ordering::Relaxed) {
            let answer = once(http, request, max_body, deadline).await;
            let may_pass = match &answer {
                Ok(answer) => PASSING.contains(&answer.status().as_u16()) || is_passing(answer),
                Err(why) => is_broken(why),
            };
            let pause = part_of(longest);
            if !may_pass || Instant::now() + pause >= deadline {
                return answer;
            }
            sleep(pause).await;
            self.again.fetch_add(1, Ordering::Relaxed);
            longest = (2 * longest).min(LONGEST_PAUSE);
        }
        once(http, request, max_body, deadline).await
    }

    /// From now on it asks once.
    pub(crate) fn once(&self) {
        self.most.store(1, Ordering::Relaxed);
    }

    /// How often was asked again since this was called last.
    pub(crate) fn take_retries(&self) -> u32 {
        self.again.swap(0, Ordering::Relaxed)
    }
}

async fn once(
    http: &Http,
    request: &Request<Full<Bytes>>,
    max_body: usize,
    deadline: Instant,
) -> Result<Response<Bytes>, NoAnswer> {
    timeout_at(deadline, http.send_for(request.clone(), max_body)).await.map_err(|_| NoAnswer::Late)?
}

/// Whether a request had its connection, which something ended. If there is none, or nobody answers in time, a person is told at once.
fn is_broken(why: &NoAnswer) -> bool {
    matches!(why, NoAnswer::Connection { why, is_connected: true } if why.trouble == Trouble::Closed)
}

/// A part of a time, so that those that failed together do not come back together.
fn part_of(longest: Duration) -> Duration {
    let mut bytes = [0; 2];
    // Without a random number it is all of it.
    let part = SystemRandom::new().fill(&mut bytes).map_or(1.0, |()| f64::from(u16::from_le_bytes(bytes)) / 65536.0);
    longest.mul_f64(part)
}

#[cfg(test)]
mod tests {
    use super::{Environment, Rules, attempts};

    #[test]
    fn each_program_has_its_own_number_and_its_own_modes() {
        let mode = |of_go: bool| {
            let modes = if of_go { "standard or adaptive" } else { "legacy, standard or adaptive" };
            format!("AWS_RETRY_MODE (retry_mode of a profile) is \"x\"; it must be {modes}")
        };
        let legacy = mode(true).replace("\"x\"", "\"legacy\"");
        let number = |text: &str| {
            format!("AWS_MAX_ATTEMPTS (max_attempts of a profile) is {text:?}; it must be a number, 1 or more")
        };
        let rows = [
            ("", "", "5", "3"),
            ("legacy", "", "5", &*legacy),
            ("standard", "", "3", "3"),
            ("adaptive", "", "3", "3"),
            ("x", "", &mode(false), &mode(true)),
            ("", "1", "1", "1"),
            ("standard", "7", "7", "7"),
            ("", "+2", "2", "2"),
            ("", " 2 ", "2", &number(" 2 ")),
            ("", "0", &number("0"), "3"),
            ("", "-1", &number("-1"), "3"),
            ("", "2.5", &number("2.5"), &number("2.5")),
            ("", "many", &number("many"), &number("many")),
        ];
        for (mode, most, cli, go) in rows {
            let vars = [("AWS_RETRY_MODE", mode), ("AWS_MAX_ATTEMPTS", most)];
            let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let environment = Environment { vars, home: None };
            for (rules, expected) in [(Rules::Cli, cli), (Rules::Go, go)] {
                let found = attempts(&environment, rules).map_or_else(|error| error.to_string(), |n| n.to_string());
                assert_eq!(found, expected, "{mode:?} {most:?} {rules:?}");
            }
        }
    }
}
