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

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{run, target};

    #[test]
    fn everything_that_is_released_is_looked_at() {
        let text = fs::read_to_string(run::root().join("deny.toml")).expect("deny.toml is there");
        let left_out = target::ALL.iter().find(|target| !text.contains(&format!("\"{}\"", target.triple)));
        assert!(left_out.is_none(), "deny.toml lacks {left_out:?}");
    }
}
