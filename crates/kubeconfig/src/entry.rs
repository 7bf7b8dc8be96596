//! A team member's way into a cluster: server, authority, and the plugin that makes tokens.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use document::plain_or_quoted;
use serde_json::{Value as Json, json};

use crate::{ApiVersion, Authority, ClusterEndpoint};

/// One context with its cluster and user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecEntry {
    /// Name of the context.
    pub context: String,
    /// Name of the cluster.
    pub cluster: String,
    /// Name of the user.
    pub user: String,
    /// The API server.
    pub endpoint: ClusterEndpoint,
    /// Default namespace.
    pub namespace: Option<String>,
    /// Where the token comes from.
    pub exec: ExecPlugin,
}

/// The exec section of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecPlugin {
    /// The program, looked for on PATH unless it is a path.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables to set for it.
    pub env: Vec<(String, String)>,
    /// The version it is to answer in.
    pub api_version: ApiVersion,
    /// What kubectl says when the program is missing.
    pub install_hint: Option<String>,
    /// Whether it may ask the person something.
    pub interactive_mode: InteractiveMode,
    /// Whether kubectl tells it about the cluster.
    pub provide_cluster_info: bool,
}

/// Whether the plugin gets the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InteractiveMode {
    /// Never.
    Never,
    /// Where there is one: for MFA codes.
    IfAvailable,
    /// It must.
    Always,
}

impl InteractiveMode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "Never",
            Self::IfAvailable => "IfAvailable",
            Self::Always => "Always",
        }
    }
}

/// What kubectl says when the plugin is not installed.
pub const INSTALL_HINT: &str = "cluster-auth is not installed, or not on PATH. It makes tokens for Kubernetes from AWS credentials; ask the administrator of this cluster where to get it.";

/// Returns a whole kubeconfig with this entry as current context.
pub fn render(entry: &ExecEntry) -> String {
    format!("{}current-context: {}\n", render_beside(entry), plain_or_quoted(&entry.context))
}

/// The same without a current context.
pub(crate) fn render_beside(entry: &ExecEntry) -> String {
    let lists = [Kind::Cluster, Kind::User, Kind::Context];
    let lists: String = lists.iter().flat_map(|kind| [format!("{}:\n", kind.key()), item(entry, *kind, 0)]).collect();
    format!("apiVersion: v1\nkind: Config\n{lists}")
}

/// The three lists that an entry has a part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Cluster,
    User,
    Context,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Cluster, Self::User, Self::Context];

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Cluster => "clusters",
            Self::User => "users",
            Self::Context => "contexts",
        }
    }

    /// The key under which an item of the list has what is in it.
    pub(crate) const fn body(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::User => "user",
            Self::Context => "context",
        }
    }

    pub(crate) fn name(self, entry: &ExecEntry) -> &str {
        match self {
            Self::Cluster => &entry.cluster,
            Self::User => &entry.user,
            Self::Context => &entry.context,
        }
    }
}

/// The part for one list, as a block item: `- name: …` and what belongs to it, each line with its end.
pub(crate) fn item(entry: &ExecEntry, kind: Kind, indent: usize) -> String {
    let lines = lines(entry, kind);
    let pad = " ".repeat(indent);
    lines.iter().enumerate().map(|(at, line)| format!("{pad}{}{line}\n", if at == 0 { "- " } else { "  " })).collect()
}

/// The part for one list as it is meant, which written in one line is for lists in JSON's style.
pub(crate) fn meaning(entry: &ExecEntry, kind: Kind) -> Json {
    let body = match kind {
        Kind::Cluster => json!({"cluster": entry.endpoint.json()}),
        Kind::Context => {
            let mut context = json!({"cluster": entry.cluster, "user": entry.user});
            if let Some(namespace) = &entry.namespace {
                context["namespace"] = Json::from(namespace.as_str());
            }
            json!({"context": context})
        }
        Kind::User => json!({"user": {"exec": entry.exec.json()}}),
    };
    let mut named = json!({"name": kind.name(entry)});
    if let (Json::Object(named), Json::Object(body)) = (&mut named, body) {
        named.extend(body);
    }
    named
}

fn lines(entry: &ExecEntry, kind: Kind) -> Vec<String> {
    let mut lines = vec![format!("name: {}", plain_or_quoted(kind.name(entry)))];
    let mut push = |line: String| lines.push(line);
    match kind {
        Kind::Cluster => {
            push("cluster:".to_owned());
            for (key, value) in entry.endpoint.keys() {
                push(format!("  {key}: {}", written(&value)));
            }
        }
        Kind::Context => {
            push("context:".to_owned());
            push(format!("  cluster: {}", plain_or_quoted(&entry.cluster)));
            push(format!("  user: {}", plain_or_quoted(&entry.user)));
            if let Some(namespace) = &entry.namespace {
                push(format!("  namespace: {}", plain_or_quoted(namespace)));
            }
        }
        Kind::User => {
            push("user:".to_owned());
            push("  exec:".to_owned());
            entry.exec.lines().into_iter().for_each(|line| push(format!("    {line}")));
        }
    }
    lines
}

/// A value on one line of block style.
fn written(value: &Json) -> String {
    match value {
        Json::String(text) => plain_or_quoted(text).into_owned(),
        other => other.to_string(),
    }
}

impl ClusterEndpoint {
    /// The keys of a cluster, in the order in which they are written.
    pub(crate) fn keys(&self) -> Vec<(&str, Json)> {
        let authority = match &self.authority {
            Authority::System => None,
            Authority::Pem(pem) => Some(("certificate-authority-data", Json::from(STANDARD.encode(pem)))),
            Authority::File(path) => Some(("certificate-authority", Json::from(path.as_str()))),
        };
        let other = self.other.iter().map(|(key, value)| (key.as_str(), value.clone()));
        [("server", Json::from(self.server.as_str()))].into_iter().chain(authority).chain(other).collect()
    }

    fn json(&self) -> Json {
        self.keys().into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
    }
}

impl ExecPlugin {
    /// As a section in block style, each line without its end.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut push = |line: String| lines.push(line);
        push(format!("apiVersion: {}", self.api_version.as_str()));
        push(format!("command: {}", plain_or_quoted(&self.command)));
        push("args:".to_owned());
        self.args.iter().for_each(|arg| push(format!("- {}", plain_or_quoted(arg))));
        if !self.env.is_empty() {
            push("env:".to_owned());
            for (name, value) in &self.env {
                push(format!("- name: {}", plain_or_quoted(name)));
                push(format!("  value: {}", plain_or_quoted(value)));
            }
        }
        if let Some(hint) = &self.install_hint {
            push(format!("installHint: {}", plain_or_quoted(hint)));
        }
        push(format!("interactiveMode: {}", self.interactive_mode.as_str()));
        push(format!("provideClusterInfo: {}", self.provide_cluster_info));
        lines
    }

    pub(crate) fn json(&self) -> Json {
        let env: Vec<_> = self.env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        let mut plugin = json!({
            "apiVersion": self.api_version.as_str(), "command": self.command, "args": self.args,
            "interactiveMode": self.interactive_mode.as_str(), "provideClusterInfo": self.provide_cluster_info,
        });
        if !env.is_empty() {
            plugin["env"] = Json::from(env);
        }
        if let Some(hint) = &self.install_hint {
            plugin["installHint"] = Json::from(hint.as_str());
        }
        plugin
    }
}
