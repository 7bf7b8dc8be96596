//! Every code that a server gives as its reason, in one table for `explain` and for the documentation.

/// What is known about one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// Stable for ever: `token.expired`.
    pub code: &'static str,
    /// What is wrong: one sentence without its full stop.
    pub summary: &'static str,
    /// What that means.
    pub meaning: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// Of the server itself: there is no answer, whoever asks.
const OF_SERVER: [Code; 5] = [
    Code {
        code: "upstream.circuit-open",
        summary: "STS is left alone for a moment",
        meaning: "An STS endpoint could not be reached ten times in a row, or failed several callers who had logged in before; a few questions every two seconds find out whether it is back.",
        fix: "Nothing; look at what the failures before it say.",
    },
    Code {
        code: "upstream.ec2",
        summary: "EC2 could not be asked for a private DNS name",
        meaning: "A mapping uses {{EC2PrivateDNSName}}, and EC2 gave no answer. The line before this one says why.",
        fix: "Check the server's AWS credentials, its Region, and the permission ec2:DescribeInstances.",
    },
    Code {
        code: "server.overloaded",
        summary: "too many reviews at once",
        meaning: "More questions wait for STS than the server keeps waiting, so that those under way are answered in time. Callers of whom nothing is known are turned away first.",
        fix: "Find out who floods the API server with tokens.",
    },
    Code {
        code: "server.not-loaded",
        summary: "no mapping has been loaded yet",
        meaning: "The server has just started.",
        fix: "Nothing; if it stays, /readyz says why.",
    },
    Code {
        code: "server.source-not-read",
        summary: "a source of logins has not been read yet",
        meaning: "No source that was read maps the caller, and one that comes later in backendMode could not be read since the server started: the cluster, or the file.",
        fix: "Look at /readyz or the server's log for what keeps the source from being read: the API server, the server's own permissions, the file.",
    },
];

/// Every code, in the order in which they can come up.
pub fn codes() -> impl Iterator<Item = Code> {
    let of_token = token::catalogue().map(|entry| Code::from(*entry));
    of_token.chain(mapping::catalogue().map(|entry| Code::from(*entry))).chain(OF_SERVER)
}

impl Code {
    /// The code of this name, if it is one.
    pub fn named(name: &str) -> Option<Self> {
        codes().find(|code| code.code == name)
    }

    /// Whether it is a "no"; the others say that there is no answer. API servers remember neither: of all that a webhook says
    /// they keep what came with status 200 and without `status.error`, and no denial comes so.
    ///
    /// Source: Kubernetes 1.37, `apiserver/pkg/authentication/token/cache` (`cacheErrs` is false for webhooks).
    pub fn is_denial(&self) -> bool {
        ["token.", "sts.", "mapping."].iter().any(|prefix| self.code.starts_with(prefix))
    }

    /// What the person at kubectl sees, who is never told why.
    pub const fn seen_by_the_caller(&self) -> &'static str {
        "error: You must be logged in to the server (Unauthorized)"
    }

    /// The message of the line in the server's log, which has the code beside it.
    pub fn message(&self) -> &'static str {
        if self.is_denial() { "access denied" } else { "no answer for now" }
    }

    /// The status with which the server answers the API server.
    pub fn status(&self) -> u16 {
        match self.code {
            "upstream.throttled" | "server.overloaded" => 429,
            "server.not-loaded" | "server.source-not-read" => 503,
            _ if self.is_denial() => 403,
            _ => 502,
        }
    }
}

impl From<token::Explanation> for Code {
    fn from(entry: token::Explanation) -> Self {
        let token::Explanation { code, summary, meaning, fix } = entry;
        Self { code, summary, meaning, fix }
    }
}

impl From<mapping::Explanation> for Code {
    fn from(entry: mapping::Explanation) -> Self {
        let mapping::Explanation { code, summary, meaning, fix } = entry;
        Self { code, summary, meaning, fix }
    }
}
