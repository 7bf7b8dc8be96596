//! From kubeconfig files to a cluster, as kubectl goes.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use reading::Kind;
use rustls::{
    pki_types::{CertificateDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use serde_json::{Value as Json, json};
use tls::{Proxies, TlsError};

use crate::{
    Cluster, ContextName, KubernetesError, client,
    credentials::{Credentials, bearer, has_ended, not_read},
    files::{self, Config, User},
    plugin::{Listener, PATIENCE, Plugin, Runner},
    proxies::proxy_of,
    usable,
};

/// Which files, and which context of theirs.
// No Debug: a proxy's URL may hold a password.
#[derive(Clone)]
pub struct Kubeconfig {
    /// In the order in which they count: the first to name something wins. Files that are not there are passed over, as
    /// kubectl does with the list in `KUBECONFIG`.
    pub paths: Vec<PathBuf>,
    /// Which kinds of files they may be: a server waits for none.
    pub kind: Kind,
    /// Whether the file was given by a flag: kubectl does not find it by itself then.
    pub is_given: bool,
    /// The context; none is the files' current one.
    pub context: Option<String>,
    /// The API server's URL, where it is another than the files'.
    pub server: Option<String>,
    /// For servers to which the files name no proxy.
    pub proxies: Proxies,
    /// Who is there while a plugin runs.
    pub listener: Listener,
    /// The clock: credentials end.
    pub now: fn() -> Timestamp,
}

/// A client certificate and its key, in PEM.
type Pair = (Vec<u8>, Vec<u8>);

/// A context and what it leads to.
struct Chosen {
    name: ContextName,
    namespace: String,
    cluster_name: String,
    cluster: files::Cluster,
    user_name: String,
    user: User,
}

impl Kubeconfig {
    /// Reads the files and gets the credentials, running a plugin if the context names one. Nothing is asked yet.
    ///
    /// What kubectl refuses is refused, and so is what only kubectl can do. To a server without TLS no credentials are sent, as
    /// kubectl sends none.
    ///
    /// # Errors
    ///
    /// Files that are missing or cannot be read, a context that is not in them or that kubectl refuses, and a plugin that makes no
    /// credentials.
    pub async fn connect(&self) -> Result<Cluster, KubernetesError> {
        let mut chosen = self.choose()?;
        if let Some(server) = &self.server {
            server.clone_into(&mut chosen.cluster.server);
        }
        self.connect_to_chosen(chosen).await
    }

    async fn connect_to_chosen(&self, chosen: Chosen) -> Result<Cluster, KubernetesError> {
        let Chosen { name: context, namespace, cluster_name, cluster, user_name, user } = chosen;
        let unusable = |why: String| KubernetesError::Unusable { context: context.clone(), why };
        let problems = [usable::cluster(&cluster_name, &cluster), usable::user(&user_name, &user)].concat();
        if !problems.is_empty() {
            return Err(unusable(problems.join("; ")));
        }
        let authority = authority(&cluster, &cluster_name).map_err(unusable)?;
        let server = server(&cluster).map_err(unusable)?;
        let mut config = kube::Config::new(server);
        config.auth_info = impersonation(&user);
        let (credentials, identity) = if config.cluster_url.scheme_str() == Some("https") {
            let about = || about(&cluster, authority.as_deref());
            self.credentials(&context, &user_name, &user, about).await?
        } else {
            (Credentials::Nothing, None)
        };
        let identity = identity.map(certified).transpose().map_err(unusable)?;
        config.root_cert = authority.map(|pem| certificates(&pem)).transpose().map_err(unusable)?;
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify;
        config.tls_server_name = Some(cluster.tls_server_name).filter(|name| !name.is_empty());
        config.proxy_url = match &*cluster.proxy_url {
            "" => proxy_of(&self.proxies, &config.cluster_url).map_err(unusable)?,
            url => Some(usable::proxy(url).map_err(unusable)?),
        };
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let client = client::client(&config, identity).map_err(unusable)?;
        Ok(Cluster::new(client, credentials, context, server, namespace))
    }

    /// What a user has to show, in kubectl's order; a plugin is run, and told about the cluster.
    async fn credentials(
        &self,
        context: &ContextName,
        name: &str,
        user: &User,
        about: impl FnOnce() -> Json,
    ) -> Result<(Credentials, Option<Pair>), KubernetesError> {
        let unusable = |why: String| KubernetesError::Unusable { context: context.clone(), why };
        let identity = identity(user, name).map_err(unusable)?;
        if let Some(credentials) = Credentials::of(user).map_err(unusable)? {
            return Ok((credentials, identity));
        }
        if let Some(exec) = &user.exec {
            let failed = |why| exec.failed(context, self.listener, why);
            let runner = Runner::new(exec.clone(), about, self.listener, PATIENCE).map_err(failed)?;
            let made = runner.run().await.map_err(failed)?;
            let pair = made.identity.clone().map(|(certificate, key)| (certificate.into_bytes(), key.into_bytes()));
            let credentials = Credentials::Plugin { runner: Box::new(runner), last: made.into(), now: self.now };
            return Ok((credentials, pair.or(identity)));
        }
        match (of_provider(user, (self.now)()).map_err(unusable)?, identity) {
            (None, None) => Err(unusable(format!(
                "its user {name:?} has no credentials; kubectl would ask for a username and a password"
            ))),
            (credentials, identity) => Ok((credentials.unwrap_or(Credentials::Nothing), identity)),
        }
    }

    /// Returns the program that makes the credentials of the context; `None` if it has others. Nothing is run.
    ///
    /// # Errors
    ///
    /// Files that are missing or cannot be read, and a context that is not in them or that kubectl refuses.
    pub fn plugin(&self) -> Result<Option<Plugin>, KubernetesError> {
        Ok(self.choose()?.user.exec.map(files::Exec::plugin))
    }

    /// Returns the contexts that the files name, in their order.
    ///
    /// # Errors
    ///
    /// Files that are missing or cannot be read.
    pub fn contexts(&self) -> Result<Vec<String>, KubernetesError> {
        Ok(self.read()?.contexts.into_iter().map(|(name, _)| name).collect())
    }

    fn read(&self) -> Result<Config, KubernetesError> {
        let missing = || KubernetesError::NoKubeconfig { paths: self.paths.clone(), is_given: self.is_given };
        Config::read(&self.paths, self.kind)?.ok_or_else(missing)
    }

    /// The file that a flag named.
    fn given(&self) -> Option<&Path> {
        self.paths.first().filter(|_| self.is_given).map(PathBuf::as_path)
    }

    fn choose(&self) -> Result<Chosen, KubernetesError> {
        let Config { clusters, users, contexts, current_context } = self.read()?;
        if contexts.is_empty() {
            let paths = self.paths.iter().filter(|path| path.exists()).cloned().collect();
            return Err(KubernetesError::NoContexts { paths });
        }
        let known = || contexts.iter().map(|(name, _)| name.clone()).collect();
        let name = self.context.clone().unwrap_or(current_context);
        if name.is_empty() {
            return Err(KubernetesError::NoCurrentContext { given: self.given().map(Path::to_owned), known: known() });
        }
        let Some((_, context)) = contexts.iter().find(|(one, _)| *one == name) else {
            return Err(KubernetesError::NoContext { known: known(), name });
        };
        let chosen = ContextName::new(&name, self.given());
        let (cluster_name, user_name) = (context.cluster.clone(), context.user.clone());
        let namespace = if context.namespace.is_empty() { "default" } else { &context.namespace }.to_owned();
        let unusable = |why| KubernetesError::Unusable { context: chosen.clone(), why };
        let cluster = clusters.into_iter().find(|(one, _)| *one == cluster_name).map(|(_, cluster)| cluster);
        let cluster =
            cluster.ok_or_else(|| unusable(format!("there is no cluster {cluster_name:?} in the kubeconfig")))?;
        let user = users.into_iter().find(|(one, _)| *one == user_name).map(|(_, user)| user);
        let user = match user {
            None if !user_name.is_empty() => {
                return Err(unusable(format!("there is no user {user_name:?} in the kubeconfig")));
            }
            user => user.unwrap_or_default(),
        };
        Ok(Chosen { name: chosen, namespace, cluster_name, cluster, user_name, user })
    }
}

/// What a pod is given to reach its own cluster's API server.
///
/// Source: Kubernetes, `client-go/rest/config.go` (`InClusterConfig`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// `KUBERNETES_SERVICE_HOST`.
    pub host: String,
    /// `KUBERNETES_SERVICE_PORT`.
    pub port: String,
    /// The folder with `token` and `ca.crt`: [`Self::FOLDER`] but in tests.
    pub folder: PathBuf,
}

impl Pod {
    /// Where the kubelet puts a service account's token and the cluster's authority.
    pub const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// Connects as the pod's service account. The token is read again as often as the kubelet renews it. No proxy is used.
    ///
    /// # Errors
    ///
    /// The token or the authority cannot be read.
    pub async fn connect(&self, now: fn() -> Timestamp) -> Result<Cluster, KubernetesError> {
        let Self { host, port, folder } = self;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let file = |name: &str| folder.join(name).display().to_string();
        let name = || "in-cluster".to_owned();
        let cluster = files::Cluster {
            server: format!("https://{host}:{port}"),
            certificate_authority: file("ca.crt"),
            ..files::Cluster::default()
        };
        let user = User { token_file: file("token"), ..User::default() };
        let namespace = "default".to_owned();
        let in_pod = ContextName::of_pod();
        let chosen = Chosen { name: in_pod, namespace, cluster_name: name(), cluster, user_name: name(), user };
        let (paths, proxies) = (Vec::new(), Proxies::default());
        let (kind, listener) = (Kind::Regular, Listener::Nobody);
        Kubeconfig { paths, kind, is_given: false, context: None, server: None, proxies, listener, now }
            .connect_to_chosen(chosen)
            .await
    }
}

impl Cluster {
    /// Returns a cluster that is known by its URL alone, as `--master` has it: nothing is shown to it.
    ///
    /// # Errors
    ///
    /// The URL is none, or the proxy's is none.
    pub fn without_credentials(server: &str, proxies: &Proxies) -> Result<Self, KubernetesError> {
        let context = ContextName::of_server(server);
        let unusable = |why: String| KubernetesError::Unusable { context: context.clone(), why };
        let cluster = files::Cluster { server: server.to_owned(), ..files::Cluster::default() };
        let mut config = kube::Config::new(self::server(&cluster).map_err(unusable)?);
        config.proxy_url = proxy_of(proxies, &config.cluster_url).map_err(unusable)?;
        let client = client::client(&config, None).map_err(unusable)?;
        let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        Ok(Self::new(client, Credentials::Nothing, context, url, "default".to_owned()))
    }
}

/// The server's URL. One without a scheme has no TLS, whatever is said of certificates: so kubectl has it.
fn server(cluster: &files::Cluster) -> Result<http::Uri, String> {
    let server = &cluster.server;
    let url = if server.contains("://") { server.clone() } else { format!("http://{server}") };
    let uri: Option<http::Uri> = url.parse().ok();
    let uri = uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    uri.ok_or_else(|| "the cluster's `server` must be a URL or a host:port pair".to_owned())
}

/// What the cluster's authorities are, as PEM; `None` if the machine's own count.
fn authority(cluster: &files::Cluster, name: &str) -> Result<Option<Vec<u8>>, String> {
    pem(&cluster.certificate_authority_data, &cluster.certificate_authority, "certificate-authority", name)
}

/// A user's client certificate and its key, as PEM.
fn identity(user: &User, name: &str) -> Result<Option<Pair>, String> {
    let certificate = pem(&user.client_certificate_data, &user.client_certificate, "client-certificate", name);
    match (certificate, pem(&user.client_key_data, &user.client_key, "client-key", name)) {
        (Ok(certificate), Ok(key)) => Ok(certificate.zip(key)),
        // As kubectl, which says all that is wrong.
        (Err(one), Err(other)) => Err(format!("{one}; {other}")),
        (Err(why), Ok(_)) | (Ok(_), Err(why)) => Err(why),
    }
}

/// What is written in base64, or stands in a file.
fn pem(data: &str, path: &str, key: &str, name: &str) -> Result<Option<Vec<u8>>, String> {
    match (data, path) {
        ("", "") => Ok(None),
        ("", path) => match files::read_named(Path::new(path)) {
            Ok(pem) => Ok(Some(pem)),
            Err(error) => {
                // kubectl's word for the file, which is not the key's.
                let what = if key == "client-certificate" { "client-cert" } else { key };
                let why = not_read(Path::new(path), &error);
                Err(format!("unable to read {what} {path} for {name} due to {why}"))
            }
        },
        (data, _) => match kubeconfig::decode_base64(data) {
            Some(pem) => Ok(Some(pem)),
            None => Err(format!("{key}-data of {name} is not base64")),
        },
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem).map(|found| found.map(|der| der.to_vec())).collect();
    let found = found.ok().filter(|found| !found.is_empty());
    found.ok_or_else(|| "unable to load root certificates: unable to parse bytes as PEM block".to_owned())
}

/// A client certificate as it is shown.
fn certified((certificate, key): Pair) -> Result<CertifiedKey, String> {
    tls::client_identity(&certificate, &key).map_err(|error| {
        let why = match error {
            TlsError::Mismatch => "tls: private key does not match public key".to_owned(),
            error => error.to_string(),
        };
        format!("unable to load its user's client certificate and key: {why}")
    })
}

/// As whom the user acts.
fn impersonation(user: &User) -> kube::config::AuthInfo {
    let mut shown = json!({});
    if !user.impersonate.is_empty() {
        shown["as"] = user.impersonate.as_str().into();
        shown["as-groups"] = user.as_groups.clone().into();
        shown["as-user-extra"] = json!(user.as_user_extra);
        if !user.as_uid.is_empty() {
            shown["as-uid"] = user.as_uid.as_str().into();
        }
    }
    serde_json::from_value(shown).expect("texts are texts")
}

/// The id token of OpenID Connect that kubectl has left in the kubeconfig.
fn of_provider(user: &User, now: Timestamp) -> Result<Option<Credentials>, String> {
    let id_token = user.auth_provider.as_ref().and_then(|provider| provider.config.get("id-token"));
    match id_token {
        None => Ok(None),
        Some(token) if has_ended(usable::ends(token), now) => Err(
            "the id-token of its auth-provider oidc has expired or is not a JWT, and this program fetches none; `kubectl version` does"
                .to_owned(),
        ),
        Some(token) => Ok(Some(Credentials::Header(bearer(token)?))),
    }
}

/// A cluster as a plugin is told of it (`client-go/pkg/apis/clientauthentication/v1` `Cluster`).
fn about(cluster: &files::Cluster, authority: Option<&[u8]>) -> Json {
    const EXTENSION: &str = "client.authentication.k8s.io/exec";
    let mut about = json!({"server": cluster.server});
    for (key, value) in [("tls-server-name", &cluster.tls_server_name), ("proxy-url", &cluster.proxy_url)] {
        if !value.is_empty() {
            about[key] = value.as_str().into();
        }
    }
    if cluster.insecure_skip_tls_verify {
        about["insecure-skip-tls-verify"] = true.into();
    }
    if let Some(pem) = authority {
        about["certificate-authority-data"] = STANDARD.encode(pem).into();
    }
    let config = cluster.extensions.iter().find(|extension| extension.name == EXTENSION);
    about["config"] = config.map_or(Json::Null, |config| config.extension.clone());
    about
}
