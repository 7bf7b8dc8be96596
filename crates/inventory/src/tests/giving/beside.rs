//! What stands beside other things and is not all that it seems: bindings that rbac-manager makes, kustomizations, access files.

use identity::Partition;

use super::{super::now, lines};
use crate::{How, Inputs, Kustomizations, MappingTarget, unlisted_files};

/// rbac-manager makes no binding over one that is there, and of two definitions of one name a cluster has the later one.
#[test]
fn what_rbac_manager_makes_twice_is_said_with_both_places() {
    const HEAD: &str =
        "apiVersion: rbacmanager.reactiveops.io/v1beta1\nkind: RBACDefinition\nmetadata: {name: x}\nrbacBindings:\n";
    let part = |name: &str, user: &str, role: &str| {
        format!(
            "- name: {name}\n  subjects: [{{kind: User, name: {user}}}]\n  clusterRoleBindings: [{{clusterRole: {role}}}]\n"
        )
    };
    let plain = |user: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: x-one-view}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]\n"
        )
    };
    let one = |user: &str| HEAD.to_owned() + &part("one", user, "view");
    let first = "a cluster has the one that was made first: rbac-manager makes none over it";
    let rows = [
        (
            "two bindings of one name in one definition",
            one("joe") + &part("one", "ann", "view"),
            format!(
                "ClusterRoleBinding x-one-view: view to joe (it.yaml:7)\n\
                 gap: ClusterRoleBinding x-one-view (it.yaml:7 and it.yaml:10): it is there twice, with different content; the one of it.yaml:7 counts here, and {first}\n"
            ),
        ),
        (
            "that say the same",
            one("joe") + &part("one", "joe", "view"),
            "ClusterRoleBinding x-one-view: view to joe (it.yaml:7)\n".to_owned(),
        ),
        (
            "a binding of its name beside it",
            one("joe") + &plain("zed"),
            format!(
                "ClusterRoleBinding x-one-view: view to zed (it.yaml:9)\n\
                 gap: ClusterRoleBinding x-one-view (it.yaml:9 and it.yaml:7): it is there twice, with different content; the one of it.yaml:9 counts here, and {first}\n"
            ),
        ),
        (
            "a binding of its name that says the same",
            one("joe") + &plain("joe"),
            "ClusterRoleBinding x-one-view: view to joe (it.yaml:9)\n".to_owned(),
        ),
        (
            "two definitions of one name",
            one("joe") + "---\n" + HEAD + &part("three", "kim", "view"),
            "ClusterRoleBinding x-three-view: view to kim (it.yaml:15)\n\
             gap: RBACDefinition x (it.yaml:1 and it.yaml:9): it is there twice, with different content; the later one counts here, it.yaml:9\n"
                .to_owned(),
        ),
        (
            "two definitions of one name that say the same",
            one("joe") + "---\n" + &one("joe"),
            "ClusterRoleBinding x-one-view: view to joe (it.yaml:15)\n".to_owned(),
        ),
    ];
    for (name, text, expected) in rows {
        let mut given = Inputs::default();
        given.read("it.yaml", text.as_bytes()).expect("readable");
        assert_eq!(lines(given), expected, "{name}");
    }
}

