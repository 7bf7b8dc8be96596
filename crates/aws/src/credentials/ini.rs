//! The AWS CLI's two configuration files, as text.
//!
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>, and Python's `configparser`, with which the
//! CLI reads them.

use std::collections::BTreeMap;

/// Sections by their header, keys in lower case. A section or key that comes again adds to or replaces the first.
pub(crate) type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Reads a file. Lines that are nothing known are passed over: these files hold much that is not ours.
pub(crate) fn parse(text: &str) -> Sections {
    let mut sections = Sections::new();
    let mut current: Option<String> = None;
    // How far the section's last key is indented. Deeper lines belong to its value (`s3 =`), which is ours in `[services …]`
    // alone: there `sts.endpoint_url` is the key.
    let mut key_indent: Option<usize> = None;
    let mut parent = String::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let content = line.trim();
        let indent = line.len() - line.trim_start().len();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = content.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let header = normal(header);
            sections.entry(header.clone()).or_default();
            current = Some(header);
            key_indent = None;
        } else if key_indent.is_none_or(|key_indent| indent <= key_indent)
            && let (Some(section), Some((key, value))) = (&current, content.split_once('='))
        {
            let value = value.split(" #").next().unwrap_or_default().trim();
            let keys = sections.entry(section.clone()).or_default();
            parent = key.trim().to_ascii_lowercase();
            keys.insert(parent.clone(), value.to_owned());
            key_indent = Some(indent);
        } else if key_indent.is_some()
            && let (Some(section), Some((key, value))) = (&current, content.split_once('='))
            && section.starts_with("services ")
        {
            let value = value.split(" #").next().unwrap_or_default().trim();
            let keys = sections.entry(section.clone()).or_default();
            keys.insert(format!("{parent}.{}", key.trim().to_ascii_lowercase()), value.to_owned());
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

#[cfg(test)]
mod tests {
    use super::parse;

    /// `section.key = value`, one per line.
    fn shown(text: &str) -> String {
        let sections = parse(text);
        let lines = sections.iter().flat_map(|(section, keys)| {
            let empty = keys.is_empty().then(|| format!("[{section}]"));
            keys.iter().map(move |(key, value)| format!("{section}.{key} = {value}")).chain(empty)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn files_are_read_as_the_cli_reads_them() {
        let rows = [
            (
                "keys and values",
                "[default]\nregion=us-west-2\noutput = json",
                "default.output = json\ndefault.region = us-west-2",
            ),
            ("Windows line ends and a byte order mark", "\u{feff}[default]\r\nregion = x\r\n", "default.region = x"),
            ("comments", "# [a]\n; [b]\n[c] # d\n# k = v\n; k = v\nk = v # w", "c.k = v"),
            ("a value with the signs of comments", "[a]\nk = v#w;x", "a.k = v#w;x"),
            ("a value with the sign of equality", "[a]\nk = b=c==", "a.k = b=c=="),
            ("keys in any case", "[a]\nAWS_Access_Key_ID = AKIA", "a.aws_access_key_id = AKIA"),
            ("sections in their case", "[A]\nk = 1\n[a]\nk = 2", "A.k = 1\na.k = 2"),
            ("a section that comes again adds", "[a]\nk = 1\nl = 2\n[b]\n[a]\nk = 3", "a.k = 3\na.l = 2\n[b]"),
            ("a key that comes again replaces", "[a]\nk = 1\nk = 2", "a.k = 2"),
            ("nested settings are not ours", "[a]\ns3 =\n  k = 1\n\n\tl = 2\nm = 3", "a.m = 3\na.s3 = "),
            (
                "but those of services",
                "[services a]\nsts =\n  endpoint_url = https://x\nec2 =\n  endpoint_url = https://y\n[b]\ns3 =\n  k = 1",
                "b.s3 = \nservices a.ec2 = \nservices a.ec2.endpoint_url = https://y\nservices a.sts = \nservices a.sts.endpoint_url = https://x",
            ),
            ("a whole section indented", "[a]\n  k = 1\n  l = 2\n", "a.k = 1\na.l = 2"),
            (
                "quotes and blanks in headers",
                "[ profile  \"my team\" ]\n[sso-session 'x']",
                "[profile my team]\n[sso-session x]",
            ),
            ("before any section, and no key", "k = 1\n[a]\nnonsense\n", "[a]"),
            ("nothing", "", ""),
        ];
        for (name, text, expected) in rows {
            assert_eq!(shown(text), expected, "{name}");
        }
    }
}
