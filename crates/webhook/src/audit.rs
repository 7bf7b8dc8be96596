//! One line for each decision, with everything that an administrator asks about later.
//!
//! Messages and the fields `arn`, `username`, `uid`, `groups`, `stsendpoint`, `client`, `path`, `method` are
//! aws-iam-authenticator's. Never in it: the token, a signature, or text of a refused token. Accounts that are scrubbed
//! leave neither ARN nor session behind. `accesskeyid`, `accountid`, `userid` and `session` are those of its line `STS response`,
//! which has none of its own here.
//!
//! Anybody can cause denials, as many as they like. So only so many a second have a line of their own; the others are
//! counted, and told in one line for each code and account.

use std::{fmt, net::SocketAddr, time::Duration};

use identity::AccountId;
use mapping::Refusal;
use tokio::time::Instant;

use crate::{Outcome, caller::Caller, metrics::MALFORMED, rate::Lines, shadow};

/// The messages of log lines that anybody can cause, and that are therefore limited.
pub const DENIED: [&str; 7] = [
    DENIAL,
    NO_ANSWER,
    COUNTED,
    "unexpected request method",
    "could not parse request body",
    shadow::NO_PREDECESSOR,
    shadow::NO_DECISION,
];

const DENIAL: &str = "access denied";
const NO_ANSWER: &str = "no answer for now";

/// What tells of those that have no line of their own goes the same way: no grant is lost for it, and it for none.
const COUNTED: &str = "reviews without a log line of their own";

/// Denials, and reviews without an answer, that have a line of their own in a second.
const LINES_A_SECOND: u32 = 100;

/// Accounts that are told apart among those that have none; whoever has very many AWS accounts fills no memory.
const MAX_COUNTS: usize = 256;

/// What is written of reviews.
pub(crate) struct Audit {
    lines: Lines<Kind>,
}

/// What denials without a line of their own are counted by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    code: &'static str,
    /// Of a caller whom STS confirmed.
    account: Option<AccountId>,
}

impl Audit {
    pub(crate) fn new() -> Self {
        Self { lines: Lines::new(LINES_A_SECOND) }
    }

    /// Writes what came of a review, or counts it.
    pub(crate) fn write(&self, outcome: &Outcome, context: &Context, now: Instant) {
        let is_grant = matches!(outcome, Outcome::Granted(_));
        if is_grant || self.lines.allows(now) { write(outcome, context) } else { self.count(outcome) }
    }

    /// Writes that a request was no review, or counts it: anybody can send such, too. `write` writes the line.
    pub(crate) fn malformed(&self, now: Instant, write: impl FnOnce()) {
        if self.lines.allows(now) {
            write();
        } else {
            *self.lines.counted().entry(Kind { code: MALFORMED, account: None }).or_default() += 1;
        }
    }

    fn count(&self, outcome: &Outcome) {
        let account = match outcome {
            Outcome::RefusedCaller { confirmed, scrubbed: false, .. } => Some(confirmed.identity().account),
            _ => None,
        };
        let (code, mut counts) = (outcome.code(), self.lines.counted());
        let known = Kind { code, account };
        let kind =
            if counts.len() < MAX_COUNTS || counts.contains_key(&known) { known } else { Kind { code, account: None } };
        *counts.entry(kind).or_default() += 1;
    }

    /// Tells what was counted since the last time. To be called every second.
    pub(crate) fn tell(&self) {
        for (Kind { code, account }, count) in self.lines.take() {
            let account = account.as_ref().map(AccountId::as_str);
            tracing::warn!(code, account, count, "{COUNTED}");
        }
    }
}

/// The request that was decided.
pub(crate) struct Context {
    pub(crate) request: u64,
    pub(crate) client: SocketAddr,
    pub(crate) took: Duration,
}

