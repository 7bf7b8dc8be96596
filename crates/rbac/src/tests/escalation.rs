//! Which rules are ways to become more.

use crate::{
    Rule,
    escalation::{ALL, Scope, escalations, too_broad},
};

fn rule(verbs: &str, group: &str, resources: &str, names: &str) -> Rule {
    let list = |text: &str| text.split_whitespace().map(Box::from).collect();
    let api_groups = vec![if group == "core" { "".into() } else { group.into() }];
    let (resource_names, non_resource_urls) = (list(names), Vec::new());
    Rule { verbs: list(verbs), api_groups, resources: list(resources), resource_names, non_resource_urls }
}

fn codes(rules: &[Rule], scope: Scope<'_>) -> Vec<&'static str> {
    escalations(&rules.iter().collect::<Vec<_>>(), scope).into_iter().map(|escalation| escalation.code).collect()
}

#[test]
fn each_need_alone_is_found_and_half_of_it_is_not() {
    for escalation in ALL {
        let met: Vec<Rule> = escalation
            .needs
            .iter()
            .map(|need| {
                let group = if need.api_group.is_empty() { "core" } else { need.api_group };
                rule(need.verbs[0], group, need.resources[0], need.name)
            })
            .collect();
        assert!(codes(&met, Scope::Cluster).contains(&escalation.code), "{}", escalation.code);
        assert!(!codes(&met[1..], Scope::Cluster).contains(&escalation.code), "{}", escalation.code);
        let harmless: Vec<Rule> =
            met.into_iter().map(|rule| Rule { verbs: vec!["deletecollection".into()], ..rule }).collect();
        assert_eq!(codes(&harmless, Scope::Cluster), [""; 0], "{}", escalation.code);
    }
}

#[test]
fn what_scanners_miss_and_what_is_no_way() {
    let rows = [
        // Explicit core group, workloads in `apps`: two known blind spots of others.
        (rule("create", "core", "pods/exec", ""), Scope::Cluster, vec!["exec"]),
        (rule("get", "core", "nodes/proxy", ""), Scope::Cluster, vec!["nodes-proxy"]),
        (rule("patch", "apps", "deployments", ""), Scope::Cluster, vec!["workloads"]),
        (rule("patch", "core", "configmaps", "aws-auth"), Scope::Namespace("kube-system"), vec!["aws-auth"]),
        (rule("patch", "core", "configmaps", "aws-auth"), Scope::Namespace("dev"), vec![]),
        (rule("patch", "core", "configmaps", "settings"), Scope::Namespace("kube-system"), vec![]),
        // One secret by name is what naming is for.
        (rule("get", "core", "secrets", "mine"), Scope::Cluster, vec![]),
        (rule("create", "core", "pods", ""), Scope::Namespace("dev"), vec![]),
        (rule("create", "core", "pods", ""), Scope::Namespace("kube-system"), vec!["pods"]),
        (rule("impersonate", "core", "serviceaccounts", ""), Scope::Namespace("dev"), vec!["impersonate"]),
    ];
    for (rule, scope, expected) in rows {
        assert_eq!(codes(std::slice::from_ref(&rule), scope), expected, "{rule:?} {scope:?}");
    }
    assert_eq!(codes(&[rule("*", "*", "*", "")], Scope::Cluster).len(), ALL.len());
}

#[test]
fn what_is_too_broad() {
    let rows = [
        (rule("*", "*", "*", ""), true),
        (rule("get", "*", "*", ""), true),
        (rule("*", "core", "*", ""), true),
        (rule("*", "apps", "*", ""), false),
        (rule("*", "core", "pods", ""), false),
        (rule("*", "*", "*", "one"), false),
    ];
    for (rule, expected) in rows {
        assert_eq!(too_broad(&rule).is_some(), expected, "{rule:?}");
    }
}
