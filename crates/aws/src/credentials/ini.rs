//! The AWS CLI's two configuration files as AWS's SDK for Go reads them.
//!
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>, and `internal/ini` of that SDK.

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
            && let (Some(section), Some((key, value))) = (&current, content.split_once(['=', ':']))
        {
            let keys = sections.entry(section.clone()).or_default();
            parent = key.trim().to_ascii_lowercase();
            keys.insert(parent.clone(), said(value).to_owned());
            key_indent = Some(indent);
        } else if key_indent.is_some()
            && let (Some(section), Some((key, value))) = (&current, content.split_once('='))
            && section.starts_with("services ")
        {
            let keys = sections.entry(section.clone()).or_default();
            let key = format!("{parent}.{}", key.trim().to_ascii_lowercase());
            keys.insert(key, said(value).to_owned());
        }
    }
    sections
}

/// A value without the comment behind it, and without quotation marks around it.
fn said(value: &str) -> &str {
    let comments = [" #", " ;", "\t#", "\t;"];
    let end = comments.iter().filter_map(|sign| value.find(sign)).min().unwrap_or(value.len());
    let value = value[..end].trim();
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
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
    fn files_are_read_line_by_line() {
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

    #[test]
    fn quotation_marks_and_comments_are_no_part_of_a_value() {
        let rows = [
            ("double", "\"eu-west-1\"", "eu-west-1"),
            ("single", "'eu-west-1'", "eu-west-1"),
            ("one within the other", "\"'x'\"", "'x'"),
            ("of two kinds", "\"x'", "\"x'"),
            ("one alone", "\"", "\""),
            ("nothing between them", "\"\"", ""),
            ("a comment behind them", "\"x\" # c", "x"),
            ("a semicolon behind a blank", "x ; c", "x"),
            ("a sign behind a tab", "x\t# c", "x"),
            ("no blank before the sign", "x#c;d", "x#c;d"),
        ];
        for (name, value, expected) in rows {
            for separator in ["=", ":", " = "] {
                let text = format!("[a]\nk{separator}{value}");
                assert_eq!(shown(&text), format!("a.k = {expected}"), "{name}");
            }
        }
    }
}
