//! OpenID Connect on EKS, as `aws eks` prints it: whoever logs in by it is nobody of AWS.
//!
//! Source: Amazon EKS API Reference, `ListIdentityProviderConfigs`, `DescribeIdentityProviderConfig`.

use document::{Node, Problems, Source};

use super::{
    FileFormat, Foreign,
    fields::{list, not_of_aws, plain, text, unreadable, value},
};
use crate::{ClaimedBy, ClusterClaim};

/// The outermost keys of both answers.
pub(crate) const KEYS: [&str; 2] = [LIST, ONE];
const LIST: &str = "identityProviderConfigs";
const ONE: &str = "identityProviderConfig";

/// Whether this is one of the answers.
pub(crate) fn are(root: &Node) -> bool {
    value(root, LIST).is_some_and(|of| of.as_sequence().is_some())
        || value(root, ONE).is_some_and(|of| of.as_mapping().is_some())
}

/// Reads them. Who logs in by a provider only the provider knows.
pub(super) fn read(source: &Source, root: &Node) -> Foreign {
    let mut problems = Problems::default();
    let mut foreign = Foreign { format: FileFormat::IdentityProviders, ..Foreign::default() };
    if let Some(more) = value(root, "nextToken").or_else(|| value(root, "NextToken")) {
        let message =
            "it is only a part of what AWS answers; print it again without --max-items and --no-paginate of `aws`";
        problems.push(unreadable(more.span, message));
    }
    for (index, node) in list(root, LIST, &mut problems).iter().enumerate() {
        let [name, kind] = ["name", "type"].map(|key| text(node, key, &mut problems));
        let by = if kind == "oidc" { "OpenID Connect" } else { kind };
        problems.push(not_of_aws(node.span, &format!("{LIST}[{index}]"), &format!("{by} ({name})")));
    }
    for entry in value(root, ONE).and_then(Node::as_mapping).unwrap_or_default() {
        let (kind, config) = (&*entry.key.text, &entry.value);
        let issuer = value(config, "issuerUrl").and_then(plain);
        let by = if kind == "oidc" { "OpenID Connect" } else { kind };
        let by = issuer.map_or_else(|| by.to_owned(), |issuer| format!("{by} of {issuer}"));
        problems.push(not_of_aws(entry.key_span, ONE, &by));
        let name = value(config, "clusterName");
        let arn = text(config, "identityProviderConfigArn", &mut problems);
        let said = ClusterClaim::by_arn(ClaimedBy::Eks, name.and_then(plain).unwrap_or_default(), arn);
        foreign.is_about(source, name, said);
    }
    foreign.problems = problems.into_sorted();
    foreign
}
