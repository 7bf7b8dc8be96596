//! The pair that a server shows: read, checked, and turned into what rustls signs with.

use std::{io::ErrorKind, path::Path, sync::Arc};

use jiff::Timestamp;
use reading::Kind;
use rustls::sign::CertifiedKey;

use crate::{
    TlsError,
    pem::{self, Inspection},
    provider,
};

/// A certificate chain with the key of its first certificate.
#[derive(Clone, Debug)]
pub struct ServerIdentity {
    pub(crate) certified: Arc<CertifiedKey>,
    inspection: Inspection,
}

impl ServerIdentity {
    /// Reads both files and checks that they fit each other and that the certificate's time is now.
    ///
    /// Keys may be PKCS#8, PKCS#1 (what aws-iam-authenticator writes) or SEC1.
    ///
    /// # Errors
    ///
    /// [`TlsError::Missing`], [`TlsError::Read`], or [`TlsError::File`] with what is wrong and in which of the two.
    pub fn load(certificate: &Path, key: &Path, now: Timestamp) -> Result<Self, TlsError> {
        let identity = Self::load_at_any_time(certificate, key)?;
        identity.check_time(now).map_err(|error| error.of(&certificate.display()))?;
        Ok(identity)
    }

    /// The same of a certificate whose time may be over, or may not have come.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn load_at_any_time(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let (chain, key_pem) = (read(certificate)?, read(key)?);
        let about_certificate = |error: TlsError| error.of(&certificate.display());
        let about_key = |error: TlsError| error.of(&key.display());
        Self::assemble(&chain, &key_pem, about_certificate, about_key)
    }

    /// Reads a certificate and key in memory; errors say "certificate" and "key" where [`Self::load`] names a file.
    ///
    /// # Errors
    ///
    /// [`TlsError::File`] with what is wrong and in which of the two.
    pub fn from_pem(cert_pem: &str, key_pem: &str, now: Timestamp) -> Result<Self, TlsError> {
        let about_certificate = |error: TlsError| error.of(&"certificate");
        let identity = Self::assemble(cert_pem, key_pem, about_certificate, |error| error.of(&"key"))?;
        identity.check_time(now).map_err(about_certificate)?;
        Ok(identity)
    }

    fn assemble(
        cert_pem: &str,
        key_pem: &str,
        about_certificate: impl Fn(TlsError) -> TlsError,
        about_key: impl Fn(TlsError) -> TlsError,
    ) -> Result<Self, TlsError> {
        let chain = pem::certificates(cert_pem).map_err(&about_certificate)?;
        let inspection = pem::inspect_der(&chain[0]).map_err(&about_certificate)?;
        let key = pem::private_key(key_pem).map_err(&about_key)?;
        let signing_key =
            provider().key_provider.load_private_key(key).map_err(|_| about_key(TlsError::UnsupportedKey))?;
        let certified = CertifiedKey::new(chain, signing_key);
        certified.keys_match().map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => about_key(TlsError::Mismatch),
            _ => about_certificate(TlsError::Certificate),
        })?;
        Ok(Self { certified: Arc::new(certified), inspection })
    }

    /// Returns what rustls signs with, for a resolver of one's own.
    pub fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }

    /// Checks that the certificate's time is now.
    ///
    /// # Errors
    ///
    /// [`TlsError::Expired`] or [`TlsError::NotYetValid`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), TlsError> {
        let Inspection { not_before, not_after, .. } = self.inspection;
        if now > not_after {
            return Err(TlsError::Expired { not_after });
        }
        if now < not_before {
            return Err(TlsError::NotYetValid { not_before });
        }
        Ok(())
    }

    /// Until when the certificate is valid.
    pub fn not_after(&self) -> Timestamp {
        self.inspection.not_after
    }

    /// Returns what its first certificate says: the names it is valid for, and its times.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }
}

/// The longest file of a certificate chain or a key that is read, in bytes; real ones have a few thousand.
const MAX_FILE: u64 = 1 << 20;

/// Files that are not text are read as well, to be told that they are not PEM.
fn read(path: &Path) -> Result<String, TlsError> {
    match reading::read(path, Kind::Regular, MAX_FILE) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(TlsError::Missing { path: path.display().to_string() })
        }
        Err(source) => Err(TlsError::Read { path: path.display().to_string(), source }),
    }
}
