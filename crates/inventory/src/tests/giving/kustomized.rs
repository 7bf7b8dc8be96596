//! What kustomizations make of manifests, as far as they are followed.

use super::{RBAC, lines};
use crate::{How, Inputs, Kustomizations};

/// What a kustomization says of what it lists goes before an object's own word, and both before somebody's; kubectl kustomize 1.37.2
/// was given each of these.
#[test]
fn a_namespace_that_is_not_written_is_somebodys_word_or_a_kustomizations() {
    let role = |metadata: &str| format!("{RBAC}\nkind: Role\nmetadata: {{name: a{metadata}}}\n");
    let bound = |kind: &str, subject: &str| {
        format!(
            "{RBAC}\nkind: {kind}\nmetadata: {{name: b}}\nroleRef: {{kind: ClusterRole, name: r}}\nsubjects: [{{kind: ServiceAccount, {subject}}}]\n"
        )
    };
    let one: &[(&str, &str)] = &[("k/kustomization.yaml", "resources: [it.yaml, accounts.yaml]\nnamespace: x\n")];
    let accounts = "apiVersion: v1\nkind:  ServiceAccount\nmetadata: {name: app, namespace: }\n---\napiVersion: v1\nkind: List\n\
                    items: [{apiVersion: v1, kind: 'ServiceAccount', metadata: {name: own, namespace: mine}}]\n";
    let no = "gap: Role a (k/it.yaml:1): it has no namespace, and kubectl would take the one of its context; give `--default-namespace NAMESPACE`\n";
    let rows = [
        ("nobody", &[][..], role(""), None, no.to_owned()),
        ("somebody", &[], role(""), Some("y"), "Role y/a:  (k/it.yaml:1)\n".to_owned()),
        ("its own", &[], role(", namespace: z"), Some("y"), "Role z/a:  (k/it.yaml:1)\n".to_owned()),
        ("a kustomization", one, role(""), None, "Role x/a:  (k/it.yaml:1)\n".to_owned()),
        // `kubectl kustomize k | kubectl apply -n y -f -` refuses it.
        ("somebody and a kustomization", one, role(""), Some("y"), "Role x/a:  (k/it.yaml:1)\n".to_owned()),
        (
            "somebody and a kustomization that does not list it",
            &[("k/kustomization.yaml", "namespace: x\n")],
            role(""),
            Some("y"),
            "Role y/a:  (k/it.yaml:1)\n".to_owned(),
        ),
        (
            "its own and a kustomization",
            one,
            role(", namespace: z"),
            None,
            "Role x/a:  (k/it.yaml:1)\n".to_owned(),
        ),
        (
            "its own and a kustomization that does not list it",
            &[("k/kustomization.yaml", "namespace: x\n")],
            role(", namespace: z"),
            None,
            "Role z/a:  (k/it.yaml:1)\n".to_owned(),
        ),
        (
            "its own, a kustomization, and one that leaves it there",
            &[("k/kustomization.yaml", "resources: [it.yaml]\n"), ("d/kustomization.yaml", "resources: [../k]\nnamespace: x\n"), ("e/kustomization.yaml", "resources: [../k]\n")],
            role(", namespace: z"),
            None,
            "Role z/a:  (k/it.yaml:1)\ngap: Role a (k/it.yaml:1): d/kustomization.yaml:2 puts it in x, and e/kustomization.yaml leaves it in its own namespace; here it counts in its own, z\n".to_owned(),
        ),
        ("one beside that does not list it", &[("k/kustomization.yml", "namespace: x\n")], role(""), None, "Role x/a:  (k/it.yaml:1)\n".to_owned()),
        ("one without a namespace", &[("k/Kustomization", "resources: [it.yaml]\n")], role(""), None, no.to_owned()),
        ("one whose namespace is null", &[("k/kustomization.yaml", "resources: [it.yaml]\nnamespace: null\n")], role(""), None, no.to_owned()),
        ("one whose namespace is ~", &[("k/kustomization.yaml", "resources: [it.yaml]\nnamespace: ~\n")], role(""), None, no.to_owned()),
        ("one whose namespace is left empty", &[("k/kustomization.yaml", "resources: [it.yaml]\nnamespace:\n")], role(""), None, no.to_owned()),
        ("one whose namespace is ''", &[("k/kustomization.yaml", "resources: [it.yaml]\nnamespace: ''\n")], role(""), None, no.to_owned()),
        ("one whose namespace is called null", &[("k/kustomization.yaml", "resources: [it.yaml]\nnamespace: 'null'\n")], role(""), None, "Role null/a:  (k/it.yaml:1)\n".to_owned()),
        (
            "one without a namespace around one that has it",
            &[("k/kustomization.yaml", "resources: [it.yaml]\nnamespace: x\n"), ("d/kustomization.yaml", "resources: [../k]\nnamespace: null\n")],
            role(""),
            None,
            "Role x/a:  (k/it.yaml:1)\n".to_owned(),
        ),
        ("one elsewhere that lists it", &[("d/kustomization.yaml", "resources: [../k/it.yaml]\nnamespace: x\n")], role(""), None, "Role x/a:  (k/it.yaml:1)\n".to_owned()),
        (
            "one that takes the folder in, and goes before it",
            &[("k/kustomization.yaml", "resources: [it.yaml]\nnamespace: base\n"), ("d/kustomization.yaml", "resources: [../k]\nnamespace: x\n")],
            role(""),
            None,
            "Role x/a:  (k/it.yaml:1)\n".to_owned(),
        ),
        (
            "two that take it in",
            &[("k/kustomization.yaml", "resources: [it.yaml]\n"), ("d/kustomization.yaml", "resources: [../k]\nnamespace: x\n"), ("e/kustomization.yaml", "bases: [../k/]\nnamespace: z\n")],
            role(""),
            None,
            "gap: Role a (k/it.yaml:1): kustomizations put it in several namespaces: x (d/kustomization.yaml:2), z (e/kustomization.yaml:2); give what `kubectl kustomize` makes of each, by `--from -`\n".to_owned(),
        ),
        (
            "two that take it in, and somebody",
            &[("k/kustomization.yaml", "resources: [it.yaml]\n"), ("d/kustomization.yaml", "resources: [../k]\nnamespace: x\n"), ("e/kustomization.yaml", "bases: [../k/]\nnamespace: z\n")],
            role(""),
            Some("x"),
            "gap: Role a (k/it.yaml:1): kustomizations put it in several namespaces: x (d/kustomization.yaml:2), z (e/kustomization.yaml:2); give what `kubectl kustomize` makes of each, by `--from -`\n".to_owned(),
        ),
        (
            "two that take it in, of which one has no namespace",
            &[("k/kustomization.yaml", "resources: [it.yaml]\n"), ("d/kustomization.yaml", "resources: [../k]\nnamespace: x\n"), ("e/kustomization.yaml", "resources: [../k]\n")],
            role(""),
            None,
            "gap: Role a (k/it.yaml:1): kustomizations put it in several namespaces: x (d/kustomization.yaml:2), none (e/kustomization.yaml); give what `kubectl kustomize` makes of each, by `--from -`\n".to_owned(),
        ),
        ("a field in another case", &[("k/kustomization.yaml", "Resources: [it.yaml]\nnameSpace: x\n")], role(""), Some("y"), "Role x/a:  (k/it.yaml:1)\n".to_owned()),
        ("the account default", one, bound("ClusterRoleBinding", "name: default"), None, "ClusterRoleBinding b: r to x:default (k/it.yaml:1)\n".to_owned()),
        (
            "the account default of another namespace",
            one,
            bound("ClusterRoleBinding", "name: default, namespace: z"),
            None,
            "ClusterRoleBinding b: r to z:default (k/it.yaml:1)\ngap: ClusterRoleBinding b (k/it.yaml:1): k/kustomization.yaml:2 makes its subject z/default x/default; here it counts as written\n".to_owned(),
        ),
        ("an account that is taken in", one, bound("ClusterRoleBinding", "name: app"), None, "ClusterRoleBinding b: r to x:app (k/it.yaml:1)\n".to_owned()),
        (
            "an account that is taken in, by the namespace default",
            one,
            bound("ClusterRoleBinding", "name: app, namespace: default"),
            None,
            "ClusterRoleBinding b: r to default:app (k/it.yaml:1)\ngap: ClusterRoleBinding b (k/it.yaml:1): k/kustomization.yaml:2 makes its subject default/app x/app; here it counts as written\n".to_owned(),
        ),
        (
            "an account of another namespace that is taken in",
            one,
            bound("ClusterRoleBinding", "name: own, namespace: mine"),
            None,
            "ClusterRoleBinding b: r to mine:own (k/it.yaml:1)\ngap: ClusterRoleBinding b (k/it.yaml:1): k/kustomization.yaml:2 makes its subject mine/own x/own; here it counts as written\n".to_owned(),
        ),
        ("its name, in a third namespace", one, bound("ClusterRoleBinding", "name: own, namespace: other"), None, "ClusterRoleBinding b: r to other:own (k/it.yaml:1)\n".to_owned()),
        ("another account of another namespace", one, bound("RoleBinding", "name: bot, namespace: z"), None, "RoleBinding x/b: r to z:bot (k/it.yaml:1)\n".to_owned()),
    ];
    for (name, files, text, default_namespace, expected) in rows {
        let mut kustomizations = Kustomizations::default();
        for (path, text) in files {
            kustomizations.add(path, text).expect(name);
        }
        kustomizations.add_objects("k/accounts.yaml", accounts);
        let of = kustomizations.of(["k/it.yaml"]);
        let mut given = Inputs::default();
        let how = How { default_namespace, kustomized: of.get("k/it.yaml"), ..How::default() };
        given.read_as("k/it.yaml", text.as_bytes(), how).expect(name);
        assert_eq!(lines(given), expected, "{name}");
    }
}

