//! What an existing kubeconfig says about a cluster.

use std::collections::{BTreeMap, HashMap};

use document::{Dialect, Limits, Node, Problem, Scalar, Source, Span, parse_as};

use crate::{
    kind::refused,
    shape::{decode_base64, of_another_shape},
};

/// The endpoint of an API server: URL, certificate authority, and proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterEndpoint {
    /// Its URL.
    pub server: String,
    /// Who vouches for it.
    pub authority: Authority,
    /// Every other key of the cluster with its value, as `proxy-url`, `tls-server-name` and `insecure-skip-tls-verify`.
    pub other: BTreeMap<String, serde_json::Value>,
}

/// The certificate authority of an API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The system's roots.
    System,
    /// An authority of its own, as PEM.
    Pem(String),
    /// The same in a file, by the path that the kubeconfig has: relative to the folder of the kubeconfig.
    File(String),
}

/// Returns the cluster of a context; the current one where none is named.
pub fn read_cluster(source: &Source, context: Option<&str>) -> Result<ClusterEndpoint, Vec<Problem>> {
    let root = parse_as(source, &Limits::default(), Dialect::Kubernetes)?.root;
    let unloadable = root.as_ref().map(unloadable).unwrap_or_default();
    if !unloadable.is_empty() {
        return Err(unloadable);
    }
    let find = || -> Result<ClusterEndpoint, Box<Problem>> {
        let root = root.as_ref().ok_or_else(|| problem(Span::default(), "the kubeconfig is empty"))?;
        let current = root.get("current-context").and_then(text);
        let name = context
            .or(current)
            .filter(|name| !name.is_empty())
            .ok_or_else(|| problem(root.span, "there is no current context; name one by `--from-context NAME`"))?;
        let context = named(root, "contexts", name)?;
        let cluster = context.get("context").and_then(|context| context.get("cluster"));
        let cluster = cluster.and_then(text).ok_or_else(|| problem(context.span, "the context names no cluster"))?;
        endpoint(named(root, "clusters", cluster)?)
    };
    find().map_err(|problem| vec![*problem])
}

/// Returns whether a kubeconfig has a cluster of a name.
pub fn has_cluster(source: &Source, name: &str) -> bool {
    let root = parse_as(source, &Limits::default(), Dialect::Kubernetes).ok().and_then(|read| read.root);
    root.is_some_and(|root| named(&root, "clusters", name).is_ok())
}

/// Who vouches for a server: a file, the same as it is, or nobody.
pub(crate) const FILE: &str = "certificate-authority";
pub(crate) const DATA: &str = "certificate-authority-data";
pub(crate) const INSECURE: &str = "insecure-skip-tls-verify";

/// The keys that [`ClusterEndpoint`] has fields for.
const KNOWN: [&str; 3] = ["server", FILE, DATA];

impl ClusterEndpoint {
    /// Returns whether the API server's certificate is not checked.
    pub fn is_insecure(&self) -> bool {
        self.other.get(INSECURE).and_then(serde_json::Value::as_bool).unwrap_or_default()
    }

    /// Returns whether kubectl talks TLS to it: over anything else it sends no credentials.
    ///
    /// Source: `client-go/rest/url_utils.go` (`DefaultServerUrlFor`): a URL without a scheme is HTTPS where something is said of TLS.
    pub fn is_secure(&self) -> bool {
        match self.server.split_once("://") {
            Some((scheme, _)) => scheme.eq_ignore_ascii_case("https"),
            None => self.authority != Authority::System || self.is_insecure(),
        }
    }

    /// Replaces the certificate authority by this one, whatever vouched for it before.
    #[must_use]
    pub fn vouched_for_by(mut self, pem: String) -> Self {
        self.other.remove(INSECURE);
        self.authority = Authority::Pem(pem);
        self
    }
}

