//! `cargo xtask windows`: the client's commands compile for Windows.

use crate::run;

const TARGET: &str = "x86_64-pc-windows-gnu";

/// Checks them; nothing is linked, but ring's C code is compiled.
pub(crate) fn windows() -> anyhow::Result<()> {
    run::require("x86_64-w64-mingw32-gcc", "apt-get install gcc-mingw-w64-x86-64")?;
    run::check(run::command("rustup").args(["target", "add", TARGET]))?;
    let mut clippy = run::cargo();
    clippy.args(["clippy", "--locked", "--package", "cli", "--target", TARGET, "--", "-D", "warnings"]);
    run::check(&mut clippy)
}
