//! Who asks.

use crate::Subject;

/// A user as authorizers see them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct User {
    /// The username.
    pub name: String,
    /// Every group, the built-in ones included.
    pub groups: Vec<String>,
}

/// The group to which the API server grants everything, before any other authorizer is asked.
///
/// Source: Kubernetes, `staging/src/k8s.io/apiserver/pkg/authentication/user` (`SystemPrivilegedGroup`).
pub const MASTERS: &str = "system:masters";

impl User {
    /// Somebody who logged in: the API server adds `system:authenticated` to what the authenticator says.
    pub fn authenticated(name: impl Into<String>, groups: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut groups: Vec<String> = groups.into_iter().map(Into::into).collect();
        if !groups.iter().any(|group| group == "system:authenticated") {
            groups.push("system:authenticated".to_owned());
        }
        Self { name: name.into(), groups }
    }

    /// Somebody who showed nothing.
    pub fn anonymous() -> Self {
        Self { name: "system:anonymous".to_owned(), groups: vec!["system:unauthenticated".to_owned()] }
    }

    /// A pod that runs as a service account (Kubernetes, `serviceaccount.UserInfo`).
    pub fn service_account(namespace: &str, name: &str) -> Self {
        let groups = ["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
        Self::authenticated(format!("system:serviceaccount:{namespace}:{name}"), groups)
    }

    /// A subject as authorizers see it, with the groups that come by themselves. Of the groups that a user may be in besides
    /// nothing is known.
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::User(name) if **name == *"system:anonymous" => Self::anonymous(),
            Subject::User(name) => {
                match name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
                    Some((namespace, name)) => Self::service_account(namespace, name),
                    None => Self::authenticated(&**name, [""; 0]),
                }
            }
            Subject::Group(name) if **name == *"system:unauthenticated" => {
                Self { name: String::new(), groups: vec![name.to_string()] }
            }
            Subject::Group(name) if name.starts_with("system:serviceaccounts:") => {
                Self::authenticated("", ["system:serviceaccounts", name])
            }
            Subject::Group(name) => Self::authenticated("", [&**name]),
            Subject::ServiceAccount { namespace, name } => {
                Self::service_account(namespace.as_deref().unwrap_or_default(), name)
            }
        }
    }

    /// Whether everything is allowed, whatever RBAC says.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }
}