/// Whatever a kustomization does besides is said by name, where it changes what is of interest or takes in what is not there.
#[test]
fn a_kustomization_that_does_more_is_a_gap() {
    let rows = [
        ("namespace: x\n", ""),
        ("images: [{name: a, newTag: b}]\nreplicas: []\ncommonAnnotations: {a: b}\n", ""),
        ("labels: [{pairs: {a: b}}]\ncommonLabels: {c: d}\n", ""),
        ("namePrefix: ''\npatches: []\n", ""),
        ("namePrefix: a-\n", "namePrefix in line 2"),
        ("patches: [{path: p.yaml}]\n", "patches in line 2"),
        ("patchesStrategicMerge: [p.yaml]\nnameSuffix: x\n", "patchesStrategicMerge in line 2, nameSuffix in line 3"),
        ("configMapGenerator: [{name: a}]\n", "configMapGenerator in line 2"),
        ("components: [../c]\n", "components in line 2"),
        ("helmCharts: [{name: a}]\n", "helmCharts in line 2"),
        ("commonLabels: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}\n", ""),
        ("labels: [{pairs: {rbac.authorization.k8s.io/aggregate-to-view: 'true'}}]\n", ""),
        (
            "labels: [{pairs: {a: b}, fields: [{path: aggregationRule/clusterRoleSelectors/matchLabels}]}]\n",
            "labels in line 2",
        ),
        ("bases: ['github.com/o/r//d?ref=v1']\n", "github.com/o/r//d?ref=v1 in line 2"),
    ];
    for (text, expected) in rows {
        let mut kustomizations = Kustomizations::default();
        kustomizations.add("k/kustomization.yaml", &format!("resources: [it.yaml]\n{text}")).expect(text);
        let of = kustomizations.of(["k/it.yaml", "k/unlisted.yaml"]);
        let changed: Vec<&str> = of["k/it.yaml"].more.iter().map(|file| &**file).collect();
        let gaps: Vec<String> =
            kustomizations.gaps(changed).iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
        let expected = match expected {
            "" => vec![],
            more => vec![format!(
                "what kustomize makes of k (k/kustomization.yaml: {more}): of a kustomization only resources, `namespace` and labels are followed here; give `kubectl kustomize k | cluster-auth … --from -`"
            )],
        };
        assert_eq!(gaps, expected, "{text}");
        assert!(of["k/unlisted.yaml"].more.is_empty());
    }
}

