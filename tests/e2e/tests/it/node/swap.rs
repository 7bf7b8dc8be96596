//! The DaemonSet of aws-iam-authenticator 0.7.18, by its own manifest, with our image in it and with its own again.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    node::{Running, TestNode},
    world::World,
};

use super::say;

/// `deploy/example.yaml` of aws-iam-authenticator 0.7.18, whole.
const MANIFEST: &str = include_str!("../migrate/aws-iam-authenticator.yaml");

/// The cluster of its ConfigMap.
const CLUSTER_ID: &str = "my-dev-cluster.example.com";

/// The existing image, which the manifest leaves to whoever uses it.
const EXISTING: &str = "registry.example.com/aws-iam-authenticator:0.7.18";

/// Ours, as docs/migrate.md calls it.
const OURS: &str = "registry.example.com/cluster-auth:0.1.0";

/// Whose process the existing image is, and so whose files.
const USER: u32 = 65_532;

const CONFIGURATION: &str = "apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs:
  - {name: authentication-token-webhook-config-file, value: /etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml}
  extraVolumes:
  - name: authenticator
    hostPath: /etc/kubernetes/aws-iam-authenticator
    mountPath: /etc/kubernetes/aws-iam-authenticator
    readOnly: true
    pathType: Directory
";

pub(super) fn swap(world: &World) -> anyhow::Result<()> {
    let machine = TestNode::boot(world, "node-swap")?;
    machine.bring(world, EXISTING, &world.parts.go_authenticator, USER)?;
    machine.bring_ours(world, OURS)?;
    // As its README has it: the files are there before the API server starts, and are the server's user's.
    let program = world.parts.go_authenticator.display();
    machine.run(&format!(
        "set -e; state=/var/aws-iam-authenticator output=/etc/kubernetes/aws-iam-authenticator
         mkdir -p $state $output; cd $state; {program} init -i {CLUSTER_ID}
         mv aws-iam-authenticator.kubeconfig $output/kubeconfig.yaml; chown -R {USER}:{USER} $state $output"
    ))?;
    machine.node.initialize(CONFIGURATION)?;
    let manifest = MANIFEST
        .replace("<your-registry>/aws-iam-authenticator:<version>", EXISTING)
        .replace("000000000000", "111122223333")
        .replace("user/Alice", "user/alice");
    fs::write(machine.folder.join("manifest.yaml"), manifest)?;
    machine.run(&format!("kubectl apply -f {}/manifest.yaml", machine.folder.display()))?;
    serves(&machine, world, CLUSTER_ID, "aws-iam-authenticator").context("the existing server, by its own manifest")?;

    // What docs/migrate.md says: another image, whose process is still the user's whose the files are.
    let patch = format!(
        r#"{{"spec": {{"template": {{"spec": {{"securityContext": {{"runAsUser": {USER}}},
           "containers": [{{"name": "aws-iam-authenticator", "image": "{OURS}"}}]}}}}}}}}"#
    );
    let steps = [
        ("ours", format!("patch daemonset aws-iam-authenticator --patch '{patch}'"), "cluster-auth"),
        ("its own", "rollout undo daemonset/aws-iam-authenticator".to_owned(), "aws-iam-authenticator"),
    ];
    for (what, command, program) in steps {
        let roll_out = || {
            machine.run(&format!("kubectl -n kube-system {command}"))?;
            serves(&machine, world, CLUSTER_ID, program).with_context(|| what.to_owned())
        };
        let (_, logins) = machine.under_logins(world, &["alice"], CLUSTER_ID, roll_out)?;
        ensure!(logins.let_in > 0, "{what}: {logins:?}");
        let turned_away = logins.turned_away.len();
        say(&format!("{what} in place: {} logins, {turned_away} while the one machine had no server", logins.let_in));
    }
    Ok(())
}

/// That the DaemonSet's one pod runs this program, without having been started anew, and lets alice in.
pub(super) fn serves(machine: &TestNode, world: &World, cluster_id: &str, program: &str) -> anyhow::Result<Running> {
    machine.rolled_out("aws-iam-authenticator")?;
    machine.wait_until("alice logs in", || Ok(machine.whoami(&world.fresh_token("alice", cluster_id)?)?.is_some()))?;
    let pods = machine.pods("k8s-app=aws-iam-authenticator")?;
    let [pod] = pods.as_slice() else { anyhow::bail!("one pod, and there are {pods:?}") };
    let running = machine.running(pod)?;
    ensure!(running.program()? == program, "{} runs", running.program()?);
    let restarts = "-o=jsonpath={.status.containerStatuses[0].restartCount}";
    let restarts = machine.kubectl(&["-n", "kube-system", "get", "pod", pod, restarts])?;
    ensure!(restarts == "0", "started {restarts} times anew");
    Ok(running)
}
