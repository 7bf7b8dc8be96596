//! kops' DaemonSet for `spec.authentication.aws` on a machine as nodeup leaves it: aws-iam-authenticator first, then our image in its
//! place, then its own again, while people log in. Source of what kops gives the image: kops, its add-on `authentication.aws`, and nodeup.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{node::TestNode, world::World};
use serde_json::{Value, json};

use super::{PRODUCTION, say, swap::serves};

/// kops' image, and ours as docs/migrate.md calls it.
const EXISTING: &str = "public.ecr.aws/eks-distro/kubernetes-sigs/aws-iam-authenticator:v0.7.18";
const OURS: &str = "registry.example.com/cluster-auth:0.1.0";

const USER: u32 = 10_000;
const MEMORY: u64 = 20 << 20;

/// Where nodeup puts the server's pair; two volumes of the pod are this folder.
const STATE: &str = "/srv/kubernetes/aws-iam-authenticator";

/// Where nodeup puts the API server's kubeconfig.
const WEBHOOK: &str = "/etc/kubernetes/authn.config";

pub(super) fn swap(world: &World) -> anyhow::Result<()> {
    let machine = TestNode::boot(world, "node-kops")?;
    machine.bring(world, EXISTING, &world.parts.go_authenticator, 65_532)?;
    machine.bring_ours(world, OURS)?;
    nodeup(&machine)?;
    machine.node.initialize(&format!(
        "apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs: [{{name: authentication-token-webhook-config-file, value: {WEBHOOK}}}]
  extraVolumes: [{{name: authn, hostPath: {WEBHOOK}, mountPath: {WEBHOOK}, readOnly: true, pathType: File}}]
"
    ))?;
    let file = machine.folder.join("kops.json");
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": [config_map(), daemon_set()]});
    fs::write(&file, objects.to_string())?;
    machine.kubectl(&["apply", "-f", &file.display().to_string()])?;
    let before = files(&machine)?;
    let bounded = |program: &str| -> anyhow::Result<()> {
        serves(&machine, world, PRODUCTION, program)?.check_bounds(USER, MEMORY)
    };
    bounded("aws-iam-authenticator").context("kops' own image")?;

    for (what, image, program) in [("ours", OURS, "cluster-auth"), ("its own", EXISTING, "aws-iam-authenticator")] {
        // What `kops update cluster` comes to: another image in the DaemonSet, and nothing else.
        let set = format!("daemonset/aws-iam-authenticator aws-iam-authenticator={image}");
        let roll_out = || -> anyhow::Result<()> {
            machine.run(&format!("kubectl -n kube-system set image {set}"))?;
            bounded(program).with_context(|| what.to_owned())
        };
        let ((), logins) = machine.under_logins(world, &["alice"], PRODUCTION, roll_out)?;
        ensure!(logins.let_in > 0, "{what}: {logins:?}");
        let mallory = machine.whoami(&world.fresh_token("mallory", PRODUCTION)?)?;
        ensure!(mallory.is_none(), "{what}: nobody has mapped {mallory:?}");
        ensure!(files(&machine)? == before, "{what}: the pair that kops has made is another one");
        let turned_away = logins.turned_away.len();
        say(&format!("kops, {what} in place: {} logins, {turned_away} while the machine had no server", logins.let_in));
    }
    Ok(())
}

/// What nodeup leaves on a machine: a pair for the server's user alone, and the API server's kubeconfig.
fn nodeup(machine: &TestNode) -> anyhow::Result<()> {
    let authority = tls::Authority::new("kubernetes-ca", e2e::sts::now(), jiff::SignedDuration::from_hours(24))?;
    let pair = authority.issue(&tls::Leaf {
        common_name: "aws-iam-authenticator".to_owned(),
        organization: None,
        names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        usage: tls::Usage::Server,
    })?;
    let url = "https://127.0.0.1:21362/authenticate";
    fs::create_dir_all(machine.node.path(STATE))?;
    let kubeconfig = kubeconfig::webhook(url, authority.cert_pem());
    for (path, text) in [
        (format!("{STATE}/cert.pem"), pair.cert_pem()),
        (format!("{STATE}/key.pem"), pair.key_pem()),
        (WEBHOOK.to_owned(), kubeconfig.as_str()),
    ] {
        fs::write(machine.node.path(&path), text)?;
    }
    machine.run(&format!("chown {USER}:{USER} {STATE}/*.pem && chmod 600 {STATE}/*.pem {WEBHOOK}")).map(drop)
}

/// The pair, as it is on the machine.
fn files(machine: &TestNode) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(machine.node.path(STATE))? {
        let entry = entry?;
        files.push((entry.file_name().display().to_string(), fs::read(entry.path())?));
    }
    files.sort();
    Ok(files)
}

fn config_map() -> Value {
    let users =
        json!([{"userarn": "arn:aws:iam::111122223333:user/alice", "username": "alice", "groups": ["developers"]}]);
    let config = json!({"clusterID": PRODUCTION, "server": {"mapUsers": users}});
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-iam-authenticator", "namespace": "kube-system"},
        "data": {"config.yaml": config.to_string()},
    })
}

fn daemon_set() -> Value {
    let labels = json!({"k8s-app": "aws-iam-authenticator"});
    let mount = |name: &str, path: &str| json!({"name": name, "mountPath": path});
    let container = json!({
        "name": "aws-iam-authenticator", "image": EXISTING,
        "args": [
            "server", "--config=/etc/aws-iam-authenticator/config.yaml", format!("--cluster-id={PRODUCTION}"),
            "--state-dir=/var/aws-iam-authenticator", "--kubeconfig-pregenerated=true",
        ],
        "securityContext": {
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
            "runAsUser": USER, "runAsGroup": USER,
        },
        "resources": {"requests": {"memory": "20Mi", "cpu": "10m"}, "limits": {"memory": "20Mi"}},
        "livenessProbe": {"httpGet": {"scheme": "HTTPS", "host": "127.0.0.1", "port": 21362, "path": "/healthz"}},
        "volumeMounts": [
            mount("config", "/etc/aws-iam-authenticator/"),
            mount("state", "/var/aws-iam-authenticator/"),
            mount("output", "/etc/kubernetes/aws-iam-authenticator/"),
        ],
    });
    let folder = json!({"path": format!("{STATE}/")});
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "aws-iam-authenticator", "namespace": "kube-system", "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "hostNetwork": true, "priorityClassName": "system-node-critical",
                    "nodeSelector": {"node-role.kubernetes.io/control-plane": ""},
                    "containers": [container],
                    "volumes": [
                        {"name": "config", "configMap": {"name": "aws-iam-authenticator"}},
                        {"name": "state", "hostPath": folder},
                        {"name": "output", "hostPath": folder},
                    ],
                },
            },
        },
    })
}
