//! What can be read and is probably not meant.

use document::{Limits, Problem};

use super::{around, codes, good, now, sources};
use crate::{Code, Facts, Namespace, Read, check, check_what_was_read, read};

fn found(groups: &str) -> Vec<String> {
    codes(&[&around(groups)])
}

#[test]
fn what_is_found() {
    let rows = [
        ("- {name: a}", "access.nobody 0:4:10"),
        ("- {name: a, users: [x, x]}", "access.duplicate 0:4:24"),
        ("- {name: a, roles: [p/r, q/r]}", "access.role-path 0:4:26"),
        ("- {name: view, roles: [x]}\nnodes: [{roles: [m]}, {roles: [m]}]", "access.duplicate 0:5:32"),
        ("- {name: view, roles: [x]}\nnodes: [{roles: [m, p/m]}]", "access.role-path 0:5:21"),
        (
            "- {name: view, roles: [AWSReservedSSO_Dev_0123456789abcdef]}\n- {name: edit, permissionSets: [Dev]}",
            "access.username-twice 0:4:24",
        ),
        ("- {name: a, users: [x], expires: 2026-05-31}", "access.expired 0:4:34"),
        ("- {name: a, users: [x], expires: 2026-06-10}", "access.expires-soon 0:4:34"),
        ("- {name: a, users: [x, {name: y, username: x}]}", "access.username-twice 0:4:44"),
        (
            "- {name: a, users: [{name: y, username: x}]}\n- {name: b, users: [{name: y, username: z}]}",
            "access.username-twice 0:5:41",
        ),
        ("- {name: a, roles: [r, {name: r, account: '444455556666'}]}", "access.username-twice 0:4:24"),
        ("- {name: a, users: [x, {name: x, partition: aws-us-gov}]}", "access.username-twice 0:4:24"),
        ("- {name: a, roles: [r, {name: s, username: 'r:boss'}]}", "access.template 0:4:44"),
        (
            "- {name: a, roles: [{name: r, username: 'a:b/{{SessionName}}'}, {name: s, username: 'a:b/boss'}]}",
            "access.template 0:4:85",
        ),
        (
            "- {name: a, roles: [{name: r, username: '{{AccountID}}:{{SessionName}}'}, {name: s, username: '111122223333:boss'}]}",
            "access.template 0:4:95",
        ),
        (
            "- {name: a, roles: [{name: r, username: 'x:{{AccountID}}'}, {name: s, username: 'x:111122223333'}]}",
            "access.username-twice 0:4:81",
        ),
        (
            "- {name: a, users: [x], authorization: [{rules: [{apiGroups: ['*'], resources: ['*'], verbs: [get]}]}]}",
            "access.too-broad 0:4:50",
        ),
        (
            "- {name: a, users: [x], authorization: [{rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}]}",
            "access.escalates 0:4:41",
        ),
        (
            "- {name: a, users: [x], authorization: [{namespace: d, role: v}, {namespace: d, clusterRole: v}]}",
            "access.collision 0:4:66",
        ),
        ("- {name: a, users: [x], authorization: [{clusterRole: edit}]}", "access.escalates 0:4:41"),
        ("- {name: a, users: [x], authorization: [{clusterRole: cluster-admin}]}", "access.all-powerful 0:4:55"),
        (
            "- {name: a, users: [x], authorization: [{namespace: d, clusterRole: cluster-admin}]}",
            "access.all-powerful 0:4:69",
        ),
        (
            "- {name: a, users: [x], authorization: [{rules: [{apiGroups: [apps/v1], resources: [pod], verbs: [read]}]}]}",
            "access.matches-nothing 0:4:50",
        ),
        (
            "- {name: a, users: [x], authorization: [{namespace: d, rules: [{apiGroups: [''], resources: [nodes], verbs: [get]}]}]}",
            "access.matches-nothing 0:4:64",
        ),
        ("- {name: 'system:masters', users: [x]}", "access.system-name 0:4:10"),
        ("- {name: a, roles: [r]}\nnodes: [{roles: [p/r]}]", "access.username-twice 0:5:18"),
    ];
    for (text, expected) in rows {
        assert!(found(text).iter().any(|code| code == expected), "{text}: {:?}", found(text));
    }
}

