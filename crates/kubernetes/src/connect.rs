//! From kubeconfig files to a cluster, as kubectl goes.

use std::{path::PathBuf, time::Duration};

use kube::{
    client::AuthError,
    config::{Config, KubeConfigOptions, KubeconfigError},
};

use crate::{Cluster, KubernetesError, PluginTrouble, Proxies};

/// How long a connection may take to come about, a proxy's and TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A program that makes credentials, as kubectl runs it.
// No Debug: its variables may be credentials.
#[derive(Clone, Default)]
pub struct Plugin {
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables that it gets besides those that there are.
    pub env: Vec<(String, String)>,
}

/// Which files, and which context of theirs.
// No Debug: a proxy's URL may hold a password.
#[derive(Clone)]
pub struct Kubeconfig {
    /// In the order in which they count: the first to name something wins. Files that are not there are passed over, as
    /// kubectl does with the list in `KUBECONFIG`.
    pub paths: Vec<PathBuf>,
    /// The context; none is the files' current one.
    pub context: Option<String>,
    /// For servers to which the files name no proxy.
    pub proxies: Proxies,
}

impl Kubeconfig {
    /// Reads the files and gets the credentials, running a plugin if the context names one. Nothing is asked yet.
    pub async fn connect(&self) -> Result<Cluster, KubernetesError> {
        let merged = self.read()?;
        let context = self.name(&merged)?;
        let command = self.plugin()?.map(|plugin| plugin.command);
        let own_proxy = proxy_of(&merged, &context);
        let options = KubeConfigOptions { context: Some(context.clone()), cluster: None, user: None };
        let config = Config::from_custom_kubeconfig(merged, &options).await;
        let mut config = config.map_err(|error| match error {
            KubeconfigError::ParseNoProxy(_) => KubernetesError::NoProxy,
            _ => KubernetesError::Context { context: context.clone() },
        })?;
        // The client holds NO_PROXY against the proxy's name instead of the server's.
        config.proxy_url = own_proxy.or_else(|| self.proxies.of(&config.cluster_url));
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        // Deadlines are ours, and reading a large list is no reason to stop.
        config.read_timeout = None;
        // The client would try for a minute and then say that there was no answer.
        config.default_retry = false;
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let namespace = config.default_namespace.clone();
        let client = kube::Client::try_from(config).map_err(|error| match error {
            kube::Error::Auth(error) => of_plugin(&error, command.as_deref(), &context),
            kube::Error::RustlsTls(_) => KubernetesError::ClientCertificate { context: context.clone() },
            _ => KubernetesError::Context { context: context.clone() },
        })?;
        Ok(Cluster::new(client, context, server, namespace))
    }

    /// The program that makes the credentials of the context; none where it has others. Nothing is run.
    pub fn plugin(&self) -> Result<Option<Plugin>, KubernetesError> {
        let merged = self.read()?;
        let name = self.name(&merged)?;
        let context = merged.contexts.into_iter().find(|context| context.name == name);
        let user = context.and_then(|context| context.context).and_then(|context| context.user).unwrap_or_default();
        let user = merged.auth_infos.into_iter().find(|info| info.name == user).and_then(|info| info.auth_info);
        let Some(exec) = user.and_then(|user| user.exec) else { return Ok(None) };
        let variable =
            |mut pair: std::collections::HashMap<String, String>| Some((pair.remove("name")?, pair.remove("value")?));
        Ok(Some(Plugin {
            command: exec.command.unwrap_or_default(),
            args: exec.args.unwrap_or_default(),
            env: exec.env.unwrap_or_default().into_iter().filter_map(variable).collect(),
        }))
    }

    /// The contexts that the files name, in their order.
    pub fn contexts(&self) -> Result<Vec<String>, KubernetesError> {
        Ok(self.read()?.contexts.into_iter().map(|context| context.name).collect())
    }

    /// The context's name.
    fn name(&self, merged: &kube::config::Kubeconfig) -> Result<String, KubernetesError> {
        let known: Vec<String> = merged.contexts.iter().map(|context| context.name.clone()).collect();
        match self.context.as_ref().or(merged.current_context.as_ref()).filter(|name| !name.is_empty()) {
            None => Err(KubernetesError::NoCurrentContext { known }),
            Some(name) if !known.contains(name) => Err(KubernetesError::NoContext { name: name.clone(), known }),
            Some(name) => Ok(name.clone()),
        }
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

/// Why there are no credentials. What a plugin wrote is not looked at.
fn of_plugin(error: &AuthError, command: Option<&str>, context: &str) -> KubernetesError {
    let why = match error {
        AuthError::AuthExecStart(error) if error.kind() == std::io::ErrorKind::NotFound => PluginTrouble::NotFound,
        AuthError::AuthExecStart(_) => PluginTrouble::NotRun,
        AuthError::AuthExecRun { out, .. } => PluginTrouble::Failed(out.status.code()),
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed | AuthError::MalformedTokenExpirationDate(_) => {
            PluginTrouble::Unreadable
        }
        _ => return KubernetesError::Credentials { context: context.to_owned() },
    };
    let command = command.unwrap_or_default().to_owned();
    KubernetesError::Plugin { context: context.to_owned(), command, why }
}

/// The `proxy-url` of the context's cluster, which counts whatever the environment says.
fn proxy_of(merged: &kube::config::Kubeconfig, context: &str) -> Option<http::Uri> {
    let context = merged.contexts.iter().find(|one| one.name == context).and_then(|one| one.context.as_ref())?;
    let cluster =
        merged.clusters.iter().find(|one| one.name == context.cluster).and_then(|one| one.cluster.as_ref())?;
    cluster.proxy_url.as_ref()?.parse().ok()
}
