//! Whose AWS credentials a command uses: those of the environment or of a profile, or of a role assumed with them.

mod asking;
mod cache;
mod clock;
mod explained;
mod mfa;
mod private;
mod sessions;

use std::{borrow::Cow, cell::OnceCell};

use anyhow::Context as _;
use aws::{
    Obtained,
    credentials::{self, AssumeRole, Credentials, CredentialsError, Environment, Plan, Rules},
};
use document::shell_word;
use jiff::Timestamp;
use token::ClusterId;

pub(crate) use self::mfa::called;
pub(crate) use self::sessions::{Sessions, folder as sessions_folder};
use self::{
    asking::{Asking, Step},
    cache::Kept,
    clock::Clock,
    explained::{Explained, Region, Started, Whence},
    mfa::Codes,
};
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
    /// Keep them until they end, for tokens of this cluster, in aws-iam-authenticator's file and nowhere else.
    pub(crate) cached_for: Option<String>,
    /// Use no session that is kept, and keep none.
    pub(crate) no_cache: bool,
    /// Print what is looked at, and what becomes of it.
    pub(crate) explain: bool,
    /// A code of the MFA device that a profile names.
    pub(crate) mfa_code: Option<String>,
    /// The command line that was typed, for whoever has to type it again; none of a command that takes no code.
    pub(crate) called: Option<String>,
    /// By whose rules the shared files are read, and STS's endpoint is found where not everything is said. The AWS CLI goes to the
    /// global endpoint without a Region; aws-iam-authenticator never does, but to the instance's Region, else us-east-1.
    pub(crate) rules: Rules,
}

impl Wanted {
    fn codes(&self) -> Codes {
        let takes_a_code = self.called.clone().unwrap_or_else(|| {
            let flags = [("--profile", &self.profile), ("--region", &self.region)];
            let flags =
                flags.into_iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", shell_word(value.as_ref()?))));
            format!("cluster-auth eks get-token --cluster-name c{}", flags.collect::<String>())
        });
        Codes::new(self.mfa_code.clone(), self.rules, takes_a_code)
    }
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
    if let Some(name) = wanted.role.as_ref().and_then(|role| role.session_name.as_ref()) {
        identity::check_session_name(name).map_err(|why| {
            anyhow::anyhow!("the session name {name:?} (--session-name, or the configuration file's) {why}")
        })?;
    }
    let rules = wanted.rules;
    let environment = match rules {
        Rules::Cli => Cow::Borrowed(environment),
        Rules::Go => with_gos_names(environment),
    };
    let environment = &*environment;
    let files = credentials::load_files(environment, rules)?;
    let profile = wanted.profile.as_deref();
    let explained = Explained(wanted.explain);
    explained.sources(wanted, environment, &files);
    let region = credentials::region(environment, &files, profile, wanted.region.as_deref());
    let mut endpoints = credentials::with_endpoints(environment, &files, profile, rules);
    if let Some(services) = credentials::missing_services(environment, &files, profile).filter(|_| rules == Rules::Cli)
    {
        let name = credentials::profile_name(environment, profile);
        anyhow::bail!("profile {name:?} has `services = {services}`, and there is no section [services {services}]");
    }
    let region = match rules {
        Rules::Cli => Region { name: region, ..Region::default() },
        Rules::Go => {
            endpoints.vars.remove("AWS_STS_REGIONAL_ENDPOINTS");
            match region {
                Some(name) => Region { name: Some(name), ..Region::default() },
                None => own_region(&endpoints)?,
            }
        }
    };
    let sts = aws::sts_endpoint(&endpoints, region.name.as_deref())?;
    explained.endpoint(wanted, (environment, &endpoints), &files, (&region, &sts));
    // Whoever renews a login asks there.
    if let Some(name) = &region.name {
        endpoints.vars.insert("AWS_REGION".to_owned(), name.clone());
    }
    let attempts = aws::attempts(&endpoints, rules)?;
    endpoints.vars.insert("AWS_MAX_ATTEMPTS".to_owned(), attempts.to_string());
    let plan = credentials::resolve(environment, &files, profile, rules);
    let is_said = matches!(plan, Err(CredentialsError::Partial { .. }));
    if let Some((present, missing)) = credentials::half_of_keys(environment).filter(|_| profile.is_none() && !is_said) {
        process::note(&format!(
            "note: {present} is set and {missing} is not, so it does not count; set both, or neither"
        ));
    }
    // With keys of the environment no profile counts.
    let has_keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].iter().all(|name| environment.get(name).is_some());
    if profile.is_some() || !has_keys {
        let name = credentials::profile_name(environment, profile);
        let has_credentials = plan.as_ref().is_ok_and(|plan| !plan.base.is_of_surroundings());
        files.slips(name, has_credentials).iter().for_each(|slip| process::note(&format!("note: {slip}")));
    }
    let plan = plan?;
    let clock = Clock::default();
    let obtained = match plan.immediate() {
        // What is at hand is kept already, and whose it is may have changed since a cache was written.
        Some(credentials) if wanted.role.is_none() => {
            wanted.codes().say_unused();
            let obtained = Obtained::from(credentials);
            explained.step("keys", Whence::AtHand, &obtained, &Started::now());
            obtained
        }
        at_hand => match &wanted.cached_for {
            Some(id) => of_file((id, &clock), &plan, at_hand, wanted, &endpoints, &sts)?,
            None => {
                let sessions = if wanted.no_cache { None } else { Sessions::open(&endpoints) };
                asking(&plan, wanted, &endpoints, &sts, sessions, &clock).credentials()?
            }
        },
    };
    explained.identity(&obtained, &endpoints, &sts, &clock);
    let Obtained { credentials, .. } = obtained;
    if let Some(note) = without_session(&credentials) {
        process::note(&note);
    }
    Ok(Found { credentials, region: region.name, sts, environment: endpoints })
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
fn own_region(environment: &Environment) -> anyhow::Result<Region> {
    const NONE: &str = "us-east-1";
    let started = Started::now();
    let region = runtime::block_on(credentials::instance_region(environment))?;
    let asked = (!environment.is_true("AWS_EC2_METADATA_DISABLED")).then(|| started.elapsed());
    if region.is_none() {
        process::note(&format!("note: nothing says a Region, so {NONE} is used; --region or AWS_REGION names one"));
    }
    let is_of_instance = region.is_some();
    Ok(Region { name: Some(region.unwrap_or_else(|| NONE.to_owned())), asked, is_of_instance })
}

