//! Two objects of one kind, namespace and name that differ: a cluster has one of them.

use inventory::Inputs;
use rbac::Subject;

use super::{now, world};
use crate::{
    Resources, World,
    diff::Difference,
    lint::lint,
    matrix::{self, MatrixResource, Options, Whose},
};

const GROUP: &str = "rbac.authorization.k8s.io";

fn role(name: &str, resources: &str, verbs: &str) -> String {
    let rules = format!("rules: [{{apiGroups: [''], resources: [{resources}], verbs: [{verbs}]}}]");
    let (kind, name) = if name.contains('/') { ("Role", name) } else { ("ClusterRole", name) };
    format!("apiVersion: {GROUP}/v1\nkind: {kind}\nmetadata: {{{}}}\n{rules}\n---\n", id(name))
}

fn binding(name: &str, role: &str, users: &[&str]) -> String {
    let kind = if name.contains('/') { "RoleBinding" } else { "ClusterRoleBinding" };
    let subjects: String =
        users.iter().map(|user| format!("- {{apiGroup: {GROUP}, kind: User, name: {user}}}\n")).collect();
    format!(
        "apiVersion: {GROUP}/v1\nkind: {kind}\nmetadata: {{{}}}\nroleRef: {{apiGroup: {GROUP}, kind: ClusterRole, name: {role}}}\n\
         subjects:\n{subjects}---\n",
        id(name)
    )
}

fn id(name: &str) -> String {
    match name.split_once('/') {
        Some((namespace, name)) => format!("name: {name}, namespace: {namespace}"),
        None => format!("name: {name}"),
    }
}

/// What a user may do with secrets in the whole cluster and in `dev`, as cells.
fn cells(world: &World, user: &str) -> [String; 2] {
    let resources = Resources::well_known();
    let (secrets, _) = MatrixResource::parse(&resources, "secrets").expect("a resource");
    let options = Options { resources: vec![secrets], ..Options::default() };
    let person = matrix::person(world, &resources, &options, &Whose::Subject(Subject::User(user.into())));
    let person = person.expect("somebody");
    let row = &person.matrix.rows[0];
    let cluster = person.matrix.cell(row, &matrix::Column::Cluster).text();
    let places = person.matrix.places(row);
    let own = places.iter().find(|(names, _)| names.contains(&"dev")).map(|(_, cell)| *cell);
    [cluster, own.or(person.matrix.elsewhere(row)).map_or_else(String::new, matrix::Cell::text)]
}

/// An answer that hangs on which of the two counts is not known; one that does not stands.
#[test]
fn what_hangs_on_which_one_a_cluster_has_is_not_known() {
    let (get, pods, both) =
        (role("r", "secrets", "get"), role("r", "pods", "get"), role("r", "'secrets, pods'", "get"));
    let read = role("r", "secrets", "get, list");
    let to = |name: &str, users: &[&str]| binding(name, "r", users);
    let rows = [
        ("none is there twice", vec![get.clone(), to("b", &["ann"])], [["get", "get"], ["-", "-"]]),
        ("they are alike", vec![get.clone(), get.clone(), to("b", &["ann"])], [["get", "get"], ["-", "-"]]),
        ("a role's rules", vec![get.clone(), pods.clone(), to("b", &["ann"])], [["?", "?"], ["-", "-"]]),
        (
            "the other way around",
            vec![pods.clone(), get.clone(), to("b", &["ann"])],
            [["get; ?", "get; ?"], ["-", "-"]],
        ),
        ("more of one", vec![get.clone(), read, to("b", &["ann"])], [["get list; ?", "get list; ?"], ["-", "-"]]),
        ("a role that nobody has", vec![get.clone(), pods.clone(), to("b", &[])], [["-", "-"], ["-", "-"]]),
        ("in a namespace alone", vec![get.clone(), pods.clone(), to("dev/b", &["ann"])], [["-", "?"], ["-", "-"]]),
        (
            "another subject",
            vec![get.clone(), to("b", &["ann", "ben"]), to("b", &["ann"])],
            [["get", "get"], ["?", "?"]],
        ),
        (
            "another role of a binding",
            vec![get.clone(), binding("b", "none", &["ann"]), to("b", &["ann"])],
            [["?", "?"], ["-", "-"]],
        ),
        (
            "a role and a binding, neither of which says it alone",
            vec![pods.clone(), get.clone(), pods.clone(), to("b", &["ann"]), to("b", &["ben"])],
            [["?", "?"], ["?", "?"]],
        ),
        (
            "granted besides",
            vec![get, both, pods, role("s", "secrets", "get"), binding("c", "s", &["ben"])],
            [["-", "-"], ["get", "get"]],
        ),
    ];
    for (name, objects, expected) in rows {
        let none = role("none", "pods", "list") + &binding("dev/other", "none", &["joe"]);
        let world = world(&[("a.yaml", &(none + &objects.concat()))]);
        assert_eq!(
            [cells(&world, "ann"), cells(&world, "ben")],
            expected.map(|cells| cells.map(str::to_owned)),
            "{name}"
        );
    }
}

