//! Findings for people and for programs.

mod json;
mod sarif;
mod text;

use rbac::{Binding, ResourceRequest};

pub use self::{json::json, sarif::sarif, text::text};

/// `RoleBinding dev/team`.
pub(super) fn binding(binding: &Binding) -> String {
    match binding.namespace() {
        Some(namespace) => format!("RoleBinding {namespace}/{}", binding.name()),
        None => format!("ClusterRoleBinding {}", binding.name()),
    }
}

/// `; also by workloads, exec and jobs`.
pub(super) fn also(others: &[&str]) -> String {
    match others {
        [] => String::new(),
        [one] => format!("; also by {one}"),
        [rest @ .., last] => format!("; also by {} and {last}", rest.join(", ")),
    }
}

/// `create pods/exec`, `patch configmaps "aws-auth"`.
fn request(request: &ResourceRequest<'_>) -> String {
    let ResourceRequest { verb, resource, subresource, name, .. } = request;
    let slash = if subresource.is_empty() { "" } else { "/" };
    let name = if name.is_empty() { String::new() } else { format!(" {name:?}") };
    format!("{verb} {resource}{slash}{subresource}{name}")
}
