//! What can be wrong with certificates and keys. Nothing here holds key material; all of it may be shown to anybody.

/// Why a certificate, a key or a root store cannot be used. Where a file is at fault, the message names it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The text is not PEM, or a block in it is damaged.
    #[error("not a PEM file, or a damaged one")]
    Pem,
    /// PEM without a `CERTIFICATE` block.
    #[error("it holds no certificate (a PEM block BEGIN CERTIFICATE)")]
    NoCertificate,
    /// A certificate cannot be parsed.
    #[error("a certificate in it cannot be read")]
    Certificate,
    /// PEM without a private key.
    #[error("it holds no private key (a PEM block BEGIN … PRIVATE KEY)")]
    NoKey,
    /// A key of a kind that the provider cannot sign with.
    #[error("its private key is of a kind that cannot be used; RSA, ECDSA P-256 and P-384, and Ed25519 can")]
    UnsupportedKey,
    /// The key is another certificate's.
    #[error("the key does not belong to the certificate; copy both again, or delete both and have new ones made")]
    Mismatch,
    /// The certificate is past its end.
    #[error("the certificate has expired ({not_after}); make a new one with `cluster-auth init --rotate`")]
    Expired {
        /// Its end.
        not_after: jiff::Timestamp,
    },
    /// The certificate's time has not come.
    #[error("the certificate is not valid yet ({not_before}); check this machine's clock")]
    NotYetValid {
        /// Its start.
        not_before: jiff::Timestamp,
    },
    /// One of the above, with the file it is about.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: Box<TlsError>,
    },
    /// No root certificates on this machine.
    #[error("no trusted root certificates were found; install ca-certificates, or set SSL_CERT_FILE")]
    NoRoots,
    /// A certificate could not be made: a name that cannot stand in one, or no randomness.
    #[error("cannot make a certificate: {0}")]
    Make(String),
    /// rustls refuses a combination of settings.
    #[error("cannot set TLS up: {0}")]
    Setup(#[from] rustls::Error),
}

impl TlsError {
    /// The same, about a file.
    pub(crate) fn of(self, path: &std::path::Path) -> Self {
        Self::File { path: path.display().to_string(), problem: Box::new(self) }
    }
}
