//! The pages for administrators, followed on a real cluster ([`e2e::page`] says how).

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{
    managed::Managed,
    page::{self, Reader},
    process,
    world::World,
};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("pages::change_access_shows_what_happens", change_access),
    ("pages::bring_a_cluster_in_shows_what_happens", bring_in),
    ("pages::see_access_shows_what_happens", see_access),
    ("pages::someone_must_be_out_shows_what_happens", out_now),
    ("pages::helm_shows_what_happens", helm),
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
    run(world, &managed, "docs/change-access.md")?;
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
    run(world, &Managed::start(world, "pages-out", SHOP)?, "docs/someone-must-be-out.md")
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
    - rolearn: arn:aws:iam::111122223333:role/Deployer
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
    run(world, &Managed::start(world, "pages-bring-in", &format!("{SHOP}{GROWN}"))?, "docs/bring-a-cluster-in.md")
}

/// What the authenticator is set up with, a binding to one session of a role, and one of everything.
const SEEN: &str = r"
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-iam-authenticator, namespace: kube-system}
data:
  config.yaml: |
    clusterID: prod.example.com
    server:
      backendMode: [EKSConfigMap]
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
    run(world, &Managed::start(world, "pages-see", &format!("{SHOP}{GROWN}{SEEN}"))?, "docs/see-access.md")
}

fn helm(world: &World) -> anyhow::Result<()> {
    let managed = Managed::start(world, "pages-helm", SHOP)?;
    std::os::unix::fs::symlink(crate::chart::repository().join("chart"), managed.folder.join("chart"))?;
    fs::write(managed.folder.join("2018.yaml"), crate::chart::release_of_2018())?;
    run(world, &managed, "docs/helm.md")
}

/// Follows a page as the administrator of a cluster.
fn run(world: &World, managed: &Managed, page: &str) -> anyhow::Result<()> {
    page::follow(page, &managed.folder, &mut Administrator { world, managed })
}

struct Administrator<'a> {
    world: &'a World,
    managed: &'a Managed,
}

impl Reader for Administrator<'_> {
    fn types(&mut self, command: &str) -> anyhow::Result<String> {
        let parts = &self.world.parts;
        let programs = parts.cluster_auth.parent().context("a folder")?;
        let helm = parts.helm.parent().context("a folder")?;
        let path = [programs, &parts.kubernetes, helm].map(|folder| folder.display().to_string()).join(":");
        let mut shell = process::command("sh", &self.managed.folder);
        shell.args(["-c", &format!("{{ {command}; }} 2>&1")]).env("PATH", format!("{path}:/usr/bin:/bin"));
        shell.env("KUBECONFIG", self.managed.cluster.admin_kubeconfig());
        Ok(process::run(&mut shell)?.stdout)
    }
}
