//! A profile as AWS's SDK for Go reads it.
//!
//! Source: `setFromIniSections` of its `config/shared_config.go`, and `resolveCredsFromProfile` of `config/resolve_credentials.go`.

use super::{
    Base, KEY_ID, Plan, SECRET_KEY, ambient, from_credential_source, no_profile, role, sso, static_keys, web_identity,
};
use crate::credentials::{Credentials, CredentialsError, Environment, Rules, SharedFiles};

/// What would be the source of credentials by itself; a profile may have one of them.
const KINDS: [&str; 4] = ["source_profile", "credential_source", "credential_process", WEB_IDENTITY];

const WEB_IDENTITY: &str = "web_identity_token_file";

/// What of it makes a profile one of IAM Identity Center.
const SSO: [&str; 5] = ["sso_session", "sso_account_id", "sso_role_name", "sso_start_url", "sso_region"];

/// What is shorter it takes for the shortest that there is, of a quarter of an hour: it compares whole minutes
/// (`credsFromAssumeRole`).
const SHORTEST_SECONDS: u32 = 16 * 60;

/// The plan of the environment's web identity, which counts with `variables`, and else of the profile.
pub(super) fn of_environment_or_profile(
    environment: &Environment,
    files: &SharedFiles,
    name: &str,
    variables: bool,
) -> Result<Option<Plan>, CredentialsError> {
    let variable = |name: &str| environment.get(name).filter(|_| variables);
    if let Some(token_file) = variable("AWS_WEB_IDENTITY_TOKEN_FILE") {
        let base = web_identity(name, token_file, variable("AWS_ROLE_ARN"), variable("AWS_ROLE_SESSION_NAME"))?;
        return Ok(Some(Plan { base, roles: Vec::new() }));
    }
    of_profile(environment, files, name, &mut Vec::new())
}

/// `seen` are the profiles whose source it is. None where it has nothing that gives credentials.
fn of_profile(
    environment: &Environment,
    files: &SharedFiles,
    name: &str,
    seen: &mut Vec<String>,
) -> Result<Option<Plan>, CredentialsError> {
    let wrong = |problem: String| CredentialsError::Profile { profile: name.to_owned(), problem };
    let keys = keys(files, name)?;
    // A profile that comes again is meant for what it has itself: not for its role, and not for its source.
    let comes_again = seen.iter().any(|other| other == name);
    let setting = |key: &str| files.setting(name, key).filter(|_| !comes_again || key != "source_profile");
    let role_arn = setting("role_arn").filter(|_| !comes_again);
    let without_role =
        ["source_profile", "credential_source", WEB_IDENTITY].into_iter().find(|key| setting(key).is_some());
    if let (None, Some(key)) = (role_arn, without_role.filter(|_| !comes_again)) {
        return Err(wrong(format!("it has {key}, but no role_arn")));
    }
    let is_source = !seen.is_empty();
    let plan = match keys {
        Some(keys) if is_source => Some(Plan { base: Base::Static(keys), roles: Vec::new() }),
        keys => {
            seen.push(name.to_owned());
            let kinds: Vec<_> = KINDS.into_iter().filter(|key| setting(key).is_some()).collect();
            if let [first, second, ..] = kinds[..] {
                return Err(wrong(format!("it has both {first} and {second}; keep one")));
            }
            match setting("source_profile") {
                Some(source) => Some(of_source(environment, files, name, source, seen)?),
                None => own(environment, files, name, keys)?.map(|base| Plan { base, roles: Vec::new() }),
            }
        }
    };
    let plan = match (plan, role_arn) {
        // A role alone is assumed by whatever the surroundings are.
        (None, Some(_)) if !is_source => ambient(environment).map(|base| Plan { base, roles: Vec::new() }),
        (plan, _) => plan,
    };
    let Some(mut plan) = plan else { return Ok(None) };
    let is_assumed = matches!(plan.base, Base::WebIdentity { .. }) && setting("source_profile").is_none();
    if let Some(role_arn) = role_arn.filter(|_| !is_assumed) {
        let mut role = role(files, name, role_arn)?;
        let seconds = setting("duration_seconds").and_then(|text| text.parse().ok());
        role.duration_seconds = seconds.filter(|seconds| *seconds >= SHORTEST_SECONDS);
        plan.roles.push(role);
    }
    Ok(Some(plan))
}

/// What a profile's `source_profile` gives.
fn of_source(
    environment: &Environment,
    files: &SharedFiles,
    name: &str,
    source: &str,
    seen: &mut Vec<String>,
) -> Result<Plan, CredentialsError> {
    if !files.has(source) {
        return Err(no_profile(files, source));
    }
    let is_circle = seen.iter().any(|other| other == source);
    let way = seen.join(" → ");
    of_profile(environment, files, source, seen)?.ok_or_else(|| {
        let problem = if is_circle {
            format!("source_profile leads in a circle: {way} → {source}")
        } else {
            format!("its source_profile `{source}` has no credentials")
        };
        CredentialsError::Profile { profile: name.to_owned(), problem }
    })
}

/// What a profile has besides another profile: its keys before everything else.
fn own(
    environment: &Environment,
    files: &SharedFiles,
    name: &str,
    keys: Option<Credentials>,
) -> Result<Option<Base>, CredentialsError> {
    let setting = |key: &str| files.setting(name, key);
    if let Some(keys) = keys {
        return Ok(Some(Base::Static(keys)));
    }
    if let Some(place) = setting("credential_source") {
        return from_credential_source(environment, name, place, Rules::Go).map(Some);
    }
    if let Some(token_file) = setting(WEB_IDENTITY) {
        return web_identity(name, token_file, setting("role_arn"), setting("role_session_name")).map(Some);
    }
    if SSO.iter().any(|key| setting(key).is_some()) {
        return Ok(Some(Base::Sso(sso(files, name)?)));
    }
    if let Some(session) = setting("login_session") {
        return Ok(Some(Base::Login { session: session.to_owned(), profile: name.to_owned() }));
    }
    let command = setting("credential_process");
    Ok(command.map(|command| Base::Process { command: command.to_owned(), profile: name.to_owned() }))
}

/// The keys of a profile: the credentials file's before the config file's. Half a pair is an error, whatever else there is.
fn keys(files: &SharedFiles, name: &str) -> Result<Option<Credentials>, CredentialsError> {
    let credentials = files.credentials(name);
    let (counts, file) = match credentials {
        Some(section) => (Some(section), "credentials file"),
        None => (files.config(name), "config file"),
    };
    let has = |key: &str| counts.is_some_and(|section| section.contains_key(key));
    if has(SECRET_KEY) && !has(KEY_ID) {
        let place = format!("profile `{name}`, {file}");
        return Err(CredentialsError::Partial { present: SECRET_KEY, missing: KEY_ID, place });
    }
    match static_keys(counts, name, file)? {
        None if credentials.is_some() => Ok(static_keys(files.config(name), name, "config file").unwrap_or_default()),
        keys => Ok(keys),
    }
}
