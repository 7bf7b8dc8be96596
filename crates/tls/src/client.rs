//! Calling: which authorities are trusted.

use std::{path::Path, sync::Arc};

use rustls::{ClientConfig, ConfigBuilder, RootCertStore, client::WantsClientCert, sign::CertifiedKey};

use crate::{Pair, TlsError, pem, provider};

/// Where machines have their roots (Go's `crypto/x509`, `certDirectories` of Linux).
const FOLDERS: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// The certificate authorities to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// The machine's own roots; `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them, as everywhere on Unix.
    #[default]
    Platform,
    /// These certificates (PEM) and no others.
    Only(Vec<u8>),
    /// The machine's own, and these (PEM).
    PlatformAnd(Vec<u8>),
    /// None, and nothing is read: for whoever connects without TLS alone. Over TLS every certificate is refused.
    Nobody,
}

/// Returns the settings of TLS clients: TLS 1.2 and 1.3, no client certificate. Reads the machine's roots when called, never before.
///
/// # Errors
///
/// [`TlsError::NoRoots`] where the machine has none, and what is wrong with those that were given.
pub fn client_config(roots: &Roots) -> Result<Arc<ClientConfig>, TlsError> {
    Ok(Arc::new(trusting(roots)?.with_no_client_auth()))
}

/// Returns the settings of a TLS client with a certificate of its own.
///
/// # Errors
///
/// [`TlsError::NoRoots`] where the machine has none, and what is wrong with those that were given, or with the pair.
pub fn client_config_as(roots: &Roots, pair: &Pair) -> Result<Arc<ClientConfig>, TlsError> {
    let chain = pem::certificates(pair.cert_pem())?;
    let key = pem::private_key(pair.key_pem())?;
    Ok(Arc::new(trusting(roots)?.with_client_auth_cert(chain, key)?))
}

/// Returns what a client shows of itself: its certificate with those that lead to its authority, and the first key of `key` (both
/// PEM).
///
/// The server alone judges the certificate, so it may be of any version of X.509 and any time; its key has to be this one.
/// So Go has it (`crypto/tls`, `X509KeyPair`).
///
/// # Errors
///
/// What Go refuses too: no certificate, no key, one that is encrypted or of another kind, and two that do not belong together.
pub fn client_identity(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain = pem::certificates(&String::from_utf8_lossy(certificate))?;
    let key = pem::first_private_key(&String::from_utf8_lossy(key))?;
    let key = provider().key_provider.load_private_key(key).map_err(|_| TlsError::UnsupportedKey)?;
    let its_own = pem::public_key(&chain[0])?;
    if key.public_key().is_some_and(|public| *public != *its_own) {
        return Err(TlsError::Mismatch);
    }
    Ok(CertifiedKey::new(chain, key))
}

fn trusting(roots: &Roots) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    let mut store = RootCertStore::empty();
    if matches!(roots, Roots::Platform | Roots::PlatformAnd(_)) {
        // Certificates that cannot be read are skipped, as every TLS library does; none at all is an error.
        let found = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(found.certs);
        // A file that a variable names and that is not there takes nothing away from the machine's folders, as Go has it.
        for folder in FOLDERS.map(Path::new).into_iter().filter(|folder| folder.is_dir()) {
            if store.is_empty() {
                store.add_parsable_certificates(rustls_native_certs::load_certs_from_paths(None, Some(folder)).certs);
            }
        }
    }
    if let Roots::Only(pem) | Roots::PlatformAnd(pem) = roots {
        for certificate in pem::certificates(&String::from_utf8_lossy(pem))? {
            store.add(certificate).map_err(|_| TlsError::Certificate)?;
        }
    }
    if store.is_empty() && *roots != Roots::Nobody {
        return Err(TlsError::NoRoots);
    }
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(store))
}
