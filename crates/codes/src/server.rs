//! Of the server itself: there is no answer, whoever asks.

crate::codes! {
    status: Some(502);
    /// A reason why a server gives no answer, whoever asks. API servers try again after 429 and 502, not after 503.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Server {
        CircuitOpen {
            code: "upstream.circuit-open",
            summary: "circuit breaker open: STS is not asked for a moment",
            meaning: "An STS endpoint could not be reached ten times in a row, or failed several callers who had logged in before; a few questions every two seconds find out whether it is back.",
            fix: "Nothing; the log lines of the failures before it say why.",
        }
        Ec2 {
            code: "upstream.ec2",
            summary: "EC2 could not be asked for a private DNS name",
            meaning: "A mapping uses {{EC2PrivateDNSName}}, and EC2 gave no answer. The line before this one says why.",
            fix: "Check the server's AWS credentials, its Region, and the permission ec2:DescribeInstances.",
        }
        Predecessor {
            code: "upstream.predecessor",
            summary: "the other authenticator (--shadow-of) gave no answer",
            meaning: "The server answers what another one answers (--shadow-of), and that one could not be reached, took too long, or said neither yes nor no. The line's error says which.",
            fix: "Look at the other authenticator and its log: it is the one that lets people in.",
        }
        Overloaded {
            code: "server.overloaded",
            summary: "too many reviews at once",
            meaning: "More requests wait for STS than the server queues, so that those in progress are answered in time. Unknown callers are turned away first.",
            fix: "Find out who floods the API server with tokens.",
            status: 429,
        }
        NotLoaded {
            code: "server.not-loaded",
            summary: "no mapping has been loaded yet",
            meaning: "The server has just started.",
            fix: "Nothing; if it stays, /readyz says why.",
            status: 503,
        }
        NotRead {
            code: "server.source-not-read",
            summary: "a mapping source has not been read yet",
            meaning: "No source that was read maps the caller, and one that is asked later has not been read since the server started: the cluster, or a file.",
            fix: "Look at /readyz or the server's log for what keeps the source from being read: the API server, the server's own permissions, the file.",
            status: 503,
        }
    }
}
