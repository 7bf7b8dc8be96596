//! Answers for people and for programs, in the same words everywhere.

mod html;
mod json;
mod table;

use inventory::Who;
use mapping::{BackendMode, RuleSource};
use rbac::{RoleReference, Subject};

use crate::{GrantPlace, NamedPrincipal, Path, World};

pub(crate) use html::Text;
pub use json::{GapOut, PathOut, PlaceOut, PrincipalOut, RuleOut, SubjectOut, json, yaml};
pub use report::{Segment, Style};
pub use table::{Cell, Table};

/// Returns the name of a subject: `Group developers`, `ServiceAccount dev/bot`.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::User(name) => format!("User {name}"),
        Subject::Group(name) => format!("Group {name}"),
        Subject::ServiceAccount { namespace: Some(namespace), name } => format!("ServiceAccount {namespace}/{name}"),
        Subject::ServiceAccount { namespace: None, name } => format!("ServiceAccount {name}"),
    }
}

/// Returns the name of a principal: `user ops/bob of 111122223333`, `permission set DevAccess of 111122223333`.
pub fn principal(principal: &NamedPrincipal) -> String {
    let by_chance = if principal.is_by_chance { " (by chance)" } else { "" };
    match &principal.who {
        who @ (Who::Root(_) | Who::AnybodyIn(_)) => format!("{who}{by_chance}"),
        who => format!("{who} of {}{by_chance}", who.account()),
    }
}

/// Returns a username; in quotes where it has no letter.
pub fn username(username: &str) -> &str {
    if username.is_empty() { "\"\"" } else { username }
}

/// Returns the name of a place: `everywhere`, `dev`, `team-a, team-b`.
pub fn place(place: GrantPlace<'_>) -> String {
    match place {
        GrantPlace::Cluster => "everywhere".to_owned(),
        GrantPlace::Namespace(name) => name.to_owned(),
        GrantPlace::Namespaces(names) => names.join(", "),
    }
}

/// Returns a path in words: `RoleBinding developers-binding → Role developers (access.yaml:14)`.
pub fn path(world: &World, path: &Path<'_>) -> String {
    let said = match path {
        Path::Masters => "the API server allows them everything".to_owned(),
        Path::Binding { binding, .. } => {
            let RoleReference { kind, name } = binding.role();
            format!("{} {} → {} {name}", binding.kind(), binding.name(), kind.as_str())
        }
        Path::Policy { policy, .. } => format!("EKS access policy {}", policy.name),
    };
    match world.place(path.origin()) {
        Some((file, at)) => format!("{said} ({file}:{})", at.line),
        None => said,
    }
}

/// Returns where logins stand: `the access file`, `ConfigMap kube-system/aws-auth`.
pub const fn source(mode: BackendMode) -> &'static str {
    match mode {
        BackendMode::AccessFile => "the access file",
        BackendMode::MountedFile => "the authenticator's configuration",
        BackendMode::EksConfigMap => "ConfigMap kube-system/aws-auth",
        BackendMode::Crd => "IAMIdentityMapping objects",
        BackendMode::DynamicFile => "the authenticator's dynamic file",
        BackendMode::AccessEntries => "EKS access entries",
    }
}

/// Returns where an entry stands, as one would look for it: `access.yaml:14`, `mapRoles[2] of ConfigMap kube-system/aws-auth`.
pub fn rule(rule: &RuleSource) -> String {
    let RuleSource { mode, list, index, file, line } = rule;
    match mode {
        // Each of its lists is a text of its own, so a line would be of none of them, unless it is of a file.
        BackendMode::EksConfigMap if file.starts_with("ConfigMap ") => format!("{list}[{index}] of {}", source(*mode)),
        BackendMode::EksConfigMap => format!("{list}[{index}] of {} ({file}:{line})", source(*mode)),
        BackendMode::Crd if rule.is_object() => format!("IAMIdentityMapping {file}"),
        BackendMode::Crd => format!("{list}[{index}] of kops' Cluster ({file}:{line})"),
        BackendMode::AccessEntries => format!("the access entry of {file}"),
        BackendMode::AccessFile | BackendMode::MountedFile | BackendMode::DynamicFile => format!("{file}:{line}"),
    }
}
