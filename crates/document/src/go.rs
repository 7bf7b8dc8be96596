//! What Go's YAML libraries take a plain scalar for.
//!
//! Source: `resolve.go` of go.yaml.in/yaml, v2.4.4 and v3.0.4, which are the same but for truth values; `strconv`;
//! `encoding/base64`.

use base64::{
    Engine as _,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Padding has to be there; what is left over of the last bits is not looked at.
const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// What a plain scalar is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// What is too large for the former.
    Uint(u64),
    Float(f64),
    /// A text to version 2, a `time.Time` to version 3.
    Timestamp,
    Text,
}

/// Resolves a plain scalar; `yes` and `off` are truth values to version 2 alone.
pub(crate) fn resolve(text: &str, words_are_bools: bool) -> Resolved {
    let word = match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "true" | "True" | "TRUE" => Resolved::Bool(true),
        "false" | "False" | "FALSE" => Resolved::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if words_are_bools => Resolved::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if words_are_bools => Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => Resolved::Text,
    };
    match text.as_bytes().first() {
        Some(b'.') if word == Resolved::Text => point(text),
        Some(b'0'..=b'9' | b'+' | b'-') if word == Resolved::Text => number(text),
        _ => word,
    }
}

/// The text that a float becomes where it is a key (`strconv.FormatFloat(f, 'g', -1, 32)`).
pub(crate) fn float_key(float: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the library asks for the shortest text of 32 bits")]
    let float = float as f32;
    if float.is_nan() {
        return ".nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("Rust writes an exponent");
    let exponent: i32 = exponent.parse().expect("Rust writes a number");
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    format!("{float}")
}

/// The text of a `!!binary`, with U+FFFD for each byte that is none, as JSON has it.
pub(crate) fn binary(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = STANDARD.decode(text).ok()?;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Some(text)
}

/// What begins with a point.
fn point(text: &str) -> Resolved {
    // Underscores stand between digits.
    let fits = !text.contains("__") && !text.ends_with('_') && !text.contains("._") && !text.contains("_e");
    let spelled = text.replace('_', "");
    if fits && decimal(&spelled) { finite(&spelled) } else { Resolved::Text }
}

/// What begins with a digit or a sign.
fn number(text: &str) -> Resolved {
    if is_timestamp(text) {
        return Resolved::Timestamp;
    }
    let plain = text.replace('_', "");
    if let Some(int) = parse_int(&plain) {
        return Resolved::Int(int);
    }
    if let Some(uint) = parse_uint(&plain) {
        return Resolved::Uint(uint);
    }
    if decimal(&plain) {
        return finite(&plain);
    }
    // Behind their own prefixes the libraries take one more sign.
    let behind = |prefix: &str, radix: u32| i64::from_str_radix(plain.strip_prefix(prefix)?, radix).ok();
    match behind("0b", 2).or_else(|| behind("0o", 8)) {
        Some(int) => Resolved::Int(int),
        None => Resolved::Text,
    }
}

/// `strconv.ParseInt(text, 0, 64)`.
fn parse_int(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = parse_uint(digits)?;
    if is_negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// `strconv.ParseUint(text, 0, 64)`.
fn parse_uint(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (&*lower, 10),
    };
    // Rust would take a sign here.
    let is_digits = digits.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_digits { u64::from_str_radix(digits, radix).ok() } else { None }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`.
fn decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa_fits && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

/// What is too large is a text.
fn finite(text: &str) -> Resolved {
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Resolved::Float(float),
        _ => Resolved::Text,
    }
}

/// `2001-1-2`, perhaps with a time.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let of = |text: &str, min: u32, max: u32| {
        text.len() <= 2
            && text.bytes().all(|b| b.is_ascii_digit())
            && text.parse().is_ok_and(|n: u32| min <= n && n <= max)
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let is_date = year.is_some_and(|year| year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()))
        && month.is_some_and(|month| of(month, 1, 12))
        && day.is_some_and(|day| of(day, 1, 31))
        && parts.next().is_none();
    is_date && time.is_none_or(|time| time.split(':').next().is_some_and(|hour| of(hour, 0, 23)))
}
