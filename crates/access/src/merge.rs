//! The entries of a file put into a `ConfigMap` that others write to as well: `aws-auth`, and the authenticator's own.
//!
//! Only entries that are ours are touched, above all never those of nodes; everything else is kept byte for byte. Which
//! are ours, an annotation of the `ConfigMap` says ([`OWNED`]): other tools keep annotations, comments they lose. An entry
//! of somebody else's for a principal of the file is an error, until it is adopted.
//!
//! ```text
//!   text ─ read as its reader reads it ─► entries, whose principal is whose ─► changes, and what the text is to mean
//!     changed text ─ read again: means exactly that; lets in exactly those who were planned, and all others as before
//! ```

pub mod add;

mod entries;
mod list;
mod people;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use document::{Dialect, Edits, Limits, Node, Position, Problem, Source, Span, plain_or_quoted};
use mapping::{
    BackendMode, RulePrincipal,
    aws_iam_authenticator::{self, Standing},
};
use serde::Serialize;
use serde_json::{Value as Json, json};

use self::{
    list::{Fate, Item, List, value},
    people::People,
};
use crate::{Code, ConfigMap, entries::Entry};

/// The annotation that names the principals whose entries are ours: their ARNs as rules compare them, in lower case,
/// sorted, with commas between them.
pub const OWNED: &str = "cluster-auth.dev/principals";

/// Returns the principals that the annotation names. Names in IAM may have commas, and nothing but an ARN begins behind one that
/// parts two.
pub fn owned(annotation: &str) -> impl Iterator<Item = &str> {
    let mut rest = annotation;
    let all = std::iter::from_fn(move || {
        let end = rest.find(",arn:").unwrap_or(rest.len());
        let (principal, behind) = rest.split_at(end);
        rest = behind.strip_prefix(',').unwrap_or_default();
        (!principal.is_empty() || !rest.is_empty()).then_some(principal)
    });
    all.filter(|principal| !principal.is_empty())
}

/// What all annotations of an object may take together, in bytes (Kubernetes, `validation/objectmeta.go`).
const MAX_ANNOTATIONS: usize = 256 << 10;

/// A shared `ConfigMap` that can be merged into, by how its entries are written.
#[derive(Clone, Copy)]
pub enum Shape<'a> {
    /// `aws-auth`: a text for each list.
    AwsAuth,
    /// The authenticator's: both lists below `server` in one text, which is for this cluster.
    Config(Option<&'a str>),
}

impl Shape<'_> {
    const fn mode(self) -> BackendMode {
        match self {
            Self::AwsAuth => BackendMode::EksConfigMap,
            Self::Config(_) => BackendMode::MountedFile,
        }
    }

    /// By whose rules its texts are read.
    const fn dialect(self) -> Dialect {
        match self {
            Self::AwsAuth => Dialect::Kubernetes,
            Self::Config(_) => Dialect::Viper,
        }
    }
}

/// A `ConfigMap` as it is to be applied.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Merged {
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

impl fmt::Display for Merged {
    /// As YAML, where kubectl reads the same texts from it, and as JSON otherwise: not every text of somebody's can stand in YAML's
    /// blocks.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (yaml, meant) = (
            serde_saphyr::to_string(self).map_err(|_| fmt::Error)?,
            serde_json::to_value(self).map_err(|_| fmt::Error)?,
        );
        let source = Source::new("the ConfigMap", yaml);
        let documents = document::parse_manifests(&source, &Limits::default(), "items", |_, _| {});
        let is_read = documents.first().and_then(document::Document::root).is_some_and(|root| root.to_json() == meant);
        if is_read { out.write_str(source.text()) } else { writeln!(out, "{meant:#}") }
    }
}

