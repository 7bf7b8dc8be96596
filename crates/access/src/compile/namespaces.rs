//! Which namespaces a grant reaches.

use std::{
    collections::BTreeMap,
    ops::Bound::{Included, Unbounded},
};

use document::Problems;
use rbac::Labels;

use super::Facts;
use crate::{Code, Grant, Scope};

/// The namespaces of a cluster by name, if it was asked for them.
pub(crate) struct Namespaces<'a>(Option<BTreeMap<&'a str, &'a Labels>>);

impl<'a> Namespaces<'a> {
    /// Those of the facts.
    pub(crate) fn of(facts: &'a Facts) -> Self {
        let by_name = |all: &'a Vec<crate::Namespace>| all.iter().map(|one| (&*one.name, &one.labels)).collect();
        Self(facts.namespaces.as_ref().map(by_name))
    }

    /// Whether the cluster was asked.
    pub(crate) fn are_known(&self) -> bool {
        self.0.is_some()
    }

    /// Where a grant holds, in order and each once: `None` is the whole cluster. What only the cluster knows and nobody
    /// asked for is left out here; consumers refuse it before.
    pub(crate) fn reached<'g>(&self, grant: &'g Grant, problems: &mut Problems) -> Vec<Option<&'g str>>
    where
        'a: 'g,
    {
        match &grant.scope {
            Scope::Cluster => vec![None],
            Scope::Namespaces(patterns) => {
                let mut found = Vec::with_capacity(patterns.len());
                for pattern in patterns {
                    let before = found.len();
                    self.add_matching(&pattern.value, &mut found);
                    if found.len() == before && self.are_known() {
                        let message = format!("the cluster has no namespace `{}`", pattern.value);
                        problems.push(Code::NoNamespace.at(pattern.span, message).hint("this grant is skipped there"));
                    }
                }
                found.sort_unstable();
                found.dedup();
                found
            }
            Scope::Selector(selector, span) => {
                let all = self.0.iter().flatten().filter(|(name, _)| !is_withheld(name));
                let chosen = all.filter(|(_, labels)| selector.matches(labels));
                let found: Vec<_> = chosen.map(|(name, _)| Some(*name)).collect();
                if found.is_empty() && self.are_known() {
                    problems.push(Code::NoNamespace.at(*span, "no namespace of the cluster has these labels"));
                }
                found
            }
        }
    }

    fn add_matching<'g>(&self, pattern: &'g str, found: &mut Vec<Option<&'g str>>)
    where
        'a: 'g,
    {
        match (&self.0, pattern.split_once('*')) {
            (None, Some(_)) => {}
            (None, None) => found.push(Some(pattern)),
            (Some(all), None) => found.extend(all.get_key_value(pattern).map(|(name, _)| Some(*name))),
            (Some(all), Some((beginning, _))) => {
                let from = all.range::<str, _>((Included(beginning), Unbounded)).map(|(name, _)| *name);
                let alike = from.take_while(|name| name.starts_with(beginning));
                let matching = |name: &&str| !is_withheld(name) && glob(pattern, name);
                found.extend(alike.filter(matching).map(Some));
            }
        }
    }
}

/// Returns the namespaces that globs and selectors never match: Kubernetes' own and ours.
pub fn is_withheld(namespace: &str) -> bool {
    namespace.starts_with("kube-") || namespace == "cluster-auth"
}

/// Returns whether a text fits a pattern in which `*` stands for any text.
///
/// The text between two stars is searched for once: if the rest does not fit after its first occurrence, it fits after no other.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(end) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(end)
}
