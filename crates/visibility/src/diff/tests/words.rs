//! What is said.

use insta::assert_snapshot;
use rbac::Subject;

use super::{DiffSubject, Difference, World, contrasted, given, said, world};

const BEFORE: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}},
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view"}, "rules": [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "admin"}, "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader", "namespace": "dev"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "discovery"}, "roleRef": {"kind": "ClusterRole", "name": "discovery"},
 "subjects": [{"kind": "Group", "name": "system:authenticated"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "bots", "namespace": "dev"}, "roleRef": {"kind": "Role", "name": "reader"},
 "subjects": [{"kind": "ServiceAccount", "name": "bot"}, {"kind": "User", "name": "ops:ann"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "viewers", "namespace": "shop"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
 "subjects": [{"kind": "Group", "name": "viewers"}]},
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {
 "mapRoles": "- {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: 'ops:{{SessionName}}', groups: [viewers]}",
 "mapUsers": "- {userarn: 'arn:aws:iam::111122223333:user/carol', username: carol, groups: [viewers]}"}}
]}"#;

fn after() -> String {
    BEFORE
        .replace(r#"{"kind": "ServiceAccount", "name": "bot"}, "#, "")
        .replace("'arn:aws:iam::111122223333:user/carol', username: carol, groups: [viewers]", "'arn:aws:iam::111122223333:user/dan', username: dan, groups: [admins]")
        .replace(
            r#"{"apiVersion": "v1", "kind": "ConfigMap""#,
            r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "admins"}, "roleRef": {"kind": "ClusterRole", "name": "admin"},
 "subjects": [{"kind": "Group", "name": "admins"}]},
{"apiVersion": "v1", "kind": "ConfigMap""#,
        )
}

fn one(text: &str) -> World {
    world(&[("cluster.json", text)])
}

