//! Values of the configuration file: what is accepted as text, an account, a list.

use document::{Entry, Node, Problem, Problems, Scalar, Span};
use identity::AccountId;

/// A text or a whole number, as text: `clusterID: 5`. A number that others would read as another one is a problem.
pub(super) fn scalar_text(node: &Node, problems: &mut Problems) -> Option<String> {
    let keeps_its_spelling = |scalar: &Scalar| {
        let number = scalar.text.parse::<u64>().ok();
        !scalar.is_number() || number.is_some_and(|number| number.to_string() == *scalar.text)
    };
    match node.as_scalar() {
        Some(scalar) if keeps_its_spelling(scalar) => Some(scalar.text.to_string()),
        Some(scalar) => {
            let message = "without quotes this is a number, and loses its spelling";
            let hint = format!("quote it: \"{}\"", scalar.text);
            problems.push(Problem::error("config.type", node.span, message).hint(hint));
            None
        }
        None => {
            problems.push(Problem::error("config.type", node.span, format!("expected text, found {}", node.kind())));
            None
        }
    }
}

/// A text read into something that knows its own form.
pub(super) fn parsed<T: std::str::FromStr>(
    value: Option<(&str, Span)>,
    code: &'static str,
    expected: &str,
    problems: &mut Problems,
) -> Option<T> {
    let (text, span) = value?;
    let value = text.parse().ok();
    if value.is_none() {
        problems.push(Problem::error(code, span, format!("{text:?} is not {expected}")));
    }
    value
}

/// An account. Unquoted ones are numbers to YAML: with a leading zero they lose it, or become another number.
pub(super) fn account(node: &Node, problems: &mut Problems) -> Option<AccountId> {
    let scalar = node.as_scalar();
    let text = scalar.map(|scalar| &*scalar.text).unwrap_or_default();
    let number = scalar.is_some_and(Scalar::is_number) && text.bytes().all(|b| b.is_ascii_digit());
    if number && (text.starts_with('0') || text.len() < 12) && text.len() <= 12 {
        let hint = format!("quote it: \"{text:0>12}\"");
        let message = "an account without quotes is a number, and loses its leading zeros";
        problems.push(Problem::error("config.account-number", node.span, message).hint(hint));
        return None;
    }
    account_text(text, node.span, problems)
}

/// A list of accounts; one text may hold several, separated by `separator`.
pub(super) fn accounts(node: &Node, separator: char, problems: &mut Problems) -> Vec<(AccountId, Span)> {
    if node.as_scalar().is_some_and(|scalar| !scalar.is_number()) {
        let texts = texts(node, separator, problems);
        return texts.into_iter().filter_map(|(text, at)| Some((account_text(&text, at, problems)?, at))).collect();
    }
    let nodes = list(node, problems);
    nodes.into_iter().filter_map(|node| Some((account(node, problems)?, node.span))).collect()
}

/// A list; a single value counts as a list of one, which is said.
pub(super) fn list<'a>(node: &'a Node, problems: &mut Problems) -> Vec<&'a Node> {
    if let Some(nodes) = node.as_sequence() {
        return nodes.iter().collect();
    }
    let message = format!("expected a list, found {}; it is read as a list of one", node.kind());
    problems.push(Problem::warning("config.single-value", node.span, message));
    vec![node]
}

/// A list of texts; one text may hold several, separated by `separator`, which is said.
pub(super) fn texts(node: &Node, separator: char, problems: &mut Problems) -> Vec<(String, Span)> {
    if let Some(nodes) = node.as_sequence() {
        let texts = nodes.iter().filter_map(|node| node.text(problems));
        return texts.map(|(text, span)| (text.to_owned(), span)).collect();
    }
    if node.as_mapping().is_some() {
        let message = format!("expected a list of texts, found {}", node.kind());
        problems.push(Problem::error("config.type", node.span, message));
        return Vec::new();
    }
    let Some((text, span)) = node.text(problems) else { return Vec::new() };
    let parts: Vec<_> = text.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [] => {}
        [_] => {
            let message = "expected a list, found text; it is read as a list of one";
            problems.push(Problem::warning("config.single-value", span, message));
        }
        _ => {
            let problem = Problem::warning("config.single-value", span, "expected a list, found text; it is split");
            problems.push(problem.hint(format!("write [{}]", parts.join(", "))));
        }
    }
    parts.into_iter().map(|part| (part.to_owned(), span)).collect()
}

fn account_text(text: &str, span: Span, problems: &mut Problems) -> Option<AccountId> {
    parsed(Some((text, span)), "config.account", "an AWS account (12 digits)", problems)
}

/// Keys that are documented or seen elsewhere and have no effect, and what was meant.
const MISPLACED: [(&str, &str); 7] = [
    ("clusterID", "it belongs to the top level of the file"),
    ("defaultRole", "the key is `role`, at the top level of the file"),
    ("defaultEC2DescribeInstancesRoleARN", "the key is `server.ec2DescribeInstancesRoleARN`"),
    ("mapRoles", "it belongs below `server`"),
    ("mapUsers", "it belongs below `server`"),
    ("mapAccounts", "it belongs below `server`"),
    ("scrubbedAccounts", "it belongs below `server`"),
];

/// Unknown keys warn: the existing program passes over them, and files of other versions have others.
pub(super) fn unknown_key(entry: &Entry, near: Option<&'static str>) -> Problem {
    let key = &entry.key.text;
    let problem =
        Problem::warning("config.unknown-key", entry.key_span, format!("unknown key `{key}`; it has no effect"));
    let misplaced = MISPLACED.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
    match (misplaced, near) {
        (Some((_, hint)), _) => problem.hint(*hint),
        (None, Some(near)) => problem.hint(format!("did you mean `{near}`?")),
        (None, None) => problem,
    }
}
