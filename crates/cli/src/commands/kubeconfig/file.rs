//! A kubeconfig on disk: found where kubectl finds it, locked as kubectl locks it, and replaced in one step.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use document::Source;

use crate::rim::{self, Process};

/// The largest kubeconfig that is read; thousands of clusters are a few megabytes.
const MAX_LENGTH: u64 = 16 << 20;

/// How often a lock is tried, and how long until the next time. Whoever holds one changes a file, which is soon done.
const TRIES: u32 = 50;
const INTERVAL: Duration = Duration::from_millis(100);

/// A kubeconfig that nobody else changes until this is dropped: neither this program, nor kubectl.
pub(super) struct Locked {
    path: PathBuf,
    lock: PathBuf,
}

impl Locked {
    /// Makes the folder, if need be, and the lock file beside the kubeconfig.
    ///
    /// Source: `lockFile` of `k8s.io/client-go/tools/clientcmd/loader.go`, which makes `<file>.lock` and fails where it is
    /// there already.
    pub(super) fn new(path: &Path) -> anyhow::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        let lock = PathBuf::from(lock);
        for _ in 0..TRIES {
            match OpenOptions::new().write(true).create_new(true).open(&lock) {
                Ok(_) => return Ok(Self { path: path.to_owned(), lock }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => thread::sleep(INTERVAL),
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot make the lock file {}", lock.display()));
                }
            }
        }
        bail!(
            "another program is changing {}: its lock file {} is there; if no program is, remove it",
            path.display(),
            lock.display()
        )
    }

    /// What stands in it; nothing where there is no such file.
    pub(super) fn read(&self) -> anyhow::Result<Option<Source>> {
        read(&self.path)
    }

    /// Replaces it. Its mode stays as it is; a new one can be read by its owner alone.
    pub(super) fn write(&self, text: &str) -> anyhow::Result<()> {
        // A symbolic link (dotfiles kept elsewhere) stays one: its target is what gets replaced.
        let target = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let permissions = fs::metadata(&target).map(|metadata| metadata.permissions()).ok();
        ensure!(
            !permissions.as_ref().is_some_and(fs::Permissions::readonly),
            "{} is read-only; make it writable first",
            self.path.display()
        );
        rim::write_atomically(&target, text.as_bytes(), permissions.as_ref().map_or(0o600, mode))
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // A lock file that cannot be removed is named by whoever meets with it.
        let _ = fs::remove_file(&self.lock);
    }
}

/// Reads a kubeconfig; nothing where there is no such file.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<Source>> {
    let shown = path.display();
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let target = fs::read_link(path).ok();
            ensure!(
                target.is_none(),
                "{shown} is a symbolic link to {}, which is not there",
                target.unwrap_or_default().display()
            );
            return Ok(None);
        }
        metadata => metadata.with_context(|| format!("cannot look at {shown}"))?,
    };
    ensure!(metadata.is_file(), "{shown} is a folder, a pipe, a socket or a device, and no file");
    ensure!(metadata.len() <= MAX_LENGTH, "{shown} has {} bytes, which no kubeconfig has", metadata.len());
    rim::read_source(path).map(Some)
}

/// The first file that kubectl would read: where it writes itself, too.
pub(super) fn default_path(process: &Process) -> anyhow::Result<PathBuf> {
    default_paths(process)?.into_iter().next().context("KUBECONFIG names no file")
}

/// Every file that kubectl would read.
pub(super) fn default_paths(process: &Process) -> anyhow::Result<Vec<PathBuf>> {
    let listed = process.listed_kubeconfigs().unwrap_or_default();
    if !listed.is_empty() {
        return Ok(listed);
    }
    let home = process.home_kubeconfig();
    Ok(vec![home.context("no home folder: name the kubeconfig, as --merge FILE or --convert FILE")?])
}

#[cfg(unix)]
fn mode(permissions: &fs::Permissions) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(permissions) & 0o777
}

#[cfg(not(unix))]
fn mode(_: &fs::Permissions) -> u32 {
    0o600
}
