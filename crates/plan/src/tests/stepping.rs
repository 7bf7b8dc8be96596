//! What apply executes, in which order, and what each step waits for.

use insta::assert_snapshot;
use inventory::{MappingTarget, files};

use super::{
    printing,
    world::{Scenario, cluster, map},
};
use crate::{
    Action, Object, Plan,
    tests::{around, sources},
};

/// `number stage what (after …)`.
fn steps(plan: &Plan) -> String {
    let step = |(at, step): (usize, &crate::Step)| {
        let what = match &step.action {
            Action::Apply { object: object @ Object::Binding(binding), .. } => {
                let subjects = binding.subjects().len();
                format!("apply {} of {} to {subjects}", object.id(), binding.role().name)
            }
            Action::Apply { object: object @ Object::Role(role), .. } => {
                format!("apply {} with {} rules", object.id(), role.rules().len())
            }
            Action::Delete { id, version } => format!("delete {id} at {}", version.as_deref().unwrap_or("any version")),
            Action::ApplyMapping { object, .. } => format!("apply IAMIdentityMapping {}", object.name),
            Action::DeleteMapping { name, .. } => format!("delete IAMIdentityMapping {name}"),
            Action::WriteMap(write) => format!("write ConfigMap {}", write.name),
            Action::Settle => "wait".to_owned(),
        };
        let after = if step.after.len() == at && at > 1 { "all".to_owned() } else { format!("{:?}", step.after) };
        format!("{at} {:?}: {what}, after {after}\n", step.stage)
    };
    plan.steps.iter().enumerate().map(step).collect()
}

#[test]
fn rights_are_added_logins_change_and_then_rights_go() {
    let plan = {
        let observed = printing::observed();
        Scenario::new(printing::FILE, MappingTarget::AwsAuth, &observed).plan(&observed)
    };
    assert_snapshot!(steps(&plan), @"
    0 Add: apply Role dev/developers with 2 rules, after []
    1 Add: apply Role kube-system/operators with 1 rules, after []
    2 Add: apply ClusterRoleBinding cluster-admin-binding of cluster-admin to 1, after []
    3 Add: apply ClusterRoleBinding cluster-auth:bridge:cluster-auth:developers:view of view to 1, after []
    4 Add: apply RoleBinding dev/cluster-auth:developers:edit of edit to 1, after []
    5 Add: apply RoleBinding kube-system/operators-binding of operators to 1, after [1]
    6 Add: apply RoleBinding ops/cluster-auth:developers:edit of edit to 1, after []
    7 Add: apply RoleBinding ops/cluster-auth:operators:missing of missing to 1, after []
    8 Logins: write ConfigMap aws-auth, after [0, 2, 3, 4, 5, 7]
    9 Settle: wait, after [8]
    10 Remove: delete ClusterRoleBinding cluster-auth:developers:view at 6, after [0, 3, 4, 9]
    11 Remove: apply ClusterRoleBinding cluster-auth:developers:view of view to 1, after [10]
    12 Remove: delete ClusterRoleBinding cluster-auth:bridge:cluster-auth:developers:view at any version, after [11]
    13 Remove: delete RoleBinding ops/cluster-auth:guests:edit at 9, after []
    14 Remove: apply Role dev/developers with 1 rules, after [0, 3, 4, 9]
    15 Record: write ConfigMap cluster-auth, after all
    ");
}

#[test]
fn a_role_that_changes_both_ways_is_first_widened() {
    let observed = cluster(
        "role dev/a = get pods; create pods [ours]
         binding dev/a-binding = Role a > group:a user:drifted [ours]",
    );
    let group = "- {name: a, users: [x], authorization: [{namespace: dev, rules: [
        {verbs: [get], apiGroups: [''], resources: [pods]}, {verbs: [list], apiGroups: [''], resources: [pods]}]}]}";
    let plan = Scenario::new(&around(group), MappingTarget::None, &observed).plan(&observed);
    assert_snapshot!(steps(&plan), @"
    0 Add: apply Role dev/a with 3 rules, after []
    1 Remove: apply RoleBinding dev/a-binding of a to 1, after [0]
    2 Remove: apply Role dev/a with 2 rules, after [0]
    3 Record: write ConfigMap cluster-auth, after all
    ");
}

#[test]
fn what_a_group_without_people_has_goes_before_somebody_comes_into_it() {
    let mut observed = cluster(
        "role admin = * *
         binding old = ClusterRole admin > group:a [ours]",
    );
    observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapUsers", "[]")], &[]));
    let group = "- {name: a, users: [x], authorization: [{namespace: dev, clusterRole: view}]}";
    let plan = Scenario::new(&around(group), MappingTarget::AwsAuth, &observed).plan(&observed);
    assert_snapshot!(steps(&plan), @"
    0 Add: apply RoleBinding dev/cluster-auth:a:view of view to 1, after []
    1 Clear: delete ClusterRoleBinding old at 2, after [0]
    2 Logins: write ConfigMap aws-auth, after all
    3 Record: write ConfigMap cluster-auth, after all
    ");
}

#[test]
fn files_are_called_the_same_from_everywhere() {
    let rows = [
        (vec!["access.yaml"], vec!["access.yaml"]),
        (vec!["/srv/repo/access.yaml"], vec!["access.yaml"]),
        (vec!["./base/people.yaml", "clusters/prod.yaml"], vec!["base/people.yaml", "clusters/prod.yaml"]),
        (vec!["/r/base/people.yaml", "/r/clusters/prod.yaml"], vec!["base/people.yaml", "clusters/prod.yaml"]),
        (vec!["C:\\r\\a\\x.yaml", "C:\\r\\b\\x.yaml"], vec!["a/x.yaml", "b/x.yaml"]),
        (vec!["a/x.yaml", "a/y.yaml"], vec!["x.yaml", "y.yaml"]),
        (vec!["<stdin>"], vec!["<stdin>"]),
    ];
    for (paths, expected) in rows {
        let mut sources = sources(&[]);
        for path in &paths {
            sources.add(*path, "");
        }
        let names: Vec<String> = files(&sources).iter().map(|file| file.name.to_string()).collect();
        assert_eq!(names, expected, "{paths:?}");
    }
}
