//! What the entry's parts are called, so that they take nothing from anybody.

use serde_json::Value as Json;

use super::other_files::{OtherFiles, holder};
use crate::{
    ExecEntry,
    entry::{Kind, meaning},
    program::{file_name, is_aws_cli},
};

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

pub(super) struct EntryNames {
    pub(super) context: String,
    pub(super) cluster: String,
    pub(super) user: String,
    /// What is called otherwise than asked.
    pub(super) notes: Vec<String>,
}

impl EntryNames {
    pub(super) fn of(existing: &Json, beside: &OtherFiles, entry: &ExecEntry) -> Self {
        let mut notes = Vec::new();
        let hidden = |kind: Kind, entry: &ExecEntry| {
            let body = meaning(entry, kind)[kind.body()].take();
            beside.hidden(existing, kind.key(), kind.name(entry), |other| other[kind.body()] == body)
        };

        let is_free = |cluster: &str| {
            let renamed = ExecEntry { cluster: cluster.to_owned(), ..entry.clone() };
            let may_be_changed = |holder: &Json| {
                let is_same = holder["cluster"]["server"] == *entry.endpoint.server;
                is_same || beside.others(existing, "cluster", cluster, entry).next().is_none()
            };
            hidden(Kind::Cluster, &renamed).is_none()
                && holder(existing, Kind::Cluster.key(), cluster).is_none_or(may_be_changed)
        };
        let cluster = first_free(&entry.cluster, is_free);
        if cluster != entry.cluster {
            let is_other = match hidden(Kind::Cluster, entry) {
                Some(file) => format!("of {file} is another one"),
                None => {
                    let of: Vec<_> = beside.others(existing, "cluster", &entry.cluster, entry).collect();
                    format!("is another server, which {} uses,", of.join(", "))
                }
            };
            notes.push(format!(
                "the cluster {} {is_other} and stays as it is; the new one is called {cluster}",
                entry.cluster
            ));
        }

        let is_free = |user: &str| {
            let renamed = ExecEntry { user: user.to_owned(), ..entry.clone() };
            hidden(Kind::User, &renamed).is_none()
                && holder(existing, Kind::User.key(), user).is_none_or(|holder| is_ours(&holder["user"], entry))
        };
        let user = first_free(&entry.user, is_free);
        if user != entry.user {
            let is_other = match hidden(Kind::User, entry) {
                Some(file) => format!("of {file} is another one"),
                None => "has credentials of its own".to_owned(),
            };
            notes.push(format!("the user {} {is_other} and stays as it is; the new one is called {user}", entry.user));
        }

        let named = ExecEntry { cluster, user, ..entry.clone() };
        let is_free = |context: &str| {
            let renamed = ExecEntry { context: context.to_owned(), ..named.clone() };
            hidden(Kind::Context, &renamed).is_none()
        };
        let context = first_free(&entry.context, is_free);
        if let Some(file) = hidden(Kind::Context, &named).filter(|_| context != entry.context) {
            notes.push(format!(
                "the context {} of {file} is another one and stays as it is; the new one is called {context}",
                entry.context
            ));
        }
        let ExecEntry { cluster, user, .. } = named;
        Self { context, cluster, user, notes }
    }
}

/// Whether a user has no credentials, or nothing but tokens of this program, or of the AWS CLI where both are asked in its words.
fn is_ours(user: &Json, entry: &ExecEntry) -> bool {
    let has = |key: &&&str| !matches!(user.get(**key), None | Some(Json::Null)) && user[**key] != "";
    let mut credentials = CREDENTIALS.iter().filter(has);
    match (credentials.next(), credentials.next()) {
        (None, _) => true,
        (Some(&"exec"), None) => {
            let command = user["exec"]["command"].as_str().unwrap_or_default();
            // In the AWS CLI's words its own entry is the one that is meant.
            let is_asked_alike = asks_eks(&entry.exec.args) && is_aws_cli(command) && {
                let args = user["exec"]["args"].as_array().into_iter().flatten();
                asks_eks(&args.filter_map(Json::as_str).collect::<Vec<_>>())
            };
            is_asked_alike || [OWN, file_name(&entry.exec.command)].contains(&file_name(command))
        }
        _ => false,
    }
}

/// Whether words are those of `aws eks get-token`.
fn asks_eks<T: AsRef<str>>(args: &[T]) -> bool {
    args.windows(2).any(|pair| (pair[0].as_ref(), pair[1].as_ref()) == ("eks", "get-token"))
}

/// The name, or one like it that may be had.
fn first_free(name: &str, is_free: impl Fn(&str) -> bool) -> String {
    let own = std::iter::once(format!("{name}-{OWN}")).chain((2..).map(|number| format!("{name}-{OWN}-{number}")));
    let mut names = std::iter::once(name.to_owned()).chain(own);
    names.find(|name| is_free(name)).unwrap_or_else(|| name.to_owned())
}
