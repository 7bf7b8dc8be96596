//! What is known of callers before STS is asked: from earlier logins, and from the mapping.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use identity::{AccountId, StsHost};
use moka::future::Cache;
use token::Accepted;

use crate::lanes::{Asker, Lane};

/// How long a login is remembered for: as long as a session of a role can be.
const LATELY: Duration = Duration::from_hours(12);

/// How many credentials are known at most. Only callers who were let in take a place.
const MAX_CREDENTIALS: u64 = 8_192;

/// How many hosts are known at most; AWS has fewer Regions.
const MAX_HOSTS: u64 = 64;

/// Who is known.
pub(crate) struct Standing {
    /// With keys of our own, so that nobody can choose credentials whose hash is somebody else's.
    hashes: RandomState,
    credentials: Cache<u64, ()>,
    hosts: Cache<u64, ()>,
    /// Hosts that are known before anybody has logged in through them.
    given_hosts: ArcSwap<BTreeSet<u64>>,
    accounts: ArcSwap<BTreeSet<AccountId>>,
}

impl Standing {
    pub(crate) fn new(given_hosts: &[StsHost]) -> Self {
        let hashes = RandomState::new();
        let this = Self {
            credentials: Cache::builder().max_capacity(MAX_CREDENTIALS).time_to_live(LATELY).build(),
            hosts: Cache::builder().max_capacity(MAX_HOSTS).time_to_live(LATELY).build(),
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
            host: self.hashes.hash_one(accepted.host().as_str()),
            is_expected: account.is_some_and(|account| self.accounts.load().contains(&account)),
        }
    }

    /// What is known of it.
    pub(crate) fn lane(&self, asker: Asker) -> Lane {
        if !self.knows_host(asker.host) {
            Lane::NewHost
        } else if self.credentials.contains_key(&asker.credentials) {
            Lane::Known
        } else if asker.is_expected {
            Lane::Expected
        } else {
            Lane::Stranger
        }
    }

    /// Whether somebody was let in through this host lately, or it was given.
    pub(crate) fn knows_host(&self, host: u64) -> bool {
        self.given_hosts.load().contains(&host) || self.hosts.contains_key(&host)
    }

    /// STS has confirmed the asker, and the mapping lets them in. Returns whether that was not known.
    pub(crate) async fn let_in(&self, asker: Asker) -> bool {
        let is_new = self.lane(asker) != Lane::Known;
        self.credentials.insert(asker.credentials, ()).await;
        self.hosts.insert(asker.host, ()).await;
        is_new
    }
}
