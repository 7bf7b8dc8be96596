//! Clusters that others make – kubeadm, k3s, EKS Anywhere –, by the files in `examples/`: real API servers started with the
//! flags that stand there, before any server of ours runs, and real servers started as the files say, after.
//!
//! Nobody makes such a cluster here: kubeadm, k3s and EKS Anywhere themselves do not run.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, ensure};
use e2e::{
    machine::{Machine, Mounts},
    people::environment,
    pod::StaticPod,
    process::{self, Background, wait_until},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use local_cluster::{Cluster, Options, ReviewVersion, Webhook};
use serde::Deserialize;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("clusters::kubeadm_comes_up_before_the_server_and_people_log_in_when_it_does", kubeadm),
    ("clusters::a_rotation_in_the_documented_order_fails_no_login", rotation),
    ("clusters::the_api_server_takes_the_static_pod_as_it_is", static_pod),
    ("clusters::k3s_has_the_flag_and_systemd_runs_the_server", k3s),
    ("clusters::eks_anywheres_authenticator_takes_what_apply_writes", eks_anywhere),
];

const ACCESS: &str = "
clusterID: e2e.example.com
account: '111122223333'
groups:
- name: developers
  users: [alice]
  authorization:
  - {namespace: default, clusterRole: viewer}
";

