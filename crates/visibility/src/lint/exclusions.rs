//! What is not to be reported, with a reason and an end.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use access::{Access, Grant, Scope, glob};
use document::{Fields, KeyCase, Limits, Node, Problem, Problems, Source, Span};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    Check, Finding,
    checks::{checks, other},
    holders::Who,
};

/// What is not to be reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// The codes of the checks.
    pub checks: Vec<Box<str>>,
    /// Whose findings, as `Group developers`; `*` stands for any text. None is everybody's.
    pub subject: Option<Box<str>>,
    /// In which namespaces, with `*` likewise; what holds in the whole cluster is in none. None is everywhere.
    pub namespace: Option<Box<str>>,
    /// Why.
    pub reason: Box<str>,
    /// The first moment at which it holds no more.
    pub expires: Option<Timestamp>,
    /// Where it is written.
    pub span: Span,
    /// Whether it excuses only what was written in a file, because an access file says it of its own grant.
    pub is_of_file: bool,
}

const UNKNOWN_KEY: &str = "lint.unknown-key";
const MISSING: &str = "lint.missing";
const VALUE: &str = "lint.value";

/// Reads a file of exclusions; every problem of it, if there is one.
pub fn read_exclusions(source: &Source) -> Result<Vec<Exclusion>, Vec<Problem>> {
    let mut problems = Problems::default();
    let root = document::parse(source, &Limits::default())?;
    let mut exclusions = Vec::new();
    if let Some(root) = root.filter(|root| !root.is_null())
        && let Some(mut fields) = Fields::new(&root, KeyCase::Exact, &mut problems)
    {
        if let Some(entry) = fields.take("exclusions") {
            let elements = entry.value.as_sequence();
            if elements.is_none() {
                problems.push(Problem::error(VALUE, entry.value.span, "`exclusions` is a list"));
            }
            exclusions.extend(elements.into_iter().flatten().filter_map(|node| exclusion(node, &mut problems)));
        }
        finish(&mut fields, &mut problems);
    }
    if problems.has_errors() { Err(problems.into_sorted()) } else { Ok(exclusions) }
}

fn exclusion(node: &Node, problems: &mut Problems) -> Option<Exclusion> {
    let mut fields = Fields::new(node, KeyCase::Exact, problems)?;
    let checks = fields.take("check").map(|entry| codes(&entry.value, problems));
    let mut text =
        |key, problems: &mut Problems| fields.text(key, problems).map(|(text, span)| (Box::from(text), span));
    let subject = text("subject", problems);
    let namespace = text("namespace", problems).map(|(text, _)| text);
    let reason = text("reason", problems).map(|(text, _): (Box<str>, _)| text);
    let expires = fields.take("expires").map(|entry| time(&entry.value, problems));
    finish(&mut fields, problems);
    if let Some((subject, span)) = &subject {
        let kind = subject.split(' ').next().unwrap_or_default();
        if !["User", "Group", "ServiceAccount", "*"].contains(&kind) {
            let problem = Problem::error(VALUE, *span, format!("`{subject}` does not begin with a kind of subject"));
            problems.push(problem.hint("write `Group developers`, `User alice` or `ServiceAccount ci/deployer`"));
        }
    }
    if checks.is_none() {
        let problem = Problem::error(MISSING, node.span, "an exclusion names its `check`");
        problems.push(problem.hint("a code, or a list of them; docs/lint.md has them all"));
    }
    if reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        let problem = Problem::error(MISSING, node.span, "an exclusion says its `reason`");
        problems.push(problem.hint("whoever reads it next must be able to tell whether it still holds"));
    }
    Some(Exclusion {
        checks: checks?,
        subject: subject.map(|(subject, _)| subject),
        namespace,
        reason: reason?,
        expires: expires.flatten(),
        span: node.span,
        is_of_file: false,
    })
}

fn finish(fields: &mut Fields<'_>, problems: &mut Problems) {
    fields.finish(problems, |entry, nearest| {
        let problem = Problem::error(UNKNOWN_KEY, entry.key_span, format!("there is no key `{}` here", entry.key.text));
        match nearest {
            Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
            None => problem,
        }
    });
}

/// One code or several.
fn codes(node: &Node, problems: &mut Problems) -> Vec<Box<str>> {
    let nodes = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    let mut codes = Vec::new();
    for node in nodes {
        let Some((code, span)) = node.text(problems) else { continue };
        if !checks().any(|check| check.code == code) {
            let problem = Problem::error(VALUE, span, format!("there is no check `{code}`"));
            let nearest = document::nearest(code, checks().map(|check| check.code));
            problems.push(match nearest {
                Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
                None => problem.hint("docs/lint.md has them all"),
            });
        }
        codes.push(code.into());
    }
    codes
}

