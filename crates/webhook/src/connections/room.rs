//! Which connection goes when all places are taken and somebody comes.
//!
//! API servers keep connections on which somebody was let in, so these go last. Of the others one goes of the client that has the most
//! of them: whoever opens many crowds out themselves first, and keeps nobody out who has few. Among clients with as many, one goes
//! that had its time: an idle one to ask, a busy one to be let in. So there is always one that goes before long, whatever clients do.

use std::{cmp::Reverse, collections::BTreeMap, net::IpAddr, time::Duration};

use tokio::time::Instant;

use super::{Connections, Ending, Open, State, neighbourhood};

/// How long whoever connects is given to shake hands and ask, for each place that there is: so five hundred a second get in,
/// whatever those do who came before, and with 256 places each has half a second.
const TO_ASK: Duration = Duration::from_millis(2);

/// How long a connection may be busy without letting anybody in, where another one of the same client waits.
const TO_LET_IN: Duration = Duration::from_secs(2);

/// How long another one waits for a place that somebody is to give back. Who is given time to finish may take longer, and then another
/// one goes.
const TO_GO: Duration = Duration::from_millis(500);

impl Connections {
    /// Ends the connection of the least use, for one more of this client; where none may be ended yet, says when one may.
    pub(crate) fn make_room(&self, client: IpAddr) -> Option<Instant> {
        let (open, client) = (self.open(), neighbourhood(client));
        let of_clients = open.of_clients();
        let after = of_clients.get(&client).copied().unwrap_or_default() + 1;
        self.end_one(&open, &of_clients, after, |_| true)
    }

    /// The same among connections with reviews under way, where these are as many as may be and another review waits: for the
    /// client with the fewest connections of those whose reviews do.
    pub(crate) fn make_room_for_review(&self) -> Option<Instant> {
        let open = self.open();
        if open.with_reviews < self.most_with_reviews() {
            return None;
        }
        let of_clients = open.of_clients();
        let waiting = open.all.values().filter(|connection| connection.state().waiting > 0);
        let own = waiting.map(|connection| of_clients[&connection.client]).min()?;
        self.end_one(&open, &of_clients, own, |state| state.reviews > 0)
    }

    /// Ends the connection of the least use among some, for a client that has so many. Where one is going already, or none may end
    /// yet, this says when to look again.
    fn end_one(
        &self,
        open: &Open,
        of_clients: &BTreeMap<IpAddr, usize>,
        own: usize,
        among: impl Fn(&State) -> bool,
    ) -> Option<Instant> {
        let (now, to_ask) = (Instant::now(), self.to_ask());
        // API servers have a few, so that more than half of all places are not kept for them.
        let let_in = open.all.values().filter(|connection| connection.state().has_let_in).count();
        let keeps_those = 2 * let_in <= self.bounds.connections;
        let mut ends = Vec::new();
        for connection in open.all.values() {
            let (state, count) = (connection.state(), of_clients[&connection.client]);
            match state.ending {
                Some(Ending::CrowdedOut(since)) if since + TO_GO > now => return Some(since + TO_GO),
                Some(Ending::CrowdedOut(_)) => continue,
                Some(Ending::WithServer(_)) | None => {}
            }
            let (has_more, is_kept) = (count > own, keeps_those && state.has_let_in);
            if let Some(from) = state.may_end(has_more, is_kept, to_ask).filter(|_| among(&state)) {
                let turn = Turn {
                    is_kept,
                    from: from.max(now),
                    has_let_in: state.has_let_in,
                    is_as_good: state.is_busy() && !has_more,
                    most: Reverse(count),
                    is_busy: state.is_busy(),
                    since: state.since,
                };
                ends.push((turn, connection));
            }
        }
        let (Turn { from, .. }, connection) = ends.into_iter().min_by_key(|(turn, _)| *turn)?;
        if from > now {
            return Some(from);
        }
        connection.end(Ending::CrowdedOut(now));
        None
    }

    /// How long a connection that never asked anything stays, if another one of the same client waits.
    pub(super) fn to_ask(&self) -> Duration {
        TO_ASK * u32::try_from(self.bounds.connections).unwrap_or(u32::MAX)
    }
}

/// When a connection's turn is to go: that of the least of these comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    /// It is an API server's.
    is_kept: bool,
    from: Instant,
    has_let_in: bool,
    /// What is asked on it may come to as much as what the other wants to ask.
    is_as_good: bool,
    /// The connections of its client.
    most: Reverse<usize>,
    is_busy: bool,
    /// Since when it is busy, or idle.
    since: Instant,
}

impl State {
    /// From when on it may be ended for somebody else, if at all. `has_more` says that its client has more connections than the other;
    /// one that is kept is ended for nobody else.
    fn may_end(&self, has_more: bool, is_kept: bool, to_ask: Duration) -> Option<Instant> {
        match (self.is_busy(), has_more) {
            (true, _) if self.has_let_in => None,
            (_, true) => Some(self.since),
            (true, false) => Some(self.opened + TO_LET_IN),
            (false, false) if is_kept => None,
            // However often it asks: a time that began anew with each question would never end.
            (false, false) if self.has_let_in || self.has_all_answers() => Some(self.since),
            (false, false) => Some(self.since + to_ask),
        }
    }

    /// Whether it has asked and was answered.
    fn has_all_answers(&self) -> bool {
        self.has_asked && self.requests == 0 && self.waiting == 0 && self.untaken == 0
    }
}
