//! The same in a file: a manifest of `aws-auth`, one of the `ConfigMap` that has aws-iam-authenticator's configuration, or the
//! configuration itself.

use std::collections::BTreeMap;

use document::{Document, Edits, Limits, Node, Source, Style, Value, parse_manifests};
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
    let Editable { number, shape, root, data } = Editable::find(&documents)?;
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
    write(root, key, text, &mut edits);
    let mut expected = root.to_json();
    expected["data"][key] = Json::from(text);
    let changed = edits.apply_in(number, &expected).map_err(|problem| Refused::Unchanged(problem.message))?;

    // Where the entry stands now, of which a list that was not there yet had no line.
    let again = Source::new(source.name(), changed.as_str());
    let documents = parse_manifests(&again, &Limits::default(), "", |_, _| {});
    let Editable { root, data, .. } = Editable::find(&documents)?;
    let seen = seen(shape, &data, &|key: &str| standing(root, &again, key)).map_err(Refused::Unreadable)?;
    let is_it = |place: &RuleSource| (place.list, place.index) == (added.place.list, added.place.index);
    if let Some(there) = seen.entries.into_iter().find(|there| is_it(&there.place)) {
        added.place = there.place;
    }
    Ok((changed, added))
}

/// That a file that is no manifest is aws-iam-authenticator's configuration, by its outermost keys: nothing is added to others.
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
    Err(Refused::Unchanged(format!("nothing was changed: {} {what}: that is {is}", source.name())))
}

/// The `ConfigMap` of a file to which something can be added.
struct Editable<'d> {
    number: usize,
    shape: Shape<'static>,
    root: &'d Node,
    data: BTreeMap<String, String>,
}

impl<'d> Editable<'d> {
    /// The only one of a file.
    fn find(documents: &'d [Document]) -> Result<Self, Refused> {
        let refused = |why: &str| Refused::Unchanged(format!("nothing was changed: {why}"));
        let found: Vec<_> = documents.iter().filter_map(|document| Some((document, shape(document)?))).collect();
        let [(document, shape)] = found[..] else {
            return Err(refused(if found.is_empty() {
                "the file has manifests, and none is the ConfigMap aws-auth or aws-iam-authenticator of kube-system"
            } else {
                "the file has several ConfigMaps to which the entry could be added"
            }));
        };
        let root = document.root().ok_or_else(|| refused("the ConfigMap cannot be read"))?;
        let mut data = BTreeMap::new();
        for entry in root.get("data").and_then(Node::as_mapping).unwrap_or_default() {
            let text = entry.value.to_json();
            let text = if text.is_null() { Some("") } else { text.as_str() };
            let text = text.ok_or_else(|| refused(&format!("data.{} is no text", entry.key.text)))?;
            data.insert(entry.key.text.to_string(), text.to_owned());
        }
        Ok(Self { number: document.number, shape, root, data })
    }
}

/// What a document is, if something can be added to it.
fn shape(document: &Document) -> Option<Shape<'static>> {
    let root = document.root()?.to_json();
    let metadata = |key: &str| root["metadata"][key].as_str().unwrap_or_default();
    let is_there = root["kind"] == "ConfigMap" && ["", "kube-system"].contains(&metadata("namespace"));
    match metadata("name") {
        AWS_AUTH if is_there => Some(Shape::AwsAuth),
        CONFIG if is_there => Some(Shape::Config(None)),
        _ => None,
    }
}

/// Writes a text of the `ConfigMap` where it stands, or where it would.
fn write(root: &Node, key: &str, text: &str, edits: &mut Edits<'_>) {
    let column = |node: &Node| match &node.value {
        Value::Mapping(entries, Style::Block) => entries.first().map(|first| edits.column(first.key_span.start)),
        _ => None,
    };
    let data = root.get("data");
    match (data, data.and_then(|data| data.get(key)), data.and_then(column), column(root)) {
        (_, Some(node), column, _) => edits.write_text(node, column, text),
        (Some(data), None, Some(column), _) => edits.add_text(data, column, key, text),
        (Some(data), None, None, _) if data.as_mapping().is_some() => edits.set(data, key, &Json::from(text)),
        _ => edits.set(root, "data", &serde_json::json!({key: text})),
    }
}

/// Where a text stands in the file.
fn standing(source: &Source, node: Option<&Node>) -> Standing {
    let Some(node) = node else { return Standing::alone(source.name()) };
    let written = &source.text()[node.span.range()];
    let line = source.line(node.span.start) + usize::from(written.starts_with(['|', '>']));
    Standing { file: source.name().into(), line, is_spread: written.starts_with('|') }
}
