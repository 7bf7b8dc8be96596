//! `demo --node`: a machine of one's own, as its audience sees it.

use std::{env, fs, path::PathBuf};

use anyhow::{Context as _, ensure};
use e2e::{process, typed, world::World};

use crate::demo;

pub(super) fn demo(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("node-demo")?;
    let program = &world.parts.cluster_auth;
    // Nobody else's files: kubectl has some in the home folder.
    let temporary = folder.join("tmp");
    fs::create_dir(&temporary)?;
    // Where nothing of Kubernetes is, all of it is named, and nothing was started.
    let mut command = process::command(program, &folder);
    let lacking =
        process::run(command.args(["demo", "--node"]).env("PATH", "/usr/bin:/bin").env("TMPDIR", &temporary))?;
    ensure!(lacking.code == 1 && lacking.stdout.is_empty(), "{lacking:?}");
    for name in ["kubelet", "kubeadm", "containerd", "runc", "pause", "KUBEBUILDER_ASSETS", "cargo xtask tools"] {
        ensure!(lacking.stderr.contains(name), "{name}: {lacking:?}");
    }
    let left = || -> anyhow::Result<Vec<_>> { fs::read_dir(&temporary)?.map(|entry| Ok(entry?.file_name())).collect() };
    ensure!(left()?.is_empty(), "{:?} was left behind", left()?);

    let line = "cluster-auth demo --node";
    let runc = world.parts.runc.parent().context("runc lies in a folder")?;
    let path: Vec<PathBuf> = [world.parts.containerd.clone(), runc.to_owned()].into();
    let path = env::join_paths(path.into_iter().chain(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from)))?;
    let mut command = process::command(program, &folder);
    command.args(line.split(' ').skip(1)).env("PATH", path);
    command.env("KUBEBUILDER_ASSETS", &world.parts.kubernetes).env("TMPDIR", &temporary);
    let mut machine = process::Background::start(&mut command, folder.join("log"))?;
    typed::note(line);
    let says = [
        ("kubectl --context alice auth whoami", "developers"),
        ("kubectl --context alice get pods", "No resources found in dev namespace."),
        ("kubectl --context alice get secrets", "Forbidden"),
        ("kubectl --context dave auth whoami", "DevAccess:dave-example.com"),
        ("kubectl --context mallory auth whoami", "Unauthorized"),
        ("kubectl --context carol get pods", "cluster-auth-node"),
        ("kubectl --context carol logs", "access granted"),
        ("cluster-auth who-can", "Group developers"),
        ("cluster-auth whoami", "arn:aws:iam::111122223333:user/alice"),
    ];
    demo::answers(&mut machine, &folder, &says)?;
    // It ends, and with it everything that it has started.
    ensure!(machine.terminate()?.success(), "{}", machine.log());
    ensure!(left()?.is_empty(), "the demo left {:?} behind", left()?);
    Ok(())
}
