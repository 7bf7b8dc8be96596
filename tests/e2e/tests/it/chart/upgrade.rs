//! Coming from the 2018 chart, in each of its three revisions: releases of Helm 2, of which nothing is recorded.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{test_cluster::TestCluster, world::World};
use serde_json::{Value, json};

use super::{
    chart,
    install::{NAMESPACES, helm},
    repository,
};
use crate::Test;

pub(crate) const TESTS: &[Test] = &[("chart::takes_over_a_release_of_2018", from_2018)];

/// What the chart of 2018 made of the guide's values, but for its ConfigMap. Its objects have no labels of Helm.
const OBJECTS: &str = r"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: developers, namespace: dev}
rules:
- {apiGroups: ['', extensions, apps], resources: [deployments, replicasets, pods, services], verbs: ['*']}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developers-binding, namespace: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: developers}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cluster-admin-binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: cluster-admin}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: cluster-auth-authenticator
  namespace: kube-system
  labels: {app: heptio-authenticator-aws, release: cluster-auth}
spec:
  selector: {matchLabels: {app: heptio-authenticator-aws, release: cluster-auth}}
  template:
    metadata:
      labels: {app: heptio-authenticator-aws, release: cluster-auth}
    spec:
      hostNetwork: true
      volumes: [{name: state, hostPath: {path: /srv/kubernetes/heptio-authenticator-aws/}}]
      nodeSelector: {node-role.kubernetes.io/master: ''}
      containers:
      - name: authenticator
        image: gcr.io/heptio-images/authenticator:v0.1.0
        args: [server, --config=/etc/heptio-authenticator-aws/config.yaml, --state-dir=/var/heptio-authenticator-aws]
";

/// The mapping of those days, under one key.
const CONFIG: &str = "clusterID: prod.example.com\nserver:\n  mapUsers:\n  - userARN: arn:aws:iam::111122223333:user/alice\n    \
                      username: alice\n    groups: [developers]\n";

/// Entries of machines, by another hand.
const NODES: &str = "- rolearn: arn:aws:iam::111122223333:role/Node\n  username: system:node:{{EC2PrivateDNSName}}\n  \
                     groups: [system:bootstrappers, system:nodes]\n";

/// A release with a ConfigMap of this name, and the entries of machines in it or not.
pub(super) fn release(map: &str, with_machines: bool) -> String {
    let mut data = json!({"config.yaml": CONFIG});
    if with_machines {
        data["mapRoles"] = NODES.into();
    }
    let metadata = json!({"name": map, "namespace": "kube-system"});
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
    format!("{NAMESPACES}{OBJECTS}---\n{config}\n")
}

fn from_2018(world: &World) -> anyhow::Result<()> {
    let revisions = [
        ("the first", "cluster-auth-config", false),
        ("the second", "aws-auth", false),
        ("the second, beside machines", "aws-auth", true),
        ("the third", "aws-iam-authenticator", false),
    ];
    for (at, (name, map, with_machines)) in revisions.into_iter().enumerate() {
        let managed = TestCluster::start(world, &format!("chart-2018-{at}"), &release(map, with_machines))?;
        // Somebody has added to a role by hand: what the file says holds.
        let more = r#"[{"op": "add", "path": "/rules/-", "value": {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}}]"#;
        managed.admin.kubectl(&["patch", "role", "developers", "-n", "dev", "--type=json", "-p", more])?.success()?;
        let left = with_machines.then(|| json!({"mapRoles": NODES}));
        // Helm 4 writes by server-side apply, which stops at what others have written.
        let (program, flags) = [(&*world.parts.helm, &["--force-conflicts"][..]), (&world.parts.helm3, &[])][at % 2];
        upgrade((program, flags), &managed, map, left.as_ref()).with_context(|| name.to_owned())?;
    }
    Ok(())
}

