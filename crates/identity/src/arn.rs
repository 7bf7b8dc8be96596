//! Amazon Resource Names, split into their six fields.

use std::{fmt, str::FromStr};

use crate::{AccountId, AccountIdError, Partition, UnknownPartition};

/// An IAM or STS ARN: `arn:<partition>:<service>:<region>:<account>:<resource>`.
///
/// Only the ARNs of principals are of interest here, so the region must be empty and the account present.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    /// The second field.
    pub partition: Partition,
    /// The third field: `iam` or `sts` for principals.
    pub service: String,
    /// The fifth field.
    pub account: AccountId,
    /// Everything after the fifth colon, as written: `role/path/Name`, `user/alice`, `root` … Visible ASCII only.
    pub resource: String,
}

/// Why a text is not the ARN of a principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// It does not start with `arn:` or has fewer than six fields.
    #[error("an ARN looks like arn:aws:iam::111122223333:role/Name")]
    Shape,
    /// The second field is not a known partition.
    #[error(transparent)]
    Partition(#[from] UnknownPartition),
    /// IAM and STS are global: the fourth field must be empty.
    #[error("the ARN of an IAM or STS principal names no region")]
    Region,
    /// The fifth field is not an account.
    #[error(transparent)]
    Account(#[from] AccountIdError),
    /// The resource is empty, or has characters that no name or path in IAM can have.
    #[error("the ARN's resource must be visible ASCII characters, at least one")]
    Resource,
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next().ok_or(ArnError::Shape);
        if next()? != "arn" {
            return Err(ArnError::Shape);
        }
        let (partition, service, region, account, resource) = (next()?, next()?, next()?, next()?, next()?);
        if !region.is_empty() {
            return Err(ArnError::Region);
        }
        if resource.is_empty() || !resource.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ArnError::Resource);
        }
        Ok(Self {
            partition: partition.parse()?,
            service: service.to_owned(),
            account: account.parse()?,
            resource: resource.to_owned(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, account, resource } = self;
        write!(f, "arn:{partition}:{service}::{account}:{resource}")
    }
}
