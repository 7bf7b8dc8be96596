//! Who may do everything besides whom the file says: named, wherever it stands.

use inventory::{AccessEntries, MappingTarget};

use super::world::{Scenario, cluster, map};
use crate::{
    Allowed, Plan,
    print::{json, text},
};

const FILE: &str = "\
clusterID: c
account: '111122223333'
groups:
- name: admins
  users: [alice]
  authorization: [{clusterRole: cluster-admin, accept: {access.all-powerful: on call}}]
";

const CLUSTER: &str = "
role cluster-admin = * *.*; * /*
role view = get pods
binding cluster-admin = ClusterRole cluster-admin > group:system:masters
binding cluster-auth:admins:cluster-admin = ClusterRole cluster-admin > group:admins [ours]
binding gone = ClusterRole cluster-admin > group:former [ours]
binding helm = ClusterRole cluster-admin > group:release [helm]
binding break-glass = ClusterRole cluster-admin > user:mallory group:ops
binding dev/all = ClusterRole cluster-admin > group:dev
binding dev/own = Role cluster-admin > group:dev
binding dev/masters = ClusterRole view > group:system:masters
binding view = ClusterRole view > group:viewers
";

const AWS_AUTH: [(&str, &str); 2] = [
    (
        "mapRoles",
        "- {rolearn: 'arn:aws:iam::111122223333:role/Old', username: old, groups: [x, 'system:masters']}\n\
         - {rolearn: 'arn:aws:iam::111122223333:role/path/Never', username: never, groups: ['system:masters']}\n\
         - {rolearn: 'arn:aws:iam::111122223333:role/Node', username: node, groups: ['system:nodes']}\n",
    ),
    (
        "mapUsers",
        "- {userarn: 'arn:aws:iam::111122223333:user/alice', username: alice, groups: ['system:masters']}\n\
         - {userarn: 'arn:aws:iam::111122223333:user/was-ours', username: w, groups: ['system:masters']}\n\
         - {userarn: 'arn:aws:iam::111122223333:user/zoe', groups: ['system:masters']}\n",
    ),
];

fn plan(target: MappingTarget) -> Plan {
    let mut observed = cluster(CLUSTER);
    observed.mappings.push(map(MappingTarget::AwsAuth, &AWS_AUTH, &["user/was-ours", "user/alice"]));
    Scenario::new(FILE, target, &observed).plan(&observed)
}

#[test]
fn access_entries_and_their_policies_count_and_are_named() {
    let entry = |principal: &str, groups: &str| {
        format!(
            r#"{{"accessEntry": {{"principalArn": "arn:aws:iam::111122223333:{principal}", "kubernetesGroups": [{groups}], "username": "{principal}", "type": "STANDARD"}}}}"#
        )
    };
    let policy = |principal: &str, policy: &str, scope: &str| {
        format!(
            r#"{{"principalArn": "arn:aws:iam::111122223333:{principal}", "associatedAccessPolicies": [
               {{"policyArn": "arn:aws:eks::aws:cluster-access-policy/{policy}", "accessScope": {scope}}}]}}"#
        )
    };
    let mut entries = AccessEntries::default();
    for text in [
        entry("role/Boss", ""),
        policy("role/Boss", "AmazonEKSClusterAdminPolicy", r#"{"type": "cluster"}"#),
        entry("role/Team", ""),
        policy("role/Team", "AmazonEKSClusterAdminPolicy", r#"{"type": "namespace", "namespaces": ["dev"]}"#),
        entry("user/alice", r#""admins""#),
        policy("user/alice", "AmazonEKSViewPolicy", r#"{"type": "cluster"}"#),
        r#"{"accessEntries": []}"#.to_owned(),
    ] {
        entries.read(text.as_bytes()).expect(&text);
    }
    let mut observed = cluster("role cluster-admin = * *.*; * /*");
    observed.add_entries(entries);
    assert_eq!(observed.unseen, []);
    let file = FILE.replace("alice", "bob");
    let plan = Scenario::new(&file, MappingTarget::None, &observed).plan(&observed);
    assert_eq!(
        said(&plan),
        [
            "arn:aws:iam::111122223333:role/Boss has the EKS access policy AmazonEKSClusterAdminPolicy, by its access entry",
            "arn:aws:iam::111122223333:role/Team has the EKS access policy AmazonEKSClusterAdminPolicy in dev, by its access entry",
        ]
    );
    // Who is in a group by an entry gains what the group does, but for what the policy gave before.
    let alice = plan.people.iter().find(|person| person.who.name() == "alice").expect("alice");
    assert!(alice.before.is_some() && !alice.known_rights().gains.is_empty(), "{alice:?}");
    // With every right nothing is gained.
    assert!(plan.people.iter().all(|person| person.who.name() != "Boss"), "{:?}", plan.people);
    let file = FILE.replace("users: [alice]", "roles: [Boss]");
    let plan = Scenario::new(&file, MappingTarget::None, &observed).plan(&observed);
    let boss = plan.people.iter().find(|person| person.who.name() == "Boss");
    assert!(boss.is_none_or(|boss| boss.known_rights().gains.is_empty()), "{boss:?}");
}

/// What EKS' own nodes may do is EKS' own: a plan neither changes it nor asks for it. Of others an unknown policy is not known.
#[test]
fn the_policy_of_auto_modes_nodes_stops_no_plan() {
    let arn = "arn:aws:iam::111122223333:role/AutoNode";
    for (kind, policy, is_known) in [
        ("EC2", "AmazonEKSAutoNodePolicy", true),
        ("EC2", "AmazonEKSSomethingNewPolicy", false),
        ("STANDARD", "AmazonEKSAutoNodePolicy", false),
    ] {
        let mut entries = AccessEntries::default();
        for text in [
            format!(
                r#"{{"accessEntry": {{"principalArn": "{arn}", "kubernetesGroups": [], "username": "system:node:{{{{SessionName}}}}", "type": "{kind}"}}}}"#
            ),
            format!(
                r#"{{"principalArn": "{arn}", "associatedAccessPolicies": [
                   {{"policyArn": "arn:aws:eks::aws:cluster-access-policy/{policy}", "accessScope": {{"type": "cluster"}}}}]}}"#
            ),
            format!(r#"{{"accessEntries": ["{arn}"]}}"#),
        ] {
            entries.read(text.as_bytes()).expect(&text);
        }
        let mut observed = cluster("role cluster-admin = * *.*; * /*");
        observed.add_entries(entries);
        let plan = Scenario::new(FILE, MappingTarget::None, &observed).plan(&observed);
        assert_eq!(plan.not_known.rights.is_empty(), is_known, "{kind} {policy}: {:?}", plan.not_known);
        let is_gap = plan.unseen.iter().any(|gap| gap.what.contains(policy));
        assert_eq!(is_gap, !is_known, "{kind} {policy}: {:?}", plan.unseen);
    }
}

fn said(plan: &Plan) -> Vec<String> {
    plan.all_powerful.iter().map(ToString::to_string).collect()
}

const BINDINGS: [&str; 4] = [
    "ClusterRoleBinding break-glass gives ClusterRole cluster-admin to user mallory, group ops",
    "ClusterRoleBinding helm gives ClusterRole cluster-admin to group release",
    "RoleBinding dev/all gives ClusterRole cluster-admin to group dev",
    "RoleBinding dev/masters gives ClusterRole view to group system:masters",
];
const OLD: &str = "arn:aws:iam::111122223333:role/Old is in system:masters, as old, by EKSConfigMap mapRoles[0] (ConfigMap kube-system/aws-auth:1)";
const ZOE: &str = "arn:aws:iam::111122223333:user/zoe is in system:masters, without a username, by EKSConfigMap mapUsers[2] (ConfigMap kube-system/aws-auth:3)";

#[test]
fn what_is_not_the_files_and_stays_is_named_with_its_place() {
    let plan = plan(MappingTarget::AwsAuth);
    assert_eq!(said(&plan), [&[OLD, ZOE][..], &BINDINGS].concat());
    let text: String = text(&plan, &Allowed::default()).iter().map(|segment| segment.text().to_owned()).collect();
    assert!(text.contains(&format!("\nCluster admins outside this file\n  {OLD}\n")), "{text}");
    let json: serde_json::Value = serde_json::from_str(&json(&plan)).expect("JSON");
    assert_eq!(json["allPowerful"][0]["kind"], "login");
    assert_eq!(json["allPowerful"][0]["place"], "EKSConfigMap mapRoles[0] (ConfigMap kube-system/aws-auth:1)");
    assert_eq!(
        json["allPowerful"][2],
        serde_json::json!({
            "kind": "binding", "binding": "ClusterRoleBinding break-glass", "role": "ClusterRole cluster-admin",
            "subjects": ["user mallory", "group ops"],
        })
    );
}

#[test]
fn whoever_may_choose_the_group_by_the_name_of_their_session_is_named() {
    let rows = [
        (
            "a session's name",
            "{rolearn: 'arn:aws:iam::111122223333:role/Any', username: 'any:{{SessionName}}', groups: ['system:{{SessionName}}']}",
            Some(
                "arn:aws:iam::111122223333:role/Any is in system:masters when they choose the session name `masters`, as any:{{SessionName}}",
            ),
        ),
        (
            "the other half",
            "{rolearn: 'arn:aws:iam::111122223333:role/Any', username: any, groups: ['{{SessionNameRaw}}:masters']}",
            Some(
                "arn:aws:iam::111122223333:role/Any is in system:masters when they choose the session name `system`, as any",
            ),
        ),
        (
            "AWS has no such name",
            "{rolearn: 'arn:aws:iam::111122223333:role/Any', username: any, groups: ['{{SessionName}}', 'sys{{SessionName}}']}",
            None,
        ),
        (
            "it is asked which group, not whether",
            "{rolearn: 'arn:aws:iam::111122223333:role/Any', username: any, groups: ['system:masters-{{SessionName}}']}",
            None,
        ),
    ];
    for (what, entry, expected) in rows {
        let mut observed = cluster("role cluster-admin = * *.*; * /*");
        let text = format!("- {entry}\n");
        observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapRoles", &text)], &[]));
        for target in [MappingTarget::AwsAuth, MappingTarget::None] {
            let plan = Scenario::new(FILE, target, &observed).plan(&observed);
            let expected =
                expected.map(|said| format!("{said}, by EKSConfigMap mapRoles[0] (ConfigMap kube-system/aws-auth:1)"));
            assert_eq!(said(&plan), Vec::from_iter(expected), "{what}");
        }
    }
    let mut observed = cluster("role cluster-admin = * *.*; * /*");
    observed.mappings.push(map(MappingTarget::AwsAuth, &[("mapRoles", &format!("- {}\n", rows[0].1))], &[]));
    let plan = Scenario::new(FILE, MappingTarget::AwsAuth, &observed).plan(&observed);
    let json: serde_json::Value = serde_json::from_str(&json(&plan)).expect("JSON");
    assert_eq!(json["allPowerful"][0]["session"], "masters");
}

#[test]
fn logins_that_are_written_elsewhere_are_all_somebody_elses() {
    // The file writes none of them: the entries of whatever it wrote to before stay.
    let plan = plan(MappingTarget::None);
    let logins: Vec<_> = said(&plan).into_iter().filter(|said| said.starts_with("arn:")).collect();
    assert_eq!(logins.len(), 4, "{logins:?}");
}

#[test]
fn the_digest_is_another_where_somebody_has_become_all_powerful() {
    let observed = cluster("role cluster-admin = * *.*\n");
    let without = Scenario::new(FILE, MappingTarget::None, &observed).plan(&observed).digest;
    let observed = cluster("role cluster-admin = * *.*\nbinding x = ClusterRole cluster-admin > user:x\n");
    assert_ne!(Scenario::new(FILE, MappingTarget::None, &observed).plan(&observed).digest, without);
}
