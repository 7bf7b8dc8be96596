//! `cargo xtask ci`: what .ci/run does, step by step, with times.

use std::{thread, time::Instant};

use anyhow::Context as _;

use crate::{deny, lint, needs, release, run, windows};

/// Runs every step; the first that fails ends it. To link a release is work for one processor, and so other steps go beside it.
pub(crate) fn ci() -> anyhow::Result<()> {
    needs::ensure("ci", &[needs::TESTS, needs::NODE_TESTS, needs::LINT, needs::RELEASE, needs::WINDOWS].concat())?;
    let test = || run::check(run::cargo().args(["xtask", "test"]));
    let deny = || deny::deny(&deny::DenyArgs { advisories: false });
    let release = || release::release(&release::ReleaseArgs::default());
    let tested = timed("test", test)?;
    let beside: [(&str, &dyn Fn() -> anyhow::Result<()>); 3] =
        [("lint", &lint::lint), ("windows", &windows::windows), ("deny", &deny)];
    let times = thread::scope(|scope| {
        let released = scope.spawn(|| timed("release", release));
        let mut times = beside.into_iter().map(|(name, step)| timed(name, step)).collect::<anyhow::Result<Vec<_>>>()?;
        times.push(released.join().ok().context("the release panicked")??);
        anyhow::Ok(times)
    })?;
    println!("ci: all good: {tested}, {}", times.join(", "));
    Ok(())
}

/// Runs a step, and says how long it took.
fn timed(name: &str, step: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<String> {
    let start = Instant::now();
    println!("ci: {name}");
    step().with_context(|| name.to_owned())?;
    Ok(format!("{name} {} s", start.elapsed().as_secs()))
}
