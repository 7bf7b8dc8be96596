//! EC2's private DNS names, for machines that log in as `system:node:…`.
//!
//! One call is under way at a time. Whoever needs a name meanwhile waits in [`Waiting`], and the next call asks for all of
//! them: a hundred nodes that start together cost a few calls, and a caller who makes up instance ids costs the others
//! little. Names are remembered; that there is none is not, since it appears moments after the instance does.

mod bucket;
mod names;
mod waiting;

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use token::Upstream;
use tokio::{
    sync::{Mutex, oneshot::error::TryRecvError},
    task::spawn_blocking,
    time::{Instant, sleep_until, timeout},
};

use self::{
    bucket::Bucket,
    names::InstanceNames,
    waiting::{Batch, Waiting},
};
use crate::{
    AwsError, Client, EndpointError, assume_role,
    calls::{Query, parameters},
    credentials::{self, AssumeRole, Credentials, CredentialsError, Environment, Rules, SharedFiles},
    endpoint, xml,
};

/// The API version of EC2.
const EC2_VERSION: &str = "2016-11-15";

/// The call, as errors name it.
const CALL: &str = "ec2:DescribeInstances";

/// How many instances one call asks for.
const BATCH: usize = 100;

/// The longest answer read, in bytes. An instance with many network interfaces takes 200 KiB.
const MAX_BODY: usize = 2 << 20;

/// So long nobody looks for a Region after it was not found: asking metadata that is not there takes seconds.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How long somebody waits for the shared files to be read. They may be pipes, and disks that do not answer.
const READING: Duration = Duration::from_secs(5);

/// Credentials are renewed this long before their end.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// Options of requests to EC2.
#[derive(Clone, Debug)]
pub struct Ec2Options {
    /// The Region of the instances; none where it is the environment's, and else the machine's own. That is found out when
    /// somebody needs a name, and no sooner: machines without metadata wait for it in vain.
    pub region: Option<String>,
    /// A role to assume for it (`server.ec2DescribeInstancesRoleARN`), with `server.sourceARN`.
    pub role: Option<AssumeRole>,
    /// Calls per second in the long run; none for no limit.
    pub queries_per_second: Option<NonZeroU32>,
    /// Calls at once before that limit holds.
    pub burst: u32,
}

/// The reasons why EC2 gave no private DNS name. All of it is trouble upstream: a caller is neither granted nor denied for it.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// Neither the environment nor the instance's metadata says in which Region to ask.
    #[error("no Region for calls of EC2: set AWS_REGION")]
    NoRegion,
    /// No credentials for asking.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The Region or a variable leads to no endpoint.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
}

/// The name of an instance, or none: EC2's own answer that there is no such instance, or none with a name.
type Answer = Result<Option<Arc<str>>, Arc<DescribeError>>;

/// A client for private DNS names of EC2 instances, with a cache and a rate limit.
pub struct Ec2 {
    client: OnceLock<Client>,
    environment: Environment,
    options: Ec2Options,
    now: fn() -> Timestamp,
    names: InstanceNames,
    waiting: Waiting<Answer>,
    turn: Mutex<Turn>,
    /// Calls that nobody has counted yet.
    calls: AtomicU64,
    /// Held by whoever reads the shared files: one at a time, whoever has waited long enough for it.
    reading: Arc<Mutex<()>>,
}

/// What the one who asks holds meanwhile.
#[derive(Default)]
struct Turn {
    region: Option<String>,
    /// Until then nobody looks again for a Region that was not found.
    no_region_until: Option<Instant>,
    credentials: Option<Credentials>,
    bucket: Bucket,
}

impl Ec2 {
    /// Creates the client without asking or reading anything. Where no mapping names machines, roots are never loaded for it.
    pub fn new(environment: Environment, options: Ec2Options, now: fn() -> Timestamp) -> Self {
        let (names, waiting, turn, reading) = Default::default();
        let calls = AtomicU64::new(0);
        Self { client: OnceLock::new(), environment, options, now, names, waiting, turn, calls, reading }
    }

    /// Creates the client on an existing HTTPS client.
    pub fn with_client(client: Client, environment: Environment, options: Ec2Options, now: fn() -> Timestamp) -> Self {
        Self { client: client.into(), ..Self::new(environment, options, now) }
    }

