//! What `render --to access-entries-terraform` and `render --to terraform` write, in Terraform's JSON syntax.
//!
//! Sources: Terraform's provider `aws`, `aws_eks_access_entry`, `aws_eks_access_policy_association`; the module's variables.

use document::{Entry, Node, Problems, Source};
use identity::Arn;

use crate::{ClaimedBy, ClusterClaim, text::within};

use super::{
    AccessEntry, FileFormat, Foreign, Login,
    access_entries::{Keys, association, entry},
    fields::{list, not_known, not_taken, plain, text, texts, unreadable, value},
};

const ENTRIES: &str = "aws_eks_access_entry";
const ASSOCIATIONS: &str = "aws_eks_access_policy_association";
const KEYS: Keys = Keys { principal: "principal_arn", groups: "kubernetes_groups", username: "user_name" };
const USERS: &str = "users";

/// Whether these are resources of access entries.
pub(super) fn are_entries(root: &Node) -> bool {
    value(root, "resource")
        .is_some_and(|resource| [ENTRIES, ASSOCIATIONS].iter().any(|key| value(resource, key).is_some()))
}

/// Reads them.
pub(super) fn read_entries(source: &Source, root: &Node) -> Foreign {
    let mut problems = Problems::default();
    let mut foreign = Foreign { format: FileFormat::TerraformEntries, ..Foreign::default() };
    let resources = |kind: &str| -> &[Entry] {
        let of_kind = value(root, "resource").and_then(|resource| value(resource, kind));
        of_kind.and_then(Node::as_mapping).unwrap_or_default()
    };
    let mut names = Vec::new();
    for (index, Entry { key, value: node, .. }) in resources(ENTRIES).iter().enumerate() {
        let name = value(node, "cluster_name");
        let by = ClaimedBy::Foreign(FileFormat::TerraformEntries);
        foreign.is_about(source, name, ClusterClaim::of_eks(by, name.and_then(plain).unwrap_or_default(), None, None));
        if let Some(entry) = entry(node, &KEYS, (ENTRIES, index), &mut problems) {
            names.push(&*key.text);
            foreign.entries.push(entry);
        }
    }
    for Entry { key, value: node, key_span } in resources(ASSOCIATIONS) {
        let principal = text(node, "principal_arn", &mut problems);
        // A reference to the entry, or its ARN.
        let referred =
            principal.strip_prefix("${aws_eks_access_entry.").and_then(|rest| rest.strip_suffix(".principal_arn}"));
        let is_it = |(at, entry): &(usize, &mut AccessEntry)| match referred {
            Some(name) => names[*at] == name,
            None => *entry.principal == *principal,
        };
        let Some((_, entry)) = foreign.entries.iter_mut().enumerate().find(is_it) else {
            let message =
                format!("{ASSOCIATIONS}.{}: this file does not say which principal has this policy", key.text);
            problems.push(not_taken(*key_span, message));
            continue;
        };
        let scope =
            value(node, "access_scope").map(|scope| scope.as_sequence().and_then(<[Node]>::first).unwrap_or(scope));
        let namespaces = match scope.map(|scope| (text(scope, "type", &mut problems), scope)) {
            Some(("cluster", _)) => None,
            Some(("namespace", scope)) => Some(texts(scope, "namespaces", &mut problems)),
            _ => {
                problems.push(unreadable(node.span, "an `access_scope` has the type `cluster` or `namespace`"));
                continue;
            }
        };
        let policy = text(node, "policy_arn", &mut problems);
        entry.policies.extend(association(policy, namespaces, node.span, &mut problems));
    }
    others(root, &mut problems);
    foreign.problems = problems.into_sorted();
    foreign
}

/// Names what else stands in the file that says who logs in or who may do something.
fn others(root: &Node, problems: &mut Problems) {
    let resources = value(root, "resource").and_then(Node::as_mapping).unwrap_or_default();
    for Entry { key, value: of_kind, .. } in resources {
        let is_right = within::is_right(&key.text);
        let is_map = key.text.starts_with("kubernetes_config_map") || &*key.text == "kubernetes_manifest";
        for Entry { key: name, key_span, value: node } in of_kind.as_mapping().unwrap_or_default() {
            if is_right || (is_map && within::is_in(node)) {
                let message = format!(
                    "{}.{} grants access, but is not read here; give what `kubectl get … -o json` prints of it",
                    key.text, name.text
                );
                problems.push(not_known(*key_span, message));
            }
        }
    }
    for Entry { key, key_span, value: node } in root.as_mapping().unwrap_or_default() {
        if &*key.text != "resource" && within::is_in(node) {
            let message = format!(
                "`{}` contains resources that grant access, but is not read here; give what the cluster has of them",
                key.text
            );
            problems.push(not_known(*key_span, message));
        }
    }
}

/// Whether these are the module's variables as `render --to terraform` writes them: users by their ARNs.
pub(super) fn are_users(root: &Node) -> bool {
    let users = value(root, USERS).and_then(Node::as_sequence).unwrap_or_default();
    root.as_mapping().is_some_and(|entries| entries.len() == 1) && users.iter().any(|user| value(user, "arn").is_some())
}

/// Reads them. Usernames are not in them: they are the names in IAM.
pub(super) fn read_users(root: &Node) -> Foreign {
    let mut problems = Problems::default();
    let mut foreign = Foreign { format: FileFormat::TerraformUsers, ..Foreign::default() };
    for (index, node) in list(root, USERS, &mut problems).iter().enumerate() {
        let arn = text(node, "arn", &mut problems);
        let Some(arn) = arn.parse::<Arn>().ok().filter(|arn| arn.resource.starts_with("user/")) else {
            problems.push(not_taken(node.span, format!("{USERS}[{index}]: only users by their ARNs are read")));
            continue;
        };
        let username = arn.resource.rsplit('/').next().unwrap_or_default().into();
        let groups = texts(node, "groups", &mut problems);
        let (arn, at, span) = (arn.to_string().into(), (USERS, index), node.span);
        foreign.logins.push(Login { arn, username, groups, at, span, line: 0 });
    }
    foreign.problems = problems.into_sorted();
    foreign
}
