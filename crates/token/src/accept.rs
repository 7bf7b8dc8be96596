//! The first step: everything that can be checked without asking AWS.

use identity::{Partition, Partitions, StsHost};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::{ClusterId, Refusal, envelope, presigned::Presigned};

/// The limits that [`accept`] checks a token against, besides the cluster id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The partitions whose STS hosts a token may name, and whose callers may log in.
    pub partitions: Partitions,
    /// The longest token, prefix included, in bytes. 4,096 as in aws-iam-authenticator; sessions with many tags, or
    /// with trusted identity propagation, can need more.
    pub max_length: usize,
    /// How far ahead of our clock a token may be dated. STS allows 15 minutes, so without a bound of our own a token
    /// could be dated ahead to live for half an hour instead of 15 minutes. One minute is more than hosts that follow
    /// NTP ever differ by.
    pub max_future_skew: SignedDuration,
    /// Hosts of STS besides those that have a Region's form: of the Region that this runs in.
    pub own_hosts: Vec<StsHost>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            partitions: Partition::Aws.into(),
            max_length: 4096,
            max_future_skew: SignedDuration::from_mins(1),
            own_hosts: Vec::new(),
        }
    }
}

/// Checks all of a token but its signature, which only AWS can check.
///
/// A token counts as valid while `now` is before [`Accepted::valid_until`], as at STS. The parameter `X-Amz-Expires`
/// must be in bounds, but shortens nothing: STS ignores it, and clients write 60 seconds and use the token for 14 minutes.
pub fn accept(token: &str, cluster: &ClusterId, rules: &Rules, now: Timestamp) -> Result<Accepted, Refusal> {
    let presigned = Presigned::parse(&envelope::open(token, rules.max_length)?, &rules.own_hosts)?;
    if !rules.partitions.has(presigned.host.partition()) {
        return Err(Refusal::Partition);
    }
    if presigned.valid_until <= now {
        return Err(Refusal::Expired);
    }
    if presigned.signed_at.duration_since(now) > rules.max_future_skew {
        return Err(Refusal::Future);
    }
    let cache_key = cache_key(&presigned, cluster);
    Ok(Accepted { presigned, cluster: cluster.clone(), cache_key })
}

/// A token that passed every local check, ready to be confirmed by STS.
///
/// Only [`accept`] makes one. It has no `Debug`: its request is a credential for as long as it is valid.
#[derive(Clone)]
pub struct Accepted {
    presigned: Presigned,
    cluster: ClusterId,
    cache_key: [u8; 32],
}

impl Accepted {
    /// Returns the host that the token is signed for.
    pub fn host(&self) -> &StsHost {
        &self.presigned.host
    }

    /// Returns the access key id whose secret, the token claims, signed it.
    pub fn access_key_id(&self) -> &str {
        &self.presigned.access_key_id
    }

    /// Returns what the token claims to be signed with: the access key id and, of temporary credentials, the session token. To be
    /// compared and hashed.
    pub fn credentials(&self) -> Credentials<'_> {
        Credentials {
            access_key_id: &self.presigned.access_key_id,
            security_token: self.presigned.security_token.as_deref(),
        }
    }

    /// Returns when the token says that it was signed.
    pub fn signed_at(&self) -> Timestamp {
        self.presigned.signed_at
    }

    /// Returns when STS stops confirming it: 15 minutes after [`Self::signed_at`].
    pub fn valid_until(&self) -> Timestamp {
        self.presigned.valid_until
    }

    /// Returns what to remember the answer under: SHA-256 of the request and the cluster id, each after its length.
    ///
    /// Of the request as it is sent, signature included, so that a token whose parameters stand in another order is no
    /// other question; never of a name in it, because two accounts may have a role of the same name.
    pub fn cache_key(&self) -> [u8; 32] {
        self.cache_key
    }

    /// Returns the request that makes STS confirm the token: a GET without a body.
    pub fn request(&self) -> StsRequest<'_> {
        let host = self.presigned.host.as_str();
        StsRequest {
            host,
            path_and_query: format!("/?{}", self.presigned.query()),
            headers: [
                ("host", host.to_owned()),
                ("x-k8s-aws-id", self.cluster.as_str().to_owned()),
                ("accept", "application/json".to_owned()),
            ],
        }
    }
}

/// The GET request that goes to STS over HTTPS. Written from parsed fields; it holds no text as the caller sent it.
///
/// It has no `Debug`: whoever holds it can impersonate the caller until the token expires.
pub struct StsRequest<'a> {
    /// Where it goes, on port 443.
    pub host: &'a str,
    /// `/?` and the parameters in Signature Version 4's canonical order and encoding, the signature last.
    pub path_and_query: String,
    /// All headers that STS must see, in lower case: the two signed ones, and what makes it answer in JSON.
    pub headers: [(&'static str, String); 3],
}

impl StsRequest<'_> {
    /// Returns the whole URL.
    pub fn url(&self) -> String {
        format!("https://{}{}", self.host, self.path_and_query)
    }
}

/// Credentials as a token claims them. No `Debug`: a session token is a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Credentials<'a> {
    access_key_id: &'a str,
    security_token: Option<&'a str>,
}

impl Credentials<'_> {
    /// Returns whether they claim to be a session's: then whoever does not know its session token cannot claim the same.
    pub fn is_temporary(&self) -> bool {
        self.security_token.is_some()
    }
}

fn cache_key(presigned: &Presigned, cluster: &ClusterId) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [presigned.host.as_str(), &presigned.query(), cluster.as_str()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
