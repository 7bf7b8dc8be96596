//! Documents by the rules of every program that reads them.

use document::{Dialect, Limits, Source, parse_as, parse_manifests};
use serde_json::Value;

use crate::{grammar, words::OBJECTS};

/// Whatever one of the rules takes has places within the text; what is JSON to an independent reader means the same here.
pub(crate) fn reads(bytes: &[u8]) -> bool {
    let Some((how, rest)) = bytes.split_first() else { return false };
    let is_made = how % 2 == 1 && grammar::are_choices(bytes);
    let made = is_made.then(|| grammar::text(&[&[1 | how & 2], rest].concat(), &OBJECTS).unwrap_or_default());
    let Ok(text) = document::decode(made.as_ref().map_or(rest, String::as_bytes)) else { return false };
    let name = if is_made || how & 0x80 == 0 { "fuzz" } else { "fuzz.toml" };
    let source = Source::new(name, text.as_ref());
    let dialects = [Dialect::Strict, Dialect::Kubernetes, Dialect::Viper, Dialect::Json];
    let choice = if is_made { how >> 2 } else { *how };
    let dialect = dialects[usize::from(choice) % dialects.len()];
    let length = source.text().len();
    let mut has_read = false;
    if let Ok(read) = parse_as(&source, &Limits::default(), dialect)
        && let Some(root) = &read.root
    {
        has_read = true;
        assert!(root.span.start <= root.span.end && root.span.end <= length, "a place outside of the text");
    }
    for document in parse_manifests(&source, &Limits::default(), "items", |_, _| {}) {
        let Some(root) = document.root() else { continue };
        if let Ok(json) = serde_json::from_str::<Value>(source.text())
            && json.is_object()
            && json.get("items").is_none()
        {
            has_read = true;
            assert_eq!(root.to_json(), json, "JSON means something else here");
        }
    }
    has_read
}