/// What eksctl makes of a file is a text that nobody has: places are those of the file.
#[test]
fn places_of_another_programs_logins_are_those_of_its_file() {
    let text = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\niamIdentityMappings:\n\
                - {arn: 'arn:aws:iam::111122223333:user/a', username: a, groups: [g]}\n\
                - {arn: 'arn:aws:iam::111122223333:user/A', username: b, groups: [g]}\n\
                - {arn: 'arn:aws:iam::111122223333:role/A', username: a, groups: [g]}\n\
                - {arn: 'arn:aws:iam::111122223333:role/A', username: a2, groups: [g]}\n";
    let mut given = Inputs::default();
    given.read("ek.yaml", text.as_bytes()).expect("readable");
    let observed = given.dump.observed(MappingTarget::ConfigMap, Partition::Aws, now());
    let live = &observed.mappings[0].source;
    let mut said: Vec<String> = live
        .defects
        .iter()
        .map(|defect| format!("{} {}:{}: {}", defect.section, defect.file, defect.line, defect.message))
        .collect();
    said.sort();
    assert_eq!(
        said,
        [
            "iamIdentityMappings[1] ek.yaml:6: EKSConfigMap iamIdentityMappings[0] (ek.yaml:5) matches the same callers, and aws-iam-authenticator may use either of the two",
            "iamIdentityMappings[2] ek.yaml:7: arn:aws:iam::111122223333:role/A is mapped twice, and this entry is not used: EKSConfigMap iamIdentityMappings[3] (ek.yaml:8) has the same principal, and the last one is used",
        ]
    );
    let unused: Vec<String> = live.unused.iter().map(|unused| format!("{}: {:?}", unused.source, unused.why)).collect();
    assert!(unused.iter().all(|unused| !unused.contains("mapRoles") && unused.contains("index: 3")), "{unused:?}");
}

/// kustomize refuses a folder with two of its files, and makes nothing of what none of them lists.
#[test]
fn what_kustomize_would_not_build_is_a_gap() {
    let mut kustomizations = Kustomizations::default();
    kustomizations.add("k/kustomization.yaml", "namespace: one\nresources: [it.yaml]\n").expect("the first");
    let gap =
        kustomizations.add("k/kustomization.yml", "namespace: two\nresources: [it.yaml]\n").expect_err("the second");
    assert_eq!(
        format!("{}: {}", gap.what, gap.why),
        "k/kustomization.yml: it is a second kustomization beside k/kustomization.yaml, and kustomize refuses the folder; give what it is to become"
    );
    assert!(kustomizations.of(["k/it.yaml"])["k/it.yaml"].namespaces.is_empty());

    let mut kustomizations = Kustomizations::default();
    kustomizations.add("k/kustomization.yaml", "namespace: shop\nresources: []\n").expect("one");
    kustomizations.add("l/kustomization.yaml", "resources: [it.yaml, ../m/far.yaml]\n").expect("one");
    kustomizations.add("m/kustomization.yaml", "resources: [near.yaml]\n").expect("one");
    let files = ["k/a.yaml", "k/b.yaml", "l/it.yaml", "m/far.yaml", "m/near.yaml", "m/other.yaml", "n/it.yaml"];
    let of = kustomizations.of(files);
    let unlisted: Vec<(&str, &str)> =
        files.iter().filter_map(|file| Some((of[file].unlisted_by.as_deref()?, *file))).collect();
    let gaps: Vec<String> = unlisted_files(&unlisted).iter().map(|gap| format!("{}: {}", gap.what, gap.why)).collect();
    assert_eq!(
        gaps,
        [
            "k/a.yaml, k/b.yaml: they are in no list of resources, so kustomize makes nothing of what stands there, and k/kustomization.yaml beside says no word of it; here they count all the same; give `kubectl kustomize k | cluster-auth … --from -`",
            "m/other.yaml: it is in no list of resources, so kustomize makes nothing of what stands there, and m/kustomization.yaml beside says no word of it; here it counts all the same; give `kubectl kustomize m | cluster-auth … --from -`",
        ]
    );
}

