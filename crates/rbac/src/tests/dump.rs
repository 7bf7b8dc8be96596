//! What dumps hold, in whatever order they say it.

use std::collections::BTreeSet;

use crate::{
    AnyRole, Subject,
    dump::{DumpError, Found, FoundObject, Kinds, Refusal, TextStream, each},
};

#[test]
fn lists_are_read_in_whatever_order_they_are_written() {
    let typed = r#"{"metadata": {"name": "r", "namespace": "dev"}, "rules": null}"#;
    let whole = r#"{"metadata": {"name": "r", "namespace": "dev"}, "rules": [], "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}"#;
    let rows = [
        ("kubectl's", format!(r#"{{"apiVersion": "v1", "items": [{whole}], "kind": "List"}}"#), 1),
        (
            "an API server's",
            format!(
                r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "metadata": {{}}, "items": [{typed}]}}"#
            ),
            1,
        ),
        (
            "its kind last",
            format!(
                r#"{{"items": [{typed}, {whole}], "kind": "RoleList", "apiVersion": "rbac.authorization.k8s.io/v1"}}"#
            ),
            2,
        ),
        (
            "a list in a list",
            format!(
                r#"{{"apiVersion": "v1", "kind": "List", "items": [{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{typed}]}}]}}"#
            ),
            1,
        ),
        (
            "an empty list",
            r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": []}"#.to_owned(),
            0,
        ),
    ];
    for (name, text, expected) in rows {
        let mut found = Vec::new();
        let kinds = each(text.as_bytes(), None, |one| found.push(one)).expect(name);
        for size in [1, 7, 1000] {
            let mut arrived = Vec::new();
            let kinds_of_arrived = in_pieces(size, &text, |one| arrived.push(one)).expect(name);
            assert_eq!(
                (format!("{arrived:?}"), kinds_of_arrived),
                (format!("{found:?}"), kinds.clone()),
                "{name}, {size}"
            );
        }
        assert_eq!(found.len(), expected, "{name}");
        let is_role = |one: &Found| matches!(&one.object, FoundObject::Role(AnyRole::Role(role)) if *role.name == *"r");
        assert!(found.iter().all(is_role), "{name}: {found:?}");
        assert_eq!(kinds, Kinds { whole: ["Role".into()].into(), cut: [].into() }, "{name}");
    }
}

