//! Values of the configuration file: what is accepted as text, an account, a list.

use document::{Node, Problem, Problems, Scalar, Span};
use identity::AccountId;

/// Any scalar as text. For values where a number's spelling is what was meant (`clusterID: 5`).
pub(super) fn scalar_text(node: &Node, problems: &mut Problems) -> Option<String> {
    if let Some(scalar) = node.as_scalar() {
        return Some(scalar.text.to_string());
    }
    problems.push(Problem::error("config.type", node.span, format!("expected text, found {}", node.kind())));
    None
}

/// A text read into something that knows its own form.
pub(super) fn parsed<T: std::str::FromStr>(
    value: Option<(&str, Span)>,
    code: &'static str,
    expected: &str,
    problems: &mut Problems,
) -> Option<T> {
    let (text, span) = value?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(_) => {
            problems.push(Problem::error(code, span, format!("{text:?} is not {expected}")));
            None
        }
    }
}

/// An account. Unquoted ones are numbers to YAML: with a leading zero they lose it, or become another number.
pub(super) fn account(node: &Node, problems: &mut Problems) -> Option<AccountId> {
    let scalar = node.as_scalar();
    let text = scalar.map(|scalar| &*scalar.text).unwrap_or_default();
    let number = scalar.is_some_and(Scalar::is_number);
    if number && (text.starts_with('0') || text.len() < 12) && text.len() <= 12 {
        let hint = format!("quote it: \"{text:0>12}\"");
        let message = "an account without quotes is a number, and loses its leading zeros";
        problems.push(Problem::error("config.account-number", node.span, message).hint(hint));
        return None;
    }
    parsed(Some((text, node.span)), "config.account", "an AWS account (12 digits)", problems)
}

/// A list; a single value counts as a list of one, which is said.
pub(super) fn list<'a>(node: &'a Node, problems: &mut Problems) -> Vec<&'a Node> {
    match node.as_sequence() {
        Some(nodes) => nodes.iter().collect(),
        None => {
            let message = format!("expected a list, found {}; it is read as a list of one", node.kind());
            problems.push(Problem::warning("config.single-value", node.span, message));
            vec![node]
        }
    }
}

/// A list of texts; one text may hold several, separated by `separator`.
pub(super) fn texts(node: &Node, separator: char, problems: &mut Problems) -> Vec<(String, Span)> {
    let Some(scalar) = node.as_scalar() else {
        if let Some(nodes) = node.as_sequence() {
            let found = nodes.iter().filter_map(|node| node.text(problems));
            return found.map(|(text, span)| (text.to_owned(), span)).collect();
        }
        problems.push(Problem::error(
            "config.type",
            node.span,
            format!("expected a list of texts, found {}", node.kind()),
        ));
        return Vec::new();
    };
    let message = "expected a list, found text; it is split";
    problems.push(Problem::warning("config.single-value", node.span, message));
    let parts = scalar.text.split(separator).map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| (part.to_owned(), node.span)).collect()
}
