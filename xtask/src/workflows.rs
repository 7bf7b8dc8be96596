//! GitHub's workflows run nowhere but there: what can be said of them beforehand. actionlint says the rest, in `cargo xtask lint`.

use std::{collections::BTreeMap, fs};

use clap::CommandFactory as _;
use serde::Deserialize;

use crate::{Cli, release::folder_of, run};

/// A workflow, as far as it is looked at here.
#[derive(Deserialize)]
struct Workflow {
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
struct Job {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    run: Option<String>,
}

/// Every line that they type, with the workflow's name.
fn lines() -> Vec<(String, String)> {
    let folder = fs::read_dir(run::root().join(".github/workflows")).expect("the workflows");
    let mut lines = Vec::new();
    for path in folder.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a workflow");
        let workflow: Workflow = serde_saphyr::from_str(&text).expect("YAML");
        let scripts = workflow.jobs.into_values().flat_map(|job| job.steps).filter_map(|step| step.run);
        scripts.for_each(|script| lines.extend(script.lines().map(|line| (name.clone(), line.to_owned()))));
    }
    assert!(lines.len() > 5, "{lines:?}");
    lines
}

/// Why a chore would not be understood. What the shell fills in is a word like any other.
fn misunderstood(line: &str) -> Option<String> {
    let (_, chore) = line.split_once("cargo xtask ")?;
    let words = ["cargo xtask"].into_iter().chain(chore.split_whitespace());
    Cli::command().try_get_matches_from(words).err().map(|error| error.to_string())
}

#[test]
fn every_chore_is_one() {
    let wrong: Vec<_> = lines().into_iter().filter_map(|(name, line)| Some((name, misunderstood(&line)?))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(misunderstood("sudo cargo xtask release --everything").is_some());
}

/// A `secure_path` of sudoers, which Ubuntu has, counts for more than `--preserve-env=PATH`: root would find no cargo.
#[test]
fn root_has_the_path_of_whoever_called() {
    for (name, line) in lines().into_iter().filter(|(_, line)| line.contains("sudo ")) {
        assert!(line.starts_with(r#"sudo env "PATH=$PATH" "HOME=$HOME" "#), "{name}: {line}");
    }
}

/// All files of the release are published, and nothing else: `target/release-*` would be whatever was made before, too.
#[test]
fn what_is_published_is_the_folder_of_the_version() {
    let lines: Vec<String> = lines().into_iter().map(|(_, line)| line).collect();
    let taken = format!("mkdir files && cp \"{}\"/* files", folder_of("${GITHUB_REF_NAME#v}"));
    assert!(lines.contains(&taken), "{taken}: {lines:?}");
    let published: Vec<_> = lines.iter().filter(|line| line.contains("gh release create")).collect();
    assert!(published.len() == 1 && published[0].ends_with(" files/*"), "{published:?}");
}
