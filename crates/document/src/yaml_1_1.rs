//! A text as Go's YAML libraries read it, in words that the parser takes for the same: byte for byte as long, so that every
//! place stays what it is.
//!
//! Source: `yamlprivateh.go` and `scannerc.go` of go.yaml.in/yaml, v2.4.4 and v3.0.4 (`is_break`, `…_scan_to_next_token`,
//! `…_need_more_tokens`).

use std::borrow::Cow;

use granit_parser::{Event, Options, Parser, StructureStyle};

use crate::Dialect;

/// How many comments without a blank before them are found: each of them takes one more reading of what stands before it.
const MAX_COMMENTS: usize = 200;
/// How many brackets are tried that may end the document.
const MAX_ENDS: usize = 8;

/// What the libraries end a line at, and YAML 1.2 does not: U+0085, which is a line break like any other, and two that stay
/// what they are within a scalar.
const NEXT_LINE: char = '\u{85}';
pub(crate) const SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];

/// The text in the parser's words, and where something begins behind its first document that nobody reads, if the parser
/// would refuse that.
pub(crate) fn translated<'t>(text: &'t str, options: &Options, dialect: Dialect) -> (Cow<'t, str>, Option<usize>) {
    let mut text = Cow::Borrowed(text);
    if text.contains(NEXT_LINE) {
        text = Cow::Owned(text.replace(NEXT_LINE, "\r\n"));
    }
    if text.contains(SEPARATORS) {
        text = Cow::Owned(text.replace(SEPARATORS, " \r\n"));
    }
    blank_close_comments(&mut text, options);
    // Version 3 looks further ahead.
    let end = if dialect == Dialect::Kubernetes { end_of_first(&text, options) } else { None };
    if let Some(end) = end {
        text.to_mut().truncate(end);
    }
    (text, end)
}

/// A `#` right behind a quote or a bracket begins a comment, which is replaced by blanks. Only the parser knows where one
/// stands so, and where it is a part of a text.
fn blank_close_comments(text: &mut Cow<'_, str>, options: &Options) {
    if !may_have_one(text.as_bytes()) {
        return;
    }
    for _ in 0..MAX_COMMENTS {
        let at = read(text, options).err().flatten();
        let Some(at) = at.filter(|at| text.as_bytes().get(*at) == Some(&b'#')) else { break };
        let end = text[at..].find(['\r', '\n']).map_or(text.len(), |end| at + end);
        text.to_mut().replace_range(at..end, &" ".repeat(end - at));
    }
}

fn may_have_one(text: &[u8]) -> bool {
    let ends_a_token = |byte: u8| b"\"'[]{},|>+-".contains(&byte) || byte.is_ascii_digit();
    text.windows(2).any(|pair| pair[1] == b'#' && ends_a_token(pair[0]))
}

/// Where the first document ends in a text that is not YAML behind it. The libraries read one token further than the
/// document, and what comes behind that token they never see.
fn end_of_first(text: &str, options: &Options) -> Option<usize> {
    // Only what is in brackets, or begins to the right of the first column, can end before the text does.
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with(['#', '%']) && *line != "---")?;
    if !first.starts_with([' ', '[', '{']) {
        return None;
    }
    let at = read(text, options).err()??;
    let before = text.get(..=at.min(text.len().checked_sub(1)?))?;
    let brackets = before.rmatch_indices([']', '}']).take(MAX_ENDS).map(|(at, _)| (at + 1, StructureStyle::Flow));
    let lines = before.rmatch_indices('\n').map(|(at, _)| (at + 1, StructureStyle::Block));
    let lines = lines.filter(|(at, _)| text[*at..].starts_with(['[', ']', '{', '}'])).take(MAX_ENDS);
    let is_end = |(end, style): &(usize, StructureStyle)| {
        let is_root = |root: Option<Root>| {
            root.is_some_and(|root| root.style == *style && (root.column > 0 || *style == StructureStyle::Flow))
        };
        is_one_token(&text[*end..]) && read(&text[..*end], options).is_ok_and(is_root)
    };
    brackets.chain(lines).find(is_end).map(|(end, _)| end)
}

/// Whether a token begins here that the libraries take, and none that makes what stands before it a key.
fn is_one_token(rest: &str) -> bool {
    let rest = rest.trim_start();
    let line = rest.lines().next().unwrap_or_default();
    match line.chars().next() {
        Some(',' | ']' | '}') => true,
        Some(quote @ ('"' | '\'')) => rest[1..].contains(quote) && !rest.contains('\\'),
        // They go on to the end of the line, for it may be a key.
        Some('[' | '{') => !line.contains(['"', '\'', '%', '@', '`', '!', '&', '*', '|', '>', '#']),
        Some(first) => first.is_ascii_alphanumeric() && !line.contains(':'),
        None => false,
    }
}

/// The outermost collection of a text.
struct Root {
    style: StructureStyle,
    column: usize,
}

/// What stands in a text; none but comments and scalars, or where it is not YAML.
fn read(text: &str, options: &Options) -> Result<Option<Root>, Option<usize>> {
    let mut root = None;
    for event in Parser::new_from_str_with_options(text, options.clone()) {
        let (event, span) = event.map_err(|error| error.marker().byte_offset())?;
        if let (Event::SequenceStart(style, ..) | Event::MappingStart(style, ..), None) = (event, &root) {
            root = Some(Root { style, column: span.start.col() });
        }
    }
    Ok(root)
}