    /// Returns the private DNS name of an instance. `None` is EC2's own answer: no such instance, or none with a name.
    ///
    /// Whoever drops the future while it asks for others leaves them to the next one who waits.
    ///
    /// # Errors
    ///
    /// [`DescribeError`], shared by all who have waited for the same call. It never means that there is no such instance.
    pub async fn private_dns_name(&self, instance_id: &str) -> Result<Option<Arc<str>>, Arc<DescribeError>> {
        loop {
            if let Some(name) = self.names.get(instance_id, Instant::now()) {
                return Ok(Some(name));
            }
            let mut answer = self.waiting.join(instance_id);
            let mut turn = tokio::select! {
                biased;
                Ok(answer) = &mut answer => return answer,
                turn = self.turn.lock() => turn,
            };
            match answer.try_recv() {
                Ok(answer) => return answer,
                // Taken along by somebody who went away before the answer came.
                Err(TryRecvError::Closed) => continue,
                Err(TryRecvError::Empty) => {}
            }
            // Known since, to those who joined while the call was under way. One `now` for both looks: a name that ended
            // between them would pass for EC2's "none".
            let now = Instant::now();
            let known = |id: &str| self.names.get(id, now);
            self.waiting.take_known(|id| known(id).is_some()).tell(|id| Ok(known(id)));
            if known(instance_id).is_none() {
                self.ask_for_all(&mut turn, instance_id).await;
            }
            if let Ok(answer) = answer.try_recv() {
                return answer;
            }
        }
    }

    /// Asks for `first` and for others that wait, and tells them.
    async fn ask_for_all(&self, turn: &mut Turn, first: &str) {
        self.keep_to_the_rate(turn).await;
        let mut batches = vec![self.waiting.take(first, BATCH)];
        while let Some(batch) = batches.pop() {
            match self.describe(turn, &batch).await {
                Ok(mut names) => {
                    let now = Instant::now();
                    batch.tell(|id| Ok(names.remove(id).map(|name| self.names.remember(id, name, now))));
                }
                // One id that EC2 does not know fails a call; one answer that is too long hides the others.
                Err(error) if batch.len() > 1 && is_about_some(&error) => {
                    batches.extend(batch.halves());
                    self.keep_to_the_rate(turn).await;
                }
                Err(error) if is_unknown(&error) => batch.tell(|_| Ok(None)),
                Err(error) => {
                    let error = Arc::new(error);
                    batches.push(batch);
                    batches.drain(..).for_each(|batch| batch.tell(|_| Err(Arc::clone(&error))));
                }
            }
        }
    }

    /// Returns how many calls there were since this was asked last, whatever became of them. Names that are remembered take none.
    pub fn take_calls(&self) -> u64 {
        self.calls.swap(0, Ordering::Relaxed)
    }

    fn client(&self) -> Result<&Client, AwsError> {
        match self.client.get() {
            Some(client) => Ok(client),
            None => {
                let client = Client::new(&self.environment)?;
                Ok(self.client.get_or_init(|| client))
            }
        }
    }

    async fn keep_to_the_rate(&self, turn: &mut Turn) {
        if let Some(rate) = self.options.queries_per_second {
            sleep_until(turn.bucket.next(rate, self.options.burst, Instant::now())).await;
        }
    }

    /// The names of those instances that have one.
    async fn describe(&self, turn: &mut Turn, batch: &Batch<Answer>) -> Result<HashMap<String, String>, DescribeError> {
        let region = self.region(turn).await?;
        let credentials = self.credentials(turn, &region).await?;
        let mut form = parameters("DescribeInstances", EC2_VERSION);
        form.extend(batch.ids().enumerate().map(|(index, id)| (format!("InstanceId.{}", index + 1), id.to_owned())));
        let query = Query {
            call: CALL,
            credentials: Some(&credentials),
            endpoint: &endpoint::ec2_endpoint(&self.environment, &region)?,
            service: "ec2",
            form: &form,
            headers: &[],
            at: (self.now)(),
            max_body: MAX_BODY,
        };
        let client = self.client()?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = client.query(&query).await;
        if matches!(&answer, Err(AwsError::Refused { code, .. }) if !code.starts_with(UNKNOWN)) {
            // Keys may have been replaced in the file or revoked: the next call looks for them anew.
            turn.credentials = None;
        }
        let unreadable = AwsError::Upstream { call: CALL, trouble: Upstream::Unreadable };
        Ok(private_dns_names(&answer?).ok_or(unreadable)?)
    }

