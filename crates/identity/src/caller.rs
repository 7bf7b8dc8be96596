//! The identity that `GetCallerIdentity` answers with.

use crate::{AccountId, Arn, ArnError, Partition};

/// The principal that a caller is: a user, a role session, a federated user or root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// An IAM user: its path (`/`, `/ops/` …) and its name.
    User {
        /// With leading and trailing slash, as IAM writes it.
        path: String,
        /// Unique in its account, in whatever case.
        name: String,
    },
    /// A session of an IAM role. STS leaves the role's path out.
    AssumedRole {
        /// The role's name, without its path.
        role: String,
        /// Chosen by whoever assumed the role, unless its trust policy says otherwise.
        session: String,
    },
    /// A session made by `GetFederationToken`.
    FederatedUser {
        /// Chosen by the caller of `GetFederationToken`.
        name: String,
    },
    /// The account itself.
    Root,
}

/// What STS confirmed about a caller: the answer of `GetCallerIdentity`, parsed and consistent.
///
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The partition of the ARN.
    pub partition: Partition,
    /// The account of the ARN, equal to the answer's `Account`.
    pub account: AccountId,
    /// What kind of principal, and its name.
    pub principal: Principal,
    /// The unique id: `AIDA…`, `AROA…`, the account for root, `<account>:<name>` for a federated user.
    pub unique_id: String,
}

/// Why an answer of `GetCallerIdentity` describes no caller.
///
/// No variant holds text of the answer: what comes from upstream is never quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// `Arn` is not an ARN.
    #[error("the caller's ARN cannot be read: {0}")]
    Arn(#[from] ArnError),
    /// `Arn` is neither a user, a role session, a federated user nor root.
    #[error("the caller's ARN is not one of a user, a role session, a federated user or root")]
    Kind,
    /// `Account` is not the account of `Arn`.
    #[error("the answer's Account is not the account of its Arn")]
    AccountMismatch,
    /// `UserId` does not fit `Arn`: a role session needs `<id>:<session>` with the session of the ARN, for example.
    #[error("the answer's UserId does not fit its Arn")]
    UserIdMismatch,
}

impl Identity {
    /// Reads the three fields of `GetCallerIdentity`'s answer and checks that they agree.
    pub fn from_answer(arn: &str, account: &str, user_id: &str) -> Result<Self, IdentityError> {
        let arn: Arn = arn.parse()?;
        if arn.account.as_str() != account {
            return Err(IdentityError::AccountMismatch);
        }
        let principal = Principal::from_arn(&arn).ok_or(IdentityError::Kind)?;
        let unique_id = principal.unique_id(user_id, &arn.account).ok_or(IdentityError::UserIdMismatch)?;
        Ok(Self { partition: arn.partition, account: arn.account, unique_id: unique_id.to_owned(), principal })
    }

    /// Returns the ARN that STS answers with: the session's own for role sessions.
    pub fn arn(&self) -> String {
        match &self.principal {
            Principal::AssumedRole { role, session } => {
                format!("arn:{}:sts::{}:assumed-role/{role}/{session}", self.partition, self.account)
            }
            Principal::User { .. } | Principal::FederatedUser { .. } | Principal::Root => self.canonical_arn(),
        }
    }

    /// Returns the ARN that mappings name: the role's (without path) for its sessions, [`Self::arn`] for all others.
    ///
    /// The rule is aws-iam-authenticator's (`pkg/arn/arn.go`, `Canonicalize`).
    pub fn canonical_arn(&self) -> String {
        let service = if matches!(self.principal, Principal::FederatedUser { .. }) { "sts" } else { "iam" };
        let [kind, path, name] = self.canonical_resource_parts();
        format!("arn:{}:{service}::{}:{kind}{path}{name}", self.partition, self.account)
    }

    /// Returns the resource of [`Self::canonical_arn`] in the parts that it is put together from.
    pub fn canonical_resource_parts(&self) -> [&str; 3] {
        match &self.principal {
            Principal::AssumedRole { role, .. } => ["role", "/", role],
            Principal::User { path, name } => ["user", path, name],
            Principal::FederatedUser { name } => ["federated-user", "/", name],
            Principal::Root => ["root", "", ""],
        }
    }

    /// Returns the session's name; only role sessions have one.
    pub fn session_name(&self) -> Option<&str> {
        match &self.principal {
            Principal::AssumedRole { session, .. } => Some(session),
            Principal::User { .. } | Principal::FederatedUser { .. } | Principal::Root => None,
        }
    }
}

impl Principal {
    /// Returns the principal that `arn` names, where it names a caller (a `role/…` ARN does not: only its sessions call).
    ///
    /// Nothing is normalised: [`Identity::arn`] writes the very same resource again.
    pub fn from_arn(arn: &Arn) -> Option<Self> {
        let resource = arn.resource.as_str();
        match arn.service.as_str() {
            "iam" if resource == "root" => Some(Self::Root),
            "iam" => {
                // The path begins and ends with a slash, which is one and the same where there is no path.
                let (path, name) = resource.strip_prefix("user")?.rsplit_once('/')?;
                let well_formed = !name.is_empty() && (path.is_empty() || (path.starts_with('/') && path != "/"));
                well_formed.then(|| Self::User { path: format!("{path}/"), name: name.to_owned() })
            }
            "sts" => match resource.split('/').collect::<Vec<_>>()[..] {
                ["assumed-role", role, session] if !role.is_empty() && !session.is_empty() => {
                    Some(Self::AssumedRole { role: role.to_owned(), session: session.to_owned() })
                }
                ["federated-user", name] if !name.is_empty() => Some(Self::FederatedUser { name: name.to_owned() }),
                _ => None,
            },
            _ => None,
        }
    }

    /// The part of `UserId` that stays the same over sessions, if `UserId` fits this principal.
    ///
    /// The ids that IAM makes up (`AIDA…`, `AROA…`) are letters and digits. Source:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>.
    fn unique_id<'a>(&self, user_id: &'a str, account: &AccountId) -> Option<&'a str> {
        let made_by_iam = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match self {
            Self::User { .. } => made_by_iam(user_id).then_some(user_id),
            Self::Root => (user_id == account.as_str()).then_some(user_id),
            Self::AssumedRole { session, .. } => {
                let (id, name) = user_id.split_once(':')?;
                (made_by_iam(id) && name == session).then_some(id)
            }
            Self::FederatedUser { name } => {
                let (id, federated) = user_id.split_once(':')?;
                (id == account.as_str() && federated == name).then_some(user_id)
            }
        }
    }
}
