//! What an API server takes, and what it says of the rest.
//!
//! Source: Kubernetes 1.37, `pkg/apis/rbac/validation/validation.go` and `pkg/apis/rbac/v1/defaults.go`.

use super::{
    kinds::Kind,
    raw::{Metadata, Raw, RawSubject},
};
use crate::{
    LabelSelector, Labels, Operator, Requirement, Rule,
    dns::{is_dns_label, is_dns_subdomain},
};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Everything that an API server would say of an object in a namespace.
pub(super) fn problems(kind: &Kind, raw: &Raw, namespace: Option<&str>, name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if matches!(kind, Kind::Other) {
        return problems;
    }
    if name.is_empty() {
        problems.push("metadata.name: Required value: name or generateName is required".to_owned());
    }
    let Metadata { labels, annotations, .. } = &raw.metadata;
    of_labels("metadata.labels", labels, &mut problems);
    for key in annotations.0.keys().filter(|key| !is_qualified(&key.to_ascii_lowercase())) {
        problems.push(format!("metadata.annotations: Invalid value: {key:?}: not a qualified name"));
    }
    if let Some(namespace) = namespace.filter(|namespace| !is_dns_label(namespace)) {
        problems.push(format!("metadata.namespace: Invalid value: {namespace:?}: not a lowercase RFC 1123 label"));
    }
    match kind {
        Kind::Role | Kind::ClusterRole => {
            let of_namespace = matches!(kind, Kind::Role);
            problems.extend(segment("metadata.name", name));
            for (at, rule) in raw.rules.iter().enumerate() {
                let nothing = Rule::default();
                of_rule(rule.as_ref().unwrap_or(&nothing), of_namespace, at, &mut problems);
            }
            let selectors = raw.aggregation_rule.iter().flat_map(|rule| &rule.cluster_role_selectors).flatten();
            for (at, selector) in selectors.enumerate().filter(|_| !of_namespace) {
                of_selector(selector, at, &mut problems);
            }
            let no_selectors =
                raw.aggregation_rule.as_ref().is_some_and(|aggregation| aggregation.cluster_role_selectors.is_empty());
            if no_selectors && !of_namespace {
                problems.push(
                    "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if \
                     aggregationRule is non-nil"
                        .to_owned(),
                );
            }
        }
        Kind::RoleBinding | Kind::ClusterRoleBinding => {
            let of_namespace = matches!(kind, Kind::RoleBinding);
            problems.extend(segment("metadata.name", name));
            if !matches!(&*raw.role_ref.api_group, "" | GROUP) {
                problems.push(unsupported("roleRef.apiGroup", &raw.role_ref.api_group, &[GROUP]));
            }
            let kinds = if of_namespace { &["Role", "ClusterRole"][..] } else { &["ClusterRole"] };
            if !kinds.contains(&&*raw.role_ref.kind) {
                problems.push(unsupported("roleRef.kind", &raw.role_ref.kind, kinds));
            }
            if raw.role_ref.name.is_empty() {
                problems.push("roleRef.name: Required value".to_owned());
            }
            problems.extend(segment("roleRef.name", &raw.role_ref.name));
            for (at, subject) in raw.subjects.iter().enumerate() {
                let nothing = RawSubject::default();
                of_subject(subject.as_ref().unwrap_or(&nothing), of_namespace, at, &mut problems);
            }
        }
        Kind::Namespace | Kind::ConfigMap | Kind::ServiceAccount | Kind::Refused(_) | Kind::Other => {}
    }
    problems
}

fn of_rule(rule: &Rule, of_namespace: bool, at: usize, problems: &mut Vec<String>) {
    let mut say = |what: &str| problems.push(format!("rules[{at}].{what}"));
    if rule.verbs.is_empty() {
        say("verbs: Required value");
    }
    if !rule.non_resource_urls.is_empty() {
        if of_namespace {
            say("nonResourceURLs: Invalid value: namespaced rules cannot apply to non-resource URLs");
        }
        if !rule.api_groups.is_empty() || !rule.resources.is_empty() || !rule.resource_names.is_empty() {
            say("nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs");
        }
        return;
    }
    if rule.api_groups.is_empty() {
        say("apiGroups: Required value: resource rules must supply at least one api group");
    }
    if rule.resources.is_empty() {
        say("resources: Required value: resource rules must supply at least one resource");
    }
}

fn of_subject(subject: &RawSubject, of_namespace: bool, at: usize, problems: &mut Vec<String>) {
    let field = |name: &str| format!("subjects[{at}].{name}");
    let RawSubject { kind, name, namespace, api_group } = subject;
    if name.is_empty() {
        problems.push(format!("{}: Required value", field("name")));
    }
    match &**kind {
        "ServiceAccount" => {
            if !name.is_empty() && !is_dns_subdomain(name) {
                problems
                    .push(format!("{}: Invalid value: {name:?}: not a lowercase RFC 1123 subdomain", field("name")));
            }
            if !api_group.is_empty() {
                problems.push(unsupported(&field("apiGroup"), api_group, &[""]));
            }
            if !of_namespace && namespace.is_empty() {
                problems.push(format!("{}: Required value", field("namespace")));
            }
        }
        "User" | "Group" => {
            if !matches!(&**api_group, "" | GROUP) {
                problems.push(unsupported(&field("apiGroup"), api_group, &[GROUP]));
            }
        }
        _ => problems.push(unsupported(&field("kind"), kind, &["ServiceAccount", "User", "Group"])),
    }
}

fn of_selector(selector: &LabelSelector, at: usize, problems: &mut Vec<String>) {
    let field = format!("aggregationRule.clusterRoleSelectors[{at}]");
    of_labels(&format!("{field}.matchLabels"), &selector.match_labels, problems);
    for (at, Requirement { key, operator, values }) in selector.match_expressions.iter().enumerate() {
        let field = format!("{field}.matchExpressions[{at}]");
        if !is_qualified(key) {
            problems.push(format!("{field}.key: Invalid value: {key:?}: not a label key"));
        }
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                problems.push(format!(
                    "{field}.values: Required value: must be specified when `operator` is 'In' or 'NotIn'"
                ));
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => problems.push(format!(
                "{field}.values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            )),
            _ => {}
        }
        for value in values.iter().filter(|value| !is_label(value)) {
            problems.push(format!("{field}.values: Invalid value: {value:?}: not a label value"));
        }
    }
}

fn of_labels(field: &str, labels: &Labels, problems: &mut Vec<String>) {
    for (key, value) in labels {
        if !is_qualified(key) {
            problems.push(format!("{field}: Invalid value: {key:?}: not a label key"));
        }
        if !is_label(value) {
            problems.push(format!("{field}: Invalid value: {value:?}: not a label value"));
        }
    }
}

fn unsupported(field: &str, value: &str, supported: &[&str]) -> String {
    let supported: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
    format!("{field}: Unsupported value: {value:?}: supported values: {}", supported.join(", "))
}

/// Names of roles and bindings are parts of URLs and nothing more (`content.IsPathSegmentName`).
fn segment(field: &str, name: &str) -> Option<String> {
    let why = match name {
        "." | ".." => format!("may not be '{name}'"),
        _ => format!("may not contain '{}'", name.matches(['/', '%']).next()?),
    };
    Some(format!("{field}: Invalid value: {name:?}: {why}"))
}

/// What a label or an annotation is called (`IsQualifiedName`).
fn is_qualified(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    prefix.is_none_or(is_dns_subdomain) && !name.is_empty() && is_label(name)
}

/// What a label says (`IsValidLabelValue`).
fn is_label(value: &str) -> bool {
    let is_end = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    bytes.len() <= 63
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}
