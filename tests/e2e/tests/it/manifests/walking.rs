//! Folders as they are: what is not a manifest is counted, links are followed once, and whatever cannot be read is
//! said.

use std::{fs, os::unix::fs::symlink, path::Path};

use anyhow::ensure;
use e2e::{
    process::{self, Output},
    world::World,
};
use serde_json::Value;

use super::{unexpected, write};

/// A binding of somebody to `view` in a namespace, called as both.
fn binding(namespace: &str, user: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {user}, namespace: {namespace}}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\n\
         subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]\n"
    )
}

pub(super) fn folders(world: &World) -> anyhow::Result<()> {
    let root = world.folder("manifests-walking")?;
    let repository = root.join("repository");
    let file = |path: &str, text: &str| write(&repository.join(path), text.as_bytes());
    // What a repository has besides.
    for (path, text) in [
        ("README.md", &*binding("dev", "of-a-page")),
        ("go.mod", "module x\n"),
        ("values.yaml", "image: {tag: latest}\n"),
        (".github/workflows/ci.yaml", "on: [push]\njobs: {test: {steps: []}}\n"),
        ("mkdocs.yml", "nav:\n- Home: index.md\nmarkdown_extensions:\n- x: !!python/name:y.z\n"),
        ("package.json", "{\"name\": \"x\", \"version\": \"1.0.0\"}\n"),
        ("tsconfig.json", "{\n  // Comments are not JSON.\n  \"compilerOptions\": {}\n}\n"),
        ("web/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"),
        ("empty.yaml", ""),
        (".git/config.yaml", &binding("dev", "of-git")),
    ] {
        file(path, text)?;
    }
    file("a.yaml", &binding("dev", "ann"))?;
    file(".hidden/b.yml", &binding("dev", "ben"))?;
    file("test/fixtures/c.yaml", &binding("dev", "cem"))?;
    file("vendor/d.yaml", &binding("dev", "dan"))?;
    file(
        "chart/templates/role.yaml",
        "{{ if .x }}\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n{{ end }}\n",
    )?;
    file("dump.json", "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[")?;
    file(&format!("{}e.yaml", "deep/".repeat(200)), &binding("dev", "eve"))?;
    // Links: to a file that is read anyway, around in a circle, out of the folder, and to nothing.
    write(&root.join("elsewhere/f.yaml"), binding("dev", "fay").as_bytes())?;
    symlink("a.yaml", repository.join("0-the-same.yaml"))?;
    symlink("..", repository.join("web/up"))?;
    symlink(root.join("elsewhere"), repository.join("linked"))?;
    symlink(root.join("elsewhere"), repository.join("linked-again"))?;
    symlink("nowhere", repository.join("broken.yaml"))?;
    symlink("round", repository.join("round"))?;
    process::run(std::process::Command::new("mkfifo").arg(repository.join("pipe.yaml")))?.success()?;

    let all = who_can(world, &root, &["--from", "repository"])?;
    let (names, gaps) = read(&all)?;
    ensure!(names == ["ann", "ben", "cem", "dan", "eve", "fay"], "{names:?} {all:?}");
    let expected = [
        "a Role (repository/chart/templates/role.yaml:3): it is a template",
        "a List (repository/dump.json:1): it ends before it is complete, as if it had been cut off",
        "repository/broken.yaml: cannot read it",
        "repository/pipe.yaml: it is a pipe",
    ];
    let is_said = |expected: &&str| gaps.iter().any(|gap| gap.starts_with(*expected));
    ensure!(gaps.len() == expected.len() && expected.iter().all(is_said), "{gaps:#?}");
    let notes: Vec<&str> = all.stderr.lines().filter(|line| line.starts_with("note: ")).collect();
    let expected = [
        "note: skipped 6 files of repository that are not about access",
        "note: repository/tsconfig.json:",
        "note: 2 files of repository are not read: only .json, .yaml and .yml are",
    ];
    let is_said = |expected: &&str| notes.iter().any(|note| note.starts_with(*expected));
    ensure!(expected.iter().all(is_said), "{notes:#?}");
    // Where each is read once, nothing stands there twice.
    ensure!(all.stdout.contains("repository/a.yaml") && !all.stdout.contains("the-same"), "{}", all.stdout);

    // Patterns are those of .gitignore.
    for (excluded, expected) in [
        (&["vendor"][..], &["ann", "ben", "cem", "eve", "fay"][..]),
        (&["vendor/", "**/fixtures/**"], &["ann", "ben", "eve", "fay"]),
        (&["*.yaml"], &["ben"]),
        (&["/0-*", "/a.yaml", "deep", "linked*"], &["ben", "cem", "dan"]),
        // What is left out by one name is read by another.
        (&["/a.yaml", "deep", "linked*"], &["ann", "ben", "cem", "dan"]),
        (&["*", "!a.yaml"], &["ann"]),
        (&["nothing-like-it"], &["ann", "ben", "cem", "dan", "eve", "fay"]),
    ] {
        let exclude: Vec<&str> = excluded.iter().flat_map(|glob| ["--exclude", glob]).collect();
        let said = who_can(world, &root, &[&["--from", "repository"], &exclude[..]].concat())?;
        let (names, _) = read(&said)?;
        ensure!(names == expected, "{excluded:?}: {names:?}");
    }
    let wrong = who_can(world, &root, &["--from", "repository", "--exclude", "a{b"])?.failure()?;
    ensure!(wrong.contains("--exclude a{b"), "{wrong}");

    // Nobody means the cluster of some context by a folder in which there is nothing.
    fs::create_dir(root.join("nothing"))?;
    write(&root.join("pages/index.md"), b"# Nothing\n")?;
    for folder in ["nothing", "pages"] {
        for command in [
            "who-can get pods",
            "matrix",
            "lint",
            "plan access.yaml",
            "import -i c",
            "explain arn:aws:iam::111122223333:user/a",
        ] {
            write(&root.join("access.yaml"), b"clusterID: c\ngroups: []\n")?;
            let mut run = world.anonymous();
            run.current_dir(&root).env("KUBECONFIG", root.join("must-not-be-read")).args(command.split(' '));
            let refused = process::run(run.args(["--from", folder]))?.failure()?;
            ensure!(refused.contains(folder) && !refused.contains("must-not-be-read"), "{command}: {refused}");
        }
    }
    // What is not a cluster does not stand for the one of the current context.
    let group = r#"{"Users": [], "Group": {"Arn": "arn:aws:iam::111122223333:group/G"}, "IsTruncated": false}"#;
    write(&root.join("group.json"), group.as_bytes())?;
    write(&root.join("kops.yaml"), b"apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: k}\n")?;
    write(&root.join("config.yaml"), b"clusterID: c\nserver:\n  mapUsers: []\n")?;
    for command in ["who-can get pods", "matrix", "lint"] {
        let mut run = world.anonymous();
        run.current_dir(&root).env("KUBECONFIG", root.join("must-not-be-read")).args(command.split(' '));
        let refused = process::run(run.args(["--from", "config.yaml"]))?.failure()?;
        ensure!(refused.contains("config.yaml has no roles and bindings"), "{command}: {refused}");
    }
    for file in ["group.json", "kops.yaml"] {
        for command in ["who-can get pods", "matrix", "lint", "plan access.yaml", "apply access.yaml", "import -i c"] {
            let mut run = world.anonymous();
            run.current_dir(&root).env("KUBECONFIG", root.join("must-not-be-read")).args(command.split(' '));
            let refused = process::run(run.args(["--from", file]))?.failure()?;
            let is_named = refused.contains(&format!("{file} has no roles and bindings"));
            ensure!(is_named && refused.contains("--context"), "{command}: {refused}");
            let takes_dumps = command != "apply access.yaml";
            ensure!(
                !takes_dumps || refused.contains("give what `kubectl get namespaces,roles,"),
                "{command}: {refused}"
            );
        }
    }
    beside_others(world, &root)?;
    refusals(world, &root)
}

