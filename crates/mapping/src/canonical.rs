//! ARNs as aws-iam-authenticator makes them the same, and whether a caller can have one.
//!
//! Source: `pkg/arn/arn.go`; Go's `strings.ToLower` and `strings.EqualFold`.

use identity::{AccountId, Arn, Partition, Principal};

use crate::Never;

/// `arn.Canonicalize`: a session's ARN becomes its role's; a role keeps its path.
pub(crate) fn canonicalize(arn: &str) -> Result<String, Never> {
    let (partition, service, account, resource) = parse(arn)?;
    let parts: Vec<&str> = resource.split('/').collect();
    match (service, parts[0]) {
        ("sts", "assumed-role") if parts.len() >= 3 => {
            let role = parts[1..parts.len() - 1].join("/");
            Ok(format!("arn:{partition}:iam::{account}:role/{role}"))
        }
        ("sts", "federated-user") | ("iam", "role" | "user" | "root") => Ok(arn.to_owned()),
        _ => Err(Never::NotAPrincipal),
    }
}

/// `arn.StripPath`, which only the comparison by `userid` uses.
pub(crate) fn strip_path(arn: &str) -> Result<String, Never> {
    let (partition, _, account, resource) = parse(arn)?;
    let parts: Vec<&str> = resource.split('/').collect();
    match parts[..] {
        ["role", .., name] if parts.len() > 2 => Ok(format!("arn:{partition}:iam::{account}:role/{name}")),
        _ => Ok(arn.to_owned()),
    }
}

/// Partition, service, account and resource; the account is not looked at.
fn parse(arn: &str) -> Result<(&str, &str, &str, &str), Never> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, _, account, resource] = fields[..] else { return Err(Never::NotAnArn) };
    if partition.parse::<Partition>().is_err() {
        return Err(Never::Partition);
    }
    Ok((partition, service, account, resource))
}

/// Whether some caller's canonical ARN, in lower case, is this text; or why none ever is.
pub(crate) fn of_a_caller(text: &str) -> Result<(), Never> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    if text.contains(char::is_whitespace) {
        return Err(Never::Blank);
    }
    let ["arn", partition, service, region, account, resource] = fields[..] else { return Err(Never::NotAnArn) };
    if partition.parse::<Partition>().is_err() {
        return Err(Never::Partition);
    }
    if !region.is_empty() {
        return Err(Never::Region);
    }
    if account.parse::<AccountId>().is_err() {
        return Err(Never::Account);
    }
    match (service, resource.split_once('/')) {
        ("sts", Some(("assumed-role", _))) => return Err(Never::AssumedRole),
        _ if resource.contains(['*', '?']) => return Err(Never::Wildcard),
        ("iam", Some(("role", name))) if name.contains('/') => return Err(Never::RolePath),
        _ => {}
    }
    let arn: Arn = text.parse().map_err(|_| Never::Character)?;
    let is_role = service == "iam" && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty());
    let is_other = (service == "iam" || resource.starts_with("federated-user/")) && Principal::from_arn(&arn).is_some();
    if is_role || is_other { Ok(()) } else { Err(Never::NotAPrincipal) }
}

/// `strings.ToLower`: letter by letter.
pub(crate) fn lower(text: &str) -> String {
    // Of all letters this one alone becomes two in Rust.
    let lower = |c: char| if c == 'İ' { 'i' } else { c.to_lowercase().next().unwrap_or(c) };
    text.chars().map(lower).collect()
}

/// What `strings.EqualFold` takes for the same as an ASCII text in lower case: two more letters fold to ASCII.
pub(crate) fn fold(text: &str) -> String {
    let fold = |c: char| match c {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        _ => c.to_ascii_lowercase(),
    };
    text.chars().map(fold).collect()
}