/// All that is to be asked for, with the role that was given besides.
fn asking<'a>(
    plan: &'a Plan,
    wanted: &Wanted,
    environment: &'a Environment,
    sts: &'a aws::Endpoint,
    sessions: Option<Sessions>,
    clock: &'a Clock,
) -> Asking<'a> {
    let of_profile =
        plan.roles.iter().map(|role| Step { role: role.clone(), forwards_session_name: false, is_of_profile: true });
    let given = wanted.role.iter().map(|role| Step {
        role: role.clone(),
        forwards_session_name: wanted.forward_session_name,
        is_of_profile: false,
    });
    let codes = wanted.codes();
    let (steps, client) = (of_profile.chain(given).collect(), OnceCell::new());
    let explained = Explained(wanted.explain);
    let rules = wanted.rules;
    Asking { base: &plan.base, steps, rules, environment, sts, codes, sessions, client, clock, explained }
}

/// The same where aws-iam-authenticator's file keeps them.
fn of_file(
    (cluster_id, clock): (&str, &Clock),
    plan: &Plan,
    at_hand: Option<Credentials>,
    wanted: &Wanted,
    environment: &Environment,
    sts: &aws::Endpoint,
) -> anyhow::Result<Obtained> {
    let profile = credentials::profile_name(environment, wanted.profile.as_deref());
    let kept = Kept::open(cluster_id, profile, wanted, environment);
    let started = Started::now();
    let is_at_hand = at_hand.is_some();
    let base = at_hand.or_else(|| kept.as_ref()?.base());
    let explain = |what: &str, whence: Whence, credentials: Credentials| {
        let obtained = Obtained::from(credentials);
        Explained(wanted.explain).step(what, whence, &obtained, &started);
        obtained
    };
    if let Some(last) = base.as_ref().zip(kept.as_ref()).and_then(|(base, kept)| kept.last(base, wanted)) {
        let what = wanted.role.as_ref().map(|role| format!("role {}", role.role_arn));
        return Ok(explain(what.as_deref().unwrap_or("credentials"), Whence::AuthenticatorsFile, last));
    }
    let mut asking = asking(plan, wanted, environment, sts, None, clock);
    let given = asking.steps.split_off(plan.roles.len());
    let mut found = match base {
        Some(base) if is_at_hand => Obtained::from(base),
        Some(base) => explain("credentials", Whence::AuthenticatorsFile, base),
        None => {
            let base = runtime::block_on(asking.ask())??;
            if let Some(kept) = &kept {
                kept.keep(kept.key.clone(), &base.credentials);
            }
            base
        }
    };
    if let Some(role) = &wanted.role {
        let key = kept.as_ref().map(|kept| kept.key.assumed(&found.credentials, role, wanted.forward_session_name));
        let base = credentials::Base::Static(found.credentials);
        let asking = Asking { base: &base, steps: given, client: OnceCell::new(), ..asking };
        found = runtime::block_on(asking.ask())??;
        if let Some((kept, key)) = kept.as_ref().zip(key) {
            kept.keep(key, &found.credentials);
        }
    }
    Ok(found)
}
