//! What files are about that somebody gives.

mod beside;
mod folders;
mod kustomized;
mod labels;
mod outputs;
mod overlooked;
mod selected;

use identity::Partition;

use self::selected::STANDARD;
use super::now;
use crate::{Extent, Inputs, Knowledge, MappingTarget, joined};

const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: dev}\n\
                       roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: 'on'}]\n";

pub(super) fn given(text: &str) -> Result<(bool, Inputs), String> {
    let mut given = Inputs::default();
    let known = given.read("it", text.as_bytes()).map_err(|error| error.to_string())?;
    Ok((known, given))
}

#[test]
fn each_text_is_taken_for_what_it_is() {
    // Objects of a cluster, access files, IAM, EKS, files of other programs.
    let about = |given: &Inputs| {
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
fn definitions_say_what_resources_are_called_wherever_they_stand() {
    let one = r#"{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com"}, "spec":
        {"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"}, "versions": [{"name": "v1", "served": true}]}}"#;
    let rows = [
        ("a document in JSON", one.to_owned()),
        ("a document in YAML", format!("# of widgets\n{one}\n")),
        ("one of several", format!("apiVersion: v1\nkind: Service\n---\n{one}\n")),
        ("twice", format!("{one}\n{one}\n")),
        ("in a list", format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{one}]}}"#)),
        (
            "as kubectl prints it",
            format!(
                r#"{{"apiVersion": "v1", "items": [{one}], "kind": "List", "metadata": {{"resourceVersion": ""}}}}"#
            ),
        ),
    ];
    for (name, text) in rows {
        let (known, given) = given(&text).expect(name);
        let names: Vec<String> = given.dump.custom_resources().iter().map(|one| one.name.to_string()).collect();
        assert!(known && names == ["widgets"], "{name}: {known} {names:?}");
        assert!(given.dump.unread().is_empty(), "{name}");
    }
    let old = one.replace("apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1");
    let (known, given) = given(&old).expect("nothing");
    assert!(!known && given.dump.custom_resources().is_empty(), "no API server serves it any more");
}