/// Other programs have `groups`, `users` and `clusterID` too: in a folder such a file is a gap, and takes nothing else with it.
#[test]
fn what_only_looks_like_an_access_file_is_a_gap_in_a_folder() {
    let right = "clusterID: demo\naccount: '111122223333'\ngroups: [{name: a, users: [{name: ann}]}]\n";
    let rows = [
        (
            "x.json",
            r#"{"x": 1, "groups": []}"#,
            "x.json:1: it looks like an access file, and cannot be read as one: the file has no key `x`",
        ),
        (
            "id.yaml",
            "clusterID: demo\nprovider: aws\n",
            "id.yaml:2: it looks like an access file, and cannot be read as one: the file has no key `provider`",
        ),
        (
            "realm.json",
            r#"{"realm": "shop", "groups": [{"name": "a", "roles": []}], "users": [{"username": "ann"}]}"#,
            "realm.json:1: it looks like an access file, and cannot be read as one: the file has no key `realm`",
        ),
        (
            "policy.yaml",
            "groups: [{name: admins, users: [alice], policy: x}]\n",
            "policy.yaml:1: it looks like an access file, and cannot be read as one: ",
        ),
        (
            "misspelt.yaml",
            "groups: [{name: cluster-admin, user: [a]}]\n",
            "misspelt.yaml:1: it looks like an access file, and cannot be read as one: a group has no key `user`",
        ),
        (
            "mapping.yaml",
            "groups: {cluster-admin: {users: [a]}}\n",
            "mapping.yaml:1: it looks like an access file, and cannot be read as one: ",
        ),
        (
            "nodes.yaml",
            "nodes: [{roles: [Node], instance: x}]\n",
            "nodes.yaml:1: it looks like an access file, and cannot be read as one: ",
        ),
        (
            "alias.yaml",
            "groups:\n- name: cluster-admin\n  users: *admins\n",
            "alias.yaml:3: it looks like an access file, and cannot be read as one: ",
        ),
        (
            "template.yaml",
            "groups:\n- name: cluster-admin\n  users: {{ .Values.admins }}\n",
            "template.yaml:3: it looks like an access file, and cannot be read as one: ",
        ),
    ];
    for (name, text, expected) in rows {
        let mut given = Inputs::default();
        let how = How { is_of_folder: true, ..How::default() };
        for (name, text) in [("access.yaml", right), (name, text)] {
            given.read_as(name, text.as_bytes(), how).expect(name);
        }
        given.settle_access_files(0);
        let files = given.access_files().expect("the right one");
        let names: Vec<&str> = files.as_ref().iter().map(document::Source::name).collect();
        assert_eq!(names, ["access.yaml"], "{name}");
        let gap = lines(given);
        assert!(gap.starts_with(&format!("gap: {expected}")), "{name}: {gap}");
    }
    // What was named itself is left for whoever reads it, and says all that is wrong.
    let mut given = Inputs::default();
    given.read("id.yaml", b"clusterID: demo\nprovider: aws\n").expect("text");
    given.settle_access_files(1);
    assert!(given.access_files().is_some());
}

/// One cluster's access may stand in several files of a folder, and not each says whose access it is.
#[test]
fn a_folder_has_access_files_that_say_little_and_files_of_others_with_such_keys() {
    let first = "clusterID: demo\naccount: '111122223333'\n";
    let rows = [
        ("groups: [{name: cluster-admin}]\n", true),
        ("groups: [{name: cluster-admin, expires: 2030-01-01, accept: {access.all-powerful: it is meant}}]\n", true),
        ("x-team: shop\ngroups: [{name: view}]\n", true),
        ("nodes: [{roles: [Node]}]\n", true),
        ("groups: []\n", true),
        ("groups: [{name: shop, interval: 1m, rules: [{alert: Down, expr: up == 0}]}]\n", false),
        ("groups: [{name: shop, rules: []}]\n", false),
        ("groups: [docker, {adm: [root]}]\nusers: [{name: ann, groups: [adm]}]\n", false),
        ("groups: {all: [ann]}\n", false),
        ("nodes: [{role: control-plane}]\n", false),
        ("nodes: [{address: 10.0.0.1, roles: [worker]}]\nservices: {}\n", false),
    ];
    for (text, is_one) in rows {
        let mut given = Inputs::default();
        let how = How { is_of_folder: true, ..How::default() };
        for (name, text) in [("a.yaml", first), ("b.yaml", text)] {
            given.read_as(name, text.as_bytes(), how).expect(name);
        }
        given.settle_access_files(0);
        let files = given.access_files().expect("the first one");
        assert_eq!(files.as_ref().len(), 1 + usize::from(is_one), "{text}");
        assert_eq!(lines(given), "", "{text}");
    }
}
