//! `cargo xtask ci`: everything that `.ci/run` does, step by step, with times.
//!
//! ```text
//! unit tests │ end-to-end tests         │ attacks and faults │ lint, windows, deny │ release, on a node too
//! the release's programs, compiled      │
//! on what the tests leave idle          │
//! ```

use std::{env, process::Command, time::Instant};

use crate::{
    deny, lint, needs, release,
    run::Background,
    test::{self, EndToEnd},
    windows,
};

/// Runs every step; the first that fails ends it.
pub(crate) fn ci() -> anyhow::Result<()> {
    let needs = [needs::TESTS, needs::NODE_TESTS, needs::LINT, needs::WINDOWS, needs::RELEASE];
    needs::ensure("ci", &needs.concat())?;
    let mut times = Times::default();
    // To compile them takes one processor for a quarter of an hour, and most tests leave one of two idle.
    let mut prepare = Command::new("nice");
    prepare.args(["-n", "19"]).arg(env::current_exe()?).args(["release", "--prepare"]);
    let programs = Background::start("programs of the release", &mut prepare)?;
    times.of("unit tests", test::units)?;
    let e2e = times.of("parts", EndToEnd::prepare)?;
    times.of("end-to-end tests", || e2e.most())?;
    times.of("programs of the release", || programs.end())?;
    times.of("attacks and faults", || e2e.alone())?;
    times.of("lint", lint::lint)?;
    times.of("windows", windows::windows)?;
    times.of("deny", || deny::deny(&deny::DenyArgs { advisories: false }))?;
    // The tests on a node run here, on the files of the release.
    times.of("release", || release::release(&release::ReleaseArgs::default()))?;
    println!("ci: all good: {}", times.0.join(", "));
    Ok(())
}

/// How long each step took.
#[derive(Default)]
struct Times(Vec<String>);

impl Times {
    fn of<T>(&mut self, name: &str, step: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let start = Instant::now();
        println!("ci: {name}");
        let done = step()?;
        self.0.push(format!("{name} {} s", start.elapsed().as_secs()));
        Ok(done)
    }
}
