//! Fields that there are not, in objects that somebody gives.

use super::giving::{RBAC, given, lines};

/// kubectl refuses each of these by the field that is named here, and an API server takes it without the field where nobody
/// asks it to refuse.
#[test]
fn a_field_that_there_is_not_is_named_with_its_place() {
    let rows = [
        (
            "kind: ClusterRole\nmetadata: {name: a}\nrule: []\n",
            "`rule` of ClusterRole a (it:4): unknown field (`rules`?)",
        ),
        (
            "kind: ClusterRole\nmetadata: {name: a, label: {b: c}}\n",
            "`metadata.label` of ClusterRole a (it:3): unknown field (`labels`?)",
        ),
        (
            "kind: ClusterRole\nmetadata: {name: a}\nrules:\n- verbs: [get]\n  apiGroups: ['']\n  resources: [pods]\n  verb: [list]\n",
            "`rules[0].verb` of ClusterRole a (it:8): unknown field (`verbs`?)",
        ),
        ("kind: ClusterRole\nmetadata: {name: a}\nstatus: {}\n", "`status` of ClusterRole a (it:4): unknown field"),
        (
            "kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: r}\nsubject: [{kind: User, name: u}]\n",
            "`subject` of ClusterRoleBinding b (it:5): unknown field (`subjects`?)",
        ),
        (
            "kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: User, Name: v, name: u}]\n",
            "`subjects[0].Name` of ClusterRoleBinding b (it:5): unknown field (`name`?)",
        ),
    ];
    for (text, expected) in rows {
        let (_, given) = given(&format!("{RBAC}\n{text}")).expect(text);
        let said = lines(given);
        let gap = format!("gap: {expected}: kubectl refuses the object; here it counts without that field\n");
        assert!(said.contains(&gap), "{text}{said}");
        assert!(said.lines().count() == 2, "it counts: {said}");
    }
    let list = format!(
        r#"{{"apiVersion": "v1", "kind": "List", "items": [{{{}, "kind": "ClusterRole", "metadata": {{"name": "a"}}, "rule": []}}]}}"#,
        r#""apiVersion": "rbac.authorization.k8s.io/v1""#
    );
    let (_, of_list) = given(&list).expect("a list");
    let said = lines(of_list);
    assert!(said.contains("gap: `rule` of ClusterRole a (it:1): unknown field (`rules`?)"), "{said}");
    // What a cluster has it has taken.
    let (_, given) =
        given(&format!("{RBAC}\nkind: ClusterRole\nmetadata: {{name: a, resourceVersion: '5'}}\nrule: []\n"))
            .expect("a role");
    assert_eq!(lines(given).lines().count(), 1);
}

/// The same of objects that say who logs in. A `ConfigMap` that does not is anybody's.
#[test]
fn a_field_that_there_is_not_is_named_where_logins_stand() {
    let rows = [
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\nstringData: {mapRoles: ''}\n",
            Some("`stringData` of ConfigMap aws-auth (it:4): unknown field"),
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\nData: {mapRoles: ''}\n",
            Some("`Data` of ConfigMap aws-auth (it:4): unknown field (`data`?)"),
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: theirs, namespace: kube-system}\nstringData: {a: ''}\n",
            None,
        ),
        (
            "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nmetadata: {name: a}\nspec: {ARN: x, username: a}\n",
            Some("`spec.ARN` of IAMIdentityMapping a (it:4): unknown field (`arn`?)"),
        ),
    ];
    for (text, expected) in rows {
        let (_, given) = given(text).expect(text);
        let said = lines(given);
        match expected {
            Some(expected) => assert!(said.contains(&format!("gap: {expected}")), "{text}{said}"),
            None => assert!(!said.contains("unknown field"), "{text}{said}"),
        }
    }
}
