//! The existing authenticator's formats: its configuration, in a file and in a `ConfigMap`, and `aws-auth`.

use serde::Serialize;

use super::yaml;
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
    map_users: Vec<User<'a>>,
    map_roles: Vec<Role<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    userarn: String,
    username: &'a str,
    groups: Vec<&'a str>,
}

#[derive(Serialize)]
struct Role<'a> {
    rolearn: String,
    username: &'a str,
    groups: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigMap<D> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    data: D,
}

#[derive(Serialize)]
struct Metadata {
    name: &'static str,
    namespace: &'static str,
}

#[derive(Serialize)]
pub(super) struct ConfigData {
    #[serde(rename = "config.yaml")]
    config: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AwsAuthData {
    map_roles: String,
    map_users: String,
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

pub(super) fn config_map(cluster_id: Option<&str>, desired: &Desired, facts: &Facts) -> ConfigMap<ConfigData> {
    let data = ConfigData { config: yaml(&config(cluster_id, desired, facts)) };
    ConfigMap {
        api_version: "v1",
        kind: "ConfigMap",
        metadata: Metadata { name: "aws-iam-authenticator", namespace: "kube-system" },
        data,
    }
}

pub(super) fn aws_auth(desired: &Desired, facts: &Facts) -> ConfigMap<AwsAuthData> {
    let data = AwsAuthData { map_roles: yaml(&roles(desired, facts)), map_users: yaml(&users(desired, facts)) };
    ConfigMap {
        api_version: "v1",
        kind: "ConfigMap",
        metadata: Metadata { name: "aws-auth", namespace: "kube-system" },
        data,
    }
}

/// One entry of a mapping that goes by ARNs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) arn: String,
    pub(crate) username: &'a str,
    pub(crate) groups: Vec<&'a str>,
    pub(crate) is_user: bool,
}

/// Everybody, machines last; permission sets whose role is not known are left out.
pub(crate) fn entries<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Entry<'a>> {
    let person = |person: &'a Person| {
        let is_user = person.principal.kind == Kind::User;
        Some(Entry { arn: arn(person, facts)?, username: &person.username, groups: groups(person), is_user })
    };
    let node = |node: &crate::Principal| {
        let arn = node.arn()?.to_string();
        Some(Entry { arn, username: NODE_USERNAME, groups: NODE_GROUPS.to_vec(), is_user: false })
    };
    desired.people.iter().filter_map(person).chain(desired.nodes.iter().filter_map(node)).collect()
}

fn users<'a>(desired: &'a Desired, facts: &Facts) -> Vec<User<'a>> {
    let user = |Entry { arn: userarn, username, groups, .. }| User { userarn, username, groups };
    entries(desired, facts).into_iter().filter(|entry| entry.is_user).map(user).collect()
}

fn roles<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Role<'a>> {
    let role = |Entry { arn: rolearn, username, groups, .. }| Role { rolearn, username, groups };
    entries(desired, facts).into_iter().filter(|entry| !entry.is_user).map(role).collect()
}

pub(super) fn groups(person: &Person) -> Vec<&str> {
    person.groups.keys().map(|group| &**group).collect()
}
