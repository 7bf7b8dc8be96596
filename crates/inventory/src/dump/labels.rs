//! Labels that are not known of roles, where other roles are chosen by them.

use std::collections::BTreeSet;

use rbac::{AnyRole, LabelSelector};

use super::{Dump, Unseen};
use crate::About;

/// A role that kustomizations give different labels.
#[derive(Clone, Debug)]
pub(super) struct OpenLabels {
    /// The role, and where it stands.
    what: Box<str>,
    keys: BTreeSet<Box<str>>,
}

impl Dump {
    /// Takes in that of a role these labels are not known.
    pub(crate) fn labels_are_open(&mut self, what: &str, keys: BTreeSet<Box<str>>) {
        if !keys.is_empty() {
            self.open_labels.push(OpenLabels { what: what.into(), keys });
        }
    }

    /// Returns a gap for each that an aggregated role may choose, or not, by such a label.
    pub(super) fn labels_unseen(&self) -> Vec<Unseen> {
        let gap = |OpenLabels { what, keys }: &OpenLabels| {
            let (by, key) = self.roles.iter().find_map(|seen| Some((&seen.object, chosen_by(&seen.object, keys)?)))?;
            let why = format!(
                "the ClusterRole {} chooses by the label {key}, which kustomizations do not give it alike; give what `kubectl \
                 kustomize` makes of each, by `--from -`",
                by.id().1
            );
            Some(Unseen::new(format!("whether the {what} is aggregated"), why).about(About::Aggregation))
        };
        self.open_labels.iter().filter_map(gap).collect()
    }
}

/// The first of these labels that an aggregated role chooses by.
fn chosen_by<'k>(role: &AnyRole, keys: &'k BTreeSet<Box<str>>) -> Option<&'k str> {
    let selectors: &[LabelSelector] = role.as_cluster_role()?.aggregation.as_deref()?;
    let is_one = |key: &str| {
        let of = |one: &LabelSelector| {
            one.match_labels.contains_key(key) || one.match_expressions.iter().any(|rule| *rule.key == *key)
        };
        selectors.iter().any(of)
    };
    keys.iter().map(|key| &**key).find(|key| is_one(key))
}
