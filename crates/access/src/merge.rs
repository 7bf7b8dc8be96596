//! The entries of a file put into a `ConfigMap` that others write to as well: `aws-auth`, and the authenticator's own.
//!
//! Only entries that are ours are touched, above all never those of nodes; everything else is kept byte for byte. Which
//! are ours, an annotation of the `ConfigMap` says ([`OWNED`]): other tools keep annotations, comments they lose. An entry
//! of somebody else's for a principal of the file is an error, until it is adopted.

mod current;
mod list;

use std::collections::{BTreeMap, BTreeSet};

use document::{Edits, Limits, Node, Problem, Source, Span, Value};
use mapping::{Mode, RulePrincipal, aws_iam_authenticator};
use serde::Serialize;

pub use self::current::ConfigMap;
use self::list::{Fate, Item, List, value};
use crate::{Code, render::Entry};

/// The annotation that names the principals whose entries are ours: their ARNs as rules compare them, in lower case,
/// sorted, with commas between them.
pub const OWNED: &str = "cluster-auth.dev/principals";

/// What all annotations of an object may take together, in bytes (Kubernetes, `validation/objectmeta.go`).
const MAX_ANNOTATIONS: usize = 256 << 10;

/// The `ConfigMap`s that can be merged into.
#[derive(Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// `aws-auth`: a text for each list.
    AwsAuth,
    /// The authenticator's: both lists below `server` in one text, which is for this cluster.
    Config(Option<&'a str>),
}

impl Shape<'_> {
    const fn mode(self) -> Mode {
        match self {
            Self::AwsAuth => Mode::EksConfigMap,
            Self::Config(_) => Mode::MountedFile,
        }
    }
}

/// A `ConfigMap` as it is to be applied.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Merged {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    data: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    binary_data: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: &'static str,
    namespace: &'static str,
    /// Whoever changed it meanwhile makes applying this a conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_version: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// Puts users and roles into what the cluster has.
