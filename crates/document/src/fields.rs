//! Typed reading of one mapping. What cannot be read becomes a problem, and reading goes on.

use std::{cmp::Ordering, collections::HashSet};

use crate::{Entry, Node, Problem, Problems, Scalar, Span, nearest, repeated};

/// Whether `clusterID` and `clusterid` are one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCase {
    /// Two keys.
    Exact,
    /// One key, as in aws-iam-authenticator's configuration.
    Insensitive,
}

impl KeyCase {
    /// Whether two keys are one.
    pub(crate) fn is_same(self, a: &str, b: &str) -> bool {
        match self {
            Self::Exact => a == b,
            Self::Insensitive => a.eq_ignore_ascii_case(b),
        }
    }
}

/// The entries of a mapping, taken one by one.
pub struct Fields<'a> {
    span: Span,
    entries: Vec<&'a Entry>,
    case: KeyCase,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Starts reading; anything but a mapping is a problem and gives nothing.
    pub fn new(node: &'a Node, case: KeyCase, problems: &mut Problems) -> Option<Self> {
        let Some(entries) = node.as_mapping() else {
            problems.push(wrong_type(node, "a mapping (keys and values)"));
            return None;
        };
        let mut fields = Self { span: node.span, entries: entries.iter().collect(), case, known: Vec::new() };
        // Exact repetitions are the parser's to report; here it is two spellings of one key, of which the first counts.
        if case == KeyCase::Insensitive {
            let repeated = repeated::repeated(entries, ignoring_case);
            let again: HashSet<Span> = repeated.iter().map(|(_, again)| again.key_span).collect();
            fields.entries.retain(|entry| !again.contains(&entry.key_span));
            for (first, again) in repeated {
                problems.push(repeated::problem(first, again, ", in different case"));
            }
        }
        Some(fields)
    }

    /// Returns where the mapping stands.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns the entry under a key, if it is there and means something.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| self.case.is_same(&entry.key.text, key))?;
        let entry = self.entries.remove(at);
        (!entry.value.is_null()).then_some(entry)
    }

    /// Returns the text under a key. A number or a truth value is a problem: it would have lost its spelling elsewhere.
    pub fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<(&'a str, Span)> {
        let entry = self.take(key)?;
        text(&entry.value, problems)
    }

    /// Returns the truth value under a key.
    pub fn boolean(&mut self, key: &'static str, problems: &mut Problems) -> Option<(bool, Span)> {
        let value = &self.take(key)?.value;
        let boolean = value.as_scalar().and_then(Scalar::as_bool);
        if boolean.is_none() {
            problems.push(wrong_type(value, "true or false"));
        }
        Some((boolean?, value.span))
    }

    /// Returns the whole number under a key, from 0 to `max`.
    pub fn number(&mut self, key: &'static str, max: u64, problems: &mut Problems) -> Option<(u64, Span)> {
        let value = &self.take(key)?.value;
        let number = value.as_scalar().and_then(|scalar| scalar.text.parse().ok()).filter(|number| *number <= max);
        if number.is_none() {
            problems.push(wrong_type(value, &format!("a whole number from 0 to {max}")));
        }
        Some((number?, value.span))
    }

    /// Returns what nobody took yet, in the order of the text: for mappings whose keys are names.
    pub fn rest(&mut self) -> Vec<&'a Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Reports what nobody took, as problems made by `unknown`: entry, and the known key that was probably meant.
    pub fn finish(&mut self, problems: &mut Problems, unknown: impl Fn(&Entry, Option<&'static str>) -> Problem) {
        for entry in &self.entries {
            problems.push(unknown(entry, nearest(&entry.key.text, self.known.iter().copied())));
        }
    }
}

/// The text of a scalar that is one.
pub(crate) fn text<'a>(node: &'a Node, problems: &mut Problems) -> Option<(&'a str, Span)> {
    match node.as_scalar() {
        Some(scalar) if scalar.is_text() => Some((&scalar.text, node.span)),
        Some(scalar) if !scalar.text.is_empty() => {
            let hint = format!("put it into quotes: \"{}\"", scalar.text);
            problems.push(wrong_type(node, "text").hint(hint));
            None
        }
        Some(_) | None => {
            problems.push(wrong_type(node, "text"));
            None
        }
    }
}

impl Node {
    /// Returns the text, if this is text; anything else becomes a problem.
    pub fn text(&self, problems: &mut Problems) -> Option<(&str, Span)> {
        text(self, problems)
    }
}

fn wrong_type(node: &Node, expected: &str) -> Problem {
    Problem::error("document.type", node.span, format!("expected {expected}, found {}", node.kind()))
}

fn ignoring_case(a: &str, b: &str) -> Ordering {
    a.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
}