/// What lies outside of all that was given is not known.
#[test]
fn a_kustomization_that_takes_in_what_was_not_given_is_a_gap() {
    let rows = [
        ("k/over", "resources: [../base, it.yaml]\n", &["k/over"][..], "../base in line 1"),
        ("k/over", "bases:\n- ../base\n- ../../x/y.yaml\n", &["k/over"], "../base in line 2, ../../x/y.yaml in line 3"),
        ("k/over", "resources: [../base]\n", &["k/over", "k/base"], ""),
        ("k/over", "resources: [../base]\n", &["k"], ""),
        (".", "resources: [../base]\n", &["."], "../base in line 1"),
        ("..", "resources: [base]\n", &[".."], ""),
        ("..", "resources: [../base]\n", &[".."], "../base in line 1"),
    ];
    for (folder, text, given, expected) in rows {
        let mut kustomizations = Kustomizations::default();
        kustomizations.add(&format!("{folder}/kustomization.yaml"), text).expect(text);
        let given: Vec<String> = given.iter().map(|path| (*path).to_owned()).collect();
        let gaps: Vec<String> =
            kustomizations.beyond(&given).iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
        let expected = match expected {
            "" => vec![],
            outside => vec![format!(
                "what kustomize makes of {folder} ({folder}/kustomization.yaml: {outside}): it refers to files that \
                 were not given; give `kubectl kustomize {folder} | cluster-auth … --from -`"
            )],
        };
        assert_eq!(gaps, expected, "{folder}: {text}");
    }
}