#[test]
fn who_gains_and_loses_what() {
    assert_snapshot!(said(&one(BEFORE), &one(&after())), @r#"
    From before to after
      logins: 1 added, 1 removed
      rights: 1 person gains, 1 loses; 1 person unchanged
      bindings: 1 subject gains, 1 loses; 3 unchanged

    Dangerous
      ! user dan; group admins may do everything everywhere

    Who can log in
      + user dan as dan, in admins
      - user carol as carol, was in viewers

    Who gains rights
      user dan; group admins
        + everywhere: every verb on everything (ClusterRole admin)

    Who loses rights
      user carol
        - in shop: get, list on pods (ClusterRole view)
      service account dev/bot
        - in dev: get on everything of the core group (Role reader)
    "#);
}

#[test]
fn the_same_differs_in_nothing() {
    assert_snapshot!(said(&one(BEFORE), &one(BEFORE)), @r#"
    From before to after
      nothing changes for anybody: 2 people, 4 subjects of Kubernetes
    "#);
}

#[test]
fn grants_of_unknown_roles_are_said() {
    let file = |role: &str| {
        let text = format!(
            "clusterID: c\naccount: '111122223333'\ngroups:\n- name: developers\n  users: [alice]\n  authorization:\n  - \
             {{namespace: dev, clusterRole: {role}}}\n  - {{namespaces: ['team-*'], clusterRole: reader}}\n"
        );
        given(&[("access.yaml", &text)])
    };
    assert_snapshot!(said(&file("reader"), &file("writer")), @r#"
    From before to after
      ! incomplete: not everything is known, and there may be more
      logins: 0 added, 0 removed
      rights: 0 people gain, 0 lose; 1 person unchanged
      bindings: 0 subjects gain, 0 lose; 1 unchanged

    What is not known
      - Group developers loses whatever the ClusterRole reader allows in dev
      + Group developers gains whatever the ClusterRole writer allows in dev
      only access files were given; other grants in the cluster are not known
      the namespaces that the access file's globs and selectors choose: the cluster's namespaces are not known
      before: what the ClusterRole reader allows: a binding names it, but it was not given
      after: what the ClusterRole writer allows: a binding names it, but it was not given
    "#);
    assert!(
        Difference::between(&file("writer"), &file("writer")).is_empty(),
        "what is not known is the same on both sides"
    );
}

#[test]
fn policies_of_access_entries_count_for_the_people_they_are_for() {
    let entry = |policies: &str| {
        let entry = r#"{"accessEntry": {"clusterName": "c", "principalArn": "arn:aws:iam::111122223333:role/Ops",
            "kubernetesGroups": [], "username": "arn:aws:sts::111122223333:assumed-role/Ops/{{SessionName}}", "type": "STANDARD"}}"#;
        let policies = format!(
            r#"{{"clusterName": "c", "principalArn": "arn:aws:iam::111122223333:role/Ops", "associatedAccessPolicies": [{policies}]}}"#
        );
        let list = r#"{"accessEntries": ["arn:aws:iam::111122223333:role/Ops"]}"#;
        world(&[("cluster.json", BEFORE), ("entries.json", list), ("entry.json", entry), ("policies.json", &policies)])
    };
    let secrets = |namespaces: &str| {
        format!(
            r#"{{"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSSecretReaderPolicy", "accessScope": {namespaces}}}"#
        )
    };
    let (none, some) = (entry(""), entry(&secrets(r#"{"type": "namespace", "namespaces": ["sh*", "team-*"]}"#)));
    let all = entry(&secrets(r#"{"type": "cluster", "namespaces": []}"#));
    assert_snapshot!(said(&none, &some), @r#"
    From before to after
      logins: 0 added, 0 removed
      rights: 1 person gains, 0 lose; 1 person unchanged
      bindings: 0 subjects gain, 0 lose; 4 unchanged

    Who gains rights
      role Ops
        + in sh*, shop, team-*: get, list, watch on secrets (EKS access policy AmazonEKSSecretReaderPolicy)
    "#);
    assert_snapshot!(said(&some, &all), @r#"
    From before to after
      logins: 0 added, 0 removed
      rights: 1 person gains, 0 lose; 1 person unchanged
      bindings: 0 subjects gain, 0 lose; 4 unchanged

    Dangerous
      ! role Ops can read secrets everywhere
        secrets hold the tokens and passwords of others

    Who gains rights
      role Ops
        + everywhere: get, list, watch on secrets (EKS access policy AmazonEKSSecretReaderPolicy)
          had in sh*, shop, team-*: get, list, watch on secrets
    "#);
}

#[test]
fn two_of_one_world() {
    let world = one(&after());
    let subject = |subject| DiffSubject::Subject(subject);
    let arn = |text: &str| DiffSubject::of_arn(&world, &text.parse().expect("an ARN")).expect("somebody");
    let cases = [
        (subject(Subject::Group("viewers".into())), subject(Subject::User("ops:ann".into()))),
        (subject(Subject::User("dan".into())), subject(Subject::User("nobody".into()))),
        (subject(Subject::Group("viewers".into())), arn("arn:aws:iam::111122223333:role/Ops")),
        (arn("arn:aws:iam::111122223333:role/team/Ops"), arn("arn:aws:sts::111122223333:assumed-role/Ops/ann")),
        (arn("arn:aws:iam::111122223333:user/nobody"), arn("arn:aws:iam::111122223333:user/dan")),
    ];
    let all: Vec<String> = cases.iter().map(|(first, second)| contrasted(&world, first, second)).collect();
    assert_snapshot!(all.join("--\n"), @r#"
    Group viewers and User ops:ann
      session Ops/ann of 111122223333 logs in as ops:ann, in viewers: name them by their ARN to count these groups

    Only User ops:ann may
      + in dev: get on everything of the core group (Role reader)

    Only Group viewers may
      - in shop: get, list on pods (ClusterRole view)
    --
    User dan and User nobody
      user dan of 111122223333 logs in as dan, in admins: name them by their ARN to count these groups
      both may do the same
    --
    Group viewers and role Ops of 111122223333
      role Ops of 111122223333 logs in as ops:<session>, in viewers
      both may do the same
    --
    role Ops of 111122223333 and session Ops/ann of 111122223333
      role Ops of 111122223333 logs in as ops:<session>, in viewers
      session Ops/ann of 111122223333 logs in as ops:ann, in viewers

    Only session Ops/ann of 111122223333 may
      + in dev: get on everything of the core group (Role reader)
    --
    user nobody of 111122223333 and user dan of 111122223333
      ! user nobody of 111122223333 cannot log in, and may do nothing: mapping.none
      user dan of 111122223333 logs in as dan, in admins

    Only user dan of 111122223333 may
      ! may do everything everywhere
      + everywhere: every verb on everything (ClusterRole admin)
    "#);
}

#[test]
fn a_permission_set_is_the_same_with_and_without_its_role() {
    let binding = r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "eve", "namespace": "dev"}, "roleRef": {"kind": "Role", "name": "reader"},
 "subjects": [{"kind": "User", "name": "dev:eve"}]},
{"apiVersion": "v1", "kind": "ConfigMap""#;
    let mapped = |arn: &str, username: &str| {
        let entry =
            format!("- {{rolearn: 'arn:aws:iam::111122223333:role/{arn}', username: '{username}', groups: [viewers]}}");
        one(&BEFORE.replace(r#"{"apiVersion": "v1", "kind": "ConfigMap""#, binding).replace(
            "- {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: 'ops:{{SessionName}}', groups: [viewers]}",
            &entry,
        ))
    };
    let by_role = mapped("AWSReservedSSO_Dev_0123456789abcdef", "dev:{{SessionName}}");
    let file = "clusterID: c\naccount: '111122223333'\ngroups:\n- name: viewers\n  permissionSets: [{name: Dev, username: 'dev:{{SessionName}}'}]\n  \
                authorization: [{namespace: shop, clusterRole: view}]\n";
    let by_set = world(&[
        (
            "cluster.json",
            &BEFORE.replace(r#"{"apiVersion": "v1", "kind": "ConfigMap""#, binding).replace("mapRoles", "unused"),
        ),
        ("access.yaml", file),
    ]);
    assert_snapshot!(said(&by_role, &by_set), @r#"
    From before to after
      nothing changes for anybody: 2 people, 5 subjects of Kubernetes
    "#);
    let backwards = Difference::between(&by_set, &by_role);
    assert!(backwards.people.is_empty(), "{backwards:?}");
}
