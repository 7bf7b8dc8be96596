//! What is written of comparisons: each difference, and each time that one of the two has no answer. Only so many a second have
//! a line of their own; the others are counted, and told in one line for each result.
//!
//! Never in it: the token, a signature, or what the predecessor wrote besides username, uid and groups. Of callers in accounts
//! that are scrubbed there are username and groups alone, as in [`audit`](crate::audit).

use mapping::User;
use tokio::time::Instant;

use super::{
    Context,
    compare::{Comparison, other_extra},
};
use crate::{
    Outcome, Trouble,
    caller::Caller,
    predecessor::{Decision, NoReply, TheirUser},
    rate,
};

/// The messages of lines that anybody can cause.
pub(crate) const NO_PREDECESSOR: &str = "the other authenticator (--shadow-of) gave no answer";
pub(crate) const NO_DECISION: &str = "no decision of its own to compare";

/// Lines of their own in a second.
const LINES_A_SECOND: u32 = 100;

/// Characters of what the predecessor said that one field of a line has room for.
const MAX_FIELD: usize = 1_024;

pub(super) struct Lines(rate::Lines<&'static str>);

impl Lines {
    pub(super) fn new() -> Self {
        Self(rate::Lines::new(LINES_A_SECOND))
    }

    /// Writes what came of a comparison, or counts it. That both say the same is for those who look closely.
    pub(super) fn compared(
        &self,
        comparison: Comparison,
        said: &Decision,
        outcome: &Outcome,
        context: Context,
        now: Instant,
    ) {
        if comparison == Comparison::Same {
            let Context { request, client } = context;
            tracing::debug!(
                request,
                client = client.to_string(),
                code = outcome.code(),
                "both authenticators decide the same"
            );
        } else if self.0.allows(now) {
            write(comparison, said, outcome, context);
        } else {
            self.count(comparison);
        }
    }

    /// The same of a predecessor without an answer.
    pub(super) fn no_answer(&self, why: &NoReply, trouble: Trouble, context: Context, now: Instant) {
        if !self.0.allows(now) {
            return self.count(Comparison::NoAnswer);
        }
        let Context { request, client } = context;
        tracing::error!(request, client = client.to_string(), code = trouble.code(), error = %why, "{NO_PREDECESSOR}");
    }

    fn count(&self, comparison: Comparison) {
        *self.0.counted().entry(comparison.label()).or_default() += 1;
    }

    /// Tells what was counted since the last time.
    pub(super) fn tell(&self) {
        for (result, count) in self.0.take() {
            tracing::warn!(result, count, "comparisons without a log line of their own");
        }
    }
}

fn write(comparison: Comparison, said: &Decision, outcome: &Outcome, context: Context) {
    let Context { request, client } = context;
    let (client, result, code) = (client.to_string(), comparison.label(), outcome.code());
    if let Outcome::Trouble(trouble) = outcome {
        let error = trouble.meaning();
        tracing::error!(request, client, result, code, error, "{NO_DECISION}");
        return;
    }
    let ours = Ours::of(outcome);
    let theirs = match said {
        Decision::Granted(user) => Some(user),
        Decision::Refused => None,
    };
    let caller = ours.caller.as_ref();
    tracing::warn!(
        request,
        client,
        result,
        code,
        error = ours.why_not,
        nearest = ours.nearest,
        username = ours.user.map(|user| user.username.as_str()),
        uid = ours.user.map(|user| user.uid.as_str()),
        groups = ours.user.map(|user| user.groups.join(",")),
        rule = ours.user.map(|user| user.source.to_string()),
        predecessor = if theirs.is_some() { "granted" } else { "refused" },
        predecessor_username = theirs.map(|user| short(&user.username)),
        predecessor_uid = theirs.filter(|_| caller.is_some()).map(|user| short(&user.uid)),
        predecessor_groups = theirs.map(|user| short(&user.groups.join(","))),
        other_extra = theirs.zip(ours.user).and_then(|(theirs, ours)| keys(theirs, ours)),
        arn = caller.map(|caller| caller.canonical_arn.as_str()),
        caller = caller.map(|caller| caller.arn.as_str()),
        session = caller.and_then(|caller| caller.session_name.as_deref()),
        principalid = caller.map(|caller| caller.principal_id.as_str()),
        accesskeyid = caller.map(|caller| caller.access_key_id.as_str()),
        stsendpoint = caller.map(|caller| caller.endpoint.as_str()),
        "the other authenticator (--shadow-of) decides otherwise"
    );
}

/// What our own decision says.
#[derive(Default)]
struct Ours<'a> {
    user: Option<&'a User>,
    why_not: Option<String>,
    nearest: Option<String>,
    caller: Option<Caller>,
}

