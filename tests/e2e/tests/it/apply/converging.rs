//! Interrupted anywhere, the next run converges; two at once are kept apart.

use anyhow::ensure;
use e2e::{
    managed::Managed,
    process::{self, Background, wait_until},
    world::World,
};
use serde_json::{Value, json};

use super::{FILE, SURROUNDINGS};
use crate::Test;

pub(super) const TESTS: &[Test] =
    &[("apply::two_at_once_are_kept_apart", two), ("apply::stopping_it_finishes_what_is_under_way", stopped)];

fn two(world: &World) -> anyhow::Result<()> {
    let managed = Managed::start(world, "apply-two", SURROUNDINGS)?;
    managed.file(FILE)?;
    managed.apply(&["--mapping", "aws-auth"])?.success()?;
    // Somebody changes groups, so that taking the old ones away waits.
    let moved = FILE
        .replace("[alice, ops/bob]", "[alice]")
        .replace("users: [alice]\n  roles", "users: [alice, ops/bob]\n  roles");
    managed.file(&moved.replace("{namespace: ops, clusterRole: reader}", "{namespace: ops, clusterRole: view}"))?;
    let mut command = managed.command(&["apply", "--yes", "--settle", "10m"]);
    let mut first = Background::start(&mut command, managed.folder.join("first.log"))?;
    wait_until("the first one waits", || {
        ensure!(first.ended()?.is_none(), "{}", first.log());
        Ok(first.log().contains("waiting 600 s"))
    })?;
    let between = managed.dump()?;
    let second = managed.apply(&[])?;
    ensure!(second.code == 1 && second.stderr.contains("is applying to this cluster now"), "{second:?}");
    ensure!(managed.dump()? == between, "the second one changed something");
    // SIGTERM: what is not done is said, and the Lease is given back at once.
    ensure!(!first.terminate()?.success());
    ensure!(first.log().contains("not done") && first.log().contains("you stopped it"), "{}", first.log());
    let third = managed.apply(&[])?;
    ensure!(third.code == 0 && !third.stderr.contains("was cut off"), "{third:?}");
    ensure!(managed.run(&["plan", "--exit-code"])?.code == 0);
    Ok(())
}

fn stopped(world: &World) -> anyhow::Result<()> {
    let managed = Managed::start(world, "apply-killed", SURROUNDINGS)?;
    managed.file(FILE)?;
    managed.apply(&["--mapping", "aws-auth"])?.success()?;
    let moved = FILE
        .replace("[alice, ops/bob]", "[alice]")
        .replace("users: [alice]\n  roles", "users: [alice, ops/bob]\n  roles");
    managed.file(&moved.replace("{namespace: ops, clusterRole: reader}", "{namespace: ops, clusterRole: view}"))?;
    let mut command = managed.command(&["apply", "--yes", "--settle", "10m"]);
    let first = Background::start(&mut command, managed.folder.join("first.log"))?;
    wait_until("the first one waits", || Ok(first.log().contains("waiting 600 s")))?;
    drop(first); // kill -9: nobody gives the Lease back.
    let next = managed.apply(&[])?;
    ensure!(next.code == 0 && next.stderr.contains("was cut off"), "{next:?}");
    ensure!(managed.run(&["plan", "--exit-code"])?.code == 0);
    let lease =
        managed.admin.kubectl(&["-n", "kube-system", "get", "lease", "cluster-auth", "-o", "json"])?.success()?;
    let lease: Value = serde_json::from_str(&lease)?;
    ensure!(lease["spec"]["holderIdentity"] == json!("") || lease["spec"]["holderIdentity"].is_null(), "{lease}");
    let _ = process::run;
    Ok(())
}
