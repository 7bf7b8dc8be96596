//! Which sources a server asks: by its configuration, by what runs it, and not known where neither says so.

use document::Source;
use inventory::Inputs;

use super::now;
use crate::{World, explain::Question};

const CLUSTER: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}},
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {
 "mapUsers": "- {userarn: 'arn:aws:iam::111122223333:user/erin', username: erin, groups: ['system:masters']}"}}
]}"#;
const OBJECTS: &str = r#"{"apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMappingList", "items": [
{"metadata": {"name": "fay"}, "spec": {"arn": "arn:aws:iam::111122223333:user/fay", "username": "fay", "groups": []}}]}"#;

/// A pod of the kubelet's own, which has the configuration of its host.
fn pod(arguments: &str) -> String {
    format!(
        r#"{{"apiVersion": "v1", "kind": "Pod", "metadata": {{"name": "auth", "namespace": "kube-system"}}, "spec": {{
        "containers": [{{"name": "auth", "image": "aws-iam-authenticator:v0.7.18", "args": ["server"{arguments}]}}],
        "volumes": [{{"name": "config", "hostPath": {{"path": "/etc/auth"}}}}]}}}}"#
    )
}

fn world(config: &str, runs: Option<&str>) -> World {
    let mut given = Inputs::default();
    let pod = runs.map(pod);
    let files = [("cluster.json", Some(CLUSTER)), ("objects.json", Some(OBJECTS)), ("pod.json", pod.as_deref())];
    for (name, text) in files {
        let is_taken = text.is_none_or(|text| given.read(name, text.as_bytes()).expect(name));
        assert!(is_taken, "{name}");
    }
    given.configure(Source::new("config.yaml", config));
    World::new(given, None, now()).expect("readable")
}

/// Whether somebody is let in, if that is known, and everything that is said of it.
fn explained(world: &World, arn: &str) -> (Option<bool>, String) {
    let Ok(Question::Caller(caller)) = Question::read(arn) else { panic!("{arn} is somebody") };
    let explanation = world.explain(*caller);
    let report = explanation.report(Some(world));
    (explanation.verdict.let_in(), report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect())
}

#[test]
fn whoever_is_only_in_what_a_server_may_not_ask_is_let_in_only_where_something_says_that_it_does() {
    let (erin, fay) = ("arn:aws:iam::111122223333:user/erin", "arn:aws:iam::111122223333:user/fay");
    let rows = [
        ("server: {}", None, [None, None]),
        ("server: {backendMode: [MountedFile]}", None, [Some(false), Some(false)]),
        ("server: {backendMode: [MountedFile, EKSConfigMap]}", None, [Some(true), Some(false)]),
        ("server: {backendMode: [CRD]}", None, [Some(false), Some(true)]),
        // Without a flag it reads its configuration alone, and with one whatever that says.
        ("server: {}", Some(""), [Some(false), Some(false)]),
        ("server: {}", Some(r#", "--backend-mode=CRD""#), [Some(false), Some(true)]),
        ("server: {backendMode: [CRD]}", Some(r#", "--backend-mode=EKSConfigMap""#), [Some(true), Some(false)]),
    ];
    for (config, runs, expected) in rows {
        let world = world(config, runs);
        let [(erin, of_erin), (fay, of_fay)] = [erin, fay].map(|arn| explained(&world, arn));
        assert_eq!([erin, fay], expected, "{config} {runs:?}\n{of_erin}\n{of_fay}");
        let is_said = of_erin.contains("whether a server reads ConfigMap kube-system/aws-auth");
        assert_eq!(is_said, erin.is_none(), "{of_erin}");
    }
}

#[test]
fn a_role_whose_mapping_has_a_path_is_shown_with_the_entry_that_lets_it_in() {
    let config = "server:\n  backendMode: [MountedFile, CRD]\n  accessFile: access.yaml\n  mapRoles:\n  - {rolearn: \
                  'arn:aws:iam::111122223333:role/team/Legacy', username: legacy, groups: [developers]}\n";
    let world = world(config, None);
    let (is_let_in, text) = explained(&world, "arn:aws:iam::111122223333:role/Legacy");
    assert_eq!(is_let_in, Some(true), "{text}");
    assert!(text.contains("without the paths of roles): config.yaml:5 names it"), "{text}");
    assert!(text.contains("group developers") && !text.contains("no groups"), "{text}");
}
