//! `matrix`: cells compared with what the real API server allows, and its page in a real browser.

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    process,
    random::{Random, SEED, say, seed},
    someone::{NOBODY, Someone},
    test_cluster::{TestCluster, authenticator},
    world::World,
};
use local_cluster::Options;
use rbac::{ResourceRequest, User};
use serde_json::{Value, json};
use visibility::matrix::Level;

use crate::{
    Test,
    generated::{NAMESPACES, objects},
    who_can::settled,
};

pub(crate) const TESTS: &[Test] = &[
    ("matrix::cells_are_what_the_api_server_allows", cells),
    ("matrix::the_page_is_whole_in_a_browser_and_asks_for_nothing", page),
];

/// How many cells are looked at, by levels and by verbs.
const CELLS: [usize; 2] = [45, 200];

const PEOPLE: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: real-edit, namespace: fz-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: fz-red}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: real-admin, namespace: fz-b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: fz-green}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: real-view}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: fz-blue}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: real-cluster-admin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: fz-root}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapUsers: |
    - {userarn: 'arn:aws:iam::111122223333:user/ann', username: fz-ann, groups: [fz-red, fz-blue]}
    - {userarn: 'arn:aws:iam::111122223333:user/ben', username: fz-ben, groups: [fz-green]}
    - {userarn: 'arn:aws:iam::111122223333:user/root', username: fz-root, groups: []}
    - {userarn: 'arn:aws:iam::111122223333:user/master', username: fz-master, groups: ['system:masters']}
";

