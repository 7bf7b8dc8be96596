//! Object by object.

use inventory::MappingTarget;

use super::world::{Scenario, cluster, map};
use crate::tests::around;

/// `change id` of every object that changes.
fn changes(groups: &str, lines: &str) -> Vec<String> {
    let observed = cluster(lines);
    let plan = Scenario::new(&around(groups), MappingTarget::None, &observed).plan(&observed);
    plan.objects.iter().map(|change| format!("{} {}", change.change.as_str(), change.id)).collect()
}

const GROUP: &str = "- {name: a, users: [x], authorization: [{namespace: dev, clusterRole: view}]}";

#[test]
fn what_happens_to_each_object() {
    let rows = [
        ("it is not there", "", vec!["create RoleBinding dev/cluster-auth:a:view"]),
        ("it is there", "binding dev/cluster-auth:a:view = ClusterRole view > group:a [ours]", vec![]),
        (
            "it is there and nobody's",
            "binding dev/cluster-auth:a:view = ClusterRole view > group:a",
            vec!["mark RoleBinding dev/cluster-auth:a:view"],
        ),
        (
            "it is there and Helm's",
            "binding dev/cluster-auth:a:view = ClusterRole view > group:a [helm]",
            vec!["mark RoleBinding dev/cluster-auth:a:view"],
        ),
        (
            "it is of another cluster's file",
            "binding dev/cluster-auth:a:view = ClusterRole view > group:a [other]",
            vec!["mark RoleBinding dev/cluster-auth:a:view"],
        ),
        (
            "it has more subjects",
            "binding dev/cluster-auth:a:view = ClusterRole view > group:a user:b [ours]",
            vec!["change RoleBinding dev/cluster-auth:a:view"],
        ),
        (
            "it grants another role",
            "binding dev/cluster-auth:a:view = ClusterRole edit > group:a [ours]",
            vec!["replace RoleBinding dev/cluster-auth:a:view"],
        ),
        (
            "there is more of ours",
            "binding dev/cluster-auth:a:view = ClusterRole view > group:a [ours]
             binding ops/cluster-auth:a:view = ClusterRole view > group:a [ours]
             role ops/a = get pods [ours]",
            vec!["remove RoleBinding ops/cluster-auth:a:view", "remove Role ops/a"],
        ),
        (
            "there is more of others",
            "binding dev/cluster-auth:a:view = ClusterRole view > group:a [ours]
             binding ops/cluster-auth:a:view = ClusterRole view > group:a
             binding ops/helms = ClusterRole view > group:a [helm]
             binding ops/others = ClusterRole view > group:a [other]",
            vec![],
        ),
    ];
    for (what, lines, expected) in rows {
        assert_eq!(changes(GROUP, lines), expected, "{what}");
    }
}

#[test]
fn roles_are_compared_by_what_they_say() {
    let group = "- {name: a, users: [x], authorization: [{namespace: dev, rules: [
        {verbs: [get], apiGroups: [''], resources: [pods]}, {verbs: [list], apiGroups: [''], resources: [pods]}]}]}";
    let rows = [
        ("get pods; list pods", vec![]),
        ("list pods; get pods; get pods", vec![]),
        ("get pods", vec!["change Role dev/a"]),
        ("get pods; list pods; watch pods", vec!["change Role dev/a"]),
    ];
    for (rules, expected) in rows {
        let lines = format!("role dev/a = {rules} [ours]\nbinding dev/a-binding = Role a > group:a [ours]");
        assert_eq!(changes(group, &lines), expected, "{rules}");
    }
}

#[test]
fn whoever_has_ended_is_no_login_that_goes() {
    let groups =
        "- {name: a, users: [x, {name: w, expires: 2026-01-31}]}\n- {name: b, users: [z], expires: 2026-01-31}\n";
    let text = around(groups);
    let mut observed = cluster("binding a-binding = ClusterRole a > group:a [ours]");
    observed.mappings.push(map(MappingTarget::AccessFile, &[("access.yaml", &text)], &[]));
    let plan = Scenario::new(&text, MappingTarget::AccessFile, &observed).plan(&observed);
    assert!(plan.is_empty() && plan.people.is_empty(), "{:?} {:?}", plan.logins, plan.objects);
}

#[test]
fn sessions_that_bindings_name_are_people_of_their_own() {
    let observed =
        cluster("role view = get pods\nbinding dev/x = ClusterRole view > user:R:zoe user:R: user:S:zoe [ours]");
    let file = "- {name: a, roles: [R], authorization: [{namespace: ops, clusterRole: view}]}";
    let plan = Scenario::new(&around(file), MappingTarget::None, &observed).plan(&observed);
    let said: Vec<String> = plan
        .people
        .iter()
        .map(|person| {
            format!("{} {} {}", person.who, person.known_rights().gains.len(), person.known_rights().losses.len())
        })
        .collect();
    assert_eq!(said, ["role R 1 0", "session R/zoe 1 1"]);
}
