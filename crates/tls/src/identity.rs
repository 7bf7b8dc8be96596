//! The pair that a server shows: read, checked, and turned into what rustls signs with.

use std::{fs, path::Path, sync::Arc};

use jiff::Timestamp;
use rustls::{
    pki_types::{PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

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
    pub fn load(certificate: &Path, key: &Path, now: Timestamp) -> Result<Self, TlsError> {
        let chain = read(certificate)?;
        let key_pem = read(key)?;
        let chain_der = pem::certificates(&chain).map_err(|error| error.of(certificate))?;
        let key_der = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| TlsError::NoKey.of(key))?;
        let signing_key =
            provider().key_provider.load_private_key(key_der).map_err(|_| TlsError::UnsupportedKey.of(key))?;
        let certified = CertifiedKey::new(chain_der, signing_key);
        certified.keys_match().map_err(|_| TlsError::Mismatch.of(key))?;
        let inspection = pem::inspect_der(&certified.cert[0]).map_err(|error| error.of(certificate))?;
        check_time(&inspection, now).map_err(|error| error.of(certificate))?;
        Ok(Self { certified: Arc::new(certified), inspection })
    }

    /// Until when the certificate is valid.
    pub fn not_after(&self) -> Timestamp {
        self.inspection.not_after
    }

    /// The DNS names and IP addresses it is valid for.
    pub fn names(&self) -> &[String] {
        &self.inspection.names
    }
}

fn check_time(inspection: &Inspection, now: Timestamp) -> Result<(), TlsError> {
    let Inspection { not_before, not_after, .. } = *inspection;
    if now > not_after {
        return Err(TlsError::Expired { not_after });
    }
    if now < not_before {
        return Err(TlsError::NotYetValid { not_before });
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(|source| TlsError::Read { path: path.display().to_string(), source })
}
