//! What is joined with what.

use insta::assert_snapshot;
use inventory::{How, Inputs, Kustomizations, Unseen};
use rbac::Subject;

use super::{lines, now, resource, whole, world};
use crate::{
    Resources, World,
    matrix::{self, Options, Whose},
};

const DUMP: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}},
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view"}, "rules": [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader", "namespace": "dev"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "bots", "namespace": "dev"}, "roleRef": {"kind": "Role", "name": "reader"},
 "subjects": [{"kind": "ServiceAccount", "name": "bot"}, {"kind": "User", "name": "ops:ann"}, {"kind": "User", "name": "ops:ann"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "all", "resourceVersion": "1"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
 "subjects": [{"kind": "Group", "name": "viewers"}, {"kind": "ServiceAccount", "name": "nowhere"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "cluster-admin", "resourceVersion": "1"}, "roleRef": {"kind": "ClusterRole", "name": "view"}},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "system:kube-controller-manager", "resourceVersion": "1"}, "roleRef": {"kind": "ClusterRole", "name": "view"}},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "system:kube-scheduler", "resourceVersion": "1"}, "roleRef": {"kind": "ClusterRole", "name": "view"}},
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {
 "mapRoles": "- {rolearn: 'arn:aws:iam::111122223333:role/Ops', username: 'ops:{{SessionName}}', groups: [viewers]}",
 "mapUsers": "- {userarn: 'arn:aws:iam::111122223333:user/carol', username: carol, groups: ['system:masters']}"}}
]}"#;

const FILE: &str = "clusterID: c
account: '111122223333'
groups:
- name: developers
  users: [alice, ops/bob]
  authorization:
  - {namespaces: ['team-*', dev], clusterRole: view}
";

