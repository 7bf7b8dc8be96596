//! JSON: events for the tree, by JSON's own rules.

use serde::de::IgnoredAny;

use crate::{
    Dialect, Problem, Scalar, Span, Style,
    builder::{Builder, Collection, Fatal},
};

/// Where the first value of a text ends, if it begins with one.
pub(crate) fn first_end(text: &str) -> Result<usize, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next().transpose()?;
    Ok(values.byte_offset())
}

/// Reads one value, and nothing behind it but blanks.
pub(crate) fn read(text: &str, builder: &mut Builder<'_>) -> Result<(), Fatal> {
    if text.trim_ascii().is_empty() {
        return Ok(());
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| syntax(text, &error))?;
    let mut at = 0;
    // Where the last thing ended that stands in the text.
    let mut end = 0;
    while let Some(first) = text.as_bytes().get(at) {
        let one = Span { start: at, end: at + 1 };
        match first {
            b'{' => builder.open(Collection::Mapping, Style::Flow, one, 0)?,
            b'[' => builder.open(Collection::Sequence, Style::Flow, one, 0)?,
            b'}' | b']' => drop(builder.close(one, end)?),
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' => {}
            first => {
                let length = if *first == b'"' { string_length(&text[at..]) } else { word_length(&text[at..]) };
                let span = Span { start: at, end: at + length };
                let scalar = match first {
                    b'"' => Scalar::text(unescape(&text[span.range()])),
                    _ => Scalar::plain(&text[span.range()], Dialect::Json),
                };
                builder.scalar(scalar, span, 0)?;
                at = span.end;
                end = at;
                continue;
            }
        }
        at += 1;
        end = at;
    }
    Ok(())
}

/// What is wrong with a text that is not JSON.
fn syntax(text: &str, error: &serde_json::Error) -> Problem {
    let line_start = match error.line().checked_sub(2) {
        Some(breaks) => text.match_indices('\n').nth(breaks).map_or(text.len(), |(at, _)| at + 1),
        None => 0,
    };
    let at = text.floor_char_boundary((line_start + error.column().saturating_sub(1)).min(text.len()));
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Problem::error("document.syntax", Span::at(at), format!("this is not JSON: {message}"))
}

/// Of a string that ends, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let closing = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    });
    closing.map_or(text.len(), |at| at + 2)
}

fn word_length(text: &str) -> usize {
    text.find([',', '}', ']', ':', ' ', '\t', '\r', '\n']).unwrap_or(text.len())
}

/// Returns the text that a string of JSON stands for, which is given with its quotes. Half a surrogate pair becomes U+FFFD, as Go
/// has it.
pub fn unescape(quoted: &str) -> Box<str> {
    serde_json::from_str(quoted).unwrap_or_else(|_| serde_json::from_str(&without_halves(quoted)).unwrap_or_default())
}

fn without_halves(quoted: &str) -> String {
    let unit = |escape: &str| u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let mut mended = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let is_low = |escape: &str| unit(escape).is_some_and(|unit| (0xdc00..=0xdfff).contains(&unit));
        let length = match unit(escape) {
            None => 2,
            Some(0xd800..=0xdbff) if is_low(&escape[6..]) => 12,
            Some(_) => 6,
        };
        let is_half = length == 6 && unit(escape).is_some_and(|unit| (0xd800..=0xdfff).contains(&unit));
        mended.push_str(if is_half { "\u{fffd}" } else { &escape[..length] });
        rest = &escape[length..];
    }
    mended + rest
}
