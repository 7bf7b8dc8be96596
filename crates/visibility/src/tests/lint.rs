//! What is found in small clusters, and what is not.

mod escalations;
mod excluding;
mod laws;
mod others;
mod printing;

use document::Source;
use inventory::{Dump, Inputs};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    World,
    lint::{Finding, lint},
};

/// A cluster's objects, a line for each, as a list that kubectl prints:
///
/// ```text
/// role view = get,list pods deployments.apps pods/log; get secrets:one   a ClusterRole; `role dev/view` is a Role
/// bind dev/team view Group:developers SA:ci/bot                           a RoleBinding to the ClusterRole; `dev/view` to the Role
/// bind team view User:alice                                               a ClusterRoleBinding
/// namespace dev key=value
/// account ci/bot arn:aws:iam::111122223333:role/Bot
/// aws-auth arn:aws:iam::111122223333:role/Admin admin:{{SessionName}} system:masters
/// ```
///
/// Roles of Kubernetes' own are those that every API server has.
fn cluster(lines: &str) -> World {
    let mut given = given(lines);
    // Nobody else logs in: by no file on the control plane, and by no `IAMIdentityMapping`.
    given.configure(Source::new("config.yaml", "server: {backendMode: [MountedFile, EKSConfigMap, CRD]}\n"));
    given.dump.has_none(Dump::MAPPING_KIND);
    World::new(given, None, now()).expect("readable")
}

fn given(lines: &str) -> Inputs {
    let mut items: Vec<Value> = crate::built_in_roles::built_in_roles()
        .iter()
        .map(|role| object("ClusterRole", &role.name, json!({"rules": *role.rules})))
        .collect();
    let mut maps = Vec::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').expect(line);
        let words: Vec<&str> = rest.split(' ').collect();
        match word {
            "role" => {
                let (name, rules) = rest.split_once(" = ").expect(line);
                let rules: Vec<Value> = rules.split("; ").map(rule).collect();
                let kind = if name.contains('/') { "Role" } else { "ClusterRole" };
                items.push(object(kind, name, json!({"rules": rules})));
            }
            "bind" => {
                let (name, role) = (words[0], words[1]);
                let of_role = role.split_once('/').map_or(("ClusterRole", role), |(_, name)| ("Role", name));
                let kind = if name.contains('/') { "RoleBinding" } else { "ClusterRoleBinding" };
                let subjects: Vec<Value> = words[2..].iter().map(|text| subject(text)).collect();
                let body = json!({"roleRef": {"kind": of_role.0, "name": of_role.1}, "subjects": subjects});
                items.push(object(kind, name, body));
            }
            "namespace" => {
                let mut namespace = object("Namespace", words[0], json!({}));
                for (key, value) in words[1..].iter().filter_map(|label| label.split_once('=')) {
                    namespace["metadata"]["labels"][key] = value.into();
                }
                items.push(namespace);
            }
            "account" => {
                let mut account = object("ServiceAccount", words[0], json!({}));
                account["metadata"]["annotations"] = json!({"eks.amazonaws.com/role-arn": words[1]});
                items.push(account);
            }
            "aws-auth" => maps.push(json!({"rolearn": words[0], "username": words[1], "groups": words[2..]})),
            other => panic!("{other}"),
        }
    }
    if !maps.is_empty() {
        let data = json!({"data": {"mapRoles": json!(maps).to_string()}});
        items.push(object("ConfigMap", "kube-system/aws-auth", data));
    }
    let mut given = Inputs::default();
    for kind in ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Namespace", "ConfigMap"] {
        let items: Vec<&Value> = items.iter().filter(|item| item["kind"] == kind).collect();
        let list = json!({"apiVersion": api_version(kind), "kind": format!("{kind}List"), "items": items}).to_string();
        given.read("cluster.json", list.as_bytes()).expect("a list");
    }
    let accounts: Vec<&Value> = items.iter().filter(|item| item["kind"] == "ServiceAccount").collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": accounts}).to_string();
    given.read("cluster.json", list.as_bytes()).expect("a list");
    given
}

fn object(kind: &str, name: &str, mut body: Value) -> Value {
    let (namespace, name) = name.split_once('/').map_or((None, name), |(namespace, name)| (Some(namespace), name));
    body["apiVersion"] = api_version(kind).into();
    body["kind"] = kind.into();
    body["metadata"] = json!({"name": name, "namespace": namespace});
    body
}

fn api_version(kind: &str) -> &'static str {
    if ["Namespace", "ConfigMap", "ServiceAccount"].contains(&kind) { "v1" } else { "rbac.authorization.k8s.io/v1" }
}

fn rule(text: &str) -> Value {
    let mut words = text.split(' ');
    let verbs: Vec<&str> = words.next().expect(text).split(',').collect();
    let (mut groups, mut resources, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for word in words {
        let (word, name) = word.split_once(':').map_or((word, None), |(word, name)| (word, Some(name)));
        let (resource, group) = word.split_once('.').unwrap_or((word, ""));
        groups.push(group);
        resources.push(resource);
        names.extend(name);
    }
    json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
}

fn subject(text: &str) -> Value {
    let (kind, name) = text.split_once(':').expect(text);
    match kind {
        "SA" => {
            let (namespace, name) = name.split_once('/').expect(text);
            json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
        }
        kind => json!({"kind": kind, "name": name}),
    }
}

fn now() -> Timestamp {
    super::now()
}

/// `danger [pods] Group team can …`, a line for each.
fn said(findings: &[Finding<'_>]) -> String {
    let line = |finding: &Finding<'_>| {
        format!("{} [{}] {}\n", finding.severity.as_str(), finding.check.code.code, finding.message)
    };
    findings.iter().map(line).collect()
}

/// What is found in a cluster.
fn found(lines: &str) -> String {
    said(&lint(&cluster(lines), &[], now()).findings)
}
