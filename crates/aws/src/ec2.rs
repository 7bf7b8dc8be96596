//! EC2's private DNS names, for machines that log in as `system:node:…`.

use std::{collections::HashMap, num::NonZeroU32, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

use crate::{
    AwsError, Client, Endpoint, assume_role,
    calls::{Query, parameters},
    credentials::{self, AssumeRole, Credentials, CredentialsError, Environment, SharedFiles},
    xml,
};

/// The API version of EC2.
const EC2_VERSION: &str = "2016-11-15";

/// How long a name is believed. It never changes while an instance lives; the bound keeps terminated ones from staying.
const REMEMBERED: Duration = Duration::from_secs(600);

/// How many names are remembered.
const CAPACITY: usize = 10_000;

/// A role's credentials are renewed this long before their end.
const RENEW_BEFORE: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// How to ask EC2.
#[derive(Clone, Debug)]
pub struct Ec2Options {
    /// The Region of the instances.
    pub region: String,
    /// A role to assume for it (`server.ec2DescribeInstancesRoleARN`), with `server.sourceARN`.
    pub role: Option<AssumeRole>,
    /// Calls per second in the long run; none for no limit.
    pub queries_per_second: Option<NonZeroU32>,
    /// Calls at once before that limit holds.
    pub burst: u32,
}

/// Why there is no name. All of it is trouble upstream: a caller is neither granted nor denied for it.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// No credentials for asking.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
}

/// Asks EC2, remembers names, and keeps to a rate. One call is under way at a time, so that many nodes starting together
/// do not flood the API; whoever waited for it finds the answer remembered.
pub struct Ec2 {
    client: Client,
    environment: Environment,
    options: Ec2Options,
    now: fn() -> Timestamp,
    state: Mutex<State>,
    names: std::sync::RwLock<HashMap<String, (Arc<str>, Instant)>>,
}

#[derive(Default)]
struct State {
    credentials: Option<Credentials>,
    bucket: Bucket,
}

impl Ec2 {
    /// Prepares; nothing is asked yet.
    pub fn new(client: Client, environment: Environment, options: Ec2Options, now: fn() -> Timestamp) -> Self {
        let state = Mutex::new(State::default());
        Self { client, environment, options, now, state, names: std::sync::RwLock::default() }
    }

    /// The private DNS name of an instance. `None` is EC2's own answer: no such instance, or none with a name.
    pub async fn private_dns_name(&self, instance_id: &str) -> Result<Option<Arc<str>>, DescribeError> {
        if let Some(name) = self.remembered(instance_id) {
            return Ok(Some(name));
        }
        let mut state = self.state.lock().await;
        if let Some(name) = self.remembered(instance_id) {
            return Ok(Some(name));
        }
        if let Some(rate) = self.options.queries_per_second {
            sleep_until(state.bucket.next(rate, self.options.burst, Instant::now())).await;
        }
        let credentials = self.credentials(&mut state).await?;
        let found = self.describe(&credentials, instance_id).await?;
        // An empty or missing name is never remembered: it appears moments after the instance does.
        Ok(found.map(|name| self.remember(instance_id, name)))
    }

    async fn credentials(&self, state: &mut State) -> Result<Credentials, DescribeError> {
        let fresh = |credentials: &&Credentials| {
            credentials.expires.is_none_or(|expires| (self.now)() + RENEW_BEFORE < expires)
        };
        if let Some(credentials) = state.credentials.as_ref().filter(fresh) {
            return Ok(credentials.clone());
        }
        let files: SharedFiles = credentials::load_files(&self.environment)?;
        let plan = credentials::resolve(&self.environment, &files, None)?;
        let sts = self.sts()?;
        let mut found = credentials::fetch(&plan, &self.environment, &self.client, &sts, self.now).await?;
        if let Some(role) = &self.options.role {
            found = assume_role(&self.client, &found, &sts, role, (self.now)()).await?;
        }
        state.credentials = Some(found.clone());
        Ok(found)
    }

