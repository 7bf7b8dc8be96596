//! From kubeconfig files to a cluster, as kubectl goes.

use std::{path::PathBuf, time::Duration};

use kube::config::{Config, KubeConfigOptions, KubeconfigError};

use crate::{Cluster, KubernetesError};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Which files, and which context of theirs.
#[derive(Clone, Debug)]
pub struct Kubeconfig {
    /// In the order in which they count: the first to name something wins. Files that are not there are passed over, as
    /// kubectl does with the list in `KUBECONFIG`.
    pub paths: Vec<PathBuf>,
    /// The context; none is the files' current one.
    pub context: Option<String>,
}

impl Kubeconfig {
    /// Reads the files and gets the credentials, running a plugin if the context names one. Nothing is asked yet.
    pub async fn connect(&self) -> Result<Cluster, KubernetesError> {
        let merged = self.read()?;
        let known: Vec<String> = merged.contexts.iter().map(|context| context.name.clone()).collect();
        let context = match self.context.as_ref().or(merged.current_context.as_ref()).filter(|name| !name.is_empty()) {
            None => return Err(KubernetesError::NoCurrentContext { known }),
            Some(name) if !known.contains(name) => {
                return Err(KubernetesError::NoContext { name: name.clone(), known });
            }
            Some(name) => name.clone(),
        };
        let options = KubeConfigOptions { context: Some(context.clone()), cluster: None, user: None };
        let config = Config::from_custom_kubeconfig(merged, &options).await;
        let mut config = config.map_err(|_| KubernetesError::Context { context: context.clone() })?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        // Deadlines are ours, and reading a large list is no reason to stop.
        config.read_timeout = None;
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let namespace = config.default_namespace.clone();
        let client = kube::Client::try_from(config).map_err(|error| match error {
            kube::Error::Auth(_) => KubernetesError::Credentials { context: context.clone() },
            kube::Error::RustlsTls(_) => KubernetesError::ClientCertificate { context: context.clone() },
            _ => KubernetesError::Context { context: context.clone() },
        })?;
        Ok(Cluster::new(client, context, server, namespace))
    }

    fn read(&self) -> Result<kube::config::Kubeconfig, KubernetesError> {
        let mut merged: Option<kube::config::Kubeconfig> = None;
        for path in &self.paths {
            let next = match kube::config::Kubeconfig::read_from(path) {
                Ok(next) => next,
                Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(_) => return Err(KubernetesError::Kubeconfig { path: path.clone() }),
            };
            let unreadable = |_| KubernetesError::Kubeconfig { path: path.clone() };
            merged = Some(match merged {
                None => next,
                Some(first) => first.merge(next).map_err(unreadable)?,
            });
        }
        merged.ok_or_else(|| KubernetesError::NoKubeconfig { paths: self.paths.clone() })
    }
}
