//! For code hosts, which show findings beside the lines of manifests.

use document::{Problem, RuleText, Severity, Sources, Span};
use inventory::Unseen;
use rbac::escalation;
use serde_json::{Value, json};

use super::also;
use crate::lint::{Finding, Report, checks};

/// SARIF 2.1.0 of the findings from a severity on: danger is an error there, and info a note. What is in no file has no place.
pub fn sarif(report: &Report<'_>, sources: &Sources, gaps: &[Unseen], from: escalation::Severity) -> Value {
    let rules: Vec<RuleText> = checks()
        .map(|check| RuleText { code: check.code.code, about: check.code.meaning, advice: check.code.fix })
        .collect();
    let problems: Vec<Problem> =
        report.findings.iter().filter(|finding| finding.severity >= from).map(problem).collect();
    let mut sarif = document::to_sarif(sources, &problems, &rules);
    // Who takes a finding that is gone for one that is mended has to know what was not looked at.
    let notification = |gap: &Unseen| {
        let text = format!("incomplete: {gap}");
        json!({"level": "warning", "message": {"text": text}})
    };
    sarif["runs"][0]["invocations"] = json!([{
        "executionSuccessful": !report.is_incomplete,
        "toolExecutionNotifications": gaps.iter().map(notification).collect::<Vec<_>>(),
    }]);
    sarif
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
    Problem { severity, ..Problem::error(check.code.code, span, format!("{message}{others}{by}")).hint(check.code.fix) }
}