fn upgrade(
    (program, flags): (&Path, &[&str]),
    managed: &TestCluster,
    map: &str,
    left: Option<&Value>,
) -> anyhow::Result<()> {
    let chart = chart().display().to_string();
    let guide = repository().join("examples/guide.yaml").display().to_string();
    let run = |args: &[&str]| {
        helm(program, managed, &[&["upgrade", "--install", "cluster-auth", &chart, "--values", &guide], args].concat())
    };
    // Without being told to, Helm takes nothing that it did not make.
    ensure!(run(&[])?.failure()?.contains("cannot be imported into the current release"));
    let none = ["--take-ownership", "--set", "authenticator.image=,authenticator.tag="];
    ensure!(run(&none)?.failure()?.contains("authenticator.stateDir"), "the files of 2018 are kept");
    let before = everything(managed)?;
    let said = run(&[&["--take-ownership"], flags].concat())?.success()?;
    let after = everything(managed)?;

    // What gives rights is the same object as before: nobody was without them for a moment.
    for key in
        ["Role dev/developers", "RoleBinding dev/developers-binding", "ClusterRoleBinding /cluster-admin-binding"]
    {
        let [old, new] = [&before, &after].map(|objects| &objects[key]);
        for field in ["roleRef", "subjects"] {
            ensure!(old[field] == new[field], "{key}: {field}");
        }
        ensure!(!new["rules"].to_string().contains("secrets"), "{key} is not what the file says: {new:#}");
        ensure!(old["metadata"]["uid"] == new["metadata"]["uid"], "{key} is another object");
        ensure!(new["metadata"]["annotations"]["meta.helm.sh/release-name"] == "cluster-auth", "{key} is not Helm's");
    }
    // What serves is left alone, with what it reads; the new servers come beside it.
    for key in ["DaemonSet kube-system/cluster-auth-authenticator", &format!("ConfigMap kube-system/{map}")] {
        let [old, new] = [&before, &after].map(|objects| &objects[key]);
        ensure!(old == new, "{key} was changed");
    }
    let server = &after["DaemonSet kube-system/cluster-auth"]["spec"]["template"]["spec"];
    ensure!(server["volumes"][1]["hostPath"]["path"] == "/srv/kubernetes/heptio-authenticator-aws", "{server:#}");

    // The notes say what to remove, and by what; what they say works, and leaves what is somebody else's.
    let mut commands = Vec::new();
    for line in said.replace("\\\n", " ").lines() {
        let command = line.trim();
        if command.contains("delete daemonset") || command.contains("delete configmap") || command.contains(" patch ") {
            commands.push(command.to_owned());
        }
    }
    ensure!(commands.len() == 2, "{said}");
    for command in commands {
        let words: Vec<String> = words(&command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        managed.admin.kubectl(words.get(1..).context("arguments")?)?.success().with_context(|| command.clone())?;
    }
    let last = everything(managed)?;
    ensure!(!last.contains_key("DaemonSet kube-system/cluster-auth-authenticator"), "the old server is gone");
    let map = last.get(&format!("ConfigMap kube-system/{map}")).map(|map| map["data"].clone());
    ensure!(map.as_ref() == left, "{map:?}");
    // Without the guide's image the servers would look for their files elsewhere, where API servers trust none.
    let none = ["--set", "authenticator.image=,authenticator.tag="];
    let refused = run(&none)?.failure()?;
    ensure!(refused.contains("in /srv/kubernetes/heptio-authenticator-aws: set it to that folder"), "{refused}");
    let kept = ["--set", "authenticator.stateDir=/srv/kubernetes/heptio-authenticator-aws"];
    run(&[none, kept].concat())?.success()?;
    // From now on it is a release like any other.
    let said = run(&[])?.success()?;
    ensure!(!said.contains("delete daemonset") && !said.contains("the 2018 chart"), "{said}");
    Ok(())
}

/// Everything that matters, by kind, namespace and name, without what changes by itself.
fn everything(managed: &TestCluster) -> anyhow::Result<BTreeMap<String, Value>> {
    let kinds = "daemonsets,configmaps,roles,rolebindings,clusterrolebindings";
    let list = managed.admin.kubectl(&["get", kinds, "-A", "-o", "json"])?.success()?;
    let mut list: Value = serde_json::from_str(&list)?;
    let items: Vec<Value> = serde_json::from_value(list["items"].take())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let key = |object: &Value| {
        let metadata = &object["metadata"];
        format!("{} {}/{}", text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
    };
    Ok(items.into_iter().map(|object| (key(&object), object)).collect())
}

/// The words of a shell's command line.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is always one").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
