//! What `aws iam get-group` and `aws iam list-roles` print, as facts.

use std::fmt;

use identity::Arn;
use mapping::PermissionSet;
use serde::Deserialize;

use crate::Facts;

/// Why such a text cannot be used.
#[derive(Debug)]
pub enum IamDumpError {
    /// Not JSON, or not of the AWS CLI's shape.
    Syntax(serde_json::Error),
    /// Only the first part of an answer: whoever is not in it would count as absent.
    Partial,
    /// Something that must be an ARN is none.
    Arn(String),
    /// Two roles of one permission set in one account; AWS makes one.
    TwoRoles(String),
}

impl fmt::Display for IamDumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "it is not what `aws iam` prints: {error}"),
            Self::Partial => f.write_str("it is only the first part of an answer (IsTruncated); let the AWS CLI page"),
            Self::Arn(text) => write!(f, "`{text}` is not the ARN of an IAM user, group or role"),
            Self::TwoRoles(name) => write!(f, "the permission set `{name}` has two roles in one account"),
        }
    }
}

impl std::error::Error for IamDumpError {}

/// IAM API Reference, `GetGroup` and `ListRoles`, in the AWS CLI's JSON.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    group: Option<Named>,
    users: Option<Vec<Named>>,
    roles: Option<Vec<Named>>,
    #[serde(default)]
    is_truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    arn: String,
}

impl Facts {
    /// Takes what such a text says; `false` where it is something else. With an error nothing of it is taken.
    pub fn add_iam(&mut self, json: &[u8]) -> Result<bool, IamDumpError> {
        let answer: Answer = serde_json::from_slice(json).map_err(IamDumpError::Syntax)?;
        if answer.is_truncated {
            return Err(IamDumpError::Partial);
        }
        match answer {
            Answer { group: Some(group), users: Some(users), .. } => {
                let arn = parse(&group.arn, "group/")?;
                let name = arn.resource.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
                let users = users.into_iter().map(|user| parse(&user.arn, "user/").map(|_| user.arn));
                self.iam_groups.insert((arn.account, name), users.collect::<Result<_, _>>()?);
                Ok(true)
            }
            Answer { roles: Some(roles), .. } => {
                let mut sets = self.permission_sets.clone();
                for role in &roles {
                    let arn = parse(&role.arn, "role/")?;
                    let role = arn.resource.trim_start_matches("role/");
                    let name = role.rsplit('/').next().unwrap_or_default();
                    let is_reserved = role.starts_with("aws-reserved/sso.amazonaws.com/");
                    let Some(set) = PermissionSet::of_role(arn.account, name).filter(|_| is_reserved) else { continue };
                    match sets.insert((set.account, set.name.clone()), role.to_owned()) {
                        Some(other) if other != role => return Err(IamDumpError::TwoRoles(set.name)),
                        Some(_) | None => {}
                    }
                }
                self.permission_sets = sets;
                Ok(true)
            }
            Answer { .. } => Ok(false),
        }
    }
}

fn parse(text: &str, kind: &str) -> Result<Arn, IamDumpError> {
    let arn = text.parse::<Arn>().ok().filter(|arn| arn.service == "iam" && arn.resource.starts_with(kind));
    arn.ok_or_else(|| IamDumpError::Arn(text.to_owned()))
}
