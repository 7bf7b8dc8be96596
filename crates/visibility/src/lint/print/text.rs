//! For a terminal.

use std::collections::{BTreeMap, BTreeSet};

use document::Sources;
use rbac::escalation::Severity;

use super::also;
use crate::{
    lint::{Finding, Path, Report},
    print::{Segment, Style},
};

/// How many subjects of one check are shown, of one severity.
const MAX_SUBJECTS: usize = 20;
/// How many paths, and how many principals, of one finding are shown.
const MAX_LINES: usize = 3;

/// Findings from a severity on, the worst first; joined, the pieces end with a line break. What is to be done about a check,
/// and who says so, stands at its first finding.
pub fn text(report: &Report<'_>, sources: &Sources, from: Severity) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut explained: BTreeSet<&str> = BTreeSet::new();
    for severity in [Severity::Danger, Severity::Warning, Severity::Info] {
        let found: Vec<&Finding<'_>> = report.findings.iter().filter(|finding| finding.severity == severity).collect();
        if found.is_empty() || severity < from {
            continue;
        }
        let before = if segments.is_empty() { "" } else { "\n" };
        let title = format!("{before}{} ({})\n", capitalised(severity.as_str()), found.len());
        segments.push(Segment { text: title, style: Style::Title });
        let mut by_check: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &found {
            let shown = by_check.entry(finding.check.code).or_default();
            *shown += 1;
            if *shown <= MAX_SUBJECTS {
                of_finding(finding, sources, explained.insert(finding.check.code), &mut segments);
            }
        }
        for (code, count) in by_check.into_iter().filter(|(_, count)| *count > MAX_SUBJECTS) {
            let more = count - MAX_SUBJECTS;
            push(1, &format!("and {more} more of [{code}]; `-o json` has them all"), Style::Note, &mut segments);
        }
    }
    summary(report, from, &mut segments);
    segments
}

fn of_finding(finding: &Finding<'_>, sources: &Sources, explain: bool, segments: &mut Vec<Segment>) {
    let Finding { check, others, severity, paths, principals, message, .. } = finding;
    let (sign, style) = match severity {
        Severity::Danger => ("! ", Style::Danger),
        Severity::Warning => ("~ ", Style::Change),
        Severity::Info => ("- ", Style::Plain),
    };
    push(1, &format!("{sign}[{}] {message}{}", check.code, also(others)), style, segments);
    for path in paths.iter().take(MAX_LINES) {
        push(3, &self::path(path, sources), Style::Plain, segments);
    }
    if paths.len() > MAX_LINES {
        push(3, &format!("and {} more", paths.len() - MAX_LINES), Style::Plain, segments);
    }
    if let (None, true, Some((file, at))) =
        (paths.first(), finding.origin.is_some(), finding.written().and_then(|span| sources.locate(span.start)))
    {
        push(3, &format!("{file}:{}", at.line), Style::Plain, segments);
    }
    if !principals.is_empty() {
        let some: Vec<String> = principals.iter().take(MAX_LINES).map(|one| crate::print::principal(one)).collect();
        let more = principals.len().saturating_sub(MAX_LINES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        push(3, &format!("these are {}{more}", some.join(", ")), Style::Plain, segments);
    }
    if explain {
        push(3, &format!("help: {}", check.fix), Style::Note, segments);
        push(3, check.reference, Style::Note, segments);
    }
}

/// `RoleBinding dev/team → Role deployer: create pods (rbac.yaml:12)`.
fn path(path: &Path<'_>, sources: &Sources) -> String {
    let Path { binding, role, allows } = path;
    let (kind, name) = (binding.role.kind.as_str(), &binding.role.name);
    let rule = allows.map(|(_, request)| format!(": {}", super::request(&request))).unwrap_or_default();
    let written = binding.origin.or(role.and_then(|role| role.origin));
    let place = written.and_then(|span| sources.locate(span.start));
    let place = place.map(|(file, at)| format!(" ({file}:{})", at.line)).unwrap_or_default();
    format!("{} → {kind} {name}{rule}{place}", super::binding(binding))
}

fn summary(report: &Report<'_>, from: Severity, segments: &mut Vec<Segment>) {
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let counted: Vec<String> = [Severity::Danger, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|severity| format!("{} {}", count(severity), severity.as_str()))
        .collect();
    let mut said = counted.join(", ");
    if report.excluded > 0 {
        said.push_str(&format!("; {} excluded", report.excluded));
    }
    let hidden = [Severity::Info, Severity::Warning].into_iter().filter(|severity| *severity < from);
    if hidden.map(count).sum::<usize>() > 0 {
        said.push_str("; `--severity info` shows all");
    }
    let before = if segments.is_empty() { "" } else { "\n" };
    segments.push(Segment { text: format!("{before}{said}\n"), style: Style::Note });
}

fn push(depth: usize, text: &str, style: Style, segments: &mut Vec<Segment>) {
    let text = text.replace(|letter: char| letter.is_control(), "\u{fffd}");
    segments.push(Segment { text: format!("{:width$}{text}\n", "", width = depth * 2), style });
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
