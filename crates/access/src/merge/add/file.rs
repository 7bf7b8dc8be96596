//! The same in a file: a manifest of `aws-auth`, one of the `ConfigMap` that has aws-iam-authenticator's configuration, or the
//! configuration itself.

use std::collections::BTreeMap;

use document::{Document, Edits, Limits, Node, Problem, Source, Span, Style, Value, parse_manifests};
use mapping::{RuleSource, aws_iam_authenticator::Standing};
use serde_json::Value as Json;

use super::{Added, Addition, Refused, Shape, add, seen};

/// What can be added to, as manifests name it.
const AWS_AUTH: &str = "aws-auth";
const CONFIG: &str = "aws-iam-authenticator";

/// Adds an entry to a file: its text with the entry in it, read again as its program reads it, and everything else as it was.
///
/// # Errors
///
/// Nothing is to be written then.
pub fn add_to_file(source: &Source, addition: &Addition) -> Result<(String, Added), Refused> {
    let documents = parse_manifests(source, &Limits::default(), "", |_, _| {});
    let is_manifest = documents.iter().any(|document| document.root().is_some_and(|root| root.get("kind").is_some()));
    if !is_manifest {
        ensure_configuration(source, &documents)?;
        let data = BTreeMap::from([("config.yaml".to_owned(), source.text().to_owned())]);
        let standing = |_: &str| Standing::alone(source.name());
        let added = add(Shape::Config(None), &data, standing, addition)?;
        let text = format!("{}{}", source.prefix(), added.data.get("config.yaml").map_or("", String::as_str));
        return Ok((text, added));
    }
    let Editable { number, item, shape, root, data } = Editable::find(source, &documents)?;
    let standing =
        |root: &Node, source: &Source, key: &str| standing(source, root.get("data").and_then(|data| data.get(key)));
    let mut added = add(shape, &data, |key| standing(root, source, key), addition)?;
    let key = match shape {
        Shape::AwsAuth => addition.list(),
        Shape::Config(_) => "config.yaml",
    };
    let text = added.data.get(key).map_or("", String::as_str);
    // A block that ends without an end of its line goes on doing so.
    let was = data.get(key).filter(|was| !was.trim().is_empty());
    let text = if was.is_some_and(|was| !was.ends_with('\n')) { text.trim_end_matches('\n') } else { text };

    let mut edits = Edits::new(source);
    let keeps_block = write(root, key, text, &mut edits);
    let whole = documents.iter().find(|document| document.number == number).and_then(Document::root).unwrap_or(root);
    let mut expected = whole.to_json();
    let map = match item {
        None => &mut expected,
        Some((list, at)) => &mut expected[list][at],
    };
    map["data"][key] = Json::from(text);
    let line = |problem: &Problem| place(source, problem.span);
    let changed = edits.apply_in(number, &expected);
    let changed = changed.map_err(|problem| Refused::Unchanged(format!("{}: {}", line(&problem), problem.message)))?;
    added.in_quotes = !keeps_block;

    // Where the entry stands now, of which a list that was not there yet had no line.
    let again = Source::new(source.name(), changed.as_str());
    let documents = parse_manifests(&again, &Limits::default(), "", |_, _| {});
    let Editable { root, data, .. } = Editable::find(&again, &documents)?;
    let seen = seen(shape, &data, &|key: &str| standing(root, &again, key)).map_err(Refused::Unreadable)?;
    let is_it = |place: &RuleSource| (place.list, place.index) == (added.place.list, added.place.index);
    if let Some(there) = seen.entries.into_iter().find(|there| is_it(&there.place)) {
        added.place = there.place;
    }
    Ok((changed, added))
}

/// That a file that is not a manifest is aws-iam-authenticator's configuration, by its outermost keys: nothing is added
/// to others.
fn ensure_configuration(source: &Source, documents: &[Document]) -> Result<(), Refused> {
    let root = documents.iter().find_map(Document::root);
    let keys = root.and_then(Node::as_mapping).into_iter().flatten().map(|entry| entry.key.text.to_lowercase());
    let keys: Vec<String> = keys.collect();
    let has = |key: &str| keys.iter().any(|one| one == key);
    let what = match root {
        None if documents.iter().all(|document| document.read.is_ok()) => "is empty",
        // Whoever reads it says why it cannot be read.
        None => return Ok(()),
        Some(root) if root.as_mapping().is_none() => return Ok(()),
        Some(_) if has("groups") || has("account") => "is an access file",
        Some(_) if has("maproles") || has("mapusers") || has("mapaccounts") => {
            "has lists of mappings outside of `server`"
        }
        Some(_) if has("clusterid") || has("server") => return Ok(()),
        Some(_) => "has neither `clusterID` nor `server`",
    };
    let is = "neither aws-iam-authenticator's configuration nor a manifest of the ConfigMap aws-auth";
    let place = root.map_or_else(|| source.name().to_owned(), |root| place(source, root.span));
    Err(Refused::Unchanged(format!("nothing was changed: {place}: it {what}: that is {is}")))
}