#[test]
fn whoever_only_one_of_the_two_names_has_a_row() {
    let to = |users: &[&str]| binding("dev/b", "r", users);
    for (objects, users) in [
        ([to(&["ann", "ben"]), to(&["ann"])], [("ann", "get"), ("ben", "?")]),
        ([to(&["ann"]), to(&["ann", "ben"])], [("ann", "get"), ("ben", "?")]),
        ([to(&["ben"]), to(&["ann"])], [("ann", "?"), ("ben", "?")]),
    ] {
        let world = world(&[("a.yaml", &(role("r", "secrets", "get") + &objects.concat()))]);
        let resources = Resources::well_known();
        let (secrets, _) = MatrixResource::parse(&resources, "secrets").expect("a resource");
        let options = Options { resources: vec![secrets], ..Options::default() };
        let matrix = matrix::matrix(&world, &resources, &options);
        for (user, expected) in users {
            let is_of = |member: &matrix::Member<'_>| *member == matrix::Member::Subject(Subject::User(user.into()));
            let row = matrix.rows.iter().find(|row| row.members.iter().any(is_of)).expect(user);
            let places = matrix.places(row);
            let cell = places.iter().find(|(names, _)| names.contains(&"dev")).map(|(_, cell)| cell.text());
            assert!(cell.as_ref().is_some_and(|cell| cell.contains(expected)), "{user}: {cell:?}");
        }
    }
}

#[test]
fn it_is_a_finding_with_its_place_and_no_exit_code_is_0() {
    let (a, b) = (role("r", "secrets", "get"), format!("# ours\n{}", role("r", "pods", "get")));
    let world = world(&[("a.yaml", &(a.clone() + &binding("b", "r", &["ann"]))), ("b.yaml", &b)]);
    let report = lint(&world, &[], now());
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.check.code.code == "object-twice").collect();
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        finding.message,
        "ClusterRole r (a.yaml:1 and b.yaml:2): it is there twice, with different content; the later one counts here, b.yaml:2"
    );
    let (file, at) = world.place(finding.written()).expect("a place");
    assert_eq!((file, at.line), ("b.yaml", 2));
    assert!(world.unread().iter().any(|gap| gap.what.starts_with("ClusterRole r (")), "{:?}", world.unread());
    assert!(Difference::between(&world, &world).is_empty());
}

#[test]
fn places_of_logins_that_are_there_twice_are_found_too() {
    let mapping = |user: &str| {
        format!(
            "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nmetadata: {{name: m}}\n\
             spec: {{arn: 'arn:aws:iam::111122223333:role/{user}', username: {user}, groups: []}}\n"
        )
    };
    let map = |user: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: aws-auth, namespace: kube-system}}\n\
             data: {{mapRoles: \"- {{rolearn: 'arn:aws:iam::111122223333:role/{user}', username: {user}, groups: []}}\"}}\n"
        )
    };
    for text in [mapping, map].map(|make: fn(&str) -> String| [make("ann"), make("ben")]) {
        let mut given = Inputs::default();
        for (name, text) in ["a.yaml", "b.yaml"].into_iter().zip(&text) {
            given.read(name, text.as_bytes()).expect("a manifest");
        }
        let world = World::new(given, None, now()).expect("readable");
        let report = lint(&world, &[], now());
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.check.code.code).collect();
        assert_eq!(codes, ["object-twice"], "{text:?}");
        assert!(!world.unread().is_empty() && !world.has_read_all_given);
        let names: Vec<String> = world.principals().iter().map(|one| one.arn().clone()).collect();
        assert_eq!(names, ["arn:aws:iam::111122223333:role/ben"]);
        // Whom only the other one names may log in all the same.
        let (resources, options) = (Resources::well_known(), Options::default());
        let matrix = matrix::matrix(&world, &resources, &options);
        let is_ann = |member: &matrix::Member<'_>| matches!(member, matrix::Member::Principal(known) if known.0.who.name() == "ann");
        let row = matrix.rows.iter().find(|row| row.members.iter().any(is_ann)).expect("ann has a row");
        assert_eq!(matrix.cell(row, &matrix::Column::Cluster).text(), "?");
    }
}
