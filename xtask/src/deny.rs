//! `cargo xtask deny`: licences, sources, banned and duplicate crates.

use std::process::Command;

use crate::{run, tools};

const VERSION: &str = "0.20.2";

/// Flags of `deny`.
#[derive(clap::Args)]
pub(crate) struct DenyArgs {
    /// Check security advisories too; needs the advisory database from the network
    #[arg(long)]
    pub(crate) advisories: bool,
}

/// Runs cargo-deny at its pinned version, building it into the tools' cache the first time.
pub(crate) fn deny(args: &DenyArgs) -> anyhow::Result<()> {
    let folder = tools::cache()?.join(format!("cargo-deny-{VERSION}"));
    let program = folder.join("bin/cargo-deny");
    if !program.exists() {
        eprintln!("tools: building cargo-deny {VERSION} (minutes, once) …");
        let mut install = run::cargo();
        install.args(["install", "--quiet", "--locked", "cargo-deny", "--version", VERSION, "--root"]).arg(&folder);
        // Its own target folder, so that nothing of ours is rebuilt.
        run::check(install.env("CARGO_TARGET_DIR", folder.join("target")))?;
        std::fs::remove_dir_all(folder.join("target"))?;
    }
    let checks: &[&str] = if args.advisories { &["advisories"] } else { &[] };
    let mut deny = Command::new(program);
    deny.current_dir(run::root()).args(["--locked", "check", "bans", "licenses", "sources"]).args(checks);
    run::check(&mut deny)
}
