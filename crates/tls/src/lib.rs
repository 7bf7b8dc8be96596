//! Crypto provider, trusted roots, making and reloading certificates.
