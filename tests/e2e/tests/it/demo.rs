//! The demo as its audience sees it, and as README shows it.

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
    ensure!(!shown.contains('\u{1b}'), "colours although stdout is no terminal");
    for code in ["mapping.none", "sts.signature-mismatch", "token.expired", "token.action"] {
        ensure!(shown.contains(code), "{code} is missing in\n{shown}");
    }
    ensure!(shown.contains("\n  cluster-auth demo --cluster  ") && !shown.contains("cargo"), "{shown}");
    let left = std::fs::read_dir(&folder)?.count();
    ensure!(left == 0, "the demo left {left} files behind");

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
    process::wait_until("the demo says how to use it", || {
        ensure!(demo.ended()?.is_none(), "the demo ended: {}", demo.log());
        Ok(demo.log().contains("Ctrl-C ends it"))
    })?;
    let log = demo.log();
    let kubeconfig =
        log.lines().find_map(|line| line.trim().strip_prefix("export KUBECONFIG=")).context("a KUBECONFIG")?;
    let kubectl = |args: &[&str]| {
        let mut command = process::command(world.parts.kubernetes("kubectl"), &folder);
        process::run(command.args(["--kubeconfig", kubeconfig]).args(args))
    };
    ensure!(kubectl(&["--context", "alice", "auth", "whoami"])?.success()?.contains("developers"));
    kubectl(&["--context", "dave", "get", "pods", "--namespace", "dev"])?.success()?;
    ensure!(kubectl(&["--context", "mallory", "auth", "whoami"])?.failure()?.contains("Unauthorized"));
    ensure!(demo.terminate()?.success(), "{}", demo.log());
    let left = std::fs::read_dir(&folder)?.filter_map(Result::ok).map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(".tmp")).collect();
    ensure!(left.is_empty(), "the demo left {left:?} behind");
    Ok(())
}
