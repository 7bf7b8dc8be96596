//! TLS for everything that listens or calls: one crypto provider, trusted roots, making certificates, swapping them
//! while serving, and what was wrong with a connection.
//!
//! The provider is ring, passed explicitly everywhere: aws-lc-rs pays 44 ms of CPU for its first random number, which is
//! more than a whole `token` call may cost. Roots are loaded when first asked for and not before.

// Whoever calls what does I/O decides what its failing means.
#![warn(clippy::missing_errors_doc)]

mod authority;
mod client;
mod connection;
mod error;
mod identity;
mod own_authority;
mod pem;
mod proxies;
mod resolver;

use std::sync::{Arc, LazyLock};

use rustls::crypto::CryptoProvider;

pub use self::{
    authority::{Authority, Leaf, Pair, Usage},
    client::{Roots, client_config, client_config_as, client_identity},
    connection::{ConnectionError, Trouble},
    error::TlsError,
    identity::ServerIdentity,
    own_authority::webhook_client_config,
    pem::{Inspection, inspect, last_certificate},
    proxies::{Proxies, Spelling},
    resolver::{ReloadingResolver, server_config},
};

/// Returns the one crypto provider.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));
    Arc::clone(&PROVIDER)
}

#[cfg(test)]
mod tests;
