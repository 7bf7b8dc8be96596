//! A leaf for every host name that is asked for, signed by the sandbox's own authority.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
};

use jiff::Timestamp;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tls::{Authority, Leaf, ServerIdentity, TlsError, Usage};

/// Issues on demand and remembers.
pub(crate) struct Certificates {
    authority: Authority,
    /// Where the sandbox listens: good in every leaf, for clients that were given the address.
    address: IpAddr,
    now: fn() -> Timestamp,
    issued: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

/// More names than any test asks for; beyond it nothing is remembered.
const REMEMBERED: usize = 256;

impl Certificates {
    pub(crate) fn new(authority: Authority, address: IpAddr, now: fn() -> Timestamp) -> Arc<Self> {
        Arc::new(Self { authority, address, now, issued: RwLock::default() })
    }

    fn find_or_issue(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        if let Some(known) = self.issued.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(Arc::clone(known));
        }
        let certified = self.issue(name).ok()?;
        let mut issued = self.issued.write().unwrap_or_else(PoisonError::into_inner);
        if issued.len() < REMEMBERED {
            issued.insert(name.to_owned(), Arc::clone(&certified));
        }
        Some(certified)
    }

    fn issue(&self, name: &str) -> Result<Arc<CertifiedKey>, TlsError> {
        let address = self.address.to_string();
        let names: BTreeSet<_> = [name, "localhost", "127.0.0.1", &address].into();
        let names = names.into_iter().map(str::to_owned).collect();
        let leaf = Leaf { common_name: "sandbox".to_owned(), organization: None, names, usage: Usage::Server };
        let pair = self.authority.issue(&leaf)?;
        Ok(ServerIdentity::from_pem(pair.cert_pem(), pair.key_pem(), (self.now)())?.certified())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find_or_issue(hello.server_name().unwrap_or("localhost"))
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificates")
    }
}