/// Puts users and roles into what the cluster has.
pub fn merge(
    shape: Shape<'_>,
    current: ConfigMap,
    [users, roles]: [Vec<Entry<'_>>; 2],
    adopt: bool,
) -> Result<Merged, Vec<Problem>> {
    let ConfigMap { resource_version, labels, mut annotations, data, binary_data, standing, in_file: _ } = current;
    let annotated = annotations.remove(OWNED).unwrap_or_default();
    let owned = owned(&annotated).collect();
    let wanted = People::wanted(users.iter().chain(&roles));
    let mut merging =
        Merging { shape, owned, adopt, ours: wanted.principals(), foreign: BTreeSet::new(), problems: Vec::new() };
    let mut changed = data.clone();
    let mut merge_text = |key: &str, lists: Vec<(&[&'static str], Vec<Entry<'_>>)>, cluster_id: Option<&str>| {
        let text = data.get(key).map_or("", String::as_str);
        let at = standing.get(key);
        if let Some(text) = merging.text((key, text, at), cluster_id, lists).filter(|changed| changed != text) {
            changed.insert(key.to_owned(), text);
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
    let Merging { ours, owned, mut problems, .. } = merging;
    if problems.is_empty() {
        let touched = ours.iter().map(String::as_str).chain(owned).collect();
        let let_in = people::check(shape, &data, &changed, &touched, &wanted);
        problems.extend(let_in.err().map(|why| Code::Current.at(Span::NOWHERE, format!("ConfigMap {name}: {why}"))));
    }
    annotations.insert(OWNED.to_owned(), ours.into_iter().collect::<Vec<_>>().join(","));
    let bytes: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MAX_ANNOTATIONS {
        let message = format!("the annotations that say which entries are ours would take {bytes} bytes");
        let hint = format!("Kubernetes takes {MAX_ANNOTATIONS}; let people assume roles, and map those");
        problems.push(Code::Current.at(Span::NOWHERE, message).hint(hint));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let data = changed;
    let metadata = Metadata { name, namespace: "kube-system", resource_version, labels, annotations };
    Ok(Merged { api_version: "v1", kind: "ConfigMap", metadata, data, binary_data })
}

/// What is known while texts are merged, and what comes of it.
struct Merging<'a> {
    shape: Shape<'a>,
    /// The principals whose entries were ours.
    owned: BTreeSet<&'a str>,
    adopt: bool,
    /// Those of the file.
    ours: BTreeSet<String>,
    /// Principals of the file with entries of others, once they are said.
    foreign: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Merging<'_> {
    /// A text with its lists merged, each behind its keys; none where that is a problem.
    fn text(
        &mut self,
        (name, text, standing): (&str, &str, Option<&Standing>),
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
        let unusable = |why: Unusable| {
            let what = why.in_words(standing);
            Code::Current.at(Span::NOWHERE, format!("`{name}` of the cluster's ConfigMap {what}"))
        };
        merged.map_err(|why| self.problems.push(unusable(why))).ok().map(|()| text)
    }

    fn list(&mut self, source: &Source, keys: &[&'static str], entries: Vec<Entry<'_>>) -> Result<String, Unusable> {
        let has_nothing = matches!(self.shape, Shape::AwsAuth) && entries::is_nothing(source.text());
        let nothing = Source::new(source.name(), "");
        let source = if has_nothing && !entries.is_empty() { &nothing } else { source };
        let root = if has_nothing { Ok(None) } else { parse(source, self.shape.dialect()) };
        let list = root
            .as_ref()
            .map_err(Unusable::clone)
            .and_then(|root| List::find(root.as_ref(), keys).map_err(|problem| unreadable(source, &problem)));
        let list = match list {
            Ok(list) => list,
            // Nothing is to be written there, and nobody knows of anything that was.
            Err(_) if entries.is_empty() && self.owned.is_empty() => return Ok(source.text().to_owned()),
            Err(why) => return Err(why),
        };
        let said =
            entries::identities(self.shape, source, list.nodes()).map_err(|problem| unreadable(source, &problem))?;
        let mut wanted: BTreeMap<String, Entry<'_>> = BTreeMap::new();
        for entry in entries {
            wanted.insert(people::principal(&entry), entry);
        }
        let (mut replacements, mut removed) = (Vec::new(), Vec::new());
        for said in said {
            let arn = said.as_ref().map(|said| said.arn.as_str());
            let principal = arn.and_then(|arn| aws_iam_authenticator::compared(self.shape.mode(), arn).ok());
            self.refuse_alike(arn, principal.as_deref());
            let is_owned = principal.as_ref().is_some_and(|principal| self.owned.contains(principal.as_str()));
            let is_ours = principal.as_ref().is_some_and(|principal| self.ours.contains(principal));
            let entry = principal.as_ref().and_then(|principal| wanted.remove(principal));
            if let Some(principal) = principal.filter(|_| is_ours && !is_owned && !self.adopt) {
                self.refuse_foreign(principal, entry.as_ref());
            }
            // A second entry for one of our principals would count instead of the first.
            removed.push((is_owned || is_ours) && entry.is_none());
            replacements.push(entry.filter(|entry| !said.is_some_and(|said| said.is(entry))));
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
        let root = root.as_ref().ok().and_then(Option::as_ref);
        list.rewritten(source, self.shape.dialect(), root, keys, &fates, &added)
            .map_err(|problem| unchanged(source, &problem))
    }

    fn refuse_foreign(&mut self, principal: String, entry: Option<&Entry<'_>>) {
        let span = entry.map(|entry| entry.span).unwrap_or_default();
        let message = match entry {
            Some(entry) => format!("the cluster has an entry for {} that cluster-auth did not write", entry.arn),
            None => format!("the cluster has another entry for {principal} that cluster-auth did not write"),
        };
        if self.foreign.insert(principal) {
            self.problems.push(Code::ForeignEntry.at(span, message));
        }
    }

    /// An entry for one of our principals to `cluster-auth server` alone, which leaves a role's path out and reads the same
    /// file: to one reader it is another entry and must stay, to the other it would count in place of ours.
    fn refuse_alike(&mut self, arn: Option<&str>, principal: Option<&str>) {
        let Some(arn) = arn.filter(|_| self.shape.mode() == BackendMode::MountedFile && principal.is_none()) else {
            return;
        };
        let Some(ours) = compared(arn).filter(|ours| self.ours.contains(ours)) else { return };
        let message = format!("the cluster has an entry for {arn}, which cluster-auth server takes for {ours}");
        let hint = "remove it first: aws-iam-authenticator ignores it";
        self.problems.push(Code::ForeignEntry.at(Span::default(), message).hint(hint));
    }
}

/// Whether the configuration is that of our cluster: another one's would let its people in. An empty one becomes ours.
fn is_for(cluster_id: &str, text: &mut String) -> Result<(), Unusable> {
    let source = Source::new("config.yaml", text.as_str());
    let Some(root) = parse(&source, Dialect::Viper)?.filter(|root| !root.is_null()) else {
        let mut edits = Edits::new(&source);
        edits.insert_lines(source.text().len(), &format!("clusterID: {}\n", Json::from(cluster_id)));
        let changed = edits.apply_as(Dialect::Viper, &json!({"clusterID": cluster_id}));
        *text = changed.map_err(|problem| unchanged(&source, &problem))?;
        return Ok(());
    };
    match value(&root, "clusterID").and_then(Node::as_scalar) {
        Some(theirs) if *theirs.text == *cluster_id => Ok(()),
        Some(theirs) => {
            let why = format!("is for the cluster `{}`, and this file for `{cluster_id}`", theirs.text);
            Err(Unusable::Other(why))
        }
        None => Err(Unusable::Other("has no clusterID: it may be another cluster's".to_owned())),
    }
}

/// Why a text stays as it is.
#[derive(Clone, Debug)]
enum Unusable {
    At { what: &'static str, position: Position, message: String },
    Other(String),
}

impl Unusable {
    fn at(what: &'static str, source: &Source, problem: &Problem) -> Self {
        let position = source.position(problem.span.start);
        Self::At { what, position, message: problem.message.clone() }
    }

    /// Its place is the one in the file that somebody gave, if there is one.
    fn in_words(&self, standing: Option<&Standing>) -> String {
        match (self, standing) {
            (Self::At { what, position, message }, Some(standing)) => {
                format!("{what}, at {}:{}: {message}", standing.file, standing.line_of(position.line))
            }
            (Self::At { what, position: Position { line, column }, message }, None) => {
                format!("{what}, at line {line}, column {column}: {message}")
            }
            (Self::Other(why), _) => why.clone(),
        }
    }
}

fn parse(source: &Source, dialect: Dialect) -> Result<Option<Node>, Unusable> {
    let read = document::parse_as(source, &Limits::default(), dialect);
    let first = |problems: Vec<Problem>| problems.first().map(|first| unreadable(source, first));
    let unknown = || Unusable::Other("cannot be read".to_owned());
    Ok(read.map_err(|problems| first(problems).unwrap_or_else(unknown))?.root)
}

fn unreadable(source: &Source, problem: &Problem) -> Unusable {
    Unusable::at("cannot be read", source, problem)
}

fn unchanged(source: &Source, problem: &Problem) -> Unusable {
    Unusable::at("cannot be edited", source, problem)
}

/// What a rule for this ARN is compared by in files of our own; `None` if it is not a principal's.
fn compared(arn: &str) -> Option<String> {
    match RulePrincipal::of_arn(&arn.to_ascii_lowercase().parse().ok()?)? {
        RulePrincipal::Arn(compared) => Some(compared),
        RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_) => None,
    }
}

impl Item for Entry<'_> {
    fn block(&self) -> String {
        let arn = if self.is_user { "userarn" } else { "rolearn" };
        let (name, username) = (plain_or_quoted(&self.arn), plain_or_quoted(self.username));
        let groups: String = self.groups.iter().map(|group| format!("\n  - {}", plain_or_quoted(group))).collect();
        let groups = if groups.is_empty() { " []" } else { &groups };
        format!("- {arn}: {name}\n  username: {username}\n  groups:{groups}\n")
    }

    fn json(&self) -> Json {
        serde_json::to_value(self).expect("plain data can be written")
    }

    fn flow(&self) -> String {
        // With its keys in their usual order.
        serde_json::to_string(self).expect("plain data can be written")
    }
}
