//! docs/kubeadm.md with kubeadm itself: the server is a static pod, and what kubeadm does later leaves logins as they are.

use std::fs;

use anyhow::ensure;
use e2e::{
    node::{TestNode, ours},
    typed,
    world::World,
};

use super::{PRODUCTION, VERSION};

const CONFIGURATION: &str = include_str!("../../../../../examples/kubeadm/cluster-configuration.yaml");
const STATIC_POD: &str = include_str!("../../../../../examples/kubeadm/static-pod.yaml");

const ACCESS: &str = r#"clusterID: prod.example.com
account: "111122223333"
groups:
- name: developers
  users: [alice, ops/bob]
  authorization: [{clusterRole: view}]
"#;

pub(super) fn static_pod(world: &World) -> anyhow::Result<()> {
    let mut machine = TestNode::boot(world, "node-kubeadm")?;
    machine.pull_ours(world)?;
    machine.bring_ours(world, &ours(VERSION))?;
    fs::write(machine.node.path("/etc/access.yaml"), ACCESS)?;
    fs::write(machine.node.path("/etc/static-pod.yaml"), STATIC_POD)?;
    let types = |line: &str| -> anyhow::Result<()> {
        machine.run(&format!("cd /etc && {line}"))?;
        typed::note(line);
        Ok(())
    };

    // Before kubeadm: files. Then the API server is up, before there is any server that it could ask.
    types("mkdir -p /etc/kubernetes/cluster-auth")?;
    types("cluster-auth init -i prod.example.com --output-dir /etc/kubernetes/cluster-auth --owner 10000")?;
    types("cp access.yaml /etc/kubernetes/cluster-auth/")?;
    machine.node.initialize(CONFIGURATION)?;
    typed::note("kubeadm init");
    typed::note("kubeadm init --config");
    ensure!(machine.kubectl(&["get", "--raw", "/readyz"])? == "ok");
    let logs_in = |person: &str| -> anyhow::Result<bool> {
        Ok(machine.whoami(&world.fresh_token(person, PRODUCTION)?)?.is_some())
    };
    ensure!(!logs_in("alice")?, "nobody answers for her yet");

    types("cp static-pod.yaml /etc/kubernetes/manifests/cluster-auth.yaml")?;
    machine.wait_until("alice logs in", || logs_in("alice"))?;
    machine.kubectl(&[
        "wait",
        "-n",
        "kube-system",
        "--for=condition=Ready",
        "pod/cluster-auth-node",
        "--timeout=120s",
    ])?;
    let running = machine.running("cluster-auth-node")?;
    running.check(10_000, 20 << 20, 100)?;
    ensure!(!logs_in("mallory")?, "nobody has mapped her");

    // The same version once more: kubeadm writes every manifest anew, as its ConfigMap says.
    let apply = "kubeadm upgrade apply $(kubeadm version -o short) --yes --force --skip-phases=preflight,addon";
    machine.run(apply)?;
    typed::note("kubeadm upgrade apply");
    check_flag(&machine)?;
    machine.wait_until("alice logs in after the upgrade", || logs_in("alice"))?;

    // New certificates for everything that is kubeadm's; the webhook's pair is not.
    let pair = || fs::read(machine.node.path("/etc/kubernetes/cluster-auth/cert.pem"));
    let before = pair()?;
    machine.run("kubeadm certs renew all")?;
    typed::note("kubeadm certs renew all");
    ensure!(pair()? == before, "kubeadm has changed the webhook's certificate");
    machine.restart_api_server()?;
    machine.wait_until("alice logs in after the renewal", || logs_in("alice"))?;
    machine.wait_until("bob logs in after the renewal", || logs_in("bob"))?;
    ensure!(machine.running("cluster-auth-node")?.id == running.id, "the server was never started anew");
    Ok(())
}

/// That the API server is told of the webhook.
fn check_flag(machine: &TestNode) -> anyhow::Result<()> {
    let manifest = fs::read_to_string(machine.node.path("/etc/kubernetes/manifests/kube-apiserver.yaml"))?;
    let flag =
        "--authentication-token-webhook-config-file=/etc/kubernetes/cluster-auth/aws-iam-authenticator.kubeconfig";
    ensure!(manifest.contains(flag), "{manifest}");
    Ok(())
}
