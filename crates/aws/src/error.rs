//! What can go wrong between us and AWS. Shown to the person who typed the command; nothing in it is a secret, and what
//! AWS wrote is never quoted but for its error codes.

use tls::{ConnectionError, Trouble};
use token::Upstream;

/// The reasons why AWS gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No answer, or none of AWS's.
    #[error("{call} failed: {}", words(call, *trouble))]
    Upstream {
        /// The API call.
        call: &'static str,
        /// What happened.
        trouble: Upstream,
    },
    /// No connection, or one that is not to be trusted, or that broke.
    #[error("{call} failed: {host} cannot be reached: {why}; {}", advice(why, call))]
    Unreachable {
        /// The API call.
        call: &'static str,
        /// Whom it was to be sent to, with the port where the URL has one.
        host: String,
        /// What happened.
        why: Box<ConnectionError>,
    },
    /// AWS said no.
    #[error("AWS refused {call} ({code}): {advice}")]
    Refused {
        /// The API call.
        call: &'static str,
        /// AWS's error code, known to consist of letters, digits and dots.
        code: String,
        /// What to do.
        advice: &'static str,
    },
    /// A line break or the like in what goes into the request.
    #[error(
        "{call} cannot be sent: the credentials, the endpoint or an ARN contain a character that HTTP does not allow; correct them"
    )]
    Unsendable {
        /// The API call.
        call: &'static str,
    },
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// `AWS_CA_BUNDLE`, or what stands for it, names a file that cannot be read.
    #[error("AWS_CA_BUNDLE (`ca_bundle` of a profile, or REQUESTS_CA_BUNDLE) names {path}, which cannot be read")]
    Bundle {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A variable for a proxy that is not one.
    #[error("HTTPS_PROXY is not the URL of an HTTP proxy, such as http://proxy.example.com:3128")]
    Proxy,
}

impl AwsError {
    /// Returns the error of a call to this URL that was not answered.
    pub fn no_answer(call: &'static str, url: &str, why: NoAnswer) -> Self {
        match why {
            NoAnswer::Connection { why, .. } => {
                let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
                let host = rest.split(['/', '?']).next().unwrap_or_default().to_owned();
                Self::Unreachable { call, host, why }
            }
            why => Self::Upstream { call, trouble: why.upstream() },
        }
    }
}

/// Why there is no answer, or none that was read to its end. It says nothing of what the answer is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// No connection, or one that is not to be trusted, or that broke.
    #[error("{why}")]
    Connection {
        /// What happened.
        why: Box<ConnectionError>,
        /// Whether there was one to send the request over. Without one nothing is said about the request.
        is_connected: bool,
    },
    /// It did not come in time.
    #[error("no answer in time")]
    Late,
    /// It is longer than any of AWS's.
    #[error("the answer is longer than any of AWS's")]
    TooLarge,
    /// What was to be asked makes no request.
    #[error(
        "no request was sent to AWS: the credentials, the endpoint or an ARN contain a character that HTTP does not allow; correct them"
    )]
    Unsendable,
}

impl NoAnswer {
    /// Returns the error that a failed question about a token becomes.
    pub fn upstream(&self) -> Upstream {
        match self {
            Self::Connection { why, .. } if why.trouble == Trouble::TimedOut => Upstream::Timeout,
            Self::Late => Upstream::Timeout,
            Self::TooLarge => Upstream::TooLarge,
            Self::Connection { .. } | Self::Unsendable => Upstream::Unreachable,
        }
    }

    /// Returns whether there was a connection.
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Connection { is_connected, .. } => *is_connected,
            Self::Late | Self::TooLarge => true,
            Self::Unsendable => false,
        }
    }
}

/// What to do about a connection.
pub(crate) fn advice(ConnectionError { trouble, at_proxy }: &ConnectionError, call: &str) -> String {
    if *at_proxy {
        return "check HTTPS_PROXY, and whether NO_PROXY has to name the host".to_owned();
    }
    let variable = format!("AWS_ENDPOINT_URL_{}", service(call));
    match trouble {
        Trouble::Refused => format!("check {variable}, VPC endpoints and firewalls: nothing listens there"),
        Trouble::NoSuchHost => {
            format!("check the Region (`--region`, AWS_REGION), {variable}, and whether HTTPS_PROXY is needed")
        }
        Trouble::NoResolver => "check this machine's network and its DNS servers".to_owned(),
        Trouble::NoRoute => "check this machine's network, and whether a VPN or HTTPS_PROXY is needed".to_owned(),
        Trouble::TimedOut => {
            "nothing answers there: check firewalls, security groups and VPC endpoints, and whether HTTPS_PROXY is needed"
                .to_owned()
        }
        Trouble::Closed => {
            "something on the way ended the connection: try again, and check HTTPS_PROXY and firewalls".to_owned()
        }
        Trouble::UnknownAuthority => {
            "a proxy intercepts TLS, or this is not AWS: where that is intended, name its CA by AWS_CA_BUNDLE".to_owned()
        }
        Trouble::WrongName { .. } => format!("whoever answers there is not AWS; check {variable} and the DNS"),
        Trouble::NotInTime { .. } => "set this machine's clock".to_owned(),
        Trouble::Certificate | Trouble::Handshake => "`openssl s_client` says more".to_owned(),
        Trouble::NotTls | Trouble::NotHttp | Trouble::ClientCertificate => {
            format!("whatever answers there is not AWS; check HTTPS_PROXY and {variable}")
        }
        Trouble::ProxyCredentials => "write user and password into the URL of HTTPS_PROXY".to_owned(),
        Trouble::ProxyRefused => {
            "the proxy lets nobody through to that host: ask whoever runs it, or name the host in NO_PROXY".to_owned()
        }
    }
}

/// `STS` of `sts:AssumeRole`.
fn service(call: &str) -> String {
    call.split(':').next().unwrap_or_default().to_uppercase()
}

/// The `token` crate's words are about STS and for the administrator; these are for whoever typed the command.
fn words(call: &str, trouble: Upstream) -> String {
    let service = service(call);
    match trouble {
        Upstream::Unreachable => {
            "no connection, or one that broke; check the network, HTTPS_PROXY and AWS_CA_BUNDLE".to_owned()
        }
        Upstream::Timeout => "no answer in time; check the network and HTTPS_PROXY".to_owned(),
        Upstream::Throttled => "AWS asks for fewer requests; try again in a moment".to_owned(),
        Upstream::ServerError(status) => format!("the answer was {status}; try again in a moment"),
        Upstream::UnexpectedStatus(status) => {
            format!("the answer was {status}, and not one of AWS's; check HTTPS_PROXY and AWS_ENDPOINT_URL_{service}")
        }
        Upstream::Redirect | Upstream::Unreadable | Upstream::Inconsistent | Upstream::TooLarge => {
            format!("the answer was not one of AWS's; check HTTPS_PROXY and AWS_ENDPOINT_URL_{service}")
        }
    }
}