#[test]
fn people_mappings_groups_bindings_and_rules_are_one_answer() {
    let world = whole(&[("cluster.json", DUMP), ("access.yaml", FILE)]);
    assert!(world.gaps().is_empty(), "{:?}", world.gaps());
    assert_snapshot!(lines(&world, &world.who_can(&resource("get", "", "pods", "dev"))), @r#"
    User ops:ann: dev: RoleBinding bots > Role reader
    Group developers: dev: RoleBinding cluster-auth:developers:view > ClusterRole view (access.yaml:7)
    Group system:masters: masters
    Group viewers: everywhere: ClusterRoleBinding all > ClusterRole view
    ServiceAccount dev/bot: dev: RoleBinding bots > Role reader
    arn:aws:iam::111122223333:user/alice as Ok(Login { username: "alice", groups: ["developers"] }): Group developers
    arn:aws:iam::111122223333:user/carol as Ok(Login { username: "carol", groups: ["system:masters"] }): Group system:masters
    arn:aws:iam::111122223333:user/ops/bob as Ok(Login { username: "bob", groups: ["developers"] }): Group developers
    arn:aws:iam::111122223333:role/Ops as Ok(Login { username: "ops:<session>", groups: ["viewers"] }): Group viewers
    arn:aws:sts::111122223333:assumed-role/Ops/ann as Ok(Login { username: "ops:ann", groups: ["viewers"] }): User ops:ann; Group viewers
    "#);
    assert_snapshot!(lines(&world, &world.who_can(&resource("list", "", "pods", "team-a"))), @r#"
    Group developers: team-a: RoleBinding cluster-auth:developers:view > ClusterRole view (access.yaml:7)
    Group system:masters: masters
    Group viewers: everywhere: ClusterRoleBinding all > ClusterRole view
    arn:aws:iam::111122223333:user/alice as Ok(Login { username: "alice", groups: ["developers"] }): Group developers
    arn:aws:iam::111122223333:user/carol as Ok(Login { username: "carol", groups: ["system:masters"] }): Group system:masters
    arn:aws:iam::111122223333:user/ops/bob as Ok(Login { username: "bob", groups: ["developers"] }): Group developers
    arn:aws:iam::111122223333:role/Ops as Ok(Login { username: "ops:<session>", groups: ["viewers"] }): Group viewers
    arn:aws:sts::111122223333:assumed-role/Ops/ann as Ok(Login { username: "ops:ann", groups: ["viewers"] }): Group viewers
    "#);
    assert_snapshot!(lines(&world, &world.who_can(&resource("get", "", "pods", ""))), @r#"
    Group system:masters: masters
    Group viewers: everywhere: ClusterRoleBinding all > ClusterRole view
    arn:aws:iam::111122223333:user/carol as Ok(Login { username: "carol", groups: ["system:masters"] }): Group system:masters
    arn:aws:iam::111122223333:role/Ops as Ok(Login { username: "ops:<session>", groups: ["viewers"] }): Group viewers
    arn:aws:sts::111122223333:assumed-role/Ops/ann as Ok(Login { username: "ops:ann", groups: ["viewers"] }): Group viewers
    "#);
    assert_snapshot!(lines(&world, &world.who_can_anywhere(&resource("get", "", "secrets", ""))), @r#"
    User ops:ann: dev: RoleBinding bots > Role reader
    Group system:masters: masters
    ServiceAccount dev/bot: dev: RoleBinding bots > Role reader
    arn:aws:iam::111122223333:user/carol as Ok(Login { username: "carol", groups: ["system:masters"] }): Group system:masters
    arn:aws:sts::111122223333:assumed-role/Ops/ann as Ok(Login { username: "ops:ann", groups: ["viewers"] }): User ops:ann
    "#);
}

const ENTRIES: &str =
    r#"{"accessEntries": ["arn:aws:iam::111122223333:role/eng/Admin", "arn:aws:iam::111122223333:role/Viewer"]}"#;
const ADMIN: &str = r#"{"accessEntry": {"clusterName": "c", "principalArn": "arn:aws:iam::111122223333:role/eng/Admin",
 "kubernetesGroups": [], "username": "arn:aws:sts::111122223333:assumed-role/Admin/{{SessionName}}", "type": "STANDARD"}}"#;
const ADMINS: &str = r#"{"clusterName": "c", "principalArn": "arn:aws:iam::111122223333:role/eng/Admin", "associatedAccessPolicies": [
 {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", "accessScope": {"type": "namespace", "namespaces": ["team-*"]}},
 {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSNewPolicy", "accessScope": {"type": "cluster", "namespaces": []}}]}"#;

#[test]
fn access_entries_of_eks_and_their_policies_count_and_what_is_not_known_of_them_is_a_gap() {
    let files = [("c.json", DUMP), ("e.json", ENTRIES), ("a.json", ADMIN), ("p.json", ADMINS)];
    let world = world(&files);
    let gaps: Vec<String> = world.gaps().iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
    assert_snapshot!(gaps.join("\n"), @"
    the EKS access entry of arn:aws:iam::111122223333:role/Viewer: give what `aws eks describe-access-entry` prints
    the cluster's authentication mode: it decides whether access entries, aws-auth or both are read
    what the EKS access policy AmazonEKSNewPolicy allows: its rules are not known here
    ");
    assert_snapshot!(lines(&world, &world.who_can(&resource("create", "apps", "deployments", "team-b"))), @r#"
    Group system:masters: masters
    arn:aws:iam::111122223333:user/carol as Ok(Login { username: "carol", groups: ["system:masters"] }): Group system:masters
    arn:aws:iam::111122223333:role/Admin as Ok(Login { username: "arn:aws:sts::111122223333:assumed-role/Admin/<session>", groups: [] }): team-*: AmazonEKSEditPolicy
    "#);
    assert_snapshot!(lines(&world, &world.who_can(&resource("create", "apps", "deployments", "dev"))), @r#"
    Group system:masters: masters
    arn:aws:iam::111122223333:user/carol as Ok(Login { username: "carol", groups: ["system:masters"] }): Group system:masters
    "#);
    let admin = world.named("arn:aws:iam::111122223333:role/Admin").next().expect("an entry");
    assert!(world.allows(admin, &resource("get", "", "secrets", "team-x")).is_some());
    assert!(world.allows(admin, &resource("get", "", "secrets", "")).is_none());
    assert!(world.held_by(admin).iter().all(|path| path.holds_in("team-x") && !path.holds_in("dev")));
}

#[test]
fn what_is_not_whole_is_a_gap() {
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: dev}\n\
                   roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: ann}]\n";
    let rows = [
        ("an access file alone", &[("access.yaml", FILE)][..], "the cluster: only access files were given"),
        ("a manifest", &[("b.yaml", binding)], "clusterroles: manifests may not be all of them"),
        (
            "globs without namespaces",
            &[("access.yaml", FILE), ("b.yaml", binding)],
            "the namespaces that the access file's globs and selectors choose: ",
        ),
    ];
    for (name, files, expected) in rows {
        let world = world(files);
        let gaps: Vec<String> = world.gaps().iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
        assert!(gaps.iter().any(|gap| gap.starts_with(expected)), "{name}: {gaps:?}");
    }
}

#[test]
fn manifests_say_where_they_stand() {
    let text = "# first\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: view}\nrules: [{verbs: [get], apiGroups: [''], resources: [pods]}]\n\
                ---\n\n---\n# second\napiVersion: v1\nkind: List\nitems:\n- apiVersion: rbac.authorization.k8s.io/v1\n  kind: RoleBinding\n  metadata: {name: b, namespace: dev}\n  \
                roleRef: {kind: ClusterRole, name: view}\n  subjects: [{kind: User, name: ann}]\n";
    let world = world(&[("m/all.yaml", text)]);
    assert_snapshot!(lines(&world, &world.who_can(&resource("get", "", "pods", "dev"))), @"
    User ann: dev: RoleBinding b > ClusterRole view (m/all.yaml:13)
    Group system:masters: masters
    ");
}

/// Whoever a mapping gives the name of a service account has what that name is bound to, by whichever kind of subject, and
/// none of the account's groups: the API server adds those to its own tokens only.
#[test]
fn who_logs_in_by_the_name_of_a_service_account_has_what_it_is_bound_to_and_not_its_groups() {
    let dump = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "nodes"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["nodes"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "of-account"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
 "subjects": [{"kind": "ServiceAccount", "name": "bot", "namespace": "ci"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "of-all"}, "roleRef": {"kind": "ClusterRole", "name": "nodes"},
 "subjects": [{"kind": "Group", "name": "system:serviceaccounts"}]},
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {
 "mapUsers": "- {userarn: 'arn:aws:iam::111122223333:user/ci', username: 'system:serviceaccount:ci:bot', groups: []}"}}
]}"#;
    let world = world(&[("cluster.json", dump)]);
    let ci = world.named("arn:aws:iam::111122223333:user/ci").next().expect("mapped");
    for (what, asked, may) in
        [("pods", resource("get", "", "pods", "dev"), true), ("nodes", resource("get", "", "nodes", ""), false)]
    {
        assert_eq!(world.allows(ci, &asked).is_some(), may, "{what}");
        let answer = world.who_can(&asked);
        assert_eq!(answer.principals.iter().any(|one| one.principal.who == ci.who), may, "{what}");
    }
}

/// An API server of 1.37.2 with kube-controller-manager was given each of these: who may get the secrets?
#[test]
fn roles_aggregate_by_label_as_the_controller_does_it() {
    const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1";
    let part = |name: &str, label: &str| {
        format!(
            "{RBAC}\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{{label}}}}}\n\
             rules: [{{apiGroups: [''], resources: [frobs], verbs: [get]}}]\n---\n"
        )
    };
    let bind = |role: &str| {
        format!(
            "{RBAC}\nkind: ClusterRoleBinding\nmetadata: {{name: b-{role}}}\nroleRef: {{kind: ClusterRole, name: {role}}}\n\
             subjects: [{{kind: User, name: {role}er}}]\n---\n"
        )
    };
    let all = ["view", "edit", "admin", "cluster-admin"].map(bind).concat();
    let to = |name: &str| format!("rbac.authorization.k8s.io/aggregate-to-{name}: 'true'");
    let own = |name: &str, selectors: &str, rest: &str| {
        format!(
            "{RBAC}\nkind: ClusterRole\nmetadata: {{name: {name}{rest}}}\naggregationRule: {{clusterRoleSelectors: [{selectors}]}}\n---\n"
        )
    };
    let frobs = "\nrules: [{apiGroups: [''], resources: [frobs], verbs: [get]}]\n---\n";
    let rows = [
        ("nothing", all.clone(), "cluster-adminer"),
        (
            "into view, and so into the others",
            all.clone() + &part("p", &to("view")),
            "adminer cluster-adminer editer viewer",
        ),
        ("into edit", all.clone() + &part("p", &to("edit")), "adminer cluster-adminer editer"),
        ("into admin", all.clone() + &part("p", &to("admin")), "adminer cluster-adminer"),
        (
            "with another value",
            all.clone() + &part("p", "rbac.authorization.k8s.io/aggregate-to-view: 'yes'"),
            "cluster-adminer",
        ),
        (
            "a Role, which aggregates into nothing",
            all.clone()
                + &part("p", &to("view")).replace("ClusterRole", "Role").replace("name: p", "name: p, namespace: x"),
            "cluster-adminer",
        ),
        (
            "into an aggregated role of its own, in steps",
            own("one", "{matchLabels: {a: b}}", ", labels: {c: d}")
                + &own("two", "{matchExpressions: [{key: c, operator: Exists}]}", "")
                + &part("p", "a: b")
                + &bind("one")
                + &bind("two"),
            "oneer twoer",
        ),
        (
            "what was written into an aggregated role stays where nothing is chosen",
            own("one", "{matchLabels: {a: b}}", "").replace("---\n", frobs.trim_start()) + &bind("one"),
            "oneer",
        ),
        (
            "and where what is chosen has no rules",
            own("one", "{matchLabels: {a: b}}", "").replace("---\n", frobs.trim_start())
                + &part("p", "a: b").replace(frobs.trim_start(), "rules: []\n---\n")
                + &bind("one"),
            "oneer",
        ),
        (
            "and where a role chooses itself alone",
            own("one", "{matchLabels: {a: b}}", ", labels: {a: b}").replace("---\n", frobs.trim_start()) + &bind("one"),
            "oneer",
        ),
        (
            "another one chooses what stays",
            own("one", "{matchLabels: {a: b}}", ", labels: {c: d}").replace("---\n", frobs.trim_start())
                + &own("two", "{matchLabels: {c: d}}", "")
                + &bind("two"),
            "twoer",
        ),
        (
            "what was written into an aggregated role is replaced by what is chosen",
            own("one", "{matchLabels: {a: b}}", "").replace("---\n", frobs.trim_start())
                + &part("p", "a: b").replace("frobs", "others")
                + &bind("one"),
            "",
        ),
        (
            "the label of all roles that an API server makes for itself",
            own("one", "{matchLabels: {kubernetes.io/bootstrapping: rbac-defaults}}", "")
                + &own(
                    "two",
                    "{matchExpressions: [{key: kubernetes.io/bootstrapping, operator: Exists}], matchLabels: {rbac.authorization.k8s.io/aggregate-to-edit: 'true'}}",
                    "",
                )
                + &bind("one")
                + &bind("two"),
            "oneer",
        ),
        (
            "edit written without its aggregation, which stays",
            all.clone() + &format!("{RBAC}\nkind: ClusterRole\nmetadata: {{name: edit}}") + frobs,
            "cluster-adminer",
        ),
        (
            "edit written with another aggregation, which counts",
            all + &own("edit", "{matchLabels: {a: b}}", "") + &part("p", "a: b"),
            "adminer cluster-adminer editer",
        ),
        (
            "a role called as a built-in one, and not aggregated",
            bind("cluster-admin")
                + &bind("system:other")
                + &format!("{RBAC}\nkind: ClusterRole\nmetadata: {{name: 'system:other'}}")
                + frobs,
            "cluster-adminer system:otherer",
        ),
    ];
    for (name, text, expected) in rows {
        let world = world(&[("all.yaml", &text)]);
        let answer = world.who_can(&resource("get", "", "frobs", "x"));
        let who: Vec<String> = answer.subjects.iter().map(|holder| super::said(&holder.subject)).collect();
        let who: Vec<&str> = who.iter().filter_map(|who| who.strip_prefix("User ")).collect();
        assert_eq!(who.join(" "), expected, "{name}");
    }
}

/// What an API server serves is what it goes by: the controller may not run, or may have left the rules alone.
#[test]
fn an_aggregated_role_that_a_cluster_has_allows_what_stands_in_it() {
    let role = |name: &str, labels: &str, what: &str, rest: &str| {
        format!(
            r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
"metadata": {{"name": "{name}", "labels": {{{labels}}}, "resourceVersion": "7", "uid": "u-{name}"}}{rest},
"rules": [{{"verbs": ["get"], "apiGroups": [""], "resources": ["{what}"]}}]}}"#
        )
    };
    let aggregation = r#", "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}"#;
    let binding = r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "b", "resourceVersion": "8"},
"roleRef": {"kind": "ClusterRole", "name": "one"}, "subjects": [{"kind": "User", "name": "joe"}]}"#;
    // By these it shows that the list is whole.
    let standard = ["cluster-admin", "view", "system:kube-controller-manager"].map(|name| role(name, "", "none", ""));
    let dump = |roles: &[String]| {
        let roles = [roles, &standard].concat();
        format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{}, {binding}]}}"#, roles.join(", "))
    };
    let one = role("one", "", "frobs", aggregation);
    let part = role("part", r#""a": "b""#, "others", "");
    let manifest = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: new, labels: {a: b}}\n\
                    rules: [{apiGroups: [''], resources: [others], verbs: [get]}]\n";
    let rows = [
        ("chooses nothing", vec![("d.json", dump(std::slice::from_ref(&one)))], [true, false]),
        ("chooses what is not in it", vec![("d.json", dump(&[one.clone(), part]))], [true, false]),
        (
            "is going to choose what is applied beside it",
            vec![("d.json", dump(&[one])), ("new.yaml", manifest.to_owned())],
            [false, true],
        ),
    ];
    for (name, files, expected) in rows {
        let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
        let world = world(&files);
        let may = ["frobs", "others"].map(|what| {
            let answer = world.who_can(&resource("get", "", what, "x"));
            answer.subjects.iter().any(|holder| super::said(&holder.subject) == "User joe")
        });
        assert_eq!(may, expected, "{name}");
    }
}

