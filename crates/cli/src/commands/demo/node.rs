//! `demo --node`: a whole control plane node, on which a kubelet runs the server as docs/kubeadm.md says.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use kubeconfig::{Authority, ClusterEndpoint};
use local_cluster::{
    Binaries,
    node::{Node, NodeError, NodePrograms},
};

use super::{
    audience::{Audience, folders, program},
    stage::{ACCESS, CLUSTER_ID, aws, example_objects},
};
use crate::{
    process::{self, Process},
    signals,
};

/// What kubeadm is told, and the server's pod: the files that people copy.
const CLUSTER_CONFIGURATION: &str = include_str!("../../../../../examples/kubeadm/cluster-configuration.yaml");
const STATIC_POD: &str = include_str!("../../../../../examples/kubeadm/static-pod.yaml");

/// The folder of the machine in which the server finds its files, and the name of its pod.
const FOLDER: &str = "/etc/kubernetes/cluster-auth";
const POD: &str = "cluster-auth-node";

/// To the machine the sandbox is AWS, as far as the demo's tokens ask it.
const HOSTS: &str = "127.0.0.1 sts.us-west-2.amazonaws.com\n";

/// STS's port, and the API server's.
const HTTPS: u16 = 443;
const API_SERVER: u16 = 6443;

/// What carol types.
const ADMINISTRATOR: &[&str] = &[
    "get pods --namespace kube-system      # what the kubelet runs",
    "logs --namespace kube-system cluster-auth-node --tail=3",
];

/// Starts the machine, says how to use it, and stays until Ctrl-C.
pub(super) async fn stay(process: &Process) -> anyhow::Result<()> {
    let programs = programs(process)?;
    let kubectl = Binaries::find(&folders(process))?.kubectl()?.to_owned();
    let (identities, sandbox) = aws().await?;
    process::note("starting containerd, a kubelet and what `kubeadm init` makes of them …");
    let (sts, authority) = (sandbox.sts(), sandbox.ca_pem().to_owned());
    let starting = tokio::task::spawn_blocking(move || start(&programs, sts, &authority));
    // Whoever gives up meanwhile is heeded too: the start ends by itself, and takes everything with it.
    let started = tokio::select! {
        started = starting => started?,
        ended = signals::termination() => {
            process::note("ending what was started …");
            return ended;
        }
    };
    let (node, endpoint) = started.or_else(|error| {
        // The end of a log may be in it, which has several lines.
        process::note_lines(&format!("{error:#}"));
        anyhow::bail!("the demo node did not start; the lines above say why")
    })?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let audience = Audience::invite(folder.path(), &kubectl, &identities, &sandbox, &endpoint)?;
    let first = format!(
        "A kubelet runs the server as a static pod, and the API server of `kubeadm init` asks it.\n\
         Who may log in stands in {}: the server takes what you change there.",
        node.path(FOLDER).join("access.yaml").display()
    );
    process::print(&audience.text(&first, ADMINISTRATOR))?;
    signals::termination().await?;
    process::note("ending …");
    tokio::task::spawn_blocking(move || drop(node)).await?;
    sandbox.stop().await;
    Ok(())
}

/// Everything that is missing is said at once, before anything is started.
fn programs(process: &Process) -> anyhow::Result<NodePrograms> {
    let mut lacking = Node::lacking();
    match NodePrograms::find(&folders(process)) {
        Ok(programs) if lacking.is_empty() => return Ok(programs),
        Ok(_) => {}
        Err(NodeError::Missing { programs, .. }) => lacking.push(format!(
            "{} on the PATH or in the folder of KUBEBUILDER_ASSETS (`cargo xtask tools` builds them, and says what to export)",
            programs.join(", ")
        )),
        Err(error) => return Err(error.into()),
    }
    Err(NodeError::Lacking(lacking).into())
}

/// docs/kubeadm.md: the server's files first, then its pod, then `kubeadm init`.
fn start(programs: &NodePrograms, sts: SocketAddr, authority: &str) -> anyhow::Result<(Node, ClusterEndpoint)> {
    let mut node = Node::boot(programs, HOSTS)?;
    node.lead(HTTPS, sts)?;
    node.bring(&image()?, &installed(&node)?, 10_000, authority.as_bytes())?;
    // Makes the folder.
    write(&node, &format!("{FOLDER}/access.yaml"), ACCESS)?;
    node.run("cluster-auth", &["init", "-i", CLUSTER_ID, "--output-dir", FOLDER, "--owner", "10000"])?;
    write(&node, "/etc/kubernetes/manifests/cluster-auth.yaml", STATIC_POD)?;
    node.initialize(CLUSTER_CONFIGURATION)?;
    node.wait_until("the server is ready", || {
        let ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}";
        node.kubectl(&["get", "pod", "-n", "kube-system", POD, "-o", ready]).is_ok_and(|said| said == "True")
    })?;
    write(&node, "/srv/example.yaml", &example_objects()?)?;
    node.kubectl(&["apply", "--filename=/srv/example.yaml"])?;
    let address = node.open(API_SERVER)?;
    let authority = fs::read_to_string(node.path("/etc/kubernetes/pki/ca.crt"))?;
    let endpoint = ClusterEndpoint {
        server: format!("https://{address}"),
        authority: Authority::Pem(authority),
        // kubeadm's certificate has the machine's own names, and none of how one gets there from outside.
        other: [("tls-server-name".to_owned(), "kubernetes".into())].into(),
    };
    Ok((node, endpoint))
}

/// This program as it is installed on the machine, under the name that its image has for it.
fn installed(node: &Node) -> anyhow::Result<PathBuf> {
    let (from, to) = (program()?, node.path("/usr/local/bin/cluster-auth"));
    fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(to)
}

/// The image of the pod, by its full name.
fn image() -> anyhow::Result<String> {
    let name = STATIC_POD.lines().find_map(|line| line.trim().strip_prefix("image: "));
    Ok(format!("docker.io/{}", name.context("the pod has an image")?))
}

fn write(node: &Node, path: &str, text: &str) -> anyhow::Result<()> {
    let path = node.path(path);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
