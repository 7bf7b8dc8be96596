//! Where the texts of a `ConfigMap` stand in the file that was given: problems in them are looked for there.

use std::{collections::BTreeMap, sync::Arc};

use document::{Dialect, Limits, Node, Source, Value, parse_as};
use mapping::aws_iam_authenticator::Standing;

/// By their keys.
pub(crate) type Standings = BTreeMap<String, Standing>;

/// Of an object as it is written.
pub(crate) fn of_object(source: &Source, object: &Node) -> Standings {
    object.get("data").map(|data| of_data(source, data, 1)).unwrap_or_default()
}

/// Of an object in a long text of JSON, of which only the bytes of its `data` are known.
pub(crate) fn of_json(file: &Arc<str>, text: &[u8], data: &str) -> Standings {
    let Some(at) = text.windows(data.len().max(1)).position(|window| window == data.as_bytes()) else {
        return Standings::new();
    };
    let first_line = text[..at].split(|byte| *byte == b'\n').count();
    let source = Source::new(&**file, data);
    let read = parse_as(&source, &Limits::default(), Dialect::Json);
    let root = read.ok().and_then(|read| read.root);
    root.map(|root| of_data(&source, &root, first_line)).unwrap_or_default()
}

/// Lines are those of the source, which begins at a line of the file.
fn of_data(source: &Source, data: &Node, first_line: usize) -> Standings {
    let file: Arc<str> = source.name().into();
    let text = source.text();
    let mut standings = Standings::new();
    for entry in data.as_mapping().unwrap_or_default() {
        let Value::Scalar(_) = entry.value.value else {
            let line = source.position(entry.key_span.start).line + first_line - 1;
            standings.insert(
                entry.key.text.to_string(),
                Standing { line, is_spread: false, ..Standing::alone(file.clone()) },
            );
            continue;
        };
        let at = entry.value.span.start;
        let written = &text[at - source.base()..];
        let line = source.position(at).line + first_line - 1;
        // Behind `|` each line is one of the text.
        let is_spread = written.starts_with('|');
        let line = if written.starts_with(['|', '>']) { line + 1 } else { line };
        standings.insert(entry.key.text.to_string(), Standing { line, is_spread, ..Standing::alone(file.clone()) });
    }
    standings
}
