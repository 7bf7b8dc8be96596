//! Besieges a server: `siege PROGRAM MIB MILLICPU SECONDS [ATTACK]` prints a row for each attack, and fails where people were
//! locked out, a stranger was let in, or the memory did not suffice. With a bound on the processor (`-` is none), how many log
//! in is printed and not judged.
#![expect(clippy::print_stdout, reason = "a program for whoever measures")]

use std::{env, path::Path, time::Duration};

use anyhow::Context as _;
use e2e::siege::{HEAD, Siege};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [program, mib, milli_cpu, seconds, only @ ..] = &arguments[..] else {
        anyhow::bail!("usage: siege PROGRAM MIB MILLICPU SECONDS [ATTACK]")
    };
    let folder = tempfile::tempdir().context("a folder")?;
    let siege = Siege {
        program: Path::new(program),
        memory: mib.parse::<u64>()? << 20,
        milli_cpu: (milli_cpu != "-").then(|| milli_cpu.parse()).transpose()?,
        length: Duration::from_secs_f64(seconds.parse()?),
        only: only.first().map(String::as_str),
    };
    println!("{HEAD}");
    let rows = siege.run(folder.path(), |row| println!("{row}"))?;
    anyhow::ensure!(!rows.is_empty(), "there is no such attack");
    if siege.milli_cpu.is_some() {
        return Ok(());
    }
    rows.iter().try_for_each(e2e::siege::Row::check)
}
