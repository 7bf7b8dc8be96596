//! Whose AWS credentials a command uses: those of the environment or of a profile, or of a role assumed with them.

mod cache;

use std::{borrow::Cow, path::PathBuf};

use anyhow::Context as _;
use aws::credentials::{self, AssumeRole, Cache, CacheKey, Credentials, Environment, Plan, Rules};
use jiff::Timestamp;
use token::ClusterId;

use crate::{process, runtime};

/// What was asked for.
#[derive(Default)]
pub(crate) struct Wanted {
    /// The Region, where it is not the environment's or the profile's.
    pub(crate) region: Option<String>,
    /// The profile; with one, keys in the environment are left out.
    pub(crate) profile: Option<String>,
    /// A role to assume last.
    pub(crate) role: Option<AssumeRole>,
    /// Assume it with the session name of the credentials at hand.
    pub(crate) forward_session_name: bool,
    /// Keep them until they end, for tokens of this cluster.
    pub(crate) cached_for: Option<String>,
    /// By whose rules the shared files are read, and STS's endpoint is found where not everything is said. The AWS CLI goes to the
    /// global endpoint without a Region; aws-iam-authenticator never does, but to the instance's Region, else us-east-1.
    pub(crate) rules: Rules,
}

/// Credentials, and where they lead.
pub(crate) struct Found {
    pub(crate) credentials: Credentials,
    /// None for AWS's global endpoints.
    pub(crate) region: Option<String>,
    pub(crate) sts: aws::Endpoint,
    /// The environment as it counts for asking AWS: with what the profile says where no variable does.
    pub(crate) environment: Environment,
}

/// The role of a flag, or of `DEFAULT_ROLE`.
pub(crate) fn role(flag: Option<&String>, process: &process::Process) -> Option<String> {
    flag.cloned().or_else(|| process.variable("DEFAULT_ROLE").map(str::to_owned))
}

/// Finds them. The network is touched only if somebody has to be asked.
pub(crate) fn find(wanted: &Wanted, environment: &Environment) -> anyhow::Result<Found> {
    // AWS only says that something is not valid.
    if let Some(AssumeRole { role_arn, .. }) = wanted.role.as_ref().filter(|role| !is_of_a_role(&role.role_arn)) {
        anyhow::bail!("`{role_arn}` is not the ARN of a role, such as arn:aws:iam::111122223333:role/Name");
    }
    let rules = wanted.rules;
    let environment = match rules {
        Rules::Cli => Cow::Borrowed(environment),
        Rules::Go => with_gos_names(environment),
    };
    let environment = &*environment;
    let files = credentials::load_files(environment, rules)?;
    let profile = wanted.profile.as_deref();
    let region = credentials::region(environment, &files, profile, wanted.region.as_deref());
    let mut endpoints = credentials::with_endpoints(environment, &files, profile, rules);
    let region = match rules {
        Rules::Cli => region,
        Rules::Go => {
            endpoints.vars.remove("AWS_STS_REGIONAL_ENDPOINTS");
            Some(region.map_or_else(|| own_region(&endpoints), Ok)?)
        }
    };
    let sts = aws::sts_endpoint(&endpoints, region.as_deref())?;
    let plan = credentials::resolve(environment, &files, profile, rules)?;
    let credentials = match plan.immediate() {
        // What is at hand is kept already, and whose it is may have changed since a cache was written.
        Some(credentials) if wanted.role.is_none() => credentials,
        at_hand => {
            let profile = credentials::profile_name(environment, profile);
            let kept = wanted.cached_for.as_ref().and_then(|id| Kept::open(id, profile, wanted, environment));
            let base = at_hand.or_else(|| kept.as_ref()?.base());
            match base.as_ref().zip(kept.as_ref()).and_then(|(base, kept)| kept.last(base, wanted)) {
                Some(last) => last,
                None => runtime::block_on(fetch(plan, base, wanted, &endpoints, &sts, kept.as_ref()))??,
            }
        }
    };
    if let Some(note) = without_session(&credentials) {
        process::note(&note);
    }
    Ok(Found { credentials, region, sts, environment: endpoints })
}

/// What is wrong where somebody has copied two of the three values of a session: AWS only says that it does not know the key.
fn without_session(credentials: &Credentials) -> Option<String> {
    let key = &credentials.access_key_id;
    (key.starts_with("ASIA") && credentials.session_token.is_none()).then(|| {
        format!(
            "note: the access key {key} is temporary, and no session token is set, so AWS does not know it: set \
             AWS_SESSION_TOKEN, or aws_session_token of the profile"
        )
    })
}

/// A token of one's own, and what is known of it.
pub(crate) struct OwnToken {
    pub(crate) token: String,
    /// When it was signed.
    pub(crate) signed_at: Timestamp,
    /// When the credentials end that signed it.
    pub(crate) credentials_end: Option<Timestamp>,
}

