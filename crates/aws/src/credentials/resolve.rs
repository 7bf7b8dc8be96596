//! From environment and files to a plan, without asking anybody.

mod as_go;

use std::{collections::BTreeMap, path::PathBuf};

use identity::check_session_name;

use super::{
    AssumeRole, Credentials, CredentialsError, Environment, MfaDevice, Rules, Secret, SharedFiles, container,
    slips::is_known,
};

/// The steps that lead to credentials: start from a base, then assume these roles one after the other.
pub struct Plan {
    /// Where to start.
    pub base: Base,
    /// From the base outwards; the last one's credentials are the result.
    pub roles: Vec<AssumeRole>,
}

/// The source of the first credentials of a plan. No Debug: static keys are secrets.
pub enum Base {
    /// Keys at hand.
    Static(Credentials),
    /// A token file, exchanged at STS (EKS service accounts, CI systems).
    WebIdentity {
        /// The file.
        token_file: PathBuf,
        /// The role it is exchanged for.
        role_arn: String,
        /// The session's name.
        session_name: Option<String>,
    },
    /// IAM Identity Center, from the token that `aws sso login` left.
    Sso(Sso),
    /// `aws login`.
    Login {
        /// The session's ARN, `login_session` of the profile.
        session: String,
        /// The profile, for advice.
        profile: String,
    },
    /// A program that prints credentials.
    Process {
        /// Its command line.
        command: String,
        /// The profile, for advice.
        profile: String,
    },
    /// The container's endpoint: ECS, EKS Pod Identity.
    Container,
    /// The instance's metadata service.
    InstanceMetadata,
}

/// The parameters of a request to IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sso {
    /// The profile, for advice.
    pub profile: String,
    /// `sso_account_id`.
    pub account_id: String,
    /// `sso_role_name`.
    pub role_name: String,
    /// `sso_start_url`, of the session or the profile.
    pub start_url: String,
    /// `sso_region`, of the session or the profile.
    pub region: String,
    /// `sso_session`; the older form has none.
    pub session: Option<String>,
}

impl Base {
    /// Returns whether it is what there is where nothing else says anything.
    pub fn is_of_surroundings(&self) -> bool {
        matches!(self, Self::Container | Self::InstanceMetadata)
    }
}

impl Plan {
    /// Returns the credentials, if nobody needs to be asked for them.
    pub fn immediate(&self) -> Option<Credentials> {
        match &self.base {
            Base::Static(credentials) if self.roles.is_empty() => Some(credentials.clone()),
            _ => None,
        }
    }
}

/// Returns the AWS Region, by the first of: flag, `AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile's.
pub fn region(
    environment: &Environment,
    files: &SharedFiles,
    profile: Option<&str>,
    flag: Option<&str>,
) -> Option<String> {
    let variable = || environment.get("AWS_REGION").or_else(|| environment.get("AWS_DEFAULT_REGION"));
    let name = profile_name(environment, profile);
    flag.or_else(variable).or_else(|| files.setting(name, "region")).map(str::to_owned)
}

/// Decides where the credentials come from.
///
/// # Errors
///
/// A profile that does not exist, says half of something, or leads back to itself; and an environment without any credentials.
pub fn resolve(
    environment: &Environment,
    files: &SharedFiles,
    profile: Option<&str>,
    rules: Rules,
) -> Result<Plan, CredentialsError> {
    let name = profile_name(environment, profile);
    let named = profile.is_some() || name != "default";
    let is_missing = named && !files.has(name);
    if is_missing && counts_beside_keys(environment, profile, rules) {
        return Err(no_profile(files, name));
    }
    if profile.is_none()
        && let Some(credentials) = from_environment(environment, rules)?
    {
        return Ok(Plan { base: Base::Static(credentials), roles: Vec::new() });
    }
    if is_missing {
        return Err(no_profile(files, name));
    }
    let variables = profile.is_none();
    let plan = match rules {
        Rules::Cli => of_profile(environment, files, name, variables, &mut Vec::new())?,
        Rules::Go => as_go::of_environment_or_profile(environment, files, name, variables)?,
    };
    if let Some(plan) = plan {
        return Ok(plan);
    }
    let base = ambient(environment).ok_or_else(|| CredentialsError::None { profile: name.to_owned() })?;
    Ok(Plan { base, roles: Vec::new() })
}

