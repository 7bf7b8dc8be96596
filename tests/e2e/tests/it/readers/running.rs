//! The configuration means what the server makes of it that runs, live and in a dump alike.

use std::fs;

use anyhow::ensure;
use e2e::{process::Output, test_cluster::TestCluster, world::World};
use serde_json::{Value, json};

/// aws-iam-authenticator never matches a role with a path, which `cluster-auth server` leaves out.
const CONFIGURATION: &str = r"
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-iam-authenticator, namespace: kube-system}
data:
  config.yaml: |
    clusterID: c
    server:
      mapRoles:
      - {rolearn: 'arn:aws:iam::111122223333:role/ci/Deployer', username: deployer, groups: [ci]}
";
const FILE: &str = "
clusterID: c
account: '111122223333'
groups: [{name: ci, roles: [Deployer], authorization: [{clusterRole: view}]}]
";
const NO_MAPPINGS: &str =
    r#"{"apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMappingList", "items": []}"#;
const WHO: &str = "arn:aws:iam::111122223333:role/Deployer";
/// What is said where nothing tells it, once.
const ASSUMED: &str = "it is not known which server does";
const KINDS: &str =
    "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps,daemonsets,deployments,pods";

fn pod(image: &str, more: &Value) -> Value {
    let mut spec = json!({"containers": [{"name": "server", "image": image, "args": ["server"]}]});
    more.as_object().into_iter().flatten().for_each(|(key, value)| spec[key] = value.clone());
    spec
}

fn set(kind: &str, name: &str, pod: &Value) -> String {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    })
    .to_string()
}

/// As the kubelet shows a pod that it runs from a file.
fn static_pod(image: &str) -> String {
    let annotations = json!({"kubernetes.io/config.mirror": "1"});
    let metadata = json!({"name": "static", "namespace": "kube-system", "annotations": annotations});
    let spec = pod(image, &json!({"nodeName": "control-plane"}));
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}).to_string()
}

pub(super) fn says_who_reads(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "readers-running", CONFIGURATION)?;
    let (theirs, ours) = ("example.com/aws-iam-authenticator:v0.7.18", "example.com/cluster-auth:1");
    let mounts = json!({"volumes": [{"name": "config", "configMap": {"name": "aws-iam-authenticator"}}]});
    let create = |object: &str| managed.admin.with_file(&["create"], object)?.success();
    let delete = |what: &str| managed.admin.kubectl(&["-n", "kube-system", "delete", "--force", what])?.success();

    let (not_known, as_said) = (|by_file| ["notKnown", by_file], |verdict| [verdict, verdict]);
    says(&managed, "nothing runs", &[], not_known("refused"), true)?;
    says(&managed, "somebody says it", &["--reader", "cluster-auth"], as_said("letIn"), false)?;
    create(&static_pod(ours))?;
    says(&managed, "a pod of the kubelet's, which mounts no ConfigMap", &[], not_known("letIn"), false)?;
    says(&managed, "somebody says otherwise", &["--reader", "aws-iam-authenticator"], as_said("refused"), false)?;
    delete("pod/static")?;
    create(&set("Deployment", "a", &pod(ours, &json!({}))))?;
    says(&managed, "a deployment that does not mount it", &[], not_known("letIn"), false)?;
    create(&set("DaemonSet", "b", &pod(theirs, &json!({}))))?;
    says(&managed, "two that differ", &[], not_known("refused"), false)?;
    managed.file(FILE)?;
    let disputed = managed.run(&["plan", "--mapping", "configmap"])?;
    let names =
        ["which server reads the authenticator's configuration", "Deployment kube-system/a", "DaemonSet kube-system/b"];
    ensure!(names.iter().all(|name| disputed.stdout.contains(name)), "{}{}", disputed.stdout, disputed.stderr);
    let said = managed.run(&["plan", "--mapping", "configmap", "--reader", "cluster-auth"])?.success()?;
    ensure!(!said.contains(names[0]), "{said}");
    delete("deployment/a")?;
    create(&set("Deployment", "a", &pod(ours, &mounts)))?;
    says(&managed, "one of the two mounts it", &[], as_said("letIn"), false)
}

/// Live and by a dump the same verdict, and one by the file itself, of which nobody asks who reads it; that the reader was assumed is
/// said once or not at all.
fn says(
    managed: &TestCluster,
    what: &str,
    flags: &[&str],
    [of_cluster, of_file]: [&str; 2],
    is_assumed: bool,
) -> anyhow::Result<()> {
    let dump = managed.admin.kubectl(&["get", KINDS, "-A", "-o", "json"])?.success()?;
    fs::write(managed.folder.join("dump.json"), &dump)?;
    let dump: Value = serde_json::from_str(&dump)?;
    let mut items = dump["items"].as_array().into_iter().flatten();
    let config = items.find_map(|item| item["data"]["config.yaml"].as_str()).unwrap_or_default();
    fs::write(managed.folder.join("config.yaml"), config)?;
    // kubectl lists no kind that the cluster does not know.
    fs::write(managed.folder.join("none.json"), NO_MAPPINGS)?;
    let files = ["--from", "dump.json", "--from", "none.json"];
    let by_file = [&files[..], &["-c", "config.yaml"]].concat();
    let ways: [(&[&str], &str); 3] = [(&[], of_cluster), (&files, of_cluster), (&by_file, of_file)];
    for (way, verdict) in ways {
        let Output { stdout, stderr, .. } = managed.run(&[&["explain", WHO, "-o", "json"], flags, way].concat())?;
        let said: Value = serde_json::from_str(&stdout)?;
        ensure!(said["verdict"] == verdict, "{what}: {way:?}: {verdict}: {said}{stderr}");
        let times = stderr.matches(ASSUMED).count();
        ensure!(times == usize::from(is_assumed), "{what}: {way:?}: it is said {times} times: {stderr}");
    }
    Ok(())
}
