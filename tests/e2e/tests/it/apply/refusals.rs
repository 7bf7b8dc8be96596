//! What stops `apply`: each refusal with its code, and nothing changed.

use anyhow::ensure;
use e2e::{test_cluster::TestCluster, world::World};

use super::{FILE, surroundings};
use crate::Test;

pub(super) const TESTS: &[Test] = &[
    ("apply::each_refusal_says_its_code_and_changes_nothing", each),
    ("apply::what_could_not_be_looked_at_is_never_empty", unseen),
];

/// A binding of another tool's where one of ours is to be, and a role of Helm's.
const FOREIGN: &str = r"
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: developers-binding, namespace: dev, labels: {app.kubernetes.io/managed-by: Helm},
  annotations: {meta.helm.sh/release-name: access}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: developers}
subjects: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: developers, namespace: dev}
rules: []
";

fn each(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-refusals", &(surroundings() + FOREIGN))?;
    let refused = |file: &str, args: &[&str], codes: &[&str]| -> anyhow::Result<()> {
        managed.file(file)?;
        let before = managed.dump()?;
        let said = managed.apply(args)?;
        ensure!(said.code == 1, "{codes:?}: {said:?}");
        for code in codes {
            ensure!(said.stderr.contains(&format!("[{code}]")), "{code}: {said:?}");
        }
        ensure!(said.stderr.matches("error: [").count() >= codes.len(), "{said:?}");
        ensure!(managed.dump()? == before, "{codes:?}: something changed");
        Ok(())
    };
    let first = ["--mapping", "aws-auth"];
    refused(FILE, &first, &["plan.not-ours", "plan.helm"])?;
    let adopted = managed.apply(&["--mapping", "aws-auth", "--adopt"])?.success()?;
    ensure!(adopted.contains("Allowed by flags\n  ! plan.helm"), "{adopted}");
    ensure!(!adopted.contains("What stops apply"), "nothing did: {adopted}");
    ensure!(managed.apply(&[])?.code == 0, "what was adopted is ours");

    refused(&FILE.replace("e2e.example.com", "staging.example.com"), &[], &["plan.other-cluster"])?;
    refused(FILE, &["--expect", "00112233445566778899aabbccddeeff"], &["plan.not-as-reviewed"])?;
    // Nobody is left who may change access.
    let without_admin = FILE.replace("users: [carol]", "users: []");
    refused(&without_admin, &[], &["plan.loses-last-admin"])?;
    refused("clusterID: e2e.example.com\n", &["--allow-lockout"], &["plan.nobody"])?;
    // Another file in place of the one that was applied.
    std::fs::rename(managed.folder.join("access.yaml"), managed.folder.join("other.yaml"))?;
    std::fs::write(managed.folder.join("other.yaml"), FILE)?;
    refused(FILE, &["other.yaml"], &["plan.file-missing"])?;
    let contradictory = managed.apply(&["other.yaml", "--forget", "other.yaml"])?.failure()?;
    ensure!(contradictory.contains("--forget other.yaml: it is also given as a file to apply"), "{contradictory}");
    let forgotten = managed.apply(&["other.yaml", "--forget", "access.yaml", "--forget", "nope"])?;
    let nope = "note: --forget nope has no effect: no file of that name was applied to this cluster";
    ensure!(forgotten.stderr.contains(nope) && !forgotten.stderr.contains("--forget access.yaml"), "{forgotten:?}");
    forgotten.success()?;
    refused(FILE, &["access.yaml"], &["plan.file-missing"])?;
    managed.apply(&["access.yaml", "--forget", "other.yaml"])?.success()?;
    managed.file(&without_admin)?;
    managed.apply(&["--allow-lockout"])?.success()?;

    // An entry of somebody else's for somebody in the file.
    let entry = r#"{"data": {"mapUsers": "- userarn: arn:aws:iam::111122223333:user/erin\n  username: erin\n"}}"#;
    managed
        .admin
        .kubectl(&["-n", "kube-system", "patch", "configmap", "aws-auth", "--type=merge", "-p", entry])?
        .success()?;
    refused(&FILE.replace("[alice, ops/bob]", "[alice, erin]"), &[], &["plan.not-ours"])?;
    // Without a terminal nobody says yes.
    managed.file(FILE)?;
    let before = managed.dump()?;
    let asked = managed.run(&["apply"])?.failure()?;
    ensure!(asked.contains("--yes") && managed.dump()? == before, "{asked}");
    let dumps = managed.admin.kubectl(&["get", "clusterroles", "-o", "json"])?.success()?;
    std::fs::write(managed.folder.join("dump.json"), dumps)?;
    ensure!(managed.apply(&["--from", "dump.json"])?.failure()?.contains("asks the cluster itself"));
    Ok(())
}

fn unseen(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-unseen", &surroundings())?;
    managed.file(FILE)?;
    // Somebody who may look at everything but bindings of namespaces and one ConfigMap.
    let kubeconfig = managed.user(
        "viewer",
        &[
            &["--verb=list", "--resource=namespaces,roles,clusterroles,clusterrolebindings"],
            &["--verb=get", "--resource=configmaps", "--resource-name=cluster-auth"],
        ],
    )?;
    let run = |args: &[&str]| e2e::process::run(&mut managed.command_as(&kubeconfig, args));
    let unknown = run(&["plan"])?.failure()?;
    ensure!(unknown.contains("you may not `get` the ConfigMaps") && unknown.contains("aws-auth"), "{unknown}");
    let plan = run(&["plan", "--mapping", "aws-auth", "-o", "json"])?.success()?;
    let plan: serde_json::Value = serde_json::from_str(&plan)?;
    ensure!(plan["complete"] == false, "{plan}");
    let said = plan["unseen"].to_string();
    for what in ["rolebindings", "kube-system/aws-auth"] {
        ensure!(said.contains(what), "{what}: {said}");
    }
    let before = managed.dump()?;
    let refused = run(&["apply", "--yes", "--mapping", "aws-auth"])?.failure()?;
    ensure!(refused.contains("[plan.incomplete]"), "{refused}");
    ensure!(managed.dump()? == before, "something changed");
    Ok(())
}