/// The controller may look at either first, and what it finds there then is the other one's.
#[test]
fn roles_that_aggregate_each_other_are_not_known() {
    let role = |name: &str, to: &str, what: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{{name}: x}}}}\n\
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{{to}: x}}}}]}}\nrules: [{what}]\n---\n"
        )
    };
    let rule = |what: &str| format!("{{apiGroups: [''], resources: [{what}], verbs: [get]}}");
    let rows = [
        (role("one", "two", &rule("pods")) + &role("two", "one", &rule("nodes")), &["one", "two"][..]),
        (role("one", "two", &rule("pods")) + &role("two", "one", &rule("pods")), &[]),
        (role("one", "two", &rule("pods")) + &role("two", "one", ""), &[]),
        (role("one", "two", &rule("pods")) + &role("two", "three", &rule("nodes")), &[]),
    ];
    for (text, expected) in rows {
        let world = world(&[("all.yaml", &text)]);
        let gaps = world.gaps().iter().filter(|gap| gap.why.starts_with("it aggregates roles"));
        let gaps: Vec<&str> = gaps.filter_map(|gap| gap.what.strip_prefix("what the ClusterRole ")).collect();
        let expected: Vec<String> = expected.iter().map(|name| format!("{name} allows")).collect();
        assert_eq!(gaps, expected, "{text}");
        every_answer_has(&world, "it aggregates roles");
    }
}

