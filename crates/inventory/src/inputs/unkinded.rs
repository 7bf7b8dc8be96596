//! Documents that kubectl takes for no object, and by which somebody means one of access.

use document::{Node, Source};

use super::{Unseen, manifests};
use crate::{About, Dump};

/// The keys that say what an object is.
const KEYS: [&str; 2] = ["apiVersion", "kind"];

/// Whether a key is one of those that say what an object is, in another case: kubectl reads none but them.
pub(super) fn is_misspelt(key: &str) -> bool {
    meant(key).is_some()
}

fn meant(key: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|right| *right != key && right.eq_ignore_ascii_case(key.trim()))
}

/// An object that says what it is by a key in another case, as a gap; `None` if it says nothing of access.
pub(super) fn misspelt(source: &Source, root: &Node) -> Option<Unseen> {
    let keys = || root.as_mapping().unwrap_or_default().iter().map(|entry| &*entry.key.text);
    let misspelt = keys().filter_map(|key| Some((key, meant(key)?))).find(|(_, right)| root.get(right).is_none());
    let (written, right) = misspelt.filter(|_| is_about(root))?;
    let what = format!("an object ({}:{})", source.name(), source.position(root.span.start).line);
    let why = format!("it has `{written}` in place of `{right}`, which kubectl requires");
    Some(Unseen::new(what, why))
}

/// A document without a kind, as a gap; `None` if it says nothing of access. In a folder there may be anything.
pub(super) fn gap(source: &Source, root: &Node, has_items: bool, is_of_folder: bool) -> Option<Unseen> {
    let gap = |what: &str, why: String| {
        let line = source.position(root.span.start).line;
        Some(Unseen::new(format!("{what} ({}:{line})", source.name()), why))
    };
    if let Some(objects) = root.as_sequence() {
        let why = "kubectl requires a kind in a list; write `apiVersion: v1` and `kind: List`, and the objects below `items`, or \
                   give what `kubectl get … -o json` prints as a whole";
        return objects.iter().any(is_about).then(|| gap("a list of objects", why.to_owned())).flatten();
    }
    if let Some(what) = of_cloud_formation(root) {
        let why = "what CloudFormation creates on EKS is not read here; give what `aws eks list-access-entries`, \
                   `describe-access-entry` and `list-associated-access-policies` print";
        return gap(&what, why.to_owned());
    }
    let version = text(root, "apiVersion").unwrap_or_default();
    // A list's kind is what kubectl prints behind its elements.
    if has_items || root.get("items").is_some() {
        let why = "it has no `kind`, which kubectl prints after all elements, so it was cut off; print it again";
        return gap("a list", why.to_owned());
    }
    if let Some(key) = fragment(root) {
        let why = "it is what a ClusterConfig of eksctl has, without the ClusterConfig; give the whole of it, with its `apiVersion` and `kind`";
        return gap(&format!("`{key}`"), why.to_owned());
    }
    if manifests::has_bare_logins(root) {
        let why = "they are what the ConfigMap aws-auth has in `data`, without the ConfigMap; give what `kubectl get \
                   configmap aws-auth -n kube-system -o yaml` prints";
        return gap("mapRoles, mapUsers or mapAccounts", why.to_owned()).map(|gap| gap.about(About::BareLogins));
    }
    if (!is_of_folder && !version.is_empty()) || manifests::has_logins(root) {
        let kind = if root.get("data").is_some() {
            "; write `kind: ConfigMap`, and its name and namespace below `metadata`"
        } else {
            ""
        };
        return gap("an object", format!("it has no `kind`, which kubectl requires{kind}"));
    }
    None
}

/// The keys of a `ClusterConfig` that say who logs in, where they stand alone.
pub(super) const FRAGMENTS: [&str; 2] = ["iamIdentityMappings", "accessConfig"];
const ENTRIES: &str = "accessEntries";

/// Which key of a `ClusterConfig` a document without a kind has that says who logs in. What the AWS CLI prints has one of the
/// words, and texts below it.
pub(super) fn fragment(root: &Node) -> Option<&'static str> {
    let has_entries = |node: &Node| {
        let entries = node.get(ENTRIES).and_then(Node::as_sequence).unwrap_or_default();
        entries.iter().any(|entry| entry.as_mapping().is_some())
    };
    let [mappings, access] = FRAGMENTS;
    match root.get(access) {
        Some(of) if has_entries(of) => Some(access),
        _ if root.get(mappings).is_some() => Some(mappings),
        _ => has_entries(root).then_some(ENTRIES),
    }
}

/// A list of a kind that is not known here, with objects that are, as a gap: kubectl refuses it.
pub(super) fn of_unknown_list<'n>(
    source: &Source,
    root: &Node,
    kind: &str,
    mut items: impl Iterator<Item = &'n Node>,
) -> Option<Unseen> {
    items.any(is_about).then(|| {
        let what = format!("a list of the kind {kind} ({}:{})", source.name(), source.position(root.span.start).line);
        let why =
            "objects of access are in it, and kubectl refuses it for its kind; write `apiVersion: v1` and `kind: List`";
        Unseen::new(what, why)
    })
}

/// Whether an object is of a kind that is of interest, in whatever case its keys are.
fn is_about(object: &Node) -> bool {
    let of = |key: &str| text(object, key).unwrap_or_default();
    let (version, kind) = (of("apiVersion"), of("kind"));
    let is_map = kind.eq_ignore_ascii_case("ConfigMap");
    let name = || object.get("metadata").and_then(|metadata| text(metadata, "name")).unwrap_or_default();
    let is_of_interest =
        || !is_map || manifests::has_logins(object) || Dump::config_map_names().any(|one| one == name());
    // Namespaces and accounts grant nothing.
    let is_tame = ["Namespace", "ServiceAccount"].iter().any(|tame| kind.eq_ignore_ascii_case(tame));
    !kind.is_empty() && Dump::is_about(version, kind) && !is_tame && is_of_interest()
}

/// The text under a key, in whatever case that is written.
fn text<'n>(object: &'n Node, key: &str) -> Option<&'n str> {
    let entries = object.as_mapping()?;
    let is_it = |written: &str| written == key || meant(written) == Some(key);
    let entry = entries.iter().find(|entry| is_it(&entry.key.text))?;
    entry.value.as_scalar().map(|scalar| &*scalar.text)
}

/// The access entries of a template of CloudFormation.
fn of_cloud_formation(root: &Node) -> Option<String> {
    let is_entry = |resource: &Node| text(resource, "Type").is_some_and(|kind| kind == "AWS::EKS::AccessEntry");
    let resources = root.get("Resources")?.as_mapping()?.iter();
    let names: Vec<&str> = resources.filter(|entry| is_entry(&entry.value)).map(|entry| &*entry.key.text).collect();
    (!names.is_empty()).then(|| format!("CloudFormation's AWS::EKS::AccessEntry {}", names.join(", ")))
}
