//! Applying, twice, and only what was reviewed.

use anyhow::{Context as _, ensure};
use e2e::{test_cluster::TestCluster, world::World};
use serde_json::json;

use super::{FILE, surroundings};
use crate::Test;

pub(super) const TESTS: &[Test] = &[
    ("apply::a_second_run_changes_nothing", twice),
    ("apply::what_was_reviewed_is_applied_and_nothing_else", reviewed),
];

fn twice(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-twice", &surroundings())?;
    managed.file(FILE)?;
    let before = managed.dump()?;
    let applied = managed.apply(&["--mapping", "aws-auth"])?.success()?;
    ensure!(applied.contains("Role dev/developers applied\n") && applied.ends_with(" UTC.\n"), "{applied}");
    let after = managed.dump()?;
    ensure!(after.len() == before.len() + 10, "eight objects of RBAC and two ConfigMaps");
    let again = managed.apply(&[])?.success()?;
    ensure!(again.contains("nothing changes"), "{again}");
    ensure!(managed.dump()? == after, "a second run changed something");
    let plan = managed.plan(&["--exit-code"])?;
    ensure!(plan["objects"] == json!([]) && plan["logins"] == json!([]), "{plan}");

    // Whoever is added by hand, and whoever is missing, is told of the file.
    let mallory = "arn:aws:iam::111122223333:user/mallory";
    let file =
        "add to the access file (access.yaml), from which `cluster-auth apply` keeps ConfigMap kube-system/aws-auth";
    let missing = managed.run(&["explain", mallory])?;
    ensure!(missing.stdout.contains(file), "{missing:?}");
    let kubeconfig = managed.cluster.admin_kubeconfig().display().to_string();
    let user = ["--userarn", "arn:aws:iam::111122223333:user/zoe", "--username", "zoe", "--groups", "guests"];
    let words = [&["add", "user"], &user[..], &["--prompt=false", "--kubeconfig", &kubeconfig]].concat();
    let added = managed.run(&words)?;
    let kept = "note: `cluster-auth apply` keeps this ConfigMap by access.yaml, and leaves the new entry alone";
    ensure!(added.code == 0 && added.stderr.contains(kept), "{added:?}");
    Ok(())
}

fn reviewed(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-reviewed", &surroundings())?;
    managed.file(&FILE.replace("namespaces: [dev, ops]", "namespaces: ['d*']"))?;
    let plan = managed.plan(&["--mapping", "aws-auth"])?;
    let digest = plan["digest"].as_str().context("a digest")?;
    let apply = ["--mapping", "aws-auth", "--expect", digest];
    // A namespace that the file reaches: somebody would get more than was reviewed.
    managed.admin.kubectl(&["create", "namespace", "data"])?.success()?;
    let before = managed.dump()?;
    let refused = managed.apply(&apply)?.failure()?;
    ensure!(refused.contains("[plan.not-as-reviewed]") && managed.dump()? == before, "{refused}");
    managed.admin.kubectl(&["delete", "namespace", "data", "--wait=false"])?.success()?;
    // Without a controller-manager nothing finishes the removal.
    let finalize =
        r#"{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "data"}, "spec": {"finalizers": []}}"#;
    managed.admin.with_file(&["replace", "--raw", "/api/v1/namespaces/data/finalize"], finalize)?.success()?;
    managed.apply(&apply)?.success()?;
    ensure!(managed.run(&["plan", "--exit-code"])?.code == 0);
    Ok(())
}
