//! A team member's way into a cluster: server, authority, and the plugin that makes tokens.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{ApiVersion, yaml::scalar};

/// One context with its cluster and user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecEntry {
    /// Name of the context.
    pub context: String,
    /// Name of the cluster.
    pub cluster: String,
    /// Name of the user.
    pub user: String,
    /// URL of the API server.
    pub server: String,
    /// Its authority, as PEM; the system's roots where there is none.
    pub certificate_authority_pem: Option<String>,
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

/// A whole kubeconfig with this entry as current context.
pub fn render(entry: &ExecEntry) -> String {
    let lists = [Kind::Cluster, Kind::User, Kind::Context];
    let lists: String = lists.iter().flat_map(|kind| [format!("{}:\n", kind.key()), item(entry, *kind, 0)]).collect();
    format!("apiVersion: v1\nkind: Config\n{lists}current-context: {}\n", scalar(&entry.context))
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

/// The part for one list in one line, for lists in JSON's style.
pub(crate) fn flow_item(entry: &ExecEntry, kind: Kind) -> String {
    json(entry, kind).to_string()
}

fn lines(entry: &ExecEntry, kind: Kind) -> Vec<String> {
    let mut lines = vec![format!("name: {}", scalar(kind.name(entry)))];
    let mut push = |line: String| lines.push(line);
    match kind {
        Kind::Cluster => {
            push("cluster:".to_owned());
            push(format!("  server: {}", scalar(&entry.server)));
            if let Some(pem) = &entry.certificate_authority_pem {
                push(format!("  certificate-authority-data: {}", STANDARD.encode(pem)));
            }
        }
        Kind::Context => {
            push("context:".to_owned());
            push(format!("  cluster: {}", scalar(&entry.cluster)));
            push(format!("  user: {}", scalar(&entry.user)));
            if let Some(namespace) = &entry.namespace {
                push(format!("  namespace: {}", scalar(namespace)));
            }
        }
        Kind::User => {
            let exec = &entry.exec;
            push("user:".to_owned());
            push("  exec:".to_owned());
            push(format!("    apiVersion: {}", exec.api_version.as_str()));
            push(format!("    command: {}", scalar(&exec.command)));
            push("    args:".to_owned());
            exec.args.iter().for_each(|arg| push(format!("    - {}", scalar(arg))));
            if !exec.env.is_empty() {
                push("    env:".to_owned());
                for (name, value) in &exec.env {
                    push(format!("    - name: {}", scalar(name)));
                    push(format!("      value: {}", scalar(value)));
                }
            }
            if let Some(hint) = &exec.install_hint {
                push(format!("    installHint: {}", scalar(hint)));
            }
            push(format!("    interactiveMode: {}", exec.interactive_mode.as_str()));
            push(format!("    provideClusterInfo: {}", exec.provide_cluster_info));
        }
    }
    lines
}

fn json(entry: &ExecEntry, kind: Kind) -> serde_json::Value {
    use serde_json::{Value, json};

    let mut named = json!({"name": kind.name(entry)});
    let body = match kind {
        Kind::Cluster => {
            let mut cluster = json!({"server": entry.server});
            if let Some(pem) = &entry.certificate_authority_pem {
                cluster["certificate-authority-data"] = Value::from(STANDARD.encode(pem));
            }
            ("cluster", cluster)
        }
        Kind::Context => {
            let mut context = json!({"cluster": entry.cluster, "user": entry.user});
            if let Some(namespace) = &entry.namespace {
                context["namespace"] = Value::from(namespace.as_str());
            }
            ("context", context)
        }
        Kind::User => {
            let exec = &entry.exec;
            let env: Vec<_> = exec.env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            let mut plugin = json!({
                "apiVersion": exec.api_version.as_str(), "command": exec.command, "args": exec.args, "env": env,
                "interactiveMode": exec.interactive_mode.as_str(), "provideClusterInfo": exec.provide_cluster_info,
            });
            if let Some(hint) = &exec.install_hint {
                plugin["installHint"] = Value::from(hint.as_str());
            }
            ("user", json!({"exec": plugin}))
        }
    };
    named[body.0] = body.1;
    named
}
