//! Clusters as dumps: made by hand, and generated.

use std::{fs, path::Path};

use e2e::random::Random;
use serde_json::{Value, json};

/// A cluster as a dump.
pub(super) struct Dump(pub(super) Vec<Value>);

const RBAC: &str = "rbac.authorization.k8s.io";

impl Dump {
    /// What every cluster has, with `view` and `edit`.
    pub(super) fn new() -> Self {
        let mut dump = Self(Vec::new());
        for name in ["dev", "ops", "kube-system"] {
            dump.add("v1", "Namespace", &json!({"name": name}), &json!({}));
        }
        let rules = [
            ("cluster-admin", json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]})),
            ("view", json!({"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list"]})),
            ("edit", json!({"apiGroups": ["", "apps"], "resources": ["pods", "deployments"], "verbs": ["create"]})),
        ];
        for (name, rule) in rules {
            dump.rbac("ClusterRole", &json!({"name": name}), &json!({"rules": [rule]}));
        }
        for (namespace, name) in [("dev", "release"), ("ops", "release")] {
            let rule = json!({"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get"]});
            dump.rbac("Role", &json!({"name": name, "namespace": namespace}), &json!({"rules": [rule]}));
        }
        dump.bind("", "cluster-admin", "ClusterRole/cluster-admin", &["Group:system:masters"]);
        dump.bind("kube-system", "nobody", "ClusterRole/view", &["Group:nobody"]);
        dump
    }

    pub(super) fn add(&mut self, version: &str, kind: &str, metadata: &Value, rest: &Value) {
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": metadata});
        for (key, value) in rest.as_object().into_iter().flatten() {
            object[key] = value.clone();
        }
        self.0.push(object);
    }

    pub(super) fn rbac(&mut self, kind: &str, metadata: &Value, rest: &Value) {
        self.add(&format!("{RBAC}/v1"), kind, metadata, rest);
    }

    /// Binds `Kind/name` to `Kind:name`s, in a namespace or everywhere.
    pub(super) fn bind(&mut self, namespace: &str, name: &str, role: &str, subjects: &[&str]) {
        let (kind, role) = role.split_once('/').unwrap_or_default();
        let subject = |subject: &&str| {
            let (kind, name) = subject.split_once(':').unwrap_or_default();
            json!({"apiGroup": RBAC, "kind": kind, "name": name})
        };
        let subjects: Vec<Value> = subjects.iter().map(subject).collect();
        let rest = json!({"roleRef": {"apiGroup": RBAC, "kind": kind, "name": role}, "subjects": subjects});
        match namespace {
            "" => self.rbac("ClusterRoleBinding", &json!({"name": name}), &rest),
            _ => self.rbac("RoleBinding", &json!({"name": name, "namespace": namespace}), &rest),
        }
    }

    pub(super) fn config_map(&mut self, name: &str, data: &Value) {
        self.add("v1", "ConfigMap", &json!({"name": name, "namespace": "kube-system"}), &json!({"data": data}));
    }

    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": self.0});
        fs::write(folder.join("cluster.json"), list.to_string())?;
        // What IAM says of the permission sets, account by account.
        let path = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO";
        for account in ["111122223333", "444455556666"] {
            let arn = |set| json!({"Arn": format!("arn:aws:iam::{account}:role/{path}_{set}_0123456789abcdef")});
            let roles = ["DevAccess", "Admins"].map(arn);
            fs::write(folder.join(format!("roles-{account}.json")), json!({"Roles": roles}).to_string())?;
        }
        Ok(())
    }

    fn has(&self, namespace: &str, name: &str) -> bool {
        let is_it = |object: &Value| {
            let metadata = &object["metadata"];
            metadata["name"] == name && metadata["namespace"].as_str().unwrap_or_default() == namespace
        };
        self.0.iter().any(is_it)
    }
}

const GROUPS: [&str; 6] = ["devs", "ops", "edit", "release", "system:masters", "unbound"];

/// A cluster as years of hands leave it.
pub(super) fn cluster(random: &mut Random) -> (&'static str, Dump) {
    let mut dump = Dump::new();
    let roles =
        ["ClusterRole/view", "ClusterRole/edit", "ClusterRole/cluster-admin", "ClusterRole/gone", "Role/release"];
    let subjects = ["Group:devs", "Group:ops", "Group:edit", "Group:release", "User:alice", "User:ci", "User:admin"];
    for at in 0..=random.below(9) {
        let namespace = random.one(&["", "dev", "ops", "kube-system"]);
        let of = if namespace.is_empty() { &roles[..4] } else { &roles };
        let name = random.one(&["by-hand", "devs-binding", "edit-binding", "cluster-auth:ops:view"]);
        // A name stands once in each place.
        let name = if dump.has(namespace, name) { format!("binding-{at}") } else { name.to_owned() };
        dump.bind(namespace, &name, random.one(of), &random.some(&subjects, 2));
    }
    let mut lists = [String::new(), String::new()];
    for _ in 0..=random.below(8) {
        let is_role = random.below(2) == 0;
        let account = random.one(&["111122223333", "111122223333", "444455556666"]);
        let name = if is_role {
            random.one(&[
                "role/Deployer",
                "role/ci/Deployer",
                "role/AWSReservedSSO_DevAccess_0123456789abcdef",
                "role/AWSReservedSSO_Admins_0123456789abcdef",
                "role/AWSReservedSSO_Admins_fedcba9876543210",
                "role/Node",
            ])
        } else {
            random.one(&["user/alice", "user/ops/Bob", "user/carol", "user/dana"])
        };
        let username = random.one(&[
            "alice",
            "bob",
            "ci",
            "admin",
            "Deployer:{{SessionName}}",
            "{{SessionName}}",
            "sso:{{SessionName}}",
            "system:node:{{EC2PrivateDNSName}}",
        ]);
        let (key, list) = if is_role { ("rolearn", 0) } else { ("userarn", 1) };
        let groups = json!(random.some(&GROUPS, 2));
        let arn = format!("arn:aws:iam::{account}:{name}");
        lists[list].push_str(&format!("- {{{key}: '{arn}', username: '{username}', groups: {groups}}}\n"));
    }
    let [map_roles, map_users] = lists;
    if random.below(2) == 0 {
        dump.config_map("aws-auth", &json!({"mapRoles": map_roles, "mapUsers": map_users}));
        return ("aws-auth", dump);
    }
    let list = |key: &str, list: &str| if list.is_empty() { String::new() } else { format!("  {key}:\n{list}") };
    let lists = format!("{}{}", list("mapRoles", &map_roles), list("mapUsers", &map_users));
    let config = format!("clusterID: c\nserver:\n{}", lists.replace("\n- ", "\n  - "));
    dump.config_map("aws-iam-authenticator", &json!({"config.yaml": config}));
    ("configmap", dump)
}