impl<'a> Ours<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Granted(granted) => {
                let caller = Caller::of(&granted.confirmed, granted.user.scrubbed);
                Self { user: Some(&granted.user), caller, ..Self::default() }
            }
            Outcome::RefusedToken(refusal) => Self { why_not: Some(refusal.to_string()), ..Self::default() },
            Outcome::RefusedCaller { confirmed, refusal, nearest, scrubbed } => {
                let nearest = nearest.as_ref().filter(|_| !scrubbed).map(ToString::to_string);
                let caller = Caller::of(confirmed, *scrubbed);
                Self { why_not: Some(refusal.to_string()), nearest, caller, ..Self::default() }
            }
            Outcome::Trouble(_) => Self::default(),
        }
    }
}

/// The keys of `extra` that differ, where any do.
fn keys(theirs: &TheirUser, ours: &User) -> Option<String> {
    let keys: Vec<&str> = other_extra(&theirs.extra, &ours.extra).into_iter().collect();
    (!keys.is_empty()).then(|| short(&keys.join(",")))
}

/// As much of a text as a line has room for.
fn short(text: &str) -> String {
    let mut letters = text.chars();
    let mut short: String = letters.by_ref().take(MAX_FIELD).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, time::Duration};

    use token::Refusal;
    use tokio::time::Instant;

    use super::{LINES_A_SECOND, Lines, MAX_FIELD, short};
    use crate::{
        Outcome, Trouble,
        predecessor::{Decision, NoReply, TheirUser},
        shadow::{Comparison, Context},
    };

    #[test]
    fn what_has_no_line_of_its_own_is_counted_and_told() {
        let (lines, start) = (Lines::new(), Instant::now());
        let context = Context { request: 1, client: SocketAddr::from(([127, 0, 0, 1], 1)) };
        let differs = |times: u32, now: Instant| {
            let (said, refused) = (Decision::Granted(TheirUser::default()), Outcome::RefusedToken(Refusal::Expired));
            (0..times).for_each(|_| lines.compared(Comparison::GrantedRefused, &said, &refused, context, now));
        };
        let counts = || lines.0.counted().iter().map(|(result, count)| (*result, *count)).collect::<Vec<_>>();
        differs(LINES_A_SECOND, start);
        assert_eq!(counts(), []);
        differs(2, start);
        lines.no_answer(&NoReply::Late, Trouble::Predecessor, context, start);
        // That both say the same takes no line from anybody, and is not counted here.
        lines.compared(Comparison::Same, &Decision::Refused, &Outcome::RefusedToken(Refusal::Expired), context, start);
        assert_eq!(counts(), [("granted-refused", 2), ("no-answer", 1)]);
        lines.tell();
        differs(1, start + Duration::from_secs(1));
        assert_eq!(counts(), [], "a new second");
    }

    #[test]
    fn what_the_predecessor_says_has_so_much_room() {
        let long = "ä".repeat(MAX_FIELD);
        assert_eq!(short(&long), long);
        assert_eq!(short(&format!("{long}x")), format!("{long}…"));
    }
}
