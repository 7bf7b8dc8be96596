//! `demo --cluster`: a real API server that asks our webhook, left running for its audience.

use std::{fs, path::Path, process::Command};

use anyhow::Context as _;
use kubeconfig::{Authority, ClusterEndpoint};
use local_cluster::{Binaries, Cluster, Options, ReviewVersion, Webhook};

use super::{
    audience::{Audience, folders},
    stage::{Stage, example_objects},
};
use crate::{
    process::{self, Process},
    signals,
};

/// What carol types.
const ADMINISTRATOR: &[&str] = &["get clusterrolebindings              # the administrator"];

/// Starts the cluster, says how to use it, and stays until Ctrl-C.
pub(super) async fn stay(stage: Stage, process: &Process) -> anyhow::Result<()> {
    let binaries = Binaries::find(&folders(process))?;
    let kubectl = binaries.kubectl()?.to_owned();
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let webhook = folder.path().join("webhook.kubeconfig");
    let url = format!("https://localhost:{}/authenticate", stage.address.port());
    fs::write(&webhook, kubeconfig::webhook(&url, &stage.ca_pem))?;
    process::note("starting etcd and kube-apiserver …");
    let webhook = Webhook { kubeconfig: webhook, version: ReviewVersion::V1, cache_ttl: None };
    // Where it is at hand: without it the role `view` that the example binds has no rules.
    let controller_manager = binaries.kube_controller_manager().is_ok();
    if !controller_manager {
        process::note(
            "note: there is no kube-controller-manager beside kube-apiserver, and without it the roles `view`, `edit` and \
             `admin` have no rules: alice's `get pods` is forbidden",
        );
    }
    let options = Options { webhook: Some(webhook), controller_manager, ..Options::default() };
    // Whoever gives up meanwhile is heeded too: the start ends by itself, and takes everything with it.
    let cluster = tokio::select! {
        cluster = tokio::task::spawn_blocking(move || Cluster::start(&binaries, &options, process::now())) => cluster?,
        ended = signals::termination() => return ended,
    };
    let cluster = cluster.or_else(|error| {
        // The end of a log may be in it, which has several lines.
        process::note_lines(&format!("{:#}", anyhow::Error::from(error)));
        anyhow::bail!("the demo cluster did not start; the lines above say why")
    })?;
    apply(&kubectl, &cluster, folder.path())?;
    let endpoint = ClusterEndpoint {
        server: cluster.server_url(),
        authority: Authority::Pem(cluster.ca_pem().to_owned()),
        other: [].into(),
    };
    let audience = Audience::invite(folder.path(), &kubectl, &stage.identities, &stage.sandbox, &endpoint)?;
    process::print(&audience.text("A real Kubernetes API server asks the webhook in this process.", ADMINISTRATOR))?;
    signals::termination().await?;
    process::note("ending …");
    tokio::task::spawn_blocking(move || cluster.stop()).await??;
    stage.strike().await;
    Ok(())
}

fn apply(kubectl: &Path, cluster: &Cluster, folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("rbac.yaml");
    fs::write(&file, example_objects()?)?;
    let output = Command::new(kubectl)
        .arg("--kubeconfig")
        .arg(cluster.admin_kubeconfig())
        .args(["apply", "--filename"])
        .arg(&file)
        .output()
        .context("cannot start kubectl")?;
    anyhow::ensure!(
        output.status.success(),
        "kubectl apply failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}
