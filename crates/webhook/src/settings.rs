//! Every limit of the server, in one place.

use std::time::Duration;

use identity::StsHost;
use jiff::Timestamp;
use token::{ClusterId, Rules};

use crate::{Limits, PredecessorLimits};

/// The settings of the server. Start from [`Settings::new`] and change what needs changing.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cluster that tokens must be for.
    pub cluster_id: ClusterId,
    /// What a token may look like.
    pub rules: Rules,
    /// Whether definite denials are answered with 200, which API servers remember, as soon as all logins are known.
    pub deny_with_200: bool,
    /// How long STS's "yes" is remembered; at most a minute, and never past the token's own end. Zero remembers nothing.
    pub cache_max_age: Duration,
    /// How many are remembered.
    pub cache_capacity: u64,
    /// Questions to STS under way at once, at most, and waiting; one more is answered 429. Each that is under way holds a
    /// connection, of about 30 KiB: so many are a fifth of the memory that the server is to run in.
    pub sts_questions: Limits,
    /// Hosts of STS that are in use, known as such before anybody has logged in through them.
    pub known_hosts: Vec<StsHost>,
    /// How long one waits for its turn to ask STS; then it is answered 429, and STS is not blamed for it.
    pub sts_wait: Duration,
    /// The authenticator that runs today, where its answers are passed on.
    pub predecessor: PredecessorLimits,
    /// Connections open at once. For one more, another has to go; as many may wait for that.
    pub max_connections: usize,
    /// Requests at once, under way or with an answer that is not taken; half as many but for reviews that wait for their answer. If
    /// there are more, nothing more is read of connections on which nobody was let in.
    pub max_streams: usize,
    /// Bytes of all unfinished request bodies together, each with 2 KiB for its stream, however little of it has come. If there are
    /// more, one is given up.
    pub max_bodies: usize,
    /// Bytes of all answers that were given and are not taken, each with 2 KiB for its stream. If there are more, the connection ends
    /// that has the most.
    pub max_answers: usize,
    /// For a request's body.
    pub body_timeout: Duration,
    /// For everything before a connection's first request: TLS, and its head.
    pub first_request_timeout: Duration,
    /// For the head of a later one.
    pub header_timeout: Duration,
    /// For one of the answers that a connection was given to be taken.
    pub answer_timeout: Duration,
    /// For a connection on which nothing is under way.
    pub idle_timeout: Duration,
    /// How long requests under way may take to finish when the server ends.
    pub drain_timeout: Duration,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Settings {
    /// The longest that a "yes" may be remembered.
    pub const MAX_CACHE_AGE: Duration = Duration::from_secs(60);

    /// Returns the defaults.
    pub fn new(cluster_id: ClusterId, now: fn() -> Timestamp) -> Self {
        Self {
            cluster_id,
            rules: Rules::default(),
            deny_with_200: false,
            cache_max_age: Self::MAX_CACHE_AGE,
            cache_capacity: 1_024,
            sts_questions: Limits { under_way: 128, waiting: 512 },
            known_hosts: Vec::new(),
            sts_wait: Duration::from_secs(3),
            predecessor: PredecessorLimits {
                under_way: 64,
                waiting: 192,
                wait: Duration::from_secs(3),
                connect_timeout: Duration::from_secs(2),
                deadline: Duration::from_secs(25),
                max_body: 256 << 10,
            },
            max_connections: 256,
            max_streams: 3_072,
            max_bodies: 1 << 20,
            max_answers: 1 << 20,
            body_timeout: Duration::from_secs(5),
            first_request_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(60),
            answer_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(10),
            now,
        }
    }

    /// Lowers the limits to what a process with this limit of open files can do: a connection is one, one that waits for its
    /// place is another, and so is a question to STS. Returns whether that is less than it was.
    pub fn fit(&mut self, open_files: usize) -> bool {
        // What is read and listened on, names that are looked up, the plain health check.
        let others = (open_files / 4).min(64);
        let (connections, questions) = (self.max_connections, self.sts_questions.under_way);
        let most = open_files - others;
        self.max_connections = connections.min(most * 2 / 5).max(1);
        self.sts_questions.under_way = questions.min(most / 5).max(1);
        (self.max_connections, self.sts_questions.under_way) != (connections, questions)
    }

    /// Divides the connections between STS and the other authenticator, with as many connections as it would have for STS alone: half of them for each.
    pub fn share_with_predecessor(&mut self) {
        let all = self.sts_questions.under_way;
        self.predecessor.under_way = (all / 2).max(1);
        self.sts_questions.under_way = (all - self.predecessor.under_way).max(1);
    }

    /// The longest request body, in bytes: a token, in JSON that may escape it, with whatever else is in a review. Longer
    /// tokens of other authenticators get their answer as well, up to four times as long.
    pub(crate) fn max_body(&self) -> usize {
        4 * self.rules.max_length + (4 << 10)
    }
}

#[cfg(test)]
mod tests {
    use token::ClusterId;

    use super::Settings;

    #[test]
    fn connections_and_questions_fit_the_files_that_may_be_open() {
        for (open_files, connections, questions) in
            [(1_048_576, 256, 128), (1_024, 256, 128), (704, 256, 128), (703, 255, 127), (64, 19, 9), (1, 1, 1)]
        {
            let id = ClusterId::parse("c").expect("an id");
            let mut settings = Settings::new(id, || jiff::Timestamp::UNIX_EPOCH);
            assert_eq!(settings.fit(open_files), open_files < 704, "{open_files}");
            let fitted = (settings.max_connections, settings.sts_questions.under_way);
            assert_eq!(fitted, (connections, questions), "{open_files}");
            settings.share_with_predecessor();
            let shared = settings.sts_questions.under_way + settings.predecessor.under_way;
            assert_eq!(shared, questions.max(2), "{open_files}");
        }
    }
}