    async fn describe(&self, credentials: &Credentials, id: &str) -> Result<Option<String>, DescribeError> {
        let mut form = parameters("DescribeInstances", EC2_VERSION);
        form.push(("InstanceId.1".to_owned(), id.to_owned()));
        let call = "ec2:DescribeInstances";
        let region = &self.options.region;
        let suffix = identity::Partition::of_region(region).dns_suffix();
        let endpoint = Endpoint { url: format!("https://ec2.{region}.{suffix}"), signing_region: region.clone() };
        let query = Query {
            call,
            credentials,
            endpoint: &endpoint,
            service: "ec2",
            form: &form,
            headers: &[],
            at: (self.now)(),
        };
        let body = match self.client.query(&query).await {
            Ok(body) => body,
            // EC2 names an instance it does not have by an error; that is an answer, not trouble.
            Err(AwsError::Refused { code, .. }) if code.starts_with("InvalidInstanceID") => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match private_dns_name(&body, id) {
            Described::Name(name) => Ok(Some(name)),
            Described::Nameless => Ok(None),
            Described::Unreadable => Err(AwsError::Upstream { call, trouble: token::Upstream::Unreadable }.into()),
        }
    }

    fn sts(&self) -> Result<Endpoint, DescribeError> {
        let invalid = |_| AwsError::Upstream { call: "sts:AssumeRole", trouble: token::Upstream::Unreachable };
        Ok(crate::sts_endpoint(&self.environment, Some(&self.options.region)).map_err(invalid)?)
    }

    fn remembered(&self, id: &str) -> Option<Arc<str>> {
        let names = self.names.read().expect("no holder of this lock panics");
        names.get(id).filter(|(_, at)| at.elapsed() < REMEMBERED).map(|(name, _)| Arc::clone(name))
    }

    fn remember(&self, id: &str, name: String) -> Arc<str> {
        let name: Arc<str> = name.into();
        let mut names = self.names.write().expect("no holder of this lock panics");
        if names.len() >= CAPACITY {
            names.retain(|_, (_, at)| at.elapsed() < REMEMBERED);
        }
        if names.len() < CAPACITY {
            names.insert(id.to_owned(), (Arc::clone(&name), Instant::now()));
        }
        name
    }
}

/// What an answer of DescribeInstances says about one instance.
#[derive(Debug, PartialEq, Eq)]
enum Described {
    /// It has this name.
    Name(String),
    /// It has none, or is not there.
    Nameless,
    /// The answer is not one of EC2's.
    Unreadable,
}

/// Looks for `reservationSet / item / instancesSet / item`, whose `instanceId` and `privateDnsName` are the instance's own.
fn private_dns_name(body: &[u8], id: &str) -> Described {
    let Some(instances) = xml::items(body, "instancesSet") else { return Described::Unreadable };
    let instance = instances.iter().find(|fields| xml::text(fields, "instanceId") == Some(id));
    match instance.and_then(|fields| xml::text(fields, "privateDnsName")).filter(|name| !name.is_empty()) {
        Some(name) => Described::Name(name.to_owned()),
        None => Described::Nameless,
    }
}

/// A token bucket over the runtime's clock.
#[derive(Default)]
struct Bucket {
    /// When the bucket would be full again.
    full_at: Option<Instant>,
}

impl Bucket {
    /// When the next call may be made; it is counted as made.
    fn next(&mut self, rate: NonZeroU32, burst: u32, now: Instant) -> Instant {
        let interval = Duration::from_secs(1) / rate.get();
        let full_at = self.full_at.map_or(now, |at| at.max(now));
        self.full_at = Some(full_at + interval);
        (full_at + interval).checked_sub(interval * burst.max(1)).map_or(now, |at| at.max(now))
    }
}

#[cfg(test)]
mod tests;
