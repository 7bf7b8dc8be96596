//! What looks like a manifest of access and cannot be read as one: templates, and what a shell or another program fills in.

use document::{Document, Node, Source};
use mapping::aws_iam_authenticator::LISTS;

use crate::{Dump, text::placeholder::is_placeholder};

/// Whether an object is in a namespace, or has a subject in one, and does not say in which.
pub(super) fn lacks_namespace(object: &serde_json::Value) -> bool {
    let is_unsaid = |of: &serde_json::Value| of["namespace"].as_str().unwrap_or_default().is_empty();
    let kind = object["kind"].as_str().unwrap_or_default();
    let mut subjects = object["subjects"].as_array().into_iter().flatten();
    let is_of_namespace = ["Role", "RoleBinding", "ConfigMap", "ServiceAccount"].contains(&kind);
    (is_of_namespace && is_unsaid(&object["metadata"]))
        || subjects.any(|subject| subject["kind"] == "ServiceAccount" && is_unsaid(subject))
}

/// The kinds that are of interest wherever they stand.
const KINDS: [&str; 5] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "RBACDefinition"];
/// Those that are where something in them says so as well.
const OTHERS: [(&str, &[&str]); 5] = [
    ("Cluster", &["identityMappings"]),
    ("ClusterConfig", &["accessConfig", "iamIdentityMappings"]),
    ("IAMIdentityMapping", &[""]),
    ("ConfigMap", &["aws-auth", "aws-iam-authenticator", "cluster-auth-access"]),
    ("ServiceAccount", &["eks.amazonaws.com/role-arn"]),
];

/// What a document that cannot be read would be, if it would be of interest: its kind, and the line that says so.
pub(super) fn looks_like(source: &Source, document: &Document) -> Option<(String, usize)> {
    let start = document.span.start - source.base();
    let text = &source.text()[start..document.span.end - source.base()];
    let mut at = start;
    let mut of_rbac = None;
    for line in text.split_inclusive(['\n', '\r']) {
        let number = || source.position(source.base() + at).line;
        for kind in values_of(line, "kind") {
            // Of a list nobody knows what is in the rest.
            if KINDS.contains(&kind) || kind.ends_with("List") {
                return Some((kind.to_owned(), number()));
            }
            let has = |words: &&[&str]| words.iter().any(|word| text.contains(word));
            if OTHERS.iter().any(|(name, words)| *name == kind && has(words)) {
                return Some((kind.to_owned(), number()));
            }
        }
        if values_of(line, "apiVersion").any(|version| version.contains("rbac.authorization.k8s.io")) {
            of_rbac.get_or_insert_with(number);
        }
        at += line.len();
    }
    let of_rbac = of_rbac.map(|line| ("object of rbac.authorization.k8s.io".to_owned(), line));
    let behind_marker = text.trim_start_matches("---");
    let first = text.len() - behind_marker.trim_start().len();
    let list = || ("List".to_owned(), source.position(document.span.start + first).line);
    of_rbac.or_else(|| begins_as_list(behind_marker).then(list))
}

/// What a template takes from elsewhere as whole documents, of which nobody can say what they are, and its line. What stands
/// beside other text is a part of that.
pub(super) fn brings(source: &Source, document: &Document) -> Option<(String, usize)> {
    // What prints nothing itself (Go, text/template).
    const SILENT: [&str; 10] =
        ["if", "else", "end", "range", "with", "define", "break", "continue", "fail", "required"];
    let start = document.span.start - source.base();
    let mut rest = &source.text()[start..document.span.end - source.base()];
    let mut found = None;
    while let Some((before, behind)) = rest.split_once("{{") {
        let is_text = |line: &str| !line.trim_matches(|c: char| c == '-' || c.is_whitespace()).is_empty();
        if before.lines().any(|line| !line.trim_start().starts_with('#') && is_text(line)) {
            return None;
        }
        let (action, after) = behind.split_once("}}")?;
        let said = action.trim_matches(|c: char| c == '-' || c.is_whitespace());
        let is_silent = said.starts_with("/*")
            || (said.starts_with('$') && said.contains('='))
            || SILENT.iter().any(|word| said.split_whitespace().next() == Some(word));
        if found.is_none() && !is_silent {
            let at = document.span.end - behind.len();
            let shown = action.split_once('\n').map_or(action.to_owned(), |(first, _)| format!("{first} … "));
            found = Some((format!("{{{{{shown}}}}}"), source.position(at).line));
        }
        rest = after;
    }
    found.filter(|_| rest.trim().is_empty())
}

/// Whether a text begins as a list that kubectl prints, whose kind stands at its end.
fn begins_as_list(text: &str) -> bool {
    let bare = text.chars().filter(|c| !c.is_whitespace() && !"{\"',".contains(*c));
    bare.take(64).collect::<String>().starts_with("apiVersion:v1items:")
}

/// The values behind a key on its line, in YAML or JSON, quoted or not.
fn values_of<'a>(line: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    line.match_indices(key).filter_map(move |(at, key)| value_at(line, at, key))
}

fn value_at<'a>(line: &'a str, at: usize, key: &str) -> Option<&'a str> {
    let before = line[..at].trim_end_matches(['"', '\'']);
    let is_key = before.chars().all(|c| c.is_whitespace() || "-{,[".contains(c)) || before.ends_with(['{', ',', ' ']);
    let behind = line[at + key.len()..].trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
    let value = behind.trim_start().trim_start_matches(['"', '\'']);
    let end = value.find(|c: char| c.is_whitespace() || "\"',}#".contains(c)).unwrap_or(value.len());
    is_key.then_some(&value[..end])
}