fn cells(world: &World) -> anyhow::Result<()> {
    let seed = seed()?;
    let mut random = Random(seed);
    let options = Options { controller_manager: true, ..Options::default() };
    let namespaces = NAMESPACES.map(|name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"));
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": objects(&mut random)}).to_string();
    let managed = TestCluster::start_with(
        world,
        "matrix",
        &(namespaces.join("---\n") + &authenticator("EKSConfigMap")),
        &options,
    )?;
    for text in [&*objects, PEOPLE] {
        managed.admin.with_file(&["create"], text)?.success()?;
    }
    settled(&managed)?;
    managed.let_everybody_ask()?;
    let kinds = "namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps,deployments";
    let dump = managed.admin.kubectl(&["get", kinds, "-A", "-o", "json"])?.success()?;
    fs::write(managed.folder.join("cluster.json"), dump)?;

    let mut asked: Vec<(String, bool, Value)> = Vec::new();
    let mut levels: BTreeSet<String> = BTreeSet::new();
    for by in ["people", "subjects"] {
        let matrix = of_both(&managed, &["--by", by])?;
        for (user, (_, namespace, cell)) in some_cells(&managed, &matrix, CELLS[0], &mut random)? {
            levels.insert(format!("{}", cell["level"]));
            // The level that is said is held whole, and of the next ones something is lacking: said below.
            for level in Level::EACH {
                let is_held = Level::EACH.into_iter().rfind(|one| cell["level"] == one.as_str()) >= Some(level);
                for question in level.questions() {
                    let what = format!("{by} {level:?} {is_held} {user:?} {namespace:?} {cell}");
                    asked.push((what, is_held, spec(&user, &ResourceRequest { namespace: &namespace, ..question })));
                }
            }
        }
    }
    let theirs = managed.admin.allowed(&asked.iter().map(|(.., spec)| spec.clone()).collect::<Vec<_>>())?;
    let mut differences = Vec::new();
    // One answer for each cell and level: all of its questions.
    for of_level in asked.iter().zip(&theirs).collect::<Vec<_>>().chunk_by(|(a, _), (b, _)| a.0 == b.0) {
        let (what, is_held, _) = &of_level[0].0;
        if of_level.iter().all(|(_, allowed)| **allowed) != *is_held {
            differences.push(what.clone());
        }
    }
    let verbs = verbs(&managed, &mut random, &mut differences)?;
    let (questions, found) = (asked.len() + verbs, differences.len());
    let said = format!("{SEED}={seed}: {questions} questions about cells, {found} differences; levels {levels:?}");
    say(&said);
    ensure!(differences.is_empty(), "{said}\n{}", differences.join("\n"));
    ensure!(questions >= 2_000 && levels.len() >= 3, "{said}: too dull to prove anything");
    managed.cluster.stop()?;
    Ok(())
}

/// Single verbs on resources, each of them said or not.
fn verbs(managed: &TestCluster, random: &mut Random, differences: &mut Vec<String>) -> anyhow::Result<usize> {
    const RESOURCES: [(&str, &str, &str); 5] = [
        ("pods", "", "pods"),
        ("deployments.apps/scale", "apps", "deployments/scale"),
        ("secrets", "", "secrets"),
        ("pods/exec", "", "pods/exec"),
        ("roles.rbac.authorization.k8s.io", "rbac.authorization.k8s.io", "roles"),
    ];
    const VERBS: [&str; 8] = ["get", "list", "create", "update", "delete", "impersonate", "bind", "approve"];
    let typed = RESOURCES.map(|(typed, ..)| typed).join(",");
    let matrix = of_both(managed, &["--by", "subjects", "--resource", &typed])?;
    let mut asked = Vec::new();
    for (user, (_, namespace, cell)) in some_cells(managed, &matrix, CELLS[1], random)? {
        for (typed, api_group, resource) in RESOURCES {
            let said = cell["verbs"].as_array().into_iter().flatten().find(|one| one["resource"] == typed);
            let said = said.with_context(|| format!("{typed} is not in {cell}"))?;
            let has = |verb: &str| said["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|one| one == verb));
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let verb = random.one(&VERBS);
            let namespace = &*namespace;
            let request = ResourceRequest { verb, api_group, resource, subresource, name: "", namespace };
            asked.push((has(verb) || has("*"), spec(&user, &request)));
        }
    }
    let theirs = managed.admin.allowed(&asked.iter().map(|(_, spec)| spec.clone()).collect::<Vec<_>>())?;
    for ((ours, spec), theirs) in asked.iter().zip(theirs) {
        if *ours != theirs {
            differences.push(format!("we say {ours}, the API server {theirs}: {spec}"));
        }
    }
    Ok(asked.len())
}

/// Takes out where entries of mappings stand: of a dump that is a line of its file.
pub(crate) fn without_places(said: &mut Value) {
    match said {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str().filter(|_| key == "mappedBy").and_then(|rule| rule.split_once(" (")) {
                    Some((rule, _)) => *value = rule.into(),
                    None => without_places(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_places),
        _ => {}
    }
}

/// What is said of the live cluster, which is what is said of a dump of it.
fn of_both(managed: &TestCluster, args: &[&str]) -> anyhow::Result<Value> {
    let said = |more: &[&str]| -> anyhow::Result<Value> {
        let text = managed.run(&[&["matrix", "-o", "json"], args, more].concat())?.success()?;
        let mut said: Value = serde_json::from_str(&text)?;
        // When, and where.
        for key in ["time", "cluster", "source"] {
            said[key].take();
        }
        without_places(&mut said);
        Ok(said)
    };
    let (live, offline) = (said(&[])?, said(&["--from", "cluster.json"])?);
    ensure!(live == offline, "{args:?}\nlive {live}\ndump {offline}");
    ensure!(live["incomplete"] == false, "{}", live["gaps"]);
    Ok(live)
}

/// Of whom, in which namespace (empty is the whole cluster), and what is said.
type Cell = (Someone, String, Value);

/// Some cells, each with whom the API server takes its somebody for.
fn some_cells(
    managed: &TestCluster,
    matrix: &Value,
    number: usize,
    random: &mut Random,
) -> anyhow::Result<Vec<(User, Cell)>> {
    let cells = (0..number).map(|_| any_cell(matrix, random)).collect::<anyhow::Result<Vec<_>>>()?;
    let users = managed.users(&cells.iter().map(|(someone, ..)| someone.clone()).collect::<Vec<_>>())?;
    Ok(users.into_iter().zip(cells).collect())
}

/// Somebody somewhere: who, the namespace (empty is the whole cluster), and the cell.
fn any_cell(matrix: &Value, random: &mut Random) -> anyhow::Result<Cell> {
    let rows = matrix["rows"].as_array().context("rows")?;
    let row = &rows[random.below(rows.len())];
    let members = row["members"].as_array().context("members")?;
    let someone = someone(&members[random.below(members.len())])?;
    let places = row["namespaces"].as_array().context("namespaces")?;
    let names = |place: &Value| -> Vec<String> {
        place.as_array().into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect()
    };
    let own = |namespace: &str| places.iter().find(|place| names(&place["names"]).iter().any(|name| name == namespace));
    let any = random.below(4);
    if any == 0 {
        return Ok((someone, String::new(), row["wholeCluster"].clone()));
    }
    let namespaces = [&NAMESPACES[..], &["default", "kube-system"]].concat();
    let namespace = namespaces[random.below(namespaces.len())];
    let cell = own(namespace).unwrap_or(&row["everyOtherNamespace"]);
    Ok((someone, namespace.to_owned(), cell.clone()))
}

/// Somebody of a row.
fn someone(member: &Value) -> anyhow::Result<Someone> {
    if let Some(group) = member["everybody"].as_str() {
        let is_anonymous = group == "system:unauthenticated";
        return Ok(Someone::named(if is_anonymous { "system:anonymous" } else { NOBODY }));
    }
    if member["arn"].is_string() {
        let groups = member["groups"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let username = member["username"].as_str().context("a username")?.to_owned();
        return Ok(Someone::Impersonated(username, groups.map(str::to_owned).collect()));
    }
    Someone::of(member)
}

fn spec(user: &User, request: &ResourceRequest<'_>) -> Value {
    let ResourceRequest { verb, api_group, resource, subresource, name, namespace } = request;
    json!({"user": user.name, "groups": user.groups, "resourceAttributes": {
        "verb": verb, "group": api_group, "resource": resource, "subresource": subresource,
        "name": name, "namespace": namespace,
    }})
}

/// Names that would be markup, if they were not text.
const HOSTILE: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}}, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "all"}, "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleList", "items": []},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "x"}, "roleRef": {"kind": "ClusterRole", "name": "all"}, "subjects": [
 {"kind": "Group", "name": "<script>document.title='taken'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>"}]},
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "y", "namespace": "dev"}, "roleRef": {"kind": "ClusterRole", "name": "all"}, "subjects": [
 {"kind": "User", "name": "\"><style>@import 'http://127.0.0.1:9/y'</style>"}]}
]}"#;

