//! What is in the archive of one target: the program, its pages and its completions.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{
    dist::Contents,
    release::{
        Release,
        archive::{self, Archive},
        dependencies::Dependencies,
    },
    run,
    target::{LINUX_ARM64, MACOS_ARM64, Target},
    tools,
};

/// The version of rust-audit-info.
const AUDIT_INFO: &str = "0.5.4";

/// Libraries of Windows itself, by how their names begin.
const OF_WINDOWS: [&str; 10] =
    ["kernel32", "ntdll", "advapi32", "bcrypt", "ws2_32", "userenv", "crypt32", "secur32", "ncrypt", "shell32"];

/// Looks at it.
pub(super) fn check(release: &Release, archive: &Archive, folder: &Path) -> anyhow::Result<()> {
    let Archive { target, .. } = archive;
    let program = folder.join(target.program());
    let third = fs::read_to_string(folder.join("THIRD-PARTY-LICENSES.txt"))?;
    let dependencies = Dependencies::of(target, Contents::All)?;
    for package in dependencies.foreign() {
        let line = format!("{} {} (", package.name, package.version);
        ensure!(third.contains(&line), "the licences have no {line}");
    }
    audit(&program, &dependencies)?;
    if target.system == "windows" {
        return libraries(&program);
    }
    for page in archive::sorted(&folder.join("man/man1"))? {
        // What is not of mandoc's own dialect is its lowest level, `style`.
        run::output(Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(&page))?;
    }
    run::output(Command::new("bash").arg("-n").arg(folder.join("completions/bash/cluster-auth")))?;
    run::output(Command::new("zsh").arg("-n").arg(folder.join("completions/zsh/_cluster-auth")))?;
    run::output(Command::new("fish").arg("-n").arg(folder.join("completions/fish/cluster-auth.fish")))?;
    if *target == &MACOS_ARM64 {
        // Nothing here runs it: the workflow's job has, where it was built.
        return Ok(());
    }
    says_what_it_is(release, target, &program)?;
    let demo = run::output(command(target, &program).arg("demo").current_dir(run::root()))?;
    ensure!(demo.contains("alice, an IAM user") && demo.contains("mapping.none"), "the demo says: {demo}");
    unit(folder, &program)
}

/// A program of this target as this machine runs it.
pub(super) fn command(target: &Target, program: &Path) -> Command {
    if target == &LINUX_ARM64 {
        let mut command = Command::new("qemu-aarch64");
        command.arg(program);
        return command;
    }
    Command::new(program)
}

/// Version, commit and target.
pub(super) fn says_what_it_is(release: &Release, target: &Target, program: &Path) -> anyhow::Result<()> {
    let said: Value = serde_json::from_str(&run::output(command(target, program).arg("version"))?)?;
    let build = said["Build"].as_str().unwrap_or_default();
    let is_it = said["Version"] == *release.version && said["Commit"] == *release.commit.name;
    ensure!(is_it && build.starts_with(target.triple), "{} says of itself: {said}", program.display());
    Ok(())
}

/// What prints the list of dependencies that is in a program.
pub(super) fn audit_info() -> anyhow::Result<PathBuf> {
    tools::cargo_program("rust-audit-info", AUDIT_INFO, &[])
}

/// The list in the program has everything that the SBOM has.
fn audit(program: &Path, dependencies: &Dependencies) -> anyhow::Result<()> {
    let info = run::output(Command::new(audit_info()?).arg(program))?;
    let info: Value = serde_json::from_str(&info)?;
    let packages = info["packages"].as_array().context("the program has a list")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let inside: BTreeSet<_> =
        packages.iter().map(|package| (text(&package["name"]), text(&package["version"]))).collect();
    let missing: Vec<_> = dependencies.packages.keys().filter(|key| !inside.contains(*key)).collect();
    ensure!(missing.is_empty(), "{} does not name {missing:?}", program.display());
    Ok(())
}

/// It needs nothing that Windows does not have.
fn libraries(program: &Path) -> anyhow::Result<()> {
    let said = run::output(Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(program))?;
    let names: Vec<String> =
        said.lines().filter_map(|line| line.trim().strip_prefix("DLL Name: ")).map(str::to_lowercase).collect();
    ensure!(!names.is_empty(), "{} asks for no library at all", program.display());
    let is_known =
        |name: &&String| name.starts_with("api-ms-win-") || OF_WINDOWS.iter().any(|known| name.starts_with(known));
    let others: Vec<_> = names.iter().filter(|name| !is_known(name) && *name != "msvcrt.dll").collect();
    ensure!(others.is_empty(), "{} needs {others:?}", program.display());
    Ok(())
}

/// systemd takes the unit, with the program where it is here.
fn unit(folder: &Path, program: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(folder.join("systemd/cluster-auth.service"))?;
    let installed = "/usr/local/bin/cluster-auth";
    ensure!(text.contains(installed), "the unit starts no {installed}");
    let unit = folder.join("cluster-auth.service");
    fs::write(&unit, text.replace(installed, &program.to_string_lossy()))?;
    run::output(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(unit)).map(drop)
}
