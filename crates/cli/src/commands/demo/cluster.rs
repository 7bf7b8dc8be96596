//! `demo --cluster`: a real API server that asks our webhook, left running for its audience.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use kubeconfig::{ApiVersion, Authority, ClusterEndpoint, ExecEntry, ExecPlugin, InteractiveMode, OtherFiles};
use local_cluster::{Binaries, Cluster, Options, ReviewVersion, Webhook};

use super::stage::{CLUSTER_ID, Stage, example_objects};
use crate::{
    process::{self, Process},
    signals,
};

/// The namespace that the example speaks of.
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: dev}\n";

/// Who gets a context. carol administers the cluster.
const PEOPLE: [&str; 4] = ["alice", "carol", "dave", "mallory"];

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
    let team = folder.path().join("team.kubeconfig");
    process::write_atomically(&team, team_kubeconfig(&stage, &cluster)?.as_bytes(), 0o600)?;
    let ca_file = folder.path().join("aws.pem");
    fs::write(&ca_file, stage.sandbox.ca_pem())?;
    process::print(&invitation(&team, &kubectl, &ca_file, &stage)?)?;
    signals::termination().await?;
    process::note("ending …");
    tokio::task::spawn_blocking(move || cluster.stop()).await??;
    stage.strike().await;
    Ok(())
}

/// What to type in another terminal. Every line has an answer; what is behind `#` is what it shows.
fn invitation(kubeconfig: &Path, kubectl: &Path, ca_file: &Path, stage: &Stage) -> anyhow::Result<String> {
    let program = program()?;
    let folder = |path: &Path| path.parent().unwrap_or(path).display().to_string();
    let name = program.file_name().unwrap_or_default().display();
    Ok(format!(
        "A real Kubernetes API server asks the webhook in this process. In another terminal:

  export KUBECONFIG={}
  export PATH={}:{}:$PATH
  export HTTPS_PROXY=http://{} NO_PROXY=127.0.0.1
  export AWS_CA_BUNDLE={ca_file} SSL_CERT_FILE={ca_file}
  kubectl --context alice auth whoami
  kubectl --context alice get pods --namespace dev
  kubectl --context alice get secrets --namespace dev          # Forbidden
  kubectl --context dave auth whoami                           # IAM Identity Center
  kubectl --context mallory auth whoami                        # Unauthorized
  kubectl --context carol get clusterrolebindings              # the administrator
  {name} who-can delete pods -n dev --context carol
  {name} whoami --context alice

Ctrl-C ends it and removes everything.
",
        kubeconfig.display(),
        folder(kubectl),
        folder(&program),
        stage.sandbox.proxy(),
        ca_file = ca_file.display(),
    ))
}

fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot find this program's own path")
}

/// KUBEBUILDER_ASSETS, then PATH.
fn folders(process: &Process) -> Vec<PathBuf> {
    let path = process.variable("PATH").map(std::env::split_paths);
    process.variable("KUBEBUILDER_ASSETS").map(PathBuf::from).into_iter().chain(path.into_iter().flatten()).collect()
}

fn apply(kubectl: &Path, cluster: &Cluster, folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("rbac.yaml");
    fs::write(&file, format!("{NAMESPACE}{}", example_objects()?))?;
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

/// One context per person, each with that person's credentials for the plugin.
fn team_kubeconfig(stage: &Stage, cluster: &Cluster) -> anyhow::Result<String> {
    let plugin = program()?;
    let mut text = String::new();
    for person in PEOPLE {
        let credentials = stage.identities.credentials(person).context("the built-in identities have everybody")?;
        let mut env = vec![
            ("AWS_ACCESS_KEY_ID".to_owned(), credentials.access_key_id),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), credentials.secret_access_key),
        ];
        env.extend(credentials.session_token.map(|token| ("AWS_SESSION_TOKEN".to_owned(), token)));
        let args = ["token", "-i", CLUSTER_ID, "--region", "us-west-2"];
        let entry = ExecEntry {
            context: person.to_owned(),
            cluster: "demo".to_owned(),
            user: person.to_owned(),
            endpoint: ClusterEndpoint {
                server: cluster.server_url(),
                authority: Authority::Pem(cluster.ca_pem().to_owned()),
                other: BTreeMap::new(),
            },
            namespace: None,
            exec: ExecPlugin {
                command: plugin.display().to_string(),
                args: args.map(str::to_owned).to_vec(),
                env,
                api_version: ApiVersion::V1,
                install_hint: None,
                interactive_mode: InteractiveMode::Never,
                provide_cluster_info: false,
            },
        };
        let source = document::Source::new("team.kubeconfig", text);
        let merged = kubeconfig::merge(&source, &OtherFiles::default(), &entry, person == PEOPLE[0]);
        let merged = merged.map_err(|_| anyhow::anyhow!("a kubeconfig of our own cannot be read back"))?;
        text = merged.text;
    }
    Ok(text)
}
