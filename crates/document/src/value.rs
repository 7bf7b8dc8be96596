//! A tree's meaning, without places.

use serde_json::{Map, Number, Value as Json};

use crate::{Dialect, Node, Scalar, Value, go::Resolved};

impl Node {
    /// Returns what it means, as the JSON that kubectl makes of it; in our own files by YAML 1.2, numbers that JSON does not
    /// spell as text.
    pub fn to_json(&self) -> Json {
        self.json(None)
    }

    /// The same as another program reads it.
    pub fn to_json_as(&self, dialect: Dialect) -> Json {
        self.json(Some(dialect))
    }

    fn json(&self, dialect: Option<Dialect>) -> Json {
        let of =
            |scalar: &Scalar| dialect.map_or_else(|| scalar.to_json(), |dialect| scalar.read_as(dialect).to_json());
        // JSON has no other keys than texts.
        let key = |scalar: &Scalar| match dialect.map(|_| of(scalar)) {
            Some(Json::Bool(truth)) => truth.to_string(),
            Some(Json::Number(number)) => number.to_string(),
            _ => scalar.text.to_string(),
        };
        match &self.value {
            Value::Scalar(scalar) => of(scalar),
            Value::Sequence(nodes, _) => nodes.iter().map(|node| node.json(dialect)).collect(),
            Value::Mapping(entries, _) => {
                let entries = entries.iter().map(|entry| (key(&entry.key), entry.value.json(dialect)));
                Json::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

impl Scalar {
    fn to_json(&self) -> Json {
        let text = || Json::from(&*self.text);
        match self.resolved() {
            Some(Resolved::Null) => Json::Null,
            Some(Resolved::Bool(truth)) => truth.into(),
            Some(Resolved::Int(int)) => int.into(),
            Some(Resolved::Uint(int)) => int.into(),
            Some(Resolved::Float(float)) => number(float).map_or_else(text, Json::Number),
            Some(Resolved::Timestamp | Resolved::Text) => text(),
            None if self.is_null() => Json::Null,
            None => match self.as_bool() {
                Some(truth) => truth.into(),
                None if self.is_number() => serde_json::from_str(&self.text).unwrap_or_else(|_| text()),
                None => text(),
            },
        }
    }
}

/// Go writes whole numbers without a point: then they are whole numbers to whoever reads the JSON.
fn number(float: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is a whole number that an i64 holds")]
        return Some((float as i64).into());
    }
    Number::from_f64(float)
}
