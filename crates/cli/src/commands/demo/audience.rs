//! What the audience of a real API server gets: a kubeconfig with everybody in it, and what to type in another terminal.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use kubeconfig::{ApiVersion, ClusterEndpoint, ExecEntry, ExecPlugin, InteractiveMode, OtherFiles};
use sandbox::{Identities, Running};

use super::stage::CLUSTER_ID;
use crate::process::{self, Process};

/// Who gets a context. carol administers the cluster.
const PEOPLE: [&str; 4] = ["alice", "carol", "dave", "mallory"];

/// Where kubectl finds what it needs.
pub(super) struct Audience {
    program: PathBuf,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    ca_file: PathBuf,
    proxy: String,
}

impl Audience {
    /// Writes it into a folder, for this cluster.
    pub(super) fn invite(
        folder: &Path,
        kubectl: &Path,
        identities: &Identities,
        sandbox: &Running,
        endpoint: &ClusterEndpoint,
    ) -> anyhow::Result<Self> {
        let audience = Self {
            program: program()?,
            kubeconfig: folder.join("team.kubeconfig"),
            kubectl: kubectl.to_owned(),
            ca_file: folder.join("aws.pem"),
            proxy: sandbox.proxy().to_string(),
        };
        let team = team_kubeconfig(&audience.program, identities, endpoint)?;
        process::write_atomically(&audience.kubeconfig, team.as_bytes(), 0o600)?;
        fs::write(&audience.ca_file, sandbox.ca_pem())?;
        Ok(audience)
    }

    /// What to type in another terminal. Every line has an answer; what is behind `#` is what it shows. `first` says what there is, and
    /// `carol` is what the administrator types of kubectl.
    pub(super) fn text(&self, first: &str, carol: &[&str]) -> String {
        let folder = |path: &Path| path.parent().unwrap_or(path).display().to_string();
        let name = self.program.file_name().unwrap_or_default().display();
        let carol: String = carol.iter().map(|line| format!("  kubectl --context carol {line}\n")).collect();
        format!(
            "{first} In another terminal:

  export KUBECONFIG={}
  export PATH={}:{}:$PATH
  export HTTPS_PROXY=http://{} NO_PROXY=127.0.0.1
  export AWS_CA_BUNDLE={ca_file} SSL_CERT_FILE={ca_file}
  kubectl --context alice auth whoami
  kubectl --context alice get pods --namespace dev
  kubectl --context alice get secrets --namespace dev          # Forbidden
  kubectl --context dave auth whoami                           # IAM Identity Center
  kubectl --context mallory auth whoami                        # Unauthorized
{carol}  {name} who-can delete pods -n dev --context carol
  {name} whoami --context alice

Ctrl-C ends it and removes everything.
",
            self.kubeconfig.display(),
            folder(&self.kubectl),
            folder(&self.program),
            self.proxy,
            ca_file = self.ca_file.display(),
        )
    }
}

/// This program.
pub(super) fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot find this program's own path")
}

/// Where Kubernetes' programs are looked for: KUBEBUILDER_ASSETS, then PATH.
pub(super) fn folders(process: &Process) -> Vec<PathBuf> {
    let path = process.variable("PATH").map(std::env::split_paths);
    process.variable("KUBEBUILDER_ASSETS").map(PathBuf::from).into_iter().chain(path.into_iter().flatten()).collect()
}

/// One context per person, each with that person's credentials for the plugin.
fn team_kubeconfig(plugin: &Path, identities: &Identities, endpoint: &ClusterEndpoint) -> anyhow::Result<String> {
    let mut text = String::new();
    for person in PEOPLE {
        let credentials = identities.credentials(person).context("the built-in identities have everybody")?;
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
            endpoint: endpoint.clone(),
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
