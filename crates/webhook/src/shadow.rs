//! Beside the authenticator that runs today: it answers, and what we would have answered is compared with it.
//!
//! ```text
//!   review ─┬─► Predecessor::ask ─► its answer as it came, or 502 ─► API server
//!           │           └ what it said ─┐
//!           └─► authenticate ───────────┴─► compare ─► metric, line
//! ```
//!
//! The answer waits for nothing but the predecessor: our own decision is made in a task of its own, and of these there are only
//! so many. The token goes nowhere but to the predecessor and, as ever, to STS.

mod compare;
mod lines;
mod predecessor;
mod said;

use std::{net::SocketAddr, sync::Arc};

use hyper::body::Bytes;
use tokio::{
    sync::{Semaphore, oneshot},
    time::Instant,
};

pub(crate) use self::lines::{NO_DECISION, NO_PREDECESSOR};
pub use self::predecessor::{NotAUrl, Predecessor, PredecessorLimits, PredecessorUrl};
use self::{
    compare::{Comparison, compare},
    lines::Lines,
    predecessor::{NoReply, Reply},
    said::Said,
};
use crate::{Outcome, Trouble, Webhook, review};

/// Comparisons under way at once; a review beyond them is answered, and not compared. Each holds a token and what came of it.
const MAX_COMPARISONS: u32 = 256;

/// The authenticator that runs today, and what is compared with it.
pub(crate) struct Shadow {
    predecessor: Predecessor,
    comparisons: Arc<Semaphore>,
    lines: Lines,
}

/// The request that is compared.
#[derive(Clone, Copy, Debug)]
struct Context {
    request: u64,
    client: SocketAddr,
}

impl Shadow {
    pub(crate) fn new(predecessor: Predecessor) -> Self {
        let comparisons = Arc::new(Semaphore::new(MAX_COMPARISONS as usize));
        Self { predecessor, comparisons, lines: Lines::new() }
    }

    /// Writes what had no line of its own since the last time. To be called every second.
    pub(crate) fn tell(&self) {
        self.lines.tell();
    }

    /// Waits until nothing is compared any more. To be asked when nothing is answered any more.
    pub(crate) async fn finished(&self) {
        // An error would mean that there are no comparisons at all.
        let _ = self.comparisons.acquire_many(MAX_COMPARISONS).await;
    }
}

/// The values of the metric's label, in the order in which the documentation has them.
pub(crate) fn results() -> impl Iterator<Item = &'static str> {
    Comparison::ALL.into_iter().map(Comparison::label)
}

/// What the API server is told: status and body, the predecessor's own where it has answered.
pub(crate) async fn answer(
    webhook: &Arc<Webhook>,
    shadow: &Shadow,
    request: &mut review::Request,
    body: Bytes,
    client: SocketAddr,
) -> (u16, Bytes) {
    let context = Context { request: webhook.metrics.next_review(), client };
    let tell = decide_beside(webhook, request.take_token(), context);
    if tell.is_none() {
        webhook.metrics.compared(Comparison::NotCompared.label());
    }
    match shadow.predecessor.ask(body).await {
        Ok(Reply { status, body, said }) => {
            match said {
                Some(said) => send(tell, Heard::Said(said)),
                None => no_answer(webhook, shadow, &NoReply::Status(status), tell, context),
            }
            (status, body)
        }
        Err(why) => {
            no_answer(webhook, shadow, &why, tell, context);
            let trouble = if why == NoReply::Crowded { Trouble::Overloaded } else { Trouble::Predecessor };
            let (status, body) = review::answer(request, &Outcome::Trouble(trouble), false);
            (status, body.into())
        }
    }
}

/// What a comparison hears of the predecessor.
enum Heard {
    Said(Said),
    /// It gave no answer, which is counted already.
    Nothing,
}

fn no_answer(
    webhook: &Webhook,
    shadow: &Shadow,
    why: &NoReply,
    tell: Option<oneshot::Sender<Heard>>,
    context: Context,
) {
    webhook.metrics.compared(Comparison::NoAnswer.label());
    shadow.lines.no_answer(why, context, Instant::now());
    send(tell, Heard::Nothing);
}

fn send(tell: Option<oneshot::Sender<Heard>>, heard: Heard) {
    if let Some(tell) = tell {
        // It listens until it has heard.
        let _ = tell.send(heard);
    }
}

/// Makes our own decision while the predecessor is asked; nothing, where too many are under way. Whoever holds the answer says
/// what the predecessor said.
fn decide_beside(webhook: &Arc<Webhook>, token: String, context: Context) -> Option<oneshot::Sender<Heard>> {
    let shadow = webhook.shadow.as_ref()?;
    let place = Arc::clone(&shadow.comparisons).try_acquire_owned().ok()?;
    let (tell, heard) = oneshot::channel();
    let webhook = Arc::clone(webhook);
    tokio::spawn(async move {
        let _place = place;
        let start = Instant::now();
        let outcome = webhook.authenticate(&token).await;
        webhook.metrics.reviewed(&outcome, start.elapsed());
        let Some(shadow) = &webhook.shadow else { return };
        match heard.await {
            Ok(Heard::Said(said)) => {
                let comparison = compare(&said, &outcome);
                webhook.metrics.compared(comparison.label());
                shadow.lines.compared(comparison, &said, &outcome, context, Instant::now());
            }
            Ok(Heard::Nothing) => {}
            // The API server has gone away before it was answered.
            Err(_) => webhook.metrics.compared(Comparison::NotCompared.label()),
        }
    });
    Some(tell)
}
