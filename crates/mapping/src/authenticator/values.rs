//! Values of the configuration file: what is accepted as text, a truth value, a number, an account, a list.
//!
//! Two libraries of the existing program convert: settings go through cast, entries of lists through mapstructure. What either
//! makes something of is taken as that; where a digit would get lost, it is an error. Source: `ToBoolE`, `ToIntE`,
//! `ToStringE`, `ToStringSliceE` of cast 1.10; `decodeString`, `decodeSlice` of mapstructure 2.5.

use document::{Entry, Node, Problem, Problems, Scalar, Span};
use identity::AccountId;

use super::flags;

/// A setting that is text. A number is its digits, anything that is not text at all counts as absent, which is said.
pub(super) fn setting(node: &Node, problems: &mut Problems) -> Option<String> {
    let Some(scalar) = node.as_scalar() else {
        let message = format!("expected text, found {}; it counts as absent", node.kind());
        problems.push(Problem::warning("config.type", node.span, message));
        return None;
    };
    match scalar.as_bool() {
        Some(truth) => Some(truth.to_string()),
        None => spelled(scalar, node.span, problems),
    }
}

/// A text in an entry of a list: nothing is empty, and truth is `1`.
pub(super) fn mapped(node: &Node, problems: &mut Problems) -> Option<String> {
    let Some(scalar) = node.as_scalar() else {
        problems.push(Problem::error("config.type", node.span, format!("expected text, found {}", node.kind())));
        return None;
    };
    let is_text = |text: &str, problems: &mut Problems| {
        let message = format!("expected text, found {}; it is read as {text:?}", scalar.kind());
        problems.push(Problem::warning("config.type", node.span, message));
        Some(text.to_owned())
    };
    match scalar.as_bool() {
        _ if scalar.is_null() => is_text("", problems),
        Some(truth) => is_text(if truth { "1" } else { "0" }, problems),
        None => spelled(scalar, node.span, problems),
    }
}

/// The text of a scalar; of a number its digits. A number that others would read as another one is a problem.
fn spelled(scalar: &Scalar, span: Span, problems: &mut Problems) -> Option<String> {
    let text = &*scalar.text;
    let keeps = |spelled: Option<String>| spelled.as_deref() == Some(text);
    let keeps_its_spelling = !scalar.is_number()
        || keeps(text.parse::<i64>().ok().map(|number| number.to_string()))
        || keeps(text.parse::<f64>().ok().map(|number| number.to_string())) && text != "-0";
    if keeps_its_spelling {
        return Some(text.to_owned());
    }
    let message = "without quotes this is a number, and loses its spelling";
    problems.push(Problem::error("config.type", span, message).hint(format!("quote it: \"{text}\"")));
    None
}

/// A truth value, in any of its spellings. What is none is false, which is said.
pub(super) fn truth(node: &Node, problems: &mut Problems) -> bool {
    let of_scalar = |scalar: &Scalar| match scalar.as_bool() {
        Some(truth) => Some(truth),
        None if scalar.is_number() => Some(whole(scalar).is_none_or(|number| number != 0)),
        None => flags::boolean(&scalar.text),
    };
    node.as_scalar().and_then(of_scalar).unwrap_or_else(|| {
        let message = format!("expected true or false, found {}; it counts as false", node.kind());
        problems.push(Problem::warning("config.type", node.span, message).hint("write true or false"));
        false
    })
}

/// A whole number in any of its spellings: `21362`, `0x5372`, `21_362`, `21362.0`, in quotes or not.
pub(super) fn number(node: &Node, problems: &mut Problems) -> Option<i64> {
    let number = node.as_scalar().and_then(whole);
    if number.is_none() {
        let message = format!("expected a whole number, found {}", node.kind());
        problems.push(Problem::error("document.type", node.span, message));
    }
    number
}

fn whole(scalar: &Scalar) -> Option<i64> {
    let text = scalar.text.replace('_', "");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', b'0'..=b'9', ..] => (&lower[1..], 8),
        _ => (&*lower, 10),
    };
    let float = || {
        let float: f64 = lower.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "the fraction is cut off, as in aws-iam-authenticator")]
        (float.abs() < 1e15 && lower.bytes().all(|byte| byte.is_ascii_digit() || b".e+-".contains(&byte)))
            .then_some(float as i64)
    };
    i64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with(['+', '-'])).or_else(float).map(|n| sign * n)
}

/// A text read into something that knows its own form.
pub(super) fn parsed<T: std::str::FromStr>(
    value: Option<(&str, Span)>,
    code: &'static str,
    expected: &str,
    problems: &mut Problems,
) -> Option<T> {
    parsed_by(|text| text.parse().ok(), value, code, expected, problems)
}

