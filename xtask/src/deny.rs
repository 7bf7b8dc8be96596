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
    let program = tools::cargo_program("cargo-deny", VERSION, &[])?;
    let checks: &[&str] = if args.advisories { &["advisories"] } else { &[] };
    let mut deny = Command::new(program);
    deny.current_dir(run::root()).args(["--locked", "check", "bans", "licenses", "sources"]).args(checks);
    run::check(&mut deny)
}
