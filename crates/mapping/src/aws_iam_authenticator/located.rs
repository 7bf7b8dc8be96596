//! Values with their places, as Go's libraries hand them on.

use std::fmt;

use document::{Node, Scalar, Value, unescape_json};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// One value, and the byte that it begins at.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) at: usize,
    pub(super) what: What,
}

/// What it is.
#[derive(Clone, Debug)]
pub(super) enum What {
    Null,
    Bool,
    Number,
    Text(Box<str>),
    List(Vec<Located>),
    /// In the order in which they are decoded; the same key may stand more than once in JSON.
    Map(Vec<(Key, Located)>),
}

/// A key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: Box<str>,
    pub(super) at: usize,
}

impl Located {
    /// A tree of YAML on its way through JSON: encoding/json writes keys in the order of their bytes.
    pub(super) fn of_yaml(node: &Node) -> Self {
        let what = match &node.value {
            Value::Scalar(scalar) => What::of(scalar),
            Value::Sequence(nodes, _) => What::List(nodes.iter().map(Self::of_yaml).collect()),
            Value::Mapping(entries, _) => {
                let key = |entry: &document::Entry| Key { text: entry.key.text.clone(), at: entry.key_span.start };
                let mut pairs: Vec<(Key, Self)> =
                    entries.iter().map(|entry| (key(entry), Self::of_yaml(&entry.value))).collect();
                pairs.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
                What::Map(pairs)
            }
        };
        Self { at: node.span.start, what }
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.what {
            What::Null => "nothing",
            What::Bool => "a truth value",
            What::Number => "a number",
            What::Text(_) => "text",
            What::List(_) => "a list",
            What::Map(_) => "a mapping",
        }
    }
}

impl What {
    fn of(scalar: &Scalar) -> Self {
        match () {
            () if scalar.is_null() => Self::Null,
            () if scalar.as_bool().is_some() => Self::Bool,
            () if scalar.is_number() => Self::Number,
            () => Self::Text(scalar.text.clone()),
        }
    }
}

/// How deep values are of interest; encoding/json takes 10,000 levels.
const DEPTH: usize = 8;
const MAX_DEPTH: usize = 10_000;

impl Located {
    /// A text of JSON; or where and why it is none.
    pub(super) fn of_json(text: &str) -> Result<Self, (usize, String)> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| syntax(text, &error))?;
        if depth(text) > MAX_DEPTH {
            return Err((0, "it is nested too deeply".to_owned()));
        }
        Ok(Self::of_raw(raw, text, DEPTH))
    }

    fn of_raw(raw: &RawValue, text: &str, deeper: usize) -> Self {
        let json = raw.get();
        // It is a piece of the text.
        let at = (json.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let what = match json.as_bytes().first() {
            Some(b'n') | None => What::Null,
            Some(b't' | b'f') => What::Bool,
            Some(b'"') => What::Text(unescape_json(json)),
            Some(b'[') => {
                let values = deeper.checked_sub(1).map(|deeper| {
                    let values: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
                    values.into_iter().map(|raw| Self::of_raw(raw, text, deeper)).collect()
                });
                What::List(values.unwrap_or_default())
            }
            Some(b'{') => {
                let pairs = deeper.checked_sub(1).map(|deeper| {
                    let Pairs(pairs) = serde_json::from_str(json).unwrap_or_default();
                    let pair = |(key, raw): (&RawValue, &RawValue)| {
                        let at = (key.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
                        (Key { text: unescape_json(key.get()), at }, Self::of_raw(raw, text, deeper))
                    };
                    pairs.into_iter().map(pair).collect()
                });
                What::Map(pairs.unwrap_or_default())
            }
            Some(_) => What::Number,
        };
        Self { at, what }
    }
}

/// The members of an object, each as often as it stands there.
#[derive(Default)]
struct Pairs<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(All)
    }
}

fn syntax(text: &str, error: &serde_json::Error) -> (usize, String) {
    let line = error.line().saturating_sub(1);
    let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let message = error.to_string();
    (start.min(text.len()), message.split(" at line ").next().unwrap_or_default().to_owned())
}

/// How deep brackets and braces are nested.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
