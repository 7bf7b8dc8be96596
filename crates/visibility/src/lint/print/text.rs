//! For a terminal.

use std::collections::{BTreeMap, BTreeSet};

use document::Sources;
use rbac::escalation::Severity;

use super::also;
use crate::{
    lint::{
        Finding, Path, Report,
        groups::{Group, groups},
    },
    print::{Segment, Style},
};

/// How many bindings of which the same is found are shown.
const MAX_GROUPS: usize = 20;
/// How many bindings of a group, and how many subjects, rights and principals of one finding are shown.
const MAX_NAMES: usize = 3;

/// Findings from a severity on, those of the same bindings together, the worst first; joined, the pieces end with a line
/// break. What is to be done about a check, and who says so, stands at its first finding.
pub fn text(report: &Report<'_>, sources: &Sources, from: Severity) -> Vec<Segment> {
    let groups = groups(&report.findings);
    let mut segments = Vec::new();
    let mut explained: BTreeSet<&str> = BTreeSet::new();
    for severity in SEVERITIES.into_iter().filter(|severity| *severity >= from) {
        let groups: Vec<&Group<'_, '_>> = groups.iter().filter(|group| group.severity() == severity).collect();
        if groups.is_empty() {
            continue;
        }
        let all = count(report, severity);
        let here = groups.iter().flat_map(|group| &group.findings).filter(|one| one.severity == severity).count();
        let above = if here < all { format!(", {} of them above", all - here) } else { String::new() };
        if !segments.is_empty() {
            segments.push(Segment::line("", Style::Plain));
        }
        let title = format!("{} ({all}{above})", capitalised(severity.as_str()));
        segments.push(Segment::line(&title, Style::Title));
        let mut alike: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
        for group in groups {
            let mut codes: Vec<&str> = group.findings.iter().map(|finding| finding.check.code.code).collect();
            codes.sort_unstable();
            codes.dedup();
            let shown = alike.entry(codes).or_default();
            *shown += 1;
            if *shown <= MAX_GROUPS {
                of_group(group, sources, from, &mut explained, &mut segments);
            }
        }
        for (codes, count) in alike.into_iter().filter(|(_, count)| *count > MAX_GROUPS) {
            let more = count - MAX_GROUPS;
            let codes = codes.join(", ");
            push(1, &format!("and {more} more of [{codes}]; `-o json` has them all"), Style::Note, &mut segments);
        }
    }
    summary(report, from, &mut segments);
    segments
}

const SEVERITIES: [Severity; 3] = [Severity::Danger, Severity::Warning, Severity::Info];

fn count(report: &Report<'_>, severity: Severity) -> usize {
    report.findings.iter().filter(|finding| finding.severity == severity).count()
}

fn of_group<'a>(
    group: &Group<'_, 'a>,
    sources: &Sources,
    from: Severity,
    explained: &mut BTreeSet<&'a str>,
    segments: &mut Vec<Segment>,
) {
    let Group { bindings, findings } = group;
    // One binding in each of many namespaces needs no telling apart.
    let is_same =
        |binding: &&rbac::Binding| (binding.name(), binding.role()) == (bindings[0].name(), bindings[0].role());
    let is_one = bindings.iter().all(is_same);
    let depth = usize::from(!bindings.is_empty());
    for binding in bindings.iter().take(MAX_NAMES) {
        let of = findings[0].paths.iter().find(|path| std::ptr::eq(path.binding, *binding));
        let line = of.map(|of| path(of, sources, false)).unwrap_or_default();
        push(1, &line, Style::Plain, segments);
    }
    if bindings.len() > MAX_NAMES {
        push(1, &format!("and {} more bindings", bindings.len() - MAX_NAMES), Style::Plain, segments);
    }
    let mut alike: Vec<(&Finding<'a>, Vec<&Finding<'a>>)> = Vec::new();
    for finding in findings.iter().copied().filter(|finding| finding.severity >= from) {
        match alike.iter_mut().find(|(first, _)| is_alike(first, finding)) {
            Some((_, others)) => others.push(finding),
            None => alike.push((finding, Vec::new())),
        }
    }
    for (finding, others) in alike {
        let explain = explained.insert(finding.check.code.code);
        of_finding(finding, &others, depth + 1, is_one, explain, sources, segments);
    }
}

/// Whether all but the subject is the same of two.
fn is_alike(one: &Finding<'_>, other: &Finding<'_>) -> bool {
    let key = |finding: &Finding<'_>| (finding.check.code.code, finding.severity, finding.others.clone());
    key(one) == key(other) && one.who.is_some() && other.who.is_some() && without_subject(one) == without_subject(other)
}

fn without_subject<'f>(finding: &'f Finding<'_>) -> Option<&'f str> {
    finding.message.strip_prefix(&finding.who?.to_string())
}