/// Returns the profile that counts: the one that was given, `AWS_PROFILE`, `AWS_DEFAULT_PROFILE`, or `default`.
pub fn profile_name<'a>(environment: &'a Environment, profile: Option<&'a str>) -> &'a str {
    let variable = || environment.get("AWS_PROFILE").or_else(|| environment.get("AWS_DEFAULT_PROFILE"));
    profile.or_else(variable).unwrap_or("default")
}

/// Whether it is an error that the profile is not there, whatever keys stand in the environment: AWS's SDK for Go passes
/// `AWS_DEFAULT_PROFILE` over then, and nothing else is passed over by it or the AWS CLI.
pub(super) fn counts_beside_keys(environment: &Environment, profile: Option<&str>, rules: Rules) -> bool {
    profile.is_some() || rules == Rules::Cli || environment.get("AWS_PROFILE").is_some()
}

/// The variables of keys.
const KEY_ID_VARIABLE: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY_VARIABLE: &str = "AWS_SECRET_ACCESS_KEY";

/// Returns which of the two variables of keys is set where the other is not, and that other one. Half a pair is passed over, but for the AWS CLI, to which
/// an id alone is an error.
pub fn half_of_keys(environment: &Environment) -> Option<(&'static str, &'static str)> {
    match (environment.get(KEY_ID_VARIABLE), environment.get(SECRET_KEY_VARIABLE)) {
        (Some(_), None) => Some((KEY_ID_VARIABLE, SECRET_KEY_VARIABLE)),
        (None, Some(_)) => Some((SECRET_KEY_VARIABLE, KEY_ID_VARIABLE)),
        _ => None,
    }
}

fn from_environment(environment: &Environment, rules: Rules) -> Result<Option<Credentials>, CredentialsError> {
    if let Some((present @ KEY_ID_VARIABLE, missing)) = half_of_keys(environment).filter(|_| rules == Rules::Cli) {
        return Err(CredentialsError::Partial { present, missing, place: "environment".to_owned() });
    }
    match (environment.get(KEY_ID_VARIABLE), environment.get(SECRET_KEY_VARIABLE)) {
        (Some(access_key_id), Some(secret_access_key)) => Ok(Some(Credentials {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: Secret::new(secret_access_key),
            session_token: environment
                .get("AWS_SESSION_TOKEN")
                .or_else(|| environment.get("AWS_SECURITY_TOKEN"))
                .map(Secret::new),
            expires: environment.get("AWS_CREDENTIAL_EXPIRATION").and_then(|text| text.parse().ok()),
        })),
        _ => Ok(None),
    }
}

/// The plan of one profile, in botocore's order. With `variables`, the environment's web identity counts as the profile's;
/// `seen` are the profiles whose source it is.
fn of_profile(
    environment: &Environment,
    files: &SharedFiles,
    name: &str,
    variables: bool,
    seen: &mut Vec<String>,
) -> Result<Option<Plan>, CredentialsError> {
    let profile = |problem: String| CredentialsError::Profile { profile: name.to_owned(), problem };
    let setting = |key: &str| files.setting(name, key);
    // As the source of another profile, keys come before a role; for its own sake, the role comes first.
    let keys_first = !seen.is_empty() && setting(KEY_ID).is_some() && setting(SECRET_KEY).is_some();

    let role_arn = setting("role_arn").filter(|_| !keys_first && setting("web_identity_token_file").is_none());
    if let Some(role_arn) = role_arn {
        let mut plan = source(environment, files, name, seen)?;
        let duration_seconds = setting("duration_seconds")
            .map(|text| text.parse().map_err(|_| profile("duration_seconds is not a number".to_owned())))
            .transpose()?;
        plan.roles.push(AssumeRole { duration_seconds, ..role(files, name, role_arn)? });
        return Ok(Some(plan));
    }
    let base = without_role(environment, files, name, variables)?;
    Ok(base.map(|base| Plan { base, roles: Vec::new() }))
}

