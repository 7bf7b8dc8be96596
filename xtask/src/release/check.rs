//! Every artefact is opened and run, as whoever gets it would.

mod charts;
mod images;
mod package_managers;
mod page;
mod programs;
mod registry;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

use super::{Release, archive::Archive, checksums, signature};
use crate::{run, test, tools};

/// What fails where a document is not as CycloneDX's schema wants it.
const BY_ITS_SCHEMA: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
problem = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
sys.exit(str(problem) if problem else 0)
";

/// Builds and installs what looks at them, where it is not there yet.
pub(crate) fn prepare() -> anyhow::Result<()> {
    tools::authorities()?;
    tools::cyclonedx()?;
    tools::krew()?;
    tools::helm()?;
    programs::audit_info().map(drop)
}

/// Looks at all of them; the first that is not as it should be is an error.
pub(crate) fn check(release: &Release, archives: &[Archive], on_a_node: bool) -> anyhow::Result<()> {
    let work = release.work.join("check");
    fs::create_dir_all(&work)?;
    sums(release)?;
    signatures(release, &work)?;
    for archive in archives {
        programs::check(release, archive, &unpacked(&archive.file, &work)?)?;
        let sbom = release.folder.join(release.name(archive.target, "cdx.json"));
        run::output(Command::new(tools::cyclonedx()?).args(["-c", BY_ITS_SCHEMA]).arg(sbom))?;
    }
    terraform(release, &work)?;
    let installed = page::check(release, &work)?;
    package_managers::check(release, archives, &work)?;
    let registry = registry::Registry::start(&work)?;
    images::check(release, &registry, &work)?;
    charts::check(release, &registry, &work)?;
    if on_a_node {
        // The guide, kubeadm's static pod and the swap of the existing DaemonSet, from what docs/install.md has installed, and with the
        // image and the chart of the release; from the registry too, as clusters pull them.
        let files = test::Files { folder: installed.site, registry: registry.address.clone() };
        test::of_release(&installed.program, files)?;
    } else {
        println!("note: the tests on a node were left out (--without-node)");
    }
    Ok(())
}

/// What an archive holds, unpacked: the one folder that is in it.
fn unpacked(file: &Path, work: &Path) -> anyhow::Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = name.trim_end_matches(".zip").trim_end_matches(".tar.gz");
    if file.extension().is_some_and(|ending| ending == "zip") {
        run::check(Command::new("unzip").arg("-q").arg(file).arg("-d").arg(work))?;
    } else {
        run::check(Command::new("tar").arg("-xzf").arg(file).arg("-C").arg(work))?;
    }
    let folder = work.join(name);
    ensure!(folder.is_dir(), "{} has no folder {name}", file.display());
    Ok(folder)
}

fn sums(release: &Release) -> anyhow::Result<()> {
    let mut sums = Command::new("sha256sum");
    run::output(sums.current_dir(&release.folder).args(["--check", "--strict", checksums::NAME])).map(drop)
}

/// A signature is taken, one of another key is not, and neither is one of other sums.
fn signatures(release: &Release, work: &Path) -> anyhow::Result<()> {
    let folder = work.join("signed");
    fs::create_dir_all(&folder)?;
    let sums = folder.join(checksums::NAME);
    fs::copy(release.folder.join(checksums::NAME), &sums)?;
    let (secret, public) = signature::throwaway(work)?;
    signature::sign_with(release, &folder, &secret)?;
    signature::verify(&folder, &public)?;
    let (_, other) = signature::throwaway(&folder)?;
    ensure!(signature::verify(&folder, &other).is_err(), "minisign takes a signature of another key");
    fs::write(&sums, format!("{}\n", fs::read_to_string(&sums)?))?;
    ensure!(signature::verify(&folder, &public).is_err(), "minisign takes a signature of other sums");
    Ok(())
}

/// What a registry of modules asks for is where it looks.
fn terraform(release: &Release, work: &Path) -> anyhow::Result<()> {
    let name = format!("terraform-aws-cluster-auth-{}", release.version);
    let folder = unpacked(&release.folder.join(format!("{name}.tar.gz")), work)?;
    for path in ["main.tf", "variables.tf", "outputs.tf", "README.md", "LICENSE", "modules/people/main.tf", "examples"]
    {
        ensure!(folder.join(path).exists(), "the Terraform module has no {path}");
    }
    Ok(())
}
