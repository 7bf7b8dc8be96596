//! The chart's server as a pod that asks the API server as pods do: by the address of its service, the authority and the token of its
//! service account, and no kubeconfig.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    node::{TestNode, ours},
    world::World,
};
use serde_json::{Value, json};

use super::{PRODUCTION, VERSION, guide::LABEL};
use crate::access::DEFINITION;

/// Where the chart's server has its files.
const STATE: &str = "/srv/kubernetes/kube-apiserver/cluster-auth";

const VALUES: &str =
    "clusterID: prod.example.com\naccount: \"111122223333\"\nauthenticator:\n  backendMode: [EKSConfigMap, CRD]\n";

pub(super) fn pod(world: &World) -> anyhow::Result<()> {
    let mut machine = TestNode::boot(world, "node-inside")?;
    machine.bring_ours(world, &ours(VERSION))?;
    machine.bring_chart(world)?;
    machine
        .run(&format!("mkdir -p {STATE} && cluster-auth init -i {PRODUCTION} --output-dir {STATE} --owner 10000"))?;
    machine.node.initialize(&format!(
        "apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs: [{{name: authentication-token-webhook-config-file, value: {STATE}/aws-iam-authenticator.kubeconfig}}]
  extraVolumes: [{{name: server, hostPath: {STATE}, mountPath: {STATE}, readOnly: true, pathType: Directory}}]
"
    ))?;
    machine.node.serve_pods()?;
    let apply = |name: &str, text: &str| -> anyhow::Result<()> {
        let file = machine.folder.join(name);
        fs::write(&file, text)?;
        machine.kubectl(&["apply", "-f", &file.display().to_string()]).map(drop)
    };
    let who = |username: Option<&str>| {
        let entry = |name: &str| json!({"userarn": "arn:aws:iam::111122223333:user/alice", "username": name});
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
            "data": {"mapUsers": username.map(entry).into_iter().collect::<Value>().to_string()},
        })
        .to_string()
    };
    apply("definition.yaml", DEFINITION)?;
    apply("aws-auth.json", &who(Some("first")))?;
    let object = json!({
        "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": "carol"},
        "spec": {"arn": "arn:aws:iam::111122223333:user/carol", "username": "of-an-object", "groups": []},
    });
    machine.wait_until("the resource is served", || Ok(apply("object.json", &object.to_string()).is_ok()))?;

    fs::write(machine.folder.join("values.yaml"), VALUES)?;
    let install = "helm install cluster-auth chart/cluster-auth -n kube-system --values values.yaml";
    machine.run(&format!("cd {} && {install}", machine.folder.display()))?;
    machine.rolled_out("cluster-auth")?;
    let pods = machine.pods(LABEL)?;
    let [pod] = pods.as_slice() else { anyhow::bail!("one pod, and there are {pods:?}") };
    let spec: Value =
        serde_json::from_str(&machine.kubectl(&["-n", "kube-system", "get", "pod", pod, "-o", "json"])?)?;
    let args = spec["spec"]["containers"][0]["args"].to_string();
    ensure!(!args.contains("--kubeconfig=") && !args.contains("--master"), "{args}");
    machine.running(pod)?.check(10_000, 20 << 20, 100)?;

    let becomes = |person: &str, username: Option<&str>| -> anyhow::Result<()> {
        let what = format!("{person} is {username:?}");
        let is_so = || Ok(machine.whoami(&world.fresh_token(person, PRODUCTION)?)?.as_deref() == username);
        machine
            .wait_until(&what, is_so)
            .with_context(|| machine.kubectl(&["-n", "kube-system", "logs", pod, "--tail=20"]).unwrap_or_default())
    };
    becomes("alice", Some("first"))?;
    becomes("carol", Some("of-an-object"))?;
    becomes("mallory", None)?;
    // What changes is seen, and what was taken is said in the object's status: with the rights of the chart's service account.
    apply("aws-auth.json", &who(Some("second")))?;
    becomes("alice", Some("second"))?;
    apply("aws-auth.json", &who(None))?;
    becomes("alice", None)?;
    let status = ["get", "iamidentitymapping", "carol", "-o", "jsonpath={.status.canonicalARN}"];
    machine.wait_until("the status says who it is", || {
        Ok(machine.kubectl(&status)? == "arn:aws:iam::111122223333:user/carol")
    })?;
    machine.kubectl(&["delete", "iamidentitymapping", "carol"])?;
    becomes("carol", None)?;

    // The API server ends and comes back: what follows it is begun anew.
    machine.restart_api_server()?;
    apply("aws-auth.json", &who(Some("third")))?;
    becomes("alice", Some("third"))
}
