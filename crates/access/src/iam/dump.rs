//! What `aws iam get-group` and `aws iam list-roles` print.
//!
//! Sources: <https://docs.aws.amazon.com/cli/latest/reference/iam/get-group.html>,
//! <https://docs.aws.amazon.com/cli/latest/reference/iam/list-roles.html>.

use identity::Arn;
use serde::Deserialize;

use super::IamFactError;
use crate::{Facts, IamAccount, Kind};

/// The reasons to reject output of `aws iam`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IamDumpError {
    /// Not JSON.
    #[error("this is not JSON (line {line}, column {column}); pass the output of `aws iam … --output json`")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON of another shape.
    #[error("it is not the whole output of `aws iam get-group` or `aws iam list-roles`; leave --query out")]
    Shape,
    /// Only a part of an answer: whoever is not in it would count as absent.
    #[error("it is only a part of what AWS answers; print it again without --max-items and --no-paginate of `aws`")]
    Partial,
    /// Something that must be an ARN is none.
    #[error("`{0}` is not the ARN of an IAM user, group or role")]
    Arn(String),
    /// It says what cannot be.
    #[error(transparent)]
    Fact(#[from] IamFactError),
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

impl Facts {
    /// Adds output of `aws iam`; returns `false` for any other text. An error leaves the facts unchanged.
    pub fn add_iam_dump(&mut self, json: &[u8]) -> Result<bool, IamDumpError> {
        let printed: Printed = serde_json::from_slice(json).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => IamDumpError::Shape,
            _ => IamDumpError::Syntax { line: error.line(), column: error.column() },
        })?;
        if printed.is_truncated || printed.marker.is_some() || printed.next_token.is_some() {
            return Err(IamDumpError::Partial);
        }
        match printed {
            Printed { group: Some(group), users: Some(users), roles: None, .. } => {
                let group = parse(&group.arn)?;
                let whose = IamAccount::of(&group);
                whose.has(&group, "group/", "a group")?;
                let name = group.resource.rsplit('/').next().unwrap_or_default();
                self.take_group(whose, name, &arns(&users)?)?;
            }
            Printed { group: None, users: None, roles: Some(roles), .. } => {
                let roles = arns(&roles)?;
                if let Some(first) = roles.first() {
                    let whose = IamAccount::of(first);
                    self.take_roles(whose, &roles)?;
                    // Whoever is not in it may have been left out by --path-prefix.
                    for role in &roles {
                        let name = role.resource.rsplit('/').next().unwrap_or_default();
                        self.take(whose, Kind::Role, name, Some(role))?;
                    }
                }
            }
            Printed { group: None, users: None, roles: None, .. } => return Ok(false),
            Printed { .. } => return Err(IamDumpError::Shape),
        }
        Ok(true)
    }
}

fn arns(list: &[Named]) -> Result<Vec<Arn>, IamDumpError> {
    list.iter().map(|named| parse(&named.arn)).collect()
}

fn parse(text: &str) -> Result<Arn, IamDumpError> {
    text.parse().map_err(|_| IamDumpError::Arn(text.to_owned()))
}
