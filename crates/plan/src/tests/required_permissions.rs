//! What whoever applies must be allowed to do.

use inventory::MappingTarget;
use rbac::User;

use super::world::{Scenario, cluster, map};
use crate::{required_permissions, tests::around};

#[test]
fn rights_that_are_given_must_be_held_or_bound_and_escalated() {
    let file = around(
        "- {name: a, users: [x], authorization: [{namespace: dev, rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}]}",
    );
    let own = "role own = get pods\n binding own = ClusterRole own > user:me";
    let rows = [
        ("a stranger", "", &["create", "patch", "escalate", "bind"][..]),
        ("somebody who holds them", own, &["create", "patch"]),
        (
            "somebody who holds them elsewhere",
            "role own = get pods\n binding ops/own = ClusterRole own > user:me",
            &["create", "patch", "escalate", "bind"],
        ),
        (
            "somebody who holds more",
            "role own = * *.*\n binding dev/own = ClusterRole own > user:me",
            &["create", "patch"],
        ),
    ];
    for (name, lines, expected) in rows {
        let mut observed = cluster(lines);
        observed.caller = Some(User::authenticated("me", [""; 0]));
        let plan = Scenario::new(&file, MappingTarget::None, &observed).plan(&observed);
        let required_permissions = required_permissions(&plan, &observed);
        let mut verbs: Vec<&str> = required_permissions
            .iter()
            .filter(|required_permission| required_permission.resource == "roles")
            .map(|required_permission| required_permission.verb)
            .collect();
        verbs.sort_by_key(|verb| ["create", "patch", "escalate", "bind"].iter().position(|known| known == verb));
        assert_eq!(verbs, expected, "{name}: {required_permissions:?}");
    }
}

#[test]
fn masters_and_maps() {
    let file = around("- {name: a, users: [x], authorization: [{namespace: dev, clusterRole: view}]}");
    let mut observed = cluster("role view = get pods");
    observed.caller = Some(User::authenticated("root", ["system:masters"]));
    observed.mappings.push(map(MappingTarget::AwsAuth, &[], &[]));
    let plan = Scenario::new(&file, MappingTarget::AwsAuth, &observed).plan(&observed);
    let said: Vec<String> = required_permissions(&plan, &observed)
        .into_iter()
        .map(|required_permission| {
            format!("{} {} {}", required_permission.verb, required_permission.resource, required_permission.name)
        })
        .collect();
    assert_eq!(
        said,
        [
            "create configmaps cluster-auth",
            "create rolebindings cluster-auth:a:view",
            "patch rolebindings cluster-auth:a:view",
            "update configmaps aws-auth",
        ]
    );
}