/// Kustomize reads a kustomization into types, and refuses what has others (`kubectl kustomize` was asked each of them).
#[test]
fn a_kustomization_with_values_of_other_types_is_refused() {
    let rows = [
        ("namespace: 123\n", "line 2: `namespace` must be a text: quote it"),
        ("namespace: yes\n", "line 2: `namespace` must be a text: quote it"),
        ("namespace: y\n", "line 2: `namespace` must be a text: quote it"),
        ("namespace: 1.0\n", "line 2: `namespace` must be a text: quote it"),
        ("namespace: 0x10\n", "line 2: `namespace` must be a text: quote it"),
        ("namespace: [a]\n", "line 2: `namespace` must be a text: quote it"),
        ("namespace: '123'\n", ""),
        ("namespace: !!str 123\n", ""),
        ("namespace: 2024-01-01\n", ""),
        ("namespace:\n", ""),
        ("bases: [1]\n", "line 2: `bases` must be a list of texts"),
        ("bases: a\n", "line 2: `bases` must be a list"),
        ("commonLabels: {a: true}\n", "line 2: the value of the label a must be a text: quote it"),
        ("labels: [{pairs: {a: 1}}]\n", "line 2: the value of the label a must be a text: quote it"),
        ("labels: {pairs: {a: b}}\n", "line 2: `labels` must be a list"),
        ("labels: [{pairs: {a: }}]\n", ""),
    ];
    for (text, expected) in rows {
        let mut kustomizations = Kustomizations::default();
        let said = kustomizations.add("k/kustomization.yaml", &format!("resources: [it.yaml]\n{text}"));
        let said = said.err().map(|gap| gap.to_string()).unwrap_or_default();
        let whole = "k/kustomization.yaml: kustomize refuses this kustomization: ";
        let expected = match expected {
            "" => String::new(),
            why => format!("{whole}{why}; here what lies beside it counts as it stands"),
        };
        assert_eq!(said, expected, "{text}");
    }
}

