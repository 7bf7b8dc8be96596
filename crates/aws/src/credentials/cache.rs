//! The file in which credentials that end are kept from one call for a token to the next, as aws-iam-authenticator 0.7.18
//! writes and reads it (`pkg/filecache/filecache.go`): by cluster, profile and role.
//!
//! What stands under a role there are the credentials that the role is assumed with, and never those of the role. Ours keep
//! these as well, under a name that program asks nobody for; it writes back whatever it does not know there.

use std::collections::BTreeMap;

use document::{Dialect, Limits, Node, Scalar, Source, parse_as, quoted};
use jiff::{SignedDuration, Timestamp};

use super::{AssumeRole, Credentials, Secret};

/// The parsed contents of a credentials cache. No Debug: it holds secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cache(Clusters);

type Clusters = BTreeMap<String, BTreeMap<String, BTreeMap<String, Kept>>>;

/// One entry. No Debug: it holds secrets.
#[derive(Clone, PartialEq, Eq)]
struct Kept {
    credentials: Credentials,
    /// `source` and `accountid`, which only that program has a use for.
    source: String,
    account_id: String,
}

/// The key of cached credentials: cluster id, profile and role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheKey {
    /// The cluster that tokens are for.
    pub cluster_id: String,
    /// The profile of the AWS configuration.
    pub profile: String,
    /// The role that was asked for, or nothing; or whose session it is ([`CacheKey::assumed`]).
    pub role: String,
}

/// The text is not a credentials cache. What stands in it may be secret and is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACache {
    /// Where, from 1.
    pub line: usize,
}

/// Credentials that end sooner count as ended: a token of theirs would be of use to nobody.
const LEAST_LEFT: SignedDuration = SignedDuration::from_secs(60);

impl CacheKey {
    /// Returns the name for the session of a role that these credentials assume. Whoever assumes it with others, another external
    /// id or another session name gets another session.
    #[must_use]
    pub fn assumed(&self, base: &Credentials, role: &AssumeRole, forwards_session_name: bool) -> Self {
        let mut name = format!("{} assumed by {}", role.role_arn, base.access_key_id);
        for (what, value) in [("external id", &role.external_id), ("session name", &role.session_name)] {
            if let Some(value) = value {
                // Quoted, as it is whatever somebody typed.
                name.push_str(&format!(", {what} {}", quoted(value)));
            }
        }
        if forwards_session_name {
            name.push_str(", session name forwarded");
        }
        Self { role: name, ..self.clone() }
    }
}

impl Cache {
    /// Reads a text. An empty one keeps nothing.
    ///
    /// # Errors
    ///
    /// [`NotACache`] for whatever that program could not read, and for texts in which anything else stands: they are other files,
    /// of which nothing would be left when the cache is written.
    pub fn parse(text: &str) -> Result<Self, NotACache> {
        let source = Source::new("", text);
        let not_at = |at: usize| NotACache { line: source.line(at) };
        let read = parse_as(&source, &LIMITS, Dialect::Kubernetes);
        let read = read.map_err(|problems| not_at(problems.first().map_or(0, |problem| problem.span.start)))?;
        let Some(root) = read.root.filter(|root| !root.is_null()) else { return Ok(Self::default()) };
        let mut clusters = Clusters::new();
        for (key, value) in entries(&root).map_err(not_at)? {
            if key != "clusters" {
                return Err(not_at(value.span.start));
            }
            for (cluster, value) in entries(value).map_err(not_at)? {
                let profiles = clusters.entry(cluster.to_owned()).or_default();
                for (profile, value) in entries(value).map_err(not_at)? {
                    let roles = profiles.entry(profile.to_owned()).or_default();
                    for (role, value) in entries(value).map_err(not_at)? {
                        if let Some(kept) = kept(value).map_err(not_at)? {
                            roles.insert(role.to_owned(), kept);
                        }
                    }
                }
            }
        }
        Ok(Self(clusters))
    }

    /// Returns the credentials under a key, if they are good for at least `LEAST_LEFT`.
    pub fn get(&self, key: &CacheKey, now: Timestamp) -> Option<Credentials> {
        let kept = self.0.get(&key.cluster_id)?.get(&key.profile)?.get(&key.role)?;
        let credentials = &kept.credentials;
        let is_good = credentials.expires.is_none_or(|end| end > now + LEAST_LEFT);
        is_good.then(|| credentials.clone())
    }