/// Makes a token for a cluster with these credentials.
pub(crate) fn own_token(wanted: &Wanted, cluster: &ClusterId, process: &process::Process) -> anyhow::Result<OwnToken> {
    let found = find(wanted, &process.aws_environment()).context("could not get token")?;
    let Found { credentials, sts, .. } = found;
    let signed_at = process::now();
    let url = aws::presign_get_caller_identity(&credentials, &sts, cluster.as_str(), signed_at);
    Ok(OwnToken { token: token::wrap(&url), signed_at, credentials_end: credentials.expires })
}

/// Whether a text has the form of a role's ARN, be it in a partition that is not known here.
fn is_of_a_role(text: &str) -> bool {
    let fields: Vec<_> = text.splitn(6, ':').collect();
    matches!(fields[..], ["arn", _, "iam", "", _, resource] if resource.starts_with("role/"))
}

/// With the names that AWS's SDK for Go takes for keys besides the usual ones, which hardly anybody has.
fn with_gos_names(environment: &Environment) -> Cow<'_, Environment> {
    let names = [("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID"), ("AWS_SECRET_KEY", "AWS_SECRET_ACCESS_KEY")];
    let mut all = Cow::Borrowed(environment);
    for (other, usual) in names.into_iter().filter(|(other, _)| environment.get(other).is_some()) {
        all.to_mut().fill(usual, environment.get(other));
    }
    all
}

/// The Region of the instance that this runs on, or the one that stands for none.
fn own_region(environment: &Environment) -> anyhow::Result<String> {
    const NONE: &str = "us-east-1";
    let region = runtime::block_on(credentials::instance_region(environment))?;
    Ok(region.unwrap_or_else(|| {
        process::note(&format!("note: nothing says a Region, so {NONE} is used; --region or AWS_REGION names one"));
        NONE.to_owned()
    }))
}

/// The slow path: something has to be asked over the network.
async fn fetch(
    plan: Plan,
    base: Option<Credentials>,
    wanted: &Wanted,
    environment: &Environment,
    sts: &aws::Endpoint,
    kept: Option<&Kept>,
) -> anyhow::Result<Credentials> {
    let client = aws::Client::new(environment)?;
    let base = match base {
        Some(base) => base,
        None => {
            let base = credentials::fetch(&plan, environment, &client, sts, process::now).await?;
            if let Some(kept) = kept {
                kept.keep(kept.key.clone(), &base);
            }
            base
        }
    };
    let Some(role) = &wanted.role else { return Ok(base) };
    let mut assumed = role.clone();
    if wanted.forward_session_name {
        let caller = aws::get_caller_identity(&client, &base, sts, process::now()).await?;
        assumed.session_name = caller.session_name().map(str::to_owned);
    }
    let last = aws::assume_role(&client, &base, sts, &assumed, process::now()).await?;
    if let Some(kept) = kept {
        kept.keep(kept.key.assumed(&base, role, wanted.forward_session_name), &last);
    }
    Ok(last)
}

/// What the cache keeps of all this. Where it cannot be used that is said, and everything is asked for.
struct Kept {
    path: PathBuf,
    cache: Cache,
    /// Of what a role is assumed with, or of the result where none is.
    key: CacheKey,
    now: Timestamp,
}

impl Kept {
    fn open(cluster_id: &str, profile: &str, wanted: &Wanted, environment: &Environment) -> Option<Self> {
        let opened = cache::path(environment).and_then(|path| Ok((cache::read(&path)?, path)));
        let opened = opened.map_err(|why| process::note(&format!("unable to use cache: {why}")));
        let (cache, path) = opened.ok()?;
        let role = wanted.role.as_ref().map(|role| role.role_arn.clone()).unwrap_or_default();
        let key = CacheKey { cluster_id: cluster_id.to_owned(), profile: profile.to_owned(), role };
        Some(Self { path, cache, key, now: process::now() })
    }

    fn base(&self) -> Option<Credentials> {
        self.cache.get(&self.key, self.now)
    }

    /// The result, for these credentials to begin with.
    fn last(&self, base: &Credentials, wanted: &Wanted) -> Option<Credentials> {
        match &wanted.role {
            None => Some(base.clone()),
            Some(role) => self.cache.get(&self.key.assumed(base, role, wanted.forward_session_name), self.now),
        }
    }

    fn keep(&self, key: CacheKey, credentials: &Credentials) {
        if credentials.expires.is_none() {
            process::note("note: --cache: these credentials have no expiry, and are not cached");
            return;
        }
        let kept = cache::update(&self.path, |cache| {
            cache.forget_ended(self.now);
            cache.put(key, credentials);
        });
        if let Err(why) = kept {
            process::note(&format!("unable to update cache: {why}"));
        }
    }
}
