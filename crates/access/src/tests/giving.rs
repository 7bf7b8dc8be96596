//! What files are about that somebody gives.

use crate::cluster::{Given, MappingTarget};
use identity::Partition;

use super::now;

const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: dev}\n\
                       roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: 'on'}]\n";

fn given(text: &str) -> Result<(bool, Given), String> {
    let mut given = Given::default();
    let known = given.read("it", text.as_bytes()).map_err(|error| error.to_string())?;
    Ok((known, given))
}

#[test]
fn each_text_is_taken_for_what_it_is() {
    // Objects of a cluster, access files, IAM, EKS, kops.
    let about = |given: &Given| {
        let files = given.access_files().map_or(0, |files| files.as_ref().len());
        [
            usize::from(!given.dump.is_empty()),
            files,
            given.facts.iam_groups.len(),
            usize::from(!given.entries.is_empty()),
            usize::from(given.kops.is_some()),
        ]
    };
    let group = r#"{"Users": [], "Group": {"Arn": "arn:aws:iam::111122223333:group/G"}, "IsTruncated": false}"#;
    let kops = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: k}\n---\napiVersion: kops.k8s.io/v1alpha2\nkind: InstanceGroup\n";
    let rows = [
        ("a dump", r#"{"apiVersion": "v1", "items": [], "kind": "RoleList"}"#.to_owned(), [1, 0, 0, 0, 0]),
        ("a manifest", BINDING.to_owned(), [1, 0, 0, 0, 0]),
        ("manifests, one of them of no interest", format!("kind: Deployment\n---\n{BINDING}"), [1, 0, 0, 0, 0]),
        (
            "a list in YAML",
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n".to_owned(),
            [1, 0, 0, 0, 0],
        ),
        (
            "JSON that is only YAML",
            "{apiVersion: v1, kind: Namespace, metadata: {name: a}}".to_owned(),
            [1, 0, 0, 0, 0],
        ),
        ("an access file", "# ours\ngroups: []\n".to_owned(), [0, 1, 0, 0, 0]),
        ("an access file in braces", "{groups: []}".to_owned(), [0, 1, 0, 0, 0]),
        ("an access file as JSON", r#"{"clusterID": "c", "groups": []}"#.to_owned(), [0, 1, 0, 0, 0]),
        ("an IAM group", group.to_owned(), [0, 0, 1, 0, 0]),
        ("access entries", r#"{"accessEntries": []}"#.to_owned(), [0, 0, 0, 1, 0]),
        ("kops", kops.to_owned(), [0, 0, 0, 0, 1]),
        ("a deployment", "apiVersion: apps/v1\nkind: Deployment\n".to_owned(), [0; 5]),
        ("a package", r#"{"name": "x", "version": 1}"#.to_owned(), [0; 5]),
        ("settings", "replicas: 2\n".to_owned(), [0; 5]),
        ("nothing", String::new(), [0; 5]),
    ];
    for (name, text, expected) in rows {
        let (known, given) = given(&text).expect(name);
        assert_eq!(about(&given), expected, "{name}");
        assert_eq!(known, expected != [0; 5], "{name}");
    }
}

#[test]
fn what_is_half_or_wrong_is_refused_and_says_where() {
    let entry = r#"{"accessEntries": [], "nextToken": "x"}"#;
    let rows = [
        (
            "half a list",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleList\nmetadata: {continue: x}\nitems: []\n",
            "only the first part",
        ),
        ("half of EKS", entry, "only a part of an answer"),
        ("half an entry", r#"{"accessEntry": {"username": "x"}}"#, "leave --query out"),
        ("YAML that is none", "kind: Role\nrules: [\n", "it:2"),
        ("a truth value for a verb", &BINDING.replace("'on'", "true"), "expected a string"),
        ("JSON that is cut off", r#"{"apiVersion": "v1", "items": ["#, "it is not what `kubectl get … -o json` prints"),
        ("template", "{{ .Values.x }}\n", "it:1"),
    ];
    for (name, text, expected) in rows {
        let error = given(text).err().unwrap_or_else(|| panic!("{name}: taken"));
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn a_list_in_yaml_says_all_there_is_and_a_manifest_does_not() {
    let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: dev}}";
    let rows = [
        ("a list", format!("apiVersion: v1\nkind: List\nitems: [{role}]\n"), "they are not in the dumps", false),
        (
            "a typed list, whose kind comes last",
            "items: [{metadata: {name: r, namespace: dev}}]\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleList\n".to_owned(),
            "",
            false,
        ),
        ("a manifest", role.to_owned(), "manifests need not be all of them", true),
    ];
    for (name, text, why, expected) in rows {
        let (_, given) = given(&text).expect(name);
        let observed = given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now());
        assert_eq!(observed.roles.len(), 1, "{name}");
        assert!(observed.roles[0].object.origin.is_some(), "{name}");
        assert_eq!(observed.unseen.iter().any(|gap| &*gap.what == "roles"), expected, "{name}");
        assert!(observed.unseen.iter().all(|gap| gap.why.starts_with(why) || why.is_empty()), "{name}");
    }
}
