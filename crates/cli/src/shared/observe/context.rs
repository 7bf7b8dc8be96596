//! Which cluster: the kubeconfig and its context.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use clap::Args;
use document::shell_word;
use inventory::Dump;
use kubernetes::{Cluster, Kubeconfig, Listener, Proxies};
use reading::Kind;

use super::PathArgs;
use crate::process::{self, Process};

/// Which cluster to ask.
#[derive(Args, Clone, Debug)]
pub(crate) struct ClusterArgs {
    /// Kubeconfig file [default: the files of KUBECONFIG, or ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig [default: its current context]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// The contexts of a kubeconfig, or of those that kubectl reads; none where they cannot be read.
pub(crate) fn contexts(kubeconfig: Option<&Path>, process: &Process) -> Vec<String> {
    let args = ClusterArgs { kubeconfig: kubeconfig.map(Path::to_owned), context: None };
    args.kubeconfig(process).contexts().unwrap_or_default()
}

/// The proxies that the environment names.
pub(crate) fn proxies(process: &Process) -> Proxies {
    Proxies::read(tls::Spelling::Upper, |name| process.variable(name))
}

/// Whoever runs a command reads what a plugin writes, and can be asked where there is a terminal.
pub(crate) fn listener() -> Listener {
    if std::io::stdin().is_terminal() { Listener::Terminal } else { Listener::Reader }
}

/// What to give beside what says only who logs in.
pub(crate) const REST: &str = "give what `kubectl get namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps -A -o json` prints as well, or ";

impl ClusterArgs {
    /// Whether a cluster was named at all.
    pub(crate) fn is_named(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// As it is typed, with a blank in front of each flag.
    pub(crate) fn typed(&self) -> String {
        let kubeconfig =
            self.kubeconfig.iter().map(|path| format!(" --kubeconfig {}", shell_word(&path.display().to_string())));
        kubeconfig.chain(self.context.iter().map(|name| format!(" --context {}", shell_word(name)))).collect()
    }

    /// Refuses a cluster that was named beside one that was given.
    pub(crate) fn beside(&self, given: &Dump) -> anyhow::Result<()> {
        anyhow::ensure!(
            given.is_empty() || !self.is_named(),
            "--from holds a cluster, and --context or --kubeconfig name another; give only one of them"
        );
        Ok(())
    }

    /// Whether the cluster is asked: where one is named, or where nothing was given. What was given and holds no cluster does
    /// not stand for the one of the current context, which another day is another one.
    pub(crate) fn is_asked(&self, from: &PathArgs, holds_cluster: bool, takes_dumps: bool) -> anyhow::Result<bool> {
        anyhow::ensure!(
            holds_cluster || !from.is_given() || self.is_named(),
            "{} has no roles and bindings; {}name by --context the cluster that it belongs to",
            from.names(),
            if takes_dumps { REST } else { "" }
        );
        Ok(self.is_named() || !holds_cluster)
    }

    /// Whether a kubeconfig was named.
    pub(crate) fn names_kubeconfig(&self) -> bool {
        self.kubeconfig.is_some()
    }

    /// Whether a context was named.
    pub(crate) fn names_context(&self) -> bool {
        self.context.is_some()
    }

    /// The same with another context.
    pub(crate) fn in_context(&self, name: &str) -> Self {
        Self { context: Some(name.to_owned()), ..self.clone() }
    }

    /// Reads the kubeconfig and gets the credentials.
    pub(crate) async fn connect(&self, process: &Process) -> anyhow::Result<Cluster> {
        Ok(self.kubeconfig(process).connect().await?)
    }

    /// The kubeconfig, not read yet.
    pub(crate) fn kubeconfig(&self, process: &Process) -> Kubeconfig {
        let proxies = proxies(process);
        Kubeconfig {
            paths: self.paths(process),
            kind: Kind::Any,
            is_given: self.kubeconfig.is_some(),
            context: self.context.clone(),
            server: None,
            proxies,
            listener: listener(),
            now: process::now,
        }
    }

    /// Where kubectl looks, in its order (Kubernetes, `tools/clientcmd/loader.go`).
    fn paths(&self, process: &Process) -> Vec<PathBuf> {
        if let Some(path) = &self.kubeconfig {
            return vec![path.clone()];
        }
        process.listed_kubeconfigs().unwrap_or_else(|| process.home_kubeconfig().into_iter().collect())
    }
}
