//! Files put together from the words of their format.
//!
//! Bytes choose what is said and how: mostly what the format knows, now and then something else, so that readers get far and
//! still meet surprises.

use arbitrary::Unstructured;
use serde_json::{Map, Value, json};

/// What may stand in a place of a file.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these, which is a number, a truth value or null in YAML.
    Scalar(&'static [&'static str]),
    /// Up to four of these.
    List(&'static Shape),
    /// One to three of these.
    Several(&'static Shape),
    /// Some of these keys.
    Map(&'static [(&'static str, Shape)]),
    /// Mostly all of these keys.
    Exact(&'static [(&'static str, Shape)]),
    /// The first shape, and in one of twelve places the second.
    Rarely(&'static Shape, &'static Shape),
    /// One of these shapes.
    Either(&'static [Shape]),
}

/// The text that an input stands for: itself, or a file of the shape, in YAML or JSON, with a few bytes of it changed.
pub(crate) fn text(bytes: &[u8], shape: &Shape) -> Option<String> {
    let (how, rest) = bytes.split_first()?;
    if how % 2 == 0 {
        return String::from_utf8(rest.to_vec()).ok();
    }
    let mut choices = Unstructured::new(rest);
    let value = value(&mut choices, shape)?;
    let written = if how & 2 == 0 { serde_saphyr::to_string(&value).ok()? } else { value.to_string() };
    let written = if choices.ratio(1, 3).unwrap_or(false) {
        edited(&mut choices, written.into_bytes())
    } else {
        written.into_bytes()
    };
    String::from_utf8(written).ok()
}

/// Whether an input is made of choices, where any other first byte belongs to a text: no text in UTF-8 begins with these.
pub(crate) fn are_choices(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| (0x80..=0xbf).contains(first))
}

/// JSON of a shape, by the choices behind the first byte, with a few bytes of it changed in every fourth.
pub(crate) fn json(bytes: &[u8], shape: &Shape) -> Option<Vec<u8>> {
    let mut choices = Unstructured::new(bytes.get(1..)?);
    let written = value(&mut choices, shape)?.to_string().into_bytes();
    Some(if choices.ratio(1, 4).unwrap_or(false) { edited(&mut choices, written) } else { written })
}

/// A value of a shape.
pub(crate) fn value(choices: &mut Unstructured<'_>, shape: &Shape) -> Option<Value> {
    // Where nothing is left to choose by, every ratio holds.
    if !choices.is_empty() && choices.ratio(1, 150).ok()? {
        return surprise(choices);
    }
    Some(match shape {
        Shape::Word(words) => Value::from(*choices.choose(words).ok()?),
        Shape::Scalar(words) => serde_json::from_str(choices.choose(words).ok()?).ok()?,
        Shape::Rarely(usual, rare) => {
            let is_rare = !choices.is_empty() && choices.ratio(1, 12).ok()?;
            value(choices, if is_rare { rare } else { usual })?
        }
        Shape::Either(shapes) => {
            let shape = choices.choose(shapes).ok()?;
            value(choices, shape)?
        }
        Shape::List(of) | Shape::Several(of) => {
            let bounds = if matches!(shape, Shape::Several(_)) { 1..=3 } else { 0..=4 };
            let many = choices.int_in_range(bounds).ok()?;
            Value::Array((0..many).map_while(|_| value(choices, of)).collect())
        }
        Shape::Map(keys) | Shape::Exact(keys) => {
            let mut map = Map::new();
            let (of, all) = if matches!(shape, Shape::Exact(_)) { (59, 60) } else { (3, 4) };
            for (key, shape) in *keys {
                if choices.ratio(of, all).ok()? {
                    map.insert((*key).to_owned(), value(choices, shape)?);
                }
            }
            map.into()
        }
    })
}

/// What the format does not know.
fn surprise(choices: &mut Unstructured<'_>) -> Option<Value> {
    Some(match choices.int_in_range(0..=7).ok()? {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(choices.arbitrary::<i64>().ok()?),
        4 => json!(choices.arbitrary::<bool>().ok()?),
        5 => json!([[null]]),
        6 => json!({"": ""}),
        _ => json!(choices.arbitrary::<String>().ok()?),
    })
}

/// The bytes with some of them replaced, left out, or preceded by others.
pub(crate) fn edited(choices: &mut Unstructured<'_>, mut bytes: Vec<u8>) -> Vec<u8> {
    // No choices that are left are no edits.
    let many = if choices.is_empty() { 0 } else { choices.int_in_range(0..=3).unwrap_or_default() };
    for _ in 0..many {
        let Ok(at) = choices.choose_index(bytes.len().max(1)) else { break };
        let added: Option<u8> = choices.arbitrary().unwrap_or_default();
        let removed = usize::from(choices.arbitrary().unwrap_or(false) && at < bytes.len());
        bytes.splice(at..at + removed, added);
    }
    bytes
}
