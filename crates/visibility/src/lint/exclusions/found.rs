//! Exclusions at work: what is found is asked about, what they exclude is counted, and what they do not is remembered.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use jiff::Timestamp;
use rbac::{Binding, escalation::Severity};

use super::{Exclusion, pattern::fits};
use crate::lint::{BindingSubject, Check, Finding, checks::other, print, words};

/// Something that was found of somebody in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lint) struct Found<'a> {
    /// The check's code.
    pub(in crate::lint) code: &'static str,
    /// How bad it is there.
    pub(in crate::lint) severity: Severity,
    /// Of whom.
    pub(in crate::lint) who: Option<BindingSubject<'a>>,
    /// Where it is about an AWS principal: its ARN.
    pub(in crate::lint) principal: Option<String>,
    /// Where; the whole cluster is not a namespace.
    pub(in crate::lint) namespace: Option<&'a str>,
    /// By which bindings, each once.
    pub(in crate::lint) bindings: Vec<&'a Binding>,
    /// What a rule for named objects leads to.
    pub(in crate::lint) target: Option<String>,
    /// Whether the access file grants all of it.
    pub(in crate::lint) is_of_file: bool,
}

impl<'a> Found<'a> {
    /// Of a check, as bad as it is where it matters most.
    pub(in crate::lint) fn new(check: Check, who: Option<BindingSubject<'a>>, namespace: Option<&'a str>) -> Self {
        let (principal, bindings, target) = Default::default();
        let (code, severity) = (check.code.code, check.severity);
        Self { code, severity, who, principal, namespace, bindings, target, is_of_file: false }
    }

    pub(in crate::lint) fn by(mut self, bindings: impl IntoIterator<Item = &'a Binding>) -> Self {
        for binding in bindings {
            if !self.bindings.iter().any(|known| std::ptr::eq(*known, binding)) {
                self.bindings.push(binding);
            }
        }
        self
    }
}

/// Exclusions at work.
pub(in crate::lint) struct Excluded<'e, 'a> {
    exclusions: &'e [Exclusion],
    now: Timestamp,
    used: RefCell<BTreeSet<Use>>,
    count: Cell<usize>,
    /// What is not excluded.
    left: RefCell<Vec<Found<'a>>>,
}

/// An exclusion that fitted, and which of its checks and namespaces.
type Use = (usize, usize, Option<usize>);

impl<'e, 'a> Excluded<'e, 'a> {
    pub(in crate::lint) fn new(exclusions: &'e [Exclusion], now: Timestamp) -> Self {
        Self { exclusions, now, used: RefCell::default(), count: Cell::default(), left: RefCell::default() }
    }

    /// Whether something that was found is excluded.
    pub(in crate::lint) fn holds(&self, found: Found<'a>) -> bool {
        let is_excluded = !self.exclusions.is_empty() && self.is_among(&found);
        if is_excluded {
            self.count.set(self.count.get() + 1);
        } else {
            self.left.borrow_mut().push(found);
        }
        is_excluded
    }

    fn is_among(&self, found: &Found<'_>) -> bool {
        let who = found.who.map(|who| who.to_string()).unwrap_or_default();
        let bindings: Vec<String> = found.bindings.iter().map(|binding| print::binding(binding)).collect();
        let mut is_excluded = false;
        for (at, exclusion) in self.exclusions.iter().enumerate() {
            let Some((check, namespace)) = exclusion.fits(found, &who, &bindings) else { continue };
            self.used.borrow_mut().insert((at, check, namespace));
            is_excluded |= exclusion.expires.is_none_or(|expires| self.now < expires);
        }
        is_excluded
    }

    /// How often something was excluded.
    pub(in crate::lint) fn count(&self) -> usize {
        self.count.get()
    }

    /// How many exclusions excluded something, and nobody has said why.
    pub(in crate::lint) fn unexplained(&self) -> usize {
        let used: BTreeSet<usize> = self.used.borrow().iter().map(|(at, ..)| *at).collect();
        used.into_iter().filter(|at| self.exclusions[*at].is_unexplained()).count()
    }

