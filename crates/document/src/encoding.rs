//! From a file's bytes to its text.

use std::borrow::Cow;

/// The bytes are not text: neither UTF-8, nor UTF-16 behind a byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// The first byte that fits neither.
    pub at: usize,
}

impl std::fmt::Display for Undecodable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it is not a text: byte {} is not UTF-8 (nor is there a byte order mark of UTF-16)", self.at)
    }
}

impl std::error::Error for Undecodable {}

/// Returns the text of a file: UTF-8, or UTF-16 with its byte order mark, as PowerShell's `>` writes it. The byte order mark of
/// UTF-8 stays; [`Source`](crate::Source) knows it.
///
/// So do kubectl (`BOMOverride`) and Go's YAML libraries.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    match utf_16(bytes) {
        Some(units) => utf_16_text(units).map(Cow::Owned),
        None => str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| Undecodable { at: error.valid_up_to() }),
    }
}

/// Returns whether a file is UTF-16, by its byte order mark.
pub fn is_utf_16(bytes: &[u8]) -> bool {
    utf_16(bytes).is_some()
}

/// Decodes a file like [`decode`], but invalid bytes are replaced by U+FFFD, as kubectl does with manifests; `true` where something was.
pub fn decode_lossy(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match decode(bytes) {
        Ok(text) => (text, false),
        Err(_) => {
            let text = match utf_16(bytes) {
                Some(units) => Cow::Owned(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()),
                None => String::from_utf8_lossy(bytes),
            };
            (text, true)
        }
    }
}

/// The units behind a byte order mark of UTF-16; half a unit at the end is one that means nothing.
fn utf_16(bytes: &[u8]) -> Option<impl Iterator<Item = u16>> {
    let (rest, of): (_, fn([u8; 2]) -> u16) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return None,
    };
    let (units, half) = rest.as_chunks::<2>();
    let half = (!half.is_empty()).then_some(0xdc00);
    Some(units.iter().map(move |unit| of(*unit)).chain(half))
}

fn utf_16_text(units: impl Iterator<Item = u16>) -> Result<String, Undecodable> {
    let mut at = 2;
    let mut text = String::new();
    for unit in char::decode_utf16(units) {
        let character = unit.map_err(|_| Undecodable { at })?;
        at += 2 * character.len_utf16();
        text.push(character);
    }
    Ok(text)
}
