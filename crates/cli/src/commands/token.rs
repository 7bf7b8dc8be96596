//! `token`: a bearer token for kubectl, as an ExecCredential; also answers as `aws eks get-token` does.
//!
//! ```text
//!   environment, files ─► resolve ─► steps ─► credentials ─► sign ─► token ─► ExecCredential
//!                                     └ no network: no runtime, no TLS, no root certificates
//! ```

pub(crate) mod aws_cli;
mod call;

use std::ffi::OsString;

use anyhow::Context as _;
use aws::credentials::{AssumeRole, Rules};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use mapping::authenticator::Config;

use self::aws_cli::Answer;
pub(crate) use self::call::{Call, accepts, parsed, request_of, run_call};
use crate::{
    credentials::{self, OwnToken, Wanted},
    exit::{CommandResult, Failure},
    global::{Boolean, Global},
    process::{self, Process},
    settings,
};

/// How long a token is said to be good: STS accepts it for 15 minutes, and clients use what they hold to the last second.
const LIFETIME: SignedDuration = SignedDuration::from_mins(14);

/// Flags of `token`, named as aws-iam-authenticator names them.
#[derive(Args, Debug, Default)]
pub(crate) struct TokenArgs {
    /// AWS Region of the STS endpoint
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Profile of the AWS configuration to take credentials from
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// ARN of a role to assume first [env: DEFAULT_ROLE]
    #[arg(short, long, value_name = "ARN")]
    pub(crate) role: Option<String>,

    /// External id for assuming --role
    #[arg(short, long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) external_id: Option<String>,

    /// Session name for assuming --role; it appears in the cluster's audit log
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) session_name: Option<String>,

    /// Assume --role with the session name of the current credentials
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = Boolean)]
    pub(crate) forward_session_name: Option<bool>,

    /// Print the token alone, in place of an ExecCredential
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = Boolean)]
    pub(crate) token_only: Option<bool>,

    /// Cache credentials that AWS issued until they expire, in ~/.kube/cache/aws-iam-authenticator/credentials.yaml (another
    /// file: AWS_IAM_AUTHENTICATOR_CACHE_FILE)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = Boolean)]
    pub(crate) cache: Option<bool>,

    /// Print where the credentials come from instead of a token: each source and why it was skipped, each step and its time
    #[arg(long, conflicts_with_all = ["token_only"])]
    pub(crate) explain: bool,

    /// Do not use cached AWS sessions, and do not cache any
    #[arg(long)]
    pub(crate) no_cache: bool,

    /// Code of the MFA device that the profile names (mfa_serial), in place of typing it at the terminal
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    pub(crate) mfa_code: Option<String>,

    /// By whose rules credentials and the endpoint are found: what it was called as says it.
    #[arg(skip = Rules::Go)]
    pub(crate) rules: Rules,

    /// How the AWS CLI would print it, where it was called as that.
    #[arg(skip)]
    pub(crate) answer: Option<Answer>,
}

/// What to sign, with everything resolved.
pub(crate) struct Request {
    pub(crate) cluster_id: token::ClusterId,
    pub(crate) credentials: Wanted,
    token_only: bool,
    answer: Option<Answer>,
}

/// Runs `token`.
pub(crate) fn run(args: &TokenArgs, global: &Global, process: &Process) -> CommandResult {
    let config = settings::config(global)?;
    let request = Request::resolve(args, global, process, &config, &process.arguments)?;
    if request.credentials.role.is_none() {
        args.of_a_role().for_each(|flag| {
            process::note(&format!("note: {flag} has no effect, because no role is assumed; name one by --role ARN"));
        });
    }
    let answer = args.answer.as_ref();
    answer.into_iter().flat_map(|answer| &answer.notes).for_each(|note| process::note(note));
    let with_authorities = answer.and_then(|answer| answer.with_authorities(process));
    print(&request, with_authorities.as_ref().unwrap_or(process))
}

