//! What IAM said, written down: our own form of it, and what the AWS CLI prints. Pure: text in, facts out.

use std::collections::BTreeMap;

use identity::{AccountId, Arn};
use serde::{Deserialize, Serialize};

/// What was looked up in one account, for use without AWS. The same facts give the same bytes.
///
/// ```json
/// {
///   "account": "111122223333",
///   "groups": {"Developers": ["arn:aws:iam::111122223333:user/alice"]},
///   "permissionSetRoles": ["arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_…"],
///   "missing": ["arn:aws:iam::111122223333:user/gone"]
/// }
/// ```
///
/// A group that is not in there was not looked up, which is not the same as having nobody in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Directory {
    /// Whose IAM it is.
    #[serde(with = "account")]
    pub account: AccountId,
    /// The ARNs of the users in each IAM group, by the group's name.
    pub groups: BTreeMap<String, Vec<String>>,
    /// The ARNs of the roles that IAM Identity Center made for permission sets.
    pub permission_set_roles: Vec<String>,
    /// The ARNs of principals that were looked for and exist no more.
    pub missing: Vec<String>,
}

/// What one output of the AWS CLI says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dump {
    /// Of `aws iam get-group --group-name …`.
    Group {
        /// The group's account.
        account: AccountId,
        /// Its name.
        name: String,
        /// The ARNs of everybody in it.
        users: Vec<Arn>,
    },
    /// The ARNs of `aws iam list-roles --path-prefix /aws-reserved/sso.amazonaws.com/`.
    Roles(Vec<Arn>),
}

/// Why such an output cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// Not JSON.
    #[error("line {line}, column {column} is no JSON; `aws iam … --output json` prints it")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON of another shape.
    #[error("this is neither what `aws iam get-group` prints nor `aws iam list-roles`; leave --query out")]
    Shape,
    /// Half a list, which is none: whoever is not in it would count as taken out of it.
    #[error("this is a part of the answer only; leave --max-items and --no-paginate out")]
    Partial,
    /// A user, role or group whose ARN is none, or belongs to another account than the group.
    #[error("{0:?} is not the ARN of such a user, role or group")]
    Arn(String),
}

/// Reads the output of `aws iam get-group` or of `aws iam list-roles`.
///
/// Sources: <https://docs.aws.amazon.com/cli/latest/reference/iam/get-group.html>,
/// <https://docs.aws.amazon.com/cli/latest/reference/iam/list-roles.html>.
pub fn read_dump(json_text: &str) -> Result<Dump, DumpError> {
    let printed: Printed = serde_json::from_str(json_text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => DumpError::Shape,
        _ => DumpError::Syntax { line: error.line(), column: error.column() },
    })?;
    if printed.is_truncated || printed.marker.is_some() || printed.next_token.is_some() {
        return Err(DumpError::Partial);
    }
    let arns =
        |list: Vec<Named>, kind| list.into_iter().map(|named| arn(named.arn, kind)).collect::<Result<Vec<_>, _>>();
    match printed {
        Printed { group: Some(group), users: Some(users), roles: None, .. } => {
            let group = arn(group.arn, "group/")?;
            let users = arns(users, "user/")?;
            if let Some(foreign) = users.iter().find(|user| user.account != group.account) {
                return Err(DumpError::Arn(foreign.to_string()));
            }
            let name = group.resource.rsplit('/').next().unwrap_or_default().to_owned();
            Ok(Dump::Group { account: group.account, name, users })
        }
        Printed { roles: Some(roles), group: None, users: None, .. } => Ok(Dump::Roles(arns(roles, "role/")?)),
        _ => Err(DumpError::Shape),
    }
}

/// Both outputs; fields that are not of interest are left out.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    group: Option<Named>,
    users: Option<Vec<Named>>,
    roles: Option<Vec<Named>>,
    /// Of `--no-paginate`, like the marker.
    #[serde(default)]
    is_truncated: bool,
    marker: Option<String>,
    /// What the CLI itself says where `--max-items` ended the list; `IsTruncated` is not printed then.
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    arn: String,
}

fn arn(text: String, kind: &str) -> Result<Arn, DumpError> {
    let arn = text.parse::<Arn>().ok().filter(|arn| arn.service == "iam" && arn.resource.starts_with(kind));
    arn.ok_or(DumpError::Arn(text))
}

/// An account's twelve digits as text.
mod account {
    use identity::AccountId;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(account: &AccountId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(account.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