    /// Keeps credentials, if they end.
    pub fn put(&mut self, key: CacheKey, credentials: &Credentials) {
        if credentials.expires.is_none() {
            return;
        }
        let CacheKey { cluster_id, profile, role } = key;
        let kept = Kept { credentials: credentials.clone(), source: SOURCE.to_owned(), account_id: String::new() };
        self.0.entry(cluster_id).or_default().entry(profile).or_default().insert(role, kept);
    }

    /// Drops credentials that have expired: nobody needs those secrets any more.
    pub fn forget_ended(&mut self, now: Timestamp) {
        for profiles in self.0.values_mut() {
            for roles in profiles.values_mut() {
                roles.retain(|_, kept| kept.credentials.expires.is_none_or(|end| end > now));
            }
            profiles.retain(|_, roles| !roles.is_empty());
        }
        self.0.retain(|_, profiles| !profiles.is_empty());
    }

    /// Returns the text of the file.
    pub fn to_text(&self) -> Secret {
        if self.0.is_empty() {
            return Secret::new("clusters: {}\n");
        }
        let mut text = "clusters:\n".to_owned();
        for (cluster, profiles) in &self.0 {
            text.push_str(&format!("  {}:\n", quoted(cluster)));
            for (profile, roles) in profiles {
                text.push_str(&format!("    {}:\n", quoted(profile)));
                for (role, kept) in roles {
                    text.push_str(&format!("      {}:\n", quoted(role)));
                    kept.write(&mut text);
                }
            }
        }
        Secret::new(text)
    }
}

impl Kept {
    fn write(&self, to: &mut String) {
        let Credentials { access_key_id, secret_access_key, session_token, expires } = &self.credentials;
        let session_token = session_token.as_ref().map_or("", Secret::expose);
        let texts = [
            ("accesskeyid", access_key_id.as_str()),
            ("secretaccesskey", secret_access_key.expose()),
            ("sessiontoken", session_token),
            ("source", &self.source),
            ("accountid", &self.account_id),
        ];
        for (name, text) in texts {
            to.push_str(&format!("        {name}: {}\n", quoted(text)));
        }
        // That program's time without a value; a text in quotes would be none to its reader.
        let end = expires.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |end| end.to_string());
        to.push_str(&format!("        canexpire: {}\n        expires: {end}\n", expires.is_some()));
    }
}

/// Who has put an entry there.
const SOURCE: &str = "cluster-auth";

/// Of a cache: a few kilobytes for each cluster.
const LIMITS: Limits = Limits { max_bytes: MAX_CACHE, max_depth: 16, max_nodes: 100_000, max_alias_expansion: 1_000 };

/// The longest cache that is read, in bytes.
pub const MAX_CACHE: usize = 4 << 20;

/// Keys and values of a mapping, or where something else stands. What is not there has none.
fn entries(node: &Node) -> Result<impl Iterator<Item = (&str, &Node)>, usize> {
    let entries = if node.is_null() { Some(&[][..]) } else { node.as_mapping() };
    Ok(entries.ok_or(node.span.start)?.iter().map(|entry| (&*entry.key.text, &entry.value)))
}

/// One entry; `None` if keys are missing, or the end of credentials that have one.
fn kept(node: &Node) -> Result<Option<Kept>, usize> {
    let (mut texts, mut can_expire, mut expires) = (BTreeMap::new(), false, None);
    for (key, value) in entries(node)? {
        let scalar = value.as_scalar().ok_or(value.span.start)?;
        match key {
            "canexpire" => {
                can_expire = scalar.as_bool().or(scalar.is_null().then_some(false)).ok_or(value.span.start)?;
            }
            "expires" if scalar.is_null() => {}
            "expires" => expires = Some(scalar.text.parse::<Timestamp>().map_err(|_| value.span.start)?),
            _ => drop(texts.insert(key, text(scalar))),
        }
    }
    let mut text = |key: &str| texts.remove(key).unwrap_or_default();
    let (access_key_id, secret, token) = (text("accesskeyid"), text("secretaccesskey"), text("sessiontoken"));
    if access_key_id.is_empty() || secret.is_empty() || (can_expire && expires.is_none()) {
        return Ok(None);
    }
    let credentials = Credentials {
        access_key_id,
        secret_access_key: Secret::new(secret),
        session_token: Some(token).filter(|token| !token.is_empty()).map(Secret::new),
        expires: expires.filter(|_| can_expire),
    };
    Ok(Some(Kept { credentials, source: text("source"), account_id: text("accountid") }))
}

fn text(scalar: &Scalar) -> String {
    if scalar.is_null() { String::new() } else { scalar.text.to_string() }
}

#[cfg(test)]
mod tests;
