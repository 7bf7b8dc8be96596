//! kops' Cluster in `kops.k8s.io/v1alpha2`, as far as it is about logins, with every field that kops has there and no
//! other: a name that kops does not know fails to be read (kubernetes/kops, `pkg/apis/kops/v1alpha2/cluster.go`).

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Cluster {
    api_version: String,
    kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metadata {
    pub(crate) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Spec {
    pub(crate) authentication: Option<Authentication>,
    pub(crate) file_assets: Option<Vec<FileAsset>>,
    hooks: Option<Vec<Hook>>,
    #[serde(rename = "kubeAPIServer")]
    kube_api_server: Option<KubeApiServer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authentication {
    pub(crate) aws: Option<Aws>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "the list of fields is kops'")]
pub(crate) struct Aws {
    pub(crate) image: Option<String>,
    pub(crate) backend_mode: Option<String>,
    #[serde(rename = "clusterID")]
    pub(crate) cluster_id: Option<String>,
    memory_request: Option<String>,
    cpu_request: Option<String>,
    pub(crate) memory_limit: Option<String>,
    cpu_limit: Option<String>,
    identity_mappings: Option<Vec<IdentityMapping>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the list of fields is kops'")]
struct IdentityMapping {
    arn: String,
    username: String,
    groups: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FileAsset {
    name: String,
    pub(crate) path: String,
    roles: Vec<Role>,
    pub(crate) content: String,
    is_base64: Option<bool>,
    mode: Option<String>,
}

/// The roles of an instance group; v1alpha2 still reads `Master`, which v1alpha3 calls `ControlPlane`.
#[derive(Deserialize, PartialEq, Eq)]
enum Role {
    Master,
    Node,
    Bastion,
    #[serde(rename = "APIServer")]
    ApiServer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Hook {
    name: Option<String>,
    disabled: Option<bool>,
    roles: Vec<Role>,
    requires: Option<Vec<String>>,
    before: Option<Vec<String>>,
    exec_container: Option<ExecContainer>,
    manifest: Option<String>,
    use_raw_manifest: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExecContainer {
    image: String,
    command: Vec<String>,
    environment: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, clippy::struct_field_names, reason = "the list of fields is kops'")]
struct KubeApiServer {
    authentication_token_webhook_config_file: Option<String>,
    authentication_token_webhook_cache_ttl: Option<String>,
    authentication_config_file: Option<String>,
}

/// Reads one, in YAML or in JSON.
pub(crate) fn read(text: &str) -> anyhow::Result<Cluster> {
    let cluster: Cluster = serde_saphyr::from_str(text).with_context(|| format!("kops does not know this:\n{text}"))?;
    ensure!(cluster.api_version == "kops.k8s.io/v1alpha2" && cluster.kind == "Cluster");
    Ok(cluster)
}

impl Cluster {
    /// The one file of a name.
    pub(crate) fn asset(&self, name: &str) -> anyhow::Result<&FileAsset> {
        let mut all = self.spec.file_assets.iter().flatten();
        all.find(|asset| asset.path.ends_with(&format!("/{name}"))).with_context(|| format!("no file {name}"))
    }

    pub(crate) fn hook(&self) -> anyhow::Result<&Hook> {
        self.spec.hooks.as_ref().and_then(|hooks| hooks.first()).context("a hook")
    }

    /// The file that API servers read.
    pub(crate) fn webhook_file(&self) -> anyhow::Result<&str> {
        let server = self.spec.kube_api_server.as_ref().context("kubeAPIServer")?;
        server.authentication_token_webhook_config_file.as_deref().context("the webhook's file")
    }

    /// What kops' own validation and the API server's pod ask of the variant with a webhook file.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        // Since kops 1.22 the pod sees this folder of /srv/kubernetes and no other.
        let file = self.webhook_file()?;
        ensure!(file.starts_with("/srv/kubernetes/kube-apiserver/"), "{file}");
        ensure!(
            self.spec.file_assets.iter().flatten().any(|asset| asset.path == file),
            "{file} is there at every boot"
        );
        for asset in self.spec.file_assets.iter().flatten() {
            ensure!(!asset.name.is_empty() && asset.roles == [Role::Master] && asset.is_base64.is_none());
            ensure!(asset.mode.as_deref().is_some_and(|mode| u32::from_str_radix(mode, 8) == Ok(0o644)));
            ensure!(!asset.content.contains("PRIVATE"), "{} has a key", asset.path);
        }
        let hook = self.hook()?;
        ensure!(hook.roles == [Role::Master] && hook.name.is_some() && hook.disabled.is_none());
        // kops refuses a raw manifest beside these, and writes a unit of its own for a container.
        ensure!(hook.manifest.is_none() && hook.use_raw_manifest.is_none() && hook.requires.is_none());
        ensure!(hook.before.iter().flatten().eq(["kubelet.service"]));
        // The command stands in a systemd unit, where these mean something else.
        ensure!(hook.command().iter().all(|argument| !argument.contains(['$', '%', '\n', '"', '\\', ' '])));
        let container = hook.exec_container.as_ref().context("a container")?;
        ensure!(container.image.contains('/') && container.environment.is_none());
        Ok(())
    }
}

impl Hook {
    pub(crate) fn command(&self) -> &[String] {
        self.exec_container.as_ref().map(|container| container.command.as_slice()).unwrap_or_default()
    }
}
