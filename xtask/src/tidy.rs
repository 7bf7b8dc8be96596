//! `cargo xtask tidy`: what ARCHITECTURE.md promises and no other tool checks.

mod comparison;
mod directions;
mod glossary;
mod modules;

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::Context as _;
use pages::{CI, Page, Table};
use serde_json::Value;

use crate::run;

/// Crates without I/O, and what they must never depend on.
const PURE: [&str; 14] = [
    "codes",
    "document",
    "identity",
    "token",
    "mapping",
    "rbac",
    "access",
    "inventory",
    "report",
    "plan",
    "visibility",
    "kubeconfig",
    "kops",
    "oci-image",
];
const IMPURE: [&str; 6] = ["tokio", "hyper", "rustls", "aws-config", "aws-sigv4", "kube"];

/// Banned in the whole tree: a second crypto provider or TLS stack.
const BANNED: [&str; 4] = ["aws-lc-rs", "openssl-sys", "native-tls", "serde_yaml"];

/// No file is longer; one that wants to be has two subjects.
const MAX_LINES: usize = 700;

/// What is left over from work that is not finished. Written apart, so that this list does not find itself.
const LEFTOVERS: [&str; 4] =
    [concat!("#[", "ignore"), concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];

/// Looks at everything and reports every problem.
pub(crate) fn tidy() -> anyhow::Result<()> {
    let mut problems = Vec::new();
    let files = tracked_files()?;
    file_lengths(&files, &mut problems)?;
    leftovers(&files, &mut problems);
    layers(&mut problems)?;
    manifests(&mut problems)?;
    for folder in crates()? {
        modules::circles(&folder, &mut problems)?;
    }
    for package in PURE {
        let folder = package.replace('-', "_");
        modules::purity(&run::root().join("crates").join(folder).join("src"), &mut problems)?;
    }
    let tests = comparison::tests(&files)?;
    comparison::comparison(&tests, &mut problems)?;
    glossary::glossary(&files, &mut problems)?;
    let ci = fs::read_to_string(::pages::repository().join(CI)).context(CI)?;
    problems.extend(Table::read()?.problems(&Page::all()?, &tests, &ci));
    problems.extend(dead_links(&files)?);
    for problem in &problems {
        eprintln!("tidy: {problem}");
    }
    anyhow::ensure!(problems.is_empty(), "{} things are not tidy", problems.len());
    Ok(())
}

/// Links that lead nowhere, of every Markdown file.
fn dead_links(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let is_page = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let paths = files.iter().filter(is_page).filter_map(|path| path.strip_prefix(run::root()).ok()?.to_str());
    let pages: Vec<Page> = paths.map(Page::read).collect::<anyhow::Result<_>>()?;
    Ok(::pages::dead_links(&pages))
}

fn tracked_files() -> anyhow::Result<Vec<PathBuf>> {
    let list = run::output(run::command("git").args(["ls-files"]))?;
    Ok(list.lines().map(|line| run::root().join(line)).filter(|path| path.is_file()).collect())
}

/// The folders of the crates' sources.
fn crates() -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = vec![run::root().join("xtask/src")];
    for entry in fs::read_dir(run::root().join("crates"))? {
        folders.push(entry?.path().join("src"));
    }
    folders.sort();
    Ok(folders)
}

fn file_lengths(files: &[PathBuf], problems: &mut Vec<String>) -> anyhow::Result<()> {
    let mut lengths = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let lines = fs::read_to_string(path)?.lines().count();
        if lines > MAX_LINES {
            problems.push(format!("{} has {lines} lines; split it before {MAX_LINES}", path.display()));
        }
        lengths.push(lines);
    }
    lengths.sort_unstable();
    let at = |part: usize| lengths.get(lengths.len() * part / 100).copied().unwrap_or_default();
    println!(
        "tidy: {} Rust files, lines: median {}, 90th percentile {}, most {}",
        lengths.len(),
        at(50),
        at(90),
        at(100).max(*lengths.last().unwrap_or(&0))
    );
    Ok(())
}

