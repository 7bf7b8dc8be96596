//! What the AWS CLI keeps of credentials that AWS issued: role sessions in `~/.aws/cli/cache`, those of `aws login` in
//! `~/.aws/login/cache`. They are read and never written: the AWS CLI alone knows all that it keeps there.
//!
//! The names of the files are digests of what was asked for, written as Python writes JSON (botocore, `_create_cache_key` of each
//! fetcher). Whom a role was assumed with is not among it.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sha1::{Digest as _, Sha1};

use super::{
    AssumeRole, Base, Credentials, Environment, Obtained, Sso,
    issued::{Issued, time},
    login::Login,
    small_file,
};

/// The AWS CLI asks for new ones so long before the end (`DEFAULT_EXPIRY_WINDOW_SECONDS`).
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(15);

/// Returns the session that the AWS CLI has kept of a role, as long as it uses it itself.
pub fn aws_cli_role(environment: &Environment, role: &AssumeRole, now: Timestamp) -> Option<Obtained> {
    cached(environment, &role_key(role)).filter(|kept| lasts(&kept.credentials, now))
}

/// Returns what the AWS CLI has kept of what a plan starts with, as long as it uses it itself.
pub fn aws_cli_base(environment: &Environment, base: &Base, now: Timestamp) -> Option<Obtained> {
    match base {
        Base::Login { session, .. } => Login::read(environment, session)?.good(now).map(Obtained::from),
        base => of_base(environment, base).filter(|kept| lasts(&kept.credentials, now)),
    }
}

fn lasts(kept: &Credentials, now: Timestamp) -> bool {
    kept.expires.is_some_and(|end| end.duration_since(now) >= RENEWED_BEFORE)
}

fn of_base(environment: &Environment, base: &Base) -> Option<Obtained> {
    match base {
        Base::Sso(sso) => cached(environment, &sso_key(sso)),
        Base::WebIdentity { token_file, role_arn, session_name } => {
            let token = small_file(token_file)?;
            let mut fields = vec![("RoleArn", text(role_arn))];
            fields.extend(session_name.as_ref().map(|name| ("RoleSessionName", text(name))));
            fields.push(("WebIdentityToken", text(&token)));
            cached(environment, &object(&fields, ", ", ": "))
        }
        Base::Static(_) | Base::Login { .. } | Base::Process { .. } | Base::Container | Base::InstanceMetadata => None,
    }
}

/// The name of a file for what is kept under this.
pub(super) fn file_name(key: &str) -> String {
    let digits: String = Sha1::digest(key).iter().map(|byte| format!("{byte:02x}")).collect();
    digits + ".json"
}

/// `json.dumps(…, sort_keys=True)` of the call's parameters.
fn role_key(role: &AssumeRole) -> String {
    let seconds = role.duration_seconds.map(|seconds| ("DurationSeconds", seconds.to_string()));
    let texts = [
        ("ExternalId", role.external_id.as_ref()),
        ("RoleArn", Some(&role.role_arn)),
        ("RoleSessionName", role.session_name.as_ref()),
        ("SerialNumber", role.mfa.as_ref().map(|device| &device.serial)),
    ];
    let texts = texts.into_iter().filter_map(|(name, value)| Some((name, text(value?))));
    object(&seconds.into_iter().chain(texts).collect::<Vec<_>>(), ", ", ": ")
}

fn sso_key(sso: &Sso) -> String {
    let session = sso.session.as_ref().map(|session| ("sessionName", text(session)));
    let session = session.unwrap_or_else(|| ("startUrl", text(&sso.start_url)));
    object(&[("accountId", text(&sso.account_id)), ("roleName", text(&sso.role_name)), session], ",", ":")
}

pub(super) fn object(fields: &[(&str, String)], between: &str, behind_name: &str) -> String {
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("\"{name}\"{behind_name}{value}")).collect();
    format!("{{{}}}", fields.join(between))
}

/// A text as Python writes it: ASCII, and numbers of UTF-16 for all else.
pub(super) fn text(value: &str) -> String {
    let mut written = "\"".to_owned();
    for letter in value.chars() {
        match letter {
            '"' | '\\' => written.extend(['\\', letter]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            '\u{8}' => written.push_str("\\b"),
            '\u{c}' => written.push_str("\\f"),
            ' '..='~' => written.push(letter),
            _ => letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| written.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    written + "\""
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    credentials: Issued,
    assumed_role_user: Option<AssumedRoleUser>,
}

/// Whose they are: AWS's answer stands there as it came.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser {
    arn: String,
}

/// What is kept under a key in `~/.aws/cli/cache`. Whatever cannot be read is not there, as for the AWS CLI.
fn cached(environment: &Environment, key: &str) -> Option<Obtained> {
    let path = environment.home.as_ref()?.join(".aws/cli/cache").join(file_name(key));
    let File { credentials: issued, assumed_role_user } = serde_json::from_str(&small_file(&path)?).ok()?;
    let end = time(&issued.expiration)?;
    Some(Obtained { credentials: issued.ending(end), arn: assumed_role_user.map(|user| user.arn) })
}

#[cfg(test)]
mod tests;
