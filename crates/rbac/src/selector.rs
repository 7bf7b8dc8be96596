//! Label selectors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::nulls::{or_default, texts, texts_by_key};

/// An object's labels.
pub type Labels = BTreeMap<Box<str>, Box<str>>;

/// A label selector, which chooses objects by their labels; all parts must hold, and an empty selector chooses everything.
///
/// Source: Kubernetes, `apimachinery/pkg/apis/meta/v1` `LabelSelector`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels that must have these values.
    #[serde(default, deserialize_with = "texts_by_key", skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: Labels,
    /// What else must hold.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<Requirement>,
}

/// One condition on one label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Requirement {
    /// The label's name.
    pub key: Box<str>,
    /// What must hold.
    pub operator: Operator,
    /// The values of [`Operator::In`] and [`Operator::NotIn`].
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Box<str>>,
}

/// The operator of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// It is there and has one of the values.
    In,
    /// It is not there, or has none of the values.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

impl LabelSelector {
    /// Returns whether it has no conditions, so that it chooses everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Returns whether an object with these labels is chosen.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self
                .match_expressions
                .iter()
                .all(|requirement| requirement.holds(labels.get(&requirement.key).map(|value| &**value)))
    }
}

impl Requirement {
    fn holds(&self, value: Option<&str>) -> bool {
        let is_one = |value: &str| self.values.iter().any(|one| **one == *value);
        match self.operator {
            Operator::In => value.is_some_and(is_one),
            Operator::NotIn => !value.is_some_and(is_one),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}