fn write(outcome: &Outcome, context: &Context) {
    let Context { request, client, took } = context;
    let (client, seconds, code) = (client.to_string(), took.as_secs_f64(), outcome.code());
    let (path, method) = ("/authenticate", "POST");
    match outcome {
        Outcome::Granted(granted) => {
            let user = &granted.user;
            let caller = Caller::of(&granted.confirmed, user.scrubbed);
            let caller = caller.as_ref();
            tracing::info!(
                request,
                client,
                path,
                method,
                code,
                seconds,
                username = user.username,
                uid = user.uid,
                groups = %Groups(&user.groups),
                rule = %user.source,
                arn = caller.map(|caller| caller.canonical_arn.as_str()),
                caller = caller.map(|caller| caller.arn.as_str()),
                session = caller.and_then(|caller| caller.session_name.as_deref()),
                principalid = caller.map(|caller| caller.principal_id.as_str()),
                userid = caller.map(|caller| caller.principal_id.as_str()),
                accountid = caller.map(|caller| caller.account.as_str()),
                accesskeyid = caller.map(|caller| caller.access_key_id.as_str()),
                // Of whom it is, it says nothing.
                stsendpoint = granted.confirmed.host().as_str(),
                "access granted"
            );
        }
        Outcome::RefusedCaller { confirmed, refusal: _, nearest, scrubbed } => {
            let caller = Caller::of(confirmed, *scrubbed);
            let caller = caller.as_ref();
            let nearest = nearest.as_ref().filter(|_| !scrubbed).map(ToString::to_string);
            tracing::warn!(
                request,
                client,
                path,
                method,
                code,
                seconds,
                error = error_text(outcome),
                nearest,
                arn = caller.map(|caller| caller.canonical_arn.as_str()),
                caller = caller.map(|caller| caller.arn.as_str()),
                session = caller.and_then(|caller| caller.session_name.as_deref()),
                principalid = caller.map(|caller| caller.principal_id.as_str()),
                userid = caller.map(|caller| caller.principal_id.as_str()),
                accountid = caller.map(|caller| caller.account.as_str()),
                accesskeyid = caller.map(|caller| caller.access_key_id.as_str()),
                stsendpoint = caller.map(|caller| caller.endpoint.as_str()),
                "{DENIAL}"
            );
        }
        Outcome::RefusedToken(_) => {
            tracing::warn!(request, client, path, method, code, seconds, error = error_text(outcome), "{DENIAL}");
        }
        Outcome::Trouble(trouble) => {
            let error = trouble.meaning();
            tracing::error!(request, client, path, method, code, seconds, error, "{NO_ANSWER}");
        }
    }
}

/// Why not, with the words before it by which the existing program tells such errors apart: whoever searches logs for these finds them.
fn error_text(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::RefusedCaller { refusal: Refusal::NotMapped, .. } => Some("identity is not mapped".to_owned()),
        Outcome::RefusedCaller { refusal, .. } => Some(refusal.to_string()),
        Outcome::RefusedToken(refusal) if outcome.code().starts_with("sts.") => {
            Some(format!("sts getCallerIdentity failed: {refusal}"))
        }
        Outcome::RefusedToken(refusal) => Some(format!("input token was not properly formatted: {refusal}")),
        Outcome::Granted(_) | Outcome::Trouble(_) => None,
    }
}

/// Groups as JSON, from which whoever writes lines makes a list in its format.
struct Groups<'a>(&'a [String]);

impl fmt::Display for Groups<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(groups) = self;
        serde_json::Value::from(*groups).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, time::Duration};

    use token::Refusal;
    use tokio::time::Instant;

    use super::{Audit, Context, LINES_A_SECOND};
    use crate::{Outcome, Trouble};

    #[test]
    fn denials_without_a_line_of_their_own_are_counted() {
        let audit = Audit::new();
        let start = Instant::now();
        let write = |outcome: &Outcome, times: u32, second: u64| {
            for request in 0..times {
                let (client, took) = (SocketAddr::from(([127, 0, 0, 1], 1)), Duration::ZERO);
                let context = Context { request: request.into(), client, took };
                audit.write(outcome, &context, start + Duration::from_secs(second));
            }
        };
        let counts = || audit.lines.counted().iter().map(|(kind, count)| (kind.code, *count)).collect::<Vec<_>>();
        write(&Outcome::RefusedToken(Refusal::NotAws), LINES_A_SECOND, 0);
        assert_eq!(counts(), []);
        write(&Outcome::RefusedToken(Refusal::NotAws), 3, 0);
        write(&Outcome::Trouble(Trouble::Overloaded), 2, 0);
        assert_eq!(counts(), [("server.overloaded", 2), ("token.not-aws", 3)]);
        let mut written = 0;
        audit.malformed(start, || written += 1);
        assert_eq!(written, 0, "these have no lines of their own besides");
        assert_eq!(counts(), [("malformed_request", 1), ("server.overloaded", 2), ("token.not-aws", 3)]);
        audit.tell();
        assert_eq!(counts(), []);
        write(&Outcome::RefusedToken(Refusal::NotAws), 1, 1);
        assert_eq!(counts(), [], "a new second");
    }
}
