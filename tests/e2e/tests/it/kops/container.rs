//! What kops' DaemonSet for `spec.authentication.aws` gives the image, and what it takes from it: the user, no capabilities, a root file
//! system that cannot be written to, three volumes, the machine's network and 20Mi of memory (kops, its add-on
//! `authentication.aws`, and nodeup). Kernel and API server are real; kubelet and seccomp's profile are not there.

use std::{fs, os::unix::fs::PermissionsExt as _, os::unix::fs::symlink, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    container::{Bounds, Container, Volume},
    machine::Machine,
    process,
    world::{CLUSTER_ID, World},
};

/// The DaemonSet's arguments.
const ARGS: [&str; 5] = [
    "server",
    "--config=/etc/aws-iam-authenticator/config.yaml",
    "--cluster-id=e2e.example.com",
    "--state-dir=/var/aws-iam-authenticator",
    "--kubeconfig-pregenerated=true",
];

const USER: u32 = 10_000;
const MEMORY: u64 = 20 << 20;
/// Where nodeup puts the server's pair; two volumes of the pod are this folder.
const STATE: &str = "/srv/kubernetes/aws-iam-authenticator";
/// Where the kubelet would keep the ConfigMap that is a volume.
const CONFIG_MAP: &str = "/configmap";

pub(super) fn daemon_set(world: &World) -> anyhow::Result<()> {
    let machine = Machine::new(&world.parts, &world.sts)?;
    let authority = tls::Authority::new("kubernetes-ca", e2e::sts::now(), jiff::SignedDuration::from_hours(24))?;
    boot(&machine, &authority)?;
    // The ConfigMap that its pods wait for, as the page says.
    mount(world, &machine, 1, super::ACCESS)?;
    let flags = ["--authentication-token-webhook-config-file=/etc/kubernetes/authn.config".to_owned()];
    let api_server = machine.api_server(&flags, &vec![("/etc/kubernetes".to_owned(), "/etc/kubernetes".to_owned())])?;

    let volume = |at, from: &str, is_read_only| Volume { at, from: machine.path(from), is_read_only };
    let volumes = [
        volume("/etc/aws-iam-authenticator/", CONFIG_MAP, true),
        volume("/var/aws-iam-authenticator/", STATE, false),
        volume("/etc/kubernetes/aws-iam-authenticator/", STATE, false),
    ];
    let folder = machine.path("/container");
    let bounds = Bounds { user: USER, memory: MEMORY };
    let program = machine.path("/usr/local/bin/cluster-auth");
    let mut container = Container::start(&program, &world.sts, &folder, bounds, &volumes, &ARGS.map(str::to_owned))?;
    let listed = || -> anyhow::Result<Vec<_>> {
        let mut names = fs::read_dir(machine.path(STATE))?
            .map(|entry| Ok(entry?.file_name()))
            .collect::<anyhow::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    };
    process::wait_until("the server answers kops' liveness probe", || {
        ensure!(container.process.ended()?.is_none(), "the server ended:\n{}", container.process.log());
        let probe = e2e::https::request(authority.cert_pem(), machine.port, "GET", "/healthz", "");
        Ok(probe.is_ok_and(|answer| answer.status == 200))
    })?;
    let whoami = |person: &str| machine.whoami(&api_server, &world.fresh_token(person, CLUSTER_ID)?);
    for _ in 0..10 {
        ensure!(whoami("alice")?.as_deref() == Some("alice"), "{}", container.process.log());
        ensure!(whoami("bob")?.is_none(), "nobody else is mapped");
    }
    container.check()?;
    ensure!(listed()? == ["cert.pem", "key.pem"], "the server writes nothing: {:?}", listed()?);

    // Another version of the ConfigMap, as a kubelet brings it.
    mount(world, &machine, 2, &super::ACCESS.replace("[alice]", "[ops/bob]"))?;
    process::wait_until("the new mapping is in use", || Ok(whoami("bob")?.is_some()))?;
    ensure!(whoami("alice")?.is_none(), "{}", container.process.log());
    container.check()?;
    let ended = container.process.terminate()?;
    ensure!(ended.success(), "{ended}\n{}", container.process.log());
    Ok(())
}

/// What nodeup leaves on a machine: a pair by the cluster's authority for the server's user alone, and the API server's kubeconfig.
fn boot(machine: &Machine, authority: &tls::Authority) -> anyhow::Result<()> {
    let pair = authority.issue(&tls::Leaf {
        common_name: "aws-iam-authenticator".to_owned(),
        organization: None,
        names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        usage: tls::Usage::Server,
    })?;
    // The leaf alone: whoever asks knows the cluster's authority.
    for (file, text) in [("cert.pem", pair.cert_pem()), ("key.pem", pair.key_pem())] {
        let path = format!("{STATE}/{file}");
        machine.write(&path, text)?;
        fs::set_permissions(machine.path(&path), fs::Permissions::from_mode(0o600))?;
        machine.give(&path, USER)?;
    }
    let url = format!("https://127.0.0.1:{}/authenticate", machine.port);
    machine.write("/etc/kubernetes/authn.config", &kubeconfig::webhook(&url, authority.cert_pem()))
}

/// A version of the ConfigMap as a kubelet brings it to a volume: in a folder of its own, to which one link leads in one step
/// (Kubernetes, `pkg/volume/util/atomic_writer.go`).
fn mount(world: &World, machine: &Machine, version: u32, access: &str) -> anyhow::Result<()> {
    machine.write("/access.yaml", access)?;
    let mut render = process::command(&world.parts.cluster_auth, &machine.path("/"));
    let map = process::run(render.args(["render", "--to", "configmap", "access.yaml"]))?.success()?;
    let map: serde_json::Value = serde_saphyr::from_str(&map)?;
    let name = |field: &str| map["metadata"][field].as_str();
    ensure!((name("namespace"), name("name")) == (Some("kube-system"), Some("aws-iam-authenticator")), "{map}");
    let config = map["data"]["config.yaml"].as_str().context("config.yaml")?;
    let config = config.replace("server:\n", &format!("server:\n  port: {}\n", machine.port));
    machine.write(&format!("{CONFIG_MAP}/..{version}/config.yaml"), &config)?;
    let volume = machine.path(CONFIG_MAP);
    symlink(format!("..{version}"), volume.join("..data_tmp"))?;
    fs::rename(volume.join("..data_tmp"), volume.join("..data"))?;
    let file = volume.join("config.yaml");
    if fs::symlink_metadata(&file).is_err() {
        symlink(Path::new("..data/config.yaml"), file)?;
    }
    Ok(())
}
