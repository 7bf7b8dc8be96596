//! What is typed and comes to nothing: each says what happened and what to do, and no exit code says "none" of what was not
//! read.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{process, world::World};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[("said::what_comes_to_nothing_says_why", nothing)];

const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: devs}]
";

/// Looks like a manifest of access, and cannot be read.
const TEMPLATE: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .Release.Name }}
";

const ACCOUNT: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, namespace: shop, name: agent}]
";

const NAMESPACES: &str = r#"{"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": [
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "resourceVersion": "1", "uid": "1"}}]}"#;

/// What is typed, the exit code, and what is said.
const ROWS: &[(&str, i32, &str)] = &[
    (
        "diff template template2",
        1,
        "error: nothing was compared: nothing of template could be read, and what was not read would count as absent",
    ),
    ("diff manifests template", 1, "error: nothing was compared: nothing of template could be read"),
    ("diff manifests manifests", 0, ""),
    (
        "matrix --from manifests --from template user:nobody",
        0,
        "note: no binding and no login here names the User nobody;",
    ),
    ("matrix --from manifests group:devs", 0, ""),
    ("matrix --from manifests --who nobody", 1, "is meant by --who nobody; leave it out to see everybody"),
    ("matrix --from account", 0, ""),
    (
        "matrix --from manifests -n nope",
        1,
        "error: it is not known whether there is a namespace nope: nothing stands there",
    ),
    ("who-can get pods -n nope --from namespaces.json", 0, "note: there is no namespace `nope`;"),
    ("who-can get pods -n shop --from namespaces.json", 0, ""),
    (
        "lint --from manifests --exclude nothing-like-it",
        0,
        "note: --exclude nothing-like-it leaves nothing out: no file and no folder of --from is called so",
    ),
    ("lint --from mixed --exclude template.yaml", 0, ""),
    (
        "explain mapping.nope",
        1,
        "error: there is no such code; did you mean mapping.none? docs/denials.md has all of them",
    ),
];

fn nothing(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("said")?;
    let files = [
        ("manifests/devs.yaml", BINDING),
        ("template/template.yaml", TEMPLATE),
        ("template2/template.yaml", TEMPLATE),
        ("mixed/devs.yaml", BINDING),
        ("mixed/template.yaml", TEMPLATE),
        ("account/agent.yaml", ACCOUNT),
        ("namespaces.json", NAMESPACES),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(path, text)?;
    }
    for (typed, code, expected) in ROWS {
        let output = process::run(process::command(&world.parts.cluster_auth, &folder).args(typed.split(' ')))?;
        ensure!(output.code == *code && output.stderr.contains(expected), "{typed}: {output:?}");
        let is_silent =
            ["names the", "leaves nothing out", "there is no"].iter().all(|words| !output.stderr.contains(words));
        ensure!(!expected.is_empty() || is_silent, "{typed}: {output:?}");
    }
    Ok(())
}