/// What a role is made of matters wherever it is bound: no answer leaves it out.
#[test]
fn labels_that_are_not_known_are_gaps_of_every_answer() {
    let part = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: part}\n\
                rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]\n";
    let all = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n\
               aggregationRule: {clusterRoleSelectors: [{matchLabels: {team: a}}]}\n---\n\
               apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n\
               roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: all}\n\
               subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: viewer}]\n";
    for (other, expected) in [("", 1), ("commonLabels: {team: a}\n", 0)] {
        let mut kustomizations = Kustomizations::default();
        let files = [("k", "resources: [part.yaml]\n".to_owned()), ("dev", format!("resources: [../k]\n{other}"))];
        let prod = ("prod", "resources: [../k]\ncommonLabels: {team: a}\n".to_owned());
        for (folder, text) in files.into_iter().chain([prod]) {
            kustomizations.add(&format!("{folder}/kustomization.yaml"), &text).expect(folder);
        }
        let of = kustomizations.of(["k/part.yaml"]);
        let how = How { kustomized: of.get("k/part.yaml"), ..How::default() };
        let mut given = Inputs::default();
        given.read_as("k/part.yaml", part.as_bytes(), how).expect("readable");
        given.read("all.yaml", all.as_bytes()).expect("readable");
        let world = World::new(given, None, now()).expect("readable");
        assert_eq!(every_answer_has(&world, "the ClusterRole all chooses by"), expected, "{other}");
    }
}

