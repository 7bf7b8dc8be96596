//! The program as a plugin of the real kubectl.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    process::{self, Output},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use serde_json::Value;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("plugin::every_command_is_one_of_kubectls", commands),
    ("plugin::looks_where_kubectl_looks", flags),
    ("plugin::kubectl_completes_it", completion),
];

/// A folder for the PATH with the plugin and its completion in it.
fn installed(managed: &TestCluster) -> anyhow::Result<PathBuf> {
    let folder = managed.folder.join("bin");
    fs::create_dir_all(&folder)?;
    std::os::unix::fs::symlink(managed.program(), folder.join("kubectl-cluster_auth"))?;
    let script = folder.join("kubectl_complete-cluster_auth");
    fs::write(&script, managed.run(&["completion", "kubectl"])?.success()?)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// What makes each of the commands that see access print JSON: a new command needs a row.
const SEEING: &[(&str, &[&str])] = &[
    ("who-can", &["get", "pods"]),
    ("diff", &["group:system:authenticated", "user:system:anonymous"]),
    ("explain", &["arn:aws:iam::111122223333:user/alice"]),
    ("matrix", &[]),
    ("lint", &[]),
    ("whoami", &[]),
];

fn commands(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "plugin-commands", "")?;
    let plugins = installed(&managed)?;
    let kubectl = |args: &[&str]| managed.admin.plugin(&plugins, args);

    let list = kubectl(&["plugin", "list"])?;
    let is_there = list.stdout.contains(&plugins.join("kubectl-cluster_auth").display().to_string());
    ensure!(list.code == 0 && is_there && !format!("{list:?}").contains("warning"), "{list:?}");

    let help = kubectl(&["cluster-auth", "--help"])?.success()?;
    ensure!(help.contains("Usage: kubectl cluster-auth [OPTIONS]"), "{help}");
    let headings = help.lines().skip_while(|line| !line.starts_with("For the team member:"));
    let mut heading = "";
    let mut seeing = Vec::new();
    for line in headings.take_while(|line| *line != "Options:") {
        let Some(line) = line.strip_prefix("  ") else {
            heading = line;
            continue;
        };
        let command = line.split(' ').next().unwrap_or_default();
        if command == "help" {
            continue;
        }
        let help = kubectl(&["cluster-auth", command, "--help"])?.success()?;
        ensure!(help.contains(&format!("Usage: kubectl cluster-auth {command}")), "{help}");
        ensure!(!help.lines().any(|line| line.trim_start().starts_with("cluster-auth ")), "{help}");
        if heading == "Seeing access:" {
            seeing.push(command.to_owned());
        }
    }
    ensure!(seeing.len() > 2, "{help}");
    for command in seeing {
        let said = if command == "verify" {
            // It looks at a token and at no cluster.
            let token = world.token("alice", CLUSTER_ID)?;
            let mut verify = process::command(plugins.join("kubectl-cluster_auth"), &managed.folder);
            verify.args(["verify", "-i", CLUSTER_ID, "-t", &token, "-o", "json", "--sts-connect-to"]);
            verify.arg(world.sts.address.to_string()).arg("--sts-ca-file").arg(&world.sts.ca_file);
            process::run(&mut verify)?
        } else {
            let row = SEEING.iter().find(|(name, _)| *name == command);
            let (_, args) = row.with_context(|| format!("{command} needs a row in SEEING"))?;
            kubectl(&[&["cluster-auth", &command], *args, &["-o", "json"]].concat())?
        };
        let json = serde_json::from_str::<Value>(&said.stdout);
        ensure!(json.is_ok(), "{command}: {said:?}");
    }
    // Nothing was typed: the help, and no failure.
    let nothing = kubectl(&["cluster-auth"])?;
    ensure!(nothing.code == 0 && nothing.stdout == help, "{nothing:?}");
    let wrong = kubectl(&["cluster-auth", "who-cann"])?;
    ensure!(wrong.code == 1 && wrong.stderr.contains("Usage: kubectl cluster-auth"), "{wrong:?}");
    Ok(())
}

/// `KUBECONFIG`, `--kubeconfig`, `--context` and `-n` mean what they mean to kubectl.
fn flags(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "plugin-flags", "")?;
    let plugins = installed(&managed)?;
    let admin = managed.cluster.admin_kubeconfig().display().to_string();
    let file = managed.folder.join("other.kubeconfig").display().to_string();
    fs::copy(&admin, &file)?;
    let config = |args: &[&str]| {
        let mut kubectl = process::command(world.parts.kubernetes.join("kubectl"), &managed.folder);
        process::run(kubectl.args(["config", "--kubeconfig", &file]).args(args))?.success()
    };
    let user = config(&["view", "-o", "jsonpath={.users[0].name}"])?;
    let cluster = config(&["view", "-o", "jsonpath={.clusters[0].name}"])?;
    let context =
        ["set-context", "shop", "--namespace=shop", &format!("--user={user}"), &format!("--cluster={cluster}")];
    config(&context)?;
    let asked = |args: &[&str]| -> anyhow::Result<String> {
        let words = [&["cluster-auth", "who-can", "get", "pods", "-o", "json"], args].concat();
        let said = managed.admin.plugin(&plugins, &words)?.success()?;
        let said: Value = serde_json::from_str(&said)?;
        Ok(said["question"]["namespace"].as_str().unwrap_or("all").to_owned())
    };
    for (args, namespace) in [
        (&[][..], "default"),
        (&["--kubeconfig", &file], "default"),
        (&["--kubeconfig", &file, "--context", "shop"], "shop"),
        (&["--kubeconfig", &file, "--context=shop", "-n", "kube-system"], "kube-system"),
        (&["--kubeconfig", &file, "--context", "shop", "--namespace=kube-public"], "kube-public"),
        (&["--kubeconfig", &file, "--context", "shop", "-A"], "all"),
    ] {
        let found = asked(args)?;
        ensure!(found == namespace, "{args:?}: {found}");
    }
    let wrong = managed.admin.plugin(&plugins, &["cluster-auth", "who-can", "get", "pods", "--context", "nowhere"])?;
    ensure!(wrong.code == 1 && wrong.stderr.contains("nowhere"), "{wrong:?}");
    Ok(())
}

fn completion(world: &World) -> anyhow::Result<()> {
    let managed = TestCluster::start(world, "plugin-completion", "")?;
    let plugins = installed(&managed)?;
    let complete = |args: &[&str]| -> anyhow::Result<Output> {
        managed.admin.plugin(&plugins, &[&["__complete", "cluster-auth"], args].concat())
    };
    for (args, first, directive) in [
        (&["who-"][..], "who-can\tShow who may do something, and what grants it", ":4"),
        (&["who-can", "--any"], "--any-namespace\tShow who can do it in at least one namespace, and list each", ":4"),
        (&["diff", "a", "b", "-o", "j"], "json", ":4"),
        (&["who-can", "get", "pods", "--from", ""], ":0", ":0"),
    ] {
        let said = complete(args)?;
        let lines: Vec<&str> = said.stdout.lines().collect();
        let starts = lines.first().is_some_and(|line| line.starts_with(first));
        ensure!(said.code == 0 && starts && lines.last() == Some(&directive), "{args:?}: {said:?}");
    }
    // kubectl offers the plugin itself.
    let kubectl = managed.admin.plugin(&plugins, &["__complete", "cluster-"])?;
    ensure!(kubectl.stdout.contains("cluster-auth"), "{kubectl:?}");
    Ok(())
}
