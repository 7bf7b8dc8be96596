//! `null` as the API server reads it, which is as Go's `encoding/json` does: the same as nothing, and in a list of texts or
//! as one of several values an empty text.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Nothing where `null` stands.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(value: D) -> Result<T, D::Error> {
    Option::deserialize(value).map(Option::unwrap_or_default)
}

/// Texts, of which `null` is an empty one.
pub(crate) fn texts<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<Box<str>>, D::Error> {
    let texts: Option<Vec<Option<Box<str>>>> = Option::deserialize(value)?;
    Ok(texts.unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect())
}

/// The same, each under a key.
pub(crate) fn texts_by_key<'de, D: Deserializer<'de>>(value: D) -> Result<BTreeMap<Box<str>, Box<str>>, D::Error> {
    let texts: Option<BTreeMap<Box<str>, Option<Box<str>>>> = Option::deserialize(value)?;
    Ok(texts.unwrap_or_default().into_iter().map(|(key, text)| (key, text.unwrap_or_default())).collect())
}
