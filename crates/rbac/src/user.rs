//! Who asks.

use crate::{
    Binding, Subject,
    dns::{is_dns_label, is_dns_subdomain},
};

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

const ANONYMOUS: &str = "system:anonymous";
const UNAUTHENTICATED: &str = "system:unauthenticated";

impl User {
    /// Creates a user who logged in: the API server adds `system:authenticated` to what the authenticator says, unless that says
    /// that they are nobody.
    ///
    /// Source: Kubernetes, `staging/src/k8s.io/apiserver/pkg/authentication/group/authenticated_group_adder.go`.
    pub fn authenticated(name: impl Into<String>, groups: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let (name, mut groups): (String, Vec<String>) = (name.into(), groups.into_iter().map(Into::into).collect());
        let says = |group: &String| ["system:authenticated", UNAUTHENTICATED].contains(&group.as_str());
        if name != ANONYMOUS && !groups.iter().any(says) {
            groups.push("system:authenticated".to_owned());
        }
        Self { name, groups }
    }

    /// Creates the anonymous user, who has no credentials.
    pub fn anonymous() -> Self {
        Self { name: ANONYMOUS.to_owned(), groups: vec![UNAUTHENTICATED.to_owned()] }
    }

    /// Creates the user of a service account (Kubernetes, `serviceaccount.UserInfo`).
    pub fn service_account(namespace: &str, name: &str) -> Self {
        let groups = ["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
        Self::authenticated(format!("system:serviceaccount:{namespace}:{name}"), groups)
    }

    /// Creates the user of a subject as authorizers see it, with the groups that come by themselves. Of the groups that a user may be in
    /// besides nothing is known.
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::User(name) if **name == *ANONYMOUS => Self::anonymous(),
            Subject::User(name) => match service_account_of(name) {
                Some((namespace, name)) => Self::service_account(namespace, name),
                None => Self::authenticated(&**name, [""; 0]),
            },
            Subject::Group(name) if service_accounts_of(name).is_some() => {
                Self::authenticated("", ["system:serviceaccounts", name])
            }
            Subject::Group(name) => Self::authenticated("", [&**name]),
            Subject::ServiceAccount { namespace, name } => {
                Self::service_account(namespace.as_deref().unwrap_or_default(), name)
            }
        }
    }

    /// Returns whether everything is allowed, whatever RBAC says.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }
}

impl Binding {
    /// Returns those of its subjects that a user is.
    pub fn subjects_of<'a>(&'a self, user: &User) -> impl Iterator<Item = &'a Subject> {
        self.subjects().iter().filter(|subject| match subject {
            Subject::User(name) => **name == *user.name,
            Subject::Group(name) => user.groups.iter().any(|group| **group == **name),
            Subject::ServiceAccount { namespace, name } => {
                let namespace = namespace.as_deref().or(self.namespace());
                namespace.is_some_and(|namespace| User::service_account(namespace, name).name == user.name)
            }
        })
    }
}

/// Returns the namespace and name of the service account that a username belongs to, or `None` for any other username.
///
/// Source: Kubernetes, `staging/src/k8s.io/apiserver/pkg/authentication/serviceaccount` (`SplitUsername`).
pub fn service_account_of(username: &str) -> Option<(&str, &str)> {
    let (namespace, name) = username.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    (is_dns_label(namespace) && is_dns_subdomain(name)).then_some((namespace, name))
}

/// Returns the namespace whose service accounts a group is, if it is such a group.
pub fn service_accounts_of(group: &str) -> Option<&str> {
    group.strip_prefix("system:serviceaccounts:").filter(|namespace| is_dns_label(namespace))
}
