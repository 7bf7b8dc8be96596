//! A leaf for every host name that is asked for, signed by the sandbox's own authority.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tls::{Authority, Leaf, ServerIdentity, Usage};

/// Issues on demand and remembers.
pub(crate) struct Certificates {
    authority: Authority,
    now: fn() -> Timestamp,
    issued: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

/// More names than any test asks for; beyond it nothing is remembered.
const REMEMBERED: usize = 256;

impl Certificates {
    pub(crate) fn new(authority: Authority, now: fn() -> Timestamp) -> Arc<Self> {
        Arc::new(Self { authority, now, issued: Mutex::default() })
    }

    fn issue(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let mut issued = self.issued.lock().expect("no holder of this lock panics");
        if let Some(known) = issued.get(name) {
            return Some(Arc::clone(known));
        }
        let names = vec![name.to_owned(), "localhost".to_owned(), "127.0.0.1".to_owned()];
        let leaf = Leaf { common_name: "sandbox".to_owned(), organization: None, names, usage: Usage::Server };
        let pair = self.authority.issue(&leaf).ok()?;
        let certified = ServerIdentity::from_pem(pair.cert_pem(), pair.key_pem(), (self.now)()).ok()?.certified();
        if issued.len() < REMEMBERED {
            issued.insert(name.to_owned(), Arc::clone(&certified));
        }
        Some(certified)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.issue(hello.server_name().unwrap_or("localhost"))
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificates")
    }
}