/// `kubectl kustomize` adds `commonLabels` last, wherever they stand.
#[test]
fn of_labels_of_one_kustomization_common_ones_count() {
    for text in
        ["commonLabels: {a: c}\nlabels: [{pairs: {a: b}}]\n", "labels: [{pairs: {a: b}}]\ncommonLabels: {a: c}\n"]
    {
        let mut kustomizations = Kustomizations::default();
        kustomizations.add("kustomization.yaml", &format!("resources: [it.yaml]\n{text}")).expect(text);
        let of = kustomizations.of(["it.yaml"]);
        assert_eq!(of["it.yaml"].labels, [[("a".into(), "c".into())].into()], "{text}");
    }
}

/// A name, files by their path, and what is expected.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// `kubectl kustomize`: "may not add resource with an already registered id".
#[test]
fn an_object_that_a_kustomization_takes_in_twice_is_a_gap() {
    let role = format!("{RBAC}\nkind: Role\nmetadata: {{name: a}}\n");
    let a = "resources: [../it.yaml]\n";
    let rows: [Row<'_>; 7] = [
        ("once", &[("kustomization.yaml", "resources: [it.yaml]\n")], ""),
        (
            "one file twice",
            &[("kustomization.yaml", "resources:\n- it.yaml\n- ./it.yaml\n")],
            ".|./it.yaml in line 3|Role a",
        ),
        (
            "two files",
            &[("kustomization.yaml", "resources: [it.yaml, same.yaml]\nnamespace: x\n")],
            ".|same.yaml in line 1|Role a",
        ),
        (
            "a base and its file",
            &[("a/kustomization.yaml", a), ("kustomization.yaml", "resources: [a, it.yaml]\n")],
            ".|it.yaml in line 1|Role a",
        ),
        (
            "two bases in one namespace",
            &[
                ("a/kustomization.yaml", "resources: [../it.yaml]\nnamespace: x\n"),
                ("b/kustomization.yaml", "resources: [../it.yaml]\nnamespace: x\n"),
                ("kustomization.yaml", "resources: [a, b]\n"),
            ],
            ".|b in line 1|Role x/a",
        ),
        (
            "two bases in two namespaces",
            &[
                ("a/kustomization.yaml", "resources: [../it.yaml]\nnamespace: x\n"),
                ("b/kustomization.yaml", "resources: [../it.yaml]\nnamespace: z\n"),
                ("kustomization.yaml", "resources: [a, b]\n"),
            ],
            "",
        ),
        (
            "two bases, of which one gives it another name",
            &[
                ("a/kustomization.yaml", a),
                ("b/kustomization.yaml", "resources: [../it.yaml]\nnamePrefix: b-\n"),
                ("kustomization.yaml", "resources: [a, b]\n"),
            ],
            "",
        ),
    ];
    for (name, files, expected) in rows {
        let mut kustomizations = Kustomizations::default();
        for (path, text) in files {
            kustomizations.add(path, text).expect(name);
        }
        kustomizations.add_objects("it.yaml", &role);
        kustomizations.add_objects("same.yaml", &role);
        let said: Vec<String> = kustomizations.refused().iter().map(ToString::to_string).collect();
        let mut parts = expected.split('|');
        let expected = parts.next().filter(|folder| !folder.is_empty()).map(|folder| {
            let (written, id) = (parts.next().expect(name), parts.next().expect(name));
            format!(
                "what kustomize makes of {folder} (kustomization.yaml: {written}): kustomize refuses it, because {id} is taken in twice \
                 (\"may not add resource with an already registered id\"); here it counts once"
            )
        });
        assert_eq!(said, Vec::from_iter(expected), "{name}");
    }
}
