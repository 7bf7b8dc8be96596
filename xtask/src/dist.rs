//! `cargo xtask dist`: the static binary.
//!
//! musl, jemalloc, and `relocation-model=static`: relocating a position-independent binary of this size costs more than a
//! whole `token` call. docs/threat-model.md says what that gives up.

use std::{fs, path::PathBuf, process::Command};

use anyhow::Context as _;

use crate::{needs, run};

/// What the static binary runs on.
pub(crate) const DEFAULT_TARGET: &str = "x86_64-unknown-linux-musl";

/// Flags of `dist`.
#[derive(clap::Args)]
pub(crate) struct DistArgs {
    /// The target
    #[arg(long, default_value = DEFAULT_TARGET)]
    target: String,
}

/// Builds it and says where it is.
pub(crate) fn dist(args: &DistArgs) -> anyhow::Result<()> {
    let path = build(&args.target)?;
    println!("{} ({} KB, static)", path.display(), fs::metadata(&path)?.len() / 1_000);
    Ok(())
}

/// Builds it, checks that it is static, and returns where it is.
pub(crate) fn build(target: &str) -> anyhow::Result<PathBuf> {
    let commit = run::output(run::command("git").args(["rev-parse", "HEAD"])).unwrap_or_default();
    let mut build = cargo_build(target)?;
    build.args(["--package", "cli", "--features", "jemalloc"]).env("CLUSTER_AUTH_COMMIT", commit.trim());
    run::check(&mut build)?;
    let built = target_folder(target).join("cluster-auth");
    let bytes = fs::read(&built)?;
    anyhow::ensure!(is_static(&bytes).context("the binary is not ELF")?, "the binary asks for a dynamic loader");
    let folder = run::root().join("target/dist");
    fs::create_dir_all(&folder)?;
    let path = folder.join("cluster-auth");
    fs::copy(&built, &path)?;
    Ok(path)
}

/// Builds an example of a crate in the same way, for measuring, and returns where it is.
pub(crate) fn example(package: &str, name: &str) -> anyhow::Result<PathBuf> {
    let mut build = cargo_build(DEFAULT_TARGET)?;
    build.args(["--package", package, "--example", name]);
    if package == "cli" {
        build.args(["--features", "jemalloc"]);
    }
    run::check(&mut build)?;
    Ok(target_folder(DEFAULT_TARGET).join("examples").join(name))
}

fn target_folder(target: &str) -> PathBuf {
    run::root().join("target").join(target).join("dist")
}

fn cargo_build(target: &str) -> anyhow::Result<Command> {
    needs::ensure("dist", needs::DIST)?;
    run::check(run::command("rustup").args(["target", "add", target]))?;
    let mut build = run::cargo();
    build.args(["build", "--locked", "--profile", "dist", "--target", target]);
    build.env("RUSTFLAGS", "-C relocation-model=static -C target-feature=+crt-static");
    // jemalloc is told at build time: one arena for the one thread, and unused memory goes back at once. Keeping it for a second makes a
    // review about 5 % cheaper, and what one attack needed was still held when the next one came: 20 MiB did not suffice.
    build.env("JEMALLOC_SYS_WITH_MALLOC_CONF", "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0");
    Ok(build)
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
