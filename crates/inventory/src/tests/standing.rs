//! Where logins stand in what somebody gives, and who reads them.

use identity::Partition;
use mapping::{BackendMode, Decision, Reader, Snapshot};

use super::now;
use crate::{Inputs, MappingTarget, Observed};

const AWS_AUTH: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: ops, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/team/Ops', username: dead, groups: [devs]}
  mapUsers: \"- userarn: arn:aws:iam::111122223333:user/ann\\n  username: ann\\n\"
";

fn observed(texts: &[(&str, &str)], target: MappingTarget) -> Observed {
    let mut given = Inputs::default();
    for (name, text) in texts {
        assert!(given.read(name, text.as_bytes()).expect("readable"), "{name} is about something");
    }
    given.dump.observed(target, Partition::Aws, now())
}

fn places(observed: &Observed) -> Vec<String> {
    let sources = observed.mappings.iter().map(|live| &live.source);
    let rules = sources.flat_map(|source| source.roles.iter().chain(&source.users));
    rules.map(|rule| rule.source.to_string()).collect()
}

#[test]
fn entries_stand_at_the_lines_of_the_file_that_was_given() {
    let of_yaml = observed(&[("aws-auth.yaml", AWS_AUTH)], MappingTarget::AwsAuth);
    assert_eq!(
        places(&of_yaml),
        ["EKSConfigMap mapRoles[0] (aws-auth.yaml:6)", "EKSConfigMap mapUsers[0] (aws-auth.yaml:8)"]
    );
    let defect = &of_yaml.mappings[0].source.defects[0];
    assert_eq!(defect.place(), "EKSConfigMap mapRoles[1] (aws-auth.yaml:7)");
    assert!(defect.excerpt.contains("role/team/Ops"), "{defect:?}");
    // In JSON a whole text stands on one line.
    let map = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"},
  "data": {
    "mapRoles": "- rolearn: arn:aws:iam::111122223333:role/Ops\n  username: ops\n",
    "mapUsers": "- userarn: arn:aws:iam::111122223333:user/ann\n  username: ann\n"}}"#;
    let list = format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n{map}]}}");
    let expected = |first: usize| {
        [
            format!("EKSConfigMap mapRoles[0] (dump.json:{first})"),
            format!("EKSConfigMap mapUsers[0] (dump.json:{})", first + 1),
        ]
    };
    assert_eq!(places(&observed(&[("dump.json", map)], MappingTarget::AwsAuth)), expected(3));
    assert_eq!(places(&observed(&[("dump.json", &list)], MappingTarget::AwsAuth)), expected(4));
}

#[test]
fn what_an_api_server_refuses_is_never_dropped() {
    let rows = [
        (
            "a list in place of a text",
            AWS_AUTH.replace("mapRoles: |", "mapRoles:"),
            "ConfigMap kube-system/aws-auth (it:5)",
            "data.mapRoles is a list, and an API server takes texts alone",
        ),
        ("no kind", AWS_AUTH.replace("kind: ConfigMap\n", ""), "an object (it:1)", "it has no `kind`"),
        (
            "no kind, as JSON",
            r#"{"apiVersion": "v1", "data": {"mapRoles": "[]"}}"#.to_owned(),
            "an object (it:1)",
            "write `kind: ConfigMap`",
        ),
    ];
    for (name, text, what, why) in rows {
        let observed = observed(&[("it", &text)], MappingTarget::AwsAuth);
        let is_said = observed.unseen.iter().any(|gap| *gap.what == *what && gap.why.contains(why));
        assert!(is_said, "{name}: {:#?}", observed.unseen);
        assert!(observed.mappings.is_empty(), "{name}");
    }
}

/// Each is said in one run, at its line.
#[test]
fn every_value_that_is_no_text_is_named() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapRoles: [a]\n  mapAccounts: |\n    []\n  mapUsers: {b: c}\n";
    let observed = observed(&[("it", map)], MappingTarget::AwsAuth);
    let said: Vec<String> = observed
        .unseen
        .iter()
        .filter(|gap| gap.what.starts_with("ConfigMap"))
        .map(|gap| format!("{}: {}", gap.what, gap.why.split(',').next().unwrap_or_default()))
        .collect();
    assert_eq!(
        said,
        [
            "ConfigMap kube-system/aws-auth (it:5): data.mapRoles is a list",
            "ConfigMap kube-system/aws-auth (it:8): data.mapUsers is a mapping",
        ]
    );
}

