//! What is typed and comes to nothing: each says what happened and what to do, and no exit code says "none" of what was not
//! read.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{process, world::World};

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("said::what_comes_to_nothing_says_why", nothing),
    ("said::what_is_given_and_not_read_is_named_by_every_command", given),
    ("said::what_an_access_file_has_no_use_for_is_refused", refused),
];

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
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "resourceVersion": "1", "uid": "2"}},
{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "resourceVersion": "1", "uid": "3"}},
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
        "note: no binding and no mapping here names the User nobody;",
    ),
    ("matrix --from manifests group:devs", 0, ""),
    ("matrix --from manifests --who nobody", 1, "--who nobody matches no user or group in what could be read"),
    ("matrix --from account", 0, ""),
    ("matrix --from manifests -n nope", 1, "error: no known namespace matches --namespace nope, and others may:"),
    ("who-can get pods -n nope --from namespaces.json", 0, "note: there is no namespace `nope`;"),
    ("who-can get pods -n shop --from namespaces.json", 0, ""),
    (
        "lint --from manifests --exclude nothing-like-it",
        0,
        "note: --exclude nothing-like-it has no effect: no file or folder of --from matches it",
    ),
    ("lint --from mixed --exclude template.yaml", 0, ""),
    ("explain mapping.nope", 1, "error: unknown code; did you mean mapping.none? docs/denials.md lists all of them"),
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
            ["names the", "has no effect", "there is no"].iter().all(|words| !output.stderr.contains(words));
        ensure!(!expected.is_empty() || is_silent, "{typed}: {output:?}");
    }
    Ok(())
}

/// What is given, and what every command says of it: nobody logs in by it, or it is not known.
const GIVEN: &[(&str, &str, &str)] = &[
    (
        "other-namespace.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: default}\ndata: {mapUsers: '[]'}\n",
        "the ConfigMap default/aws-auth (other-namespace.yaml:1) has mapUsers, but nobody logs in through it",
    ),
    (
        "other-name.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth-cm, namespace: kube-system}\ndata: {mapRoles: '[]'}\n",
        "the ConfigMap kube-system/aws-auth-cm (other-name.yaml:1) has mapRoles, but nobody logs in through it",
    ),
    (
        "of-2018.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: auth-config, namespace: kube-system}\n\
         data: {config.yaml: 'server: {mapRoles: []}'}\n",
        "the ConfigMap kube-system/auth-config (of-2018.yaml:1) has a config.yaml with logins, which is not read",
    ),
    (
        "binary.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\nbinaryData: {mapUsers: W10=}\n",
        "its `binaryData` has mapUsers, and nobody logs in through that",
    ),
    (
        "binary-configuration.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-iam-authenticator, namespace: kube-system}\n\
         binaryData: {config.yaml: e30=}\n",
        "has config.yaml in `binaryData`",
    ),
    (
        "yml.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-iam-authenticator, namespace: kube-system}\n\
         data: {config.yml: 'server: {mapUsers: []}'}\n",
        "it has no config.yaml, but config.yml, and it is not known whether a server reads that",
    ),
    (
        "eksctl.yaml",
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c}\niamidentitymappings: []\n",
        "`iamidentitymappings`: eksctl has no such field, and refuses the file",
    ),
    (
        "eksctl-group.yaml",
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c}\niamIdentityMappings:\n\
         - {arn: 'arn:aws:iam::111122223333:role/R', username: r, group: [a]}\n",
        "iamIdentityMappings[0]: `group`: eksctl has no such field, and refuses the file",
    ),
    (
        "bare.yaml",
        "mapRoles: |\n  - {rolearn: 'arn:aws:iam::111122223333:role/R', username: r, groups: [a]}\n",
        "they are what the ConfigMap aws-auth has in `data`, without the ConfigMap",
    ),
    (
        "cut.yaml",
        "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: shop}\n",
        "it has no `kind`, which kubectl prints after all elements, so it was cut off; print it again",
    ),
    ("cut.json", "{\"apiVersion\": \"v1\", \"items\": [", "it ends before it is complete, as if it had been cut off"),
    ("folder/broken.yaml", "a: [\n b: {{ x }}\n", "folder/broken.yaml:2"),
    ("folder2/aws-auth.tpl", "kind: ConfigMap\n", "1 file of folder2 is not read: only .json"),
];

fn given(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("said-given")?;
    fs::write(folder.join("devs.yaml"), BINDING)?;
    fs::write(folder.join("access.yaml"), "clusterID: c\naccount: '111122223333'\ngroups: []\n")?;
    let commands: [&[&str]; 6] = [
        &["check", "access.yaml"],
        &["render", "--to", "rbac", "access.yaml"],
        &["import", "-i", "c"],
        &["explain", "arn:aws:iam::111122223333:role/R"],
        &["who-can", "get", "pods"],
        &["plan", "access.yaml", "--mapping", "aws-auth"],
    ];
    for (name, text, expected) in GIVEN {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(&path, text)?;
        let from = name.split('/').next().unwrap_or(name);
        for command in commands {
            let args = [command, &["--from", from, "--from", "devs.yaml"]].concat();
            let said = process::run(process::command(&world.parts.cluster_auth, &folder).args(&args))?;
            let all = format!("{}{}", said.stdout, said.stderr);
            ensure!(all.contains(expected), "{args:?}: {expected}\n{all}");
            ensure!(command[0] != "import" || said.code == 1, "half of it was imported: {said:?}");
        }
    }
    Ok(())
}

/// A configuration of the authenticator, another cluster's id and what is not a digest, beside an access file.
fn refused(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("said-refused")?;
    fs::write(folder.join("access.yaml"), "clusterID: c\naccount: '111122223333'\ngroups: []\n")?;
    fs::write(folder.join("config.yaml"), "clusterID: c\n")?;
    let commands: [&[&str]; 4] = [&["check"], &["render", "--to", "rbac"], &["plan"], &["apply", "--yes"]];
    let flags: [(&[&str], &str); 2] = [
        (
            &["-c", "config.yaml"],
            "error: --config config.yaml: an access file needs no configuration of the authenticator",
        ),
        (&["-i", "other"], "error: --cluster-id other: the access file is for `c`; give the file of that cluster"),
    ];
    let mut rows: Vec<(Vec<&str>, &str)> = Vec::new();
    for command in commands {
        rows.extend(flags.iter().map(|(flags, said)| ([command, flags].concat(), *said)));
    }
    let no_digest =
        "error: --expect xyz: not a digest; a digest is the 32 hexadecimal digits that `cluster-auth plan` prints last";
    rows.push((vec!["apply", "--yes", "--expect", "xyz"], no_digest));
    for (args, expected) in rows {
        let said = process::run(process::command(&world.parts.cluster_auth, &folder).args(&args))?;
        ensure!(said.code == 1 && said.stdout.is_empty() && said.stderr.contains(expected), "{args:?}: {said:?}");
    }
    Ok(())
}