/// The same where `read` says what it is.
pub(super) fn parsed_by<T>(
    read: impl FnOnce(&str) -> Option<T>,
    value: Option<(&str, Span)>,
    code: &'static str,
    expected: &str,
    problems: &mut Problems,
) -> Option<T> {
    let (text, span) = value?;
    let value = read(text);
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

/// A list of accounts: one text may hold several, with commas between them. What is nobody's account matches nobody, which is
/// said.
pub(super) fn accounts(node: &Node, problems: &mut Problems) -> Vec<(AccountId, Span)> {
    match node.as_scalar() {
        Some(scalar) if !scalar.is_number() => accounts_of(texts(node, problems), problems),
        _ => accounts_in(list(node, problems), problems),
    }
}

/// The same of a setting, in which blanks stand between several.
pub(super) fn accounts_of_setting(node: &Node, problems: &mut Problems) -> Vec<(AccountId, Span)> {
    match node.as_scalar() {
        Some(scalar) if !scalar.is_number() => accounts_of(words(node, problems), problems),
        _ => accounts_in(list(node, problems), problems),
    }
}

fn accounts_in(nodes: Vec<&Node>, problems: &mut Problems) -> Vec<(AccountId, Span)> {
    let of_node = |node: &Node| {
        let is_number = node.as_scalar().is_some_and(Scalar::is_number);
        let account = if is_number {
            account(node, problems)
        } else {
            let text = mapped(node, problems)?;
            accounts_of(vec![(text, node.span)], problems).pop().map(|(account, _)| account)
        };
        Some((account?, node.span))
    };
    nodes.into_iter().filter_map(of_node).collect()
}

fn accounts_of(texts: Vec<(String, Span)>, problems: &mut Problems) -> Vec<(AccountId, Span)> {
    let mut accounts = Vec::with_capacity(texts.len());
    for (text, span) in texts {
        match text.parse() {
            Ok(account) => accounts.push((account, span)),
            Err(_) => {
                let message = format!("{text:?} is nobody's account, and has no effect: an AWS account has 12 digits");
                problems.push(Problem::warning("config.account", span, message));
            }
        }
    }
    accounts
}

/// A list; a single value counts as a list of one, which is said.
pub(super) fn list<'a>(node: &'a Node, problems: &mut Problems) -> Vec<&'a Node> {
    match node.as_scalar() {
        Some(scalar) if scalar.text.is_empty() => return Vec::new(),
        _ => {}
    }
    if let Some(nodes) = node.as_sequence() {
        return nodes.iter().collect();
    }
    let message = format!("expected a list, found {}; it is read as a list of one", node.kind());
    problems.push(Problem::warning("config.single-value", node.span, message));
    vec![node]
}

/// A list of texts in an entry; one text is cut at its commas and nowhere else, which is said.
pub(super) fn texts(node: &Node, problems: &mut Problems) -> Vec<(String, Span)> {
    let Some(text) = text_for_list(node, problems) else { return elements(node, problems, mapped) };
    let parts: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split(',').collect() };
    say_split(&parts, node.span, problems);
    for part in parts.iter().filter(|part| part.trim() != **part) {
        let message = format!("{part:?} begins or ends with a blank, which is part of the name: commas alone separate");
        problems
            .push(Problem::warning("config.blank", node.span, message).hint("write a list, or leave the blank out"));
    }
    parts.into_iter().map(|part| (part.to_owned(), node.span)).collect()
}

/// A setting that is a list of texts; in one text blanks separate, which is said.
pub(super) fn words(node: &Node, problems: &mut Problems) -> Vec<(String, Span)> {
    let Some(text) = text_for_list(node, problems) else { return elements(node, problems, setting) };
    let parts: Vec<&str> = text.split_whitespace().collect();
    say_split(&parts, node.span, problems);
    parts.into_iter().map(|part| (part.to_owned(), node.span)).collect()
}

/// The text that stands where a list is expected.
fn text_for_list<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n str> {
    if node.as_mapping().is_some_and(|entries| !entries.is_empty()) {
        let message = format!("expected a list of texts, found {}", node.kind());
        problems.push(Problem::error("config.type", node.span, message));
    }
    node.as_scalar().filter(|scalar| scalar.is_text()).map(|scalar| &*scalar.text)
}

fn elements(
    node: &Node,
    problems: &mut Problems,
    text: fn(&Node, &mut Problems) -> Option<String>,
) -> Vec<(String, Span)> {
    if node.as_mapping().is_some() {
        return Vec::new();
    }
    list(node, problems).into_iter().filter_map(|node| Some((text(node, problems)?, node.span))).collect()
}

fn say_split(parts: &[&str], span: Span, problems: &mut Problems) {
    match parts {
        [] => {}
        [_] => {
            let message = "expected a list, found text; it is read as a list of one";
            problems.push(Problem::warning("config.single-value", span, message));
        }
        _ => {
            let problem = Problem::warning("config.single-value", span, "expected a list, found text; it is split");
            let quoted = |part: &&str| if part.trim() == *part { (*part).to_owned() } else { format!("{part:?}") };
            let parts: Vec<String> = parts.iter().map(quoted).collect();
            problems.push(problem.hint(format!("write [{}]", parts.join(", "))));
        }
    }
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