/// What to do with what SOPS has encrypted.
pub(super) const ENCRYPTED: &str =
    "SOPS has encrypted it; give it decrypted: `sops decrypt FILE | cluster-auth … --from -`";
/// What to do with a template of ytt, which is YAML whose comments say what becomes of it.
pub(super) const OF_YTT: &str =
    "it is a template of ytt; give what it becomes: `ytt -f FILE | cluster-auth … --from -`";

/// Whether an object is one that SOPS has encrypted.
pub(super) fn is_encrypted(object: &Node) -> bool {
    object.get("sops").is_some_and(|sops| sops.get("mac").is_some())
}

/// Whether a text has annotations of ytt.
pub(super) fn is_of_ytt(text: &str) -> bool {
    let begins = |at: usize| text[..at].ends_with([' ', '\n', '\r', '\t']) || at == 0;
    text.match_indices("#@").any(|(at, _)| begins(at) && !text[at..].starts_with("#@schema/"))
}

/// Whether an object says who may do what or who logs in, where it can be read.
pub(super) fn may_be_of_access(object: &serde_json::Value) -> bool {
    let has_logins = || LISTS.iter().any(|list| object["data"].get(list).is_some());
    object["kind"] != "ConfigMap" || map_of_logins(object).is_some() || has_logins()
}

/// The name of a `ConfigMap` that some server reads, if an object is one.
pub(super) fn map_of_logins(object: &serde_json::Value) -> Option<&str> {
    let metadata = &object["metadata"];
    let is_there = object["kind"] == "ConfigMap" && metadata["namespace"] == "kube-system";
    let is_read = |name: &&str| Dump::config_map_names().any(|known| known == *name);
    metadata["name"].as_str().filter(|_| is_there).filter(is_read)
}

/// Why it is not known what an object is that has the fields of one of access, and a kind that is encrypted or still to be
/// filled in.
pub(super) fn hides_its_kind(root: &Node) -> Option<String> {
    let kind = &root.get("kind")?.as_scalar()?.text;
    let has = |key: &str| root.get(key).is_some();
    let of_rights = ["roleRef", "subjects", "aggregationRule"].into_iter().any(has) || (has("rules") && !has("spec"));
    if !of_rights && !has_logins(root) {
        return None;
    }
    if kind.starts_with("ENC[") {
        return Some(ENCRYPTED.to_owned());
    }
    is_placeholder(kind).then(|| crate::text::placeholder::why(kind))
}

/// Where an object of RBAC, or what else is of interest, has a text in place of a name that somebody else fills in.
pub(super) fn placeholder(object: &Node) -> Option<(&Node, &str)> {
    let mut found = None;
    for key in ["apiVersion", "kind", "roleRef", "subjects", "rules", "aggregationRule"] {
        if let Some(node) = object.get(key) {
            first(node, &mut found);
        }
    }
    let metadata = object.get("metadata")?;
    for key in ["name", "generateName", "namespace"] {
        if let Some(node) = metadata.get(key) {
            first(node, &mut found);
        }
    }
    // Of labels those count that roles are chosen by for aggregation.
    for label in metadata.get("labels").and_then(Node::as_mapping).unwrap_or_default() {
        if label.key.text.starts_with("rbac.authorization.k8s.io/") {
            first(&label.value, &mut found);
        }
    }
    found
}

fn first<'a>(node: &'a Node, found: &mut Option<(&'a Node, &'a str)>) {
    if found.is_some() {
        return;
    }
    if let Some(scalar) = node.as_scalar().filter(|scalar| is_placeholder(&scalar.text)) {
        *found = Some((node, &scalar.text));
    }
    for node in node.as_sequence().unwrap_or_default() {
        first(node, found);
    }
    for entry in node.as_mapping().unwrap_or_default() {
        if found.is_none() && is_placeholder(&entry.key.text) {
            *found = Some((node, &entry.key.text));
        }
        first(&entry.value, found);
    }
}

/// Whether an object, or the one element of a list, is one of rights or logins, all of which is read.
pub(super) fn is_of_rights(object: &serde_json::Value) -> bool {
    let object = object["items"].get(0).unwrap_or(object);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let is_read_map = kind == "ConfigMap"
        && object["metadata"]["namespace"] == "kube-system"
        && Dump::config_map_names().any(|name| object["metadata"]["name"] == name);
    version.starts_with("rbac.authorization.k8s.io/")
        || kind == "IAMIdentityMapping"
        || is_read_map
        || kind.ends_with("List")
}

/// Whether something has texts as `aws-auth` has them, whatever it calls itself.
pub(super) fn has_logins(root: &Node) -> bool {
    let data = root.get("data");
    data.is_some_and(|data| LISTS.iter().any(|key| data.get(key).is_some()))
}

/// Whether something is what `aws-auth` has in its `data`, and no object around it.
pub(super) fn has_bare_logins(root: &Node) -> bool {
    LISTS.iter().any(|key| root.get(key).is_some())
}

/// Whether a `Template` of OpenShift has objects of access in it.
pub(super) fn is_template_of_access(root: &Node) -> bool {
    let objects = root.get("objects").and_then(Node::as_sequence).unwrap_or_default();
    objects.iter().any(|object| {
        let text = |key: &str| object.get(key).and_then(Node::as_scalar).map(|scalar| &*scalar.text);
        text("kind").is_some_and(|kind| KINDS.contains(&kind))
    })
}

/// Whether a list says that it is only a part of one.
pub(super) fn is_of_part(list: &Node) -> bool {
    let metadata = list.get("metadata").map(Node::to_json).unwrap_or_default();
    metadata["continue"].as_str().is_some_and(|more| !more.is_empty()) || !metadata["remainingItemCount"].is_null()
}