/// File and line.
fn place(source: &Source, span: Span) -> String {
    format!("{}:{}", source.name(), source.line(span.start))
}

/// The `ConfigMap` of a file to which something can be added.
struct Editable<'d> {
    number: usize,
    /// Where it stands in a list: the list's key, and which of it.
    item: Option<(&'static str, usize)>,
    shape: Shape<'static>,
    root: &'d Node,
    data: BTreeMap<String, String>,
}

impl<'d> Editable<'d> {
    /// The only one of a file.
    fn find(source: &Source, documents: &'d [Document]) -> Result<Self, Refused> {
        let refused = |place: String, why: &str| Refused::Unchanged(format!("nothing was changed: {place}: {why}"));
        let objects = documents.iter().filter_map(|document| Some((document.number, document.root()?)));
        let objects = objects.flat_map(|(number, root)| objects_of(root).map(move |(item, node)| (number, item, node)));
        let found: Vec<_> =
            objects.filter_map(|(number, item, node)| Some((number, item, node, shape(node)?))).collect();
        let (number, item, root, shape) = match found[..] {
            [one] => one,
            [] => {
                let why =
                    "it has manifests, and none is the ConfigMap aws-auth or aws-iam-authenticator of kube-system";
                return Err(refused(source.name().to_owned(), why));
            }
            [(.., first, _), .., (.., last, _)] => {
                let why = format!(
                    "this and that of line {} are ConfigMaps to which the entry could be added, so that it has several",
                    source.line(last.span.start)
                );
                return Err(refused(place(source, first.span), &why));
            }
        };
        let mut data = BTreeMap::new();
        for entry in root.get("data").and_then(Node::as_mapping).unwrap_or_default() {
            let text = entry.value.to_json();
            let text = if text.is_null() { Some("") } else { text.as_str() };
            let text = text.ok_or_else(|| {
                let (key, is) = (&entry.key.text, entry.value.kind());
                refused(place(source, entry.key_span), &format!("data.{key} is not a string, but {is}"))
            })?;
            data.insert(entry.key.text.to_string(), text.to_owned());
        }
        Ok(Self { number, item, shape, root, data })
    }
}

/// The objects of a document: those of a list, each with its place in that, or the only one.
fn objects_of(root: &Node) -> impl Iterator<Item = (Option<(&'static str, usize)>, &Node)> {
    const ITEMS: &str = "items";
    let is_list = root.get("kind").and_then(Node::as_scalar).is_some_and(|kind| kind.text.ends_with("List"));
    let items = root.get(ITEMS).and_then(Node::as_sequence).filter(|_| is_list);
    let alone = items.is_none().then_some((None, root));
    let items = items.unwrap_or_default().iter().enumerate();
    items.map(|(at, node)| (Some((ITEMS, at)), node)).chain(alone)
}

/// What an object is, if something can be added to it. Objects of a list of one kind need not say theirs.
fn shape(object: &Node) -> Option<Shape<'static>> {
    let object = object.to_json();
    let metadata = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    let is_map = object["kind"] == "ConfigMap" || object["kind"].is_null();
    let is_there = is_map && ["", "kube-system"].contains(&metadata("namespace"));
    match metadata("name") {
        AWS_AUTH if is_there => Some(Shape::AwsAuth),
        CONFIG if is_there => Some(Shape::Config(None)),
        _ => None,
    }
}

/// Writes a text of the `ConfigMap` where it stands, or where it would; `false` where a block becomes a text in quotes.
fn write(root: &Node, key: &str, text: &str, edits: &mut Edits<'_>) -> bool {
    let column = |node: &Node| match &node.value {
        Value::Mapping(entries, Style::Block) => entries.first().map(|first| edits.column(first.key_span.start)),
        _ => None,
    };
    let data = root.get("data");
    match (data, data.and_then(|data| data.get(key)), data.and_then(column), column(root)) {
        (_, Some(node), column, _) => return edits.write_text(node, column, text),
        (Some(data), None, Some(column), _) => edits.add_text(data, column, key, text),
        (Some(data), None, None, _) if data.as_mapping().is_some() => edits.set(data, key, &Json::from(text)),
        _ => edits.set(root, "data", &serde_json::json!({key: text})),
    }
    true
}

/// Where a text stands in the file.
fn standing(source: &Source, node: Option<&Node>) -> Standing {
    let Some(node) = node else { return Standing::alone(source.name()) };
    let written = &source.text()[node.span.range()];
    let line = source.line(node.span.start) + usize::from(written.starts_with(['|', '>']));
    Standing { line, is_spread: written.starts_with('|'), ..Standing::alone(source.name()) }
}
