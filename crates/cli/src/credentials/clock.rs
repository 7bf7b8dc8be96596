//! This machine's clock beside AWS's. A session is kept by the one and ends by the other.

use std::cell::Cell;

use aws::Obtained;
use jiff::{SignedDuration, Timestamp};

use crate::process;

/// What clocks differ by without anybody being told.
const TOLERATED: SignedDuration = SignedDuration::from_mins(2);

/// AWS says the hour to the second.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Says once that the clock is wrong: soon AWS will take no request that is signed by it.
#[derive(Default)]
pub(super) struct Clock {
    is_said: Cell<bool>,
    /// By how much it was behind when AWS said the hour last.
    behind: Cell<Option<SignedDuration>>,
}

impl Clock {
    /// What was asked for, whose end is by this machine's clock from now on where AWS has said the hour with its answer. Whoever was refused
    /// learns of the clock as well.
    pub(super) fn compared<E>(&self, answer: Result<Obtained, E>, client: &aws::Client) -> Result<Obtained, E> {
        let behind = self.look(client).unwrap_or(SignedDuration::ZERO);
        self.say(behind);
        answer.map(|mut found| {
            let end = &mut found.credentials.expires;
            *end = end.map(|end| by_our_clock(end, behind));
            found
        })
    }

    /// The end of a session that was expected to end then. What it differs by is the clock's only where AWS has not said the hour, which
    /// is in the end already: a session may be shorter than was asked for.
    pub(super) fn end(&self, end: Timestamp, expected: Timestamp, client: &aws::Client) -> Timestamp {
        self.say(guessed(end, expected, client.date()));
        end.min(expected)
    }

    /// By how much this clock is behind AWS's, which has said the hour with its last answer; none where it has not.
    pub(super) fn look(&self, client: &aws::Client) -> Option<SignedDuration> {
        let behind = client.date().map(|by_aws| by_aws.duration_since(process::now()));
        self.behind.set(behind.or(self.behind.get()));
        behind
    }

    /// The same in words, as far as it was ever said.
    pub(super) fn words(&self) -> Option<String> {
        self.behind.get().map(compared_in_words)
    }

    fn say(&self, behind: SignedDuration) {
        if behind.abs() > TOLERATED && !self.is_said.replace(true) {
            let which = if behind.is_positive() { "behind" } else { "ahead of" };
            process::note(&format!("note: this machine's clock is {} {which} AWS's; set it", minutes(behind.abs())));
        }
    }
}

/// A clock that is behind by this much. AWS says whole seconds, and its answer takes a part of one to come.
fn compared_in_words(behind: SignedDuration) -> String {
    match behind.as_secs() {
        -1..=1 => "as AWS's, to a second".to_owned(),
        2.. => format!("{} behind AWS's", minutes(behind)),
        _ => format!("{} ahead of AWS's", minutes(behind.abs())),
    }
}

/// By how much the clock is behind, of a session whose end was expected; nothing where AWS has said the hour.
fn guessed(end: Timestamp, expected: Timestamp, by_aws: Option<Timestamp>) -> SignedDuration {
    if by_aws.is_some() { SignedDuration::ZERO } else { end.duration_since(expected) }
}

/// The moment that AWS has said, for a clock that is behind by this much: the end comes by that clock or by AWS's, whichever is first.
fn by_our_clock(end: Timestamp, behind: SignedDuration) -> Timestamp {
    if behind > SECOND { end.checked_sub(behind).unwrap_or(end) } else { end }
}

/// How long that is, in the largest unit of which there are at least two.
pub(super) fn minutes(duration: SignedDuration) -> String {
    match duration.as_mins() {
        0 | 1 => format!("{} seconds", duration.as_secs()),
        minutes @ 2..120 => format!("{minutes} minutes"),
        minutes => format!("{} hours", minutes / 60),
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{by_our_clock, compared_in_words, guessed, minutes};

    #[test]
    fn a_session_ends_by_whichever_clock_is_first() {
        let expected: Timestamp = "2026-01-02T04:04:05Z".parse().expect("a time");
        for minutes in [-600, -10, -1, 0, 1, 10, 600] {
            let behind = SignedDuration::from_mins(minutes);
            let by_aws = expected + behind;
            let first = by_aws.min(expected);
            assert_eq!(by_our_clock(by_aws, behind), first, "AWS says that its clock is {minutes} minutes before ours");
        }
    }

    #[test]
    fn a_session_of_another_length_is_no_clock_where_aws_has_said_the_hour() {
        let [now, expected]: [Timestamp; 2] =
            ["2026-01-02T03:04:05Z", "2026-01-02T04:04:05Z"].map(|time| time.parse().expect("a time"));
        for seconds in [800, 3600, 7200] {
            let end = now + SignedDuration::from_secs(seconds);
            assert_eq!(guessed(end, expected, Some(now)), SignedDuration::ZERO, "{seconds} seconds");
            assert_eq!(guessed(end, expected, None).as_secs(), seconds - 3600, "{seconds} seconds");
        }
    }

    #[test]
    fn a_clock_is_compared_to_the_second() {
        let rows = [
            (0, "as AWS's, to a second"),
            (-1, "as AWS's, to a second"),
            (2, "2 seconds behind AWS's"),
            (-90, "90 seconds ahead of AWS's"),
            (600, "10 minutes behind AWS's"),
        ];
        for (seconds, words) in rows {
            assert_eq!(compared_in_words(SignedDuration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn a_difference_is_said_in_words_of_its_size() {
        let rows =
            [(1, "1 seconds"), (119, "119 seconds"), (120, "2 minutes"), (7199, "119 minutes"), (7200, "2 hours")];
        for (seconds, words) in rows {
            assert_eq!(minutes(SignedDuration::from_secs(seconds)), words);
        }
    }
}
