//! Names of Kubernetes' objects that somebody types: what none can be called is not a question that has an answer.

const NAMESPACE: &str =
    "a namespace's name is 1 to 63 lower-case letters, digits and dashes, and begins and ends with no dash";

/// A namespace.
pub(crate) fn namespace(text: &str) -> Result<String, String> {
    rbac::is_dns_label(text).then(|| text.to_owned()).ok_or_else(|| NAMESPACE.to_owned())
}

/// A namespace to ask about, where there are other flags for several of them.
pub(crate) fn asked_namespace(text: &str) -> Result<String, String> {
    namespace(text).map_err(|is| format!("{is}; `--all-namespaces` asks across all, `--any-namespace` about each one"))
}

/// A namespace, or a glob for several.
pub(crate) fn namespace_or_glob(text: &str) -> Result<String, String> {
    // What a `*` may stand for, and a dash beside it, can be in a name.
    let could_be = rbac::is_dns_label(&text.replace('*', "a"));
    could_be.then(|| text.to_owned()).ok_or_else(|| format!("{NAMESPACE}; `*` stands for any of these"))
}
