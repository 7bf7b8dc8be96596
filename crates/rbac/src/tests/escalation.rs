//! Which rules are privilege escalations.

use crate::{
    Request, Rule,
    escalation::{ALL, Escalation, Met, Need, Scope, Severity, escalations, too_broad},
};

fn rule(verbs: &str, group: &str, resources: &str, names: &str) -> Rule {
    let list = |text: &str| text.split_whitespace().map(Box::from).collect();
    let api_groups = vec![if group == "core" { "".into() } else { group.into() }];
    let (resource_names, non_resource_urls) = (list(names), Vec::new());
    Rule { verbs: list(verbs), api_groups, resources: list(resources), resource_names, non_resource_urls }
}

fn codes(rules: &[Rule], scope: Scope<'_>) -> Vec<&'static str> {
    let rules: Vec<&Rule> = rules.iter().collect();
    let (of_cluster, of_place) = if scope == Scope::Cluster { (&rules[..], &[][..]) } else { (&[][..], &rules[..]) };
    escalations(of_cluster, of_place, scope).into_iter().map(|escalation| escalation.code).collect()
}

/// The rule that grants one need and nothing else.
fn granting(need: &Need, verb: &str, resource: &str) -> Rule {
    rule(verb, if need.api_group.is_empty() { "core" } else { need.api_group }, resource, need.name)
}

fn met<'a>(escalation: &Escalation, rules: &'a [Rule]) -> Option<Vec<Met<'a>>> {
    escalation.met(&rules.iter().collect::<Vec<_>>(), &[], Scope::Cluster)
}

#[test]
fn each_need_alone_is_found_and_half_of_it_is_not() {
    for escalation in ALL {
        let first: Vec<Rule> = escalation
            .needs
            .iter()
            .map(|alternatives| granting(&alternatives[0], alternatives[0].verbs[0], alternatives[0].resources[0]))
            .collect();
        for (at, alternatives) in escalation.needs.iter().enumerate() {
            for need in *alternatives {
                for (verb, resource) in
                    need.verbs.iter().flat_map(|verb| need.resources.iter().map(move |one| (verb, one)))
                {
                    let mut rules = first.clone();
                    rules[at] = granting(need, verb, resource);
                    let found =
                        met(escalation, &rules).unwrap_or_else(|| panic!("{} by {verb} {resource}", escalation.code));
                    for (met, need) in found.iter().zip(0..) {
                        assert_eq!(met.rule, need, "{}", escalation.code);
                        assert!(rules[met.rule].allows(&Request::Resource(met.request)), "{}", escalation.code);
                    }
                    rules.remove(at);
                    assert_eq!(met(escalation, &rules), None, "half of {}", escalation.code);
                    rules.insert(at, Rule { verbs: vec!["frob".into()], ..granting(need, verb, resource) });
                    assert_eq!(met(escalation, &rules), None, "{} by another verb", escalation.code);
                }
            }
        }
    }
}

#[test]
fn what_is_one_right_short() {
    let of = |code: &str| ALL.iter().find(|one| one.code == code).expect("a code of the table");
    let rows = [
        ("escalate", vec![rule("escalate", RBAC, "clusterroles", "")], false),
        ("escalate", vec![rule("escalate update", RBAC, "clusterroles", "")], true),
        ("bind", vec![rule("bind", RBAC, "clusterroles", "cluster-admin")], false),
        (
            "bind",
            vec![rule("bind", RBAC, "clusterroles", "cluster-admin"), rule("create", RBAC, "rolebindings", "")],
            true,
        ),
        // What is made cannot be read back.
        ("secrets-write", vec![rule("create", "core", "secrets", "")], false),
        ("secrets-write", vec![rule("create list", "core", "secrets", "")], true),
    ];
    for (code, rules, complete) in rows {
        let rules: Vec<&Rule> = rules.iter().collect();
        assert!(of(code).met(&rules, &[], Scope::Cluster).is_some(), "{code}");
        assert_eq!(of(code).completed(&rules, &[], Scope::Cluster).is_some(), complete, "{code} {rules:?}");
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";

#[test]
fn what_scanners_miss_and_what_is_no_way() {
    let kube_system = Scope::Namespace("kube-system");
    let rows = [
        // Explicit core group, workloads in `apps`: two known blind spots of others.
        (rule("create", "core", "pods/exec", ""), Scope::Cluster, vec!["exec"]),
        (rule("get", "core", "nodes/proxy", ""), Scope::Cluster, vec!["nodes-proxy"]),
        (rule("patch", "apps", "deployments", ""), Scope::Cluster, vec!["workloads"]),
        (rule("patch", "core", "configmaps", "aws-auth"), kube_system, vec!["aws-auth"]),
        (rule("patch", "core", "configmaps", "aws-auth"), Scope::Namespace("kube-public"), vec![]),
        (rule("patch", "core", "configmaps", "aws-auth"), Scope::Namespace("dev"), vec![]),
        (rule("patch", "core", "configmaps", "settings"), kube_system, vec![]),
        // One secret by name is what naming is for.
        (rule("get", "core", "secrets", "mine"), Scope::Cluster, vec![]),
        // The answer to a patch that changes nothing, and to a deletion that is only tried, is the secret.
        (rule("patch", "core", "secrets", ""), kube_system, vec!["secrets", "secrets-write"]),
        (rule("deletecollection", "core", "secrets", ""), kube_system, vec!["secrets"]),
        (rule("create", "core", "pods", ""), Scope::Namespace("dev"), vec![]),
        (rule("create", "core", "pods", ""), kube_system, vec!["pods"]),
        (rule("impersonate", "core", "serviceaccounts", ""), Scope::Namespace("dev"), vec!["impersonate"]),
        // Names that are not a restriction.
        (rule("impersonate", "core", "groups", "system:masters"), Scope::Cluster, vec!["impersonate"]),
        (rule("impersonate", "core", "users", "system:masters"), Scope::Cluster, vec![]),
        (rule("bind", RBAC, "clusterroles", "cluster-admin"), Scope::Namespace("dev"), vec!["bind"]),
        (rule("bind", RBAC, "clusterroles", "view"), Scope::Cluster, vec![]),
        // A binding in a namespace reaches no objects of the cluster, whatever its role says.
        (rule("create", "core", "nodes/proxy", ""), kube_system, vec![]),
        (rule("*", "certificates.k8s.io", "*", ""), kube_system, vec![]),
        (rule("impersonate", "core", "users groups", ""), kube_system, vec![]),
        (rule("escalate", RBAC, "clusterroles", ""), kube_system, vec![]),
        // What is the caller's word is asked for by the key of what they claim.
        (rule("impersonate", "authentication.k8s.io", "userextras/scopes", ""), Scope::Cluster, vec![]),
    ];
    for (rule, scope, expected) in rows {
        assert_eq!(codes(std::slice::from_ref(&rule), scope), expected, "{rule:?} {scope:?}");
    }
    let all = ALL.iter().filter(|one| one.severity > Severity::Info).count();
    assert_eq!(codes(&[rule("*", "*", "*", "")], Scope::Cluster).len(), all);
}

#[test]
fn needs_of_the_cluster_and_of_a_namespace_are_held_together() {
    let (nodes, pods) = (rule("update", "core", "nodes", ""), rule("delete", "core", "pods", ""));
    let held = |cluster: &[&Rule], place: &[&Rule]| {
        escalations(cluster, place, Scope::Namespace("kube-system")).iter().any(|one| one.code == "steal-pods")
    };
    assert!(held(&[&nodes], &[&pods]));
    assert!(!held(&[&pods], &[&nodes]));
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