#[test]
fn half_a_list_says_nothing_of_what_is_not_in_it() {
    let version = "rbac.authorization.k8s.io/v1";
    let role =
        format!(r#"{{"apiVersion": "{version}", "kind": "Role", "metadata": {{"name": "r", "namespace": "n"}}}}"#);
    let list = |metadata: &str, items: &str| {
        format!(r#"{{"apiVersion": "{version}", "kind": "RoleList", "metadata": {{{metadata}}}, "items": [{items}]}}"#)
    };
    let mixed = |metadata: &str, items: &str| {
        format!(r#"{{"apiVersion": "v1", "kind": "List", "metadata": {{{metadata}}}, "items": [{items}]}}"#)
    };
    let (more, left) = (r#""continue": "x""#, r#""remainingItemCount": 7"#);
    let behind =
        format!(r#"{{"apiVersion": "{version}", "kind": "RoleList", "items": [{role}], "metadata": {{{more}}}}}"#);
    let (cut, whole, unknown) = (Some(true), Some(false), None);
    let rows = [
        ("an empty one", list(more, ""), cut),
        ("one", list(more, &role), cut),
        ("that says so behind its items", behind, cut),
        ("that says how many there are more", list(left, &role), cut),
        ("of mixed kinds", mixed(more, &role), cut),
        ("in a list", mixed("", &list(more, "")), cut),
        ("of nobody knows what", mixed(more, ""), unknown),
        ("a whole one", list(r#""continue": "", "remainingItemCount": null"#, &role), whole),
    ];
    for (name, text, expected) in &rows {
        for read in [each(text.as_bytes(), None, |_| {}), in_pieces(1, text, |_| {})] {
            let found = match read {
                Ok(kinds) => Some(kinds),
                Err(DumpError::Partial) => None,
                Err(error) => panic!("{name}: {error}"),
            };
            let (role, none) = (BTreeSet::from(["Role".into()]), BTreeSet::new());
            let expected = expected.map(|is_cut| {
                let [whole, cut] = if is_cut { [none, role] } else { [role, none] };
                Kinds { whole, cut }
            });
            assert_eq!(found, expected, "{name}");
        }
    }
}

#[test]
fn half_a_text_is_refused() {
    for text in [
        "",
        "[]",
        "{",
        r#"{"items": {}}"#,
        r#"{"apiVersion": "v1", "kind": "Role"} {}"#,
        r#"{"apiVersion": "v1", "kind": "List", "items": [{"kind": 1}]}"#,
    ] {
        assert!(matches!(each(text.as_bytes(), None, |_| {}), Err(DumpError::Syntax(_))), "{text}");
        assert!(matches!(in_pieces(1, text, |_| {}), Err(DumpError::Syntax(_))), "{text}");
    }
}

#[test]
fn whatever_is_wrong_with_a_text_is_wrong_in_pieces_too() {
    let role = r#"{"metadata": {"name": "a]}", "labels": {"items": "["}}}"#;
    let rows = [
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role}, {role}]}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "x": "\"items\":[", "items" : [ {role} ,{role} ] , "metadata": {{}}}} "#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "x": {{"items": [{role}]}}, "items": [{role}]}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role}], "items": [{role}]}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role}], "kind": "ClusterRoleList"}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role}], "metadata": {{"continue": "x"}}}}"#),
        format!(
            r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "metadata": {{"continue": "x"}}}}, {role}]}}"#
        ),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{{"apiVersion": "v1", "kind": "Namespace", "metadata": {{"name": "a"}}}}, {role}]}}"#),
        r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": null}"#.to_owned(),
        r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a"}, "items": [], "rules": [{"verbs": ["get"]}]}"#.to_owned(),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role},]}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [,{role}]}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role} {role}]}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role}, 1, {role}]}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role}, {{"kind": 1}}, {role}]}}"#),
        format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": [{role}]}}{{}}"#),
    ];
    let said = |read: &Result<Kinds, DumpError>, found: &[Found]| match read {
        Ok(kinds) => format!("{kinds:?} {found:?}"),
        Err(DumpError::Partial) => "partial".to_owned(),
        Err(DumpError::Syntax(_)) => "wrong".to_owned(),
    };
    for whole in &rows {
        // Half of a text is one that is wrong.
        for text in [&whole[..], &whole[..whole.trim_end().len() - 1], &whole[..whole.len() / 2]] {
            let mut found = Vec::new();
            let read = each(text.as_bytes(), None, |one| found.push(one));
            for size in [1, 2, 13, 1000] {
                let mut arrived = Vec::new();
                let read_in_pieces = in_pieces(size, text, |one| arrived.push(one));
                assert_eq!(said(&read_in_pieces, &arrived), said(&read, &found), "{size}: {text}");
            }
        }
    }
}

