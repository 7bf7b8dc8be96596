//! Verbs: those that there are, and those that people write.

/// Verbs that something asks about resources: of requests, of RBAC's own and the API server's checks.
///
/// Source: Kubernetes, "Authorization" (request verbs), "Using RBAC", "User impersonation", "Certificate Signing Requests", DRA;
/// `kubectl auth can-i` (`resourceVerbs`).
pub const VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "sign",
    "attest",
    "proxy",
];

/// Verbs of requests that are about no resource, which resources' do not have.
pub(super) const OF_URLS: [&str; 4] = ["post", "put", "head", "options"];

/// What people write for verbs, and the verbs that they mean.
pub(super) const MEANT: &[(&str, &str)] = &[
    ("read", "get, list, watch"),
    ("view", "get, list, watch"),
    ("readonly", "get, list, watch"),
    ("read-only", "get, list, watch"),
    ("describe", "get, list"),
    ("write", "create, update, patch, delete"),
    ("edit", "create, update, patch, delete"),
    ("modify", "update, patch"),
    ("apply", "create, patch"),
    ("replace", "update"),
    ("add", "create"),
    ("remove", "delete"),
    ("all", "*"),
    ("any", "*"),
    ("admin", "*"),
    ("exec", "create, on pods/exec"),
    ("attach", "create, on pods/attach"),
    ("portforward", "create, on pods/portforward"),
    ("port-forward", "create, on pods/portforward"),
    ("log", "get, on pods/log"),
    ("logs", "get, on pods/log"),
    ("scale", "update, patch, on the subresource scale"),
    ("evict", "create, on pods/eviction"),
];