/// An entry of `clusters`. As for kubectl, data counts before a file.
pub(crate) fn endpoint(cluster: &Node) -> Result<ClusterEndpoint, Box<Problem>> {
    let body = cluster.get("cluster").ok_or_else(|| problem(cluster.span, "the entry has no `cluster`"))?;
    let server = body.get("server").and_then(text).ok_or_else(|| problem(body.span, "the cluster has no `server`"))?;
    let given =
        |key: &str| body.get(key).filter(|node| text(node).is_none_or(|text| !text.is_empty()) && !node.is_null());
    let authority = match (given(DATA), given(FILE)) {
        (Some(node), _) => {
            let pem = text(node).and_then(|data| String::from_utf8(decode_base64(data)?).ok());
            let message = "certificate-authority-data is not base64 of PEM";
            Authority::Pem(pem.ok_or_else(|| problem(node.span, message))?)
        }
        (None, Some(node)) => {
            let message = "certificate-authority must be a string, the path of a file";
            Authority::File(text(node).ok_or_else(|| problem(node.span, message))?.to_owned())
        }
        (None, None) => Authority::System,
    };
    let entries = body.as_mapping().unwrap_or_default().iter();
    let other = entries.filter(|entry| !KNOWN.contains(&&*entry.key.text) && !entry.value.is_null());
    let other = other.map(|entry| (entry.key.text.to_string(), entry.value.to_json())).collect();
    let endpoint = ClusterEndpoint { server: server.to_owned(), authority, other };
    if endpoint.is_insecure() && endpoint.authority != Authority::System {
        let message = format!("{INSECURE} stands beside a certificate authority, which kubectl refuses");
        return Err(Box::new(problem(body.span, message).hint("remove one of the two")));
    }
    Ok(endpoint)
}

/// The entry of a list by its name.
pub(crate) fn named<'a>(root: &'a Node, list: &str, name: &str) -> Result<&'a Node, Box<Problem>> {
    let entries = root.get(list).and_then(Node::as_sequence).unwrap_or_default();
    let found = entries.iter().find(|entry| entry.get("name").and_then(text) == Some(name));
    found.ok_or_else(|| {
        let problem = problem(root.span, format!("`{list}` has no entry {name}"));
        let names = entries.iter().filter_map(|entry| entry.get("name").and_then(text));
        let names: Vec<&str> = document::by_nearness(name, names);
        let (shown, more) = (&names[..names.len().min(SHOWN)], names.len().saturating_sub(SHOWN));
        let shown = shown.iter().map(|name| document::visible(name)).collect::<Vec<_>>().join(", ");
        Box::new(match more {
            0 if shown.is_empty() => problem.hint("it has none"),
            0 => problem.hint(format!("there are: {shown}")),
            more => problem.hint(format!("there are: {shown}, and {more} more")),
        })
    })
}

/// How many names are shown of those that there are.
const SHOWN: usize = 10;

/// Why kubectl loads no such file: it is of another kind, or a name stands twice in one list, so that nobody can say which of
/// the two is meant.
pub(crate) fn unloadable(root: &Node) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(refused(root).map(|(at, why)| {
        let problem = Problem::error("kubeconfig.kind", at, format!("kubectl does not load such a kubeconfig: {why}"));
        problem.hint("a kubeconfig is `apiVersion: v1` and `kind: Config`")
    }));
    problems.extend(of_another_shape(root));
    for list in ["clusters", "users", "contexts"] {
        let mut first: HashMap<&str, Span> = HashMap::new();
        for node in root.get(list).and_then(Node::as_sequence).unwrap_or_default() {
            let name = node.get("name").filter(|name| !name.is_null());
            // To kubectl one without a name has an empty one, and so has `null`.
            let (name, at) = match name {
                Some(name) => (text(name), name.span),
                None => (Some(""), node.span),
            };
            let Some(name) = name else { continue };
            if let Some(first) = first.get(name) {
                let (twice, what) = match name {
                    "" => ("two entries without a name".to_owned(), "give one of the two a name, or remove it"),
                    name => (format!("{name} twice"), "rename one of the two, or remove it"),
                };
                let message = format!("`{list}` has {twice}: kubectl does not load such a kubeconfig");
                let problem = Problem::error("kubeconfig.duplicate", at, message).related(*first, "first here");
                problems.push(problem.hint(what));
            } else {
                first.insert(name, at);
            }
        }
    }
    problems
}

pub(crate) fn text(node: &Node) -> Option<&str> {
    node.as_scalar().map(|Scalar { text, .. }| &**text)
}

pub(crate) fn problem(span: Span, message: impl Into<String>) -> Problem {
    Problem::error("kubeconfig.read", span, message)
}