fn in_pieces(size: usize, text: &str, mut take: impl FnMut(Found)) -> Result<Kinds, DumpError> {
    let mut arriving = TextStream::default();
    text.as_bytes().chunks(size).for_each(|piece| arriving.add(piece, &mut take));
    arriving.end(take)
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// What was found, in one word or two, and what it is in: `cluster`, or a namespace.
fn said(found: &Found) -> String {
    let scope = |namespace: Option<&str>| namespace.unwrap_or("the cluster").to_owned();
    match &found.object {
        FoundObject::Namespace(name) => format!("Namespace {name}"),
        FoundObject::Role(role) => format!("{} {} in {}", role.kind().as_str(), role.name(), scope(role.namespace())),
        FoundObject::Binding(binding) => {
            format!("{} {} in {}", binding.kind(), binding.name(), scope(binding.namespace()))
        }
        FoundObject::Other(other) => format!("other {} {}", other.kind, other.name),
        FoundObject::Refused(refused) => format!("no {refused}: {:?}", refused.why),
    }
}

/// kubectl and an API server of 1.37.2 were given each of these.
#[test]
fn what_an_object_is_follows_from_api_version_and_kind() {
    let rows = [
        (RBAC, "Role", r#"{"name": "a", "namespace": "x"}"#, "Role a in x"),
        (RBAC, "Role", r#"{"name": "a"}"#, "no Role a: NoNamespace"),
        (RBAC, "Role", r#"{"name": "a", "namespace": ""}"#, "no Role a: NoNamespace"),
        (RBAC, "Role", r#"{"name": "a", "namespace": null}"#, "no Role a: NoNamespace"),
        (RBAC, "ClusterRole", r#"{"name": "a"}"#, "ClusterRole a in the cluster"),
        (RBAC, "ClusterRole", r#"{"name": "a", "namespace": "x"}"#, "ClusterRole a in the cluster"),
        (RBAC, "ClusterRoleBinding", r#"{"name": "a", "namespace": "x"}"#, "ClusterRoleBinding a in the cluster"),
        (RBAC, "RoleBinding", r#"{"name": "a", "namespace": "x"}"#, "RoleBinding a in x"),
        (RBAC, "RoleBinding", r#"{"name": "a"}"#, "no RoleBinding a: NoNamespace"),
        ("v1", "Namespace", r#"{"name": "a", "namespace": "x"}"#, "Namespace a"),
        ("v1", "ConfigMap", r#"{"name": "a"}"#, "no ConfigMap a: NoNamespace"),
        ("v1", "ServiceAccount", r#"{"name": "a", "namespace": "x"}"#, "other ServiceAccount a"),
        ("iam.services.k8s.aws/v1alpha1", "Role", r#"{"name": "a", "namespace": "x"}"#, "other Role a"),
        ("iam.services.k8s.aws/v1alpha1", "Role", r#"{"name": "a"}"#, "other Role a"),
        ("iam.example.org/v1", "ClusterRoleBinding", r#"{"name": "a"}"#, "other ClusterRoleBinding a"),
        ("tenancy.example.org/v1", "Namespace", r#"{"name": "a"}"#, "other Namespace a"),
        ("example.org/v1", "ServiceAccount", r#"{"name": "a"}"#, "other ServiceAccount a"),
        ("", "Role", r#"{"name": "a", "namespace": "x"}"#, "no Role a: NoApiVersion"),
        ("", "Namespace", r#"{"name": "a"}"#, "no Namespace a: NoApiVersion"),
        ("v1", "ClusterRole", r#"{"name": "a"}"#, r#"no ClusterRole a: NotServed("v1")"#),
        (
            "rbac.authorization.k8s.io/v1beta1",
            "ClusterRole",
            r#"{"name": "a"}"#,
            r#"no ClusterRole a: NotServed("rbac.authorization.k8s.io/v1beta1")"#,
        ),
        ("authorization.openshift.io/v1", "Role", r#"{"name": "a", "namespace": "x"}"#, "no Role a: OpenShift"),
        (RBAC, "ClusterRole", r#"{"generateName": "a-"}"#, "ClusterRole a-… in the cluster"),
        (RBAC, "ClusterRole", r#"{"name": "b", "generateName": "a-"}"#, "ClusterRole b in the cluster"),
        (
            RBAC,
            "ClusterRole",
            "null",
            r#"no ClusterRole without a name: Invalid(["metadata.name: Required value: name or generateName is required"])"#,
        ),
        (
            RBAC,
            "ClusterRole",
            r#"{"name": "a", "labels": null, "annotations": {"b": null}}"#,
            "ClusterRole a in the cluster",
        ),
    ];
    for (api_version, kind, metadata, expected) in rows {
        let text = format!(
            r#"{{"apiVersion": "{api_version}", "kind": "{kind}", "metadata": {metadata},
                "roleRef": {{"kind": "ClusterRole", "name": "view"}}}}"#
        );
        let mut found = Vec::new();
        each(text.as_bytes(), None, |one| found.push(said(&one))).expect(expected);
        assert_eq!(found, [expected], "{api_version} {kind} {metadata}");
        // Somebody may say which namespace it is that nobody wrote down; what is of the cluster stays there.
        let mut found = Vec::new();
        each(text.as_bytes(), Some("given"), |one| found.push(said(&one))).expect(expected);
        let expected = match kind {
            "Role" | "RoleBinding" => {
                expected.replace(&format!("no {kind} a: NoNamespace"), &format!("{kind} a in given"))
            }
            _ => expected.replace("no ConfigMap a: NoNamespace", "other ConfigMap a"),
        };
        assert_eq!(found, [expected], "{api_version} {kind} {metadata}, in a namespace");
    }
}

/// kubectl 1.37.2 was given each of these.
#[test]
fn lists_say_what_their_elements_are_that_say_nothing_themselves() {
    let one = r#"{"metadata": {"name": "a", "namespace": "x"}}"#;
    let whole = format!(r#"{{"apiVersion": "{RBAC}", "kind": "ClusterRole", "metadata": {{"name": "b"}}}}"#);
    let rows = [
        ("typed", RBAC, "RoleList", format!("[{one}, {whole}]"), &["Role a in x", "ClusterRole b in the cluster"][..]),
        (
            "not typed",
            "v1",
            "List",
            format!("[{one}, {whole}]"),
            &["no an object a: NoKind", "ClusterRole b in the cluster"],
        ),
        ("of another group", "iam.example.org/v1", "RoleList", format!("[{one}]"), &["other Role a"]),
        (
            "a kind alone",
            RBAC,
            "RoleList",
            r#"[{"kind": "Role", "metadata": {"name": "a"}}]"#.to_owned(),
            &["no Role a: NoApiVersion"],
        ),
        (
            "a version alone",
            RBAC,
            "RoleList",
            format!(r#"[{{"apiVersion": "{RBAC}"}}]"#),
            &["no an object without a name: NoKind"],
        ),
        (
            "no list by name",
            RBAC,
            "ClusterRole",
            r#"[{"metadata": {"name": "a"}}]"#.to_owned(),
            &["ClusterRole a in the cluster"],
        ),
        ("nothing", RBAC, "RoleList", "null".to_owned(), &[]),
        (
            "a null in it",
            "v1",
            "List",
            format!("[null, {whole}]"),
            &["no an object without a name: NoKind", "ClusterRole b in the cluster"],
        ),
    ];
    for (name, api_version, kind, items, expected) in rows {
        for text in [
            format!(r#"{{"apiVersion": "{api_version}", "kind": "{kind}", "items": {items}}}"#),
            format!(r#"{{"items": {items}, "kind": "{kind}", "apiVersion": "{api_version}"}}"#),
        ] {
            let (mut found, mut arrived) = (Vec::new(), Vec::new());
            each(text.as_bytes(), None, |one| found.push(said(&one))).expect(name);
            in_pieces(3, &text, |one| arrived.push(said(&one))).expect(name);
            found.sort();
            arrived.sort();
            assert_eq!(
                (&found[..], &arrived[..]),
                (
                    &expected
                        .iter()
                        .map(|text| (*text).to_owned())
                        .collect::<std::collections::BTreeSet<_>>()
                        .into_iter()
                        .collect::<Vec<_>>()[..],
                    &found[..]
                ),
                "{name}"
            );
        }
    }
}

/// An API server of 1.37.2 was given each of these.
#[test]
fn nulls_are_what_an_api_server_takes_them_for() {
    let rows = [
        ("no rules", "ClusterRole", r#""rules": null, "aggregationRule": null"#, Ok("")),
        (
            "texts",
            "ClusterRole",
            r#""rules": [{"verbs": [null], "apiGroups": [null], "resources": [null, "pods"]}]"#,
            Ok(""),
        ),
        ("a rule", "ClusterRole", r#""rules": [null]"#, Err("rules[0].verbs: Required value")),
        (
            "verbs",
            "ClusterRole",
            r#""rules": [{"verbs": null, "apiGroups": [""], "resources": ["pods"]}]"#,
            Err("rules[0].verbs: Required value"),
        ),
        (
            "subjects",
            "ClusterRoleBinding",
            r#""roleRef": {"kind": "ClusterRole", "name": "view", "apiGroup": null}, "subjects": null"#,
            Ok(""),
        ),
        (
            "a subject",
            "ClusterRoleBinding",
            r#""roleRef": {"kind": "ClusterRole", "name": "view"}, "subjects": [null]"#,
            Err("subjects[0].name: Required value"),
        ),
        ("a role", "ClusterRoleBinding", r#""roleRef": null"#, Err("roleRef.kind: Unsupported value")),
    ];
    for (name, kind, rest, expected) in rows {
        let text = format!(r#"{{"apiVersion": "{RBAC}", "kind": "{kind}", "metadata": {{"name": "a"}}, {rest}}}"#);
        let mut found = Vec::new();
        each(text.as_bytes(), None, |one| found.push(one)).expect(name);
        match (&found[0].object, expected) {
            (FoundObject::Refused(refused), Err(expected)) => {
                let Refusal::Invalid(reasons) = &refused.why else { panic!("{name}: {refused:?}") };
                assert!(reasons.iter().any(|reason| reason.starts_with(expected)), "{name}: {reasons:?}");
            }
            (FoundObject::Role(_) | FoundObject::Binding(_), Ok(_)) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// Where an API server stores it without one: RBAC then takes that of the binding.
#[test]
fn a_service_account_without_a_namespace_stays_without_one() {
    let binding = |kind: &str, namespace: &str| {
        format!(
            r#"{{"apiVersion": "{RBAC}", "kind": "{kind}", "metadata": {{"name": "a", "namespace": "x"}},
                "roleRef": {{"kind": "ClusterRole", "name": "view"}},
                "subjects": [{{"kind": "ServiceAccount", "name": "bot"{namespace}}}]}}"#
        )
    };
    for namespace in ["", r#", "namespace": """#, r#", "namespace": null"#] {
        let mut found = Vec::new();
        each(binding("RoleBinding", namespace).as_bytes(), None, |one| found.push(one)).expect(namespace);
        each(binding("ClusterRoleBinding", namespace).as_bytes(), None, |one| found.push(one)).expect(namespace);
        let FoundObject::Binding(binding) = &found[0].object else { panic!("{namespace}: {found:?}") };
        assert_eq!(binding.subjects(), [Subject::ServiceAccount { namespace: None, name: "bot".into() }]);
        assert!(said(&found[1]).contains("subjects[0].namespace: Required value"), "{}", said(&found[1]));
    }
}
