//! `eksctl get iamidentitymapping -o yaml|json`: the entries of `aws-auth`, all in one list.
//!
//! Source: eksctl, `pkg/iam/mapping.go`; an account's entry has the key `account`. The list of one section of `aws-auth`
//! alone, as `kubectl get configmap aws-auth -o jsonpath={.data.mapRoles}` prints it, looks the same.

use document::{Node, Problems};

use super::{
    Account, FileFormat, Foreign, Login,
    fields::{is_mapping, text, texts, unreadable, value},
};

/// The keys that name a principal, each with the list of `aws-auth` that its entry stands in.
pub(super) const PRINCIPALS: [(&str, &str); 2] = [("rolearn", "mapRoles"), ("userarn", "mapUsers")];
const ACCOUNT: &str = "account";

/// Whether this is a list of such entries. An empty list may be anything's.
pub(super) fn are(root: &Node) -> bool {
    let is_one = |node: &Node| {
        let is_principal = |(key, _): &(&str, &str)| value(node, key).is_some();
        PRINCIPALS.iter().any(is_principal) || value(node, ACCOUNT).is_some()
    };
    root.as_sequence().is_some_and(|nodes| nodes.iter().any(is_one))
}

pub(super) fn read(root: &Node) -> Foreign {
    let mut problems = Problems::default();
    let mut foreign = Foreign { format: FileFormat::IdentityMappings, ..Foreign::default() };
    for (index, node) in root.as_sequence().unwrap_or_default().iter().enumerate() {
        if !is_mapping(node, "an identity mapping", &mut problems) {
            continue;
        }
        let account = text(node, ACCOUNT, &mut problems);
        if !account.is_empty() {
            let (account, at, span) = (account.into(), ("identity mappings", index), node.span);
            foreign.accounts.push(Account { account, at, span, line: 0 });
            continue;
        }
        let Some((key, _)) = PRINCIPALS.into_iter().find(|(key, _)| value(node, key).is_some()) else {
            problems.push(unreadable(node.span, "an identity mapping has neither `rolearn`, `userarn` nor `account`"));
            continue;
        };
        foreign.logins.push(Login {
            arn: text(node, key, &mut problems).into(),
            username: text(node, "username", &mut problems).into(),
            groups: texts(node, "groups", &mut problems),
            at: ("identity mappings", index),
            span: node.span,
            line: 0,
        });
    }
    foreign.problems = problems.into_sorted();
    foreign
}
