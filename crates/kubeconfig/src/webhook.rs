//! The kubeconfig by which an API server asks the webhook.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use document::{Dialect, Limits, Node, Problem, Source, parse_as, plain_or_quoted};

use crate::{Authority, read};

/// The settings of an API server's webhook kubeconfig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookConfig {
    /// The URL asked, path included.
    pub server: String,
    /// The authorities trusted, as PEM.
    pub certificate_authority_pem: String,
}

/// The file's name in the folders that `init` and kops use, as aws-iam-authenticator's.
pub const WEBHOOK_FILE: &str = "aws-iam-authenticator.kubeconfig";

impl WebhookConfig {
    /// Returns whether it trusts an authority, be it alone or among others.
    pub fn trusts(&self, authority_pem: &str) -> bool {
        self.certificate_authority_pem.contains(authority_pem.trim())
    }
}

/// Writes one. Names are aws-iam-authenticator's; unlike its file, this one says what it is (apiVersion and kind).
pub fn webhook(server_url: &str, certificate_authority_pem: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: aws-iam-authenticator\n  cluster:\n    server: {}\n    \
         certificate-authority-data: {}\nusers:\n- name: apiserver\n  user: {{}}\ncontexts:\n- name: webhook\n  context:\n    \
         cluster: aws-iam-authenticator\n    user: apiserver\ncurrent-context: webhook\n",
        plain_or_quoted(server_url),
        STANDARD.encode(certificate_authority_pem),
    )
}

/// Reads one back, ours or aws-iam-authenticator's: the first cluster is the one that is asked.
pub fn read_webhook(source: &Source) -> Result<WebhookConfig, Vec<Problem>> {
    let root = parse_as(source, &Limits::default(), Dialect::Kubernetes)?.root;
    let clusters = root.as_ref().and_then(|root| root.get("clusters")).and_then(Node::as_sequence);
    let missing = |message: &str| vec![read::problem(root.as_ref().map(|root| root.span).unwrap_or_default(), message)];
    let first = clusters.and_then(<[Node]>::first).ok_or_else(|| missing("it has no `clusters`"))?;
    let endpoint = read::endpoint(first).map_err(|problem| vec![*problem])?;
    match endpoint.authority {
        Authority::Pem(pem) => Ok(WebhookConfig { server: endpoint.server, certificate_authority_pem: pem }),
        Authority::System => Err(missing("it trusts no authority of its own")),
        Authority::File(_) => {
            let hint = "`kubectl config view --flatten` prints a kubeconfig with the certificate in it";
            Err(vec![read::problem(first.span, "the certificate authority stands in a file of its own").hint(hint)])
        }
    }
}
