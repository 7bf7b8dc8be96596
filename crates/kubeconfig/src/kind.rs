//! Whether kubectl takes a file for a kubeconfig at all.
//!
//! Source: Kubernetes, `client-go/tools/clientcmd` (`Load`: what is not said is `v1` and `Config`) and
//! `apimachinery/pkg/runtime/serializer/json` (`gvkWithDefaults`; keys in any case, as Go's `encoding/json` has them).

use document::{Node, Span};
use serde_json::Value as Json;

/// Returns why kubectl does not load a file of this kind, nearly in its words, and where that stands.
pub fn refused(root: &Node) -> Option<(Span, String)> {
    let [version, kind] = ["apiVersion", "kind"].map(|key| last(root, key));
    for (key, node) in [("apiVersion", version), ("kind", kind)] {
        let Some(node) = node else { continue };
        let json_kind = match node.to_json() {
            Json::String(_) | Json::Null => continue,
            Json::Number(_) => "number",
            Json::Bool(_) => "bool",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        };
        return Some((node.span, format!("couldn't get version/kind: `{key}` is a {json_kind}, and no string")));
    }
    let (version, kind) = (text_of(version), text_of(kind));
    let at = last(root, "kind").or_else(|| last(root, "apiVersion")).map_or(root.span, |node| node.span);
    if version.matches('/').count() > 1 {
        return Some((at, format!("unexpected GroupVersion string: {version}")));
    }
    let version = version.strip_prefix('/').unwrap_or(&version);
    let version = if version.is_empty() { "v1" } else { version };
    let kind = if kind.is_empty() { "Config" } else { &kind };
    let is_known = (version, kind) == ("v1", "Config");
    (!is_known).then(|| (at, format!("no kind {kind:?} is registered for version {version:?}")))
}

/// The value that counts of a key: the last of those that are called so, in whatever case.
pub(crate) fn last<'a>(root: &'a Node, key: &str) -> Option<&'a Node> {
    let entries = root.as_mapping().unwrap_or_default().iter().rev();
    entries.filter(|entry| entry.key.text.eq_ignore_ascii_case(key)).map(|entry| &entry.value).next()
}

/// What is a text to kubectl; empty for all else.
pub(crate) fn text_of(node: Option<&Node>) -> String {
    match node.map(Node::to_json) {
        Some(Json::String(text)) => text,
        _ => String::new(),
    }
}
