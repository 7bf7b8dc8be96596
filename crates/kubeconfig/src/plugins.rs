//! The programs that a kubeconfig's users log in by.

use document::{Dialect, Limits, Node, Problem, Source, parse_as};

use crate::{
    kind::text_of,
    read::{text, unloadable},
};

/// A user whose credentials a program makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginUser {
    /// Its name.
    pub user: String,
    /// The program, as the kubeconfig has it.
    pub command: String,
}

/// Returns the users of a kubeconfig whose credentials programs make, in their order.
pub fn plugin_users(source: &Source) -> Result<Vec<PluginUser>, Vec<Problem>> {
    let Some(root) = parse_as(source, &Limits::default(), Dialect::Kubernetes)?.root else { return Ok(Vec::new()) };
    let problems = unloadable(&root);
    if !problems.is_empty() {
        return Err(problems);
    }
    let users = root.get("users").and_then(Node::as_sequence).unwrap_or_default().iter();
    let of_plugin = users.filter_map(|user| {
        let command = user.get("user")?.get("exec")?.get("command").and_then(text)?;
        let is_named = !command.is_empty();
        is_named.then(|| PluginUser { user: text_of(user.get("name")), command: command.to_owned() })
    });
    Ok(of_plugin.collect())
}
