//! `cargo xtask siege`: the static binary under attack, in the memory that it is to run in.
//!
//! The end-to-end tests do the same to the program that they run, which is not optimised.

use std::process::Command;

use crate::{dist, needs, run, target::LINUX_AMD64};

/// Flags of `siege`.
#[derive(clap::Args)]
pub(crate) struct SiegeArgs {
    /// How long each attack lasts, in seconds
    #[arg(long, default_value = "3")]
    seconds: String,

    /// The memory of the server, in MiB
    #[arg(long, default_value = "20")]
    memory: String,

    /// The processor of the server, in thousandths [default: all there is]
    #[arg(long, value_name = "MILLICPU")]
    milli_cpu: Option<u32>,

    /// Only the attack of this name
    #[arg(long)]
    only: Option<String>,
}

/// Builds the program and its besiegers, and prints what came of each attack. It fails where people were locked out, a
/// stranger was let in, or the memory did not suffice.
pub(crate) fn siege(args: &SiegeArgs) -> anyhow::Result<()> {
    needs::ensure("siege", needs::DIST)?;
    let program = dist::build(&LINUX_AMD64)?;
    // As the tests build it: besiegers need not be fast.
    run::check(run::cargo().args(["build", "--locked", "--workspace", "--bin", "siege"]))?;
    let mut siege = Command::new(run::root().join("target/debug/siege"));
    let milli_cpu = args.milli_cpu.map_or_else(|| "-".to_owned(), |milli| milli.to_string());
    run::check(siege.arg(program).args([&args.memory, &milli_cpu, &args.seconds]).args(&args.only))
}

/// Flags of `soak`.
#[derive(clap::Args)]
pub(crate) struct SoakArgs {
    /// How long
    #[arg(long, default_value = "10")]
    minutes: String,

    /// The memory of the server, in MiB
    #[arg(long, default_value = "20")]
    memory: String,
}

/// The same with attacks and faults in an order that chance makes, over people who log in all the while.
pub(crate) fn soak(args: &SoakArgs) -> anyhow::Result<()> {
    needs::ensure("soak", needs::DIST)?;
    let program = dist::build(&LINUX_AMD64)?;
    run::check(run::cargo().args(["build", "--locked", "--workspace", "--bin", "soak"]))?;
    let mut soak = Command::new(run::root().join("target/debug/soak"));
    run::check(soak.arg(program).args([&args.memory, &args.minutes]))
}
