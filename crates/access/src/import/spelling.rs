//! Names as they were written: rules have them in lower case.

use std::collections::HashMap;

use document::{Limits, Node, Source, Value};
use identity::Arn;
use mapping::{Rule, RulePrincipal};

use crate::cluster::{Holder, LiveMapping};

/// How names are written in one place of logins.
#[derive(Default)]
pub(super) struct Spelling {
    /// By the ARN that rules compare.
    arns: HashMap<String, Arn>,
    words: HashMap<String, String>,
}

impl Spelling {
    pub(super) fn of(live: &LiveMapping) -> Self {
        let mut spelling = Self::default();
        match &live.holder {
            Holder::ConfigMap(map) => map.data.values().for_each(|text| spelling.learn_all(text)),
            Holder::Objects(objects) => objects.iter().for_each(|seen| spelling.learn(&seen.object.arn)),
        }
        spelling
    }

    /// Learns from ARNs as they are written.
    pub(super) fn of_arns(arns: impl IntoIterator<Item = Arn>) -> Self {
        let mut spelling = Self::default();
        arns.into_iter().for_each(|arn| spelling.learn(&arn.to_string()));
        spelling
    }

    /// Learns from the scalars of a text, or from its words where it is no YAML.
    fn learn_all(&mut self, text: &str) {
        let root = document::parse(&Source::new("", text), &Limits::default());
        match root {
            Ok(root) => root.iter().for_each(|root| self.learn_tree(root)),
            Err(_) => {
                let is_part = |c: char| c.is_ascii_alphanumeric() || "+=.@_-:/".contains(c);
                text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).for_each(|word| self.learn(word));
            }
        }
    }

    fn learn_tree(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar(scalar) => self.learn(&scalar.text),
            Value::Sequence(nodes, _) => nodes.iter().for_each(|node| self.learn_tree(node)),
            Value::Mapping(entries, _) => entries.iter().for_each(|entry| self.learn_tree(&entry.value)),
        }
    }

    fn learn(&mut self, word: &str) {
        match word.parse::<Arn>().ok().and_then(|arn| Some((RulePrincipal::of_arn(&arn)?, arn))) {
            Some((RulePrincipal::Arn(compared), arn)) => drop(self.arns.insert(compared, arn)),
            Some((RulePrincipal::PermissionSet(_) | RulePrincipal::UniqueId(_), _)) | None => {
                self.words.entry(word.to_ascii_lowercase()).or_insert_with(|| word.to_owned());
            }
        }
    }

    pub(super) fn of_arn(&self, compared: &str) -> Option<Arn> {
        // A session's ARN stands for its role.
        let written = self.arns.get(compared).filter(|arn| arn.service == "iam");
        written.cloned().or_else(|| compared.parse().ok())
    }

    pub(super) fn of_word(&self, word: &str) -> String {
        self.words.get(word).cloned().unwrap_or_else(|| word.to_owned())
    }

    pub(super) fn of_rule(&self, rule: &Rule) -> String {
        match &rule.principal {
            RulePrincipal::Arn(arn) => self.of_arn(arn).map_or_else(|| arn.clone(), |arn| arn.to_string()),
            RulePrincipal::PermissionSet(set) => format!("the permission set {}", self.of_word(&set.name)),
        }
    }
}
