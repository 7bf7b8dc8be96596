//! A context as people know it, and as commands have to name it.

use std::{fmt, path::Path};

use document::shell_word;

/// The name of a context, and how kubectl is led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextName {
    name: String,
    kubectl: String,
}

impl ContextName {
    /// One of a kubeconfig; where a flag named that file, kubectl has to be given it as well.
    pub(crate) fn new(name: &str, given: Option<&Path>) -> Self {
        let kubectl = format!("{} --context {}", kubectl(given), shell_word(name));
        Self { name: name.to_owned(), kubectl }
    }

    /// A server that is known by its URL alone.
    pub(crate) fn of_server(url: &str) -> Self {
        Self { name: "--master".to_owned(), kubectl: format!("kubectl --server {}", shell_word(url)) }
    }

    /// The cluster that a pod is in, which kubectl finds there by itself.
    pub(crate) fn of_pod() -> Self {
        Self { name: "in-cluster".to_owned(), kubectl: "kubectl".to_owned() }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the beginning of a command that asks the same cluster, to be typed into a shell.
    pub fn kubectl(&self) -> &str {
        &self.kubectl
    }
}

impl fmt::Display for ContextName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The beginning of a command that reads the same kubeconfig.
pub(crate) fn kubectl(given: Option<&Path>) -> String {
    let file = given.map(|path| format!(" --kubeconfig {}", shell_word(&path.display().to_string())));
    format!("kubectl{}", file.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::ContextName;

    #[test]
    fn a_command_leads_to_the_same_cluster() {
        let rows = [
            ("a", None, "kubectl --context a"),
            (
                "arn:aws:eks:eu-west-1:111122223333:cluster/a",
                None,
                "kubectl --context arn:aws:eks:eu-west-1:111122223333:cluster/a",
            ),
            ("it's a", Some("k.yaml"), r"kubectl --kubeconfig k.yaml --context 'it'\''s a'"),
            ("", Some("My Files/k.yaml"), "kubectl --kubeconfig 'My Files/k.yaml' --context ''"),
        ];
        for (name, given, command) in rows {
            assert_eq!(ContextName::new(name, given.map(Path::new)).kubectl(), command);
        }
        assert_eq!(ContextName::of_pod().kubectl(), "kubectl");
    }
}
