//! The examples of `--help`, typed as they stand there.

use std::fs;

use anyhow::{Context as _, ensure};
use e2e::{people::environment, shell::Shell, test_cluster::TestCluster, typed, world::World};
use pages::Table;

use super::cluster::{SHOP, at_hand};
use crate::Test;

pub(super) const TESTS: &[Test] = &[("docs::examples_of_the_help_run_as_they_stand_there", examples)];

const ACCESS: &str = "
clusterID: prod.example.com
account: '111122223333'
groups:
- name: developers
  users: [alice]
  roles: [Deployer]
  authorization: [{namespace: shop, clusterRole: viewer}]
- name: operators
  users: [dana]
  authorization: [{clusterRole: cluster-admin}]
";

fn examples(world: &World) -> anyhow::Result<()> {
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: team-blue}\n";
    let managed = TestCluster::start(world, "docs-help", &format!("{SHOP}{namespace}"))?;
    at_hand(&managed.folder)?;
    managed.file(ACCESS)?;
    managed.apply(&["--mapping", "aws-auth"])?.success()?;
    let programs = managed.folder.join("bin");
    for folder in [&programs, &managed.folder.join("../main")] {
        fs::create_dir_all(folder)?;
    }
    fs::copy(managed.folder.join("access.yaml"), managed.folder.join("../main/access.yaml"))?;
    fs::write(managed.folder.join("lint.yaml"), "exclusions: []\n")?;
    let mut shell = Shell::new(&world.parts, &managed.folder)?;
    shell.set("KUBECONFIG", managed.cluster.admin_kubeconfig().display().to_string());
    shell.set_all(environment(&world.sts.credentials("alice")?));
    shell.set_all(world.sts.proxy_environment());
    shell.set("NO_PROXY", "127.0.0.1");
    shell.stands_for("/usr/local/bin", programs.display().to_string());
    for line in [
        "kubectl get namespaces,roles,clusterroles,rolebindings,clusterrolebindings,configmaps -A -o json > cluster.json",
        "cp cluster.json before.json",
        "kubectl config rename-context \"$(kubectl config current-context)\" prod",
    ] {
        shell.output(line)?.success()?;
    }

    let (table, test) = (Table::read()?, typed::test());
    let mut typed = 0;
    for example in all(&shell)?.into_iter().filter(|example| !table.is_of_others(&test, example)) {
        if example.contains("--write-exclusions") {
            // A file that is there is not replaced.
            fs::remove_file(managed.folder.join("lint.yaml"))?;
        }
        let output = shell.output(&example)?;
        // With these flags, 2 is an answer.
        let answers = if ["--exit-code", "--fail-on"].iter().any(|flag| example.contains(flag)) { 2 } else { 0 };
        ensure!([0, answers].contains(&output.code), "{example}: {output:?}");
        typed += 1;
    }
    ensure!(typed > 15, "only {typed} examples were found");
    Ok(())
}

/// Every example of every command's help.
fn all(shell: &Shell) -> anyhow::Result<Vec<String>> {
    let help = |of: &str| shell.output(&format!("COLUMNS=1000 cluster-auth {of} --help"))?.success();
    let names = help("")?;
    let mut examples = Vec::new();
    for line in names.lines() {
        // `  who-can      Show who may do something`, and not a flag.
        let Some((name, _)) = line.strip_prefix("  ").and_then(|line| line.split_once("  ")) else { continue };
        let is_name = !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'-');
        if is_name && !name.starts_with('-') && name != "help" {
            let text = help(name)?;
            let below = text.split_once("Examples:\n").map_or("", |(_, below)| below);
            let lines = below.lines().take_while(|line| line.starts_with("  "));
            examples.extend(lines.map(|line| line.trim().to_owned()));
        }
    }
    ensure!(examples.iter().all(|example| !example.is_empty()), "{examples:?}");
    examples.first().context("an example")?;
    Ok(examples)
}
