//! Large access files, and large mappings: how long, how much memory, and whether twice as much takes twice as long.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::Context as _;

use super::{access_file, proc};
use crate::{dist, run};

/// Grants of the files, the smallest first.
const GRANTS: [usize; 3] = [25_000, 50_000, 100_000];

/// Roles of the mappings.
const PRINCIPALS: [&str; 3] = ["1000", "20000", "100000"];

/// What is done with a file; the files' names come last.
const COMMANDS: [&[&str]; 4] =
    [&["check"], &["render", "--to", "rbac"], &["render", "--to", "config"], &["render", "--to", "access"]];

/// How often each is run; the median counts.
const RUNS: usize = 5;

/// Prints both tables.
pub(super) fn bench(ours: &Path) -> anyhow::Result<()> {
    run::require("/usr/bin/time", "apt-get install time")?;
    let parser = dist::example("document", "parser-events")?;
    let lookups = dist::example("cli", "lookups")?;
    let folder = run::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    println!("\n## The access file\n");
    let mut files = Vec::new();
    for grants in GRANTS {
        let file = folder.join(format!("{grants}.yaml"));
        let text = access_file::text(grants);
        println!("- {grants} grants: {} KB", text.len() / 1_000);
        fs::write(&file, text)?;
        files.push(file);
    }
    println!(
        "\n| row | {} | largest ÷ smallest | peak MiB |",
        GRANTS.map(|grants| format!("{grants} grants, s")).join(" | ")
    );
    println!("|---|{}---|---|", "---|".repeat(GRANTS.len()));
    let events = |file: &PathBuf| -> anyhow::Result<(f64, f64)> {
        let milliseconds: f64 = run::output(Command::new(&parser).arg(file))?.trim().parse()?;
        Ok((milliseconds / 1e3, 0.0))
    };
    row("the YAML parser's events alone", &files, events)?;
    for arguments in COMMANDS {
        row(&arguments.join(" "), &files, |file| measure(ours, arguments, file))?;
    }
    println!("\n## The mapping\n\n| principals | found, ns | not found, ns | permitted, ns |\n|---|---|---|---|");
    for principals in PRINCIPALS {
        let figures = run::output(Command::new(&lookups).arg(principals))?;
        println!("| {principals} | {} |", figures.trim().replace(' ', " | "));
    }
    Ok(())
}

/// One row: seconds for each file, how they grow, and the most memory for the largest.
fn row(name: &str, files: &[PathBuf], measure: impl Fn(&PathBuf) -> anyhow::Result<(f64, f64)>) -> anyhow::Result<()> {
    let figures = files.iter().map(measure).collect::<anyhow::Result<Vec<_>>>()?;
    let (first, last) = (figures.first().context("a file")?, figures.last().context("a file")?);
    let seconds: Vec<_> = figures.iter().map(|(seconds, _)| format!("{seconds:.2}")).collect();
    let mib = if last.1 > 0.0 { format!("{:.0}", last.1) } else { String::new() };
    println!("| {name} | {} | {:.1} | {mib} |", seconds.join(" | "), last.0 / first.0);
    Ok(())
}

/// Seconds from start to end, the median of some runs, and the most memory of any of them, in MiB.
fn measure(program: &Path, arguments: &[&str], file: &Path) -> anyhow::Result<(f64, f64)> {
    let (mut seconds, mut peak): (Vec<f64>, f64) = (Vec::new(), 0.0);
    for _ in 0..RUNS {
        let mut command = Command::new(program);
        command.args(arguments).arg(file);
        let begin = Instant::now();
        peak = peak.max(proc::peak_mib(&command)?);
        seconds.push(begin.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok((seconds[RUNS / 2], peak))
}
