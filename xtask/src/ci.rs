//! `cargo xtask ci`: what .ci/run does, step by step, with times.

use std::time::Instant;

use crate::{deny, lint, needs, release, run, windows};

/// Runs every step; the first that fails ends it.
pub(crate) fn ci() -> anyhow::Result<()> {
    needs::ensure("ci", &[needs::TESTS, needs::NODE_TESTS, needs::LINT, needs::RELEASE, needs::WINDOWS].concat())?;
    let test = || run::check(run::cargo().args(["xtask", "test"]));
    let deny = || deny::deny(&deny::DenyArgs { advisories: false });
    let release = || release::release(&release::ReleaseArgs::default());
    let steps: [(&str, &dyn Fn() -> anyhow::Result<()>); 5] = [
        ("test", &test),
        ("lint", &lint::lint),
        ("release", &release),
        ("windows", &windows::windows),
        ("deny", &deny),
    ];
    let mut times = Vec::new();
    for (name, step) in steps {
        let start = Instant::now();
        println!("ci: {name}");
        step()?;
        times.push(format!("{name} {} s", start.elapsed().as_secs()));
    }
    println!("ci: all good: {}", times.join(", "));
    Ok(())
}