/// The role that a profile assumes, with what it says about that; not for how long.
fn role(files: &SharedFiles, name: &str, role_arn: &str) -> Result<AssumeRole, CredentialsError> {
    let setting = |key: &str| files.setting(name, key).map(str::to_owned);
    let session_name = files.setting(name, "role_session_name");
    Ok(AssumeRole {
        role_arn: role_arn.to_owned(),
        external_id: setting("external_id"),
        session_name: session_name.map(|text| named(name, text, "its role_session_name")).transpose()?,
        mfa: setting("mfa_serial").map(|serial| MfaDevice {
            serial,
            process: setting("mfa_process"),
            profile: name.to_owned(),
        }),
        ..AssumeRole::default()
    })
}

/// The name of a session; `what` says where it stands.
fn named(profile: &str, text: &str, what: &str) -> Result<String, CredentialsError> {
    check_session_name(text)
        .map_err(|why| CredentialsError::Profile { profile: profile.to_owned(), problem: format!("{what} {why}") })?;
    Ok(text.to_owned())
}

/// What a profile has beside a role to assume.
fn without_role(
    environment: &Environment,
    files: &SharedFiles,
    name: &str,
    variables: bool,
) -> Result<Option<Base>, CredentialsError> {
    let setting = |key: &str| files.setting(name, key);
    let web = |variable: &str, key: &str| {
        let variable = environment.get(variable).filter(|_| variables);
        variable.or_else(|| setting(key))
    };
    if let Some(token_file) = web("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") {
        let session_name = web("AWS_ROLE_SESSION_NAME", "role_session_name");
        return web_identity(name, token_file, web("AWS_ROLE_ARN", "role_arn"), session_name).map(Some);
    }
    if setting("sso_account_id").is_some() || setting("sso_role_name").is_some() {
        return Ok(Some(Base::Sso(sso(files, name)?)));
    }
    if let Some(credentials) = static_keys(files.credentials(name), name, "credentials file")? {
        return Ok(Some(Base::Static(credentials)));
    }
    if let Some(session) = setting("login_session") {
        return Ok(Some(Base::Login { session: session.to_owned(), profile: name.to_owned() }));
    }
    if let Some(command) = setting("credential_process") {
        return Ok(Some(Base::Process { command: command.to_owned(), profile: name.to_owned() }));
    }
    Ok(static_keys(files.config(name), name, "config file")?.map(Base::Static))
}

/// What a profile's role is assumed from.
fn source(
    environment: &Environment,
    files: &SharedFiles,
    name: &str,
    seen: &mut Vec<String>,
) -> Result<Plan, CredentialsError> {
    let profile = |problem: String| CredentialsError::Profile { profile: name.to_owned(), problem };
    seen.push(name.to_owned());
    match (files.setting(name, "source_profile"), files.setting(name, "credential_source")) {
        (Some(_), Some(_)) => Err(profile("it has both source_profile and credential_source; keep one".to_owned())),
        (None, None) => Err(profile("it has a role_arn, but neither source_profile nor credential_source".to_owned())),
        (Some(source), None) => {
            // A profile may be its own source: then its keys are meant.
            let keys = |key| files.setting(source, key).is_some();
            let own_keys = source == name && keys(KEY_ID) && keys(SECRET_KEY);
            if seen.iter().any(|other| other == source) && !own_keys {
                return Err(profile(format!("source_profile leads in a circle: {} → {source}", seen.join(" → "))));
            }
            if !files.has(source) {
                return Err(no_profile(files, source));
            }
            of_profile(environment, files, source, false, seen)?
                .ok_or_else(|| profile(format!("its source_profile `{source}` has no credentials")))
        }
        (None, Some(place)) => {
            let base = from_credential_source(environment, name, place, Rules::Cli)?;
            Ok(Plan { base, roles: Vec::new() })
        }
    }
}

fn no_profile(files: &SharedFiles, name: &str) -> CredentialsError {
    CredentialsError::NoProfile { profile: name.to_owned(), advice: files.advice(name) }
}

/// What `credential_source` names. The AWS CLI does not look at the case of its letters.
fn from_credential_source(
    environment: &Environment,
    name: &str,
    place: &str,
    rules: Rules,
) -> Result<Base, CredentialsError> {
    let wrong = |problem: String| CredentialsError::Profile { profile: name.to_owned(), problem };
    let (is, letters): (fn(&str, &str) -> bool, _) = match rules {
        Rules::Cli => (str::eq_ignore_ascii_case, ""),
        Rules::Go => (PartialEq::eq, ", in these letters"),
    };
    if is(place, "Environment") {
        let none = || {
            let missing = half_of_keys(environment).map_or(KEY_ID_VARIABLE, |(_, missing)| missing);
            wrong(format!("credential_source is Environment, and {missing} is not set"))
        };
        from_environment(environment, rules)?.map(Base::Static).ok_or_else(none)
    } else if is(place, "Ec2InstanceMetadata") {
        Ok(Base::InstanceMetadata)
    } else if is(place, "EcsContainer") {
        Ok(Base::Container)
    } else {
        Err(wrong(format!("credential_source must be Environment, Ec2InstanceMetadata or EcsContainer{letters}")))
    }
}

