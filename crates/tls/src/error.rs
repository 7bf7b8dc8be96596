//! What can be wrong with certificates and keys. Nothing here holds key material; all of it may be shown to anybody.

/// The reasons why a certificate, a key or a root store cannot be used. Where a file is at fault, the message names it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there.
    #[error("{path} does not exist; `cluster-auth init` makes certificate and key")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file is there and cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Something else than PEM: DER, say, or an empty file.
    #[error("it is not PEM (no line BEGIN …); a DER file becomes PEM with `openssl x509` or `openssl pkey`")]
    NotPem,
    /// A PEM block is damaged.
    #[error("a PEM block in it is damaged; copy the whole file again")]
    Pem,
    /// PEM without a `CERTIFICATE` block.
    #[error("it holds no certificate (a PEM block BEGIN CERTIFICATE); are certificate and key swapped?")]
    NoCertificate,
    /// A certificate cannot be parsed.
    #[error("a certificate in it cannot be read; X.509 version 3 is needed")]
    Certificate,
    /// What is in a block `CERTIFICATE` is none, of whatever version.
    #[error("a certificate in it cannot be read; `openssl x509 -text` says more")]
    UnreadableCertificate,
    /// PEM without a private key.
    #[error("it holds no private key (a PEM block BEGIN … PRIVATE KEY); are certificate and key swapped?")]
    NoKey,
    /// More than one private key, so that it is not clear which is meant.
    #[error("it holds {count} private keys; leave only the certificate's own")]
    SeveralKeys {
        /// How many.
        count: usize,
    },
    /// A key that needs a passphrase.
    #[error("its private key is encrypted; write it without passphrase with `openssl pkey`")]
    EncryptedKey,
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
    pub(crate) fn of(self, path: &impl std::fmt::Display) -> Self {
        Self::File { path: path.to_string(), problem: Box::new(self) }
    }
}
