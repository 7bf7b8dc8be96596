//! What docs/install.md tells people to type, typed: the release is taken from this machine, and put into a folder of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;
use pages::Page;

use crate::{
    release::{Release, archive, checksums, settled_base_url, signature},
    run,
};

/// The page, and where it says that the program is put.
const PAGE: &str = "docs/install.md";
const INSTALLED: &str = "/usr/local/bin/";

/// The programs of what is typed here; package managers are looked at by themselves.
const TYPED: [&str; 7] = ["curl", "sha256sum", "minisign", "tar", "install", "ln", "cluster-auth"];

/// What came of it.
pub(super) struct Installed {
    /// The program, unpacked from its archive.
    pub(super) program: PathBuf,
    /// The files of the release, with a signature.
    pub(super) site: PathBuf,
}

/// Types it from top to bottom.
pub(super) fn check(release: &Release, work: &Path) -> anyhow::Result<Installed> {
    let (site, home) = (work.join("site"), work.join("home"));
    let bin = home.join("bin");
    fs::create_dir_all(&site)?;
    fs::create_dir_all(&bin)?;
    for file in archive::all(&release.folder)? {
        let place = site.join(file.file_name().unwrap_or_default());
        // The folder may be on another disk.
        fs::hard_link(&file, &place).or_else(|_| fs::copy(&file, &place).map(drop))?;
    }
    // A signature of its own in place of the maintainers', if they have signed.
    let signed = site.join(format!("{}.minisig", checksums::NAME));
    if signed.exists() {
        fs::remove_file(signed)?;
    }
    let (secret, public) = signature::throwaway(work)?;
    signature::sign_with(release, &site, &secret)?;
    fs::copy(public, home.join("cluster-auth.pub"))?;

    let published = settled_base_url()?.replace("{version}", &release.version);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([bin.clone()].into_iter().chain(std::env::split_paths(&path)))?;
    let mut typed = 0;
    for command in Page::read(PAGE)?.commands().iter().filter(|command| command.in_block) {
        if !TYPED.contains(&command.text.split(' ').next().unwrap_or_default()) {
            continue;
        }
        let here = command.text.replace(&published, &format!("file://{}", site.display()));
        let here = here.replace(INSTALLED, &format!("{}/", bin.display()));
        run::output(Command::new("bash").args(["-ec", &here]).current_dir(&home).env("PATH", &path))?;
        typed += 1;
    }
    ensure!(typed == 8, "{PAGE}: {typed} commands were typed");
    for name in ["cluster-auth", "kubectl-cluster_auth", "aws-iam-authenticator"] {
        let said = run::output(Command::new(bin.join(name)).args(["version", "--short"]))?;
        ensure!(said.trim() == release.version, "{name} says {said}");
    }
    Ok(Installed { program: bin.join("cluster-auth"), site })
}
