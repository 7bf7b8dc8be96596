//! An STS of a few lines: who it knows, how long it takes, and everything that goes wrong with it.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock, time::Duration};

use aws::{
    NoAnswer,
    credentials::{Credentials, Environment, Secret},
};
use jiff::Timestamp;
use tls::{ConnectionError, Trouble};
use token::Accepted;
use tokio::time::sleep;

use crate::verdicts::Answer;

pub(super) const CLUSTER: &str = "c.example.com";

/// How many people are mapped.
pub(super) const PEOPLE: usize = 40;

/// The account of the people who are mapped, and access key ids of it as AWS makes them.
const ACCOUNT: &str = "029608264753";
const PREFIX: &str = "AKIAQNZGKIQY5";

/// The Region that they use.
const REGION: &str = "us-west-2";

pub(super) static MAPPING: LazyLock<String> = LazyLock::new(|| {
    let mut text = "server:\n  mapUsers:\n".to_owned();
    for person in 0..PEOPLE {
        writeln!(text, "  - {{userarn: \"arn:aws:iam::{ACCOUNT}:user/p{person}\", username: p{person}}}")
            .expect("text");
    }
    text
});

/// What strangers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Good tokens of somebody whom nobody has mapped.
    NotMapped,
    /// One of these again and again.
    SameAgain,
    /// Of an account that STS throttles.
    Throttled,
    /// Of one for which STS fails in some way.
    Failing,
    Unreadable,
    Redirected,
    TooLong,
    HungUpOn,
    Inconsistent,
    NeverAnswered,
    /// Of a key that does not exist, which STS takes its time to say.
    MadeUp,
    /// In the name of a key of somebody who is mapped and has logged in before.
    ForgedOfKnown,
    /// In the name of keys of an account that is mapped.
    ForgedOfMapped,
    /// For an endpoint that takes connections and says nothing, one that takes none, and for those that do not exist.
    SilentRegion,
    DeadRegion,
    NoRegion,
}

impl Kind {
    /// All but [`Self::ForgedOfMapped`].
    pub(super) const OTHERS: [Self; 15] = [
        Self::NotMapped,
        Self::SameAgain,
        Self::Throttled,
        Self::Failing,
        Self::Unreadable,
        Self::Redirected,
        Self::TooLong,
        Self::HungUpOn,
        Self::Inconsistent,
        Self::NeverAnswered,
        Self::MadeUp,
        Self::ForgedOfKnown,
        Self::SilentRegion,
        Self::DeadRegion,
        Self::NoRegion,
    ];

    /// The token that the stranger of this number shows.
    pub(super) fn token(self, number: usize) -> String {
        let (key, region) = match self {
            Self::ForgedOfKnown => (key(number % 3), REGION),
            Self::ForgedOfMapped => (key(number), REGION),
            Self::SilentRegion => (key(number), "eu-west-3"),
            Self::DeadRegion => (key(number), "sa-east-1"),
            Self::NoRegion => (key(number), ["aa-north-1", "bb-south-2", "cc-west-3"][number % 3]),
            _ => (self.own_key(), REGION),
        };
        token(&key, region, 'f', if self == Self::SameAgain { 0 } else { number })
    }

    /// The key that tells STS which of these it is.
    fn own_key(self) -> String {
        format!("AKIA{:0<16}", format!("{self:?}").to_ascii_uppercase())
    }
}

/// One of the tokens of somebody who is mapped.
pub(super) fn genuine(person: usize, number: usize) -> String {
    token(&key(person), REGION, 'a', number)
}

/// Whether the person's credentials are over: a definite no.
pub(super) fn is_over(person: usize) -> bool {
    person % 10 == 9
}

fn key(number: usize) -> String {
    let digits = [number / 1024 % 32, number / 32 % 32, number % 32];
    let letters = digits.map(|digit| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[digit]));
    format!("{PREFIX}{}6JQ7", letters.iter().collect::<String>())
}

/// A token whose signature this STS takes where it begins with `a`.
fn token(key: &str, region: &str, begins: char, number: usize) -> String {
    signed(&Credentials::long_term(key, "a secret that nobody asks for"), region, begins, number)
}

