//! A `ConfigMap` as the cluster has it.

use std::collections::BTreeMap;

use mapping::aws_iam_authenticator::Standing;
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};

/// A `ConfigMap`, reduced to the fields that mappings need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigMap {
    /// Its version, which makes applying a changed one a conflict.
    pub resource_version: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations, without the one in which kubectl keeps what it applied last.
    pub annotations: BTreeMap<String, String>,
    /// Its texts.
    pub data: BTreeMap<String, String>,
    /// Where these stand, if somebody wrote them into a file.
    pub standing: BTreeMap<String, Standing>,
    /// The file that stands in place of it, if one does.
    pub in_file: Option<Box<str>>,
    /// Its other data, in base64.
    pub binary_data: BTreeMap<String, String>,
}

impl ConfigMap {
    /// Returns the authenticator's configuration in a file of its own.
    pub fn of_file(name: &str, text: &str) -> Self {
        let key = "config.yaml".to_owned();
        Self {
            data: [(key.clone(), text.to_owned())].into(),
            standing: [(key, Standing::alone(name))].into(),
            in_file: Some(name.into()),
            ..Self::default()
        }
    }

    /// Returns one as a dump has it.
    ///
    /// # Errors
    ///
    /// It is not a `ConfigMap` that an API server takes.
    pub fn of(
        labels: Texts,
        annotations: Texts,
        version: &str,
        data: Option<&RawValue>,
        binary_data: Option<&RawValue>,
    ) -> Result<Self, NotOfTexts> {
        let owned = |texts: Texts| texts.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        let given: Option<BTreeMap<String, Value>> = data.map(parse).transpose()?.flatten();
        let binary_data = binary_data.map(parse).transpose()?.flatten();
        let (mut data, mut others) = (BTreeMap::new(), Vec::new());
        for (key, value) in given.unwrap_or_default() {
            match value {
                Value::String(text) => drop(data.insert(key, text)),
                Value::Null => drop(data.insert(key, String::new())),
                other => others.push(NotText { key: key.into(), kind: kind(&other) }),
            }
        }
        if !others.is_empty() {
            return Err(NotOfTexts::Values(others));
        }
        Ok(Self {
            in_file: None,
            resource_version: (!version.is_empty()).then(|| version.to_owned()),
            labels: owned(labels),
            annotations: owned(annotations),
            data,
            standing: BTreeMap::new(),
            binary_data: binary_data.unwrap_or_default(),
        })
    }
}

/// Why an API server refuses a `ConfigMap`.
#[derive(Debug, thiserror::Error)]
pub enum NotOfTexts {
    /// It is of no shape that there is.
    #[error("{0}")]
    Shape(#[from] serde_json::Error),
    /// Some of its values are not strings.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Values(Vec<NotText>),
}

/// A value of a `ConfigMap` that is not a string.
#[derive(Debug, thiserror::Error)]
#[error(
    "data.{key} is {kind}, and an API server takes texts alone: it refuses the whole object; write `{key}: |`, and the same below it"
)]
pub struct NotText {
    /// Its key.
    pub key: Box<str>,
    /// What it is: `a list`.
    pub kind: &'static str,
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) | Value::Null => "text",
    }
}

type Texts = BTreeMap<Box<str>, Box<str>>;

fn parse<T: DeserializeOwned>(json: &RawValue) -> Result<Option<T>, serde_json::Error> {
    serde_json::from_str(json.get())
}
