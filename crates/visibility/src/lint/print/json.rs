//! Everything, for programs.

use std::collections::HashMap;

use document::{Sources, Span};
use inventory::Unseen;
use rbac::{AnyRole, ResourceRequest, RoleKind, RoleReference, escalation::Severity};
use serde_json::{Value, json};

use crate::{
    lint::{BindingSubject, Finding, Path, Report, groups::groups},
    print::{GapOut, PrincipalOut},
};

/// `{"summary": …, "incomplete": …, "gaps": […], "findings": […]}`; `namespaces` beside `everywhere` are those that a finding is about, and a path's
/// request is one that the API server allows by its rule. Findings of the same bindings have the same `group`.
/// The summary counts all, and findings are those from a severity on.
pub fn json(report: &Report<'_>, sources: &Sources, gaps: &[Unseen], from: Severity) -> Value {
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let mut groups: HashMap<*const Finding<'_>, usize> = HashMap::new();
    for (number, group) in self::groups(&report.findings).iter().enumerate() {
        groups.extend(group.findings.iter().map(|finding| (std::ptr::from_ref(*finding), number)));
    }
    let group_of = |finding: &Finding<'_>| groups[&std::ptr::from_ref(finding)];
    let shown = report.findings.iter().filter(|finding| finding.severity >= from);
    json!({
        "summary": {
            "danger": count(Severity::Danger),
            "warning": count(Severity::Warning),
            "info": count(Severity::Info),
            "excluded": report.excluded,
            "unexplainedExclusions": report.unexplained,
        },
        "incomplete": !gaps.is_empty(),
        "gaps": gaps.iter().map(GapOut::from).collect::<Vec<_>>(),
        "findings": shown.map(|one| finding(one, group_of(one), sources)).collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding<'_>, group: usize, sources: &Sources) -> Value {
    let Finding { check, others, severity, who, principals, is_everywhere, namespaces, paths, message, .. } = finding;
    let mut value = json!({
        "code": check.code.code,
        "group": group,
        "others": others,
        "severity": severity.as_str(),
        "subject": who.map(subject),
        "principals": principals.iter().map(|one| PrincipalOut::from(*one)).collect::<Vec<_>>(),
        "everywhere": is_everywhere,
        "namespaces": namespaces,
        "message": message,
        "paths": paths.iter().map(|one| path(one, sources)).collect::<Vec<_>>(),
        "fix": check.code.fix,
        "reference": check.reference,
    });
    add_place(&mut value, finding.written(), sources);
    value
}

/// As bindings have it.
fn subject(who: BindingSubject<'_>) -> Value {
    let mut value = json!({"kind": who.kind(), "name": who.name()});
    if let BindingSubject::ServiceAccount(namespace, _) = who {
        value["namespace"] = namespace.into();
    }
    value
}

fn path(path: &Path<'_>, sources: &Sources) -> Value {
    let Path { binding, role, allows } = path;
    let RoleReference { kind, name } = binding.role();
    let namespace = binding.namespace().filter(|_| kind == RoleKind::Role);
    let mut value = json!({
        "binding": {"kind": binding.kind(), "namespace": binding.namespace(), "name": binding.name()},
        "role": {"kind": kind.as_str(), "namespace": namespace, "name": name},
        "rule": allows.map(|(rule, _)| rule),
        "request": allows.map(|(_, request)| self::request(&request)),
    });
    add_place(&mut value, binding.origin().or(role.and_then(AnyRole::origin)), sources);
    value
}

/// As `SubjectAccessReview` has it.
fn request(request: &ResourceRequest<'_>) -> Value {
    let ResourceRequest { verb, api_group, resource, subresource, name, namespace } = request;
    json!({
        "verb": verb, "group": api_group, "resource": resource, "subresource": subresource,
        "name": name, "namespace": namespace,
    })
}

fn add_place(value: &mut Value, written: Option<Span>, sources: &Sources) {
    if let Some((file, position)) = written.and_then(|span| sources.locate(span.start)) {
        value["written"] = json!({"file": file, "line": position.line, "column": position.column});
    }
}