#[test]
fn what_is_half_or_wrong_is_refused_and_says_where() {
    let entry = r#"{"accessEntries": [], "nextToken": "x"}"#;
    let rows = [
        ("half of EKS", entry, "only a part of what AWS answers"),
        ("half an entry", r#"{"accessEntry": {"username": "x"}}"#, "leave --query out"),
        ("YAML that is none", "kind: Role\nrules: [\n", "line 2: unclosed bracket"),
        ("JSON that is cut off", r#"{"apiVersion": "v1", "items": ["#, "as if it had been cut off"),
        ("template", "{{ .Values.x }}\n", "line 1: "),
    ];
    for (name, text, expected) in rows {
        let error = given(text).err().unwrap_or_else(|| panic!("{name}: taken"));
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn half_a_list_is_a_gap_with_its_place() {
    let role = r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r", "namespace": "dev"}}"#;
    let list = |kind: &str, version: &str, metadata: &str| {
        format!(r#"{{"kind": "{kind}", "apiVersion": "{version}", "metadata": {{{metadata}}}, "items": [{role}]}}"#)
    };
    let yaml = |metadata: &str| {
        format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleList\nmetadata: {{{metadata}}}\nitems: [{role}]\n")
    };
    let typed = "rbac.authorization.k8s.io/v1";
    let more = r#""continue": "x", "resourceVersion": "7""#;
    let rows = [
        ("an API server's", list("RoleList", typed, more), "roles: the list in it:1 is only a part"),
        (
            "that counts the rest",
            list("RoleList", typed, r#""remainingItemCount": 3"#),
            "roles: the list in it:1 is only a part",
        ),
        ("of mixed kinds", list("List", "v1", more), "roles: the list in it:1 is only a part"),
        ("YAML", yaml("resourceVersion: '7', continue: x"), "roles: the list in it:1 is only a part"),
        (
            "YAML that counts the rest",
            yaml("resourceVersion: '7', remainingItemCount: 3"),
            "roles: the list in it:1 is only a part",
        ),
        (
            "the second document",
            format!("---\n{}", yaml("resourceVersion: '7', continue: x")),
            "roles: the list in it:2 is only a part",
        ),
        ("whole", list("RoleList", typed, r#""resourceVersion": "7""#), ""),
    ];
    for (name, text, expected) in rows {
        let (known, given) = given(&text).expect(name);
        let gaps = |gaps: Vec<crate::Unseen>| -> Vec<String> {
            gaps.iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect()
        };
        let unlisted = gaps(given.dump.unlisted());
        let observed = given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now());
        assert!(known && observed.roles.len() == 1, "{name}: what is there counts");
        let said = gaps(observed.unseen).into_iter().filter(|gap| gap.starts_with("roles")).collect::<Vec<_>>();
        match expected {
            "" => assert_eq!((&unlisted, &said), (&vec![], &vec![]), "{name}"),
            expected => {
                assert!(unlisted.len() == 1 && unlisted[0].starts_with(expected), "{name}: {unlisted:?}");
                assert_eq!(said, unlisted, "{name}");
            }
        }
    }
}

/// `kubectl get` without `-A` prints a list of one namespace, and does not say so.
#[test]
fn a_dump_of_one_namespace_is_not_one_of_the_cluster() {
    let object = |kind: &str, (namespace, name): (&str, &str)| {
        let version = if kind == "ConfigMap" { "v1" } else { "rbac.authorization.k8s.io/v1" };
        format!(
            r#"{{"apiVersion": "{version}", "kind": "{kind}", "metadata": {{"name": "{name}", "namespace": "{namespace}", "resourceVersion": "1"}}, "roleRef": {{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"}}}}"#
        )
    };
    let list = |namespaces: &[&str]| {
        let kinds = ["Role", "RoleBinding", "ConfigMap"];
        // Those that an API server makes are among them.
        let standard = STANDARD.iter().filter(|(kind, id)| kinds.contains(kind) && namespaces.contains(&id.0));
        let standard = standard.map(|(kind, id)| object(kind, *id));
        let objects = namespaces.iter().flat_map(|of| kinds.map(|kind| object(kind, (of, "x")))).chain(standard);
        format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{}]}}"#, objects.collect::<Vec<_>>().join(","))
    };
    let rows = [
        ("-A", &["kube-system", "kube-public", "dev"][..], true),
        ("of one", &["dev"], false),
        ("of kube-system", &["kube-system"], false),
        ("of two, one after another", &["dev", "test"], false),
    ];
    for (name, namespaces, is_whole) in rows {
        let (_, given) = given(&list(namespaces)).expect(name);
        let these = || Extent::In(namespaces.iter().map(|name| (*name).into()).collect());
        let extent = if is_whole { Extent::All } else { these() };
        let has_logins = namespaces.contains(&"kube-system");
        assert_eq!(given.dump.knows_targets(), has_logins, "{name}");
        let Knowledge { roles, role_bindings, .. } = given.dump.knowledge();
        assert_eq!([&roles, &role_bindings], [&extent, &extent], "{name}");
        assert!(given.dump.unread().is_empty(), "{name}: what nobody gave is nothing that cannot be read");
        let gaps = given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now()).unseen;
        let said = gaps.iter().filter(|gap| gap.why.contains("`kubectl get -A` prints all")).count();
        assert_eq!(said, [is_whole, is_whole, has_logins].iter().filter(|is_known| !**is_known).count(), "{name}");
    }
}

#[test]
fn a_list_in_yaml_says_all_there_is_and_a_manifest_does_not() {
    let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: dev}}";
    let rows = [
        (
            "a list",
            format!("apiVersion: v1\nkind: List\nmetadata: {{resourceVersion: ''}}\nitems: [{role}]\n"),
            "the dumps do not have them",
            false,
        ),
        (
            "a list that somebody wrote",
            format!("apiVersion: v1\nkind: List\nitems: [{role}]\n"),
            "manifests may not be all of them",
            true,
        ),
        (
            "a typed list, whose kind comes last",
            "items: [{metadata: {name: r, namespace: dev}}]\nmetadata: {resourceVersion: '7'}\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleList\n".to_owned(),
            "",
            false,
        ),
        ("a manifest", role.to_owned(), "manifests may not be all of them", true),
    ];
    for (name, text, why, expected) in rows {
        let (_, given) = given(&text).expect(name);
        let observed = given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now());
        assert_eq!(observed.roles.len(), 1, "{name}");
        assert!(observed.roles[0].object.origin().is_some(), "{name}");
        assert_eq!(observed.unseen.iter().any(|gap| &*gap.what == "roles"), expected, "{name}");
        assert!(observed.unseen.iter().all(|gap| gap.why.starts_with(why) || why.is_empty()), "{name}");
    }
}

