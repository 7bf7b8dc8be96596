//! What the entry's parts are called, so that they take nothing from anybody.

use serde_json::Value as Json;

use crate::{ExecEntry, program::file_name};

/// Behind a name that somebody else's cluster or user has already.
const OWN: &str = "cluster-auth";

/// By these a user has credentials (Kubernetes, `client-go/tools/clientcmd/api/v1` `AuthInfo`).
const CREDENTIALS: [&str; 10] = [
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "token",
    "tokenFile",
    "username",
    "password",
    "auth-provider",
    "exec",
];

pub(super) struct Names {
    pub(super) cluster: String,
    pub(super) user: String,
    /// What is called otherwise than asked.
    pub(super) notes: Vec<String>,
}

impl Names {
    pub(super) fn of(existing: &Json, entry: &ExecEntry) -> Self {
        let mut notes = Vec::new();
        let is_free = |cluster: &Json| {
            let is_same = cluster["cluster"]["server"] == *entry.endpoint.server;
            is_same || others(existing, "cluster", &cluster["name"], entry).next().is_none()
        };
        let cluster = first_free(existing, "clusters", &entry.cluster, is_free);
        if cluster != entry.cluster {
            let of =
                others(existing, "cluster", &Json::from(entry.cluster.as_str()), entry).collect::<Vec<_>>().join(", ");
            notes.push(format!(
                "the cluster {} is another server, which {of} uses, and stays as it is; the new one is called {cluster}",
                entry.cluster
            ));
        }
        let user = first_free(existing, "users", &entry.user, |user| is_ours(&user["user"], entry));
        if user != entry.user {
            notes.push(format!(
                "the user {} has credentials of its own and stays as it is; the new one is called {user}",
                entry.user
            ));
        }
        Self { cluster, user, notes }
    }
}

/// Whether a user has no credentials, or nothing but tokens of this program.
fn is_ours(user: &Json, entry: &ExecEntry) -> bool {
    let has = |key: &&&str| !matches!(user.get(**key), None | Some(Json::Null)) && user[**key] != "";
    let mut credentials = CREDENTIALS.iter().filter(has);
    match (credentials.next(), credentials.next()) {
        (None, _) => true,
        (Some(&"exec"), None) => {
            let command = user["exec"]["command"].as_str().unwrap_or_default();
            [OWN, file_name(&entry.exec.command)].contains(&file_name(command))
        }
        _ => false,
    }
}

/// The contexts but for the entry's that use a cluster or a user.
pub(super) fn others<'a>(
    existing: &'a Json,
    of: &'a str,
    name: &'a Json,
    entry: &'a ExecEntry,
) -> impl Iterator<Item = &'a str> {
    let contexts = existing["contexts"].as_array().into_iter().flatten();
    let using = contexts.filter(move |context| context["context"][of] == *name);
    using.filter_map(|context| context["name"].as_str()).filter(|name| *name != entry.context)
}

/// The name, or one like it that nobody has or whose holder may be changed.
fn first_free(existing: &Json, list: &str, name: &str, may_be_changed: impl Fn(&Json) -> bool) -> String {
    let holder = |name: &str| {
        let entries = existing[list].as_array().into_iter().flatten();
        entries.into_iter().find(|entry| entry["name"] == *name)
    };
    let own = std::iter::once(format!("{name}-{OWN}")).chain((2..).map(|number| format!("{name}-{OWN}-{number}")));
    let mut names = std::iter::once(name.to_owned()).chain(own);
    names.find(|name| holder(name).is_none_or(&may_be_changed)).unwrap_or_else(|| name.to_owned())
}
