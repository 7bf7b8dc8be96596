//! A disk without a free block, as a file system of a few pages: `init` leaves no half of anything, and a server that has its files
//! needs no more.

use std::{fs, process::Command};

use anyhow::ensure;
use e2e::{
    load::{Load, Seen},
    machine::is_root,
    process,
    server::{Server, certificate_authority},
    world::{CLUSTER_ID, World},
};

use super::{OPTIONS, PEOPLE};

/// A shell that sees a file system of so many KiB in `small`, and goes there. Nobody else sees it.
fn shell_in_small(world: &World, name: &str, kib: usize, script: &str) -> anyhow::Result<Command> {
    let folder = world.folder(name)?;
    fs::create_dir_all(folder.join("small"))?;
    let mut command = process::command("unshare", &folder);
    if !is_root()? {
        command.args(["--user", "--map-root-user"]);
    }
    let script = format!("mount -t tmpfs -o size={kib}k tmpfs small; cd small; {script}");
    command.args(["--mount", "sh", "-ec", &script, "sh"]).arg(&world.parts.cluster_auth);
    Ok(command)
}

pub(super) fn without_room(world: &World) -> anyhow::Result<()> {
    let init = format!("\"$1\" init -i {CLUSTER_ID}");
    // Room for one file of three.
    let script = format!("if {init}; then exit 1; fi; ls -A");
    let output = process::run(&mut shell_in_small(world, "faults-no-room", 4, &script)?)?;
    ensure!(output.code == 0 && output.stdout.is_empty(), "half of it was left: {output:?}");
    ensure!(output.stderr.contains("cannot write") && output.stderr.contains("No space left"), "{output:?}");

    // For all three, and then for nothing more; and in the end there is room again.
    let script = format!(
        "{init}; cat /dev/zero >filler 2>/dev/null || true; mkdir ../before; cp cert.pem key.pem *.kubeconfig ../before; \
         if {init} --rotate; then exit 1; fi; for file in cert.pem key.pem *.kubeconfig; do cmp $file ../before/$file; done; \
         test \"$(ls -A)\" = \"$(printf 'aws-iam-authenticator.kubeconfig\\ncert.pem\\nfiller\\nkey.pem')\"; \
         rm filler; {init} --rotate; if cmp -s cert.pem ../before/cert.pem; then exit 1; fi"
    );
    let output = process::run(&mut shell_in_small(world, "faults-no-room-to-rotate", 32, &script)?)?;
    ensure!(output.code == 0, "a rotation that fails changes nothing: {output:?}");
    ensure!(output.stderr.contains("No space left"), "{output:?}");
    Ok(())
}

pub(super) fn served_without_room(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("faults-served-without-room")?;
    let mut before = Server::start(&world.parts, &world.sts, &folder, &OPTIONS)?;
    ensure!(before.process.terminate()?.success(), "{}", before.process.log());
    let program = folder.join("cluster-auth");
    let files = ["cert.pem", "key.pem", "webhook.kubeconfig", "config.yaml"].map(|name| folder.join(name));
    let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    // The same folder for the server, with the same files and no room.
    let (copies, folder_name) = (files.join(" "), folder.display());
    let full = format!(
        "mkdir -p full; mount -t tmpfs -o size=32k tmpfs full; cp -p {copies} full; cat /dev/zero >full/filler 2>/dev/null || true; \
         mount --bind full {folder_name}; exec \"$0\" \"$@\""
    );
    let user = if is_root()? { "" } else { "--user --map-root-user" };
    let script = format!(
        "#!/bin/sh\nexec unshare {user} --mount sh -ec '{full}' {} \"$@\"\n",
        world.parts.cluster_auth.display()
    );
    super::write_program(&program, &script)?;
    let parts = world.parts.with_program(program);
    let server = Server::start_prepared(&parts, &world.sts, &folder, &folder.join("config.yaml"), before.port, &[])?;
    let load = Load::start(world, &PEOPLE, &certificate_authority(&folder)?, server.port)?;
    load.wait_for_logins(100)?;
    let seen = load.end()?;
    ensure!(seen == Seen { granted: seen.granted, ..Seen::default() }, "{seen:?}\n{}", server.process.log());
    Ok(())
}
