//! `cargo xtask fuzz`: the targets of tests/fuzz-targets under libFuzzer.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, ensure};

use crate::{run, tools};

const VERSION: &str = "0.13.1";

/// The compiler: libFuzzer needs what no stable one has.
const TOOLCHAIN: &str = "nightly-2026-10-01";

/// The longest input, in bytes: what is longer finds nothing that is new, slowly.
const MAX_LENGTH: usize = 4096;

/// Flags of `fuzz`.
#[derive(clap::Args)]
pub(crate) struct FuzzArgs {
    /// How long, in minutes, for all targets together
    #[arg(long, default_value = "14")]
    minutes: u64,

    /// Only the target of this name; `fuzz/fuzz_targets` has one file for each
    #[arg(long)]
    target: Option<String>,

    /// Keep inputs that reach further in fuzz/corpus, where the ordinary tests find them
    #[arg(long)]
    keep: bool,
}

/// Runs them one after the other. An input that breaks a law is kept in `fuzz/artifacts`, and is an error.
pub(crate) fn fuzz(args: &FuzzArgs) -> anyhow::Result<()> {
    let folder = run::root().join("fuzz");
    let targets = targets(&folder, args.target.as_deref())?;
    let program = tools::cargo_program("cargo-fuzz", VERSION, &[])?;
    run::check(run::command("rustup").args(["toolchain", "install", TOOLCHAIN, "--profile", "minimal"]))?;
    let seconds = args.minutes * 60 / targets.len() as u64;
    let mut broken = Vec::new();
    for target in &targets {
        eprintln!("fuzz: {target} for {seconds} s");
        // What it finds lies apart from what is kept.
        let (found, kept) = (folder.join("target/found").join(target), folder.join("corpus").join(target));
        fs::create_dir_all(&found)?;
        let fuzzer = |folders: [&Path; 2], options: &[String]| {
            let mut fuzzer = run::command(&program);
            fuzzer.env("RUSTUP_TOOLCHAIN", TOOLCHAIN).args(["run", target, "--fuzz-dir"]).arg(&folder);
            fuzzer.args(folders).args(["--", "-timeout=20", "-rss_limit_mb=2048"]).args(options);
            fuzzer
        };
        let options =
            [format!("-max_total_time={seconds}"), format!("-max_len={MAX_LENGTH}"), "-print_final_stats=1".into()];
        if run::check(&mut fuzzer([&found, &kept], &options)).is_err() {
            broken.push(target.as_str());
        } else if args.keep {
            run::check(&mut fuzzer([&kept, &found], &["-merge=1".into()]))?;
        }
    }
    ensure!(broken.is_empty(), "laws are broken: {}; fuzz/artifacts has the inputs", broken.join(", "));
    Ok(())
}

/// The names of the targets, all or one.
fn targets(folder: &Path, only: Option<&str>) -> anyhow::Result<BTreeSet<String>> {
    let programs = fs::read_dir(folder.join("fuzz_targets")).context("fuzz/fuzz_targets")?;
    let mut targets = BTreeSet::new();
    for program in programs {
        let name = program?.file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
        targets.extend(Some(name).filter(|name| only.is_none_or(|only| only == name)));
    }
    ensure!(!targets.is_empty(), "there is no such target; fuzz/fuzz_targets has one file for each");
    Ok(targets)
}
