//! What is given file by file, some of which cannot be read.

use inventory::{About, Inputs, MappingTarget, Unseen};

use super::{KOPS, OURS, live};
use crate::{
    Resources, World,
    diff::{Difference, take_built_in},
    matrix::{
        self, Options,
        print::{Heading, person_html, person_markdown, person_text},
    },
    tests::now,
};

pub(super) const BINDING: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: devs}]
";

/// What is given file by file; `?NAME` is one that cannot be read.
pub(super) fn pieces(parts: &[&str]) -> World {
    let mut given = Inputs::default();
    for part in parts {
        match part.strip_prefix('?') {
            Some(name) => {
                let target = name.strip_prefix("the ConfigMap kube-system/").and_then(MappingTarget::in_config_map);
                let about = target.map_or(About::Other, About::Source);
                given.lacks(Unseen::new(name, "it is a template").about(about));
            }
            None => assert!(given.read("given.yaml", part.as_bytes()).expect(part), "{part}"),
        }
    }
    World::new(given, None, now()).expect("readable")
}

fn rights_of(world: &World, whose: &str) -> (Vec<String>, String) {
    let (resources, options) = (Resources::well_known(), Options::default());
    let person = matrix::person(world, &resources, &options, &whose.parse().expect("a name")).expect("somebody");
    let row = &person.matrix.rows[0];
    let columns = person.matrix.columns.iter();
    let cells = columns.map(|column| person.matrix.cell(row, column).text()).collect();
    let heading = Heading { cluster: "c", source: "files", now: now() };
    let printed = [
        person_text(&person, world, &heading, 120).iter().map(|segment| segment.text().to_owned()).collect(),
        person_markdown(&person, world, &heading),
        person_html(&person, world, &heading),
    ];
    let nothing = ["Nothing grants them anything.", "Nothing that could be read grants them anything."];
    let said = nothing.into_iter().find(|said| printed.iter().all(|text: &String| text.contains(said)));
    (cells, said.unwrap_or_default().to_owned())
}

#[test]
fn a_file_that_cannot_be_read_makes_no_cell_of_a_matrix_a_no() {
    let known = rights_of(&pieces(&[BINDING]), "group:devs");
    assert_eq!(known, (vec!["-".to_owned(), "view".to_owned()], String::new()));
    let unread = rights_of(&pieces(&[BINDING, "?chart/role.yaml"]), "group:devs");
    assert_eq!(unread, (vec!["?".to_owned(), "view, ?".to_owned()], String::new()));
    let (cells, said) = rights_of(&pieces(&[BINDING, "?chart/role.yaml"]), "user:nobody");
    assert!(cells.iter().all(|cell| cell == "?"), "{cells:?}");
    assert_eq!(said, "Nothing that could be read grants them anything.");
}

/// Of a binding of the ClusterRole `own`: its cell by levels and by the verbs on secrets, and what the legend says of it.
fn cells_of(world: &World) -> [String; 3] {
    let resources = Resources::well_known();
    let secrets = matrix::MatrixResource::parse(&resources, "secrets").expect("a resource").0;
    let cell = |resources_asked: Vec<matrix::MatrixResource>| {
        let options = Options { resources: resources_asked, who: vec!["group:devs".to_owned()], ..Options::default() };
        let matrix = crate::matrix(world, &resources, &options);
        let cell = matrix.cell(&matrix.rows[0], &matrix.columns[1]).text();
        let legend = matrix.legend.iter().find(|(word, _)| word == "?role").map(|(_, meaning)| meaning.clone());
        (cell, legend.unwrap_or_default())
    };
    let ((levels, legend), (verbs, _)) = (cell(Vec::new()), cell(vec![secrets]));
    [levels, verbs, legend]
}

#[test]
fn a_role_that_could_not_be_looked_at_is_not_one_that_is_not_there() {
    let binding = BINDING.replace("name: view", "name: own");
    let not_there = cells_of(&live(KOPS, &[OURS, &binding]));
    assert_eq!(not_there, ["?own", "-", "bound to a role that is not there: it counts as nothing"]);
    let not_known = cells_of(&live(KOPS, &[OURS, &binding, "-ClusterRole"]));
    let meaning = "bound to a role that could not be read, or was not given: what it allows is not known";
    assert_eq!(not_known, ["?own", "?", meaning]);
}

#[test]
fn nothing_but_files_that_cannot_be_read_is_no_world_to_compare() {
    assert!(pieces(&["?base/kustomization.yaml"]).is_blank());
    assert!(!pieces(&[BINDING, "?base/kustomization.yaml"]).is_blank());
    assert!(!pieces(&[BINDING]).is_blank());
}

#[test]
fn what_kubernetes_installs_itself_is_not_lost_where_manifests_are_compared_with_a_cluster() {
    let built_in = |name: &str, subjects: &str| {
        format!(
            r#"{{"kind": "ClusterRoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {{"name": "{name}"}},
            "roleRef": {{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}},
            "subjects": [{subjects}]}}"#
        )
    };
    let group =
        |name: &str| format!(r#"{{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "{name}"}}"#);
    let (masters, strangers) = (group("system:masters"), group("strangers"));
    let installed = built_in("cluster-admin", &format!("{masters}, {strangers}"));
    let own = built_in("own", &masters);
    let role = |name: &str, verb: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\n\
             rules: [{{apiGroups: ['*'], resources: ['*'], verbs: ['{verb}']}}]\n"
        )
    };
    let (reader, admin) = (role("reader", "get"), role("cluster-admin", "*"));
    let binding = BINDING.replace("name: view", "name: reader");
    let before = live(KOPS, &[&binding, &reader, &admin, &installed, &own]);
    let mut after = pieces(&[&binding, &reader]);
    assert_eq!(take_built_in(&mut after, &before), 1);
    assert_eq!(take_built_in(&mut after, &before), 0);
    let bindings: Vec<_> = after.index().bindings().iter().map(|one| (one.name(), one.subjects().len())).collect();
    // Whoever was added to one of them is not of Kubernetes itself, and what others call alike is not either.
    assert_eq!(bindings, [("devs", 1), ("cluster-admin", 1)]);
    let difference = Difference::between(&before, &after);
    let changed: Vec<_> = difference.subjects.iter().map(|one| crate::print::subject(&one.subject)).collect();
    assert_eq!(changed, ["Group strangers"]);
}