impl TokenArgs {
    /// What was given for assuming a role. aws-iam-authenticator passes over it where there is none, so it is not refused.
    fn of_a_role(&self) -> impl Iterator<Item = &'static str> {
        let flags = [
            ("--external-id", self.external_id.is_some()),
            ("--session-name", self.session_name.is_some()),
            ("--forward-session-name", self.forward_session_name == Some(true)),
        ];
        flags.into_iter().filter_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

impl Request {
    /// `line` is the program and its arguments, for whoever has to type them again.
    fn resolve(
        args: &TokenArgs,
        global: &Global,
        process: &Process,
        config: &Config,
        line: &[OsString],
    ) -> Result<Self, Failure> {
        let client = &config.client;
        let forward_session_name = args.forward_session_name.or(client.forward_session_name).unwrap_or(false);
        let session_name = args.session_name.clone().or_else(|| client.session_name.clone());
        if forward_session_name && session_name.is_some() {
            let both = "a session name and --forward-session-name are both given; give one of them";
            return Err(anyhow::anyhow!(both).into());
        }
        let role = credentials::role(args.role.as_ref(), process).or_else(|| client.role.clone());
        let role = role.filter(|role| !role.is_empty()).map(|role_arn| AssumeRole {
            role_arn,
            external_id: args.external_id.clone().or_else(|| client.external_id.clone()),
            session_name,
            ..AssumeRole::default()
        });
        let cluster_id = settings::cluster_id(global, process, config)?;
        if args.no_cache && args.cache == Some(true) {
            return Err(anyhow::anyhow!("--cache and --no-cache are both given; give one of them").into());
        }
        let is_cached = !args.no_cache && args.cache.or(client.cache).unwrap_or(false);
        Ok(Self {
            credentials: Wanted {
                region: args.region.clone().filter(|region| !region.is_empty()).or_else(|| client.region.clone()),
                profile: args.profile.clone(),
                role,
                forward_session_name,
                cached_for: is_cached.then(|| cluster_id.as_str().to_owned()),
                no_cache: args.no_cache,
                explain: args.explain,
                mfa_code: args.mfa_code.clone(),
                called: Some(credentials::called(line, process)),
                rules: args.rules,
            },
            cluster_id,
            token_only: args.token_only.or(client.token_only).unwrap_or(false),
            answer: args.answer.clone(),
        })
    }
}

/// Signs and prints.
fn print(request: &Request, process: &Process) -> CommandResult {
    let OwnToken { token, signed_at, credentials_end } =
        credentials::own_token(&request.credentials, &request.cluster_id, process)?;
    let expires = expiry(signed_at, credentials_end).context("could not get token")?;
    if request.credentials.explain {
        let until = expires.strftime("%Y-%m-%dT%H:%M:%SZ");
        return Ok(process::print_line(&format!(
            "a token for {} would be good until {until}",
            request.cluster_id.as_str()
        ))?);
    }
    if request.token_only {
        return Ok(process::print(&format!("{token}\n"))?);
    }
    let info = kubeconfig::exec_info(process.variable("KUBERNETES_EXEC_INFO"));
    info.notes.iter().for_each(|note| process::note(note));
    let line = kubeconfig::exec_credential(info.api_version, &token, expires);
    if let Some(answer) = &request.answer
        && let Some(printed) = answer.of(&line, request.credentials.profile.as_deref(), process)?
    {
        return Ok(process::print(&printed)?);
    }
    Ok(process::print(&format!("{line}\n"))?)
}

/// When kubectl should ask again: in 14 minutes, or when the credentials end if that is sooner.
fn expiry(now: Timestamp, credentials_expire: Option<Timestamp>) -> anyhow::Result<Timestamp> {
    let expires = credentials_expire.map_or(now + LIFETIME, |end| end.min(now + LIFETIME));
    anyhow::ensure!(expires > now, "the AWS credentials have expired; get new ones (`aws sso login`, or new keys)");
    Ok(expires)
}

#[cfg(test)]
mod tests {
    use super::{LIFETIME, expiry};

    #[test]
    fn a_token_never_outlives_the_credentials_that_signed_it() {
        let now: jiff::Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
        let at = |minutes| now + jiff::SignedDuration::from_mins(minutes);
        let cases = [(None, Some(at(14))), (Some(at(60)), Some(at(14))), (Some(at(5)), Some(at(5))), (Some(now), None)];
        for (credentials_expire, expected) in cases {
            assert_eq!(expiry(now, credentials_expire).ok(), expected, "{credentials_expire:?}");
        }
        assert_eq!(LIFETIME.as_mins(), 14);
    }
}
