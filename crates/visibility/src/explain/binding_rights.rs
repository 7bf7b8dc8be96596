//! What somebody holds, binding by binding: the same binding in many namespaces is said once.

use std::collections::BTreeMap;

use rbac::{Rule, Subject, User};

use crate::{Path, default_permissions::are_default_permissions};

/// The permissions that one binding, one policy, or membership in `system:masters` grants.
#[derive(Clone, Debug)]
pub struct BindingRights<'a> {
    /// The first of its paths, for what grants it.
    pub path: Path<'a>,
    /// The namespaces, as names or globs; empty is the whole cluster.
    pub namespaces: Vec<&'a str>,
    /// The rules; nothing of `system:masters`, which needs none.
    pub rules: Vec<&'a Rule>,
    /// To whom it is granted of what they are: their username or groups.
    pub subjects: Vec<&'a Subject>,
}

const AUTHENTICATED: &str = "system:authenticated";

/// Joins paths.
pub(super) fn binding_rights<'a>(paths: &[Path<'a>], user: &User) -> Vec<BindingRights<'a>> {
    // Rules of one binding stand together, because paths are in the order of place and binding.
    let mut of_bindings: Vec<BindingRights<'a>> = Vec::new();
    for path in paths {
        match of_bindings.last_mut() {
            Some(last) if last.path.is_by_same(path) => last.rules.extend(path.rule()),
            _ => of_bindings.push(BindingRights {
                path: *path,
                namespaces: path.place().namespaces(),
                rules: path.rule().into_iter().collect(),
                subjects: match path {
                    Path::Binding { binding, .. } => binding.subjects_of(user).collect(),
                    Path::Masters | Path::Policy { .. } => Vec::new(),
                },
            }),
        }
    }
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    let mut all: Vec<BindingRights<'a>> = Vec::new();
    for one in of_bindings {
        let Path::Binding { binding, .. } = one.path else {
            all.push(one);
            continue;
        };
        if binding.namespace().is_none() {
            all.push(one);
            continue;
        }
        let key = (binding.name(), binding.role(), one.rules.clone(), one.subjects.clone());
        match known.get(&key) {
            Some(at) => all[*at].namespaces.extend(one.namespaces),
            None => {
                known.insert(key, all.len());
                all.push(one);
            }
        }
    }
    all
}

impl BindingRights<'_> {
    /// Returns whether it is what everybody has who logs in to any cluster.
    pub fn is_of_everybody(&self) -> bool {
        let Path::Binding { binding, .. } = self.path else { return false };
        let to_everybody = |subject: &&Subject| matches!(subject, Subject::Group(name) if **name == *AUTHENTICATED);
        binding.namespace().is_none()
            && self.subjects.iter().all(to_everybody)
            && self.rules.iter().all(|rule| are_default_permissions(rule))
    }
}
