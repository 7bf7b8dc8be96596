//! The signature of SHA256SUMS, by minisign: who verifies it and the sums has verified every file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Release, checksums};
use crate::run;

/// The public key's name.
const PUBLIC_KEY: &str = "cluster-auth.pub";

/// Signs with a key; without one it says that nobody has signed.
pub(crate) fn sign(release: &Release, key: Option<&Path>) -> anyhow::Result<()> {
    let Some(secret) = key else {
        eprintln!("note: nobody signs it; give `--sign-with FILE`");
        return Ok(());
    };
    let secret = secret.canonicalize().with_context(|| secret.display().to_string())?;
    let public = release.work.join(PUBLIC_KEY);
    run::output(run::command("minisign").args(["-R", "-f", "-s"]).arg(&secret).arg("-p").arg(&public))?;
    sign_with(release, &release.folder, &secret)?;
    verify(&release.folder, &public)
}

/// Signs a folder's sums with some key.
pub(crate) fn sign_with(release: &Release, folder: &Path, secret: &Path) -> anyhow::Result<()> {
    // What stands in the comment is signed with the rest.
    let comment = format!("cluster-auth {} of {}", release.version, release.commit.date);
    let mut sign = run::command("minisign");
    sign.arg("-S").arg("-s").arg(secret).args(["-m", checksums::NAME, "-t", &comment]).current_dir(folder);
    run::output(&mut sign).map(drop)
}

/// Verifies a signature as the documentation tells people to.
pub(crate) fn verify(folder: &Path, public: &Path) -> anyhow::Result<()> {
    let mut verify = run::command("minisign");
    run::output(verify.arg("-V").arg("-p").arg(public).args(["-m", checksums::NAME]).current_dir(folder)).map(drop)
}

/// A key that nobody keeps, in a folder; for trying it.
pub(crate) fn throwaway(folder: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let (secret, public) = (folder.join("throwaway.key"), folder.join("throwaway.pub"));
    let mut generate = run::command("minisign");
    run::output(generate.args(["-G", "-W", "-f", "-s"]).arg(&secret).arg("-p").arg(&public))?;
    Ok((secret, public))
}