pub(super) const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1";

/// What is there and what is not, as lines: objects with the places where they stand, gaps and notes.
pub(super) fn lines(given: Inputs) -> String {
    let Inputs { dump, sources, notes, .. } = given;
    let observed = dump.observed(MappingTarget::ConfigMap, Partition::Aws, now());
    let mut lines = String::new();
    let place = |origin: Option<document::Span>| {
        let at = origin.and_then(|span| sources.locate(span.start));
        at.map(|(file, at)| format!(" ({file}:{})", at.line)).unwrap_or_default()
    };
    let id = |(namespace, name): (Option<&str>, &str)| {
        namespace.map_or(name.to_owned(), |namespace| format!("{namespace}/{name}"))
    };
    for seen in &observed.roles {
        let role = &seen.object;
        let verbs: Vec<_> =
            role.rules().iter().map(|rule| format!("{} {}", rule.verbs.join(","), rule.resources.join(","))).collect();
        lines += &format!("{} {}: {}{}\n", role.kind().as_str(), id(role.id()), verbs.join("; "), place(role.origin()));
    }
    for seen in &observed.bindings {
        let binding = &seen.object;
        let subjects: Vec<_> = binding
            .subjects()
            .iter()
            .map(|subject| match subject {
                rbac::Subject::User(name) | rbac::Subject::Group(name) => name.to_string(),
                rbac::Subject::ServiceAccount { namespace, name } => {
                    format!("{}:{name}", namespace.as_deref().unwrap_or("?"))
                }
            })
            .collect();
        let role = binding.role().name;
        lines += &format!(
            "{} {}: {role} to {}{}\n",
            binding.kind(),
            id(binding.id()),
            subjects.join(","),
            place(binding.origin())
        );
    }
    for gap in observed
        .unseen
        .iter()
        .filter(|gap| !gap.why.starts_with("manifests may") && !gap.why.starts_with("the dumps do not"))
    {
        lines += &format!("gap: {}: {}\n", gap.what, gap.why);
    }
    for note in &notes {
        lines += &format!("note: {note}\n");
    }
    lines
}