#[test]
fn what_is_fine() {
    let rows = [
        "- {name: a, users: [x], roles: [x]}",
        // A permission set of another account, and a role that is only called like one of a set.
        "- {name: view, roles: [AWSReservedSSO_Dev_0123456789abcde]}\n- {name: edit, permissionSets: [Dev, {name: Ops, account: '444455556666'}]}",
        "- {name: a, roles: [{name: r, username: '{{AccessKeyID}}'}, {name: s, username: '{{AccessKeyID}}'}, t]}",
        "- {name: a, roles: [{name: r, username: '{{AccountID}}:{{SessionName}}'}, {name: r, account: '444455556666', username: '{{AccountID}}:{{SessionName}}'}]}",
        "- {name: a, roles: [{name: r, username: 'arn:aws:sts::111122223333:assumed-role/r/{{SessionName}}'}, {name: s, username: 'arn:aws:sts::111122223333:assumed-role/s/{{SessionName}}'}]}",
        "- {name: a, roles: [{name: r, username: 'x:{{AccessKeyID}}'}, {name: s, username: 'x:boss'}]}",
        "- {name: a, users: [x], expires: 2026-06-20}",
        "- {name: a, users: [x], authorization: [{namespace: d, rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}]}",
        "- {name: 'system:masters', users: [x], accept: {access.system-name: imported}}",
        "- {name: a, accept: {access.nobody: later}}",
        "- {name: a, users: [x], authorization: [{namespace: d, clusterRole: edit}, {clusterRole: view}]}",
        "- {name: a, users: [x], authorization: [{clusterRole: cluster-admin, accept: {access.all-powerful: on call}}]}",
        "- {name: a, users: [x], expires: 2026-05-31, accept: {access.expired: 'kept as a note'}}",
        "- {name: a, users: [x], authorization: [{accept: {access.escalates: yes we know}, rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}]}",
        "- {name: a, users: [{name: w, username: z}]}\n- {name: b, users: [w]}",
    ];
    for text in rows {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

/// What is wrong with a part of a file, what it is to be, and what else is found in one run with it: nothing that would not be
/// found without it.
#[test]
fn errors_of_reading_hide_nothing_and_make_nothing_up() {
    let rules = "{apiGroups: [''], resources: [podz], verbs: [get]}";
    let of_rules = |grant: &str| {
        format!("- {{name: a, users: [x], authorization: [{{namespace: d, rules: [{rules}]}}, {grant}]}}")
    };
    let (nothing, all) = (Code::MatchesNothing.code(), Code::AllPowerful.code());
    let rows = [
        (of_rules("{namespace: d, clusterrole: view}"), of_rules("{namespace: d, clusterRole: view}"), vec![nothing]),
        (of_rules("{clusterRole: cluster-admin, x: y}"), of_rules("{clusterRole: cluster-admin}"), vec![nothing, all]),
        ("- {name: a, users: 5}".to_owned(), "- {name: a, users: [x]}".to_owned(), vec![]),
        ("- {name: a, userz: [x]}".to_owned(), "- {name: a, users: [x]}".to_owned(), vec![]),
        (
            "- {name: nope, users: [x], authorisation: [{clusterRole: view}]}".to_owned(),
            "- {name: nope, users: [x], authorization: [{clusterRole: view}]}".to_owned(),
            vec![],
        ),
        (
            "- {name: a, roles: [{name: r, userName: b}, {name: r, account: '444455556666'}]}".to_owned(),
            "- {name: a, roles: [{name: r, username: b}, {name: r, account: '444455556666'}]}".to_owned(),
            vec![],
        ),
        (
            "- {name: a, users: [x, x], expires: soon}".to_owned(),
            "- {name: a, users: [x, x], expires: 2027-01-01}".to_owned(),
            vec![Code::Duplicate.code()],
        ),
    ];
    let facts = Facts { roles: Some(rbac::Objects::default()), ..Facts::default() };
    let in_words = |problems: Vec<Problem>| -> Vec<(&str, String)> {
        problems.into_iter().map(|problem| (problem.code, problem.message)).collect()
    };
    for (broken, mended, expected) in rows {
        let Read { access, problems } = read(&sources(&[&around(&broken)]), &Limits::default());
        assert!(!problems.is_empty(), "{broken}");
        let found = in_words(check_what_was_read(&access, &facts, now(), &problems));
        let all = in_words(check(&good(&around(&mended)), &facts, now()));
        for one in &found {
            assert!(all.contains(one), "{broken}: made up: {one:?}");
        }
        let codes: Vec<&str> =
            found.iter().map(|(code, _)| *code).filter(|code| *code != Code::NoRole.code()).collect();
        assert_eq!(codes, expected, "{broken}");
    }
    // Without an id that can be read nothing is said to be missing.
    let Read { access, problems } = read(&sources(&["clusterID: 5\naccount: '111122223333'\n"]), &Limits::default());
    assert_eq!(check_what_was_read(&access, &Facts::default(), now(), &problems), []);
}

#[test]
fn a_cluster_tells_what_is_missing() {
    let text = around(
        "- {name: a, users: [x], authorization: [{namespaces: [d, 'e*', 'kube*'], clusterRole: view}, {namespaceSelector: {matchLabels: {t: u}}, clusterRole: view}]}",
    );
    let access = good(&text);
    let namespace = |name: &str| Namespace { name: name.into(), labels: rbac::Labels::new() };
    let facts = Facts {
        namespaces: Some(vec![namespace("e1"), namespace("kube-system")]),
        roles: Some(rbac::Objects::default()),
        ..Facts::default()
    };
    let found: Vec<&str> = check(&access, &facts, now()).iter().map(|problem| problem.code).collect();
    let no_namespace = Code::NoNamespace.code();
    assert_eq!(found.iter().filter(|code| **code == no_namespace).count(), 3, "{found:?}");
    assert_eq!(found.iter().filter(|code| **code == Code::NoRole.code()).count(), 2, "{found:?}");
}

#[test]
fn a_cluster_tells_what_its_roles_allow() {
    let rules = r#""rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["rolebindings", "roles"]}]"#;
    let cluster_role = format!(
        r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {{"name": "own"}}, {rules}}}"#
    );
    let role = format!(
        r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {{"name": "own", "namespace": "d"}}, {rules}}}"#
    );
    let rows = [
        ("a ClusterRole", &cluster_role, "{clusterRole: own}"),
        ("a ClusterRole in a namespace", &cluster_role, "{namespace: d, clusterRole: own}"),
        ("a Role", &role, "{namespace: d, role: own}"),
    ];
    for (name, role, grant) in rows {
        let access = good(&around(&format!("- {{name: a, users: [x], authorization: [{grant}]}}")));
        let mut roles = rbac::Objects::default();
        roles.read(role.as_bytes()).expect("a role");
        let facts = Facts { roles: Some(roles), ..Facts::default() };
        let found = check(&access, &facts, now());
        assert!(!found.is_empty(), "{name}");
        assert!(found.iter().all(|problem| problem.code == Code::Escalates.code()), "{name}: {found:?}");
    }
}

#[test]
fn codes_are_unique_and_explained() {
    let mut seen = std::collections::HashSet::new();
    for code in Code::ALL {
        assert!(seen.insert(code.code()), "{} twice", code.code());
        assert!(code.explain().summary.ends_with('.') && code.explain().fix.ends_with('.'), "{}", code.code());
    }
}
