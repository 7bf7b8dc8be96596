//! What `--explain` of `token` and `eks get-token` prints while credentials are looked for: each source and what became of it, each step with its time, and the
//! Region and the endpoint with what says so. Never a secret.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws::{
    Obtained,
    credentials::{self, Considered, Credentials, Environment, SharedFiles, Verdict},
};

use super::{Wanted, clock::Clock};
use crate::{process, runtime};

/// Prints, or not.
#[derive(Clone, Copy)]
pub(super) struct Explained(pub(super) bool);

/// A step that is under way, since then.
pub(super) struct Started(Instant);

impl Started {
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Where the credentials of a step come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whence {
    AtHand,
    /// Kept by us, from one call to the next.
    Cache,
    AwsCli,
    /// Kept in aws-iam-authenticator's file.
    AuthenticatorsFile,
    Asked,
}

impl Whence {
    fn words(self) -> &'static str {
        match self {
            Self::AtHand => "at hand",
            Self::Cache => "cached by cluster-auth",
            Self::AwsCli => "cached by the AWS CLI",
            Self::AuthenticatorsFile => "cached in aws-iam-authenticator's file",
            Self::Asked => "asked for",
        }
    }
}

/// The Region, and how long it took where the instance was asked for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    pub(super) name: Option<String>,
    pub(super) asked: Option<Duration>,
    /// Whether that gave it; one that stands for none is used where it did not.
    pub(super) is_of_instance: bool,
}

/// How wide the first column is.
const WIDTH: usize = 36;

impl Explained {
    /// The profile, and every source in turn.
    pub(super) fn sources(self, wanted: &Wanted, environment: &Environment, files: &SharedFiles) {
        if !self.0 {
            return;
        }
        let profile = wanted.profile.as_deref();
        let name = credentials::profile_name(environment, profile);
        let set = |variable: &&&str| environment.get(variable).is_some();
        let by = match profile {
            Some(_) => "--profile",
            None => ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().find(set).copied().unwrap_or("nothing names another"),
        };
        row("profile", &format!("{name} ({by})"));
        for Considered { source, verdict } in credentials::considered(environment, files, profile, wanted.rules) {
            let verdict = match verdict {
                Verdict::Used => "used".to_owned(),
                Verdict::Skipped(why) => format!("skipped: {why}"),
                Verdict::NotReached => "not looked at".to_owned(),
            };
            row(source, &verdict);
        }
    }

    /// The Region and the endpoint, and what says so. `configured` has what the profile says beside the environment.
    pub(super) fn endpoint(
        self,
        wanted: &Wanted,
        (environment, configured): (&Environment, &Environment),
        files: &SharedFiles,
        (region, sts): (&Region, &aws::Endpoint),
    ) {
        if !self.0 {
            return;
        }
        let name = credentials::profile_name(environment, wanted.profile.as_deref());
        let set = |variable: &&&str| environment.get(variable).is_some();
        let by = match (&wanted.region, ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find(set)) {
            (Some(_), _) => "--region, or the configuration file".to_owned(),
            (None, Some(variable)) => (*variable).to_owned(),
            (None, None) if files.setting(name, "region").is_some() => format!("profile `{name}`"),
            (None, None) => match region {
                Region { is_of_instance: true, .. } => "the instance's metadata".to_owned(),
                Region { name: Some(_), .. } => "nothing says one, so this stands for it".to_owned(),
                Region { name: None, .. } => "nothing says one".to_owned(),
            },
        };
        let took = region.asked.map(|asked| format!(", {}", milliseconds(asked))).unwrap_or_default();
        row("Region", &format!("{} ({by}{took})", region.name.as_deref().unwrap_or("none")));
        let urls = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"];
        let why = if let Some(variable) = urls.iter().find(set) {
            (*variable).to_owned()
        } else if configured.get(urls[0]).is_some() {
            format!("profile `{name}`")
        } else {
            let switches = ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"];
            let on = switches.into_iter().filter(|switch| configured.is_true(switch));
            let legacy = configured.get("AWS_STS_REGIONAL_ENDPOINTS").map(|_| "AWS_STS_REGIONAL_ENDPOINTS");
            let all: Vec<_> = ["the Region"].into_iter().chain(on).chain(legacy).collect();
            all.join(", ")
        };
        row("STS", &format!("{} ({why})", sts.url));
    }

    /// How often AWS had to be asked for a step, where once was not enough.
    pub(super) fn attempts(self, what: &str, client: &aws::Client) {
        let retries = client.take_retries();
        if self.0 && retries > 0 {
            row(what, &format!("asked {} times: there was no answer before, or a trouble of AWS's", retries + 1));
        }
    }

    /// What became of a step: one that has failed has its line, too, with how long it took.
    pub(super) fn tried<T, E>(self, what: &str, started: &Started, result: Result<T, E>) -> Result<T, E> {
        if self.0 && result.is_err() {
            row(what, &format!("failed, {}", milliseconds(started.elapsed())));
        }
        result
    }

    /// Whose the credentials are: as it was said with them, else by STS, which is asked for nothing but this.
    /// Then this machine's clock, if AWS has said the hour with an answer.
    pub(super) fn identity(self, obtained: &Obtained, environment: &Environment, sts: &aws::Endpoint, clock: &Clock) {
        if !self.0 {
            return;
        }
        let started = Started::now();
        let words = match &obtained.arn {
            Some(arn) => format!("{arn} (as it was said with the credentials)"),
            None => match asked_of_sts(&obtained.credentials, environment, sts, clock) {
                Ok(arn) => format!("{arn} (asked of STS, {})", milliseconds(started.elapsed())),
                Err(why) => format!("not known, {}: {why:#}", milliseconds(started.elapsed())),
            },
        };
        row("identity", &words);
        if let Some(words) = clock.words() {
            row("clock", &words);
        }
    }

    /// What a step has given, and whose that is, where it is known.
    pub(super) fn step(self, what: &str, whence: Whence, Obtained { credentials, arn }: &Obtained, started: &Started) {
        if !self.0 {
            return;
        }
        let end = credentials.expires.map(|end| format!(" until {}", end.strftime("%Y-%m-%dT%H:%M:%SZ")));
        let (id, end) = (&credentials.access_key_id, end.unwrap_or_default());
        row(what, &format!("{}, {}: {id}{end}", whence.words(), milliseconds(started.elapsed())));
        if let Some(arn) = arn {
            row("", &format!("which is {arn}"));
        }
    }
}

/// How long somebody waits who wants to know it.
const PATIENCE: Duration = Duration::from_secs(5);

fn asked_of_sts(
    credentials: &Credentials,
    environment: &Environment,
    sts: &aws::Endpoint,
    clock: &Clock,
) -> anyhow::Result<String> {
    let client = aws::Client::new(environment)?;
    let asked = async {
        let caller = aws::get_caller_identity(&client, credentials, sts, process::now());
        tokio::time::timeout(PATIENCE, caller).await.context("STS did not answer in time")
    };
    let caller = runtime::block_on(asked)?;
    clock.look(&client);
    let arn = caller??.arn;
    // It is shown, so it has to be what it says.
    anyhow::ensure!(arn.parse::<identity::Arn>().is_ok(), "STS's answer holds no ARN");
    Ok(arn)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// A line; who reads no further is no reason to fail.
fn row(name: &str, value: &str) {
    let _ = process::print_line(&document::visible(&format!("{name:WIDTH$}  {value}")));
}
