//! `cargo xtask ci`: what .ci/run does, step by step, with times.

use std::time::Instant;

use crate::{deny, lint, needs, run, windows};

/// Runs every step; the first that fails ends it.
pub(crate) fn ci() -> anyhow::Result<()> {
    needs::ensure("ci", &[needs::TESTS, needs::NODE_TESTS, needs::LINT, needs::WINDOWS].concat())?;
    let test = || run::check(run::cargo().args(["xtask", "test"]));
    let deny = || deny::deny(&deny::DenyArgs { advisories: false });
    let steps: [(&str, &dyn Fn() -> anyhow::Result<()>); 4] =
        [("test", &test), ("lint", &lint::lint), ("windows", &windows::windows), ("deny", &deny)];
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
