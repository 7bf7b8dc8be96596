//! What the reader of a list makes of its entries.

use std::collections::BTreeSet;

use document::{Node, Problem, Source};
use mapping::{
    Never,
    aws_iam_authenticator::{Options, Standing, aws_auth},
};

use super::{Shape, list::value};
use crate::entries::Entry;

/// One entry that could let somebody in.
#[derive(Clone, Debug)]
pub(super) struct EntryIdentity {
    /// Its ARN as it is written.
    pub(super) arn: String,
    username: String,
    groups: BTreeSet<String>,
}

/// Whether a text of `aws-auth` counts as absent although something may stand in it (`isSkippable` of
/// `pkg/mapper/configmap/configmap.go`).
pub(super) fn is_nothing(text: &str) -> bool {
    matches!(text.trim(), "" | "``" | "\"\"" | "''")
}

/// What each entry says; none of those that nobody can be let in by.
pub(super) fn identities(
    shape: Shape<'_>,
    source: &Source,
    nodes: &[Node],
) -> Result<Vec<Option<EntryIdentity>>, Problem> {
    match shape {
        Shape::AwsAuth => Ok(of_aws_auth(source, nodes.len())),
        Shape::Config(_) => nodes.iter().map(of_node).collect(),
    }
}

/// Keys are taken in whatever letters, and which of two counts hangs on these: so its own reader says what an entry has.
fn of_aws_auth(source: &Source, count: usize) -> Vec<Option<EntryIdentity>> {
    let standing = |_: &str| Standing::alone(source.name());
    let read = aws_auth([(source.name(), source.text())], standing, Options::default());
    let mut all = vec![None; count];
    for rule in read.roles.iter().chain(&read.users) {
        let groups = rule.groups.iter().map(|membership| membership.group.clone()).collect();
        let arn = rule.written.as_deref().unwrap_or_default().to_owned();
        all[rule.source.index] = Some(EntryIdentity { arn, username: rule.username.clone(), groups });
    }
    for unused in &read.unused {
        if matches!(unused.why, Never::Displaced(_) | Never::RolesFirst(_)) {
            let groups = unused.groups.iter().map(ToString::to_string).collect();
            let (arn, username) = (unused.written.to_string(), unused.username.to_string());
            all[unused.source.index] = Some(EntryIdentity { arn, username, groups });
        }
    }
    all
}

fn of_node(node: &Node) -> Result<Option<EntryIdentity>, Problem> {
    for entry in node.as_mapping().unwrap_or_default() {
        let alike = |other: &&document::Entry| other.key.text.eq_ignore_ascii_case(&entry.key.text);
        if node.as_mapping().unwrap_or_default().iter().filter(alike).count() > 1 {
            let message = format!(
                "`{}` appears twice here with different capitalization, and either one may be used",
                entry.key.text
            );
            return Err(Problem::error("document.duplicate-key", entry.key_span, message));
        }
    }
    let text = |key: &str| Some(value(node, key)?.as_scalar()?.text.to_string());
    let groups = value(node, "groups").and_then(Node::as_sequence).unwrap_or_default();
    let groups = groups.iter().filter_map(|group| Some(group.as_scalar()?.text.to_string())).collect();
    let arn = text("rolearn").or_else(|| text("userarn"));
    Ok(arn.map(|arn| EntryIdentity { arn, username: text("username").unwrap_or_default(), groups }))
}

impl EntryIdentity {
    /// Whether it says the same, groups in whatever order.
    pub(super) fn is(&self, entry: &Entry<'_>) -> bool {
        let groups: BTreeSet<&str> = self.groups.iter().map(String::as_str).collect();
        self.username == entry.username && groups == entry.groups.iter().copied().collect()
    }
}
