//! The access file itself, with IAM groups, permission sets and namespaces resolved as far as the facts go.

use std::collections::BTreeMap;

use document::Problems;
use jiff::Timestamp;
use rbac::{LabelSelector, Rule};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Access, AccessPrincipal, Carried, Facts, Grant, Group, Kind, Located, Right, Scope,
    compile::{Namespaces, members},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File<'a> {
    #[serde(rename = "clusterID", skip_serializing_if = "Option::is_none")]
    cluster_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<GroupOut<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<Nodes>,
    #[serde(flatten)]
    carried: Entries<'a>,
}

/// Keys that are others', with what stands under them.
type Entries<'a> = BTreeMap<&'a str, &'a Value>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupOut<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<Member>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<Member>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permission_sets: Vec<Member>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    iam_groups: Vec<Member>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<Vec<GrantOut<'a>>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    accept: BTreeMap<&'a str, &'a str>,
    #[serde(flatten)]
    carried: Entries<'a>,
}

#[derive(Serialize)]
struct Member {
    name: String,
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    accept: BTreeMap<String, String>,
    #[serde(flatten)]
    carried: BTreeMap<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespaces: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_selector: Option<&'a LabelSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<&'a [Rule]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    accept: BTreeMap<&'a str, &'a str>,
    #[serde(flatten)]
    carried: Entries<'a>,
}

#[derive(Serialize)]
struct Nodes {
    roles: Vec<Member>,
}

/// The file without ends, and without what has ended: as it is until it is next rendered.
pub(super) fn without_ends(mut access: Access, now: Timestamp) -> Access {
    let lasts = |ends: &Option<Located<Timestamp>>| ends.as_ref().is_none_or(|ends| ends.value > now);
    let members = |list: &mut Vec<AccessPrincipal>| {
        list.retain(|member| lasts(&member.expires));
        for member in list {
            member.expires = None;
        }
    };
    if let Some(groups) = &mut access.groups {
        groups.retain(|group| lasts(&group.expires));
        for group in groups {
            group.expires = None;
            members(&mut group.members);
            members(&mut group.iam_groups);
        }
    }
    members(&mut access.nodes);
    access
}

/// Who goes on with the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Anybody, Helm with its chart and EKS among them: roles get the paths that IAM has for them, and what is others' stays.
    Anybody,
    /// A server: STS says no paths to it, so that the text is the same whether IAM was asked or not.
    Server,
}

pub(super) fn resolved<'a>(access: &'a Access, facts: &'a Facts, reader: Reader) -> File<'a> {
    let namespaces = Namespaces::of(facts);
    let of_group = |one| group(one, facts, &namespaces, reader);
    let groups = access.groups.as_ref().map(|groups| groups.iter().map(of_group).collect());
    let nodes: Vec<Member> = access.nodes.iter().map(|node| member(node, facts, reader, ends(node))).collect();
    File {
        cluster_id: access.cluster_id.as_ref().map(|id| &*id.value),
        groups,
        nodes: if nodes.is_empty() { Vec::new() } else { vec![Nodes { roles: nodes }] },
        carried: carried(&access.carried, reader),
    }
}

fn group<'a>(group: &'a Group, facts: &'a Facts, namespaces: &Namespaces<'a>, reader: Reader) -> GroupOut<'a> {
    let mut of_kind = [Vec::new(), Vec::new(), Vec::new()];
    for person in members(group, facts) {
        let ends = person.groups.values().copied().next().flatten();
        let mut principal = person.principal;
        let role = facts.permission_sets.get(&(principal.account, principal.name.to_ascii_lowercase()));
        let list = match (principal.kind, role) {
            (Kind::User | Kind::IamGroup, _) => &mut of_kind[0],
            (Kind::PermissionSet, None) => &mut of_kind[2],
            (Kind::PermissionSet, Some(role)) => {
                // The role's own name would make another username.
                let username = person.username.into_boxed_str();
                principal.username.get_or_insert(crate::Located::new(username, principal.span));
                principal.name = role.as_str().into();
                &mut of_kind[1]
            }
            (Kind::Role, _) => &mut of_kind[1],
        };
        list.push(member(&principal, facts, reader, ends));
    }
    let [users, roles, permission_sets] = of_kind;
    let unknown = |iam_group: &&AccessPrincipal| {
        !facts.iam_groups.contains_key(&(iam_group.account, iam_group.name.to_ascii_lowercase()))
    };
    GroupOut {
        name: &group.name.value,
        users,
        roles,
        permission_sets,
        iam_groups: group.iam_groups.iter().filter(unknown).map(|one| member(one, facts, reader, ends(one))).collect(),
        expires: group.expires.as_ref().map(|at| at.value.to_string()),
        authorization: group.grants.as_ref().map(|grants| authorization(grants, namespaces, reader)),
        accept: group.accept.iter().map(|accept| (&*accept.code.value, &*accept.reason)).collect(),
        carried: carried(&group.carried, reader),
    }
}