fn web_identity(
    profile: &str,
    token_file: &str,
    role_arn: Option<&str>,
    session_name: Option<&str>,
) -> Result<Base, CredentialsError> {
    let role_arn = role_arn.ok_or_else(|| CredentialsError::Profile {
        profile: profile.to_owned(),
        problem: "a web identity token file is named, but no role: set role_arn or AWS_ROLE_ARN".to_owned(),
    })?;
    let what = "AWS_ROLE_SESSION_NAME, or its role_session_name,";
    let session_name = session_name.map(|text| named(profile, text, what)).transpose()?;
    Ok(Base::WebIdentity { token_file: token_file.into(), role_arn: role_arn.to_owned(), session_name })
}

fn sso(files: &SharedFiles, name: &str) -> Result<Sso, CredentialsError> {
    let session = files.setting(name, "sso_session");
    let section = session.and_then(|session| files.sso_session(session));
    if let (Some(session), None) = (session, section) {
        let problem = format!("its sso_session `{session}` has no section [sso-session {session}] in the config file");
        return Err(CredentialsError::Profile { profile: name.to_owned(), problem });
    }
    for (key, of_session) in section.into_iter().flatten() {
        if files.setting(name, key).is_some_and(|own| own != of_session) {
            let session = session.unwrap_or_default();
            // The value may be a secret, and so may the name be.
            let what = if is_known(key) { key } else { "a setting" };
            let problem = format!("{what} stands in it and in [sso-session {session}], with another value; keep one");
            return Err(CredentialsError::Profile { profile: name.to_owned(), problem });
        }
    }
    let required = |key: &str| {
        let of_session = section.and_then(|section| section.get(key)).map(String::as_str);
        let value = of_session.or_else(|| files.setting(name, key)).filter(|value| !value.is_empty());
        let problem = || format!("it lacks {key}; `aws configure sso --profile {name}` sets it");
        let missing = || CredentialsError::Profile { profile: name.to_owned(), problem: problem() };
        value.map(str::to_owned).ok_or_else(missing)
    };
    Ok(Sso {
        profile: name.to_owned(),
        account_id: required("sso_account_id")?,
        role_name: required("sso_role_name")?,
        start_url: required("sso_start_url")?,
        region: required("sso_region")?,
        session: session.map(str::to_owned),
    })
}

/// The keys of a profile's section, in the files' own names.
const KEY_ID: &str = "aws_access_key_id";
const SECRET_KEY: &str = "aws_secret_access_key";

fn static_keys(
    section: Option<&BTreeMap<String, String>>,
    profile: &str,
    file: &str,
) -> Result<Option<Credentials>, CredentialsError> {
    let get = |key: &str| section.and_then(|section| section.get(key)).filter(|value| !value.is_empty());
    match (get(KEY_ID), get(SECRET_KEY)) {
        (None, _) => Ok(None),
        (Some(_), None) => {
            let place = format!("profile `{profile}`, {file}");
            Err(CredentialsError::Partial { present: KEY_ID, missing: SECRET_KEY, place })
        }
        (Some(access_key_id), Some(secret_access_key)) => Ok(Some(Credentials {
            access_key_id: access_key_id.clone(),
            secret_access_key: Secret::new(secret_access_key.clone()),
            session_token: get("aws_session_token").or_else(|| get("aws_security_token")).map(Secret::new),
            expires: None,
        })),
    }
}

/// What the surroundings offer: a container's endpoint where a variable names it, else the instance's.
fn ambient(environment: &Environment) -> Option<Base> {
    if container::VARIABLES.iter().any(|name| environment.get(name).is_some()) {
        return Some(Base::Container);
    }
    (!environment.is_true("AWS_EC2_METADATA_DISABLED")).then_some(Base::InstanceMetadata)
}
