//! What can go wrong between us and AWS. Shown to the person who typed the command; nothing in it is a secret, and what
//! AWS wrote is never quoted but for its error codes.

use token::Upstream;

/// Why AWS gave no answer that we can use.
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
        "{call} cannot be sent: the credentials, the endpoint or an ARN contain a character that no HTTP request may"
    )]
    Unsendable {
        /// The API call.
        call: &'static str,
    },
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// `AWS_CA_BUNDLE` names a file that cannot be read.
    #[error("AWS_CA_BUNDLE names {path}, which cannot be read")]
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

/// The `token` crate's words are about STS and for the administrator; these are for whoever typed the command.
fn words(call: &str, trouble: Upstream) -> String {
    let service = call.split(':').next().unwrap_or_default().to_uppercase();
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
