//! Attacks and faults at random over people who log in: `soak PROGRAM MIB MINUTES` prints what came of it, and fails where a
//! stranger was let in, somebody who is mapped was denied or taken for somebody else, or the server died.
#![expect(clippy::print_stdout, reason = "a program for whoever measures")]

use std::{env, path::Path, time::Duration};

use anyhow::Context as _;
use e2e::{
    random,
    siege::{HEAD, Soak},
};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [program, mib, minutes] = &arguments[..] else { anyhow::bail!("usage: soak PROGRAM MIB MINUTES") };
    let folder = tempfile::tempdir().context("a folder")?;
    let seed = random::seed()?;
    println!("{}={seed} repeats the order of what happens\n\n{HEAD}", random::SEED);
    let soak = Soak {
        program: Path::new(program),
        memory: mib.parse::<u64>()? << 20,
        length: Duration::from_secs_f64(minutes.parse::<f64>()? * 60.0),
        seed,
    };
    let sums = soak.run(folder.path(), |row| println!("{row}"))?;
    println!("\n{sums}");
    sums.check()
}
