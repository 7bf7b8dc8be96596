//! The tree: what was written, where.

use crate::Span;

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// From its first to behind its last byte; block collections end where their last entry ends.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// The three kinds of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, not yet interpreted.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>, Style),
    /// Keys and values in the order written; no key stands twice.
    Mapping(Vec<Entry>, Style),
}

/// How a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// By indentation.
    Block,
    /// In brackets or braces, as JSON.
    Flow,
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key; only scalars are keys.
    pub key: Scalar,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// A piece of text that may mean a string, a number, a truth value or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text after escapes are undone.
    pub text: Box<str>,
    /// Whether it was quoted or a block scalar: then it is a string and nothing else.
    pub quoted: bool,
}

/// Bounds on what is read; each error names the one that was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of the text.
    pub max_bytes: usize,
    /// Of collections inside collections.
    pub max_depth: usize,
    /// Of all nodes, those made by aliases included.
    pub max_nodes: usize,
}

impl Default for Limits {
    /// 64 MiB, 64 levels, 8 million nodes: an access file with 100,000 grants has 14 MB and 2 million.
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_depth: 64, max_nodes: 8_000_000 }
    }
}

impl Scalar {
    /// Whether it means nothing: absent, `~` or `null`, not quoted (YAML 1.2 core schema, 10.3.2).
    pub fn is_null(&self) -> bool {
        !self.quoted && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// The truth value it means, if it is one of YAML 1.2's.
    pub fn as_bool(&self) -> Option<bool> {
        match &*self.text {
            "true" | "True" | "TRUE" if !self.quoted => Some(true),
            "false" | "False" | "FALSE" if !self.quoted => Some(false),
            _ => None,
        }
    }

    /// Whether YAML reads it as a number, in version 1.1 (Helm, Go's older parsers) or 1.2.
    pub fn is_number(&self) -> bool {
        let digits = self.text.strip_prefix(['-', '+']).unwrap_or(&self.text);
        let plain = || digits.bytes().all(|b| b.is_ascii_digit() || b == b'_');
        let float = || {
            let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
            starts && digits.parse::<f64>().is_ok()
        };
        let based = || ["0x", "0o", "0b"].iter().any(|base| digits.starts_with(base));
        !self.quoted && digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && (plain() || float() || based())
    }
}

impl Node {
    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Sequence(..) | Value::Mapping(..) => None,
        }
    }

    /// The elements, if it is a list.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(nodes, _) => Some(nodes),
            Value::Scalar(_) | Value::Mapping(..) => None,
        }
    }

    /// The entries, if it is a mapping.
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Mapping(entries, _) => Some(entries),
            Value::Scalar(_) | Value::Sequence(..) => None,
        }
    }

    /// Whether it means nothing.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// The value under a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.iter().find(|entry| &*entry.key.text == key).map(|entry| &entry.value)
    }

    /// What it is, for messages: `a list`, `a number` …
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Sequence(..) => "a list",
            Value::Mapping(..) => "a mapping",
            Value::Scalar(scalar) if scalar.is_null() => "nothing",
            Value::Scalar(scalar) if scalar.as_bool().is_some() => "a truth value",
            Value::Scalar(scalar) if scalar.is_number() => "a number",
            Value::Scalar(_) => "text",
        }
    }
}