/// What kustomize would not build, and files that only look like access files, are gaps, and take nothing else with them.
fn beside_others(world: &World, root: &Path) -> anyhow::Result<()> {
    let bare = |user: &str| binding("", user).replace(", namespace: }", "}");
    for (path, text) in [
        ("kustomized/both/kustomization.yaml", "namespace: shop\nresources: [rb.yaml]\n".to_owned()),
        ("kustomized/both/kustomization.yml", "namespace: two\nresources: [rb.yaml]\n".to_owned()),
        ("kustomized/both/rb.yaml", bare("bo")),
        ("kustomized/unlisted/kustomization.yaml", "namespace: dev\nresources: []\n".to_owned()),
        ("kustomized/unlisted/rb.yaml", bare("una")),
        ("kustomized/unlisted/values.yaml", "image: x\n".to_owned()),
        ("kustomized/realm.json", r#"{"realm": "shop", "groups": [], "users": [{"username": "ann"}]}"#.to_owned()),
        ("kustomized/id.yaml", "clusterID: x\nprovider: aws\n".to_owned()),
    ] {
        write(&root.join(path), text.as_bytes())?;
    }
    let said = who_can(world, root, &["--from", "kustomized"])?;
    let (names, gaps) = read(&said)?;
    ensure!(names == ["una"], "{names:?}");
    let expected = [
        "kustomized/both/kustomization.yml: it is a second kustomization beside",
        "RoleBinding bo (kustomized/both/rb.yaml:1): it has no namespace",
        "kustomized/unlisted/rb.yaml: it is in no list of resources",
        "kustomized/realm.json:1: it looks like an access file",
        "kustomized/id.yaml:2: it looks like an access file",
    ];
    let is_said = |expected: &&str| gaps.iter().any(|gap| gap.starts_with(*expected));
    ensure!(gaps.len() == expected.len() && expected.iter().all(is_said), "{gaps:#?}");
    let refused = who_can(world, root, &["--from", "kustomized/id.yaml"])?.failure()?;
    two_folders(world, root)?;
    ensure!(refused.contains("access.unknown-key") && refused.contains("provider"), "{refused}");
    Ok(())
}

/// A base and what is made of it, each given by itself, in whatever order: kubectl is asked what it comes to.
fn two_folders(world: &World, root: &Path) -> anyhow::Result<()> {
    let bare = binding("", "bea").replace(", namespace: }", "}");
    for (path, text) in [
        ("layers/base/kustomization.yaml", "resources: [rb.yaml]\n".to_owned()),
        ("layers/base/rb.yaml", bare.clone()),
        ("layers/again/kustomization.yaml", "resources: [rb.yaml]\n".to_owned()),
        ("layers/again/rb.yaml", bare),
        ("layers/dev/kustomization.yaml", "namespace: dev\nresources: [../base]\n".to_owned()),
        ("layers/twice/kustomization.yaml", "namespace: dev\nresources: [../base, ../again]\n".to_owned()),
        ("layers/number/kustomization.yaml", "namespace: 123\nresources: [../base]\n".to_owned()),
    ] {
        write(&root.join(path), text.as_bytes())?;
    }
    let made = kustomized(world, root, "layers/dev")?;
    ensure!(made.code == 0 && made.stdout.contains("namespace: dev"), "{made:?}");
    let (base, dev) = ("layers/base", "layers/dev");
    for from in [[base, dev], [dev, base]] {
        for more in [&[][..], &["--default-namespace", "other"]] {
            let args = [&["--from", from[0], "--from", from[1]], more].concat();
            let (names, gaps) = read(&who_can(world, root, &args)?)?;
            ensure!(names == ["bea"] && gaps.is_empty(), "{args:?}: {names:?} {gaps:?}");
        }
    }
    for (folder, refused, gap) in [
        ("layers/twice", "already registered id", "kustomize refuses it, because RoleBinding "),
        (
            "layers/number",
            "cannot unmarshal number",
            "layers/number/kustomization.yaml: kustomize refuses this kustomization",
        ),
    ] {
        let made = kustomized(world, root, folder)?;
        ensure!(made.code != 0 && made.stderr.contains(refused), "{folder}: {made:?}");
        let (_, gaps) = read(&who_can(world, root, &["--from", base, "--from", "layers/again", "--from", folder])?)?;
        ensure!(gaps.iter().any(|one| one.contains(gap)), "{folder}: {gaps:#?}");
    }
    Ok(())
}

fn kustomized(world: &World, root: &Path, folder: &str) -> anyhow::Result<Output> {
    process::run(process::command(world.parts.kubernetes("kubectl"), root).args(["kustomize", folder]))
}

/// What cannot be read as it is says what to give in its place.
fn refusals(world: &World, root: &Path) -> anyhow::Result<()> {
    let template = b"{{- if .Values.rbac }}\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n{{- end }}\n";
    write(&root.join("template.yaml"), template)?;
    write(&root.join("overlay/kustomization.yaml"), b"resources:\n- ../repository\n")?;
    let overlay = "`kubectl kustomize overlay | cluster-auth … --from -`";
    for (args, expected) in [
        (&["--from", "-", "--from", "-"][..], "stdin can be read only once; give `--from -` once"),
        (&["--from", "template.yaml"], "`helm template … | cluster-auth … --from -`"),
        (&["--from", "overlay/kustomization.yaml"], overlay),
    ] {
        let refused = who_can(world, root, args)?.failure()?;
        ensure!(refused.contains(expected), "{args:?}: {refused}");
    }
    let (names, gaps) = read(&who_can(world, root, &["--from", "overlay"])?)?;
    ensure!(names.is_empty() && gaps.iter().any(|gap| gap.contains(overlay)), "{names:?} {gaps:?}");
    // What it takes in may be given as well.
    let (_, gaps) = read(&who_can(world, root, &["--from", "overlay", "--from", "repository"])?)?;
    ensure!(!gaps.iter().any(|gap| gap.contains(overlay)), "{gaps:?}");
    Ok(())
}

fn who_can(world: &World, folder: &Path, args: &[&str]) -> anyhow::Result<Output> {
    let mut command = world.anonymous();
    process::run(command.current_dir(folder).args(["who-can", "list", "pods", "-n", "dev", "-o", "json"]).args(args))
}

/// Who may, but for those who always may, and what could not be read.
fn read(said: &Output) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    ensure!(said.code == 0, "{said:?}");
    let said: Value = serde_json::from_str(&said.stdout)?;
    let subjects = said["subjects"].as_array().into_iter().flatten().filter_map(|subject| subject["name"].as_str());
    let names = subjects.filter(|name| !name.starts_with("system:")).map(str::to_owned).collect();
    Ok((names, unexpected(&said, &[])))
}