/// How many gaps for such a reason there are, which `who-can` and `matrix` have as `lint` has them.
fn every_answer_has(world: &World, reason: &str) -> usize {
    let of_reason = |gaps: &[&Unseen]| -> Vec<Unseen> {
        gaps.iter().copied().filter(|gap| gap.why.starts_with(reason)).cloned().collect()
    };
    let of_world = of_reason(&world.gaps().iter().collect::<Vec<_>>());
    let resources = Resources::well_known();
    let (options, viewer) = (Options::default(), Whose::Subject(Subject::User("viewer".into())));
    let of_person = matrix::person(world, &resources, &options, &viewer).expect("somebody").matrix.gaps;
    let of_matrix = crate::matrix(world, &resources, &options).gaps;
    let answers = [
        ("who-can in a namespace", of_reason(&world.gaps_about_question(&resource("get", "", "secrets", "x"), false))),
        ("who-can in the cluster", of_reason(&world.gaps_about_question(&resource("get", "", "nodes", ""), false))),
        ("who-can anywhere", of_reason(&world.gaps_about_question(&resource("get", "", "secrets", ""), true))),
        ("matrix", of_reason(&of_matrix.iter().collect::<Vec<_>>())),
        ("matrix of somebody", of_reason(&of_person.iter().collect::<Vec<_>>())),
    ];
    for (answer, found) in answers {
        assert_eq!(found, of_world, "{answer}");
    }
    of_world.len()
}
