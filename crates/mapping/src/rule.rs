//! One line of a mapping: a principal, and who it is in the cluster.

use std::{fmt, sync::Arc};

use identity::{AccountId, Arn, Partition, Partitions};
use jiff::Timestamp;

/// The kind of a mapping source that a server asks: what `server.backendMode` can name, and the two that no flag names, the access
/// file and access entries. It is not where `apply` writes (`inventory::MappingTarget`): that is some of these, and only in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BackendMode {
    /// The access file; asked before all others.
    AccessFile,
    /// The server's own configuration file.
    MountedFile,
    /// The `ConfigMap` `kube-system/aws-auth`.
    EksConfigMap,
    /// `IAMIdentityMapping` objects.
    Crd,
    /// A JSON file that changes.
    DynamicFile,
    /// Access entries of EKS, which only EKS itself looks at, before `aws-auth`.
    AccessEntries,
}

impl BackendMode {
    /// Every mode that `server.backendMode` can name.
    pub const BACKENDS: [Self; 4] = [Self::MountedFile, Self::EksConfigMap, Self::Crd, Self::DynamicFile];

    /// Returns the mode that `server.backendMode` means by a name: those of [`Self::BACKENDS`], and the old names `File` and
    /// `ConfigMap` (aws-iam-authenticator, `pkg/mapper/mapper.go`).
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "File" => Some(Self::MountedFile),
            "ConfigMap" => Some(Self::EksConfigMap),
            _ => Self::BACKENDS.into_iter().find(|mode| mode.as_str() == name),
        }
    }

    /// Returns the names of several, with a separator between them.
    pub fn join(modes: &[Self], separator: &str) -> String {
        modes.iter().map(|mode| mode.as_str()).collect::<Vec<_>>().join(separator)
    }

    /// Returns the name in configuration files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessFile => "AccessFile",
            Self::MountedFile => "MountedFile",
            Self::EksConfigMap => "EKSConfigMap",
            Self::Crd => "CRD",
            Self::DynamicFile => "DynamicFile",
            Self::AccessEntries => "EKSAccessEntries",
        }
    }
}

impl fmt::Display for BackendMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the list of `IAMIdentityMapping`s is called.
pub(crate) const OBJECTS: &str = "items";

/// The place of a rule, for logs and explanations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleSource {
    /// Which source.
    pub mode: BackendMode,
    /// Which list in it: `mapRoles`, `mapUsers`, `mapAccounts`.
    pub list: &'static str,
    /// Which entry, from 0.
    pub index: usize,
    /// The file's name; of an `IAMIdentityMapping` its own.
    pub file: Arc<str>,
    /// The line in it, from 1.
    pub line: usize,
}

impl RuleSource {
    /// Returns whether it is an `IAMIdentityMapping`, which has a name and no line, and not an entry of a file.
    pub fn is_object(&self) -> bool {
        self.mode == BackendMode::Crd && self.list == OBJECTS
    }
}

impl fmt::Display for RuleSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, list, index, file, line } = self;
        match mode {
            BackendMode::Crd if self.is_object() => write!(f, "IAMIdentityMapping {file}"),
            // kops makes an object of each.
            BackendMode::Crd => write!(f, "kops {list}[{index}] ({file}:{line})"),
            _ => write!(f, "{mode} {list}[{index}] ({file}:{line})"),
        }
    }
}

/// The principal of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RulePrincipal {
    /// A canonical ARN, in lower case: identities are compared without regard to case.
    Arn(String),
    /// A permission set of IAM Identity Center. To aws-iam-authenticator every role whose name begins with
    /// `AWSReservedSSO_<set>_`; to others only those with AWS's suffix behind it.
    PermissionSet(PermissionSet),
    /// AWS's unique id, in a `DynamicFile` that is compared by `userid`.
    UniqueId(UniqueId),
}

/// AWS's unique id of a role or user (`AROA…`, `AIDA…`), and the ARN that has to be right beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UniqueId {
    /// The id, in its own case.
    pub id: Box<str>,
    /// The canonical ARN in lower case, without a role's path; none where the entry has none.
    pub arn: Option<String>,
}

/// What stands for the unique id of somebody whom only an ARN names: only AWS knows it.
pub const UNKNOWN_UNIQUE_ID: &str = "<unique-id>";

/// A permission set in an account, whatever suffix AWS appended to the role that it made for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PermissionSet {
    /// The account.
    pub account: AccountId,
    /// The set's name, in lower case.
    pub name: String,
}

/// A mapping: a principal, with username and groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whom it is for.
    pub principal: RulePrincipal,
    /// The ARN, or the permission set's name, in the letters in which somebody wrote it; none where these are no others.
    pub written: Option<Box<str>>,
    /// The username, possibly with variables.
    pub username: String,
    /// The groups.
    pub groups: Vec<Membership>,
    /// Where it stands.
    pub source: RuleSource,
}

