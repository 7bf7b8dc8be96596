//! The existing authenticator's configuration, and the entries of it that its `ConfigMap` and `aws-auth` have too.

use document::Span;
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{Desired, Facts, Kind, Person};

/// The groups of machines (Kubernetes, kubelet TLS bootstrapping; EKS, aws-auth).
pub(super) const NODE_GROUPS: [&str; 2] = ["system:bootstrappers", "system:nodes"];
pub(super) const NODE_USERNAME: &str = "system:node:{{EC2PrivateDNSName}}";

#[derive(Serialize)]
pub(super) struct Config<'a> {
    #[serde(rename = "clusterID", skip_serializing_if = "Option::is_none")]
    cluster_id: Option<&'a str>,
    server: Server<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Server<'a> {
    map_users: Vec<Entry<'a>>,
    map_roles: Vec<Entry<'a>>,
}

/// An entry of `mapUsers` or `mapRoles`.
pub(crate) struct Entry<'a> {
    /// `userarn` or `rolearn`.
    pub(crate) key: &'static str,
    /// The principal's ARN.
    pub(crate) arn: String,
    /// The username, or its template.
    pub(crate) username: &'a str,
    /// The groups.
    pub(crate) groups: Vec<&'a str>,
    /// The principal's place in the file.
    pub(crate) span: Span,
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry(self.key, &self.arn)?;
        map.serialize_entry("username", self.username)?;
        map.serialize_entry("groups", &self.groups)?;
        map.end()
    }
}

/// The ARN by which consumers other than our server know somebody: a permission set by the role that AWS made for it.
pub(super) fn arn(person: &Person, facts: &Facts) -> Option<String> {
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

pub(super) fn config<'a>(cluster_id: Option<&'a str>, desired: &'a Desired, facts: &Facts) -> Config<'a> {
    Config { cluster_id, server: Server { map_users: users(desired, facts), map_roles: roles(desired, facts) } }
}

/// The users of `mapUsers`.
pub(crate) fn users<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Entry<'a>> {
    let people = desired.people.iter().filter(|person| person.principal.kind == Kind::User);
    people.filter_map(|person| entry("userarn", person, facts)).collect()
}

/// The roles of `mapRoles`, those of machines last.
pub(crate) fn roles<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Entry<'a>> {
    let people = desired.people.iter().filter(|person| person.principal.kind != Kind::User);
    let nodes = desired.nodes.iter().filter_map(|node| {
        let (arn, groups) = (node.arn()?.to_string(), NODE_GROUPS.to_vec());
        Some(Entry { key: "rolearn", arn, username: NODE_USERNAME, groups, span: node.span })
    });
    people.filter_map(|person| entry("rolearn", person, facts)).chain(nodes).collect()
}

/// Everybody, machines last; permission sets whose role is not known are left out.
pub(crate) fn entries<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Entry<'a>> {
    users(desired, facts).into_iter().chain(roles(desired, facts)).collect()
}

fn entry<'a>(key: &'static str, person: &'a Person, facts: &Facts) -> Option<Entry<'a>> {
    let (arn, username, groups) = (arn(person, facts)?, person.username.as_str(), groups(person));
    Some(Entry { key, arn, username, groups, span: person.principal.span })
}

pub(super) fn groups(person: &Person) -> Vec<&str> {
    person.groups.keys().map(|group| &**group).collect()
}
