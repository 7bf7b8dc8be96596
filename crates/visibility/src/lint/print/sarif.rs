//! For code hosts, which show findings beside the lines of manifests.

use document::{Elsewhere, Problem, RuleText, Severity, Sources, Span};
use inventory::Unseen;
use rbac::escalation;
use serde_json::{Value, json};

use super::also;
use crate::{
    World,
    lint::{Finding, Path, Report, checks},
};

/// SARIF 2.1.0 of the findings from a severity on: danger is an error there, and info a note. What stands in none of the texts is in the file that is
/// known of it, or in `artifact`: what was looked at, by a name that stays the same. Its objects are named beside that.
pub fn sarif(
    report: &Report<'_>,
    world: &World,
    sources: &Sources,
    artifact: &str,
    gaps: &[Unseen],
    from: escalation::Severity,
) -> Value {
    let rules: Vec<RuleText> = checks()
        .map(|check| RuleText { code: check.code.code, about: check.code.meaning, advice: check.code.fix })
        .collect();
    let shown: Vec<&Finding<'_>> = report.findings.iter().filter(|finding| finding.severity >= from).collect();
    let problems: Vec<Problem> = shown.iter().map(|finding| problem(finding)).collect();
    let elsewhere = |finding: &&Finding<'_>| match &finding.place {
        Some((file, line)) => (file.to_string(), *line),
        // Of several dumps the one that has what grants it.
        None => {
            let file = finding.paths.first().and_then(|path| world.file_of(path.binding));
            (file.unwrap_or(artifact).to_owned(), 1)
        }
    };
    let elsewhere: Vec<(String, usize)> = shown.iter().map(elsewhere).collect();
    let places = elsewhere.iter().map(|(file, line)| Elsewhere { file, line: *line });
    let mut sarif = document::to_sarif(sources, problems.iter().zip(places), &rules);
    for (at, finding) in shown.iter().enumerate().filter(|(_, finding)| finding.written().is_none()) {
        let object = |path: &Path<'_>| json!({"fullyQualifiedName": super::binding(path.binding), "kind": "resource"});
        let objects: Vec<Value> = finding.paths.iter().take(1).map(object).collect();
        if !objects.is_empty() {
            sarif["runs"][0]["results"][at]["locations"][0]["logicalLocations"] = objects.into();
        }
    }
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
