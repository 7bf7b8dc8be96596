//! `cargo xtask dist`: the static binary, and on macOS the one for macOS.
//!
//! musl, jemalloc, and `relocation-model=static` ([`crate::target`]); docs/threat-model.md says what that gives up.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::{
    run,
    target::{LINUX_AMD64, Target},
};

/// Flags of `dist`.
#[derive(clap::Args)]
pub(crate) struct DistArgs {
    /// The target
    #[arg(long, default_value = LINUX_AMD64.triple)]
    target: String,
}

/// What is in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Everything.
    All,
    /// What runs in a cluster: no demo and no sandbox.
    Server,
}

impl Contents {
    /// Which programs there are for a target: that of the image too, where there are containers.
    pub(crate) fn of(target: &Target) -> &'static [Self] {
        if target.system == "linux" { &[Self::All, Self::Server] } else { &[Self::All] }
    }
}

/// What a build is told of the commit that it is of.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    /// Its name, with `-dirty` where files differ from it.
    pub(crate) name: String,
    /// When it was made, in seconds since 1970: the time of everything in a release.
    pub(crate) seconds: u64,
    /// The same as RFC 3339.
    pub(crate) date: String,
}

impl Commit {
    /// That of the repository.
    pub(crate) fn here() -> anyhow::Result<Self> {
        let git = |args: &[&str]| run::output(run::command("git").args(args));
        let name = git(&["rev-parse", "HEAD"])?;
        let is_dirty = !git(&["status", "--porcelain", "--untracked-files=no"])?.trim().is_empty();
        let dirty = if is_dirty { "-dirty" } else { "" };
        let utc = |format: &str| -> anyhow::Result<String> {
            let mut log = run::command("git");
            log.env("TZ", "UTC").args(["log", "-1", &format!("--date={format}"), "--format=%cd"]);
            Ok(run::output(&mut log)?.trim().to_owned())
        };
        let (seconds, date) = (utc("unix")?.parse()?, utc("format-local:%Y-%m-%dT%H:%M:%SZ")?);
        Ok(Self { name: format!("{}{dirty}", name.trim()), seconds, date })
    }
}

/// Builds it and says where it is.
pub(crate) fn dist(args: &DistArgs) -> anyhow::Result<()> {
    let target = Target::named(&args.target)?;
    let path = build(target)?;
    let kind = if target.system == "darwin" { "" } else { ", static" };
    println!("{} ({} KB{kind})", path.display(), fs::metadata(&path)?.len() / 1_000);
    Ok(())
}

/// Builds the whole program, and copies it to where people look for it.
pub(crate) fn build(target: &Target) -> anyhow::Result<PathBuf> {
    let built = program(run::root(), target, Contents::All, &Commit::here()?)?;
    let folder = run::root().join("target/dist");
    fs::create_dir_all(&folder)?;
    let path = folder.join(target.program());
    fs::copy(&built, &path)?;
    Ok(path)
}

/// Builds the program in a checkout, checks that it is static, and returns where it is.
pub(crate) fn program(root: &Path, target: &Target, contents: Contents, commit: &Commit) -> anyhow::Result<PathBuf> {
    let mut build = target.cargo_build(root)?;
    build.args(["--package", "cli", "--features", "jemalloc"]);
    if contents == Contents::Server {
        build.arg("--no-default-features");
    }
    build.env("CLUSTER_AUTH_COMMIT", &commit.name);
    build.env("CLUSTER_AUTH_DATE", &commit.date);
    build.env("CLUSTER_AUTH_TARGET", target.triple);
    run::check(&mut build)?;
    let built = target.folder(root).join(target.program());
    if target.system == "linux" {
        let bytes = fs::read(&built)?;
        anyhow::ensure!(is_static(&bytes).context("the binary is not ELF")?, "the binary asks for a dynamic loader");
    }
    Ok(built)
}

/// Builds an example of a crate in the same way, for measuring, and returns where it is.
pub(crate) fn example(package: &str, name: &str) -> anyhow::Result<PathBuf> {
    let mut build = LINUX_AMD64.cargo_build(run::root())?;
    build.args(["--package", package, "--example", name]);
    if package == "cli" {
        build.args(["--features", "jemalloc"]);
    }
    run::check(&mut build)?;
    Ok(LINUX_AMD64.folder(run::root()).join("examples").join(name))
}

/// Whether an ELF binary of 64 bits has no interpreter (program header PT_INTERP, type 3).
fn is_static(elf: &[u8]) -> Option<bool> {
    let word = |at: usize, bytes: usize| -> Option<usize> {
        let field = elf.get(at..at + bytes)?;
        Some(field.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte)))
    };
    if elf.get(..5)? != b"\x7fELF\x02" {
        return None;
    }
    let (offset, size, count) = (word(32, 8)?, word(54, 2)?, word(56, 2)?);
    let types: Option<Vec<_>> = (0..count).map(|at| word(offset + at * size, 4)).collect();
    Some(!types?.contains(&3))
}

#[cfg(test)]
mod tests {
    use super::is_static;

    /// A header with program headers of these types.
    fn elf(types: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56 * types.len()];
        bytes[..5].copy_from_slice(b"\x7fELF\x02");
        (bytes[32], bytes[54], bytes[56]) = (64, 56, u8::try_from(types.len()).expect("few"));
        types.iter().enumerate().for_each(|(at, kind)| bytes[64 + 56 * at] = *kind);
        bytes
    }

    #[test]
    fn an_interpreter_makes_a_binary_dynamic() {
        assert_eq!(is_static(&elf(&[1, 2])), Some(true));
        assert_eq!(is_static(&elf(&[1, 3])), Some(false));
        assert_eq!(is_static(b"#!/bin/sh"), None);
    }
}
