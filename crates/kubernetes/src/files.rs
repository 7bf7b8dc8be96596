//! kubeconfig files, read and put together as kubectl does.
//!
//! Source: Kubernetes, `client-go/tools/clientcmd` (`loader.go`, `api/v1/types.go`).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use document::{Dialect, Limits, Position, Source, parse_as};
use reading::Kind;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value as Json;

use crate::KubernetesError;

/// What all files say together: the first one to name something wins, as a whole.
// No Debug: it holds credentials.
#[derive(Default)]
pub(crate) struct Config {
    pub(crate) clusters: Vec<(String, Cluster)>,
    pub(crate) users: Vec<(String, User)>,
    pub(crate) contexts: Vec<(String, Context)>,
    pub(crate) current_context: String,
}

/// Where an API server is, and how it is reached.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Cluster {
    pub(crate) server: String,
    pub(crate) certificate_authority: String,
    pub(crate) certificate_authority_data: String,
    pub(crate) insecure_skip_tls_verify: bool,
    pub(crate) tls_server_name: String,
    pub(crate) proxy_url: String,
    pub(crate) extensions: Vec<Extension>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Extension {
    pub(crate) name: String,
    pub(crate) extension: Json,
}

/// What a user has to show.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct User {
    pub(crate) client_certificate: String,
    pub(crate) client_certificate_data: String,
    pub(crate) client_key: String,
    pub(crate) client_key_data: String,
    pub(crate) token: String,
    #[serde(rename = "tokenFile")]
    pub(crate) token_file: String,
    pub(crate) username: String,
    pub(crate) password: String,
    #[serde(rename = "as")]
    pub(crate) impersonate: String,
    pub(crate) as_uid: String,
    pub(crate) as_groups: Vec<String>,
    pub(crate) as_user_extra: BTreeMap<String, Vec<String>>,
    pub(crate) auth_provider: Option<AuthProvider>,
    pub(crate) exec: Option<Exec>,
}

/// A way to get credentials that was built into kubectl.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AuthProvider {
    pub(crate) name: String,
    pub(crate) config: BTreeMap<String, String>,
}

/// A program that makes credentials.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Exec {
    pub(crate) api_version: String,
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<Variable>,
    pub(crate) install_hint: String,
    pub(crate) interactive_mode: String,
    pub(crate) provide_cluster_info: bool,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Context {
    pub(crate) cluster: String,
    pub(crate) user: String,
    pub(crate) namespace: String,
}

/// The longest kubeconfig that is read, in bytes: thousands of clusters.
const MAX_KUBECONFIG: u64 = 16 << 20;

/// The longest file of a token or of certificates that is read, in bytes: all authorities that a machine trusts are a quarter of it.
const MAX_FILE: u64 = 1 << 20;

/// Reads a file that a kubeconfig names: it is read while requests wait for it, so that only regular files are.
pub(crate) fn read_named(path: &Path) -> std::io::Result<Vec<u8>> {
    reading::read(path, Kind::Regular, MAX_FILE)
}

/// What the system says of a file in general, or what it is to us.
pub(crate) fn io_error_text(error: &std::io::Error) -> String {
    error.get_ref().map_or_else(|| error.kind().to_string(), ToString::to_string)
}

