//! What is kept of a server beside the authenticator that runs today: how that one is reached, and what is compared with it.
//!
//! [`beside`](crate::beside) says how a review goes.

mod compare;
mod lines;

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use self::lines::Lines;
pub(crate) use self::{
    compare::{Comparison, compare},
    lines::{NO_DECISION, NO_PREDECESSOR},
};
use crate::{
    Metrics, Outcome, Predecessor, Trouble,
    predecessor::{Decision, NoReply},
};

/// Comparisons under way at once; a review beyond them is answered, and not compared. Each holds a token and what came of it.
const MAX_COMPARISONS: u32 = 256;

/// The authenticator that runs today, and what is compared with it.
pub(crate) struct Shadow {
    pub(crate) predecessor: Predecessor,
    comparisons: Arc<Semaphore>,
    lines: Lines,
}

/// The request that is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    pub(crate) request: u64,
    pub(crate) client: SocketAddr,
}

impl Shadow {
    /// Nothing is compared yet, and each result stands in the metrics: whoever alerts on one finds it before it happens.
    pub(crate) fn new(predecessor: Predecessor, metrics: &Metrics) -> Self {
        metrics.compares(Comparison::ALL.map(Comparison::label));
        let comparisons = Arc::new(Semaphore::new(MAX_COMPARISONS as usize));
        Self { predecessor, comparisons, lines: Lines::new() }
    }

    /// A place for one more comparison, held until it is made.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.comparisons).try_acquire_owned().ok()
    }

    /// Compares what the predecessor said with what came of our own review, counts it, and writes a difference.
    pub(crate) fn compare(&self, said: &Decision, outcome: &Outcome, context: Context, metrics: &Metrics) {
        let comparison = compare(said, outcome);
        metrics.compared(comparison.label());
        self.lines.compared(comparison, said, outcome, context, Instant::now());
    }

    /// The predecessor gave no answer. What is told in its place?
    pub(crate) fn no_answer(&self, why: &NoReply, context: Context, metrics: &Metrics) -> Trouble {
        metrics.compared(Comparison::NoAnswer.label());
        let trouble = if *why == NoReply::Crowded { Trouble::Overloaded } else { Trouble::Predecessor };
        self.lines.no_answer(why, trouble, context, Instant::now());
        trouble
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
