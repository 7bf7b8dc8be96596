//! The program under the names of those that it stands in for, as a kubeconfig of 2018 calls it.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{
    people::environment,
    process,
    world::{CLUSTER_ID, Flavour, World},
};

const NAMES: [&str; 2] = ["aws-iam-authenticator", "heptio-authenticator-aws"];

/// A folder for the PATH with the program in it, under a name.
fn installed(world: &World, folder: &str, name: &str) -> anyhow::Result<PathBuf> {
    let folder = world.folder(folder)?.join(name);
    fs::create_dir_all(&folder)?;
    symlink(&world.parts.cluster_auth, folder.join(name))?;
    Ok(folder)
}

pub(super) fn logs_in(world: &World) -> anyhow::Result<()> {
    let login = world.login(Flavour::V1Beta1Generated)?;
    for name in NAMES {
        let folder = installed(world, "both-logs-in", name)?;
        let path = format!("{}:/usr/bin:/bin", folder.display());
        // What the program writes is for the name that is on the PATH.
        let mut make = process::command(folder.join(name), &folder);
        make.args(["kubeconfig", "-i", CLUSTER_ID, "--from-kubeconfig"]).arg(login.cluster.admin_kubeconfig());
        let made = process::run(&mut make)?.success()?;
        ensure!(made.contains(&format!("command: {name}\n")), "{made}");
        // And as people have it since 2018.
        let args = format!("args: [token, -i, {CLUSTER_ID}]");
        let exec = format!("exec: {{apiVersion: client.authentication.k8s.io/v1beta1, command: {name}, {args}}}");
        let (before, behind) = made.split_once("    exec:\n").context("an exec section")?;
        let behind = &behind[behind.find("contexts:").context("contexts behind it")?..];
        let of_2018 = format!("{before}    {exec}\n{behind}");
        let user = made.split("- name: ").nth(1).is_some();
        ensure!(user, "{made}");
        for (file, text) in [("made", &made), ("of-2018", &of_2018)] {
            let file = folder.join(file);
            fs::write(&file, text)?;
            let mut kubectl = process::command(world.parts.kubernetes("kubectl"), &folder);
            kubectl.env("PATH", &path).envs(environment(&world.sts.credentials("alice")?));
            kubectl.arg("--kubeconfig").arg(&file).args([
                "auth",
                "whoami",
                "-o",
                "jsonpath={.status.userInfo.username}",
            ]);
            let who = process::run(&mut kubectl)?.success()?;
            ensure!(who == "alice", "{name}: {who}");
        }
    }
    Ok(())
}

pub(super) fn named(world: &World) -> anyhow::Result<()> {
    for name in NAMES {
        let folder = installed(world, "both-named", name)?;
        let run = |args: &[&str]| process::run(process::command(folder.join(name), &folder).args(args));
        for (args, usage) in [
            (&["--help"][..], "[OPTIONS] [COMMAND]"),
            (&["token", "--help"], "token [OPTIONS]"),
            (&["help", "server"], "server [OPTIONS]"),
        ] {
            let help = run(args)?.success()?;
            ensure!(help.contains(&format!("Usage: {name} {usage}")), "{args:?}: {help}");
            ensure!(!help.contains("Usage: cluster-auth"), "{args:?}: {help}");
        }
        let wrong = run(&["token", "--bogus"])?.failure()?;
        ensure!(wrong.contains(&format!("Usage: {name} token [OPTIONS]")), "{wrong}");
        // The version is one, whatever it is called.
        ensure!(run(&["version", "-s"])?.success()? == concat!(env!("CARGO_PKG_VERSION"), "\n"));
        let completion = run(&["completion", "bash"])?.success()?;
        ensure!(completion.contains(&format!("Completion of {name} in bash")), "{completion}");

        // Users of other programs become users of this name; doing it twice changes nothing more.
        let file = folder.join("config");
        let exec = "{apiVersion: client.authentication.k8s.io/v1beta1, command: aws, args: [eks, get-token, --cluster-name, c]}";
        fs::write(&file, format!("users:\n- name: a\n  user:\n    exec: {exec}\n"))?;
        let convert = ["kubeconfig", "--convert", &file.display().to_string()];
        process::run(process::command(folder.join(name), &folder).args(convert))?.success()?;
        let first = fs::read_to_string(&file)?;
        ensure!(first.contains(&format!("command: \"{name}\"")), "{first}");
        let again = process::run(process::command(folder.join(name), &folder).args(convert))?;
        ensure!(again.stderr.contains("nothing to convert") && fs::read_to_string(&file)? == first, "{again:?}");
    }
    Ok(())
}