fn of_finding(
    finding: &Finding<'_>,
    alike: &[&Finding<'_>],
    depth: usize,
    is_one_binding: bool,
    explain: bool,
    sources: &Sources,
    segments: &mut Vec<Segment>,
) {
    let Finding { check, others, severity, paths, message, .. } = finding;
    let (sign, style) = match severity {
        Severity::Danger => ("! ", Style::Danger),
        Severity::Warning => ("~ ", Style::Change),
        Severity::Info => ("- ", Style::Plain),
    };
    let who: Vec<String> =
        [finding].iter().chain(alike).filter_map(|finding| finding.who).map(|who| who.to_string()).collect();
    let message = match without_subject(finding) {
        Some(rest) if !alike.is_empty() => format!("{}{rest}", some(&who)),
        _ => message.clone(),
    };
    push(depth, &format!("{sign}[{}] {message}{}", check.code.code, also(others)), style, segments);
    let below = depth + 2;
    if is_one_binding {
        let mut rights: Vec<String> = Vec::new();
        for (_, request) in paths.iter().filter_map(|path| path.allows) {
            let right = super::request(&request);
            if !rights.contains(&right) {
                rights.push(right);
            }
        }
        if !rights.is_empty() {
            push(below, &format!("allowed: {}", some(&rights)), Style::Plain, segments);
        }
    } else {
        for path in paths.iter().take(MAX_NAMES) {
            push(below, &self::path(path, sources, true), Style::Plain, segments);
        }
        if paths.len() > MAX_NAMES {
            push(below, &format!("and {} more", paths.len() - MAX_NAMES), Style::Plain, segments);
        }
    }
    if let (None, true, Some((file, at))) =
        (paths.first(), finding.origin.is_some(), finding.written().and_then(|span| sources.locate(span.start)))
    {
        push(below, &format!("{file}:{}", at.line), Style::Plain, segments);
    }
    let mut principals: Vec<String> = Vec::new();
    for principal in [finding].iter().chain(alike).flat_map(|finding| &finding.principals) {
        let principal = crate::print::principal(principal);
        if !principals.contains(&principal) {
            principals.push(principal);
        }
    }
    if !principals.is_empty() {
        push(below, &format!("these are {}", some(&principals)), Style::Plain, segments);
    }
    if explain {
        push(below, &format!("help: {}", check.code.fix), Style::Note, segments);
        push(below, check.reference, Style::Note, segments);
    }
}

/// The first ones, and how many more there are.
fn some(texts: &[String]) -> String {
    match texts.len().saturating_sub(MAX_NAMES) {
        0 => texts.join(", "),
        more => format!("{} and {more} more", texts[..MAX_NAMES].join(", ")),
    }
}

/// `RoleBinding dev/team → Role deployer: create pods (rbac.yaml:12)`.
fn path(path: &Path<'_>, sources: &Sources, with_right: bool) -> String {
    let Path { binding, role, allows } = path;
    let (kind, name) = (binding.role().kind.as_str(), binding.role().name);
    let right = allows.filter(|_| with_right).map(|(_, request)| format!(": {}", super::request(&request)));
    let written = binding.origin().or(role.and_then(rbac::AnyRole::origin));
    let place = written.and_then(|span| sources.locate(span.start));
    let place = place.map(|(file, at)| format!(" ({file}:{})", at.line)).unwrap_or_default();
    format!("{} → {kind} {name}{}{place}", super::binding(binding), right.unwrap_or_default())
}

fn summary(report: &Report<'_>, from: Severity, segments: &mut Vec<Segment>) {
    let counted = SEVERITIES.map(|severity| format!("{} {}", count(report, severity), severity.as_str()));
    let mut said = counted.join(", ");
    if report.is_incomplete {
        said.push_str(" in what could be read");
    }
    if report.excluded > 0 {
        said.push_str(&format!("; {} excluded, each place counted", report.excluded));
    }
    match report.unexplained {
        0 => {}
        1 => said.push_str(" (1 exclusion has no reason yet)"),
        several => said.push_str(&format!(" ({several} exclusions have no reason yet)")),
    }
    let hidden = SEVERITIES.into_iter().filter(|severity| *severity < from);
    if hidden.map(|severity| count(report, severity)).sum::<usize>() > 0 {
        said.push_str("; `--severity info` shows all");
    }
    if !segments.is_empty() {
        segments.push(Segment::line("", Style::Plain));
    }
    segments.push(Segment::line(&said, Style::Note));
}

fn push(depth: usize, text: &str, style: Style, segments: &mut Vec<Segment>) {
    segments.push(Segment::line(&format!("{:width$}{text}", "", width = depth * 2), style));
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
