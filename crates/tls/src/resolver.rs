//! Serving: the certificate shown is the one that was put in last.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::{ServerIdentity, TlsError, provider};

/// The certificate and key for new connections; open ones keep theirs.
#[derive(Debug)]
pub struct ReloadingResolver {
    current: ArcSwap<CertifiedKey>,
}

impl ReloadingResolver {
    /// Creates a resolver with this pair.
    pub fn new(identity: &ServerIdentity) -> Arc<Self> {
        Arc::new(Self { current: ArcSwap::new(Arc::clone(&identity.certified)) })
    }

    /// Replaces the pair for new connections.
    pub fn replace(&self, identity: &ServerIdentity) {
        self.current.store(Arc::clone(&identity.certified));
    }
}

impl ResolvesServerCert for ReloadingResolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// Returns the settings of a TLS server: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, no client certificates.
///
/// # Errors
///
/// [`TlsError::Setup`] where rustls does not take these settings together.
pub fn server_config(resolver: Arc<dyn ResolvesServerCert>) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