/// One of the tokens of a session, which nobody can show who does not have it.
pub(super) fn of_session(number: usize) -> String {
    let keys = Credentials {
        session_token: Some(Secret::new("of-the-session")),
        ..Credentials::long_term("ASIASESSION000000000", "a secret that nobody asks for")
    };
    signed(&keys, REGION, 'a', number)
}

fn signed(keys: &Credentials, region: &str, begins: char, number: usize) -> String {
    let endpoint = aws::sts_endpoint(&Environment::default(), Some(region)).expect("an endpoint");
    let url = aws::presign_get_caller_identity(keys, &endpoint, CLUSTER, now());
    let (before, _) = url.split_once("&X-Amz-Signature=").expect("a signature");
    token::wrap(&format!("{before}&X-Amz-Signature={begins}{number:063x}"))
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

/// What STS says, without the time that it takes.
pub(super) fn at_once(accepted: &Accepted) -> Answer {
    what_to(accepted).1
}

/// What STS says, and when.
pub(super) async fn answer(accepted: &Accepted) -> Answer {
    let (millis, answer) = what_to(accepted);
    sleep(Duration::from_millis(millis)).await;
    answer
}

fn what_to(accepted: &Accepted) -> (u64, Answer) {
    match accepted.host().signing_region() {
        REGION => {}
        "eu-west-3" => return (5_000, Err(NoAnswer::Late)),
        "sa-east-1" => return (2_000, no_connection(Trouble::TimedOut, false)),
        _ => return (5, no_connection(Trouble::NoSuchHost, false)),
    }
    let key_id = accepted.access_key_id();
    if let Some(kind) = Kind::OTHERS.into_iter().find(|kind| kind.own_key() == key_id) {
        return match kind {
            Kind::NotMapped | Kind::SameAgain => (20, Ok(confirmed("444455556666", "444455556666", "mallory"))),
            Kind::Throttled => (5, Ok(error(400, "Throttling"))),
            Kind::Failing => (50, Ok(error(500, "InternalFailure"))),
            Kind::Unreadable => (10, Ok((200, b"<html>".to_vec()))),
            Kind::Redirected => (10, Ok((302, Vec::new()))),
            Kind::TooLong => (100, Err(NoAnswer::TooLarge)),
            Kind::HungUpOn => (10, no_connection(Trouble::Closed, true)),
            // As if it were somebody who is mapped, in an account that is not theirs.
            Kind::Inconsistent => (10, Ok(confirmed("444455556666", ACCOUNT, "p0"))),
            Kind::NeverAnswered => (5_000, Err(NoAnswer::Late)),
            _ => (2_000, Ok(error(403, "InvalidClientTokenId"))),
        };
    }
    let is_genuine = accepted.request().url().contains("&X-Amz-Signature=a");
    match PEOPLE_BY_KEY.get(key_id).copied() {
        Some(person) if is_genuine && is_over(person) => (30, Ok(error(403, "ExpiredToken"))),
        Some(person) if is_genuine => (20 + person as u64, Ok(confirmed(ACCOUNT, ACCOUNT, &format!("p{person}")))),
        _ => (20, Ok(error(403, "SignatureDoesNotMatch"))),
    }
}

static PEOPLE_BY_KEY: LazyLock<HashMap<String, usize>> =
    LazyLock::new(|| (0..PEOPLE).map(|person| (key(person), person)).collect());

pub(super) fn confirmed(account: &str, account_of_arn: &str, user: &str) -> (u16, Vec<u8>) {
    let arn = format!("arn:aws:iam::{account_of_arn}:user/{user}");
    let result = serde_json::json!({"Account": account, "Arn": arn, "UserId": "AIDAEXAMPLE"});
    let answer = serde_json::json!({"GetCallerIdentityResponse": {"GetCallerIdentityResult": result}});
    (200, answer.to_string().into_bytes())
}

pub(super) fn error(status: u16, code: &str) -> (u16, Vec<u8>) {
    let answer = serde_json::json!({"Error": {"Code": code, "Message": "", "Type": "Sender"}, "RequestId": "r"});
    (status, answer.to_string().into_bytes())
}

fn no_connection(trouble: Trouble, is_connected: bool) -> Answer {
    let why = Box::new(ConnectionError { trouble, at_proxy: false });
    Err(NoAnswer::Connection { why, is_connected })
}