/// kubectl 1.37.2 with an API server was given each of these.
#[test]
fn manifests_are_what_kubectl_makes_of_them() {
    let rule = "rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]";
    let binding = "roleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: User, name: joe}]";
    let rows = [
        (
            "a binding without a namespace",
            format!("{RBAC}\nkind: RoleBinding\nmetadata: {{name: b}}\n{binding}\n"),
            "gap: RoleBinding b (it:1): it has no namespace, and kubectl would take the one of its context; give `--default-namespace NAMESPACE`\n",
        ),
        (
            "two kinds of one name",
            format!(
                "{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{name: b, namespace: x}}\n{binding}\n---\n{RBAC}\nkind: RoleBinding\nmetadata: {{name: b, namespace: x}}\n{binding}\n"
            ),
            "ClusterRoleBinding b: r to joe (it:1)\nRoleBinding x/b: r to joe (it:7)\n",
        ),
        (
            "names that an API server chooses",
            format!(
                "{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{generateName: b-}}\n{binding}\n---\n{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{generateName: b-}}\n{binding}\n"
            ),
            "ClusterRoleBinding b-…: r to joe (it:1)\nClusterRoleBinding b-… (2): r to joe (it:7)\n",
        ),
        (
            "another group's kinds of these names",
            format!(
                "{RBAC}\nkind: Role\nmetadata: {{name: a, namespace: x}}\n{rule}\n---\napiVersion: iam.example.org/v1\nkind: Role\nmetadata: {{name: a, namespace: x}}\n"
            ),
            "Role x/a: get secrets (it:1)\n",
        ),
        (
            "the same twice",
            format!(
                "{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\n{rule}\n---\n{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\n{rule}\n"
            ),
            "ClusterRole a: get secrets (it:6)\n",
        ),
        (
            "two of one identity",
            format!(
                "{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\n{rule}\n---\n{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\n"
            ),
            "ClusterRole a:  (it:6)\ngap: ClusterRole a (it:1 and it:6): it is there twice, with different content; the later one counts here, it:6\n",
        ),
        (
            "two bindings of one identity and two roles",
            format!(
                "{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{name: a}}\n{binding}\n---\n{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{name: a}}\n{}\n",
                binding.replace("name: r", "name: s")
            ),
            "ClusterRoleBinding a: r to joe (it:1)\ngap: ClusterRoleBinding a (it:1 and it:7): it is there twice, with different content; the earlier one counts here, it:1: of the later one its roleRef differs, which no API server allows to change\n",
        ),
        (
            "a merge key",
            format!(
                "{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\nrules:\n- &base\n  apiGroups: ['']\n  resources: [secrets]\n  verbs: [list]\n- <<: *base\n  verbs: [get]\n"
            ),
            "ClusterRole a: list secrets; get secrets (it:1)\n",
        ),
        (
            "a key twice",
            format!("{RBAC}\nkind: ClusterRole\nmetadata: {{name: q}}\nmetadata: {{name: a}}\n{rule}\n"),
            "ClusterRole a: get secrets (it:1)\nnote: it:4: the key `metadata` is there more than once; the last one is used\n",
        ),
        (
            "JSON documents one after another",
            r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}}
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "b"}}"#
                .to_owned(),
            "ClusterRole a:  (it:1)\nClusterRole b:  (it:2)\n",
        ),
        ("YAML in braces", format!("{{{RBAC}, kind: ClusterRole, metadata: {{name: a}}}}"), "ClusterRole a:  (it:1)\n"),
        (
            "a byte order mark",
            format!("\u{feff}{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\n"),
            "ClusterRole a:  (it:1)\n",
        ),
        (
            "CRLF",
            format!(
                "{RBAC}\r\nkind: ClusterRole\r\nmetadata: {{name: a}}\r\n---\r\n{RBAC}\r\nkind: ClusterRole\r\nmetadata: {{name: b}}\r\n"
            ),
            "ClusterRole a:  (it:1)\nClusterRole b:  (it:5)\n",
        ),
        (
            "a list in a list",
            format!(
                "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - {RBAC}\n    kind: ClusterRole\n    metadata: {{name: a}}\n"
            ),
            "ClusterRole a:  (it:4)\ngap: a list in a list (it:4): kubectl refuses the whole list around it; here its objects count\n",
        ),
        (
            "a text where a list must be",
            format!(
                "{RBAC}\nkind: ClusterRole\nmetadata: {{name: a}}\nrules: [{{verbs: get}}]\n---\n{RBAC}\nkind: ClusterRole\nmetadata: {{name: b}}\n"
            ),
            "ClusterRole b:  (it:6)\ngap: ClusterRole a (it:1): an API server refuses it: invalid type: string \"get\", expected a sequence\n",
        ),
        (
            "a truth value for a name",
            format!("{RBAC}\nkind: ClusterRole\nmetadata: {{name: on}}\n"),
            "gap: ClusterRole without a name (it:1): an API server refuses it: invalid type: boolean `true`, expected a string\n",
        ),
        (
            "OpenShift's own kinds",
            "apiVersion: authorization.openshift.io/v1\nkind: RoleBinding\nmetadata: {name: a, namespace: x}\n"
                .to_owned(),
            "gap: RoleBinding a (it:1): OpenShift's own kind is not read; give what `oc get` prints of rbac.authorization.k8s.io\n",
        ),
        (
            "OpenShift's own groups",
            "apiVersion: user.openshift.io/v1\nkind: Group\nmetadata: {name: ops}\nusers: [alice]\n".to_owned(),
            "gap: Group ops (it:1): OpenShift puts users into this group, which is not read here: they have what is bound to it as well\n",
        ),
        (
            "a binding that SOPS has encrypted",
            format!("{RBAC}\nkind: ENC[AES256_GCM,data:x]\nmetadata: {{name: b}}\nroleRef:\n  name: ENC[x]\nsops:\n  mac: ENC[x]\n"),
            "gap: an object of access (it:1): SOPS has encrypted it; give it decrypted: `sops decrypt FILE | cluster-auth … --from -`\n",
        ),
        (
            "aws-auth that SOPS has encrypted",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: 'ENC[x]'}\nsops: {mac: x}\n".to_owned(),
            "gap: the ConfigMap kube-system/aws-auth: SOPS has encrypted it; give it decrypted: `sops decrypt FILE | cluster-auth … --from -`\n",
        ),
        (
            "a kind that Helm fills in, in quotes",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: '{{ .Values.kind }}'\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: r}\n".to_owned(),
            "gap: an object of access (it:1): `{{ .Values.kind }}` is for another program to fill in; give what that prints, by `--from -`\n",
        ),
        (
            "a template of ytt",
            format!("#@ if data.values.joe:\n---\n{RBAC}\nkind: ClusterRole\nmetadata: {{name: r}}\n{rule}\n#@ end\n"),
            "gap: ClusterRole r (it:3): it is a template of ytt; give what it becomes: `ytt -f FILE | cluster-auth … --from -`\n",
        ),
        (
            "a version of other days",
            "apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: ClusterRole\nmetadata: {name: a}\n".to_owned(),
            "gap: ClusterRole a (it:1): no API server serves rbac.authorization.k8s.io/v1beta1 since Kubernetes 1.22; write rbac.authorization.k8s.io/v1\n",
        ),
        (
            "a version that there never was",
            "apiVersion: rbac.authorization.k8s.io/v2\nkind: ClusterRole\nmetadata: {name: a}\n".to_owned(),
            "gap: ClusterRole a (it:1): Kubernetes has no `rbac.authorization.k8s.io/v2`; write rbac.authorization.k8s.io/v1\n",
        ),
        (
            "a kind that is misspelt",
            format!("{RBAC}\nkind: Rolebinding\nmetadata: {{name: a, namespace: x}}\n"),
            "gap: Rolebinding a (it:1): rbac.authorization.k8s.io has no such kind, so kubectl refuses it\n",
        ),
        (
            "a name that a shell fills in",
            format!("{RBAC}\nkind: ClusterRole\nmetadata:\n  name: ${{NAME}}\n{rule}\n"),
            "gap: ClusterRole ${NAME} (it:4): `${NAME}` is for another program to fill in; give what that prints, by `--from -`\n",
        ),
        (
            "a name that Helm fills in, in quotes",
            format!(
                "{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{kind: ClusterRole, name: r}}\nsubjects:\n- {{kind: User, name: '{{{{ .Values.user }}}}'}}\n"
            ),
            "gap: ClusterRoleBinding b (it:6): `{{ .Values.user }}` is for another program to fill in; give what that prints, by `--from -`\n",
        ),
        (
            "OpenShift's templates",
            format!("apiVersion: template.openshift.io/v1\nkind: Template\nobjects:\n- {RBAC}\n  kind: RoleBinding\n"),
            "gap: OpenShift's Template it:1: roles and bindings are in it; give what `oc process` prints, by `--from -`\n",
        ),
    ];
    for (name, text, expected) in rows {
        let (known, given) = given(&text).expect(name);
        assert!(known, "{name}");
        assert_eq!(lines(given), expected, "{name}");
    }
    let utf_16: Vec<u8> = "\u{feff}apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut given = Inputs::default();
    assert!(given.read("it", &utf_16).expect("a text"));
    assert_eq!(lines(given), "ClusterRole a:  (it:1)\n");
}

#[test]
fn what_manifests_lack_is_one_line() {
    let (_, given) = given(BINDING).expect("a manifest");
    let gaps = joined(&given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now()).unseen);
    let gaps: Vec<String> = gaps.iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
    assert_eq!(
        gaps,
        [
            "namespaces, roles, clusterroles, rolebindings, clusterrolebindings and the ConfigMaps of kube-system: manifests \
          may not be all of them; give what `kubectl get \
          namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps -A -o json` prints as well"
        ]
    );
}
