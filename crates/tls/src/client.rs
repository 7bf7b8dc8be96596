//! Calling: which authorities are trusted.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::{TlsError, provider};

/// Whom to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// The machine's own roots; `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them, as everywhere on Unix.
    #[default]
    Platform,
    /// These certificates (PEM) and no others.
    Only(Vec<u8>),
    /// The machine's own, and these (PEM).
    PlatformAnd(Vec<u8>),
}

/// Settings for TLS clients: TLS 1.2 and 1.3, no client certificate. Reads the machine's roots where they are asked for.
pub fn client_config(roots: &Roots) -> Result<Arc<ClientConfig>, TlsError> {
    let mut store = RootCertStore::empty();
    if matches!(roots, Roots::Platform | Roots::PlatformAnd(_)) {
        // Certificates that cannot be read are skipped, as every TLS library does; none at all is an error.
        let found = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(found.certs);
    }
    if let Roots::Only(pem) | Roots::PlatformAnd(pem) = roots {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            store.add(certificate.map_err(|_| TlsError::Pem)?).map_err(|_| TlsError::Certificate)?;
        }
    }
    if store.is_empty() {
        return Err(TlsError::NoRoots);
    }
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(Arc::new(builder.with_root_certificates(store).with_no_client_auth()))
}
