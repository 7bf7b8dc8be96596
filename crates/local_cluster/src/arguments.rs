//! What the programs are told. Pure.

use std::path::Path;

use super::{
    Options, ReviewVersion, Webhook,
    files::{Files, SERVICE_ACCOUNT_ISSUER},
};

/// The ports of one cluster, all on 127.0.0.1.
pub(super) struct Ports {
    /// etcd, for its clients.
    pub(super) etcd: u16,
    /// etcd, for other members, which there are none of; it insists.
    pub(super) etcd_peer: u16,
    /// kube-apiserver.
    pub(super) api_server: u16,
}

pub(super) fn etcd(folder: &Path, ports: &Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    vec![
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        // What it holds is thrown away with it.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}

pub(super) fn kube_apiserver(files: &Files, ports: &Ports, options: &Options) -> Vec<String> {
    let mut arguments = vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports.api_server),
        // These two let it start where there is no default route.
        "--advertise-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--tls-cert-file={}", files.server_cert.display()),
        format!("--tls-private-key-file={}", files.server_key.display()),
        format!("--client-ca-file={}", files.clients.display()),
        "--authorization-mode=RBAC".to_owned(),
        format!("--service-account-issuer={}", SERVICE_ACCOUNT_ISSUER),
        format!("--service-account-key-file={}", files.service_account_cert.display()),
        format!("--service-account-signing-key-file={}", files.service_account_key.display()),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
    ];
    if let Some(Webhook { kubeconfig, version, cache_ttl }) = &options.webhook {
        let version = match version {
            ReviewVersion::V1 => "v1",
            ReviewVersion::V1Beta1 => "v1beta1",
        };
        arguments.push(format!("--authentication-token-webhook-config-file={}", kubeconfig.display()));
        arguments.push(format!("--authentication-token-webhook-version={version}"));
        arguments
            .extend(cache_ttl.map(|ttl| format!("--authentication-token-webhook-cache-ttl={}ms", ttl.as_millis())));
    }
    if !options.api_audiences.is_empty() {
        arguments.push(format!("--api-audiences={}", options.api_audiences.join(",")));
    }
    arguments.extend_from_slice(&options.api_server_arguments);
    arguments
}

/// The controllers that a cluster without nodes has a use for: a DaemonSet has revisions there, too, and is rolled out to nobody.
const CONTROLLERS: [&str; 7] = [
    "clusterrole-aggregation-controller",
    "daemonset-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
];

pub(super) fn kube_controller_manager(files: &Files) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", files.admin_kubeconfig.display()),
        format!("--controllers={}", CONTROLLERS.join(",")),
        "--use-service-account-credentials".to_owned(),
        format!("--service-account-private-key-file={}", files.service_account_key.display()),
        format!("--root-ca-file={}", files.ca.display()),
        "--leader-elect=false".to_owned(),
        // It serves nobody.
        "--secure-port=0".to_owned(),
    ]
}
