//! What a group may do.

use document::{Node, Problems, Span};
use rbac::{LabelSelector, Operator, Requirement, Rule};

use super::{
    names,
    values::{View, labels, text},
};
use crate::{Code, Grant, Right, Scope, keys::Object};

/// `authorization` and its place; `None` where the key is absent.
pub(super) fn authorization(group: &View<'_>, problems: &mut Problems) -> Option<(Span, Vec<Grant>)> {
    let node = group.written("authorization")?;
    let list = if node.is_null() { Some(&[][..]) } else { node.as_sequence() };
    let Some(list) = list else {
        problems.push(Code::Type.at(node.span, format!("`authorization` is a list, this is {}", node.kind())));
        return Some((node.span, Vec::new()));
    };
    if list.is_empty() {
        let problem = Code::EmptyAuthorization.at(node.span, "`authorization` is empty");
        let hint = "remove the key to bind the ClusterRole of the group's name, as in 2018, or write a grant";
        problems.push(problem.hint(hint));
    }
    Some((node.span, list.iter().filter_map(|node| grant(node, problems)).collect()))
}

fn grant(node: &Node, problems: &mut Problems) -> Option<Grant> {
    let view = View::of(node, Object::Grant, problems)?;
    let scope = scope(&view, problems);
    let right = right(&view, problems);
    let accept = view.accept(problems);
    let (scope, right) = (scope?, right?);
    if scope == Scope::Cluster
        && let Right::Role(role) = &right
    {
        let problem = Code::Scope.at(role.span, "a Role belongs to a namespace, and this grant names none");
        problems.push(problem.hint("name its `namespace`, or use `clusterRole`"));
        return None;
    }
    if let (Scope::Namespaces(_) | Scope::Selector(..), Right::Rules { rules, spans }) = (&scope, &right)
        && let Some((_, span)) = rules.iter().zip(spans).find(|(rule, _)| !rule.non_resource_urls.is_empty())
    {
        problems.push(Code::Rule.at(*span, "URLs are not namespaced: grant them cluster-wide"));
    }
    Some(Grant { scope, right, accept, carried: view.carried(), span: node.span })
}

fn scope(grant: &View<'_>, problems: &mut Problems) -> Option<Scope> {
    let keys = ["namespace", "namespaces", "namespaceSelector"];
    let written: Vec<(&str, Span)> =
        keys.into_iter().filter_map(|key| grant.written(key).map(|node| (key, node.span))).collect();
    if let [(first, at), (second, span), ..] = written[..] {
        let message = format!("`{first}` and `{second}` both say where this holds");
        problems.push(Code::Scope.at(span, message).related(at, "here"));
        return None;
    }
    match written.first().copied() {
        None => Some(Scope::Cluster),
        // Without the key the grant would hold everywhere: nothing must not widen it.
        Some((key, span)) if grant.get(key_of(key)).is_none() => {
            let problem = Code::Scope.at(span, format!("`{key}` is empty"));
            problems.push(problem.hint("remove the key for the whole cluster, or name a namespace"));
            None
        }
        Some(("namespace", _)) => {
            let name = grant.text("namespace", problems)?;
            names::namespace(&name, false, problems);
            Some(Scope::Namespaces(vec![name]))
        }
        Some(("namespaces", span)) => {
            let list = grant.texts("namespaces", problems)?;
            for name in &list {
                names::namespace(name, true, problems);
            }
            if list.is_empty() {
                problems.push(Code::Scope.at(span, "`namespaces` is empty"));
                return None;
            }
            Some(Scope::Namespaces(list))
        }
        Some((_, span)) => Some(Scope::Selector(selector(grant.get("namespaceSelector")?, problems)?, span)),
    }
}

fn key_of(key: &str) -> &'static str {
    match key {
        "namespace" => "namespace",
        "namespaces" => "namespaces",
        _ => "namespaceSelector",
    }
}

fn right(grant: &View<'_>, problems: &mut Problems) -> Option<Right> {
    let keys = ["rules", "clusterRole", "role"];
    let written: Vec<(&str, Span)> = keys.into_iter().filter_map(|key| Some((key, grant.get(key)?.span))).collect();
    match written[..] {
        [] => {
            problems.push(
                Code::Grant.at(grant.span, "this grant allows nothing: it needs `rules`, `clusterRole` or `role`"),
            );
            None
        }
        [(first, at), (second, span), ..] => {
            let message = format!("`{first}` and `{second}` in one grant");
            problems.push(Code::Grant.at(span, message).related(at, "here").hint("write two grants"));
            None
        }
        [("rules", span)] => {
            let nodes = grant.list("rules", problems)?;
            if nodes.is_empty() {
                problems.push(Code::Grant.at(span, "`rules` is empty"));
                return None;
            }
            let (rules, spans): (Vec<_>, Vec<_>) = nodes.iter().filter_map(|node| rule(node, problems)).unzip();
            Some(Right::Rules { rules: rules.into(), spans: spans.into() })
        }
        [(key, _)] => {
            let is_role = key == "role";
            let name = if is_role { grant.text("role", problems)? } else { grant.text("clusterRole", problems)? };
            names::object(&name, "a role", problems);
            Some(if is_role { Right::Role(name) } else { Right::ClusterRole(name) })
        }
    }
}

