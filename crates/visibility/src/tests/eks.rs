//! What stands in a cluster of EKS and what its control plane does not ask.

use access::ConfigMap;
use inventory::Inputs;

use super::{now, world};
use crate::{World, explain::Question, lint::lint};

const CONFIGURATION: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-iam-authenticator, namespace: kube-system}\ndata:\n  config.yaml: |\n    clusterID: left-over\n    server:\n      mapRoles:\n      - {roleARN: 'arn:aws:iam::111122223333:role/Cfg', username: cfg, groups: [devs]}\n";
const OBJECTS: &str = "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nmetadata: {name: obj}\nspec: {arn: 'arn:aws:iam::111122223333:role/Obj', username: obj, groups: [devs]}\n";
const ACCESS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cluster-auth-access, namespace: kube-system}\ndata:\n  access.yaml: |\n    account: '111122223333'\n    groups:\n    - {name: devs, roles: [{name: Acc, username: acc}]}\n";
const AWS_AUTH: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: |\n    - {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: ops, groups: [devs]}\n";
const EKSCTL: &str = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\niamIdentityMappings:\n- {arn: 'arn:aws:iam::111122223333:role/Made', username: made, groups: [devs]}\n";

fn described(mode: &str) -> String {
    format!(r#"{{"cluster": {{"name": "demo", "accessConfig": {{"authenticationMode": "{mode}"}}}}}}"#)
}

fn explained(world: &World, role: &str) -> (Option<bool>, String) {
    let Ok(Question::Caller(caller)) = Question::read(&format!("arn:aws:iam::111122223333:role/{role}")) else {
        panic!("{role} is somebody");
    };
    let explanation = world.explain(*caller);
    let report = explanation.report(Some(world));
    (explanation.verdict.let_in(), report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect())
}

#[test]
fn what_is_the_authenticators_is_not_asked_on_eks() {
    let files = [("cm.yaml", CONFIGURATION), ("obj.yaml", OBJECTS), ("acc.yaml", ACCESS)];
    let elsewhere = world(&files);
    let eks = world(&[&files[..], &[("eksctl.yaml", EKSCTL)]].concat());
    for (role, place) in
        [("Cfg", "the authenticator's configuration"), ("Obj", "IAMIdentityMapping"), ("Acc", "the access file")]
    {
        assert_ne!(explained(&elsewhere, role).0, Some(false), "{role}");
        let (is_let_in, text) = explained(&eks, role);
        assert_ne!(is_let_in, Some(true), "{role}");
        let line =
            text.lines().find(|line| line.contains("EKS reads only access entries") && line.contains("names it"));
        assert!(line.is_some_and(|line| line.contains(place)), "{role}: {text}");
        assert!(eks.principals().iter().all(|principal| principal.login.is_err() || principal.who.name() != role));
    }
    assert_eq!(explained(&eks, "Made").0, Some(true));
    let said = eks.assumptions().iter().filter(|note| note.contains("EKS reads only access entries")).count();
    assert_eq!(said, 3, "{:?}", eks.assumptions());
}

#[test]
fn a_configuration_that_was_given_as_such_counts_on_eks_too() {
    let mut given = Inputs::default();
    for (name, text) in [("eksctl.yaml", EKSCTL), ("cm.yaml", CONFIGURATION)] {
        assert!(given.read(name, text.as_bytes()).expect(name), "{name}");
    }
    let config =
        "clusterID: demo\nserver:\n  mapRoles:\n  - {roleARN: 'arn:aws:iam::111122223333:role/Own', username: own}\n";
    given.dump.configured_by(ConfigMap::of_file("config.yaml", config));
    let world = World::new(given, None, now()).expect("readable");
    assert_eq!(explained(&world, "Own").0, Some(true));
    let notes = world.assumptions().join("\n");
    assert!(notes.contains("the ConfigMap kube-system/aws-iam-authenticator (cm.yaml:6) is not read"), "{notes}");
    assert!(!notes.contains("on EKS"), "{notes}");
}

#[test]
fn aws_auth_is_named_where_the_mode_leaves_it_out() {
    let (api, both) = (described("API"), described("API_AND_CONFIG_MAP"));
    let api = world(&[("aws-auth.yaml", AWS_AUTH), ("cluster.json", &api)]);
    let (is_let_in, text) = explained(&api, "Ops");
    assert_ne!(is_let_in, Some(true), "{text}");
    let line = "ConfigMap kube-system/aws-auth (1 entry): not asked, since EKS does not read it, because the cluster's authentication mode is API; mapRoles[0]";
    assert!(text.contains(line), "{text}");
    let notes: Vec<_> = api.assumptions().iter().filter(|note| note.contains("authentication mode is API")).collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let (_, text) = explained(&world(&[("aws-auth.yaml", AWS_AUTH), ("cluster.json", &both)]), "Ops");
    assert!(!text.contains("does not look at it"), "{text}");
}

/// On EKS nobody reads what aws-iam-authenticator and `cluster-auth server` do, so that whoever changes it changes no login.
#[test]
fn whoever_may_change_what_eks_does_not_read_becomes_nothing_by_it() {
    let role = |resource: &str, name: &str| {
        let names = if name.is_empty() { String::new() } else { format!(", resourceNames: [{name}]") };
        let rule = format!("{{apiGroups: ['*'], resources: [{resource}]{names}, verbs: [create, update, patch]}}");
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: writer}}\nrules: [{rule}]\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: writers}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: writer}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: team}}]\n"
        )
    };
    let (with_map, without) = (described("API_AND_CONFIG_MAP"), described("API"));
    let entries = r#"{"accessEntries": []}"#;
    let found = |files: &[(&str, &str)], code: &str| {
        let world = world(files);
        lint(&world, &[], now()).findings.iter().any(|finding| finding.check.code.code == code)
    };
    let rows = [
        ("aws-auth", "configmaps", "aws-auth", true),
        ("authenticator-config", "configmaps", "aws-iam-authenticator", false),
        ("access-file", "configmaps", "cluster-auth-access", false),
        ("identity-mappings", "iamidentitymappings", "", false),
    ];
    for (code, resource, name, is_read_on_eks) in rows {
        let rbac = role(resource, name);
        let on_eks = |mode| found(&[("rbac.yaml", &rbac), ("mode.json", mode), ("entries.json", entries)], code);
        assert!(found(&[("rbac.yaml", &rbac)], code), "{code}");
        assert_eq!((on_eks(&with_map), on_eks(&without)), (is_read_on_eks, false), "{code}");
    }
}

/// Access entries of which a part was not given may say something that would be found.
#[test]
fn entries_that_were_given_in_part_leave_lint_incomplete() {
    let (mode, list) = (described("API"), r#"{"accessEntries": ["arn:aws:iam::111122223333:role/Ops"]}"#);
    let entry = r#"{"accessEntry": {"principalArn": "arn:aws:iam::111122223333:role/Ops", "username": "ops", "kubernetesGroups": [], "type": "STANDARD"}}"#;
    let policies = r#"{"principalArn": "arn:aws:iam::111122223333:role/Ops", "associatedAccessPolicies": []}"#;
    let is_incomplete = |files: &[&str]| {
        let files: Vec<(&str, &str)> =
            ["a.json", "b.json", "c.json", "d.json"].into_iter().zip(files.iter().copied()).collect();
        lint(&world(&files), &[], now()).is_incomplete
    };
    assert!(is_incomplete(&[&mode]), "no entries");
    assert!(is_incomplete(&[&mode, list]), "one is named");
    assert!(is_incomplete(&[&mode, list, entry]), "its policies are not known");
    assert!(!is_incomplete(&[&mode, list, entry, policies]), "all of it");
}