    /// The Region: found out once, and looked for again after a moment where it was not found.
    async fn region(&self, turn: &mut Turn) -> Result<String, DescribeError> {
        let known = self.options.region.as_ref().or(turn.region.as_ref()).cloned();
        if let Some(region) = known {
            return Ok(region);
        }
        if turn.no_region_until.is_some_and(|until| Instant::now() < until) {
            return Err(DescribeError::NoRegion);
        }
        let files = self.files().await?;
        let found = match credentials::region(&self.environment, &files, None, None) {
            Some(region) => Some(region),
            None => credentials::instance_region(&self.environment).await,
        };
        turn.no_region_until = found.is_none().then(|| Instant::now() + LOOK_AGAIN);
        turn.region.clone_from(&found);
        found.ok_or(DescribeError::NoRegion)
    }

    /// The shared files, read on another thread: nobody else waits for what they may be.
    async fn files(&self) -> Result<SharedFiles, CredentialsError> {
        let late = || {
            let source = std::io::ErrorKind::TimedOut.into();
            CredentialsError::File { path: "one of the shared AWS files".to_owned(), source }
        };
        let reading = Arc::clone(&self.reading).try_lock_owned().map_err(|_| late())?;
        let environment = self.environment.clone();
        let read = spawn_blocking(move || {
            let _reading = reading;
            credentials::load_files(&environment, Rules::Go)
        });
        timeout(READING, read).await.map_err(|_| late())?.unwrap_or_else(|_| Err(late()))
    }

    async fn credentials(&self, turn: &mut Turn, region: &str) -> Result<Credentials, DescribeError> {
        let fresh = |credentials: &&Credentials| {
            credentials.expires.is_none_or(|expires| (self.now)() + RENEW_BEFORE < expires)
        };
        if let Some(credentials) = turn.credentials.as_ref().filter(fresh) {
            return Ok(credentials.clone());
        }
        let client = self.client()?;
        let files = self.files().await?;
        let plan = credentials::resolve(&self.environment, &files, None, Rules::Go)?;
        let sts = endpoint::sts_endpoint(&self.environment, Some(region))?;
        let mut found = credentials::fetch(&plan, &self.environment, client, &sts, self.now).await?;
        if let Some(role) = &self.options.role {
            found = assume_role(client, &found, &sts, role, None, (self.now)()).await?.credentials;
        }
        turn.credentials = Some(found.clone());
        Ok(found)
    }
}

/// What EC2's codes about instance ids start with: `.NotFound`, `.Malformed`.
const UNKNOWN: &str = "InvalidInstanceID";

/// EC2 names an instance that it does not have by an error; for one id alone that is an answer, not trouble.
fn is_unknown(error: &DescribeError) -> bool {
    matches!(error, DescribeError::Call(AwsError::Refused { code, .. }) if code.starts_with(UNKNOWN))
}

/// Whether asking for fewer at once may help.
fn is_about_some(error: &DescribeError) -> bool {
    let too_large = matches!(error, DescribeError::Call(AwsError::Upstream { trouble: Upstream::TooLarge, .. }));
    too_large || is_unknown(error)
}

/// The names in an answer, by instance id; `None` if it cannot be read.
///
/// `reservationSet / item / instancesSet / item` holds `instanceId` and `privateDnsName`. The network interfaces deeper
/// inside have a `privateDnsName` of their own, which is not the one that kubelets register under.
fn private_dns_names(body: &[u8]) -> Option<HashMap<String, String>> {
    let instances = xml::items(body, "instancesSet")?;
    let named = instances.iter().filter_map(|fields| {
        let name = xml::text(fields, "privateDnsName")?;
        Some((xml::text(fields, "instanceId")?.to_owned(), name.to_owned()))
    });
    Some(named.collect())
}

#[cfg(test)]
mod tests;
