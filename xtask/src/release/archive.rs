//! Archives whose bytes say nothing of the machine that packed them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use anyhow::Context as _;

use crate::{run, target::Target};

/// A packed program.
pub(crate) struct Archive {
    /// What it runs on.
    pub(crate) target: &'static Target,
    /// Where it is.
    pub(crate) file: PathBuf,
}

/// What an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For everything but Windows.
    TarGz,
    /// For Windows.
    Zip,
}

/// Packs a folder under its own name, and returns the file.
pub(crate) fn pack(folder: &Path, into: &Path, kind: Kind, seconds: u64) -> anyhow::Result<PathBuf> {
    let (above, name) = (folder.parent().context("a folder above")?, folder.file_name().context("a name")?);
    let ending = if kind == Kind::Zip { "zip" } else { "tar.gz" };
    let file = into.join(format!("{}.{ending}", name.to_string_lossy()));
    match kind {
        Kind::TarGz => {
            let mut tar = tar(seconds);
            tar.arg("--create").arg("--directory").arg(above).arg(name);
            let mut tar = tar.stdout(Stdio::piped()).spawn()?;
            let mut gzip = Command::new("gzip");
            gzip.args(["--no-name", "--best"]).stdin(tar.stdout.take().context("tar prints")?);
            run::check(gzip.stdout(File::create(&file)?))?;
            anyhow::ensure!(tar.wait()?.success(), "tar failed");
        }
        Kind::Zip => {
            // zip keeps times in local time, and in the order in which it is told of files.
            let mut zip = Command::new("zip");
            zip.current_dir(above).env("TZ", "UTC").args(["-X", "-9", "-q"]).arg(&file);
            for path in all(folder)? {
                File::open(&path)?.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))?;
                zip.arg(path.strip_prefix(above)?);
            }
            run::check(&mut zip)?;
        }
    }
    Ok(file)
}

/// GNU tar, told to keep no order, owner, time or mode of this machine.
pub(crate) fn tar(seconds: u64) -> Command {
    let mut tar = Command::new("tar");
    tar.args(["--format=ustar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"]);
    tar.arg(format!("--mtime=@{seconds}"));
    tar
}

/// What is in a folder, sorted.
pub(crate) fn sorted(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

/// All files below a folder, sorted.
pub(crate) fn all(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in sorted(folder)? {
        if path.is_dir() { files.extend(all(&path)?) } else { files.push(path) }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{Kind, pack};

    /// The bytes of an archive of two files that were made in this order, with this mode.
    fn packed(name: &str, kind: Kind, order: [&str; 2], mode: u32) -> Vec<u8> {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join(name);
        fs::create_dir(&folder).expect("a folder");
        for file in order {
            let path = folder.join(file);
            fs::write(&path, file).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
        }
        let file = pack(&folder, Path::new(place.path()), kind, 1_700_000_000).expect("an archive");
        fs::read(file).expect("its bytes")
    }

    #[test]
    fn an_archive_says_nothing_of_who_packed_it_and_when() {
        assert_eq!(packed("x", Kind::TarGz, ["a", "b"], 0o644), packed("x", Kind::TarGz, ["b", "a"], 0o600));
        assert_ne!(packed("x", Kind::TarGz, ["a", "b"], 0o644), packed("x", Kind::TarGz, ["a", "b"], 0o755));
    }
}
