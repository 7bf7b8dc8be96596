//! What can go wrong between us and AWS. Shown to the person who typed the command; nothing in it is a secret, and what
//! AWS wrote is never quoted but for its error codes.

use token::Upstream;

/// Why AWS gave no answer that we can use.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No answer, or none of AWS's.
    #[error("{call} failed: {trouble}; check the network, HTTPS_PROXY and AWS_CA_BUNDLE")]
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
        /// AWS's error code, known to consist of letters and dots.
        code: String,
        /// What to do.
        advice: &'static str,
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
    /// A variable for a proxy that is not a URL.
    #[error("HTTPS_PROXY is not a URL of a proxy, such as http://proxy.example.com:3128")]
    Proxy,
}
