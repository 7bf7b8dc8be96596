//! What somebody wants to do.

/// A request, as authorizers see it (Kubernetes, `authorizer.Attributes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Request<'a> {
    /// About objects of the API.
    Resource(ResourceRequest<'a>),
    /// About a URL that is none.
    Url {
        /// `get`, `post` …: the HTTP method in lower case.
        verb: &'a str,
        /// `/healthz`.
        path: &'a str,
    },
}

/// A request about objects of the API. Texts that do not apply are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceRequest<'a> {
    /// `get`, `list`, `create`, `bind` …
    pub verb: &'a str,
    /// Empty is the core group.
    pub api_group: &'a str,
    /// `pods`.
    pub resource: &'a str,
    /// `log`.
    pub subresource: &'a str,
    /// The object; empty where the request names none, as `list` and `create`.
    pub name: &'a str,
    /// Empty asks for the whole cluster.
    pub namespace: &'a str,
}
