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

fn users<'a>(desired: &'a Desired, facts: &Facts) -> Vec<User<'a>> {
    let people = desired.people.iter().filter(|person| person.principal.kind == Kind::User);
    let user = |person: &'a Person| {
        Some(User { userarn: arn(person, facts)?, username: &person.username, groups: groups(person) })
    };
    people.filter_map(user).collect()
}

fn roles<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Role<'a>> {
    let people = desired.people.iter().filter(|person| person.principal.kind != Kind::User);
    let role = |person: &'a Person| {
        Some(Role { rolearn: arn(person, facts)?, username: &person.username, groups: groups(person) })
    };
    let nodes = desired.nodes.iter().filter_map(|node| {
        Some(Role { rolearn: node.arn()?.to_string(), username: NODE_USERNAME, groups: NODE_GROUPS.to_vec() })
    });
    people.filter_map(role).chain(nodes).collect()
}

pub(super) fn groups(person: &Person) -> Vec<&str> {
    person.groups.keys().map(|group| &**group).collect()
}