fn rule(node: &Node, problems: &mut Problems) -> Option<(Rule, Span)> {
    let view = View::of(node, Object::Rule, problems)?;
    let mut texts = |key| -> Vec<Box<str>> {
        let list = view.list(key, problems).unwrap_or_default();
        list.iter().filter_map(|node| Some(text(node, problems)?.value)).collect()
    };
    let rule = Rule {
        verbs: texts("verbs"),
        api_groups: texts("apiGroups"),
        resources: texts("resources"),
        resource_names: texts("resourceNames"),
        non_resource_urls: texts("nonResourceURLs"),
    };
    // What cannot be read is reported already, and is not missing.
    let is_read = |(key, texts): (&'static str, &[Box<str>])| {
        view.get(key).is_none_or(|node| node.as_sequence().is_some_and(|list| list.len() == texts.len()))
    };
    let lists: [(_, &[Box<str>]); 5] = [
        ("verbs", &rule.verbs),
        ("apiGroups", &rule.api_groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.resource_names),
        ("nonResourceURLs", &rule.non_resource_urls),
    ];
    if !lists.into_iter().all(is_read) {
        return Some((rule, node.span));
    }
    // Kubernetes, `pkg/apis/rbac/validation`: ValidatePolicyRule.
    let fault = if rule.verbs.is_empty() {
        Some("a rule without verbs")
    } else if !rule.non_resource_urls.is_empty() {
        let others = [&rule.api_groups, &rule.resources, &rule.resource_names];
        others.iter().any(|list| !list.is_empty()).then_some("a rule is about resources or about URLs, not both")
    } else if rule.resources.is_empty() {
        Some("a rule without `resources`")
    } else {
        rule.api_groups.is_empty().then_some("a rule without `apiGroups`; the core group is `\"\"`")
    };
    if let Some(fault) = fault {
        problems.push(Code::Rule.at(node.span, fault));
    }
    Some((rule, node.span))
}

fn selector(node: &Node, problems: &mut Problems) -> Option<LabelSelector> {
    let mut found = Problems::default();
    let selector = conditions(node, &mut found);
    // Conditions that are wrong are said to be, and are conditions.
    if !found.has_errors() && selector.as_ref().is_some_and(LabelSelector::is_empty) {
        let problem = Code::Selector.at(node.span, "a selector without conditions would choose every namespace");
        found.push(problem.hint("name a label, or leave the namespace out to grant cluster-wide"));
    }
    let is_wrong = found.has_errors();
    found.move_into(problems);
    selector.filter(|_| !is_wrong)
}

fn conditions(node: &Node, problems: &mut Problems) -> Option<LabelSelector> {
    let view = View::of(node, Object::Selector, problems)?;
    let written = view.text_map("matchLabels", problems);
    for (key, value) in &written {
        if let Err(message) = names::label_key(&key.value).and_then(|()| names::label_value(value)) {
            problems.push(Code::Selector.at(key.span, message));
        }
    }
    let requirements = view.list("matchExpressions", problems).unwrap_or_default();
    let match_expressions = requirements.iter().filter_map(|node| requirement(node, problems)).collect();
    Some(LabelSelector { match_labels: labels(written), match_expressions })
}

fn requirement(node: &Node, problems: &mut Problems) -> Option<Requirement> {
    let view = View::of(node, Object::Requirement, problems)?;
    let (key, operator) = (view.text("key", problems), view.text("operator", problems));
    let values = view.texts("values", problems).unwrap_or_default();
    let named = key.iter().map(|key| (names::label_key(&key.value), key.span));
    for (valid, span) in named.chain(values.iter().map(|value| (names::label_value(&value.value), value.span))) {
        if let Err(message) = valid {
            problems.push(Code::Selector.at(span, message));
        }
    }
    let values: Vec<Box<str>> = values.into_iter().map(|value| value.value).collect();
    let (Some(key), Some(operator)) = (key, operator) else {
        problems.push(Code::Missing.at(node.span, "a requirement needs `key` and `operator`"));
        return None;
    };
    let parsed = match &*operator.value {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => {
            let message = format!("`{other}` is none of In, NotIn, Exists and DoesNotExist");
            problems.push(Code::Selector.at(operator.span, message));
            return None;
        }
    };
    if matches!(parsed, Operator::In | Operator::NotIn) == values.is_empty() {
        problems.push(Code::Selector.at(node.span, "`In` and `NotIn` take values, `Exists` and `DoesNotExist` none"));
    }
    Some(Requirement { key: key.value, operator: parsed, values })
}