    /// What is not excluded.
    pub(in crate::lint) fn left(self) -> Vec<Found<'a>> {
        self.left.into_inner()
    }

    /// What is wrong with the exclusions themselves. What an access file accepts is that file's own matter.
    pub(in crate::lint) fn findings<'f>(&self) -> Vec<Finding<'f>> {
        let own = self.exclusions.iter().enumerate().filter(|(_, exclusion)| !exclusion.is_of_file);
        let finding = |check: Check, exclusion: &Exclusion, words: String| {
            let Exclusion { checks, reason, .. } = exclusion;
            let message = format!("the exclusion of {} ({reason}) {words}", checks.join(", "));
            Finding { origin: Some(exclusion.span), ..Finding::new(check, None, message) }
        };
        own.filter_map(|(at, exclusion)| match exclusion.expires.filter(|expires| *expires <= self.now) {
            Some(ended) => Some(finding(other("exclusion-expired"), exclusion, format!("expired at {ended}"))),
            None => Some(finding(other("exclusion-unused"), exclusion, self.unused(at, exclusion)?)),
        })
        .collect()
    }

    /// What of an exclusion excludes nothing, in words.
    fn unused(&self, at: usize, exclusion: &Exclusion) -> Option<String> {
        let used = self.used.borrow();
        let used = || used.range((at, 0, None)..(at + 1, 0, None));
        if used().next().is_none() {
            return Some("excludes nothing".to_owned());
        }
        let unused = |all: &[Box<str>], is_used: &dyn Fn(usize) -> bool| -> Vec<String> {
            let unused = all.iter().enumerate().filter(|(at, _)| !is_used(*at));
            unused.map(|(_, text)| text.to_string()).collect()
        };
        let checks = unused(&exclusion.checks, &|check| used().any(|(_, of, _)| *of == check));
        let namespaces = unused(&exclusion.namespaces, &|place| used().any(|(.., of)| *of == Some(place)));
        let list = |texts: &[String]| words::list(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        match (&checks[..], &namespaces[..]) {
            ([], []) => None,
            (checks, []) => Some(format!("excludes nothing of {}", checks.join(", "))),
            ([], namespaces) => Some(format!("excludes nothing in {}", list(namespaces))),
            (checks, namespaces) => {
                Some(format!("excludes nothing of {}, and nothing in {}", checks.join(", "), list(namespaces)))
            }
        }
    }
}

impl Exclusion {
    /// Which of its checks and namespaces something is, if it is excluded by this.
    fn fits(&self, found: &Found<'_>, who: &str, bindings: &[String]) -> Option<(usize, Option<usize>)> {
        let check = self.checks.iter().position(|check| **check == *found.code)?;
        let is_of = |pattern: &Option<Box<str>>, text: Option<&str>| {
            pattern.as_deref().is_none_or(|pattern| text.is_some_and(|text| fits(pattern, text)))
        };
        // Mappings compare ARNs in whatever case.
        let lower = |arn: Option<&str>| arn.map(|arn| arn.to_ascii_lowercase().into_boxed_str());
        let is_by = |binding: &String| self.bindings.iter().any(|pattern| fits(pattern, binding));
        let is_one = is_of(&self.subject, Some(who))
            && is_of(&lower(self.principal.as_deref()), lower(found.principal.as_deref()).as_deref())
            && is_of(&self.target, found.target.as_deref())
            && (self.bindings.is_empty() || !bindings.is_empty() && bindings.iter().all(is_by))
            && self.severity.is_none_or(|severity| found.severity <= severity)
            && (!self.everywhere || found.namespace.is_none())
            && (!self.is_of_file || found.is_of_file);
        if !is_one {
            return None;
        }
        if self.namespaces.is_empty() {
            return Some((check, None));
        }
        let namespace = found.namespace?;
        let place = self.namespaces.iter().position(|pattern| fits(pattern, namespace))?;
        Some((check, Some(place)))
    }
}