fn leftovers(files: &[PathBuf], problems: &mut Vec<String>) {
    for path in files {
        let Ok(text) = fs::read_to_string(path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let place = || format!("{}:{}", path.display(), number + 1);
            if path.extension().is_some_and(|extension| extension == "rs")
                && let Some(found) = LEFTOVERS.iter().find(|leftover| line.contains(**leftover))
            {
                problems.push(format!("{}: {found} is not to be left behind", place()));
            }
            if [concat!("/ro", "ot/"), concat!("/ho", "me/")].iter().any(|home| line.contains(home)) {
                problems.push(format!("{}: a path of one machine", place()));
            }
        }
    }
}

/// Who depends on whom, by cargo's own account.
fn layers(problems: &mut Vec<String>) -> anyhow::Result<()> {
    let tree = |package: &str| -> anyhow::Result<BTreeSet<String>> {
        let mut command = run::cargo();
        command.args([
            "tree",
            "--locked",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{lib}",
        ]);
        Ok(run::output(&mut command)?.lines().map(|line| line.replace('_', "-")).collect())
    };
    for package in PURE {
        let found = tree(package)?;
        for banned in IMPURE.iter().filter(|banned| found.contains(**banned)) {
            problems.push(format!("crates/{package} is pure and must not depend on {banned}"));
        }
    }
    let xtask = tree("xtask")?;
    for banned in ["tokio", "hyper"].iter().filter(|banned| xtask.contains(**banned)) {
        problems.push(format!("xtask must build fast and not depend on {banned}"));
    }
    let lock = fs::read_to_string(run::root().join("Cargo.lock"))?;
    for banned in BANNED.iter().filter(|banned| lock.contains(&format!("name = \"{banned}\""))) {
        problems.push(format!("{banned} has come into Cargo.lock; see deny.toml for why it must not"));
    }
    Ok(())
}

/// The one feature that stands where it is used: among the dependencies of all it would be in the program too.
const STOPPED_TIME: &str = r#"tokio = { workspace = true, features = ["test-util"] }"#;

/// Every crate takes the workspace's lints and versions, and has its paragraph in ARCHITECTURE.md.
fn manifests(problems: &mut Vec<String>) -> anyhow::Result<()> {
    let architecture = fs::read_to_string(run::root().join("ARCHITECTURE.md"))?;
    let metadata = run::output(run::cargo().args(["metadata", "--locked", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    directions::directions(&metadata, problems)?;
    for package in metadata["packages"].as_array().context("cargo metadata lists packages")? {
        let name = package["name"].as_str().context("a package has a name")?;
        let path = package["manifest_path"].as_str().context("a package has a manifest")?;
        let manifest = fs::read_to_string(path)?;
        if !manifest.contains("[lints]\nworkspace = true") {
            problems.push(format!("{name}: add [lints] workspace = true"));
        }
        let dependencies = manifest.split("ependencies]").skip(1);
        let own = dependencies.flat_map(str::lines).take_while(|line| !line.starts_with("[["));
        let own = own.filter(|line| *line != STOPPED_TIME);
        for line in own.filter(|line| line.contains("version =") || line.contains("features =")) {
            problems.push(format!("{name}: versions and features belong into the root Cargo.toml: {line}"));
        }
        let in_crates = path.contains("/crates/");
        if in_crates && !architecture.contains(&format!("**`crates/{}`**", folder(path))) {
            problems.push(format!(
                "{name}: ARCHITECTURE.md has no paragraph that starts with **`crates/{}`**",
                folder(path)
            ));
        }
    }
    Ok(())
}

fn folder(manifest: &str) -> &str {
    manifest.trim_end_matches("/Cargo.toml").rsplit('/').next().unwrap_or_default()
}
