//! Findings to leave out of the report, each with a reason and an expiry.

mod baseline;
mod found;
mod pattern;

use access::{Access, Grant, Scope};
use document::{Fields, KeyCase, Limits, Node, Problem, Problems, Source, Span};
use jiff::Timestamp;
use rbac::escalation::Severity;

pub use self::baseline::baseline;
pub(super) use self::found::{Excluded, Found};
use super::checks::checks;

/// A finding to leave out of the report. Every key narrows it; all of them must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusion {
    /// The codes of the checks.
    pub checks: Vec<Box<str>>,
    /// Whose findings, as `Group developers`; `*` stands for any text. None is everybody's.
    pub subject: Option<Box<str>>,
    /// Findings about an AWS principal, by its ARN, with `*` likewise. None is everybody's.
    pub principal: Option<Box<str>>,
    /// In which namespaces, with `*` likewise; what holds in the whole cluster is in none. Empty is everywhere.
    pub namespaces: Vec<Box<str>>,
    /// Only what holds in the whole cluster.
    pub everywhere: bool,
    /// Only what comes by these bindings, as `RoleBinding dev/team`, with `*` likewise. Empty is by any.
    pub bindings: Vec<Box<str>>,
    /// Only what leads to this, where rules name objects: `ServiceAccount ci/deployer`, `ClusterRole admin`.
    pub target: Option<Box<str>>,
    /// Only up to this severity; whatever becomes worse is reported. None is any.
    pub severity: Option<Severity>,
    /// Why.
    pub reason: Box<str>,
    /// The first moment at which it holds no more.
    pub expires: Option<Timestamp>,
    /// Where it is written.
    pub span: Span,
    /// Whether it excuses only what was written in a file, because an access file says it of its own grant.
    pub is_of_file: bool,
}

impl Exclusion {
    /// Returns whether nobody has said yet why.
    pub fn is_unexplained(&self) -> bool {
        self.reason.trim_start().starts_with(TO_DO)
    }
}

/// What a reason begins with that is still to be filled in.
const TO_DO: &str = "TODO";

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
    let subject: Option<(Box<str>, Span)> = text("subject", problems);
    let principal = text("principal", problems).map(|(text, _)| text);
    let target = text("target", problems).map(|(text, _)| text);
    let reason = text("reason", problems).map(|(text, _): (Box<str>, _)| text);
    let severity = text("severity", problems).and_then(|(text, span)| severity(&text, span, problems));
    let expires = fields.take("expires").map(|entry| time(&entry.value, problems));
    let namespaces = fields.take("namespace").map(|entry| texts(&entry.value, problems)).unwrap_or_default();
    let bindings = fields.take("binding").map(|entry| texts(&entry.value, problems)).unwrap_or_default();
    let everywhere = fields.boolean("everywhere", problems);
    finish(&mut fields, problems);
    if let Some((subject, span)) = &subject {
        of_kind(subject, *span, &["User", "Group", "ServiceAccount"], "a kind of subject", problems);
    }
    for (binding, span) in &bindings {
        of_kind(binding, *span, &["RoleBinding", "ClusterRoleBinding"], "a kind of binding", problems);
    }
    match everywhere {
        Some((true, span)) if !namespaces.is_empty() => {
            let problem = Problem::error(VALUE, span, "`everywhere` and `namespace` exclude each other");
            problems.push(problem.hint("leave `everywhere` or `namespace` out"));
        }
        Some((false, span)) => {
            let problem = Problem::error(VALUE, span, "`everywhere` takes only `true`");
            problems.push(problem.hint("name the namespaces by `namespace`"));
        }
        Some((true, _)) | None => {}
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
        principal,
        namespaces: namespaces.into_iter().map(|(text, _)| text).collect(),
        everywhere: everywhere.is_some_and(|(everywhere, _)| everywhere),
        bindings: bindings.into_iter().map(|(text, _)| text).collect(),
        target,
        severity,
        reason: reason?,
        expires: expires.flatten(),
        span: node.span,
        is_of_file: false,
    })
}

/// A problem where a pattern does not begin with one of the kinds that it is compared with.
fn of_kind(text: &str, span: Span, kinds: &[&str], what: &str, problems: &mut Problems) {
    let kind = text.split(' ').next().unwrap_or_default();
    if kind != "*" && !kinds.contains(&kind) {
        let problem = Problem::error(VALUE, span, format!("`{text}` does not begin with {what}"));
        let hint = if kinds.len() == 3 {
            "write `Group developers`, `User alice` or `ServiceAccount ci/deployer`"
        } else {
            "write `RoleBinding dev/team` or `ClusterRoleBinding admins`"
        };
        problems.push(problem.hint(hint));
    }
}

/// One text or several.
fn texts(node: &Node, problems: &mut Problems) -> Vec<(Box<str>, Span)> {
    let nodes = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    nodes.iter().filter_map(|node| node.text(problems)).map(|(text, span)| (text.into(), span)).collect()
}

fn severity(text: &str, span: Span, problems: &mut Problems) -> Option<Severity> {
    let all = [Severity::Danger, Severity::Warning, Severity::Info];
    let found = all.into_iter().find(|severity| severity.as_str() == text);
    if found.is_none() {
        let problem = Problem::error(VALUE, span, format!("there is no severity `{text}`"));
        problems.push(problem.hint("write danger, warning or info"));
    }
    found
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
    let mut codes = Vec::new();
    for (code, span) in texts(node, problems) {
        if !checks().any(|check| check.code.code == &*code) {
            let problem = Problem::error(VALUE, span, format!("there is no check `{code}`"));
            let nearest = document::nearest(&code, checks().map(|check| check.code.code));
            problems.push(match nearest {
                Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
                None => problem.hint("docs/lint.md has them all"),
            });
        }
        codes.push(code);
    }
    codes
}

/// A date, through that day, or a time: as an access file has it.
fn time(node: &Node, problems: &mut Problems) -> Option<Timestamp> {
    let text = node.as_scalar().map(|scalar| &*scalar.text).unwrap_or_default();
    let time = access::read_expiry(text);
    if time.is_none() {
        let problem = Problem::error(VALUE, node.span, format!("`{text}` is neither a date nor a time"));
        problems.push(problem.hint(access::WRITE_EXPIRY));
    }
    time
}

/// What an access file accepts of its own grants: `access.escalates` and `access.too-broad` are these checks' findings.
pub(super) fn accepted(access: &Access) -> Vec<Exclusion> {
    let checks: Vec<Box<str>> = checks()
        .filter(|check| check.escalation.is_some() || check.code.code == "node-files")
        .map(|check| check.code.code.into())
        .collect();
    let of = |accept: &access::Accept, group: &str, namespace: Option<&str>, span: Span| Exclusion {
        checks: checks.clone(),
        subject: Some(format!("Group {}", pattern::literal(group)).into()),
        namespaces: namespace.into_iter().map(Into::into).collect(),
        reason: accept.reason.clone(),
        span,
        is_of_file: true,
        ..Exclusion::default()
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
