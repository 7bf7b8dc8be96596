//! EKS access entries. Limits: Amazon EKS API Reference, `CreateAccessEntry`, and its service quotas.

use std::collections::BTreeMap;

use document::Problem;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{AccessPrincipal, Code, Desired, Facts, Kind, Person, entries::groups};

/// Entries that a cluster can have; the quota cannot be raised.
const MAX_ENTRIES: usize = 3_000;
/// What usernames cannot begin with.
const RESERVED: [&str; 5] = ["system:", "eks:", "aws:", "amazon:", "iam:"];
const MASTERS: &str = "system:masters";
const ADMIN_POLICY: &str = "AmazonEKSClusterAdminPolicy";

/// What EKS would refuse.
pub(super) fn refused(desired: &Desired, facts: &Facts) -> Vec<Problem> {
    let mut problems = Vec::new();
    let entries =
        desired.people.iter().filter(|person| arn(&person.principal, facts).is_some()).count() + desired.nodes.len();
    if entries > MAX_ENTRIES {
        let message = format!("{entries} access entries; an EKS cluster takes {MAX_ENTRIES}");
        let span = desired.people[MAX_ENTRIES.min(desired.people.len() - 1)].principal.span;
        problems.push(Code::Unsupported.at(span, message).hint("let people assume roles, and map those"));
    }
    for person in &desired.people {
        if let Some(prefix) = RESERVED.iter().find(|prefix| person.username.starts_with(**prefix)) {
            let message = format!("EKS takes no username that begins with `{prefix}`");
            problems.push(Code::Unsupported.at(person.principal.span, message));
        }
    }
    problems
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterConfig<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: BTreeMap<&'static str, &'a str>,
    access_config: AccessConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessConfig<'a> {
    access_entries: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(rename = "principalARN")]
    principal_arn: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kubernetes_username: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kubernetes_groups: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access_policies: Vec<Policy>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    #[serde(rename = "policyARN")]
    policy_arn: String,
    access_scope: BTreeMap<&'static str, &'static str>,
}

/// eksctl's configuration, for `eksctl create accessentry -f`. The cluster id is EKS's cluster name.
pub(super) fn eksctl<'a>(cluster_id: Option<&'a str>, desired: &'a Desired, facts: &Facts) -> ClusterConfig<'a> {
    ClusterConfig {
        api_version: "eksctl.io/v1alpha5",
        kind: "ClusterConfig",
        metadata: cluster_id.map(|id| ("name", id)).into_iter().collect(),
        access_config: AccessConfig { access_entries: entries(desired, facts) },
    }
}

/// Terraform's resources in its JSON syntax.
pub(super) fn terraform(cluster_id: Option<&str>, desired: &Desired, facts: &Facts) -> Value {
    let (mut entries_by_name, mut policies) = (BTreeMap::new(), BTreeMap::new());
    for entry in entries(desired, facts) {
        let name = resource_name(&entry.principal_arn);
        for policy in &entry.access_policies {
            policies.insert(
                name.clone(),
                json!({
                    "cluster_name": cluster_id,
                    "principal_arn": format!("${{aws_eks_access_entry.{name}.principal_arn}}"),
                    "policy_arn": policy.policy_arn,
                    "access_scope": {"type": "cluster"},
                }),
            );
        }
        let mut resource =
            json!({"cluster_name": cluster_id, "principal_arn": entry.principal_arn, "type": entry.r#type});
        if let Some(username) = entry.kubernetes_username {
            // Terraform reads `${` and `%{`; `{{` is plain text to it.
            resource["user_name"] = username.into();
        }
        if !entry.kubernetes_groups.is_empty() {
            resource["kubernetes_groups"] = json!(entry.kubernetes_groups);
        }
        entries_by_name.insert(name, resource);
    }
    let mut resources = json!({"aws_eks_access_entry": entries_by_name});
    if !policies.is_empty() {
        resources["aws_eks_access_policy_association"] = json!(policies);
    }
    json!({"resource": resources})
}

fn entries<'a>(desired: &'a Desired, facts: &Facts) -> Vec<Entry<'a>> {
    let person = |person: &'a Person| {
        let (masters, kubernetes_groups): (Vec<_>, Vec<_>) =
            groups(person).into_iter().partition(|group| *group == MASTERS);
        let partition = person.principal.partition;
        // EKS takes no `system:` groups; the policy is what it has for this one.
        let policy = |_| Policy {
            policy_arn: format!("arn:{partition}:eks::aws:cluster-access-policy/{ADMIN_POLICY}"),
            access_scope: [("type", "cluster")].into(),
        };
        Some(Entry {
            principal_arn: arn(&person.principal, facts)?,
            r#type: "STANDARD",
            kubernetes_username: Some(&person.username),
            kubernetes_groups,
            access_policies: masters.into_iter().map(policy).collect(),
        })
    };
    let nodes = desired.nodes.iter().filter_map(|node| {
        let (kubernetes_username, kubernetes_groups, access_policies) = Default::default();
        let principal_arn = arn(node, facts)?;
        Some(Entry { principal_arn, r#type: "EC2_LINUX", kubernetes_username, kubernetes_groups, access_policies })
    });
    desired.people.iter().filter_map(person).chain(nodes).collect()
}

/// The ARN with the path: EKS compares it with IAM's own (Amazon EKS User Guide, "Create access entries").
fn arn(principal: &AccessPrincipal, facts: &Facts) -> Option<String> {
    let AccessPrincipal { kind, partition, account, path, name, .. } = principal;
    let resource = match kind {
        Kind::User | Kind::IamGroup => format!("user{path}{name}"),
        // The path need not be written; EKS wants it all the same.
        Kind::Role => match principal.role_in_iam(facts) {
            Some(role) => format!("role/{role}"),
            None => format!("role{path}{name}"),
        },
        Kind::PermissionSet => {
            let role = facts.permission_sets.get(&(*account, name.to_ascii_lowercase()))?;
            format!("role/{role}")
        }
    };
    Some(format!("arn:{partition}:iam::{account}:{resource}"))
}

/// A name that only this ARN has, of what Terraform's identifiers allow: slashes as underscores, every other byte but
/// letters and digits as a dash and its number.
fn resource_name(arn: &str) -> String {
    let mut name = String::from("principal_");
    for byte in arn.splitn(6, ':').skip(4).collect::<Vec<_>>().join("/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => name.push(byte.into()),
            b'/' => name.push('_'),
            _ => name.push_str(&format!("-{byte:02x}")),
        }
    }
    name
}
