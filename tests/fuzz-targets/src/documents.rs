//! Documents by the rules of every program that reads them.

use document::{Dialect, Limits, Source, parse_as, parse_manifests};
use serde_json::Value;

/// Whatever one of the rules takes has places within the text; what is JSON to an independent reader means the same here.
pub(crate) fn reads(bytes: &[u8]) {
    let Some((how, rest)) = bytes.split_first() else { return };
    let Ok(text) = document::decode(rest) else { return };
    let name = if how & 0x80 == 0 { "fuzz" } else { "fuzz.toml" };
    let source = Source::new(name, text.as_ref());
    let dialects = [Dialect::Strict, Dialect::Kubernetes, Dialect::Viper, Dialect::Json];
    let dialect = dialects[usize::from(*how) % dialects.len()];
    let length = source.text().len();
    if let Ok(read) = parse_as(&source, &Limits::default(), dialect)
        && let Some(root) = &read.root
    {
        assert!(root.span.start <= root.span.end && root.span.end <= length, "a place outside of the text");
    }
    for document in parse_manifests(&source, &Limits::default(), "items", |_, _| {}) {
        let Some(root) = document.root() else { continue };
        if let Ok(json) = serde_json::from_str::<Value>(source.text())
            && json.is_object()
            && json.get("items").is_none()
        {
            assert_eq!(root.to_json(), json, "JSON means something else here");
        }
    }
}
