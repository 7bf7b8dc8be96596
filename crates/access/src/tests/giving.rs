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
    // Objects of a cluster, access files, IAM, EKS, files of other programs.
    let about = |given: &Given| {
        let files = given.access_files().map_or(0, |files| files.as_ref().len());
        [
            usize::from(!given.dump.is_empty()),
            files,
            given.facts.iam_groups.len(),
            usize::from(!given.entries.is_empty()),
            given.dump.declared().len(),
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
        (
            "two clusters of kops",
            "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\n---\napiVersion: kops/v1alpha3\nkind: Cluster\n"
                .to_owned(),
            [0, 0, 0, 0, 2],
        ),
        ("eksctl", "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n".to_owned(), [0, 0, 0, 0, 1]),
        (
            "eksctl as JSON",
            r#"{"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig"}"#.to_owned(),
            [0, 0, 0, 0, 1],
        ),
        (
            "an entry of eksctl's is one of EKS",
            "- {principalARN: 'arn:aws:iam::111122223333:role/A', kubernetesGroups: [a]}\n".to_owned(),
            [0, 0, 0, 1, 1],
        ),
        (
            "an RBACDefinition, which is a manifest",
            "apiVersion: rbacmanager.reactiveops.io/v1beta1\nkind: RBACDefinition\n".to_owned(),
            [1, 0, 0, 0, 1],
        ),
        (
            "the values of the first chart",
            "groups:\n- {name: a, authentication: {role: r, account: '111122223333'}}\n".to_owned(),
            [0, 0, 0, 0, 1],
        ),
        (
            "those of a later one, an access file",
            "groups:\n- {name: a, authentication: {account: '111122223333'}, roles: [x], role: y}\n".to_owned(),
            [0, 1, 0, 0, 0],
        ),
        ("another program's object as JSON", r#"{"apiVersion": "example.com/v1", "kind": "Thing"}"#.to_owned(), [0; 5]),
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
