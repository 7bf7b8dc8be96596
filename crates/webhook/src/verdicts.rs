//! Who a token's bearer is, by STS: asked once, however many ask at the same time, and remembered for a moment.
//!
//! Remembered is only *who* somebody is. Whether that person may log in is decided anew for every review.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws::NoAnswer;
use moka::{future::Cache, policy::EvictionPolicy};
use token::{Accepted, Confirmed, Refusal, Unconfirmed, Upstream, confirm};
use tokio::time::Instant;

use crate::{
    Metrics, Settings,
    backoff::BackOffs,
    breaker::{Breakers, Caller, Failure},
    lanes::{Asker, Lane},
    sharing::Sharing,
    standing::Standing,
    turns::Turns,
};

/// How many callers are remembered who were confirmed and not let in.
const MAX_STRANGERS: u64 = 256;

/// How many tokens are remembered that STS refused for good.
const MAX_REFUSED: u64 = 4_096;

/// How many are remembered that STS refused, and may take in a moment; and for how long: whoever shows such a token again and again
/// asks STS once in that time. What is remembered is the token, so that a new one is asked about at once: a key that has just been
/// made loses nothing.
const MAX_REFUSED_FOR_NOW: u64 = 1_024;
const REFUSED_FOR_NOW: Duration = Duration::from_secs(5);

/// What STS answered: status and body.
pub(crate) type Answer = Result<(u16, Vec<u8>), NoAnswer>;

pub(crate) struct Verdicts {
    /// Who was let in. Nobody else takes a place here.
    let_in: Cache<[u8; 32], Confirmed>,
    /// Everybody else whom STS confirmed, and those who are being asked about.
    others: Cache<[u8; 32], Confirmed>,
    refused: Cache<[u8; 32], Refusal>,
    refused_for_now: Cache<[u8; 32], Refusal>,
    sharing: Sharing,
    standing: Standing,
    turns: Turns,
    breakers: Mutex<Breakers>,
    back_offs: Mutex<BackOffs>,
    metrics: Arc<Metrics>,
}

/// Who the bearer of a token is.
pub(crate) struct Verdict {
    pub(crate) confirmed: Confirmed,
    /// Whether the mapping let them in when STS was asked.
    pub(crate) was_let_in: bool,
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
    pub(crate) fn new(settings: &Settings, metrics: Arc<Metrics>) -> Self {
        let max_age = settings.cache_max_age.min(Settings::MAX_CACHE_AGE);
        // With an age of zero nothing is found again, but those who ask at the same time still share one question.
        let capacity = |most: u64| if max_age == Duration::ZERO { 0 } else { most };
        settings.known_hosts.iter().for_each(|host| metrics.sts_left_alone(host, false));
        let live = max_age.max(Duration::from_nanos(1));
        Self {
            let_in: remembering(capacity(settings.cache_capacity), live),
            others: remembering(capacity(MAX_STRANGERS), live),
            refused: remembering(capacity(MAX_REFUSED), live),
            refused_for_now: remembering(capacity(MAX_REFUSED_FOR_NOW), live.min(REFUSED_FOR_NOW)),
            sharing: Sharing::default(),
            standing: Standing::new(&settings.known_hosts),
            turns: Turns::new(settings.sts_questions, settings.sts_wait),
            breakers: Mutex::default(),
            back_offs: Mutex::default(),
            metrics,
        }
    }

    /// What is known of callers.
    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Who the bearer is, by the question to STS where it has to be asked: [`Asker::came_beside_logins`]. The token was accepted at this moment, so nothing
    /// remembered outlives it.
    pub(crate) async fn confirm(
        &self,
        accepted: &Accepted,
        came_beside_logins: bool,
        question: impl AsyncFnOnce() -> Answer,
    ) -> Result<Verdict, NoVerdict> {
        let key = accepted.cache_key();
        if let Some(confirmed) = self.let_in.get(&key).await {
            return Ok(Verdict { confirmed, was_let_in: true });
        }
        for refused in [&self.refused, &self.refused_for_now] {
            if let Some(refusal) = refused.get(&key).await {
                return Err(NoVerdict::Sts(Unconfirmed::Refused(refusal)));
            }
        }
        let _share = self.sharing.join(key).ok_or(NoVerdict::Overloaded)?;
        // On the heap: the cache's own futures would hold it several times over, and hundreds may wait.
        let ask = Box::pin(self.ask(accepted, came_beside_logins, question));
        let asked = self.others.try_get_with(key, ask).await.map_err(|error| *error);
        if let Err(NoVerdict::Sts(Unconfirmed::Refused(refusal))) = &asked {
            let refused = if is_for_good(*refusal) { &self.refused } else { &self.refused_for_now };
            refused.insert(key, *refusal).await;
        }
        Ok(Verdict { confirmed: asked?, was_let_in: false })
    }