pub(crate) fn merge(
    shape: Shape<'_>,
    current: ConfigMap,
    [users, roles]: [Vec<Entry<'_>>; 2],
    adopt: bool,
) -> Result<Merged, Vec<Problem>> {
    let ConfigMap { resource_version, labels, mut annotations, mut data, binary_data, standing: _ } = current;
    let annotated = annotations.remove(OWNED).unwrap_or_default();
    let owned = annotated.split(',').filter(|principal| !principal.is_empty()).collect();
    let mut merging = Merging { mode: shape.mode(), owned, adopt, now_ours: BTreeSet::new(), problems: Vec::new() };
    let mut merge_text = |key: &str, lists: Vec<(&[&'static str], Vec<Entry<'_>>)>, cluster_id: Option<&str>| {
        let text = data.get(key).map_or("", String::as_str);
        if let Some(text) = merging.text(key, text, cluster_id, lists) {
            data.insert(key.to_owned(), text);
        }
    };
    let name = match shape {
        Shape::AwsAuth => {
            merge_text("mapRoles", vec![(&[], roles)], None);
            merge_text("mapUsers", vec![(&[], users)], None);
            "aws-auth"
        }
        Shape::Config(cluster_id) => {
            let lists: Vec<(&[&'static str], _)> =
                vec![(&["server", "mapUsers"], users), (&["server", "mapRoles"], roles)];
            merge_text("config.yaml", lists, cluster_id);
            "aws-iam-authenticator"
        }
    };
    let Merging { now_ours, mut problems, .. } = merging;
    annotations.insert(OWNED.to_owned(), now_ours.into_iter().collect::<Vec<_>>().join(","));
    let bytes: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MAX_ANNOTATIONS {
        let message = format!("the annotations that say which entries are ours would take {bytes} bytes");
        let hint = format!("Kubernetes takes {MAX_ANNOTATIONS}; let people assume roles, and map those");
        problems.push(Code::Current.at(Span::default(), message).hint(hint));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let metadata = Metadata { name, namespace: "kube-system", resource_version, labels, annotations };
    Ok(Merged { api_version: "v1", kind: "ConfigMap", metadata, data, binary_data })
}

/// What is known while texts are merged, and what comes of it.
struct Merging<'a> {
    mode: Mode,
    owned: BTreeSet<&'a str>,
    adopt: bool,
    now_ours: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Merging<'_> {
    /// A text with its lists merged, each behind its keys; none where that is a problem.
    fn text(
        &mut self,
        name: &str,
        text: &str,
        cluster_id: Option<&str>,
        lists: Vec<(&[&'static str], Vec<Entry<'_>>)>,
    ) -> Option<String> {
        let mut text = text.to_owned();
        let merged = cluster_id.map_or(Ok(()), |id| is_for(id, &mut text)).and_then(|()| {
            // One after the other: what one list brings along, the next one finds.
            lists.into_iter().try_for_each(|(keys, entries)| {
                text = self.list(&Source::new(name, text.as_str()), keys, entries)?;
                Ok(())
            })
        });
        let unusable = |what| Code::Current.at(Span::default(), format!("`{name}` of the cluster's ConfigMap {what}"));
        merged.map_err(|what| self.problems.push(unusable(what))).ok().map(|()| text)
    }

    fn list(&mut self, source: &Source, keys: &[&'static str], entries: Vec<Entry<'_>>) -> Result<String, String> {
        let root = parse(source)?;
        let list = List::find(root.as_ref(), keys).map_err(|problem| unreadable(source, &problem))?;
        let mut wanted = BTreeMap::new();
        for entry in entries {
            wanted.insert(compared(&entry.arn).expect("the file's principals are principals"), entry);
        }
        self.now_ours.extend(wanted.keys().cloned());
        let (mut replacements, mut removed) = (Vec::new(), Vec::new());
        for node in list.nodes() {
            let arn = arn_of(node);
            let principal = arn.and_then(|arn| aws_iam_authenticator::compared(self.mode, arn).ok());
            let entry = principal.as_ref().and_then(|principal| wanted.remove(principal));
            let is_owned = principal.as_ref().is_some_and(|principal| self.owned.contains(principal.as_str()));
            if let Some(entry) = entry.as_ref().filter(|_| !is_owned && !self.adopt) {
                let message = format!("the cluster has an entry for {} that is not ours", entry.arn);
                self.problems.push(Code::ForeignEntry.at(entry.span, message));
            }
            self.refuse_alike(arn, principal.as_deref());
            // A second entry for one of our principals would count instead of the first.
            let is_ours = is_owned || principal.as_ref().is_some_and(|principal| self.now_ours.contains(principal));
            removed.push(is_ours && entry.is_none());
            replacements.push(entry.filter(|entry| !is_said_by(entry, node)));
        }
        let added: Vec<Entry<'_>> = wanted.into_values().collect();
        let fates: Vec<_> = replacements
            .iter()
            .zip(removed)
            .map(|(replacement, is_removed)| match replacement {
                Some(entry) => Fate::Replaced(entry),
                None if is_removed => Fate::Removed,
                None => Fate::Kept,
            })
            .collect();
        let mut edits = Edits::new(source);
        list.change(source.text(), &fates, &added, &mut edits);
        Ok(edits.apply())
    }
}

impl Merging<'_> {
    /// An entry for one of our principals to `cluster-auth server` alone, which leaves a role's path out and reads the same
    /// file: to one reader it is another entry and must stay, to the other it would count in place of ours.
    fn refuse_alike(&mut self, arn: Option<&str>, principal: Option<&str>) {
        let Some(arn) = arn.filter(|_| self.mode == Mode::MountedFile && principal.is_none()) else { return };
        let Some(ours) = compared(arn).filter(|ours| self.now_ours.contains(ours)) else { return };
        let message = format!("the cluster has an entry for {arn}, which cluster-auth server takes for {ours}");
        let hint = "take it out first: aws-iam-authenticator passes over it";
        self.problems.push(Code::ForeignEntry.at(Span::default(), message).hint(hint));
    }
}

/// Whether the configuration is that of our cluster: another one's would let its people in. An empty one becomes ours.
fn is_for(cluster_id: &str, text: &mut String) -> Result<(), String> {
    let source = Source::new("config.yaml", text.as_str());
    let Some(root) = parse(&source)? else {
        let mut edits = Edits::new(&source);
        edits.insert_lines(text.len(), &format!("clusterID: {}\n", serde_json::Value::from(cluster_id)));
        *text = edits.apply();
        return Ok(());
    };
    match value(&root, "clusterID").and_then(Node::as_scalar) {
        Some(theirs) if *theirs.text == *cluster_id => Ok(()),
        Some(theirs) => Err(format!("is for the cluster `{}`, and this file for `{cluster_id}`", theirs.text)),
        None => Err("has no clusterID: it may be another cluster's".to_owned()),
    }
}

/// The tree, unless there is nothing in the text.
fn parse(source: &Source) -> Result<Option<Node>, String> {
    let root = document::parse(source, &Limits::default());
    let root = root.map_err(|problems| problems.first().map(|first| unreadable(source, first)).unwrap_or_default())?;
    Ok(root.filter(|root| !root.is_null()))
}

fn unreadable(source: &Source, problem: &Problem) -> String {
    let at = source.position(problem.span.start);
    format!("cannot be read, at line {}, column {}: {}", at.line, at.column, problem.message)
}

/// The ARN of an entry, if it has one.
fn arn_of(node: &Node) -> Option<&str> {
    let arn = value(node, "rolearn").or_else(|| value(node, "userarn"))?;
    arn.as_scalar().map(|scalar| &*scalar.text)
}

/// What a rule for this ARN is compared by in files of our own; none where it is no principal's.
fn compared(arn: &str) -> Option<String> {
    match RulePrincipal::of_arn(&arn.to_ascii_lowercase().parse().ok()?)? {
        RulePrincipal::Arn(compared) => Some(compared),
        RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_) => None,
    }
}

/// Whether an entry of the cluster's says the same, groups in whatever order.
fn is_said_by(entry: &Entry<'_>, node: &Node) -> bool {
    let username = value(node, "username").and_then(Node::as_scalar).map(|scalar| &*scalar.text);
    let groups: Option<BTreeSet<&str>> = match value(node, "groups").map(|node| &node.value) {
        None => Some(BTreeSet::new()),
        Some(Value::Sequence(nodes, _)) => nodes.iter().map(|node| Some(&*node.as_scalar()?.text)).collect(),
        Some(Value::Scalar(_) | Value::Mapping(..)) => None,
    };
    username == Some(entry.username) && groups.is_some_and(|groups| groups == entry.groups.iter().copied().collect())
}

impl Item for Entry<'_> {
    fn block(&self) -> String {
        crate::render::yaml(&[self])
    }

    fn flow(&self) -> String {
        serde_json::to_string(self).expect("plain data can be written")
    }
}
