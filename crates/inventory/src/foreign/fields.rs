//! Reading keys as Go programs do that decode into structs: a value of another kind is an error with its place, an absent
//! one or `null` is empty.

use document::{Node, Problem, Problems, Span};
use identity::Arn;

use super::{NO_LOGIN, NOT_KNOWN, NOT_TAKEN, UNFILLED, UNREADABLE};
use crate::text::placeholder;

/// A text that is not empty; anything else is none.
pub(super) fn plain(node: &Node) -> Option<&str> {
    node.as_scalar().filter(|scalar| !scalar.is_null()).map(|scalar| &*scalar.text).filter(|text| !text.is_empty())
}

/// The value under a key, if it means something.
pub(super) fn value<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|value| !value.is_null())
}

/// The text under a key; `""` where there is none.
pub(super) fn text<'a>(node: &'a Node, key: &str, problems: &mut Problems) -> &'a str {
    value(node, key).and_then(|value| value.text(problems)).map_or("", |(text, _)| text)
}

/// The truth value under a key.
pub(super) fn truth(node: &Node, key: &str, problems: &mut Problems) -> Option<bool> {
    let value = value(node, key)?;
    let truth = value.as_scalar().filter(|scalar| !scalar.quoted).and_then(document::Scalar::as_bool);
    if truth.is_none() {
        problems.push(unreadable(value.span, format!("`{key}` must be true or false, and is {}", value.kind())));
    }
    truth
}

/// The elements of the list under a key.
pub(super) fn list<'a>(node: &'a Node, key: &str, problems: &mut Problems) -> &'a [Node] {
    let Some(value) = value(node, key) else { return &[] };
    value.as_sequence().unwrap_or_else(|| {
        problems.push(unreadable(value.span, format!("`{key}` must be a list, and is {}", value.kind())));
        &[]
    })
}

/// The texts of the list under a key.
pub(super) fn texts(node: &Node, key: &str, problems: &mut Problems) -> Vec<Box<str>> {
    list(node, key, problems).iter().filter_map(|item| item.text(problems)).map(|(text, _)| text.into()).collect()
}

/// Whether this is a mapping; a problem if not.
pub(super) fn is_mapping(node: &Node, what: &str, problems: &mut Problems) -> bool {
    let is_one = node.as_mapping().is_some();
    if !is_one {
        problems
            .push(unreadable(node.span, format!("{what} must be a mapping (keys and values), and is {}", node.kind())));
    }
    is_one
}

/// Names the keys of a mapping that there are not, with what comes of that: whoever takes the file decodes strictly.
/// `elsewhere` has keys that there are, each with its place.
pub(super) fn known(
    node: &Node,
    (of, why): (&str, &str),
    keys: &[&str],
    elsewhere: &[(&str, &str)],
    problems: &mut Problems,
) {
    for entry in node.as_mapping().unwrap_or_default() {
        let key = &*entry.key.text;
        // What is merged in has keys of its own.
        if keys.contains(&key) || key == "<<" {
            continue;
        }
        let problem = unreadable(entry.key_span, format!("{of}`{key}`: {why}"));
        let place = elsewhere.iter().find(|(name, _)| *name == key).map(|(_, place)| *place);
        let nearest = || document::nearest(key, keys.iter().copied()).map(|meant| format!("write `{meant}`"));
        problems.push(match place.map(|place| format!("it belongs {place}")).or_else(nearest) {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }
}

/// An object of a kind or version that its program does not have, and that is meant to be the one that is named.
pub(super) fn misnamed(root: &Node, program: &str, (version, kind): (&str, &str)) -> Vec<Problem> {
    let misnamed = [("apiVersion", version), ("kind", kind)].into_iter().filter_map(|(key, right)| {
        let written = value(root, key).and_then(plain).unwrap_or_default();
        let message = format!("`{key}: {written}`: {program} does not know it, so it ignores this object");
        let span = value(root, key).map_or(root.span, |node| node.span);
        (written != right).then(|| unreadable(span, message).hint(format!("write `{key}: {right}`")))
    });
    misnamed.collect()
}

/// Whether this is the ARN of a user or a role; named if not, as the file's program refuses it.
pub(super) fn is_user_or_role(arn: &str, what: &str, node: &Node, problems: &mut Problems) -> bool {
    let resource = arn.parse::<Arn>().map(|arn| arn.resource);
    let is_one = resource.is_ok_and(|resource| ["user/", "role/"].iter().any(|kind| resource.starts_with(kind)));
    if !is_one {
        let span = value(node, "arn").map_or(node.span, |node| node.span);
        problems.push(if placeholder::is_in_login(arn) {
            Problem::warning(UNFILLED, span, format!("{what}: {}", placeholder::why(arn)))
        } else {
            no_login(span, format!("{what}: `{arn}` is not the ARN of a user or role, so nobody can log in through it"))
        });
    }
    is_one
}

/// The place of a key.
pub(super) fn key_span(node: &Node, key: &str) -> Option<Span> {
    node.as_mapping()?.iter().find(|entry| &*entry.key.text == key).map(|entry| entry.key_span)
}

/// Something that the file's own program would not read either.
pub(super) fn unreadable(span: Span, message: impl Into<String>) -> Problem {
    Problem::error(UNREADABLE, span, message)
}

/// Something that was read and that no access file can say.
pub(super) fn not_taken(span: Span, message: impl Into<String>) -> Problem {
    Problem::warning(NOT_TAKEN, span, message)
}

/// A login of which its own program makes nothing.
pub(super) fn no_login(span: Span, message: impl Into<String>) -> Problem {
    Problem::warning(NO_LOGIN, span, message)
}

/// Whoever logs in through something else than AWS: what stands at this place of the file.
pub(super) fn not_of_aws(span: Span, place: &str, by: &str) -> Problem {
    not_known(span, format!("{place}: whoever logs in through {by} is not an AWS principal, and is not named here"))
}

/// Something by which somebody may log in whom the file does not name.
pub(super) fn not_known(span: Span, message: impl Into<String>) -> Problem {
    Problem::warning(NOT_KNOWN, span, message)
}
