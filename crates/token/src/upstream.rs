//! Trouble on the way to AWS: no verdict on the token.
//!
//! The caller sees that authentication failed; the code and the status are for the log and the metric. What the other
//! side sent is never quoted.

use std::fmt;

use codes::{Code, codes};

codes! {
    status: Some(502);
    /// A reason why STS gave no answer to act on. Never a reason to let anybody in, and never a reason to say that somebody
    /// may not enter: the same token may be good in a moment.
    ///
    /// [`confirm`](crate::confirm) finds these in an answer; the transport makes those for which there is none.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Upstream {
        Throttled {
            code: "upstream.throttled",
            summary: "STS asks for fewer requests",
            meaning: "AWS limits how often an account and a Region may ask STS, and the limit is reached.",
            fix: "Usually it passes by itself. If not, find who logs in so often: the log names the callers; a client that makes a new token for every request is the common cause.",
            status: 429,
        }
        Unreachable {
            code: "upstream.unreachable",
            summary: "STS could not be reached",
            meaning: "The name did not resolve, the connection was refused or broken, or TLS failed.",
            fix: "From the server's host, check DNS, routes, security groups, a VPC endpoint for STS, HTTPS_PROXY and NO_PROXY, and the CA bundle.",
        }
        Timeout {
            code: "upstream.timeout",
            summary: "STS did not answer in time",
            meaning: "A connection was tried or made, and no complete answer came before the deadline.",
            fix: "Check routes, security groups and proxies on the way to the STS endpoint; packets that are dropped instead of rejected look like this.",
        }
        Redirect {
            code: "upstream.redirect",
            summary: "STS answered with a redirect",
            meaning: "STS never redirects, so something on the way answered in its place. Redirects are never followed: a token must not be sent to another host.",
            fix: "Look for a proxy or a captive portal between the server and AWS.",
        }
        Unreadable {
            code: "upstream.unreadable",
            summary: "STS's answer cannot be read",
            meaning: "The answer is not the JSON that STS sends for this request.",
            fix: "Look for a proxy that answers with pages of its own between the server and AWS.",
        }
        Inconsistent {
            code: "upstream.inconsistent",
            summary: "STS's answer contradicts itself or the token",
            meaning: "The answer names a malformed ARN, an account or user id that does not fit the ARN, or a partition other than the one asked.",
            fix: "STS does not answer like this. Check what stands in for it: a connection override, a proxy, an added CA.",
        }
        TooLarge {
            code: "upstream.too-large",
            summary: "STS's answer is too large",
            meaning: "The answer is longer than any that STS sends for this request, and was not read to its end.",
            fix: "Look for a proxy that answers with pages of its own between the server and AWS.",
        }
        ServerError(u16) {
            code: "upstream.server-error",
            summary: "STS failed",
            meaning: "STS, or a proxy before it, answered with a status of 500 or above.",
            fix: "Check the AWS Health Dashboard for the Region, then proxies on the way. Logins work again when it does.",
        }
        UnexpectedStatus(u16) {
            code: "upstream.status",
            summary: "STS answered with an unexpected status",
            meaning: "The status, or the error code that came with it, is none that STS is known to send for this request.",
            fix: "Look for a proxy between the server and AWS. If there is none, report it: this server should learn the code.",
        }
    }
}

impl Upstream {
    /// Returns what it means to whoever has asked from the machine that they sit at, and not from a server's.
    pub fn explain_own(self) -> Code {
        let explained = *self.explain();
        let fix = match self {
            Self::Throttled => "Try again in a moment. AWS counts everybody who asks from this account.",
            Self::Unreachable => {
                "Check this machine's network and DNS, whether AWS is reached by a VPN or a proxy only (HTTPS_PROXY, NO_PROXY), \
                 and the CA bundle (AWS_CA_BUNDLE)."
            }
            Self::Timeout => {
                "Check this machine's network, and whether AWS is reached by a VPN or a proxy only (HTTPS_PROXY): a firewall that \
                 drops packets looks like this."
            }
            Self::Redirect => "Look for a proxy or a captive portal between this machine and AWS.",
            Self::Unreadable | Self::TooLarge | Self::UnexpectedStatus(_) => {
                "Look for a proxy that answers with pages of its own between this machine and AWS."
            }
            Self::Inconsistent | Self::ServerError(_) => explained.fix,
        };
        Code { fix, ..explained }
    }

    /// Returns the HTTP status, where it is what went wrong.
    pub fn status(self) -> Option<u16> {
        match self {
            Self::ServerError(status) | Self::UnexpectedStatus(status) => Some(status),
            _ => None,
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explain().summary)?;
        self.status().map_or(Ok(()), |status| write!(f, " ({status})"))
    }
}

impl std::error::Error for Upstream {}

#[cfg(test)]
mod tests {
    use super::Upstream;

    #[test]
    fn who_asks_from_their_own_machine_is_not_sent_to_a_servers() {
        for trouble in [
            Upstream::Throttled,
            Upstream::Unreachable,
            Upstream::Timeout,
            Upstream::Redirect,
            Upstream::Unreadable,
            Upstream::Inconsistent,
            Upstream::TooLarge,
            Upstream::ServerError(500),
            Upstream::UnexpectedStatus(418),
        ] {
            let (own, servers) = (trouble.explain_own(), trouble.explain());
            assert_eq!((own.code, own.summary), (servers.code, servers.summary));
            assert!(!own.fix.contains("server") && !own.fix.contains("security group"), "{own}");
        }
    }
}
