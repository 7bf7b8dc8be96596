//! What one of two does not have because nobody gave it is neither lost nor gained.

use inventory::Inputs;

use super::super::{Difference, not_given};
use crate::{World, tests::now};

const GROUP: &str = "rbac.authorization.k8s.io";

fn list(kind: &str, items: &[String]) -> String {
    let version = if kind == "ConfigMap" || kind == "Namespace" { "v1".to_owned() } else { format!("{GROUP}/v1") };
    let standard = if items.is_empty() { Vec::new() } else { standard(kind) };
    let items = [items, &standard].concat();
    format!(r#"{{"apiVersion": "{version}", "kind": "{kind}List", "items": [{}]}}"#, items.join(","))
}

fn object(kind: &str, rest: &str) -> String {
    named(kind, "kube-system/x", rest)
}

/// What an API server has of a kind from its first minute, by which a list shows that it is whole.
fn standard(kind: &str) -> Vec<String> {
    let names: &[&str] = match kind {
        "Role" => {
            &["kube-public/system:controller:bootstrap-signer", "kube-system/extension-apiserver-authentication-reader"]
        }
        "RoleBinding" => &[
            "kube-public/system:controller:bootstrap-signer",
            "kube-system/system::extension-apiserver-authentication-reader",
        ],
        "ClusterRole" => &["/cluster-admin", "/view", "/system:kube-controller-manager"],
        "ClusterRoleBinding" => &["/cluster-admin", "/system:kube-controller-manager", "/system:kube-scheduler"],
        "ConfigMap" => &["kube-system/extension-apiserver-authentication"],
        _ => &[],
    };
    let rest = match kind {
        "Role" | "ClusterRole" => r#""rules": []"#.to_owned(),
        "ConfigMap" => r#""data": {}"#.to_owned(),
        _ => format!(r#""roleRef": {{"apiGroup": "{GROUP}", "kind": "ClusterRole", "name": "x"}}"#),
    };
    names.iter().map(|name| named(kind, name, &rest)).collect()
}

fn named(kind: &str, name: &str, rest: &str) -> String {
    let (namespace, name) = name.split_once('/').unwrap_or_default();
    let namespace =
        if kind.starts_with("Cluster") { String::new() } else { format!(r#", "namespace": "{namespace}""#) };
    let version = if kind == "ConfigMap" { "v1".to_owned() } else { format!("{GROUP}/v1") };
    format!(
        r#"{{"apiVersion": "{version}", "kind": "{kind}", "metadata": {{"name": "{name}", "resourceVersion": "1"{namespace}}}, {rest}}}"#
    )
}

/// A list of a kind, as kubectl prints it.
fn part(kind: &str) -> String {
    let rules = r#""rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]"#;
    let bound = format!(
        r#""roleRef": {{"apiGroup": "{GROUP}", "kind": "ClusterRole", "name": "x"}}, "subjects": [{{"apiGroup": "{GROUP}", "kind": "User", "name": "ann"}}]"#
    );
    match kind {
        "Role" | "ClusterRole" => list(kind, &[object(kind, rules)]),
        "RoleBinding" | "ClusterRoleBinding" => list(kind, &[object(kind, &bound)]),
        "ConfigMap" => {
            let map = object(kind, r#""data": {"mapUsers": "[{userarn: 'arn:aws:iam::111122223333:user/ann', username: ann, groups: [a]}]"}"#);
            list(kind, &[map.replace(r#""x""#, r#""aws-auth""#)])
        }
        "no maps" => list("ConfigMap", &[]),
        "IAMIdentityMapping" => r#"{"apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMappingList", "items": [{"apiVersion":
            "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping", "metadata": {"name": "m", "resourceVersion": "1"}, "spec":
            {"arn": "arn:aws:iam::111122223333:user/ben", "username": "ben", "groups": []}}]}"#.to_owned(),
        "entry" => r#"{"accessEntry": {"principalArn": "arn:aws:iam::111122223333:user/cem", "username": "cem", "type": "STANDARD"}}"#.to_owned(),
        "manifest" => format!("apiVersion: {GROUP}/v1\nkind: ClusterRole\nmetadata: {{name: x}}\nrules: []\n"),
        "bound" => format!("apiVersion: {GROUP}/v1\nkind: ClusterRoleBinding\nmetadata: {{name: x}}\nroleRef: {{apiGroup: {GROUP}, kind: ClusterRole, name: x}}\nsubjects: []\n"),
        "file" => "clusterID: c\naccount: '111122223333'\ngroups: [{name: g, users: [ann]}]\n".to_owned(),
        _ => list(kind, &[]),
    }
}

fn world(parts: &[&str]) -> World {
    let mut given = Inputs::default();
    for part in parts.iter().map(|kind| self::part(kind)) {
        assert!(given.read("it", part.as_bytes()).expect("readable"), "{part}");
    }
    World::new(given, None, now()).expect("readable")
}

const ALL: [&str; 5] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap"];

fn but(without: &[&str]) -> Vec<&'static str> {
    ALL.into_iter().filter(|kind| !without.contains(kind)).collect()
}

#[test]
fn what_only_one_of_two_was_given_is_named() {
    let with = |more: &'static str| [&ALL[..], &[more]].concat();
    let rows = [
        ("the same", but(&[]), but(&[]), vec![]),
        ("roles", but(&["Role"]), but(&[]), vec![(0, "roles")]),
        ("cluster roles", but(&[]), but(&["ClusterRole"]), vec![(1, "clusterroles")]),
        (
            "no bindings",
            but(&[]),
            but(&["RoleBinding", "ClusterRoleBinding"]),
            vec![(1, "rolebindings"), (1, "clusterrolebindings")],
        ),
        ("each another one", but(&["Role"]), but(&["ClusterRole"]), vec![(0, "roles"), (1, "clusterroles")]),
        ("neither has it", but(&["Role"]), but(&["Role"]), vec![]),
        ("no logins", but(&["ConfigMap"]), but(&[]), vec![(0, "the ConfigMap kube-system/aws-auth")]),
        (
            "ConfigMaps without logins",
            but(&["ConfigMap"]),
            [&but(&["ConfigMap"])[..], &["no maps"]].concat(),
            vec![(0, "the ConfigMap kube-system/aws-auth")],
        ),
        (
            "ConfigMaps without logins, where a server may have files of its own",
            [&but(&["ConfigMap"])[..], &["no maps"]].concat(),
            but(&[]),
            vec![(0, "logins")],
        ),
        ("no logins in either", but(&["ConfigMap"]), but(&["ConfigMap"]), vec![]),
        ("objects of logins", but(&[]), with("IAMIdentityMapping"), vec![(0, "IAMIdentityMappings")]),
        ("access entries", with("entry"), but(&[]), vec![(1, "EKS access entries")]),
        (
            "manifests of roles alone",
            vec!["manifest"],
            but(&["ConfigMap"]),
            vec![(0, "rolebindings and clusterrolebindings")],
        ),
        ("manifests without logins", vec!["manifest", "bound"], but(&[]), vec![(0, "logins")]),
        ("an access file has logins of its own", vec!["file"], but(&[]), vec![]),
        (
            "manifests of what was not listed",
            vec!["manifest"],
            but(&["ClusterRole", "ConfigMap", "RoleBinding", "ClusterRoleBinding"]),
            vec![(1, "clusterroles")],
        ),
        ("manifests, twice", vec!["manifest"], vec!["manifest", "bound"], vec![]),
    ];
    for (name, before, after, expected) in rows {
        let [before, after] = [world(&before), world(&after)];
        let found = not_given([&before, &after]);
        let found: Vec<(usize, &str)> = found.iter().map(|one| (one.side, &*one.gap.what)).collect();
        assert_eq!(found, expected, "{name}");
        let backwards = not_given([&after, &before]);
        let mut backwards: Vec<(usize, &str)> = backwards.iter().map(|one| (1 - one.side, &*one.gap.what)).collect();
        backwards.sort_by_key(|(side, _)| *side);
        assert_eq!(backwards, expected, "{name}, backwards");
    }
}

#[test]
fn nobody_is_compared_whose_login_was_given_of_one_alone() {
    let [before, after] = [world(&but(&[])), world(&but(&["ConfigMap"]))];
    let difference = Difference::between(&before, &after);
    assert!(difference.people.is_empty() && difference.is_incomplete());
    let said = report::text_of(&difference.report(["a.json", "b.json"]));
    let said: String = said.iter().map(|segment| segment.text().to_owned()).collect();
    assert!(
        said.contains("  b.json: the ConfigMap kube-system/aws-auth: given for the other side only, so people are not compared; give \
                       what `kubectl get configmaps -n kube-system -o json` prints as well\n"),
        "{said}"
    );
    assert!(!said.contains("people:") && !said.contains("0 people"), "{said}");
}
