//! The backend modes of `server.backendMode`, and of the flag of this name.

use document::Node;

use crate::BackendMode;

/// Parses backend modes, old names included; `None` if aws-iam-authenticator does not start with these.
pub fn modes<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<BackendMode> {
    checked_modes(&names.into_iter().collect::<Vec<_>>()).unwrap_or_default()
}

/// Returns the same, or why the program does not start with them. Source: `ValidateBackendMode` of `pkg/server/types.go` at 0.7.18.
pub fn checked_modes(names: &[&str]) -> Result<Vec<BackendMode>, String> {
    if names.is_empty() {
        return Err("the list of backend modes is empty".to_owned());
    }
    let mut modes = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let known = || BackendMode::join(&BackendMode::BACKENDS, ", ");
        let unknown =
            || format!("{name:?} is not a backend mode; they are {}, separated by blanks or in a list", known());
        modes.push(BackendMode::named(name).ok_or_else(unknown)?);
        if names[..at].contains(name) {
            return Err(format!("the backend mode {name} is given twice"));
        }
    }
    Ok(modes)
}

/// A list of texts, or a text with blanks between them.
pub(super) fn words(node: &Node) -> Vec<&str> {
    match node.as_sequence() {
        Some(nodes) => nodes.iter().filter_map(Node::as_scalar).map(|scalar| &*scalar.text).collect(),
        None => node.as_scalar().map(|scalar| scalar.text.split_whitespace().collect()).unwrap_or_default(),
    }
}
