//! Large access files, and large mappings: how long, how much memory, and whether twice as much takes twice as long.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use super::{
    access_file,
    proc::{self, Used},
};
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
    head(GRANTS, "grants");
    row("the YAML parser's events alone", &files, |file| median(Command::new(&parser).arg(file)))?;
    for arguments in COMMANDS {
        row(&arguments.join(" "), &files, |file| median(Command::new(ours).args(arguments).arg(file)))?;
    }
    println!("\n## The mapping\n\n| principals | found, ns | not found, ns | permitted, ns |\n|---|---|---|---|");
    for principals in PRINCIPALS {
        let figures = run::output(Command::new(&lookups).arg(principals))?;
        println!("| {principals} | {} |", figures.trim().replace(' ', " | "));
    }
    Ok(())
}

/// The head of a table of rows: a column for each file.
pub(super) fn head(sizes: impl IntoIterator<Item = usize>, of: &str) {
    let columns: Vec<_> = sizes.into_iter().map(|size| format!("{size} {of}, s (CPU s)")).collect();
    println!("\n| row | {} | CPU, largest ÷ smallest | peak MiB |", columns.join(" | "));
    println!("|---|{}---|---|", "---|".repeat(columns.len()));
}

/// One row: what each file takes, how that grows, and the most memory for the largest.
pub(super) fn row(
    name: &str,
    files: &[PathBuf],
    measure: impl Fn(&PathBuf) -> anyhow::Result<Used>,
) -> anyhow::Result<()> {
    let used = files.iter().map(measure).collect::<anyhow::Result<Vec<_>>>()?;
    let (first, last) = (used.first().context("a file")?, used.last().context("a file")?);
    let cells: Vec<_> = used.iter().map(|used| format!("{:.2} ({:.2})", used.wall_seconds, used.cpu_seconds)).collect();
    println!("| {name} | {} | {:.1} | {:.0} |", cells.join(" | "), last.cpu_seconds / first.cpu_seconds, last.peak_mib);
    Ok(())
}

/// The run in the middle, by the processor's time.
pub(super) fn median(command: &Command) -> anyhow::Result<Used> {
    let mut runs = (0..RUNS).map(|_| proc::used(command)).collect::<anyhow::Result<Vec<_>>>()?;
    runs.sort_by(|a, b| a.cpu_seconds.total_cmp(&b.cpu_seconds));
    Ok(runs[RUNS / 2])
}