#[test]
fn a_dynamic_file_is_one_more_place_of_logins() {
    let file = r#"{"mapUsers": [{"userarn": "arn:aws:iam::111122223333:user/ann", "username": "ann"}]}"#;
    let taken = observed(&[("dynamic.json", file)], MappingTarget::AwsAuth);
    assert_eq!(places(&taken), ["DynamicFile mapUsers[0] (dynamic.json:1)"]);
    // One that the program refuses lets nobody in, and it is said why.
    let refused = observed(&[("dynamic.json", &file.replace("\"ann\"}", "5}"))], MappingTarget::AwsAuth);
    let [live] = &refused.mappings[..] else { panic!("one place: {refused:?}") };
    assert!(live.source.is_empty() && live.source.mode == BackendMode::DynamicFile && !live.source.defects.is_empty());
}

#[test]
fn the_configuration_means_what_its_server_makes_of_it() {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-iam-authenticator, namespace: kube-system}\ndata:\n  config.yaml: |\n    clusterID: c\n    server:\n      mapRoles:\n      - {rolearn: 'arn:aws:iam::111122223333:role/ci/Deployer', username: d}\n";
    let daemon_set = |image: &str| {
        format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: a, namespace: kube-system}}\nspec: {{template: {{spec: \
             {{containers: [{{name: a, image: '{image}'}}]}}}}}}\n"
        )
    };
    let deployer = identity::Identity::from_answer(
        "arn:aws:sts::111122223333:assumed-role/Deployer/x",
        "111122223333",
        "AROAEXAMPLE:x",
    );
    let deployer = deployer.expect("an identity");
    let is_let_in = |mut given: Inputs, reader: Option<Reader>| {
        if let Some(reader) = reader {
            given.dump.read_by(reader);
        }
        let observed = given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now());
        let sources = observed.mappings.into_iter().map(|live| live.source).collect();
        let snapshot = Snapshot::new(Partition::Aws, sources, []);
        matches!(crate::decide(&snapshot, &deployer, now()), Decision::Permit(_))
    };
    let read = |more: &str| {
        let mut given = Inputs::default();
        given.read("it", format!("{config}---\n{more}").as_bytes()).expect("readable");
        given
    };
    let (theirs, ours) = (daemon_set("aws-iam-authenticator:v0.7.18"), daemon_set("example.com/cluster-auth:1"));
    // aws-iam-authenticator never matches a role's path, which cluster-auth leaves out.
    assert!(!is_let_in(read(&theirs), None));
    assert!(is_let_in(read(&ours), None));
    // Where nothing says it, it is the existing program, and that is said; a key of ours says it.
    assert!(!is_let_in(read(""), None));
    let notes = |given: Inputs| given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now()).notes;
    assert!(notes(read("")).iter().any(|note| note.contains("`--reader`")), "{:?}", notes(read("")));
    assert_eq!(notes(read(&theirs)), [""; 0].map(Box::from));
    // What has it, and runs an image of a name that says nothing, is no nothing.
    let mounting = |image: &str, namespace: &str| {
        daemon_set(image).replace("namespace: kube-system", &format!("namespace: {namespace}")).replace(
            "spec: {containers",
            "spec: {volumes: [{name: c, projected: {sources: [{configMap: {name: aws-iam-authenticator}}]}}], containers",
        )
    };
    let assumed = |more: &str| {
        let said = notes(read(more)).into_iter().find(|note| note.contains("it is not known which server does"));
        said.map(|note| note.split("which server does: ").nth(1).unwrap_or_default().to_owned())
    };
    let known = assumed(&mounting("example.com/platform/login:2", "kube-system")).expect("a note");
    assert!(
        known.starts_with("DaemonSet kube-system/a (it:")
            && known.ends_with(
                ") mounts a configuration and runs an image that is not known (example.com/platform/login:2); choose by `--reader`"
            ),
        "{known}"
    );
    let nothing = "nothing that was read runs one in kube-system; choose by `--reader`";
    for other in [daemon_set("example.com/platform/login:2"), mounting("example.com/platform/login:2", "team")] {
        assert_eq!(assumed(&other).as_deref(), Some(nothing));
    }
    assert_eq!(assumed(&mounting("aws-iam-authenticator:v0.7.18", "kube-system")), None);
    let mut with_key = Inputs::default();
    let key = config.replace("server:\n", "server:\n      accessFile: /access.yaml\n");
    with_key.read("it", key.as_bytes()).expect("readable");
    assert!(is_let_in(with_key, None));
    assert!(!is_let_in(read(""), Some(Reader::AwsIamAuthenticator)));
    assert!(is_let_in(read(&theirs), Some(Reader::ClusterAuth)));
}
