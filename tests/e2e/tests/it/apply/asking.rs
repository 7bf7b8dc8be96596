//! The question at a terminal, and what becomes of the answer.

use std::process::Stdio;

use anyhow::ensure;
use e2e::{
    process::{self, Background, wait_until},
    test_cluster::TestCluster,
    world::World,
};

use super::{FILE, surroundings};
use crate::Test;

pub(super) const TESTS: &[Test] = &[("apply::at_a_terminal_it_asks_and_does_what_was_shown", asks)];

/// Runs a program at a terminal of its own, and ends as it ends.
const TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

fn asks(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "apply-asks", &surroundings())?;
    managed.file(FILE)?;
    let answered =
        |log: &str, answer: &str, meanwhile: &dyn Fn() -> anyhow::Result<()>| -> anyhow::Result<(bool, String)> {
            let mut command = process::command(world.parts.moto.with_file_name("python"), &managed.folder);
            command.args(["-c", TERMINAL]).arg(&world.parts.cluster_auth).args(["apply", "--mapping", "aws-auth"]);
            command.env("KUBECONFIG", managed.cluster.admin_kubeconfig()).env("NO_COLOR", "1").stdin(Stdio::piped());
            let mut run = Background::start(&mut command, managed.folder.join(log))?;
            wait_until("it asks", || {
                ensure!(run.ended()?.is_none(), "{}", run.log());
                Ok(run.log().contains("Type `yes` to confirm:"))
            })?;
            meanwhile()?;
            run.types(answer)?;
            let ended = run.wait()?;
            Ok((ended.success(), run.log()))
        };
    let before = managed.dump()?;
    let (done, log) = answered("no.log", "y", &|| Ok(()))?;
    ensure!(!done && log.contains("nothing was changed") && managed.dump()? == before, "{log}");
    ensure!(log.contains("Apply this to e2e.example.com (local, https://127.0.0.1:"), "{log}");
    // What somebody makes meanwhile changes what would be done: that was not what was shown.
    let role = ["-n", "dev", "create", "role", "developers", "--verb=get", "--resource=pods"];
    let (done, log) = answered("changed.log", "yes", &|| managed.admin.kubectl(&role)?.success().map(drop))?;
    ensure!(!done && log.contains("[plan.not-ours]"), "{log}");
    managed.admin.kubectl(&["-n", "dev", "delete", "role", "developers"])?.success()?;
    let namespace = ["create", "clusterrole", "reader-of-nothing", "--verb=get", "--resource=pods"];
    let (done, log) = answered("same.log", "yes", &|| managed.admin.kubectl(&namespace)?.success().map(drop))?;
    ensure!(done, "what changes nothing for anybody is no reason to stop: {log}");
    ensure!(log.contains("9 changed, and the record of what is applied. In effect everywhere by "), "{log}");
    managed.file(&FILE.replace("[alice, ops/bob]", "[alice]"))?;
    let binding = ["-n", "dev", "delete", "rolebinding", "developers-binding"];
    let (done, log) = answered("drift.log", "yes", &|| managed.admin.kubectl(&binding)?.success().map(drop))?;
    ensure!(!done && log.contains("the cluster has changed: the plan was"), "{log}");
    Ok(())
}
