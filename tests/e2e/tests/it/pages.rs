//! Pages of the documentation whose commands are run and whose outputs are theirs.
//!
//! A comment with a file's name in front of a block says that it is that file; the lines of a `console` block that begin
//! with `$` are commands, and what follows each is what it prints.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{managed::Managed, process, world::World};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("pages::change_access_shows_what_happens", change_access),
    ("pages::bring_a_cluster_in_shows_what_happens", bring_in),
    ("pages::see_access_shows_what_happens", see_access),
    ("pages::someone_must_be_out_shows_what_happens", out_now),
];

const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: viewer}
rules: [{apiGroups: [''], resources: [pods, services], verbs: [get, list, watch]}]
";

fn change_access(world: &World) -> anyhow::Result<()> {
    let managed = Managed::start(world, "pages-change", SHOP)?;
    run(world, &managed, "change-access.md")?;
    // The role for planning is enough for it.
    managed.admin.kubectl(&["create", "-f", &managed.folder.join("planner.yaml").display().to_string()])?.success()?;
    let binding = ["create", "clusterrolebinding", "planner", "--clusterrole=access-planner", "--user=planner"];
    managed.admin.kubectl(&binding)?.success()?;
    let planner = managed.user("planner", &[])?;
    let plan = process::run(&mut managed.command_as(&planner, &["plan", "-o", "json"]))?.success()?;
    let plan: Value = serde_json::from_str(&plan)?;
    ensure!(plan["complete"] == true, "{plan}");
    Ok(())
}

fn out_now(world: &World) -> anyhow::Result<()> {
    run(world, &Managed::start(world, "pages-out", SHOP)?, "someone-must-be-out.md")
}

/// What years of hands have left.
const GROWN: &str = r"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs-view, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: viewer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - rolearn: arn:aws:iam::111122223333:role/Node
      username: system:node:{{EC2PrivateDNSName}}
      groups: [system:bootstrappers, system:nodes]
    - rolearn: arn:aws:iam::111122223333:role/ci/Deployer
      username: deployer
      groups: [developers]
  mapUsers: |
    - userarn: arn:aws:iam::111122223333:user/alice
      username: alice
      groups: [developers]
    - userarn: arn:aws:iam::111122223333:user/ops/bob
      username: bob
      groups: [developers, testers]
    - userarn: arn:aws:iam::111122223333:user/carol
      username: carol
      groups: [system:masters]
";

fn bring_in(world: &World) -> anyhow::Result<()> {
    run(world, &Managed::start(world, "pages-bring-in", &format!("{SHOP}{GROWN}"))?, "bring-a-cluster-in.md")
}

/// A binding to one session of a role, and one of everything.
const SEEN: &str = r"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: debugger}
rules:
- {apiGroups: [''], resources: [pods/exec], verbs: [create]}
- {apiGroups: [''], resources: [secrets], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: debugger}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: bob}
- {kind: ServiceAccount, name: agent, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: scrape}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:monitoring}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: shop}]
";

fn see_access(world: &World) -> anyhow::Result<()> {
    run(world, &Managed::start(world, "pages-see", &format!("{SHOP}{GROWN}{SEEN}"))?, "see-access.md")
}

/// Runs a page from top to bottom; what it shows must be what happens.
fn run(world: &World, managed: &Managed, page: &str) -> anyhow::Result<()> {
    let path = format!("{}/../../docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let mut shown = String::new();
    let (mut file, mut in_console, mut digest) = (None, false, String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if in_console && line != "```" {
            let Some(command) = line.strip_prefix("$ ") else { continue };
            let output = in_shell(world, managed, &command.replace("DIGEST", &digest))?;
            let next = |line: &str| line.trim().to_owned();
            digest = output.lines().skip_while(|line| !line.starts_with("Digest")).nth(1).map_or(digest, next);
            shown.push_str(&format!("{line}\n{}", output.trim_start_matches('\n')));
            continue;
        }
        in_console = line == "```console";
        shown.push_str(&format!("{line}\n"));
        if let Some(comment) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            match comment.strip_prefix("run first: ") {
                Some(command) => drop(in_shell(world, managed, command)?),
                None => file = Some(comment),
            }
        } else if let Some(name) = file.take_if(|_| line.starts_with("```")) {
            let content: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let content = content.join("\n") + "\n";
            fs::write(managed.folder.join(name), &content)?;
            shown.push_str(&format!("{content}```\n"));
        }
    }
    let (text, shown) = (without_time(&text), without_time(&shown));
    let first = text.lines().zip(shown.lines()).find(|(text, shown)| text != shown);
    ensure!(text == shown, "docs/{page} shows something else, first at {first:?}; it is now:\n{shown}");
    Ok(())
}

/// What a command prints on a terminal, both streams.
fn in_shell(world: &World, managed: &Managed, command: &str) -> anyhow::Result<String> {
    let programs = world.parts.cluster_auth.parent().context("a folder")?;
    let path = format!("{}:{}:/usr/bin:/bin", programs.display(), world.parts.kubernetes.display());
    let mut shell = process::command("sh", &managed.folder);
    shell.args(["-c", &format!("{{ {command}; }} 2>&1")]).env("PATH", path);
    shell.env("KUBECONFIG", managed.cluster.admin_kubeconfig());
    Ok(process::run(&mut shell)?.stdout)
}

/// The time of day is another one at every run.
fn without_time(text: &str) -> String {
    let mut result = String::new();
    for line in text.lines() {
        match line.split_once("everywhere by ") {
            Some((before, after)) => {
                let after = after.get(5..).unwrap_or_default();
                result.push_str(&format!("{before}everywhere by 14:07{after}\n"));
            }
            None => result.push_str(&format!("{line}\n")),
        }
    }
    result
}
