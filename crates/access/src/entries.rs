//! The entries of `mapUsers` and `mapRoles`: in the existing authenticator's configuration, its `ConfigMap` and `aws-auth`.

use document::Span;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{Desired, Facts, Kind, Person};

/// The username and the groups of machines (Kubernetes, kubelet TLS bootstrapping; EKS, aws-auth).
pub const NODE: (&str, [&str; 2]) = ("system:node:{{EC2PrivateDNSName}}", ["system:bootstrappers", "system:nodes"]);

/// An entry of `mapUsers` or `mapRoles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Whether it belongs to `mapUsers`.
    pub is_user: bool,
    /// The principal's ARN.
    pub arn: String,
    /// The username, or its template.
    pub username: &'a str,
    /// The groups.
    pub groups: Vec<&'a str>,
    /// The principal's place in the file.
    pub span: Span,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry(if self.is_user { "userarn" } else { "rolearn" }, &self.arn)?;
        map.serialize_entry("username", self.username)?;
        map.serialize_entry("groups", &self.groups)?;
        map.end()
    }
}

/// The ARN by which consumers other than our server know somebody: a permission set by the role that AWS made for it.
pub(crate) fn arn(person: &Person, facts: &Facts) -> Option<String> {
    let principal = &person.principal;
    match principal.kind {
        Kind::PermissionSet => {
            let role = facts.permission_sets.get(&(principal.account, principal.name.to_ascii_lowercase()))?;
            // STS leaves the path out.
            let role = role.rsplit('/').next().unwrap_or(role);
            Some(format!("arn:{}:iam::{}:role/{role}", principal.partition, principal.account))
        }
        Kind::User | Kind::Role | Kind::IamGroup => principal.arn().map(|arn| arn.to_string()),
    }
}

/// Returns everybody, machines last; permission sets whose role is not known are left out.
pub fn entries<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Entry<'a>> {
    let person = |person: &'a Person| {
        let (arn, username, groups) = (arn(person, facts)?, person.username.as_str(), groups(person));
        let (is_user, span) = (person.principal.kind == Kind::User, person.principal.span);
        Some(Entry { is_user, arn, username, groups, span })
    };
    let node = |node: &crate::AccessPrincipal| {
        let (arn, groups) = (node.arn()?.to_string(), NODE.1.to_vec());
        Some(Entry { is_user: false, arn, username: NODE.0, groups, span: node.span })
    };
    desired.people.iter().filter_map(person).chain(desired.nodes.iter().filter_map(node)).collect()
}

/// Returns the entries of `mapUsers`, and those of `mapRoles`.
pub fn lists<'a>(desired: &'a Desired, facts: &Facts) -> [Vec<Entry<'a>>; 2] {
    entries(desired, facts).into_iter().partition(|entry| entry.is_user).into()
}

pub(crate) fn groups(person: &Person) -> Vec<&str> {
    person.groups.keys().map(|group| &**group).collect()
}
