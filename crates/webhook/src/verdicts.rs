//! Who a token's bearer is, by STS: asked once, however many ask at the same time, and remembered for a moment.
//!
//! Remembered is only *who* somebody is. Whether that person may log in is decided anew for every review.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws::StsClient;
use jiff::Timestamp;
use moka::future::Cache;
use token::{Accepted, Confirmed, Unconfirmed, confirm};
use tokio::{sync::Semaphore, time::timeout};

use crate::{Metrics, Settings, breaker::Breakers};

pub(crate) struct Verdicts {
    sts: StsClient,
    /// By the hash of token and cluster id.
    cache: Cache<[u8; 32], Confirmed>,
    breakers: Mutex<Breakers>,
    /// Whose turn it is to ask STS.
    turns: Semaphore,
    max_wait: Duration,
    metrics: Arc<Metrics>,
    now: fn() -> Timestamp,
}

/// Why there is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoVerdict {
    /// STS was asked, and this came of it.
    Sts(Unconfirmed),
    /// STS was not asked: it failed too often just now.
    CircuitOpen,
    /// STS was not asked: too many others were before.
    Overloaded,
}

impl Verdicts {
    pub(crate) fn new(settings: &Settings, sts: StsClient, metrics: Arc<Metrics>) -> Self {
        let max_age = settings.cache_max_age.min(Settings::MAX_CACHE_AGE);
        // With an age of zero nothing is found again, but those who ask at the same time still share one question.
        let capacity = if max_age == Duration::ZERO { 0 } else { settings.cache_capacity };
        let cache = Cache::builder().max_capacity(capacity).time_to_live(max_age.max(Duration::from_nanos(1))).build();
        Self {
            sts,
            cache,
            breakers: Mutex::default(),
            turns: Semaphore::new(settings.max_sts_calls),
            max_wait: settings.sts_wait,
            metrics,
            now: settings.now,
        }
    }

    /// Who the bearer is. The token was accepted at this moment, so nothing remembered outlives it.
    pub(crate) async fn confirm(&self, accepted: &Accepted) -> Result<Confirmed, NoVerdict> {
        let asked = self.cache.try_get_with(accepted.cache_key(), self.ask(accepted)).await;
        asked.map_err(|error| *error)
    }

    async fn ask(&self, accepted: &Accepted) -> Result<Confirmed, NoVerdict> {
        let host = accepted.host().as_str();
        if !self.breakers().allow(host, (self.now)()) {
            return Err(NoVerdict::CircuitOpen);
        }
        // Waiting is not STS's fault, so it has a limit of its own and opens no breaker.
        let Ok(Ok(_turn)) = timeout(self.max_wait, self.turns.acquire()).await else {
            return Err(NoVerdict::Overloaded);
        };
        let answer = self.sts.call(accepted).await;
        let status = answer.as_ref().ok().map(|(status, _)| *status);
        let verdict = match answer {
            Ok((status, body)) => confirm(accepted, status, &body),
            Err(trouble) => Err(Unconfirmed::Upstream(trouble)),
        };
        self.metrics.sts_answered(accepted.host(), status, &verdict);
        match &verdict {
            Err(Unconfirmed::Upstream(_)) => self.breakers().failed(host, (self.now)()),
            Ok(_) | Err(Unconfirmed::Refused(_)) => self.breakers().succeeded(host),
        }
        verdict.map_err(NoVerdict::Sts)
    }

    fn breakers(&self) -> std::sync::MutexGuard<'_, Breakers> {
        self.breakers.lock().expect("no holder of this lock panics")
    }
}
