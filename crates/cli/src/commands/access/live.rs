//! A live cluster: which one, and what it says about namespaces and roles.

use std::path::PathBuf;

use access::{Facts, Target};
use anyhow::Context as _;
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
    pub(crate) fn is_named(&self) -> bool {
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

/// Every namespace and every role of a cluster, and the `ConfigMap`s that are merged into.
pub(super) async fn read(cluster: &Cluster, facts: &mut Facts, dump: &mut Dump) -> anyhow::Result<()> {
    let paths = ["/api/v1/namespaces".to_owned(), format!("{RBAC}/clusterroles"), format!("{RBAC}/roles")];
    for path in paths {
        let list = cluster.list(&path).await?;
        let list = list.with_context(|| format!("{} serves no {path}; RBAC is off there", cluster.server()))?;
        dump.read(&list).with_context(|| format!("{path} of {}", cluster.server()))?;
    }
    // One that is not there is known not to be there.
    facts.config_maps.get_or_insert_default();
    for name in Target::ALL.into_iter().filter_map(Target::shared) {
        let path = format!("/api/v1/namespaces/kube-system/configmaps/{name}");
        if let Some(map) = cluster.get(&path).await? {
            facts.add_config_maps(&map).with_context(|| format!("{path} of {}", cluster.server()))?;
        }
    }
    Ok(())
}
