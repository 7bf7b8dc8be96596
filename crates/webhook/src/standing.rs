//! What is known of callers before STS is asked: from earlier logins, and from the mapping.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, MutexGuard},
};

use arc_swap::ArcSwap;
use identity::{AccountId, Identity, Principal, StsHost};
use token::Accepted;
use tokio::time::{Duration, Instant};

use crate::{
    lanes::{Asker, Lane},
    lately::Lately,
};

/// How long a login is remembered for: as long as a session of a role can be.
const LATELY: Duration = Duration::from_hours(12);

/// How many credentials are known at most. Only callers who were let in take a place.
const MAX_CREDENTIALS: usize = 8_192;

/// How many hosts are known at most; AWS has fewer endpoints.
const MAX_HOSTS: usize = 256;

/// How many callers are known at most whom STS has confirmed and nobody has mapped.
const MAX_STRANGERS: usize = 1_024;

/// Who is known.
pub(crate) struct Standing {
    /// With keys of our own, so that nobody can choose credentials whose hash is somebody else's.
    hashes: RandomState,
    /// Whose owners are principals: however many sessions one makes, it drives out its own.
    credentials: Mutex<Lately>,
    /// Whose owners are themselves.
    hosts: Mutex<Lately>,
    /// Whose owners are accounts.
    strangers: Mutex<Lately>,
    /// Hosts that are known before anybody has logged in through them.
    given_hosts: ArcSwap<BTreeSet<u64>>,
    accounts: ArcSwap<BTreeSet<AccountId>>,
}

impl Standing {
    pub(crate) fn new(given_hosts: &[StsHost]) -> Self {
        let hashes = RandomState::new();
        let this = Self {
            credentials: Mutex::new(Lately::new(MAX_CREDENTIALS, LATELY)),
            hosts: Mutex::new(Lately::new(MAX_HOSTS, LATELY)),
            strangers: Mutex::new(Lately::new(MAX_STRANGERS, LATELY)),
            given_hosts: ArcSwap::default(),
            accounts: ArcSwap::default(),
            hashes,
        };
        this.give_hosts(given_hosts);
        this
    }

    /// These hosts are known from now on.
    pub(crate) fn give_hosts(&self, hosts: &[StsHost]) {
        let given = hosts.iter().map(|host| self.hashes.hash_one(host.as_str()));
        let given: BTreeSet<u64> = given.collect();
        self.given_hosts.rcu(|known| known.union(&given).copied().collect::<BTreeSet<_>>());
    }

    /// These accounts are mapped from now on.
    pub(crate) fn set_accounts(&self, accounts: BTreeSet<AccountId>) {
        self.accounts.store(Arc::new(accounts));
    }

    /// Who the token claims to be from.
    pub(crate) fn asker(&self, accepted: &Accepted) -> Asker {
        let account = AccountId::encoded_in(accepted.access_key_id());
        Asker {
            credentials: self.hashes.hash_one(accepted.credentials()),
            account: self.hashes.hash_one(account),
            host: self.hashes.hash_one(accepted.host().as_str()),
            is_expected: account.is_some_and(|account| self.accounts.load().contains(&account)),
            came_beside_logins: false,
        }
    }

    /// What is known of it.
    pub(crate) fn lane(&self, asker: Asker) -> Lane {
        if !self.knows_host(asker.host) {
            Lane::NewHost
        } else if lock(&self.credentials).has(asker.credentials, Instant::now()) {
            Lane::Known
        } else if asker.is_expected {
            Lane::Expected
        } else {
            Lane::Stranger
        }
    }

    /// Whether somebody was let in through this host lately, or it was given.
    pub(crate) fn knows_host(&self, host: u64) -> bool {
        self.given_hosts.load().contains(&host) || lock(&self.hosts).has(host, Instant::now())
    }

    /// Whether what STS answers to this token is about its caller alone: nobody else can show a session token, and nobody who is
    /// mapped has the key of somebody whom STS has confirmed and nobody has mapped. In the name of any other key strangers may ask
    /// as well.
    pub(crate) fn is_own(&self, accepted: &Accepted) -> bool {
        let asker = self.asker(accepted);
        accepted.credentials().is_temporary() || lock(&self.strangers).has(asker.credentials, Instant::now())
    }

    /// STS has confirmed the asker, and the mapping lets them in. Returns whether that was not known.
    pub(crate) fn let_in(&self, asker: Asker, identity: &Identity) -> bool {
        let (is_new, now) = (self.lane(asker) != Lane::Known, Instant::now());
        lock(&self.strangers).remove(asker.credentials);
        lock(&self.credentials).insert(asker.credentials, self.principal(identity), now);
        lock(&self.hosts).insert(asker.host, asker.host, now);
        is_new
    }

    /// STS has confirmed the asker, and the mapping does not let them in.
    pub(crate) fn kept_out(&self, asker: Asker, identity: &Identity) {
        lock(&self.strangers).insert(asker.credentials, self.hashes.hash_one(identity.account), Instant::now());
    }

    /// Whose session it is: a role makes as many as anybody likes.
    fn principal(&self, identity: &Identity) -> u64 {
        match &identity.principal {
            Principal::AssumedRole { role, .. } => self.hashes.hash_one((identity.account, role)),
            principal => self.hashes.hash_one((identity.account, principal)),
        }
    }
}

fn lock(lately: &Mutex<Lately>) -> MutexGuard<'_, Lately> {
    lately.lock().expect("no holder of this lock panics")
}

#[cfg(test)]
mod tests;
