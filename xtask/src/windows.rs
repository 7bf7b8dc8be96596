//! `cargo xtask windows`: the client's commands compile for Windows.

use crate::{needs, run};

const TARGET: &str = "x86_64-pc-windows-gnu";

/// Checks them; nothing is linked, but ring's C code is compiled.
pub(crate) fn windows() -> anyhow::Result<()> {
    needs::ensure("windows", needs::WINDOWS)?;
    run::check(run::command("rustup").args(["target", "add", TARGET]))?;
    let mut clippy = run::cargo();
    clippy.args(["clippy", "--locked", "--package", "cli", "--target", TARGET, "--", "-D", "warnings"]);
    run::check(&mut clippy)
}
