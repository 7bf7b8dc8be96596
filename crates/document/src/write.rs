//! Writing YAML: scalars that any reader takes for the text they are.

use std::borrow::Cow;

/// A text as a scalar on one line of block style: plain where nothing could misread it, in double quotes otherwise, with JSON's
/// escapes, which YAML shares.
pub fn plain_or_quoted(text: &str) -> Cow<'_, str> {
    let first = text.bytes().next();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._/@%+=:{}".contains(&b);
    let safe = first.is_some_and(|b| b.is_ascii_alphabetic() || b == b'/')
        && text.bytes().all(plain)
        && !text.ends_with(':')
        && !is_keyword(text);
    if safe { Cow::Borrowed(text) } else { Cow::Owned(serde_json::Value::from(text).to_string()) }
}

/// What YAML 1.1 or 1.2 takes for nothing or a truth value.
fn is_keyword(text: &str) -> bool {
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].iter().any(|word| text.eq_ignore_ascii_case(word))
}
