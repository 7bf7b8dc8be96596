//! The values of the first chart (19 to 21 June 2018): every user of a group was mapped by one role, `authentication.role`,
//! that all of them assume. Values of later charts are access files.
//!
//! Source: nuvo/cluster-auth at 74a5113, `helm/templates/configmap.yaml`: an entry of `mapRoles` for each user, all with the
//! role's ARN and the user's name as username. The authenticator keeps the last entry of each role.

use document::{Limits, Node, Problems, Severity, Source, Sources, Style, Value};

use crate::{ClaimedBy, ClusterClaim};

use super::{
    FileFormat, Foreign, Login,
    fields::{is_mapping, key_span, list, text, texts, unreadable, value},
};

const GROUPS: &str = "groups";
/// What the access file has no words for, or says of members.
const OF_MEMBERS: [&str; 2] = ["users", "authentication"];

/// Whether these are such values: some group has `authentication.role`.
pub(super) fn is_first(root: &Node) -> bool {
    let groups = value(root, GROUPS).and_then(Node::as_sequence).unwrap_or_default();
    groups.iter().any(|group| value(group, "authentication").is_some_and(|node| value(node, "role").is_some()))
}

/// Who logs in by them, and what groups are granted.
pub(super) fn read(source: &Source, root: &Node) -> Foreign {
    let masked = Sources::from(source.with_text(without_members(source, root)));
    let access::Read { access, problems: of_grants } = access::read(&masked, &Limits::default());
    let mut problems = Problems::default();
    for problem in of_grants.into_iter().filter(|problem| problem.severity == Severity::Error) {
        problems.push(problem);
    }
    let access = Some(access.into());
    let mut foreign = Foreign { format: FileFormat::Chart2018, access, ..Foreign::default() };
    let id = ClusterClaim::of_id(ClaimedBy::Foreign(FileFormat::Chart2018), text(root, "clusterID", &mut problems));
    foreign.is_about(source, value(root, "clusterID"), id);
    for group in list(root, GROUPS, &mut problems) {
        if !is_mapping(group, "a group", &mut problems) {
            continue;
        }
        let name = text(group, "name", &mut problems);
        let by = value(group, "authentication").unwrap_or(group);
        let [account, role] = ["account", "role"].map(|key| text(by, key, &mut problems));
        if name.is_empty() || account.is_empty() || role.is_empty() {
            let span = key_span(group, "name").unwrap_or(group.span);
            let message = format!("the group {name} needs a `name`, and an `account` and a `role` in `authentication`");
            problems.push(unreadable(span, message));
            continue;
        }
        let users = value(group, "users").and_then(Node::as_sequence).unwrap_or_default();
        for (user, node) in texts(group, "users", &mut problems).into_iter().zip(users) {
            let arn = format!("arn:aws:iam::{account}:role/{role}").into();
            let (groups, at) = (vec![name.into()], ("users", foreign.logins.len()));
            foreign.logins.push(Login { arn, username: user, groups, at, span: node.span, line: 0 });
        }
    }
    foreign.problems = problems.into_sorted();
    foreign
}

/// The same text as an access file in which nobody is: what its groups are granted. Everything stays where it stands.
fn without_members(source: &Source, root: &Node) -> String {
    let mut text = source.text().as_bytes().to_vec();
    for group in value(root, GROUPS).and_then(Node::as_sequence).unwrap_or_default() {
        let Value::Mapping(entries, style) = &group.value else { continue };
        for entry in entries.iter().filter(|entry| OF_MEMBERS.contains(&&*entry.key.text)) {
            let (start, end) = (entry.key_span.start - source.base(), entry.value.span.end - source.base());
            let rest = &text[end..];
            let comma = rest.iter().position(|byte| !byte.is_ascii_whitespace()).filter(|at| rest[*at] == b',');
            let end = match style {
                Style::Flow => end + comma.map_or(0, |at| at + 1),
                Style::Block => end,
            };
            text[start..end].iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        }
    }
    String::from_utf8(text).unwrap_or_default()
}