fn page(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("matrix-page")?;
    fs::write(folder.join("cluster.json"), HOSTILE)?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    let html = process::run(command.args(["matrix", "--from", "cluster.json", "-o", "html"]))?.success()?;
    fs::write(folder.join("page.html"), &html)?;
    let mut browser = process::command(&chromium()?, &folder);
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]);
    browser.args(["--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"]);
    browser.args(["--enable-logging=stderr", "--dump-dom"]).env("HOME", &folder);
    browser.arg(format!("--user-data-dir={}", folder.join("profile").display()));
    browser.arg(format!("file://{}", folder.join("page.html").display()));
    let seen = process::run(&mut browser)?;
    ensure!(seen.code == 0, "{seen:?}");
    // Whatever the page had tried to load or run in vain, and every error of its script, would be said there.
    let said: Vec<&str> = seen.stderr.lines().filter(|line| line.contains("CONSOLE")).collect();
    ensure!(said.is_empty(), "{said:?}");
    let dom = &seen.stdout;
    ensure!(dom.contains("<title>Who may do what – cluster.json</title>"), "{dom}");
    // The script has run: it says how many rows there are, and shows the box to find some.
    ensure!(dom.contains(">4 of 4<") && dom.matches("<tr data-row").count() == 4, "{dom}");
    for text in
        ["&lt;script&gt;document.title='taken'&lt;/script&gt;", "&lt;style&gt;@import", "all!", "dev", "kube-system"]
    {
        ensure!(dom.contains(text), "{text} is not in {dom}");
    }
    ensure!(dom.matches("<script").count() == 1 && !dom.contains("<img"), "{dom}");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the tests' own edge: where programs are comes from the environment")]
fn chromium() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
    found.find(|path| path.is_file()).context("the page is looked at in Chromium: run this by `cargo xtask test`")
}
