//! Real krew installs the plugin from a server on this machine; Ruby reads the formula.

use std::{fs, path::Path, process::Command};

use anyhow::ensure;

use super::registry::Files;
use crate::{
    release::{Release, archive::Archive, checksums, packages},
    run,
    target::LINUX_AMD64,
    tools,
};

/// Homebrew's words, as far as the formula has them: each is printed with what stands behind it.
const HOMEBREW: &str = "
class Formula
  def self.method_missing(word, *values, &block)
    puts [word, *values].join(' ')
    instance_eval(&block) if block
  end

  # Ruby has one of its own.
  def self.test
  end
end
load ARGV[0]
";

/// Looks at both.
pub(super) fn check(release: &Release, archives: &[Archive], work: &Path) -> anyhow::Result<()> {
    let server = Files::serve(&release.folder)?;
    let folder = work.join("served");
    fs::create_dir_all(&folder)?;
    packages::write(&server.url, &release.version, archives, &folder)?;
    krew(release, &folder.join("krew.yaml"), work)?;
    homebrew(release, archives)
}

fn krew(release: &Release, manifest: &Path, work: &Path) -> anyhow::Result<()> {
    let root = work.join("krew");
    let mut krew = Command::new(tools::krew()?);
    krew.arg("install").arg("--manifest").arg(manifest);
    run::output(krew.env("KREW_ROOT", &root).env("KREW_NO_UPGRADE_CHECK", "1"))?;
    let said = run::output(Command::new(root.join("bin/kubectl-cluster_auth")).args(["version", "--short"]))?;
    ensure!(said.trim() == release.version, "the plugin says it is {said}");
    Ok(())
}

fn homebrew(release: &Release, archives: &[Archive]) -> anyhow::Result<()> {
    let formula = release.folder.join("homebrew.rb");
    let said = run::output(Command::new("ruby").args(["-e", HOMEBREW]).arg(&formula))?;
    for Archive { file, target } in archives.iter().filter(|archive| archive.target.system != "windows") {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let processor = if *target == &LINUX_AMD64 { "on_intel" } else { "on_arm" };
        let expected = format!("{processor}\nurl {}/{name}\nsha256 {}\n", release.base_url, checksums::of(file)?);
        ensure!(said.contains(&expected), "the formula says {said}");
    }
    ensure!(said.contains(&format!("version {}\n", release.version)), "the formula says {said}");
    Ok(())
}
