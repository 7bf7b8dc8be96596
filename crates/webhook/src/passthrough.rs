//! One review beside the authenticator that runs today: it answers, and what we would have answered is compared with it.
//!
//! ```text
//!   review ─┬─► Predecessor::ask ─► its answer as it came, or 502 ─► API server
//!           │           └ what it said ─┐
//!           └─► authenticate ───────────┴─► Shadow::compare ─► metric, line
//! ```
//!
//! The answer waits for nothing but the predecessor: our own decision is made in a task of its own, and of these there are only
//! so many. The token goes nowhere but to the predecessor and, as ever, to STS.

use std::{net::SocketAddr, sync::Arc};

use hyper::body::Bytes;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    Outcome, Webhook,
    connections::Busy,
    predecessor::{Decision, NoReply, Reply},
    review,
    shadow::{Comparison, Context, Shadow},
};

/// What the API server is told: status and body, the predecessor's own where it has answered.
pub(crate) async fn answer(
    webhook: &Arc<Webhook>,
    shadow: &Shadow,
    request: &mut review::Request,
    body: Bytes,
    client: SocketAddr,
    busy: &Busy,
) -> (u16, Bytes) {
    let context = Context { request: webhook.metrics.next_review(), client };
    let comparing = compare_beside(webhook, request.take_token(), context);
    match shadow.predecessor.ask(body).await {
        Ok(Reply { status, body, said: Some(said) }) => {
            if matches!(said, Decision::Granted(_)) {
                busy.has_let_in();
            }
            if !tell(comparing, Some(said)) {
                webhook.metrics.compared(Comparison::NotCompared.label());
            }
            (status, body)
        }
        Ok(Reply { status, body, said: None }) => {
            shadow.no_answer(&NoReply::Status(status), context, &webhook.metrics);
            tell(comparing, None);
            (status, body)
        }
        Err(why) => {
            let trouble = shadow.no_answer(&why, context, &webhook.metrics);
            tell(comparing, None);
            let (status, body) = review::answer(request, &Outcome::Trouble(trouble), false);
            (status, body.into())
        }
    }
}

/// Where a comparison hears what the predecessor said: nothing, where it gave no answer, which is counted already.
type Comparing = oneshot::Sender<Option<Decision>>;

/// Whether anybody is told, who compares.
fn tell(comparing: Option<Comparing>, said: Option<Decision>) -> bool {
    comparing.is_some_and(|comparing| comparing.send(said).is_ok())
}

/// Makes our own decision while the predecessor is asked, and compares it once that one's is told; nothing, where too many are
/// under way.
fn compare_beside(webhook: &Arc<Webhook>, token: String, context: Context) -> Option<Comparing> {
    let place = webhook.shadow.as_ref()?.place()?;
    let (comparing, heard) = oneshot::channel();
    let webhook = Arc::clone(webhook);
    tokio::spawn(async move {
        let _place = place;
        let start = Instant::now();
        let outcome = webhook.authenticate(&token).await;
        webhook.metrics.reviewed(&outcome, start.elapsed());
        match (heard.await, &webhook.shadow) {
            (Ok(Some(said)), Some(shadow)) => shadow.compare(&said, &outcome, context, &webhook.metrics),
            (Ok(_), _) => {}
            // The API server has gone away before it was answered.
            (Err(_), _) => webhook.metrics.compared(Comparison::NotCompared.label()),
        }
    });
    Some(comparing)
}
