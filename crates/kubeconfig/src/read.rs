//! What an existing kubeconfig says about a cluster.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use document::{Limits, Node, Problem, Scalar, Source, Span};

/// Where an API server is and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterEndpoint {
    /// Its URL.
    pub server: String,
    /// Its authority; the system's roots where there is none.
    pub certificate_authority_pem: Option<String>,
}

/// Server and authority of a context; the current one where none is named.
///
/// An authority that stands in a file of its own (`certificate-authority`) is a problem: nothing here opens files.
pub fn read_cluster(source: &Source, context: Option<&str>) -> Result<ClusterEndpoint, Vec<Problem>> {
    let root = document::parse(source, &Limits::default())?;
    let find = || -> Result<ClusterEndpoint, Box<Problem>> {
        let root = root.as_ref().ok_or_else(|| problem(Span::default(), "the kubeconfig is empty"))?;
        let current = root.get("current-context").and_then(text);
        let name = context
            .or(current)
            .filter(|name| !name.is_empty())
            .ok_or_else(|| problem(root.span, "there is no current context; name one"))?;
        let context = named(root, "contexts", name)?;
        let cluster = context.get("context").and_then(|context| context.get("cluster"));
        let cluster = cluster.and_then(text).ok_or_else(|| problem(context.span, "the context names no cluster"))?;
        endpoint(named(root, "clusters", cluster)?)
    };
    find().map_err(|problem| vec![*problem])
}

/// Server and authority of an entry of `clusters`.
pub(crate) fn endpoint(cluster: &Node) -> Result<ClusterEndpoint, Box<Problem>> {
    let body = cluster.get("cluster").ok_or_else(|| problem(cluster.span, "the entry has no `cluster`"))?;
    let server = body.get("server").and_then(text).ok_or_else(|| problem(body.span, "the cluster has no `server`"))?;
    if let Some(file) = body.get("certificate-authority").filter(|node| !node.is_null()) {
        let hint = "`kubectl config view --flatten` prints a kubeconfig with the certificate in it";
        return Err(Box::new(problem(file.span, "the certificate authority stands in a file of its own").hint(hint)));
    }
    let authority = match body.get("certificate-authority-data").filter(|node| !node.is_null()) {
        None => None,
        Some(node) => {
            let pem = text(node).and_then(|data| String::from_utf8(STANDARD.decode(data.trim()).ok()?).ok());
            Some(pem.ok_or_else(|| problem(node.span, "certificate-authority-data is not base64 of PEM"))?)
        }
    };
    Ok(ClusterEndpoint { server: server.to_owned(), certificate_authority_pem: authority })
}

/// The entry of a list by its name.
pub(crate) fn named<'a>(root: &'a Node, list: &str, name: &str) -> Result<&'a Node, Box<Problem>> {
    let entries = root.get(list).and_then(Node::as_sequence).unwrap_or_default();
    let found = entries.iter().find(|entry| entry.get("name").and_then(text) == Some(name));
    found.ok_or_else(|| Box::new(problem(root.span, format!("`{list}` has no entry {name}"))))
}

pub(crate) fn text(node: &Node) -> Option<&str> {
    node.as_scalar().map(|Scalar { text, .. }| &**text)
}

pub(crate) fn problem(span: Span, message: impl Into<String>) -> Problem {
    Problem::error("kubeconfig.read", span, message)
}