/// When somebody's own membership ends.
fn ends(principal: &AccessPrincipal) -> Option<Timestamp> {
    principal.expires.as_ref().map(|at| at.value)
}

fn member(principal: &AccessPrincipal, facts: &Facts, reader: Reader, ends: Option<Timestamp>) -> Member {
    let in_iam = principal.role_in_iam(facts).filter(|_| reader == Reader::Anybody);
    let as_written = || format!("{}{}", principal.path.trim_start_matches('/'), principal.name);
    Member {
        name: in_iam.map_or_else(as_written, str::to_owned),
        account: principal.account.to_string(),
        partition: (principal.partition != identity::Partition::Aws).then(|| principal.partition.to_string()),
        username: principal.username.as_ref().map(|username| username.value.to_string()),
        expires: ends.map(|ends| ends.to_string()),
        accept: principal.accept.iter().map(|one| (one.code.value.to_string(), one.reason.to_string())).collect(),
        carried: carried(&principal.carried, reader)
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect(),
    }
}

/// A server has no use for what is others'.
fn carried(carried: &Carried, reader: Reader) -> Entries<'_> {
    carried.entries().filter(|_| reader == Reader::Anybody).collect()
}

/// Grants that reach no namespace are left out. Where that would be all of them they stay as written: an absent
/// `authorization` would mean the ClusterRole of the group's name, and an empty one nothing at all.
fn authorization<'a>(grants: &'a [Grant], namespaces: &Namespaces<'a>, reader: Reader) -> Vec<GrantOut<'a>> {
    let known = Some(namespaces).filter(|namespaces| namespaces.are_known());
    let resolved: Vec<_> = grants.iter().map(|one| grant(one, known, reader)).collect();
    let reaches = |grant: &GrantOut<'_>| grant.namespaces.as_ref().is_none_or(|namespaces| !namespaces.is_empty());
    if resolved.iter().any(reaches) {
        return resolved.into_iter().filter(reaches).collect();
    }
    grants.iter().map(|one| grant(one, None, reader)).collect()
}

fn grant<'a>(grant: &'a Grant, known: Option<&Namespaces<'a>>, reader: Reader) -> GrantOut<'a> {
    let (namespaces, namespace_selector) = match (&grant.scope, known) {
        (Scope::Cluster, _) => (None, None),
        (Scope::Namespaces(_) | Scope::Selector(..), Some(known)) => {
            let reached = known.reached(grant, &mut Problems::default());
            (Some(reached.into_iter().flatten().collect()), None)
        }
        (Scope::Namespaces(names), None) => (Some(names.iter().map(|name| &*name.value).collect()), None),
        (Scope::Selector(selector, _), None) => (None, Some(selector)),
    };
    let (rules, cluster_role, role) = match &grant.right {
        Right::Rules { rules, .. } => (Some(&rules[..]), None, None),
        Right::ClusterRole(name) => (None, Some(&*name.value), None),
        Right::Role(name) => (None, None, Some(&*name.value)),
    };
    let accept = grant.accept.iter().map(|accept| (&*accept.code.value, &*accept.reason)).collect();
    let carried = carried(&grant.carried, reader);
    GrantOut { namespaces, namespace_selector, rules, cluster_role, role, accept, carried }
}