impl Rule {
    /// Whether a role stands there with its path, which the ARN of no session has: to aws-iam-authenticator it names nobody. So
    /// it is for those alone whom nothing else names.
    pub fn is_by_path(&self) -> bool {
        let resource = |written: &str| written.rsplit(':').next().map(str::to_ascii_lowercase);
        let Some(resource) = self.written.as_deref().and_then(resource) else { return false };
        let parts = |kind: &str| resource.strip_prefix(kind).map(|rest| rest.split('/').count());
        matches!(self.principal, RulePrincipal::Arn(_))
            && self.source.mode == BackendMode::MountedFile
            && (parts("role/").is_some_and(|parts| parts > 1) || parts("assumed-role/").is_some_and(|parts| parts > 2))
    }
}

/// One group that a rule gives, for as long as it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Membership {
    /// The group, possibly with variables.
    pub group: String,
    /// The first moment at which it holds no more; only the access file has ends.
    pub ends: Option<Timestamp>,
}

impl From<String> for Membership {
    /// A membership without expiry.
    fn from(group: String) -> Self {
        Self { group, ends: None }
    }
}

impl Membership {
    /// Returns whether it has not ended.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|ends| now < ends)
    }
}

/// What the names of the roles of permission sets start with; 16 hexadecimal digits follow behind the set's name.
///
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>.
pub(crate) const SSO_ROLE_PREFIX: &str = "awsreservedsso_";

impl PermissionSet {
    /// Returns the permission set that IAM Identity Center made a role for, read from the role's full name
    /// (`AWSReservedSSO_<name>_<suffix>`); `None` for any other role.
    pub fn of_role(account: AccountId, role: &str) -> Option<Self> {
        let (prefix, rest) = role.split_at_checked(SSO_ROLE_PREFIX.len())?;
        let (name, suffix) = rest.rsplit_once('_').filter(|_| prefix.eq_ignore_ascii_case(SSO_ROLE_PREFIX))?;
        let is_suffix = suffix.len() == 16 && suffix.bytes().all(|b| b.is_ascii_hexdigit());
        (is_suffix && !name.is_empty()).then(|| Self { account, name: name.to_ascii_lowercase() })
    }
}

impl fmt::Display for RulePrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => f.write_str(arn),
            Self::PermissionSet(PermissionSet { account, name }) => {
                write!(f, "the permission set {name} in account {account}")
            }
            Self::UniqueId(UniqueId { id, arn: Some(arn) }) => write!(f, "{arn} with the unique id {id}"),
            Self::UniqueId(UniqueId { id, arn: None }) => write!(f, "the unique id {id}"),
        }
    }
}

impl RulePrincipal {
    /// Returns whom a rule with this ARN is for; `None` if it is not a principal's.
    pub fn of_arn(arn: &Arn) -> Option<Self> {
        canonical(arn, arn.partition.into()).ok().map(|(arn, _)| Self::Arn(arn))
    }
}

/// Why an ARN cannot be the principal of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PrincipalError {
    #[error("wildcards are not supported: name each role or user, or a permission set")]
    Wildcard,
    #[error("it names neither an IAM role or user, nor root, an assumed role or a federated user")]
    Kind,
    #[error("it is of the partition {found}, and the server's is {expected}")]
    Partition { found: Partition, expected: Partition },
}

/// The canonical form of an ARN in a rule, in lower case, and whether a role's path was left out.
///
/// STS names a role's sessions without the role's path, so a rule for `role/ops/Admin` can only mean `role/Admin`.
pub(crate) fn canonical(arn: &Arn, partitions: Partitions) -> Result<(String, bool), PrincipalError> {
    if arn.resource.contains(['*', '?']) {
        return Err(PrincipalError::Wildcard);
    }
    if !partitions.has(arn.partition) {
        return Err(PrincipalError::Partition { found: arn.partition, expected: partitions.own() });
    }
    let Arn { partition, account, resource, .. } = arn;
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    let (text, stripped) = match (arn.service.as_str(), kind) {
        ("iam", "role") if !rest.is_empty() => {
            let name = rest.rsplit('/').next().unwrap_or(rest);
            (format!("arn:{partition}:iam::{account}:role/{name}"), name != rest)
        }
        ("sts", "assumed-role") if !rest.is_empty() => {
            // The last part is the session; STS leaves paths out, so that only people write any.
            let mut parts = rest.split('/').rev();
            let (last, role) = (parts.next().unwrap_or(rest), parts.next());
            (format!("arn:{partition}:iam::{account}:role/{}", role.unwrap_or(last)), parts.next().is_some())
        }
        ("iam", "user") | ("sts", "federated-user") if !rest.is_empty() => (arn.to_string(), false),
        ("iam", "root") if rest.is_empty() => (arn.to_string(), false),
        _ => return Err(PrincipalError::Kind),
    };
    Ok((text.to_ascii_lowercase(), stripped))
}
