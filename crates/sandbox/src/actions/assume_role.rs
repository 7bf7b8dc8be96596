//! AssumeRole. Tags, policies and source identity are taken and have no effect, and so is a code of MFA that no role asks for.
//!
//! Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.

use identity::Arn;
use jiff::{SignedDuration, Timestamp};

use crate::{
    answer::{AwsError, Field, Success},
    directory::{Directory, Key, Mfa},
    parameters::Parameters,
    sessions::Sessions,
};

/// `DurationSeconds` where none is given, and the most for a session that assumes another role.
const ONE_HOUR: i64 = 3_600;

/// The range of `DurationSeconds`.
const SHORTEST: i64 = 900;
const LONGEST: i64 = 43_200;

pub(super) fn assume_role(
    directory: &Directory,
    sessions: &Sessions,
    parameters: &Parameters,
    caller: &Key,
    now: Timestamp,
) -> Result<Success, AwsError> {
    let role_arn = role_arn(parameters.get("RoleArn"))?;
    let session_name = session_name(parameters.get("RoleSessionName"))?;
    let seconds = duration(parameters.get("DurationSeconds"))?;
    if caller.arn.resource == "root" {
        return Err(AwsError::new(403, "AccessDenied", "Roles may not be assumed by root accounts."));
    }
    let role = directory.roles.iter().find(|role| role.arn.to_string() == role_arn);
    let role = role.filter(|role| role.trusts(caller, parameters.get("ExternalId"))).ok_or_else(|| {
        let message = "is not authorized to perform: sts:AssumeRole on resource";
        AwsError::new(403, "AccessDenied", format!("User: {} {message}: {role_arn}", caller.arn))
    })?;
    if let Some(device) = &role.mfa {
        with_mfa(device, role_arn, parameters, caller)?;
    }
    if caller.role.is_some() && seconds > ONE_HOUR {
        let message =
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
        return Err(invalid(message));
    }
    if seconds > role.max_session_seconds {
        return Err(invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    let expires = whole_seconds(now) + SignedDuration::from_secs(seconds);
    let key = sessions.make(role, session_name, expires, now);
    let text = |text: &str| Field::Text(text.to_owned());
    let result = vec![
        (
            "AssumedRoleUser",
            Field::Group(vec![("AssumedRoleId", text(&key.user_id)), ("Arn", Field::Text(key.arn.to_string()))]),
        ),
        (
            "Credentials",
            Field::Group(vec![
                ("AccessKeyId", text(&key.access_key_id)),
                ("SecretAccessKey", text(&key.secret_access_key)),
                ("SessionToken", text(key.session_token.as_deref().unwrap_or_default())),
                ("Expiration", Field::Text(expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())),
            ]),
        ),
    ];
    Ok(Success { action: "AssumeRole", result })
}

/// A trust policy's `aws:MultiFactorAuthPresent`: without a code it does not hold, and one that is not the device's is refused as such.
fn with_mfa(device: &Mfa, role_arn: &str, parameters: &Parameters, caller: &Key) -> Result<(), AwsError> {
    let (serial, code) = (parameters.get("SerialNumber"), parameters.get("TokenCode"));
    if serial.is_none() && code.is_none() {
        let message = "is not authorized to perform: sts:AssumeRole on resource";
        return Err(AwsError::new(403, "AccessDenied", format!("User: {} {message}: {role_arn}", caller.arn)));
    }
    if (serial, code) == (Some(&device.serial), Some(&device.code)) {
        return Ok(());
    }
    let message = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    Err(AwsError::new(403, "AccessDenied", message))
}

fn role_arn(sent: Option<&str>) -> Result<&str, AwsError> {
    let arn = sent.ok_or_else(|| violated("null", "roleArn", "Member must not be null"))?;
    if arn.len() < 20 {
        return Err(violated(arn, "roleArn", "Member must have length greater than or equal to 20"));
    }
    arn.parse::<Arn>().map_err(|_| invalid(format!("{arn} is invalid")))?;
    Ok(arn)
}

fn session_name(sent: Option<&str>) -> Result<&str, AwsError> {
    let name = sent.ok_or_else(|| violated("null", "roleSessionName", "Member must not be null"))?;
    let constraint = match name.len() {
        0..2 => "Member must have length greater than or equal to 2",
        65.. => "Member must have length less than or equal to 64",
        _ if !is_session_name(name) => r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
        _ => return Ok(name),
    };
    Err(violated(name, "roleSessionName", constraint))
}

fn is_session_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

fn duration(sent: Option<&str>) -> Result<i64, AwsError> {
    let Some(text) = sent else { return Ok(ONE_HOUR) };
    let constraint = match text.parse() {
        Ok(..SHORTEST) => "Member must have value greater than or equal to 900",
        Ok(seconds @ SHORTEST..=LONGEST) => return Ok(seconds),
        Ok(_) => "Member must have value less than or equal to 43200",
        Err(_) => return Err(AwsError::new(400, "MalformedInput", "DurationSeconds is not a number")),
    };
    Err(violated(text, "durationSeconds", constraint))
}

fn violated(value: &str, member: &str, constraint: &str) -> AwsError {
    let value = if value == "null" { value.to_owned() } else { format!("'{value}'") };
    invalid(format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {constraint}"
    ))
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new(400, "ValidationError", message)
}

/// So that credentials end when they were said to.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("the seconds of a timestamp are in range")
}
