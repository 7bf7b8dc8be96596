//! Access files on real parts: what is rendered is taken, and what the file says is what the cluster does.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    admin::Admin,
    authenticator::GoServer,
    process::{self, wait_until},
    server::{Server, ServerOptions},
    world::{CLUSTER_ID, Flavour, World},
};
use local_cluster::{Binaries, Cluster};
use rbac::User;
use serde_json::{Value, json};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("access::the_api_server_takes_what_is_rendered", dry_run),
    ("access::the_go_server_with_our_config_answers_as_our_server_with_the_file", same_reviews),
    ("access::a_broken_file_changes_nothing_and_ends_hold", hot),
    ("access::check_and_render_say_what_is_wrong", command_line),
    ("access::a_folder_is_the_same_files_to_every_command", folder),
    ("access::a_clusters_own_dump_resolves_namespaces_and_finds_what_is_missing", from_dump),
    ("access::sessions_of_permission_sets_log_in_by_the_file", permission_sets),
];

pub(crate) const FILE: &str = r#"
clusterID: e2e.example.com
account: "111122223333"
groups:
- name: acc-developers
  users: [alice, ops/bob]
  authorization:
  - namespace: acc-one
    rules:
    - {apiGroups: ["", apps], resources: [pods, deployments, pods/log], verbs: [get, list, create]}
    - {apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [get]}
  - {namespace: acc-two, clusterRole: view}
  - rules: [{apiGroups: [""], resources: [nodes], verbs: [get, list]}]
- name: acc-release
  users: [alice]
  roles: [{name: Deployer, username: "acc-deploy:{{SessionName}}"}]
  authorization:
  - {namespaces: [acc-one, acc-two], clusterRole: edit}
  - {namespace: acc-two, role: acc-existing}
- name: cluster-admin
  users: [carol]
nodes:
- roles: [Node]
"#;

const SURROUNDINGS: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: acc-one}
---
apiVersion: v1
kind: Namespace
metadata: {name: acc-two}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: acc-existing, namespace: acc-two}
rules: [{apiGroups: [''], resources: [secrets], verbs: [list]}]
";

