//! A live cluster: which one, and what it says about namespaces and roles.

use std::path::PathBuf;

use clap::Args;
use kubernetes::{Cluster, Kubeconfig};
use rbac::dump::Dump;

use crate::rim::Process;

/// Which cluster to ask.
#[derive(Args, Debug)]
pub(crate) struct ClusterArgs {
    /// Kubeconfig file [default: the files of KUBECONFIG, or ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

impl ClusterArgs {
    /// Whether a cluster was named at all.
    pub(super) fn is_named(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// Reads the kubeconfig and gets the credentials.
    pub(crate) async fn connect(&self, process: &Process) -> anyhow::Result<Cluster> {
        let context = self.context.clone();
        Ok(Kubeconfig { paths: self.paths(process), context }.connect().await?)
    }

    /// Where kubectl looks, in its order (Kubernetes, `tools/clientcmd/loader.go`).
    fn paths(&self, process: &Process) -> Vec<PathBuf> {
        if let Some(path) = &self.kubeconfig {
            return vec![path.clone()];
        }
        match process.variable("KUBECONFIG") {
            Some(list) => std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(),
            None => process.home().into_iter().map(|home| home.join(".kube/config")).collect(),
        }
    }
}

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Every namespace and every role of a cluster.
pub(super) async fn read(cluster: &Cluster, dump: &mut Dump) -> anyhow::Result<()> {
    let paths = ["/api/v1/namespaces".to_owned(), format!("{RBAC}/clusterroles"), format!("{RBAC}/roles")];
    for path in paths {
        let list = cluster.list(&path).await?;
        let list =
            list.ok_or_else(|| anyhow::anyhow!("{} has no {path}: RBAC is not served there", cluster.server()))?;
        dump.read(&list).map_err(|error| anyhow::anyhow!("{} of {}: {error}", path, cluster.server()))?;
    }
    Ok(())
}
