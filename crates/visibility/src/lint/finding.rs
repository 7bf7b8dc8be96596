//! One thing that was found.

use std::{cmp::Ordering, sync::Arc};

use document::Span;
use mapping::{BackendMode, RuleSource};
use rbac::{AnyRole, Binding, ResourceRequest, Rule, escalation::Severity};

use super::{BindingSubject, Check};
use crate::NamedPrincipal;

/// A finding: one check, for one subject, in all its places.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// What was looked for.
    pub check: Check,
    /// The codes of other ways to the same service accounts, which they have as well.
    pub others: Vec<&'static str>,
    /// How bad it is here.
    pub severity: Severity,
    /// Whom it is about.
    pub who: Option<BindingSubject<'a>>,
    /// The AWS principals that log in as they, as far as logins are known.
    pub principals: Vec<&'a NamedPrincipal>,
    /// Whether it holds in the whole cluster.
    pub is_everywhere: bool,
    /// The namespaces that it is about.
    pub namespaces: Vec<&'a str>,
    /// What grants it: of every place, what it takes.
    pub paths: Vec<Path<'a>>,
    /// The whole of it in one sentence.
    pub message: String,
    /// Where it is written, if it is not in a binding or role.
    pub origin: Option<Span>,
    /// The file and line that it is about, where that is known and is in no binding or role. The text need not be at hand.
    pub place: Option<(Arc<str>, usize)>,
}

/// The binding, role and rule behind a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The role.
    pub role: Option<&'a AnyRole>,
    /// The rule, and what it allows that is found here.
    pub allows: Option<(&'a Rule, ResourceRequest<'a>)>,
}

impl<'a> Finding<'a> {
    /// One that nothing is said of yet but what was looked for, and of whom.
    pub(super) fn new(check: Check, who: Option<BindingSubject<'a>>, message: String) -> Self {
        let (others, principals, namespaces, paths) = Default::default();
        let (severity, is_everywhere, origin, place) = (check.severity, false, None, None);
        Self { check, others, severity, who, principals, is_everywhere, namespaces, paths, message, origin, place }
    }

    /// The same, about a place: a file of its own, and no object of a cluster.
    pub(super) fn at(self, file: &Arc<str>, line: usize) -> Self {
        let is_file = line > 0 && !file.is_empty() && !file.starts_with("ConfigMap ");
        Self { place: is_file.then(|| (Arc::clone(file), line)), ..self }
    }

    /// The same, about an entry of a mapping. An `IAMIdentityMapping` and an EKS access entry stand in no file.
    pub(super) fn of_rule(self, source: &RuleSource) -> Self {
        let is_in_file = !source.is_object() && source.mode != BackendMode::AccessEntries;
        if is_in_file { self.at(&source.file, source.line) } else { self }
    }

    /// Returns where it is written: in a file that a person wrote, the binding first.
    pub fn written(&self) -> Option<Span> {
        let of_path = |path: &Path<'_>| path.binding.origin().or(path.role?.origin());
        self.origin.or_else(|| self.paths.iter().find_map(of_path))
    }

    /// The worst first, then what it is about.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let key = |finding: &Self| (std::cmp::Reverse(finding.severity), finding.who);
        let rest = |finding: &Self| (finding.check.code.code, finding.origin);
        key(self)
            .cmp(&key(other))
            .then_with(|| rest(self).cmp(&rest(other)))
            .then_with(|| self.message.cmp(&other.message))
    }
}