fn example(path: &str) -> anyhow::Result<String> {
    let path = format!("{}/../../examples/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).with_context(|| path.clone())
}

/// kubeadm's ClusterConfiguration (`cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go`), as far as it is about this.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ClusterConfiguration {
    api_version: String,
    kind: String,
    api_server: ApiServer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ApiServer {
    extra_args: Vec<Arg>,
    extra_volumes: Vec<HostPathMount>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arg {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HostPathMount {
    #[serde(rename = "name")]
    _name: String,
    host_path: String,
    mount_path: String,
    read_only: bool,
    path_type: String,
}

/// The flags and what the pod mounts, as kubeadm takes them over into the API server's own static pod.
fn kubeadm_flags() -> anyhow::Result<(Vec<String>, Mounts)> {
    let text = example("kubeadm/cluster-configuration.yaml")?;
    is_shown("kubeadm.md", &text)?;
    let configuration: ClusterConfiguration = serde_saphyr::from_str(&text)?;
    ensure!(configuration.api_version == "kubeadm.k8s.io/v1beta4" && configuration.kind == "ClusterConfiguration");
    let ApiServer { extra_args, extra_volumes } = configuration.api_server;
    let flags = extra_args.iter().map(|Arg { name, value }| format!("--{name}={value}")).collect();
    ensure!(extra_volumes.iter().all(|volume| volume.read_only && volume.path_type == "Directory"));
    Ok((flags, extra_volumes.into_iter().map(|volume| (volume.mount_path, volume.host_path)).collect()))
}

/// The commands of a page: the first block of them below a heading.
fn commands(page: &str, heading: &str) -> anyhow::Result<Vec<String>> {
    let text = document(page)?;
    let (_, below) = text.split_once(&format!("\n{heading}\n")).with_context(|| format!("{page} has no {heading}"))?;
    let (_, block) = below.split_once("```sh\n").context("a block of commands")?;
    let (block, _) = block.split_once("\n```").context("its end")?;
    Ok(block.lines().map(str::to_owned).collect())
}

fn document(page: &str) -> anyhow::Result<String> {
    let path = format!("{}/../../docs/{page}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).with_context(|| path.clone())
}

/// A page shows an example as it is, but for the comments.
fn is_shown(page: &str, example: &str) -> anyhow::Result<()> {
    let lines = example.lines().filter(|line| !line.starts_with('#'));
    let block = lines.fold("```yaml\n".to_owned(), |block, line| block + line + "\n") + "```\n";
    ensure!(document(page)?.contains(&block), "docs/{page} shows something else than\n{block}");
    Ok(())
}

const KUBEADM_FOLDER: &str = "/etc/kubernetes/cluster-auth";

/// A machine on which the administrator has typed what a page says, with `access.yaml` and an example at hand.
fn prepared(world: &World, page: &str, heading: &str, at_hand: &str) -> anyhow::Result<Machine> {
    let machine = Machine::new(&world.parts, &world.sts)?;
    machine.write("/at-hand/access.yaml", ACCESS)?;
    let (_, name) = at_hand.rsplit_once('/').context("a folder")?;
    machine.write(&format!("/at-hand/{name}"), &example(at_hand)?)?;
    for folder in ["/etc/kubernetes/manifests", "/etc/systemd/system"] {
        machine.make_folder(folder)?;
    }
    machine.shell("/at-hand", &commands(page, heading)?)?;
    Ok(machine)
}

fn kubeadm_machine(world: &World) -> anyhow::Result<Machine> {
    prepared(world, "kubeadm.md", "## 1. The files, on every control plane node", "kubeadm/static-pod.yaml")
}

/// The pod that kubelet finds among its manifests.
fn kubelets_pod(machine: &Machine) -> anyhow::Result<StaticPod> {
    machine.shell("/at-hand", &commands("kubeadm.md", "## 3. The server")?)?;
    StaticPod::read(&fs::read_to_string(machine.path("/etc/kubernetes/manifests/cluster-auth.yaml"))?)
}

/// What must hold of every API server that is up before its webhook: it is healthy and serves those who need none, and tells
/// people that they are not logged in.
fn is_up_without_logins(machine: &Machine, cluster: &Cluster, token: &str) -> anyhow::Result<()> {
    ensure!(machine.whoami(cluster, token)?.is_none(), "somebody is let in and no server runs");
    machine.as_admin(cluster, &["create", "namespace", "before-the-server"])?.success()?;
    ensure!(cluster.get("/readyz")?.status == 200 && cluster.get("/livez")?.status == 200);
    ensure!(cluster.api_server_log().contains("Failed to make webhook authenticator request"), "the webhook was asked");
    Ok(())
}

fn kubeadm(world: &World) -> anyhow::Result<()> {
    let machine = kubeadm_machine(world)?;
    let (flags, mounts) = kubeadm_flags()?;
    // The API server first, as on a machine whose image is still being pulled; nobody gets in, and nothing else is wrong.
    let cluster = machine.api_server(&flags, &mounts)?;
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    is_up_without_logins(&machine, &cluster, &token)?;
    // Then the server: the same token, the same API server.
    let server = kubelets_pod(&machine)?.start(&machine, &world.sts)?;
    ensure!(machine.whoami(&cluster, &token)?.as_deref() == Some("alice"), "{}", server.log());
    let mallory = world.fresh_token("mallory", CLUSTER_ID)?;
    ensure!(machine.whoami(&cluster, &mallory)?.is_none(), "a stranger is let in");
    // It takes a change of the file by itself.
    machine.write(&format!("{KUBEADM_FOLDER}/access.yaml"), &ACCESS.replace("[alice]", "[alice, mallory]"))?;
    wait_until("mallory is let in", || Ok(machine.whoami(&cluster, &mallory)?.as_deref() == Some("mallory")))?;
    // And goes as it came: the API server stays up.
    drop(server);
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    ensure!(machine.whoami(&cluster, &token)?.is_none() && cluster.get("/readyz")?.status == 200);
    Ok(())
}

/// docs/kubeadm.md: the kubeconfig and a restart of the API server first, the pair after that.
fn rotation(world: &World) -> anyhow::Result<()> {
    let machine = kubeadm_machine(world)?;
    let pod = kubelets_pod(&machine)?;
    let (flags, mounts) = kubeadm_flags()?;
    let server = pod.start(&machine, &world.sts)?;
    let logs_in = |cluster: &Cluster, when: &str| {
        let token = world.fresh_token("alice", CLUSTER_ID)?;
        ensure!(machine.whoami(cluster, &token)?.as_deref() == Some("alice"), "{when}: {}", server.log());
        anyhow::Ok(())
    };
    let old = machine.api_server(&flags, &mounts)?;
    logs_in(&old, "before")?;
    // One of the commands is the restart, which is the test's to do.
    let typed = commands("kubeadm.md", "## Rotate, on one machine after the other")?;
    let restart = typed.iter().position(|line| line.starts_with("crictl stop")).context("a restart")?;
    machine.shell("/etc", &typed[..restart])?;
    logs_in(&old, "the API server has not read the new kubeconfig")?;
    let restarted = machine.api_server(&flags, &mounts)?;
    logs_in(&restarted, "the API server trusts both, the server shows the old pair")?;
    machine.shell("/etc/kubernetes", &typed[restart + 1..])?;
    let authority = e2e::server::certificate_authority(&machine.path(KUBEADM_FOLDER))?;
    wait_until("the server shows the new pair", || {
        Ok(e2e::https::request(&authority, machine.port, "GET", "/healthz", "").is_ok())
    })?;
    logs_in(&restarted, "both are new")?;
    // An API server that still knows the old authority alone has had its open connection until now. It comes to no harm, but
    // lets nobody in: hence the order.
    drop(server);
    let _server = pod.start(&machine, &world.sts)?;
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    wait_until("the connection is gone", || Ok(machine.whoami(&old, &token)?.is_none()))?;
    ensure!(old.get("/readyz")?.status == 200);
    ensure!(machine.whoami(&restarted, &token)?.as_deref() == Some("alice"));
    Ok(())
}

/// What a kubelet shows to the API server of a static pod is an ordinary pod: no field unknown, no value out of place.
fn static_pod(world: &World) -> anyhow::Result<()> {
    let machine = Machine::new(&world.parts, &world.sts)?;
    let text = example("kubeadm/static-pod.yaml")?;
    let image = format!("{}:{}", access::IMAGE, env!("CARGO_PKG_VERSION"));
    ensure!(StaticPod::read(&text)?.image() == image, "the image is that of `kops spec`");
    machine.write("/static-pod.yaml", &text)?;
    let cluster = machine.api_server(&[], &Mounts::new())?;
    let file = machine.path("/static-pod.yaml").display().to_string();
    let create = ["create", "--dry-run=server", "--validate=strict", "-o", "name", "-f", &file];
    let created = machine.as_admin(&cluster, &create)?.success()?;
    ensure!(created.trim() == "pod/cluster-auth", "{created}");
    Ok(())
}

fn k3s(world: &World) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        #[serde(rename = "kube-apiserver-arg")]
        kube_apiserver_arg: Vec<String>,
    }
    let machine =
        prepared(world, "k3s.md", "## 1. The files and the server, on every k3s server", "k3s/cluster-auth.service")?;
    let text = example("k3s/config.yaml")?;
    is_shown("k3s.md", &text)?;
    let config: Config = serde_saphyr::from_str(&text)?;
    let flags: Vec<_> = config.kube_apiserver_arg.iter().map(|argument| format!("--{argument}")).collect();
    // k3s runs the API server on the machine itself.
    let mounts = vec![("/etc/cluster-auth".to_owned(), "/etc/cluster-auth".to_owned())];
    let cluster = machine.api_server(&flags, &mounts)?;
    let token = world.fresh_token("alice", CLUSTER_ID)?;
    is_up_without_logins(&machine, &cluster, &token)?;
    let unit = fs::read_to_string(machine.path("/etc/systemd/system/cluster-auth.service"))?;
    let exec = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).context("ExecStart")?;
    let (program, args) = exec.split_once(' ').context("arguments")?;
    ensure!(program == "/usr/local/bin/cluster-auth" && machine.path(program).is_file());
    let args: Vec<_> = args.split(' ').map(str::to_owned).collect();
    let mut server = machine.start(&world.sts, &args, &mounts, Some(10_000))?;
    machine.wait_until_ready(&mut server, "/etc/cluster-auth", "/readyz")?;
    ensure!(machine.whoami(&cluster, &token)?.as_deref() == Some("alice"), "{}", server.log());
    Ok(())
}

/// EKS Anywhere's AWSIamConfig (its reference of `anywhere.eks.amazonaws.com/v1alpha1`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AwsIamConfig {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    kind: String,
    metadata: BTreeMap<String, String>,
    spec: AwsIamSpec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AwsIamSpec {
    aws_region: String,
    partition: String,
    backend_mode: Vec<String>,
    map_roles: Vec<MapRole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapRole {
    #[serde(rename = "roleARN")]
    role_arn: String,
    username: String,
    groups: Vec<String>,
}

/// The authenticator that EKS Anywhere runs, in the mode that it gives it, on a real API server.
fn eks_anywhere(world: &World) -> anyhow::Result<()> {
    let text = example("eks-anywhere/cluster.yaml")?;
    let (cluster, config) = text.split_once("---\n").context("two documents")?;
    let config: AwsIamConfig = serde_saphyr::from_str(config)?;
    let reference = format!("- kind: {}\n    name: {}\n", config.kind, config.metadata["name"]);
    ensure!(cluster.contains(&reference), "{cluster}");
    let AwsIamSpec { aws_region, partition, backend_mode, map_roles } = config.spec;

    // What EKS Anywhere makes of it: files for both, the ConfigMap aws-auth, and aws-iam-authenticator on the control plane.
    let folder = world.folder("eks-anywhere")?;
    let port = e2e::server::free_port()?.to_string();
    let init = ["init", "-i", CLUSTER_ID, "--port", &port];
    process::run(process::command(&world.parts.cluster_auth, &folder).args(init))?.success()?;
    let kubeconfig = folder.join("aws-iam-authenticator.kubeconfig");
    let ttl = Some(std::time::Duration::from_millis(100));
    let webhook = Webhook { kubeconfig, version: ReviewVersion::V1Beta1, cache_ttl: ttl };
    let options = Options { webhook: Some(webhook), ..Options::default() };
    let mut objects =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n"
            .to_owned();
    for MapRole { role_arn, username, groups } in &map_roles {
        let entry = serde_json::json!([{"rolearn": role_arn, "username": username, "groups": groups}]);
        objects.push_str(&format!("    {entry}\n"));
    }
    objects.push_str("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: viewer}\nrules: [{apiGroups: [''], resources: [pods], verbs: [get, list, watch]}]\n");
    let managed = TestCluster::start_with(world, "eks-anywhere", &objects, &options)?;
    let mut authenticator = process::command(&world.parts.go_authenticator, &folder);
    authenticator.args([
        "server",
        "-i",
        CLUSTER_ID,
        "--state-dir",
        ".",
        "--kubeconfig-pregenerated=true",
        "--port",
        &port,
    ]);
    authenticator.args(["--backend-mode", &backend_mode.join(","), "--partition", &partition]).arg("--kubeconfig");
    authenticator.arg(managed.cluster.admin_kubeconfig()).envs(world.sts.proxy_environment());
    authenticator.env("AWS_REGION", aws_region).env("AWS_EC2_METADATA_DISABLED", "true");
    let running = Background::start(&mut authenticator, folder.join("authenticator.log"))?;

    let team = folder.join("team.kubeconfig").display().to_string();
    let mut kubeconfig = managed.command(&["kubeconfig", "-i", CLUSTER_ID, "--region", "us-west-2", "--merge", &team]);
    kubeconfig.arg("--command").arg(&world.parts.cluster_auth);
    process::run(kubeconfig.arg("--from-kubeconfig").arg(managed.cluster.admin_kubeconfig()))?.success()?;
    let pods = |person: &str| {
        let mut command = process::command(world.parts.kubernetes.join("kubectl"), &folder);
        command.envs(environment(&world.sts.credentials(person)?)).args(["--kubeconfig", &team, "get", "pods"]);
        process::run(&mut command)
    };
    ensure!(pods("alice")?.failure()?.contains("Unauthorized"), "nobody has let her in yet");
    managed.file(ACCESS)?;
    managed.run(&["apply", "--yes", "--settle", "0s", "--mapping", "aws-auth"])?.success()?;
    wait_until("alice is let in by the authenticator of EKS Anywhere", || Ok(pods("alice")?.code == 0))
        .with_context(|| running.log())?;
    let auth =
        managed.admin.kubectl(&["-n", "kube-system", "get", "configmap", "aws-auth", "-o", "yaml"])?.success()?;
    ensure!(auth.contains(&map_roles[0].role_arn), "the first administrator stays: {auth}");
    Ok(())
}
