//! For code hosts, which show findings beside the lines of manifests.

use document::{Problem, RuleText, Severity, Sources, Span};
use rbac::escalation;
use serde_json::Value;

use super::also;
use crate::lint::{Finding, Report, checks};

/// SARIF 2.1.0: danger is an error there, and info a note. What is in no file has no place.
pub fn sarif(report: &Report<'_>, sources: &Sources) -> Value {
    let rules: Vec<RuleText> =
        checks().map(|check| RuleText { code: check.code, about: check.why, advice: check.fix }).collect();
    let problems: Vec<Problem> = report.findings.iter().map(problem).collect();
    document::to_sarif(sources, &problems, &rules)
}

fn problem(finding: &Finding<'_>) -> Problem {
    let Finding { check, message, .. } = finding;
    let severity = match finding.severity {
        escalation::Severity::Danger => Severity::Error,
        escalation::Severity::Warning => Severity::Warning,
        escalation::Severity::Info => Severity::Note,
    };
    let span = finding.written().unwrap_or(Span::NOWHERE);
    let others = also(&finding.others);
    let by = finding.paths.first().map(|path| format!(", by {}", super::binding(path.binding))).unwrap_or_default();
    Problem { severity, ..Problem::error(check.code, span, format!("{message}{others}{by}")).hint(check.fix) }
}
