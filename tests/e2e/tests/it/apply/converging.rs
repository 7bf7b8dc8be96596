//! Interrupted anywhere, the next run converges; two at once are kept apart.

use std::{cell::RefCell, fs};

use anyhow::ensure;
use e2e::{
    counting_proxy::CountingProxy,
    process::{Background, wait_until},
    test_cluster::TestCluster,
    world::World,
};
use serde_json::{Value, json};

use super::{FILE, surroundings};
use crate::Test;

pub(super) const TESTS: &[Test] = &[
    ("apply::two_at_once_are_kept_apart", two),
    ("apply::a_lease_that_nobody_renews_is_taken_over", stopped),
    ("apply::a_lease_that_is_taken_away_ends_it", robbed),
    ("apply::what_changed_in_between_is_not_overwritten", changed),
    ("apply::killed_anywhere_the_next_run_converges", killed),
];

/// A cluster on which somebody applies, who waits before rights are taken away: people change groups.
fn waiting(world: &World, name: &str, settle: &str) -> anyhow::Result<(TestCluster, Background)> {
    let managed = TestCluster::start(world, name, &surroundings())?;
    managed.file(FILE)?;
    managed.apply(&["--mapping", "aws-auth"])?.success()?;
    let moved = FILE
        .replace("[alice, ops/bob]", "[alice]")
        .replace("users: [alice]\n  roles", "users: [alice, ops/bob]\n  roles")
        .replace("  - {namespace: ops, clusterRole: reader}\n", "");
    managed.file(&moved)?;
    let mut run = Background::start(
        &mut managed.command(&["apply", "--yes", "--settle", settle]),
        managed.folder.join("waiting.log"),
    )?;
    wait_until("it waits", || {
        ensure!(run.ended()?.is_none(), "{}", run.log());
        Ok(run.log().contains("(`--settle`)"))
    })?;
    Ok((managed, run))
}

fn two(world: &World) -> anyhow::Result<()> {
    let (managed, mut first) = waiting(world, "apply-two", "10m")?;
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
    let (managed, first) = waiting(world, "apply-killed", "10m")?;
    drop(first); // kill -9: nobody gives the Lease back.
    let next = managed.apply(&[])?;
    ensure!(next.code == 0 && next.stderr.contains("was interrupted"), "{next:?}");
    ensure!(managed.run(&["plan", "--exit-code"])?.code == 0);
    let lease =
        managed.admin.kubectl(&["-n", "kube-system", "get", "lease", "cluster-auth", "-o", "json"])?.success()?;
    let lease: Value = serde_json::from_str(&lease)?;
    ensure!(lease["spec"]["holderIdentity"] == json!("") || lease["spec"]["holderIdentity"].is_null(), "{lease}");
    Ok(())
}

fn robbed(world: &World) -> anyhow::Result<()> {
    let (managed, mut run) = waiting(world, "apply-robbed", "10m")?;
    let thief = json!({"spec": {"holderIdentity": "thief \u{1b}[31m"}}).to_string();
    managed
        .admin
        .kubectl(&["-n", "kube-system", "patch", "lease", "cluster-auth", "--type=merge", "-p", &thief])?
        .success()?;
    ensure!(!run.wait()?.success(), "{}", run.log());
    let log = run.log();
    ensure!(log.contains("was taken over by `thief [31m`") && log.contains("not done"), "{log}");
    Ok(())
}

fn changed(world: &World) -> anyhow::Result<()> {
    let (managed, mut run) = waiting(world, "apply-changed", "8s")?;
    let binding = ["-n", "ops", "annotate", "rolebinding", "cluster-auth:developers:reader", "seen-by=me"];
    managed.admin.kubectl(&binding)?.success()?;
    ensure!(!run.wait()?.success(), "{}", run.log());
    let log = run.log();
    ensure!(
        log.contains("cluster-auth:developers:reader: rolebindings ops/cluster-auth:developers:reader was changed"),
        "{log}"
    );
    ensure!(log.contains("not done: ConfigMap kube-system/cluster-auth"), "{log}");
    managed.admin.kubectl(&["-n", "ops", "get", "rolebinding", "cluster-auth:developers:reader"])?.success()?;
    managed.apply(&[])?.success()?;
    ensure!(managed.run(&["plan", "--exit-code"])?.code == 0);
    Ok(())
}

/// At how many places of a run it is killed.
const PLACES: usize = 8;

fn killed(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-killed-anywhere", &surroundings())?;
    let files = [
        FILE.to_owned(),
        FILE.replace("[alice, ops/bob]", "[alice, erin]")
            .replace("[get, list, create]", "[get, delete]")
            .replace("{namespace: ops, clusterRole: reader}", "{namespace: ops, clusterRole: view}")
            .replace("- {namespaces: [dev, ops], clusterRole: reader}\n", ""),
    ];
    let server = managed.cluster.server_url();
    let counter = CountingProxy::start(server.trim_start_matches("https://").parse()?)?;
    let kubeconfig = managed.folder.join("counted.kubeconfig");
    let counted = format!("https://{}", counter.address);
    fs::write(&kubeconfig, fs::read_to_string(managed.cluster.admin_kubeconfig())?.replace(&server, &counted))?;
    let kubeconfig = kubeconfig.display().to_string();
    let apply = ["apply", "--yes", "--settle", "0s", "--mapping", "aws-auth"];
    // What both states are when nobody disturbs, and how much is sent on the way from one to the other.
    let mut states = Vec::new();
    let mut sent = 0;
    for file in [&files[0], &files[1], &files[0]] {
        managed.file(file)?;
        counter.take();
        e2e::process::run(&mut managed.command_as(&kubeconfig, &apply))?.success()?;
        sent = counter.take();
        states.push(said(&managed)?);
    }
    ensure!(states[0] == states[2] && states[0] != states[1], "the states are two");
    let mut killed = 0;
    for place in 1..=PLACES {
        let to = place % 2;
        managed.file(&files[to])?;
        counter.take();
        let run = Background::start(&mut managed.command_as(&kubeconfig, &apply), managed.folder.join("killed.log"))?;
        let run = RefCell::new(run);
        let is_over = || matches!(run.borrow_mut().ended(), Ok(Some(_)));
        killed += usize::from(counter.wait(sent * place / PLACES, is_over));
        drop(run.into_inner());
        // Another test waits for a Lease to end.
        managed
            .admin
            .kubectl(&["-n", "kube-system", "delete", "lease", "cluster-auth", "--ignore-not-found"])?
            .success()?;
        managed.apply(&["--mapping", "aws-auth"])?.success()?;
        ensure!(said(&managed)? == states[to], "killed at {place} of {PLACES}, it does not converge");
    }
    ensure!(killed >= PLACES - 2, "only {killed} runs were killed");
    Ok(())
}

/// What objects say, without what the API server notes about them.
fn said(managed: &TestCluster) -> anyhow::Result<Vec<Value>> {
    let mut objects = managed.dump()?;
    for object in &mut objects {
        let metadata = &mut object["metadata"];
        for noted in ["resourceVersion", "uid", "creationTimestamp", "managedFields", "generation"] {
            if let Some(metadata) = metadata.as_object_mut() {
                metadata.remove(noted);
            }
        }
    }
    Ok(objects)
}
