//! Whose AWS credentials a command uses: those of the environment or of a profile, or of a role assumed with them.

use aws::credentials::{self, AssumeRole, Credentials, Environment, Plan};

use crate::{rim, runtime};

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
}

/// Credentials, and where they lead.
pub(crate) struct Found {
    pub(crate) credentials: Credentials,
    /// None for AWS's global endpoints.
    pub(crate) region: Option<String>,
    pub(crate) sts: aws::Endpoint,
}

/// The role of a flag, or of `DEFAULT_ROLE`.
pub(crate) fn role(flag: Option<&String>, process: &rim::Process) -> Option<String> {
    flag.cloned().or_else(|| process.variable("DEFAULT_ROLE").map(str::to_owned))
}

/// Finds them. The network is touched only if somebody has to be asked.
pub(crate) fn find(wanted: &Wanted, environment: &Environment) -> anyhow::Result<Found> {
    let files = credentials::load_files(environment)?;
    let profile = wanted.profile.as_deref();
    let region = credentials::region(environment, &files, profile, wanted.region.as_deref());
    let sts = aws::sts_endpoint(environment, region.as_deref())?;
    let plan = credentials::resolve(environment, &files, profile)?;
    let credentials = match plan.immediate() {
        Some(credentials) if wanted.role.is_none() => credentials,
        _ => runtime::block_on(fetch(plan, wanted, environment, &sts))??,
    };
    Ok(Found { credentials, region, sts })
}

/// The slow path: something has to be asked over the network.
async fn fetch(
    plan: Plan,
    wanted: &Wanted,
    environment: &Environment,
    sts: &aws::Endpoint,
) -> anyhow::Result<Credentials> {
    let client = aws::Client::new(environment)?;
    let base = credentials::fetch(&plan, environment, &client, sts, rim::now).await?;
    let Some(role) = &wanted.role else { return Ok(base) };
    let mut role = role.clone();
    if wanted.forward_session_name {
        let caller = aws::get_caller_identity(&client, &base, sts, rim::now()).await?;
        role.session_name = caller.session_name().map(str::to_owned);
    }
    Ok(aws::assume_role(&client, &base, sts, &role, rim::now()).await?)
}