impl Config {
    /// Reads the files that are there; `None` if none is. A path in one is relative to its folder.
    pub(crate) fn read(paths: &[PathBuf], kind: Kind) -> Result<Option<Self>, KubernetesError> {
        let mut merged: Option<Self> = None;
        for path in paths {
            let bytes = match reading::read(path, kind, MAX_KUBECONFIG) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    return Err(KubernetesError::Kubeconfig { path: path.clone(), why: io_error_text(&error) });
                }
            };
            let config =
                Self::of(path, &bytes).map_err(|why| KubernetesError::Kubeconfig { path: path.clone(), why })?;
            merged.get_or_insert_default().add(config);
        }
        Ok(merged)
    }

    /// What one file says; or why it cannot be read. Nothing of what is in it is repeated: it holds credentials.
    fn of(path: &Path, bytes: &[u8]) -> Result<Self, String> {
        let text = document::decode(bytes).map_err(|_| "it is not text".to_owned())?;
        let source = Source::new(path.display().to_string(), &*text);
        let read = parse_as(&source, &Limits::default(), Dialect::Kubernetes).map_err(|problems| {
            let Some(first) = problems.first() else { return "it is not YAML as kubectl reads it".to_owned() };
            let Position { line, column } = source.position(first.span.start);
            match first.code {
                document::TAB => format!("line {line}, column {column}: {}", first.message),
                _ => format!("line {line} is not YAML as kubectl reads it"),
            }
        })?;
        let Some(root) = read.root.filter(|root| !root.is_null()) else { return Ok(Self::default()) };
        if let Some((at, why)) = kubeconfig::refused(&root) {
            return Err(format!(
                "line {}: {why}; a kubeconfig is `apiVersion: v1` and `kind: Config`",
                source.position(at.start).line
            ));
        }
        let mut json = root.to_json();
        without_nulls(&mut json);
        let Json::Object(mut json) = json else { return Err("it is not a mapping".to_owned()) };
        let mut take = |key: &str| json.remove(key).unwrap_or_default();
        let mut config = Self {
            clusters: named(take("clusters"), "clusters", "cluster")?,
            users: named(take("users"), "users", "user")?,
            contexts: named(take("contexts"), "contexts", "context")?,
            current_context: take("current-context").as_str().unwrap_or_default().to_owned(),
        };
        config.resolve(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }

    /// Paths from a folder on (`ResolveLocalPaths`). Of a program only one that is written as a path.
    fn resolve(&mut self, folder: &Path) {
        let resolve = |path: &mut String| {
            if !path.is_empty() {
                *path = folder.join(&*path).display().to_string();
            }
        };
        for (_, cluster) in &mut self.clusters {
            resolve(&mut cluster.certificate_authority);
        }
        for (_, user) in &mut self.users {
            [&mut user.client_certificate, &mut user.client_key, &mut user.token_file].into_iter().for_each(resolve);
            if let Some(exec) = user.exec.as_mut().filter(|exec| exec.command.contains(std::path::MAIN_SEPARATOR)) {
                resolve(&mut exec.command);
            }
        }
    }

    fn add(&mut self, next: Self) {
        let Self { clusters, users, contexts, current_context } = next;
        add(&mut self.clusters, clusters);
        add(&mut self.users, users);
        add(&mut self.contexts, contexts);
        if self.current_context.is_empty() {
            self.current_context = current_context;
        }
    }
}

/// Whatever has no entry of its name yet.
fn add<T>(all: &mut Vec<(String, T)>, next: Vec<(String, T)>) {
    for (name, entry) in next {
        if all.iter().all(|(known, _)| *known != name) {
            all.push((name, entry));
        }
    }
}

/// The entries of a list with their names.
fn named<T: DeserializeOwned + Default>(list: Json, key: &str, body: &str) -> Result<Vec<(String, T)>, String> {
    let entries = match list {
        Json::Null => Vec::new(),
        Json::Array(entries) => entries,
        _ => return Err(format!("`{key}` is not a list")),
    };
    let mut seen = BTreeSet::new();
    let mut all = Vec::with_capacity(entries.len());
    for mut entry in entries {
        let name = entry["name"].as_str().unwrap_or_default().to_owned();
        let body = entry.get_mut(body).map(Json::take).unwrap_or_default();
        let body = if body.is_null() { Ok(T::default()) } else { serde_json::from_value(body) };
        let body = body.map_err(|_| format!("a value of {name} in `{key}` is not of the kind that kubectl takes"))?;
        if !seen.insert(name.clone()) {
            return Err(format!("`{key}` has {name} twice, with which kubectl loads no file"));
        }
        all.push((name, body));
    }
    Ok(all)
}

/// To Go nothing and an absent value are one.
fn without_nulls(json: &mut Json) {
    match json {
        Json::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(without_nulls);
        }
        Json::Array(values) => values.iter_mut().for_each(without_nulls),
        _ => {}
    }
}