/// IAMIdentityMapping as the existing authenticator defines it.
pub(crate) const DEFINITION: &str = r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: iamidentitymappings.iamauthenticator.k8s.aws}
spec:
  group: iamauthenticator.k8s.aws
  scope: Cluster
  names: {plural: iamidentitymappings, singular: iamidentitymapping, kind: IAMIdentityMapping, categories: [all]}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [arn, username]
            properties:
              arn: {type: string}
              username: {type: string}
              groups: {type: array, items: {type: string}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
";

pub(crate) fn render(world: &World, target: &str, file: &str) -> anyhow::Result<String> {
    let folder = world.folder("access-render")?;
    let path = folder.join("access.yaml");
    fs::write(&path, file)?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    process::run(command.args(["render", "--to", target]).arg(&path))?.success()
}

pub(crate) fn admin(world: &World, cluster: &Cluster) -> anyhow::Result<Admin> {
    let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
    let admin = Admin::new(binaries.kubectl()?.to_owned(), cluster, &world.folder("access-admin")?);
    admin.with_file(&["apply"], SURROUNDINGS)?.success()?;
    Ok(admin)
}

fn dry_run(world: &World) -> anyhow::Result<()> {
    let admin = admin(world, &world.login(Flavour::V1Beta1Generated)?.cluster)?;
    admin.with_file(&["apply"], DEFINITION)?.success()?;
    admin
        .kubectl(&["wait", "--for=condition=Established", "crd", "iamidentitymappings.iamauthenticator.k8s.aws"])?
        .success()?;
    for target in ["rbac", "configmap", "aws-auth", "crd"] {
        let text = render(world, target, FILE)?;
        let taken = admin.with_file(&["apply", "--dry-run=server", "--validate=strict"], &text)?;
        taken.success().with_context(|| format!("{target}:\n{text}"))?;
    }
    Ok(())
}

/// Who the access file's server says that people are.
pub(crate) fn reviewed(world: &World, server: &Server, people: &[&str]) -> anyhow::Result<Vec<User>> {
    let user = |person: &&str| {
        let answer = server.review(&world.fresh_token(person, CLUSTER_ID)?)?;
        let review: Value = serde_json::from_str(&answer.body)?;
        let user = &review["status"]["user"];
        let groups = user["groups"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok(User::authenticated(user["username"].as_str().context("a username")?, groups))
    };
    people.iter().map(user).collect()
}

pub(crate) fn start(world: &World, name: &str, file: &str) -> anyhow::Result<Server> {
    let folder = world.folder(name)?;
    let path = folder.join("access.yaml");
    fs::write(&path, file)?;
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: "", args: &[] };
    // The file beside config.yaml is found by itself.
    Server::start(&world.parts, &world.sts, &folder, &options)
}

fn same_reviews(world: &World) -> anyhow::Result<()> {
    answers_are_the_same(world, FILE)
}

/// Whether the Go server with our rendered configuration answers as our server with the file, for everybody.
pub(crate) fn answers_are_the_same(world: &World, file: &str) -> anyhow::Result<()> {
    let config = render(world, "config", file)?;
    let (_, mappings) = config.split_once("server:\n").context("a server section")?;
    let go = GoServer::start(&world.parts, &world.sts, &world.folder("access-go")?, CLUSTER_ID, mappings)?;
    let ours = start(world, "access-ours", file)?;
    for person in ["alice", "bob", "carol", "deployer", "erin", "mallory", "dave", "root", "federated"] {
        let token = world.fresh_token(person, CLUSTER_ID)?;
        let (theirs, ours) = (go.review(&token)?, ours.review(&token)?);
        let user = |body: &str| -> anyhow::Result<Value> {
            let review: Value = serde_json::from_str(body)?;
            let user = &review["status"]["user"];
            let allowed = review["status"]["authenticated"].as_bool().unwrap_or_default();
            Ok(json!([allowed, user["username"], user["groups"], user["uid"]]))
        };
        let (theirs, ours) = (user(&theirs.body)?, user(&ours.body)?);
        ensure!(theirs[0] == ours[0], "{person}: Go says {theirs}, we say {ours}");
        ensure!(theirs[0] == false || theirs == ours, "{person}: Go says {theirs}, we say {ours}");
    }
    Ok(())
}

fn hot(world: &World) -> anyhow::Result<()> {
    let server = start(world, "access-hot", FILE)?;
    let file = server.folder.join("access.yaml");
    let replace = |text: &str| -> anyhow::Result<()> {
        let new = server.folder.join("access.yaml.new");
        fs::write(&new, text)?;
        Ok(fs::rename(new, &file)?)
    };
    let allowed = |person: &str| -> anyhow::Result<bool> {
        let review: Value = serde_json::from_str(&server.review(&world.fresh_token(person, CLUSTER_ID)?)?.body)?;
        Ok(review["status"]["authenticated"] == true)
    };
    ensure!(allowed("alice")? && !allowed("erin")?);

    let other_cluster = FILE.replace("e2e.example.com", "other.example.com").replace("[alice]", "[alice, erin]");
    let broken = [
        &other_cluster,
        "groups: [",
        "clusterID: e2e.example.com\n",
        "",
        "clusterID: e2e.example.com\ngroups: [{nmae: x}]\n",
    ];
    for (before, broken) in broken.into_iter().enumerate() {
        replace(broken)?;
        wait_until("the server says that it keeps the last good version", || {
            Ok(server.process.log().matches("the last good version stays in use").count() > before)
        })?;
        ensure!(allowed("alice")? && !allowed("erin")?, "after {broken:?}");
        ensure!(server.request("GET", "/readyz", "")?.body.contains("config"), "/readyz says so");
    }

    replace(&FILE.replace("users: [alice, ops/bob]", "users: [alice, ops/bob, erin]"))?;
    wait_until("the added user is in", || allowed("erin"))?;
    let ended = "users: [alice, ops/bob, {name: erin, expires: 2026-01-01}]";
    replace(&FILE.replace("users: [alice, ops/bob]", ended))?;
    wait_until("the ended user is out", || Ok(!allowed("erin")?))?;
    wait_until("the log says that they have ended", || Ok(server.process.log().contains("mapping.ended")))?;
    // An end that comes while the server runs: nothing is reloaded for it.
    let soon = e2e::sts::now() + jiff::SignedDuration::from_secs(3);
    replace(
        &FILE.replace(
            "users: [alice, ops/bob]",
            &format!("users: [alice, ops/bob, {{name: erin, expires: \"{soon}\"}}]"),
        ),
    )?;
    wait_until("the user is in for a moment, or it has passed", || Ok(allowed("erin")? || e2e::sts::now() >= soon))?;
    wait_until("the end has come", || Ok(e2e::sts::now() >= soon))?;
    ensure!(!allowed("erin")?, "an end holds to the second");
    replace("clusterID: e2e.example.com\ngroups: []\n")?;
    wait_until("nobody is let in, because the file says so", || Ok(!allowed("alice")?))
}

fn command_line(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("access-cli")?;
    fs::write(
        folder.join("access.yaml"),
        FILE.replace("clusterRole: edit", "clusterRol: edit").replace("[alice]", "[alic*]"),
    )?;
    let run = |args: &[&str]| process::run(process::command(&world.parts.cluster_auth, &folder).args(args));
    let said = run(&["check"])?.failure()?;
    ensure!(said.contains("access.yaml:18:38") && said.contains("did you mean `clusterRole`?"), "{said}");
    ensure!(said.contains("access.wildcard"), "{said}");
    let json: Value = serde_json::from_str(&run(&["check", "-o", "json"])?.stdout)?;
    ensure!(json["problems"].as_array().map(Vec::len) >= Some(3), "{json}");
    let sarif: Value = serde_json::from_str(&run(&["check", "-o", "sarif"])?.stdout)?;
    ensure!(sarif["runs"][0]["results"][0]["ruleId"].is_string(), "{sarif}");
    let refused = run(&["render", "--to", "rbac"])?;
    ensure!(refused.code == 1 && refused.stdout.is_empty(), "{refused:?}");
    Ok(())
}

fn folder(world: &World) -> anyhow::Result<()> {
    let home = world.folder("access-folder")?;
    let groups = |group: &str, user: &str| format!("groups:\n- {{name: {group}, users: [{user}]}}\n");
    fs::create_dir_all(home.join("files/more/deep"))?;
    fs::create_dir_all(home.join("files/empty"))?;
    fs::create_dir_all(home.join("files/..2026"))?;
    let first = format!("clusterID: c\naccount: '111122223333'\n{}", groups("view", "alice"));
    for (name, text) in [
        ("a.yaml", &first),
        ("b.json", &r#"{"groups": [{"name": "edit", "users": ["bob"]}]}"#.to_owned()),
        ("c.YAML", &groups("admin", "dave")),
        ("more/deep/d.yml", &groups("cluster-admin", "carol")),
        ("..2026/a.yaml", &first),
        ("notes.txt", &"nothing".to_owned()),
    ] {
        fs::write(home.join("files").join(name), text)?;
    }
    let run = |args: &[&str]| process::run(process::command(&world.parts.cluster_auth, &home).args(args));
    let notes = [
        "note: files/c.YAML is not read: only .yaml, .yml and .json are\n",
        "note: files/more is not read: of a folder only its own files are; give that folder too\n",
    ]
    .concat();
    let user = |name: &str| format!("arn:aws:iam::111122223333:user/{name}");
    let checked = run(&["check", "files"])?;
    ensure!(checked.code == 0 && checked.stderr.starts_with(&notes), "{checked:?}");
    let rendered = run(&["render", "--to", "config", "files"])?.success()?;
    for (name, is_in) in [("alice", true), ("bob", true), ("carol", false), ("dave", false)] {
        ensure!(rendered.contains(&user(name)) == is_in, "{name}: {rendered}");
        let explained = run(&["explain", &user(name), "files"])?;
        ensure!(explained.stderr.contains(&notes), "{explained:?}");
        ensure!(explained.stdout.contains("is let in") == is_in, "{name}: {explained:?}");
    }
    let both = run(&["explain", &user("carol"), "files", "files/more/deep"])?.success()?;
    ensure!(both.contains("is let in"), "{both}");
    std::os::unix::fs::symlink("gone.yaml", home.join("files/l.yaml"))?;
    for args in [&["check", "files"][..], &["explain", &user("alice"), "files"]] {
        let refused = run(args)?.failure()?;
        ensure!(refused.contains("cannot read files/l.yaml"), "{args:?}: {refused}");
    }
    Ok(())
}

fn from_dump(world: &World) -> anyhow::Result<()> {
    let admin = admin(world, &world.login(Flavour::V1Beta1Generated)?.cluster)?;
    let folder = world.folder("access-dump")?;
    let dump = admin.kubectl(&["get", "namespaces,roles,clusterroles", "-A", "-o", "json"])?.success()?;
    fs::write(folder.join("cluster.json"), dump)?;
    fs::write(
        folder.join("access.yaml"),
        "clusterID: c\naccount: '111122223333'\ngroups:\n- name: acc-globs\n  users: [alice]\n  authorization:\n  \
         - {namespaces: ['acc-*', 'kube-*'], clusterRole: view}\n  \
         - {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: acc-two}}, role: acc-existing}\n  \
         - {namespace: acc-missing, clusterRole: acc-no-such}\n",
    )?;
    let run = |args: &[&str]| process::run(process::command(&world.parts.cluster_auth, &folder).args(args));
    let said = run(&["check", "--from", "cluster.json"])?;
    ensure!(said.code == 0, "{said:?}");
    for code in ["access.no-namespace", "access.no-role"] {
        ensure!(said.stderr.contains(code), "{code} is missing in {}", said.stderr);
    }
    ensure!(run(&["check", "--deny", "--from", "cluster.json"])?.code == 1, "--deny lets warnings fail");
    let refused = run(&["render", "--to", "rbac"])?.failure()?;
    ensure!(refused.contains("access.unsupported") && refused.contains("--from"), "{refused}");
    let objects = run(&["render", "--to", "rbac", "--from", "cluster.json"])?.success()?;
    let namespaces = |namespace: &str| objects.matches(&format!("namespace: {namespace}\n")).count();
    let found = (namespaces("acc-one"), namespaces("acc-two"), namespaces("kube-system"), namespaces("acc-missing"));
    ensure!(found == (1, 2, 0, 0), "{found:?}\n{objects}");
    admin.with_file(&["apply", "--dry-run=server"], &objects)?.success()?;
    let resolved = run(&["render", "--to", "access", "--from", "cluster.json"])?.success()?;
    fs::write(folder.join("resolved.yaml"), resolved)?;
    let again = run(&["render", "--to", "rbac", "resolved.yaml"])?.success()?;
    ensure!(again == objects, "resolved:\n{again}\nbefore:\n{objects}");
    Ok(())
}

fn permission_sets(world: &World) -> anyhow::Result<()> {
    let file = "clusterID: e2e.example.com\naccount: '111122223333'\ngroups:\n- {name: acc-sso, permissionSets: [DevAccess]}\n- {name: acc-other, permissionSets: [Dev]}\n";
    let server = start(world, "access-sets", file)?;
    let dave = reviewed(world, &server, &["dave"])?;
    ensure!(dave[0].name == "DevAccess:dave-example.com", "{dave:?}");
    ensure!(dave[0].groups == ["acc-sso", "system:authenticated"], "{dave:?}");
    Ok(())
}
