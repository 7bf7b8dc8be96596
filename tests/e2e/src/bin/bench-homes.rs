//! Makes the homes in which the benchmark of `token` finds credentials, and prints a line for each: folder, tab, what it says.
//!
//! `bench-homes FOLDER`

#![expect(clippy::print_stdout, reason = "a program for the benchmark")]

use std::{env, path::Path};

use anyhow::Context as _;
use e2e::homes;

fn main() -> anyhow::Result<()> {
    let folder = env::args().nth(1).context("usage: bench-homes FOLDER")?;
    homes::write(Path::new(&folder))?;
    for home in homes::HOMES {
        println!("{}\t{}", home.name, home.says);
    }
    Ok(())
}
