//! What belongs into a cluster's specification (`kops.k8s.io/v1alpha2`).
//!
//! Two variants. [`aws`]: kops makes the files and runs the DaemonSet, with our image. [`webhook`]: the API servers are told
//! of a webhook, whose files come from the state store; the Helm chart runs the server.

use kubeconfig::{WEBHOOK_FILE, WebhookConfig};
use serde::Serialize;

use crate::{ClusterName, Folder};

/// The folder on control plane nodes that has the webhook's files. The API server's pod mounts the folder above it, and
/// has not mounted `/srv/kubernetes` itself since kops 1.22. It is the Helm chart's default too.
const NODE_FOLDER: &str = "/srv/kubernetes/kube-apiserver/cluster-auth";

/// The image with the AWS CLI and a shell that downloads the files, where nobody names another.
pub const HOOK_IMAGE: &str = "public.ecr.aws/aws-cli/aws-cli:2.36.7";

/// What the hook runs. A file rather than an argument: kops writes arguments into a systemd unit, where `$` and `%` mean
/// something else.
const FETCH: &str = include_str!("fetch.sh");

/// Returns a cluster whose server kops runs, with this image.
pub fn aws(name: &ClusterName, image: String, cluster_id: String) -> Cluster {
    let aws = AwsAuthentication {
        image,
        cluster_id,
        cpu_request: "10m",
        cpu_limit: "100m",
        memory_request: "20Mi",
        memory_limit: "20Mi",
    };
    Cluster::of(name, Spec { authentication: Some(Authentication { aws }), ..Spec::default() })
}

/// Returns a cluster whose API servers ask the webhook that `config` names, with its files from `folder`, which a container of
/// the image downloads, asking in the Region where one is given.
pub fn webhook(
    name: &ClusterName,
    config: &WebhookConfig,
    folder: &Folder,
    hook_image: String,
    region: Option<String>,
) -> Cluster {
    // Written anew: what it may hold beside the URL and the authority, a client's key for one, is nothing for a specification.
    let kubeconfig = kubeconfig::webhook(&config.server, &config.certificate_authority_pem);
    let asset = |name, file, content| FileAsset {
        name,
        path: format!("{NODE_FOLDER}/{file}"),
        roles: ["Master"],
        mode: "0644",
        content,
    };
    let kubeconfig = asset("cluster-auth-kubeconfig", WEBHOOK_FILE, kubeconfig);
    let fetch = asset("cluster-auth-fetch", "fetch.sh", FETCH.to_owned());
    let path = kubeconfig.path.clone();
    // The machine's own files are below /rootfs there.
    let command = ["sh".to_owned(), format!("/rootfs{}", fetch.path), folder.to_string()];
    let hook = Hook {
        name: "cluster-auth-files",
        roles: ["Master"],
        before: ["kubelet.service"],
        exec_container: ExecContainer { image: hook_image, command: command.into_iter().chain(region).collect() },
    };
    let spec = Spec {
        file_assets: Some([kubeconfig, fetch]),
        hooks: Some([hook]),
        kube_api_server: Some(KubeApiServer { authentication_token_webhook_config_file: path }),
        ..Spec::default()
    };
    Cluster::of(name, spec)
}

impl Cluster {
    fn of(name: &ClusterName, spec: Spec) -> Self {
        let metadata = Metadata { name: name.to_string() };
        Self { api_version: "kops.k8s.io/v1alpha2", kind: "Cluster", metadata, spec }
    }
}

/// A part of kops' Cluster: what there is of it here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<Authentication>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_assets: Option<[FileAsset; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hooks: Option<[Hook; 1]>,
    #[serde(rename = "kubeAPIServer", skip_serializing_if = "Option::is_none")]
    kube_api_server: Option<KubeApiServer>,
}

#[derive(Serialize)]
struct Authentication {
    aws: AwsAuthentication,
}

/// `spec.authentication.aws`. The requests and the limit of memory are kops' own defaults; the limits are the guide's of 2018.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AwsAuthentication {
    image: String,
    #[serde(rename = "clusterID")]
    cluster_id: String,
    cpu_request: &'static str,
    cpu_limit: &'static str,
    memory_request: &'static str,
    memory_limit: &'static str,
}

#[derive(Serialize)]
struct FileAsset {
    name: &'static str,
    path: String,
    roles: [&'static str; 1],
    mode: &'static str,
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hook {
    name: &'static str,
    roles: [&'static str; 1],
    before: [&'static str; 1],
    exec_container: ExecContainer,
}

#[derive(Serialize)]
struct ExecContainer {
    image: String,
    command: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KubeApiServer {
    authentication_token_webhook_config_file: String,
}
