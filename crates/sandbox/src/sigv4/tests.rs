//! The verifier against botocore's vectors and AWS's own signer, and what it says to everything that is not quite theirs.

mod headers;
mod presigned;

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use identity::Partition;
use jiff::Timestamp;

use super::{Signed, Unverified, verify};
use crate::{
    directory::{Key, iam_arn},
    endpoint::Endpoint,
    parameters::Parameters,
};

/// A request that can be changed piece by piece.
#[derive(Clone)]
struct Sent {
    method: &'static str,
    path: &'static str,
    query: String,
    headers: HeaderMap,
    body: String,
}

impl Sent {
    fn new(method: &'static str, host: &str) -> Self {
        let (query, body, headers) = (String::new(), String::new(), HeaderMap::new());
        Self { method, path: "/", query, headers, body }.header("host", host)
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a name");
        self.headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        self
    }

    /// One more value for a header.
    fn also(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a name");
        self.headers.append(name, HeaderValue::from_str(value).expect("a value"));
        self
    }

    /// A header's value with a piece replaced.
    fn replace(self, name: &str, from: &str, to: &str) -> Self {
        let value = self.headers[name].to_str().expect("text").to_owned();
        assert!(value.contains(from), "{name}: {value}");
        self.header(name, &value.replacen(from, to, 1))
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.remove(name).expect("it was there");
        self
    }

    fn verify(&self, key: &Arc<Key>, now: Timestamp) -> Result<(), Unverified> {
        let host = self.headers["host"].to_str().expect("text");
        let endpoint = Endpoint::of_host_header(host).expect("a host of AWS");
        // A query that cannot be read is refused before its signature is looked at.
        let Ok(query) = Parameters::of_query(&self.query) else { return Err(malformed()) };
        let (method, path, headers, body) = (self.method, self.path, &self.headers, self.body.as_bytes());
        let find = |id: &str| (id == key.access_key_id).then(|| Arc::clone(key));
        verify(&Signed { method, path, query: &query, headers, body }, &endpoint, find, now).map(drop)
    }
}

fn malformed() -> Unverified {
    Unverified::Incomplete("malformed".to_owned())
}

fn key(id: &str, secret: &str, session_token: Option<&str>) -> Arc<Key> {
    let account = "111122223333".parse().expect("an account");
    Arc::new(Key {
        holder: "x".to_owned(),
        access_key_id: id.to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: session_token.map(str::to_owned),
        expires: None,
        arn: iam_arn(Partition::Aws, account, "user/x".to_owned()),
        user_id: "AIDAX".to_owned(),
        role: None,
        denied: Vec::new(),
    })
}

/// The same key with something else about it.
fn changed(key: &Key, change: impl FnOnce(&mut Key)) -> Arc<Key> {
    let mut copy = Key {
        holder: key.holder.clone(),
        access_key_id: key.access_key_id.clone(),
        secret_access_key: key.secret_access_key.clone(),
        session_token: key.session_token.clone(),
        arn: key.arn.clone(),
        user_id: key.user_id.clone(),
        role: key.role.clone(),
        denied: Vec::new(),
        expires: key.expires,
    };
    change(&mut copy);
    Arc::new(copy)
}

/// Which variant, and how its message starts.
fn said(result: Result<(), Unverified>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(Unverified::Incomplete(message)) => format!("incomplete: {message}"),
        Err(Unverified::Skewed(message)) => format!("skewed: {message}"),
        Err(Unverified::Scope(message)) => format!("scope: {message}"),
        Err(Unverified::Unsigned(name)) => format!("unsigned: {name}"),
        Err(other) => format!("{other:?}"),
    }
}
