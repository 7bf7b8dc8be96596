//! What says something of access inside a document that is of no interest itself: objects of RBAC and logins, at any depth, in
//! texts too. Whoever looks at a repository asks what is in all of it.

use document::{Node, Source};

use crate::{Unseen, text::words::named};

/// What is asked about the bytes of a text before it is read only for this.
const WORDS: [&str; 6] = [RBAC, "mapRoles", "mapUsers", "aws_auth_", "aws_eks_access_", "kubernetes_"];
/// How versions of roles and bindings begin.
const RBAC: &str = "rbac.authorization.k8s.io/v";
/// Keys below which logins stand: `aws-auth`'s own, and what Terraform's modules for EKS make of it.
const LOGINS: [&str; 6] =
    ["mapRoles", "mapUsers", "aws_auth_roles", "aws_auth_users", "aws_auth_accounts", "aws_auth_configmap_yaml"];
/// Terraform's resources of access entries.
const ENTRIES: [&str; 2] = ["aws_eks_access_entry", "aws_eks_access_policy_association"];
/// Terraform's resources of roles and bindings; all of them also as `…_v1`.
const RIGHTS: [&str; 4] =
    ["kubernetes_cluster_role", "kubernetes_cluster_role_binding", "kubernetes_role", "kubernetes_role_binding"];
/// What holds copies of objects, or only says whose one is.
const COPIES: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "ownerReferences"];
/// How many things are named.
const NAMED: usize = 3;

/// Whether it is worth reading a text for this.
pub(crate) fn may_be_in(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    WORDS.iter().any(|word| text.contains(word))
}

/// Whether a resource of Terraform is a role or a binding.
pub(crate) fn is_right(resource: &str) -> bool {
    RIGHTS.contains(&resource.strip_suffix("_v1").unwrap_or(resource))
}

/// Whether anything of access stands in a part of a document.
pub(crate) fn is_in(node: &Node) -> bool {
    let mut found = Vec::new();
    walk(node, &mut found);
    !found.is_empty()
}

/// What stands in a document that says something of access, as a gap that names the document and each of these things with its
/// line.
pub(crate) fn gap(source: &Source, root: &Node) -> Option<Unseen> {
    let mut found = Vec::new();
    for entry in root.as_mapping().unwrap_or_default() {
        // What the document itself is was looked at.
        if !["apiVersion", "kind"].contains(&&*entry.key.text) {
            below(&entry.key.text, &entry.value, &mut found);
        }
    }
    for node in root.as_sequence().unwrap_or_default() {
        walk(node, &mut found);
    }
    if found.is_empty() {
        return None;
    }
    let line = |at: usize| source.position(at).line;
    let mut named_ones: Vec<String> = found.iter().map(|(what, at)| format!("{what} in line {}", line(*at))).collect();
    named_ones.dedup();
    let more = named_ones.len().saturating_sub(NAMED);
    named_ones.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let what = match root.get("kind") {
        Some(_) => format!("{} ({}:{})", named(&root.to_json()), source.name(), line(root.span.start)),
        None => format!("an object of no kind ({}:{})", source.name(), line(root.span.start)),
    };
    let why = format!(
        "what is in it says who logs in or who may do something, and is not read here ({}{more}); give that itself, or what \
         `kubectl get … -o json` prints of it",
        named_ones.join(", ")
    );
    Some(Unseen::new(what, why))
}

/// Everything of access below a node, with where it stands.
fn walk(node: &Node, found: &mut Vec<(String, usize)>) {
    if let Some(scalar) = node.as_scalar() {
        of_text(&scalar.text, node.span.start, found);
    }
    for node in node.as_sequence().unwrap_or_default() {
        walk(node, found);
    }
    let entries = node.as_mapping().unwrap_or_default();
    let version = node.get("apiVersion").and_then(Node::as_scalar);
    if version.is_some_and(|version| version.text.starts_with(RBAC)) {
        return found.push((named(&node.to_json()), node.span.start));
    }
    for entry in entries {
        below(&entry.key.text, &entry.value, found);
    }
}

fn below(key: &str, value: &Node, found: &mut Vec<(String, usize)>) {
    let is_empty = value.as_sequence().is_some_and(<[Node]>::is_empty)
        || value.as_mapping().is_some_and(<[_]>::is_empty)
        || value.as_scalar().is_some_and(|scalar| ["", "null", "~", "[]"].contains(&scalar.text.trim()));
    let is_resource = |text: &str| ENTRIES.contains(&text) || is_right(text);
    if COPIES.contains(&key) || is_empty {
        return;
    }
    if LOGINS.contains(&key) || is_resource(key) {
        return found.push((key.to_owned(), value.span.start));
    }
    match value.as_scalar() {
        Some(scalar) if key == "type" && is_resource(&scalar.text) => {
            found.push((scalar.text.to_string(), value.span.start));
        }
        _ => walk(value, found),
    }
}

/// A text may be a manifest itself, or a program that makes one. A version alone names a kind to some program, and one with a
/// `/` on a side of it a URL or a kind.
fn of_text(text: &str, at: usize, found: &mut Vec<(String, usize)>) {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_-./".contains(c));
    let stands = |word: &str, is_open: bool| {
        text.match_indices(word).any(|(start, word)| {
            let mut behind = text[start + word.len()..].chars();
            let behind = if is_open { behind.find(|c| !c.is_alphanumeric()) } else { behind.next() };
            !is_word(text[..start].chars().next_back()) && !is_word(behind)
        })
    };
    let is_alone = !text.trim().contains(|c: char| c.is_whitespace() || "{[(\"'".contains(c));
    if is_alone {
        return;
    }
    if stands(RBAC, true) {
        found.push((format!("{RBAC}… in a text"), at));
    }
    if let Some(key) = LOGINS.iter().find(|key| stands(key, false)) {
        found.push((format!("{key} in a text"), at));
    }
}
