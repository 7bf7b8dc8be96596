//! The AWS CLI's two configuration files, as text.
//!
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>.

use std::collections::BTreeMap;

/// Sections by their header, keys in lower case. A section or key that comes again adds to or replaces the first.
pub(crate) type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Reads a file. Lines that are nothing known are passed over: these files hold much that is not ours.
pub(crate) fn parse(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        let content = line.trim();
        // Indented lines belong to a nested setting (`s3 =`), which is never one of ours.
        let nested = line.starts_with([' ', '\t']) && !content.starts_with('[');
        if content.is_empty() || content.starts_with(['#', ';']) || nested {
            continue;
        }
        if let Some(header) = content.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let header = normal(header);
            sections.entry(header.clone()).or_default();
            current = Some(header);
        } else if let (Some(section), Some((key, value))) = (&current, content.split_once('=')) {
            let value = value.split(" #").next().unwrap_or_default().trim();
            let keys = sections.entry(section.clone()).or_default();
            keys.insert(key.trim().to_ascii_lowercase(), value.to_owned());
        }
    }
    sections
}

/// One blank between the words of a header, and no quotes: `profile  "a b"` is `profile a b`.
fn normal(header: &str) -> String {
    let header = header.trim();
    match header.split_once(char::is_whitespace) {
        Some((kind, name)) => format!("{kind} {}", name.trim().trim_matches(['"', '\''])),
        None => header.to_owned(),
    }
}
