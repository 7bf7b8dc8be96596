//! A text as Go's YAML libraries read it, in words that the parser takes for the same: byte for byte as long, so that every
//! place stays what it is.
//!
//! Source: `yamlprivateh.go` and `scannerc.go` of go.yaml.in/yaml, v2.4.4 and v3.0.4 (`is_break`, `…_scan_to_next_token`).

use std::borrow::Cow;

use granit_parser::{Options, Parser};

/// How many comments without a blank before them are found: each of them takes one more reading of what stands before it.
const MAX_COMMENTS: usize = 200;

/// What the libraries end a line at, and YAML 1.2 does not: U+0085, which is a line break like any other, and two that stay
/// what they are within a scalar.
const NEXT_LINE: char = '\u{85}';
pub(crate) const SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];

/// The text in the parser's words.
pub(crate) fn translated<'t>(text: &'t str, options: &Options) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    if text.contains(NEXT_LINE) {
        text = Cow::Owned(text.replace(NEXT_LINE, "\r\n"));
    }
    if text.contains(SEPARATORS) {
        text = Cow::Owned(text.replace(SEPARATORS, " \r\n"));
    }
    without_close_comments(text, options)
}

/// A `#` right behind a quote or a bracket begins a comment, which is replaced by blanks. Only the parser knows where one
/// stands so, and where it is a part of a text.
fn without_close_comments<'t>(mut text: Cow<'t, str>, options: &Options) -> Cow<'t, str> {
    if !may_have_one(text.as_bytes()) {
        return text;
    }
    for _ in 0..MAX_COMMENTS {
        let Some(at) = first_error(&text, options).filter(|at| text.as_bytes().get(*at) == Some(&b'#')) else { break };
        let end = text[at..].find(['\r', '\n']).map_or(text.len(), |end| at + end);
        text.to_mut().replace_range(at..end, &" ".repeat(end - at));
    }
    text
}

fn may_have_one(text: &[u8]) -> bool {
    let ends_a_token = |byte: u8| b"\"'[]{},|>+-".contains(&byte) || byte.is_ascii_digit();
    text.windows(2).any(|pair| pair[1] == b'#' && ends_a_token(pair[0]))
}

fn first_error(text: &str, options: &Options) -> Option<usize> {
    Parser::new_from_str_with_options(text, options.clone()).find_map(Result::err)?.marker().byte_offset()
}
