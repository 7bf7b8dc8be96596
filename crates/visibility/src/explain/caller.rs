//! Somebody, by their ARN or by what STS confirmed.

use identity::{Arn, ArnError, Identity, Principal};
use inventory::{SESSION, Who};

/// A caller, as STS names or would name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who, in AWS's terms.
    pub who: Who,
    /// What STS says; the session's name is [`SESSION`] where a role was named and not one of its sessions.
    pub identity: Identity,
    /// The key that signed the token, where there is one.
    pub(super) access_key_id: Option<String>,
    /// The path that was written for a role. STS leaves it out, so mappings do not know it.
    pub path: Option<String>,
}

/// The reasons why nobody can log in by an ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACaller {
    /// It is none.
    #[error("not the ARN of a person or role: {0}")]
    Arn(ArnError),
    /// An IAM group.
    #[error("an IAM group cannot log in; name one of its users, as arn:aws:iam::111122223333:user/alice")]
    Group,
    /// An instance profile.
    #[error("an instance profile logs in as its role; name that, as arn:aws:iam::111122223333:role/Name")]
    InstanceProfile,
    /// A permission set of IAM Identity Center, whose ARN does not hold its name. Its ARN has another form than IAM's.
    #[error(
        "a permission set logs in as the role that IAM Identity Center made for it in an account; name that: its ARN has role/aws-reserved/sso.amazonaws.com/ in it, and `aws iam list-roles --path-prefix /aws-reserved/` lists them"
    )]
    PermissionSet,
    /// Something else.
    #[error(
        "that ARN names neither a user, a role, a session of one, a federated user nor root; `aws sts get-caller-identity` prints one's own"
    )]
    Kind,
}

impl From<ArnError> for NotACaller {
    fn from(error: ArnError) -> Self {
        Self::Arn(error)
    }
}

impl Caller {
    /// Returns whom an ARN names: a user, a role (then whoever assumes it), a session, a federated user or root.
    pub fn of_arn(text: &str) -> Result<Self, NotACaller> {
        if text.split(':').nth(2) == Some("sso") {
            return Err(NotACaller::PermissionSet);
        }
        let arn: Arn = text.parse()?;
        let (kind, rest) = arn.resource.split_once('/').unwrap_or((&arn.resource, ""));
        match (arn.service.as_str(), kind) {
            ("iam", "group") => Err(NotACaller::Group),
            ("iam", "instance-profile") => Err(NotACaller::InstanceProfile),
            ("iam", "role") if !rest.is_empty() && !rest.ends_with('/') => {
                let (path, name) = rest.rsplit_once('/').map_or((None, rest), |(path, name)| (Some(path), name));
                let who = Who::Role(arn.account, name.into());
                let identity = who.identity(arn.partition);
                Ok(Self { who, identity, access_key_id: None, path: path.map(|path| format!("/{path}/")) })
            }
            _ => {
                let principal = Principal::from_arn(&arn).ok_or(NotACaller::Kind)?;
                let (partition, account) = (arn.partition, arn.account);
                Ok(Self::of(Identity { partition, account, principal, unique_id: "<unique-id>".to_owned() }, None))
            }
        }
    }

    /// Returns whom STS confirmed, and the key that signed.
    pub fn confirmed(identity: &Identity, access_key_id: &str) -> Self {
        Self::of(identity.clone(), Some(access_key_id.to_owned()))
    }

    fn of(identity: Identity, access_key_id: Option<String>) -> Self {
        let account = identity.account;
        let who = match &identity.principal {
            Principal::User { path, name } => Who::User(account, format!("{}{name}", &path[1..]).into()),
            Principal::AssumedRole { role, session } => Who::Session(account, format!("{role}/{session}").into()),
            Principal::FederatedUser { name } => Who::FederatedUser(account, name.as_str().into()),
            Principal::Root => Who::Root(account),
        };
        Self { who, identity, access_key_id, path: None }
    }

    /// Returns whether it is one session, of which the name is known.
    pub fn has_session(&self) -> bool {
        self.identity.session_name().is_none_or(|name| name != SESSION)
    }

    /// Returns the ARN to call them by: what STS answers, and for whoever assumes a role the role's.
    pub fn arn(&self) -> String {
        if self.has_session() { self.identity.arn() } else { self.identity.canonical_arn() }
    }

    /// Returns the permission set whose role this is.
    pub fn permission_set(&self) -> Option<&str> {
        let Principal::AssumedRole { role, .. } = &self.identity.principal else { return None };
        let set = mapping::PermissionSet::of_role(self.identity.account, role)?;
        // In its own spelling.
        role.get(role.len() - 17 - set.name.len()..role.len() - 17)
    }

    /// Returns who they are to AWS: `the IAM user ops/bob of account 111122223333`.
    pub fn in_words(&self) -> String {
        let account = &self.identity.account;
        match &self.identity.principal {
            Principal::User { .. } => format!("the IAM user {} of account {account}", self.who.name()),
            Principal::FederatedUser { name } => format!("the federated user {name} of account {account}"),
            Principal::Root => format!("the root of account {account}"),
            Principal::AssumedRole { role, session } => {
                let role = match self.permission_set() {
                    Some(set) => format!("the permission set {set} in account {account}"),
                    None => format!("the IAM role {role} of account {account}"),
                };
                if self.has_session() {
                    format!("the session {session} of {role}")
                } else {
                    format!("a session of {role}")
                }
            }
        }
    }
}
