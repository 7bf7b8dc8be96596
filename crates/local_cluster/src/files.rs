//! The cluster's files: an authority, what it signs, and the administrator's kubeconfig.

use std::{
    fs::OpenOptions,
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use tls::{Authority, Leaf, Pair, Usage};

use super::ClusterError;

/// `--service-account-issuer`. Nobody is asked there; it only has to be a URL.
pub(super) const SERVICE_ACCOUNT_ISSUER: &str = "https://kubernetes.default.svc";

/// No cluster here lives longer.
const VALIDITY: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Where the files are, and what our own client needs of them.
pub(super) struct Files {
    pub(super) ca: PathBuf,
    /// Whose client certificates the API server takes.
    pub(super) clients: PathBuf,
    pub(super) server_cert: PathBuf,
    pub(super) server_key: PathBuf,
    /// A certificate only because the API server takes its public key from one; nothing signs in with it.
    pub(super) service_account_cert: PathBuf,
    pub(super) service_account_key: PathBuf,
    pub(super) admin_kubeconfig: PathBuf,
    pub(super) ca_pem: String,
    pub(super) admin: Pair,
}

impl Files {
    /// Makes them all, for an API server at `server` that takes client certificates of these authorities (PEM), too.
    pub(super) fn write(
        folder: &Path,
        server: SocketAddr,
        client_authorities: &str,
        now: Timestamp,
    ) -> Result<Self, ClusterError> {
        let authority = Authority::new("cluster-auth local cluster CA", now, VALIDITY)?;
        let pair = |common_name: &str, organization: Option<&str>, names: &[&str], usage| {
            authority.issue(&Leaf {
                common_name: common_name.to_owned(),
                organization: organization.map(str::to_owned),
                names: names.iter().map(|&name| name.to_owned()).collect(),
                usage,
            })
        };
        let server_names = ["localhost", "127.0.0.1", "kubernetes", "kubernetes.default.svc", "10.0.0.1"];
        let server_pair = pair("kube-apiserver", None, &server_names, Usage::Server)?;
        let service_accounts = pair("service-accounts", None, &[], Usage::Client)?;
        let admin = pair("admin", Some("system:masters"), &[], Usage::Client)?;
        let ca_pem = authority.cert_pem().to_owned();
        let kubeconfig = admin_kubeconfig(server, &ca_pem, &admin);

        let write = |name: &str, text: &str| private_file(folder.join(name), text);
        Ok(Self {
            ca: write("ca.pem", &ca_pem)?,
            clients: write("clients.pem", &format!("{ca_pem}{client_authorities}"))?,
            server_cert: write("kube-apiserver.pem", server_pair.cert_pem())?,
            server_key: write("kube-apiserver.key", server_pair.key_pem())?,
            service_account_cert: write("service-accounts.pem", service_accounts.cert_pem())?,
            service_account_key: write("service-accounts.key", service_accounts.key_pem())?,
            admin_kubeconfig: write("admin.kubeconfig", &kubeconfig)?,
            ca_pem,
            admin,
        })
    }
}

fn admin_kubeconfig(server: SocketAddr, ca_pem: &str, admin: &Pair) -> String {
    let [authority, certificate, key] =
        [ca_pem, admin.cert_pem(), admin.key_pem()].map(|pem| BASE64_STANDARD.encode(pem));
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://{server}
    certificate-authority-data: {authority}
users:
- name: admin
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: local
  context:
    cluster: local
    user: admin
current-context: local
"
    )
}

/// Writes a new file that only we can read. Certificates could be anybody's; one rule is simpler than two.
fn private_file(path: PathBuf, text: &str) -> Result<PathBuf, ClusterError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(path),
        Err(source) => Err(ClusterError::Write { path, source }),
    }
}