    /// The mapping lets the bearer in, whom STS has just confirmed: what is known of callers grows by that.
    pub(crate) async fn let_in(&self, accepted: &Accepted, confirmed: &Confirmed) {
        self.let_in.insert(accepted.cache_key(), confirmed.clone()).await;
        self.turns.answered();
        if self.standing.let_in(self.standing.asker(accepted), confirmed.identity()) {
            self.turns.sort_anew(|asker| self.standing.lane(asker));
        }
    }

    /// The mapping does not let the bearer in, whom STS has confirmed.
    pub(crate) fn kept_out(&self, accepted: &Accepted, confirmed: &Confirmed) {
        self.standing.kept_out(self.standing.asker(accepted), confirmed.identity());
    }

    async fn ask(
        &self,
        accepted: &Accepted,
        came_beside_logins: bool,
        question: impl AsyncFnOnce() -> Answer,
    ) -> Result<Confirmed, NoVerdict> {
        let asker = Asker { came_beside_logins, ..self.standing.asker(accepted) };
        let lane = self.standing.lane(asker);
        let checked = self.back_offs().check(asker.credentials, Instant::now());
        checked.map_err(|why| NoVerdict::Sts(Unconfirmed::Upstream(why)))?;
        let _turn = self.turns.wait(lane, asker).await.map_err(|_| NoVerdict::Overloaded)?;
        if !self.breakers().allow(asker.host, caller(lane, asker), Instant::now()) {
            return Err(NoVerdict::CircuitOpen);
        }
        // What a question takes is not held by those who wait for their turn.
        let answer = Box::pin(question()).await;
        let status = answer.as_ref().ok().map(|(status, _)| *status);
        let (verdict, failure) = match answer {
            Ok((status, body)) => (confirm(accepted, status, &body), Failure::Answer),
            Err(why) => {
                let failure = if why.is_connected() { Failure::Answer } else { Failure::Connection };
                (Err(Unconfirmed::Upstream(why.upstream())), failure)
            }
        };
        self.metrics.sts_answered(accepted.host(), status, &verdict);
        match &verdict {
            Ok(_) => self.back_offs().answered(asker.credentials),
            Err(Unconfirmed::Upstream(why)) if is_about_the_caller(*why) && self.standing.is_own(accepted) => {
                self.back_offs().failed(asker.credentials, lane == Lane::Known, *why, Instant::now());
            }
            // A wrong signature is no proof of who has asked.
            Err(Unconfirmed::Refused(_) | Unconfirmed::Upstream(_)) => {}
        }
        match &verdict {
            Ok(_) | Err(Unconfirmed::Refused(_)) => self.breakers().succeeded(asker.host),
            // A throttle is about the caller's account.
            Err(Unconfirmed::Upstream(Upstream::Throttled)) => {}
            Err(Unconfirmed::Upstream(_)) => {
                self.breakers().failed(asker.host, caller(lane, asker), failure, Instant::now());
                if lane == Lane::Known {
                    self.turns.failed();
                }
            }
        }
        // Of other hosts nobody is told: callers name as many as they like.
        if self.standing.knows_host(asker.host) {
            self.metrics.sts_left_alone(accepted.host(), self.breakers().is_open(asker.host));
        }
        verdict.map_err(NoVerdict::Sts)
    }

    fn back_offs(&self) -> MutexGuard<'_, BackOffs> {
        self.back_offs.lock().expect("no holder of this lock panics")
    }

    fn breakers(&self) -> MutexGuard<'_, Breakers> {
        self.breakers.lock().expect("no holder of this lock panics")
    }
}

/// What came last is always kept, however often others come: moka's usual policy keeps out whatever is not asked for more
/// often than what it would take the place of, so that STS would be asked for it again and again until then.
fn remembering<V: Clone + Send + Sync + 'static>(most: u64, live: Duration) -> Cache<[u8; 32], V> {
    Cache::builder().max_capacity(most).eviction_policy(EvictionPolicy::lru()).time_to_live(live).build()
}

fn caller(lane: Lane, asker: Asker) -> Caller {
    match lane {
        Lane::Known => Caller::Known(asker.credentials),
        Lane::Expected | Lane::Stranger => Caller::Stranger,
        Lane::NewHost => Caller::OfNewHost,
    }
}

/// Whether trouble may well be one caller's alone: a throttle is about an account, and an odd answer about what was asked. Whether a
/// host is well is for its breaker to say.
fn is_about_the_caller(trouble: Upstream) -> bool {
    match trouble {
        Upstream::Throttled
        | Upstream::Redirect
        | Upstream::Unreadable
        | Upstream::Inconsistent
        | Upstream::TooLarge
        | Upstream::UnexpectedStatus(_) => true,
        Upstream::Unreachable | Upstream::Timeout | Upstream::ServerError(_) => false,
    }
}

/// Whether STS will say the same of this very request whenever it is asked. A key that it does not know yet, and a date
/// that is still to come, are another matter.
fn is_for_good(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::StsSignatureMismatch
            | Refusal::StsSignatureExpired
            | Refusal::StsIncompleteSignature
            | Refusal::StsExpiredCredentials
    )
}
