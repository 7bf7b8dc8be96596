//! The tree: what was written, where.

use crate::{Problem, Scalar, Span};

/// A document's tree, with the problems found while reading it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The tree; none where there is nothing but comments.
    pub root: Option<Node>,
    /// What the program that owns the file takes without a word, and a person would not expect: in the order of the text.
    pub warnings: Vec<Problem>,
}

/// A value of a document, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// From its first byte to behind its last. Block collections end where their last entry ends; block scalars begin
    /// at their `|` or `>`; a missing value stands behind its colon, zero bytes long.
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

/// The style of a collection: block or flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// By indentation.
    Block,
    /// In brackets or braces, as JSON.
    Flow,
}

/// A key of a mapping, with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key; only scalars are keys.
    pub key: Scalar,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Returns the scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Sequence(..) | Value::Mapping(..) => None,
        }
    }

    /// Returns the elements, if it is a list.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(nodes, _) => Some(nodes),
            Value::Scalar(_) | Value::Mapping(..) => None,
        }
    }

    /// Returns the entries, if it is a mapping.
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Mapping(entries, _) => Some(entries),
            Value::Scalar(_) | Value::Sequence(..) => None,
        }
    }

    /// Returns whether it means nothing.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// Returns the value under a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.iter().find(|entry| &*entry.key.text == key).map(|entry| &entry.value)
    }

    /// Moves it and all that is in it to the offsets of a later source.
    pub(crate) fn shift(&mut self, by: usize) {
        if by == 0 {
            return; // Most files stand alone.
        }
        self.span.shift(by);
        match &mut self.value {
            Value::Scalar(_) => {}
            Value::Sequence(nodes, _) => nodes.iter_mut().for_each(|node| node.shift(by)),
            Value::Mapping(entries, _) => entries.iter_mut().for_each(|entry| {
                entry.key_span.shift(by);
                entry.value.shift(by);
            }),
        }
    }

    /// Returns what it is, for messages: `a list`, `a number` …
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Sequence(..) => "a list",
            Value::Mapping(..) => "a mapping",
            Value::Scalar(scalar) => scalar.kind(),
        }
    }
}