/// A date, through that day, or a time: as an access file has it.
fn time(node: &Node, problems: &mut Problems) -> Option<Timestamp> {
    let text = node.as_scalar().map(|scalar| &*scalar.text).unwrap_or_default();
    let through = |date: Date| date.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let time = if text.len() == 10 { text.parse().ok().and_then(through) } else { text.parse().ok() };
    if time.is_none() {
        let problem = Problem::error(VALUE, node.span, format!("`{text}` is neither a date nor a time"));
        problems.push(problem.hint("write 2026-12-31 (through that day, UTC) or 2026-12-31T18:00:00Z"));
    }
    time
}

/// What an access file accepts of its own grants: `access.escalates` and `access.too-broad` are these checks' findings.
pub(super) fn accepted(access: &Access) -> Vec<Exclusion> {
    let checks: Vec<Box<str>> = checks()
        .filter(|check| check.escalation.is_some() || check.code == "node-files")
        .map(|check| check.code.into())
        .collect();
    let of = |accept: &access::Accept, group: &str, namespace: Option<&str>, span: Span| Exclusion {
        checks: checks.clone(),
        subject: Some(format!("Group {group}").into()),
        namespace: namespace.map(Into::into),
        reason: accept.reason.clone(),
        expires: None,
        span,
        is_of_file: true,
    };
    let is_one = |accept: &&access::Accept| ["access.escalates", "access.too-broad"].contains(&&*accept.code.value);
    let mut accepted = Vec::new();
    for group in access.groups.iter().flatten() {
        let name = &*group.name.value;
        accepted.extend(group.accept.iter().filter(is_one).map(|accept| of(accept, name, None, accept.code.span)));
        for Grant { accept, scope, .. } in group.grants.iter().flatten() {
            for accept in accept.iter().filter(is_one) {
                let span = accept.code.span;
                match scope {
                    Scope::Namespaces(names) => {
                        accepted.extend(names.iter().map(|namespace| of(accept, name, Some(&namespace.value), span)));
                    }
                    Scope::Cluster | Scope::Selector(..) => accepted.push(of(accept, name, None, span)),
                }
            }
        }
    }
    accepted
}

/// Exclusions at work: what they exclude is counted.
pub(super) struct Excluded<'a> {
    exclusions: &'a [Exclusion],
    now: Timestamp,
    used: RefCell<BTreeSet<usize>>,
    count: Cell<usize>,
}

impl<'a> Excluded<'a> {
    pub(super) fn new(exclusions: &'a [Exclusion], now: Timestamp) -> Self {
        Self { exclusions, now, used: RefCell::default(), count: Cell::default() }
    }

    /// Whether something is excluded that is found of somebody in a namespace, or everywhere; what grants it may stand
    /// in the access file.
    pub(super) fn holds(&self, code: &str, who: Option<Who<'_>>, namespace: Option<&str>, is_of_file: bool) -> bool {
        if self.exclusions.is_empty() {
            return false;
        }
        let who = who.map(|who| who.to_string()).unwrap_or_default();
        let fits = |exclusion: &Exclusion| {
            exclusion.checks.iter().any(|check| **check == *code)
                && exclusion.subject.as_deref().is_none_or(|subject| glob(subject, &who))
                && exclusion
                    .namespace
                    .as_deref()
                    .is_none_or(|pattern| namespace.is_some_and(|name| glob(pattern, name)))
                && (!exclusion.is_of_file || is_of_file)
        };
        let mut fitting = self.exclusions.iter().enumerate().filter(|(_, exclusion)| fits(exclusion)).peekable();
        let mut is_excluded = false;
        for (at, exclusion) in fitting.by_ref() {
            self.used.borrow_mut().insert(at);
            is_excluded |= exclusion.expires.is_none_or(|expires| self.now < expires);
        }
        self.count.set(self.count.get() + usize::from(is_excluded));
        is_excluded
    }

    /// How often something was excluded.
    pub(super) fn count(&self) -> usize {
        self.count.get()
    }

    /// What is wrong with the exclusions themselves. What an access file accepts is that file's own matter.
    pub(super) fn findings<'f>(&self) -> Vec<Finding<'f>> {
        let used = self.used.borrow();
        let own = self.exclusions.iter().enumerate().filter(|(_, exclusion)| !exclusion.is_of_file);
        let finding = |check: Check, exclusion: &Exclusion, words: String| {
            let Exclusion { checks, reason, .. } = exclusion;
            let message = format!("the exclusion of {} ({reason}) {words}", checks.join(", "));
            Finding { origin: Some(exclusion.span), ..Finding::new(check, None, message) }
        };
        own.filter_map(|(at, exclusion)| match exclusion.expires.filter(|expires| *expires <= self.now) {
            Some(ended) => Some(finding(other("exclusion-expired"), exclusion, format!("ended at {ended}"))),
            None if !used.contains(&at) => {
                Some(finding(other("exclusion-unused"), exclusion, "excludes nothing".to_owned()))
            }
            None => None,
        })
        .collect()
    }
}
