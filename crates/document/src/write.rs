//! Writing YAML: scalars that any reader takes for the text they are.

use std::borrow::Cow;

use crate::is_hidden;

/// Returns a text as a scalar on one line of block style: plain where nothing could misread it, in [double quotes](quoted)
/// otherwise.
pub fn plain_or_quoted(text: &str) -> Cow<'_, str> {
    let first = text.bytes().next();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._/@%+=:{}".contains(&b);
    let safe = first.is_some_and(|b| b.is_ascii_alphabetic() || b == b'/')
        && text.bytes().all(plain)
        && !text.ends_with(':')
        && !is_keyword(text);
    if safe { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// Returns a text in double quotes, with JSON's escapes, which YAML shares. What [hides](is_hidden) is escaped besides: some of
/// it ends a line in YAML 1.1, and nobody would see it.
pub fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for letter in json.chars() {
        match u32::from(letter) {
            _ if !is_hidden(letter) => quoted.push(letter),
            code @ ..=0xffff => quoted.push_str(&format!("\\u{code:04x}")),
            // YAML knows no pairs.
            code => quoted.push_str(&format!("\\U{code:08x}")),
        }
    }
    quoted
}

/// What YAML 1.1 or 1.2 takes for nothing or a truth value.
fn is_keyword(text: &str) -> bool {
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, Limits, Node, Source, Value, is_hidden, parse_as, plain_or_quoted};

    #[test]
    fn whatever_hides_is_written_so_that_it_is_seen_and_read_again() {
        let hidden = (0..=0xe_007f).filter_map(char::from_u32).filter(|letter| is_hidden(*letter));
        for text in hidden.map(|letter| format!("a{letter}b: \"\\")) {
            let written = format!("- {}\n", plain_or_quoted(&text));
            assert!(!written.trim_end().contains(is_hidden), "{written:?}");
            for dialect in [Dialect::Strict, Dialect::Kubernetes, Dialect::Viper] {
                let source = Source::new("f", written.as_str());
                let read = parse_as(&source, &Limits::default(), dialect).map(|read| read.root);
                let Ok(Some(Node { value: Value::Sequence(list, _), .. })) = &read else {
                    panic!("{written:?}: {read:?}")
                };
                let Value::Scalar(scalar) = &list[0].value else { panic!("{written:?}: {read:?}") };
                assert_eq!(*scalar.text, *text, "{written:?} {dialect:?}");
            }
        }
    }
}
