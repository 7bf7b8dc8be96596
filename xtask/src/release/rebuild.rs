//! The same commit, built again in another folder: the same bytes, or it says which file differs.

use std::{fs, path::PathBuf};

use super::Release;
use crate::{
    dist::{self, Contents},
    run,
    target::Target,
};

/// Builds every target's programs in a checkout of its own, and compares.
pub(crate) fn compare(release: &Release, targets: &[&Target]) -> anyhow::Result<()> {
    anyhow::ensure!(
        !release.commit.name.ends_with("-dirty"),
        "what differs from the commit cannot be checked out: commit it"
    );
    // Deeper than this one: names of folders have another length too.
    let checkout: PathBuf = release.work.join("rebuild/in/another/folder");
    fs::create_dir_all(&checkout)?;
    let mut export = run::command("git");
    let tar = release.work.join("rebuild/source.tar");
    run::check(export.arg("archive").arg("--output").arg(&tar).arg(&release.commit.name))?;
    run::check(run::command("tar").arg("-xf").arg(&tar).arg("-C").arg(&checkout))?;
    for target in targets {
        for contents in Contents::of(target) {
            let here = fs::read(dist::program(run::root(), target, *contents, &release.commit)?)?;
            let there = fs::read(dist::program(&checkout, target, *contents, &release.commit)?)?;
            anyhow::ensure!(here == there, "{} {contents:?}: two builds in two folders differ", target.name());
            println!("{} {contents:?}: the same {} bytes in two folders", target.name(), here.len());
        }
    }
    Ok(())
}
