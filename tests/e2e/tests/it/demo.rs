//! The demo as its audience sees it, and as README shows it.

use std::path::Path;

use anyhow::{Context as _, ensure};
use e2e::{process, typed, world::World};
use pages::Page;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("demo::it_ends_well_and_leaves_nothing", alone),
    ("demo::readme_shows_what_it_prints", readme),
    ("demo::with_a_cluster_it_stays_and_lets_people_in", with_cluster),
];

fn alone(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("demo")?;
    let mut command = process::command(&world.parts.cluster_auth, &folder);
    let shown = process::run(command.arg("demo").env("TMPDIR", &folder))?.success()?;
    let too_wide = shown.lines().find(|line| line.chars().count() > 80);
    ensure!(too_wide.is_none(), "wider than 80 columns: {too_wide:?}");
    ensure!(!shown.contains('\u{1b}'), "colours although stdout is not a terminal");
    for code in ["mapping.none", "sts.signature-mismatch", "token.expired", "token.action"] {
        ensure!(shown.contains(code), "{code} is missing in\n{shown}");
    }
    ensure!(shown.contains("\n  cluster-auth demo --cluster  ") && !shown.contains("cargo"), "{shown}");
    let left = std::fs::read_dir(&folder)?.count();
    ensure!(left == 0, "the demo left {left} files behind");
    let next = shown.split("Try next").nth(1).context("what to try next")?;
    for line in next.lines().filter_map(|line| line.strip_prefix("  ")) {
        let (command, _) = line.split_once("  ").context("what it is for")?;
        match command.strip_prefix("cluster-auth ") {
            None => ensure!(pages::repository().join(command).is_file(), "there is no page {command}"),
            // It has a test of its own.
            Some("demo --cluster") => {}
            Some(args) => {
                let mut command = process::command(&world.parts.cluster_auth, &folder);
                process::run(command.args(args.split(' ')))?.success()?;
            }
        }
    }

    let mut coloured = process::command(&world.parts.cluster_auth, &folder);
    let coloured = process::run(coloured.args(["--color", "always", "demo"]))?.success()?;
    ensure!(coloured.contains("\u{1b}["), "--color always shows no colour");
    Ok(())
}

/// The first command of README, which nobody has installed anything for.
fn readme(_world: &World) -> anyhow::Result<()> {
    let line = "cargo run -- demo";
    let shown = process::run(&mut process::in_repository(line))?.success()?;
    typed::note(line);
    let readme = Page::read("README.md")?.text;
    let block = readme.split("<!-- demo -->\n```text\n").nth(1).context("README has a place for the demo's output")?;
    let block = block.split("```").next().context("the place ends")?;
    ensure!(block == shown, "README shows another output; it is now:\n{shown}");
    Ok(())
}

fn with_cluster(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("demo-cluster")?;
    let line = "cargo run -- demo --cluster";
    process::run(&mut process::in_repository("cargo build"))?.success()?;
    let mut command = process::in_repository(line);
    command.env("KUBEBUILDER_ASSETS", &world.parts.kubernetes).env("TMPDIR", &folder);
    let mut demo = process::Background::start(&mut command, folder.join("log"))?;
    typed::note(line);
    let says = [
        ("kubectl --context alice auth whoami", "developers"),
        ("kubectl --context alice get pods", "No resources found in dev namespace."),
        ("kubectl --context alice get secrets", "Forbidden"),
        ("kubectl --context dave auth whoami", "DevAccess:dave-example.com"),
        ("kubectl --context mallory auth whoami", "Unauthorized"),
        ("kubectl --context carol get", "cluster-admin-binding"),
        ("cluster-auth who-can", "Group developers"),
        ("cluster-auth whoami", "arn:aws:iam::111122223333:user/alice"),
    ];
    answers(&mut demo, &folder, &says)?;
    ensure!(demo.terminate()?.success(), "{}", demo.log());
    let left = std::fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(".tmp")).collect();
    ensure!(left.is_empty(), "the demo left {left:?} behind");
    Ok(())
}

/// Types every line that a demo prints once it runs, in a shell of its own: how each begins, and what is in its answer.
pub(crate) fn answers(demo: &mut process::Background, folder: &Path, says: &[(&str, &str)]) -> anyhow::Result<()> {
    process::wait_until("the demo says how to use it", || {
        ensure!(demo.ended()?.is_none(), "the demo ended: {}", demo.log());
        Ok(demo.log().contains("Ctrl-C ends it"))
    })?;
    let log = demo.log();
    let (_, printed) = log.split_once("In another terminal:").context("what to type")?;
    let lines: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let (exports, lines): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.starts_with("export "));
    ensure!(lines.len() == says.len(), "{log}");
    for (line, (start, expected)) in lines.iter().zip(says) {
        ensure!(line.starts_with(*start), "{line}");
        let mut shell = process::command("/bin/sh", folder);
        let typed = format!("{}\n{line}\n", exports.join("\n"));
        let answer = process::run(shell.env("PATH", "/usr/bin:/bin").args(["-c", &typed]))?;
        let is_refused = line.ends_with("# Forbidden") || line.ends_with("# Unauthorized");
        ensure!((answer.code != 0) == is_refused, "{line}: {answer:?}");
        ensure!(format!("{}{}", answer.stdout, answer.stderr).contains(*expected), "{line}: {answer:?}");
    }
    Ok(())
}
