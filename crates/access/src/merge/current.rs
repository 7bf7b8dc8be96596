//! A `ConfigMap` as the cluster has it.

use std::collections::BTreeMap;

use mapping::aws_iam_authenticator::Standing;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// What is kept of it.
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
    /// Its other data, in base64.
    pub binary_data: BTreeMap<String, String>,
}

impl ConfigMap {
    /// One as a dump has it. What is no text in it is left out.
    pub(crate) fn of(
        labels: Texts,
        annotations: Texts,
        version: &str,
        data: Option<&RawValue>,
        binary_data: Option<&RawValue>,
    ) -> Result<Self, serde_json::Error> {
        let owned = |texts: Texts| texts.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        let text = |(key, value): (String, serde_json::Value)| Some((key, value.as_str()?.to_owned()));
        let data: Option<BTreeMap<String, serde_json::Value>> = data.map(parse).transpose()?.flatten();
        let binary_data = binary_data.map(parse).transpose()?.flatten();
        Ok(Self {
            resource_version: (!version.is_empty()).then(|| version.to_owned()),
            labels: owned(labels),
            annotations: owned(annotations),
            data: data.unwrap_or_default().into_iter().filter_map(text).collect(),
            standing: BTreeMap::new(),
            binary_data: binary_data.unwrap_or_default(),
        })
    }
}

type Texts = BTreeMap<Box<str>, Box<str>>;

fn parse<T: DeserializeOwned>(json: &RawValue) -> Result<Option<T>, serde_json::Error> {
    serde_json::from_str(json.get())
}
