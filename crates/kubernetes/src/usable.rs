//! What kubectl refuses of a cluster and a user, in its words, and what only kubectl can use.
//!
//! Source: Kubernetes, `client-go/tools/clientcmd/validation.go`, `client-go/transport`, `client-go/plugin/pkg/client/auth`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    files::{AuthProvider, Cluster, Exec, User},
    socks::Login,
};

/// The versions of `client.authentication.k8s.io` that kubectl still speaks.
pub(crate) const EXEC_VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// Everything that is wrong with a cluster.
pub(crate) fn cluster(name: &str, cluster: &Cluster) -> Vec<String> {
    let mut problems = Vec::new();
    if cluster.server.is_empty() {
        problems.push(format!("no server found for cluster {name:?}"));
    }
    if !cluster.proxy_url.is_empty() {
        problems.extend(
            proxy(&cluster.proxy_url).err().map(|why| format!("invalid 'proxy-url' for cluster {name:?}: {why}")),
        );
    }
    let [has_file, has_data] =
        [&cluster.certificate_authority, &cluster.certificate_authority_data].map(|text| !text.is_empty());
    if has_file && has_data {
        problems.push(format!("certificate-authority-data and certificate-authority are both specified for {name}"));
    }
    if cluster.insecure_skip_tls_verify && (has_file || has_data) {
        problems.push("specifying a root certificates file with the insecure flag is not allowed".to_owned());
    }
    problems
}

/// A proxy's URL, as it can be used.
pub(crate) fn proxy(url: &str) -> Result<http::Uri, String> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    if !["http", "https", "socks5"].contains(&scheme) {
        return Err(format!("unsupported scheme {scheme:?}, must be http, https, or socks5"));
    }
    let uri: http::Uri = url.parse().map_err(|_| "it is not a URL".to_owned())?;
    if uri.authority().is_none() { Err("it names no host".to_owned()) } else { Ok(uri) }
}

/// User and password of a proxy's URL, in which letters may stand as `%40`.
pub(crate) fn login(proxy: &http::Uri) -> Option<Login> {
    let (login, _) = proxy.authority()?.as_str().rsplit_once('@')?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let [user, password] = [user, password].map(|text| percent_encoding::percent_decode_str(text).collect());
    Some(Login { user, password })
}

/// Everything that is wrong with a user.
pub(crate) fn user(name: &str, user: &User) -> Vec<String> {
    let mut problems = Vec::new();
    let has = |text: &String| !text.is_empty();
    let mut methods = Vec::new();
    if has(&user.token) || has(&user.token_file) {
        methods.push("token");
    }
    if has(&user.username) || has(&user.password) {
        methods.push("basicAuth");
    }
    if methods.len() > 1 {
        problems.push(format!(
            "more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        ));
    }
    if has(&user.client_certificate) && has(&user.client_certificate_data) {
        problems.push(format!("client-cert-data and client-cert are both specified for {name}"));
    }
    if has(&user.client_certificate) || has(&user.client_certificate_data) {
        match (has(&user.client_key), has(&user.client_key_data)) {
            (true, true) => problems.push(format!("client-key-data and client-key are both specified for {name}")),
            (false, false) => problems.push(format!(
                "client-key-data or client-key must be specified for {name} to use the clientCert authentication method"
            )),
            _ => {}
        }
    }
    let impersonates_more = has(&user.as_uid) || !user.as_groups.is_empty() || !user.as_user_extra.is_empty();
    if impersonates_more && user.impersonate.is_empty() {
        problems.push(format!("requesting uid, groups or user-extra for {name} without impersonating a user"));
    }
    if user.exec.is_some() && user.auth_provider.is_some() {
        problems.push(format!("authProvider cannot be provided in combination with an exec plugin for {name}"));
    }
    problems.extend(user.exec.iter().flat_map(|exec| plugin(name, exec)));
    problems.extend(user.auth_provider.as_ref().and_then(removed));
    problems
}

fn plugin(name: &str, exec: &Exec) -> Vec<String> {
    let mut problems = Vec::new();
    let method = "to use exec authentication plugin";
    if exec.command.is_empty() {
        problems.push(format!("command must be specified for {name} {method}"));
    }
    if exec.api_version.is_empty() {
        problems.push(format!("apiVersion must be specified for {name} {method}"));
    } else if !EXEC_VERSIONS.contains(&&*exec.api_version) {
        problems.push(format!(
            "exec plugin: invalid apiVersion {:?}, which kubectl has dropped or never knew; `cluster-auth kubeconfig --convert` fixes that",
            exec.api_version
        ));
    }
    if exec.env.iter().any(|variable| variable.name.is_empty()) {
        problems.push(format!("env variable name must be specified for {name} {method}"));
    }
    match &*exec.interactive_mode {
        "Never" | "IfAvailable" | "Always" => {}
        // It has no default in v1 alone.
        "" if exec.api_version != EXEC_VERSIONS[0] => {}
        "" => problems.push(format!("interactiveMode must be specified for {name} {method}")),
        mode => problems.push(format!("invalid interactiveMode for {name}: {mode:?}")),
    }
    problems
}

/// What took the place of a way that kubectl had built in; of OpenID Connect an id token that is there can be shown.
fn removed(provider: &AuthProvider) -> Option<String> {
    match &*provider.name {
        "oidc" if provider.config.contains_key("id-token") => None,
        "oidc" => Some(
            "the auth-provider oidc has no id-token yet, and this program fetches none; `kubectl version` does, or use an exec plugin"
                .to_owned(),
        ),
        "gcp" => Some("the gcp auth plugin has been removed; use the exec plugin gke-gcloud-auth-plugin instead".to_owned()),
        "azure" => Some("the azure auth plugin has been removed; use the exec plugin kubelogin instead".to_owned()),
        name => Some(format!("no Auth Provider found for name {name:?}; use an exec plugin instead")),
    }
}

/// When an id token ends, in seconds since 1970; `None` if it is not a JWT.
pub(crate) fn ends(id_token: &str) -> Option<i64> {
    let claims = id_token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice::<serde_json::Value>(&claims).ok()?["exp"].as_i64()
}
