//! Findings of the same bindings, together: who looks at one of them looks at the binding.

use std::collections::{BTreeMap, HashSet};

use rbac::{Binding, escalation::Severity};

use super::Finding;

/// Findings that come by the same bindings.
#[derive(Debug)]
pub(super) struct Group<'r, 'a> {
    /// The bindings, in the order in which the first finding has them; none where none has to do with it.
    pub(super) bindings: Vec<&'a Binding>,
    /// The findings, the worst first.
    pub(super) findings: Vec<&'r Finding<'a>>,
}

impl Group<'_, '_> {
    /// How bad the worst is.
    pub(super) fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
    }
}

/// Groups, in the order of the worst of each. What comes by no binding is a group of its own.
pub(super) fn groups<'r, 'a>(findings: &'r [Finding<'a>]) -> Vec<Group<'r, 'a>> {
    let mut groups: Vec<Group<'r, 'a>> = Vec::new();
    let mut by_bindings: BTreeMap<Vec<*const Binding>, usize> = BTreeMap::new();
    for finding in findings {
        let mut seen: HashSet<*const Binding> = HashSet::new();
        let bindings = finding.paths.iter().map(|path| path.binding).filter(|binding| seen.insert(*binding));
        let bindings: Vec<&'a Binding> = bindings.collect();
        let mut key: Vec<*const Binding> = bindings.iter().map(|binding| std::ptr::from_ref(*binding)).collect();
        key.sort_unstable();
        match by_bindings.get(&key).filter(|_| !key.is_empty()) {
            Some(at) => groups[*at].findings.push(finding),
            None => {
                if !key.is_empty() {
                    by_bindings.insert(key, groups.len());
                }
                groups.push(Group { bindings, findings: vec![finding] });
            }
        }
    }
    groups
}
