//! A kubeconfig on disk: found where kubectl finds it, locked as kubectl locks it, and replaced in one step where that can be. Other
//! files that this program edits are locked and replaced in the same way.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use document::Source;

use crate::process::{self, Process};

/// The largest file that is read to be changed; thousands of clusters are a few megabytes.
const MAX_LENGTH: u64 = 16 << 20;

/// How often a lock is tried, and how long until the next time. Whoever holds one changes a file, which is soon done.
const TRIES: u32 = 50;
const INTERVAL: Duration = Duration::from_millis(100);

/// A kubeconfig that nobody else changes until this is dropped: neither this program, nor kubectl.
pub(crate) struct Locked {
    path: PathBuf,
    lock: PathBuf,
}

impl Locked {
    /// Makes the folder, if need be, and the lock file beside the kubeconfig.
    ///
    /// Source: `lockFile` of `k8s.io/client-go/tools/clientcmd/loader.go`, which makes `<file>.lock` and fails where it is
    /// there already.
    pub(crate) fn new(path: &Path) -> anyhow::Result<Self> {
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
            "another program is changing {}, because its lock file {} exists; if none is, remove that file",
            path.display(),
            lock.display()
        )
    }

    /// What stands in it; `None` if there is no such file.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Source>> {
        read_to_change(&self.path)
    }

    /// Replaces it in one step. Its mode stays as it is; a new one can be read by its owner alone.
    ///
    /// A file that has other names (hard links) or is another user's would lose them, or become ours: that one is written
    /// over, as kubectl does with all (`WriteToFile` of the same `loader.go`).
    pub(crate) fn write(&self, text: &str) -> anyhow::Result<()> {
        // A symbolic link (dotfiles kept elsewhere) stays one: its target is what gets replaced.
        let target = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let Ok(there) = fs::metadata(&target) else {
            return process::write_atomically(&target, text.as_bytes(), 0o600);
        };
        ensure!(!there.permissions().readonly(), "{} is read-only; make it writable first", self.path.display());
        // Whoever made the lock would own a file that takes the place of this one.
        if is_to_stay(&there, &fs::metadata(&self.lock)?) {
            write_over(&target, text)
        } else {
            process::write_atomically(&target, text.as_bytes(), mode(&there.permissions()))
        }
    }
}

/// Writes over a file. What it held stands beside it meanwhile, and goes on standing there if this fails halfway.
fn write_over(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut before = tempfile::Builder::new().prefix(".cluster-auth-").suffix(".before").tempfile_in(folder)?;
    io::copy(&mut fs::File::open(path)?, before.as_file_mut())?;
    before.as_file().sync_all()?;
    let write = || {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(text.as_bytes())?;
        file.set_len(text.len() as u64)?;
        file.sync_all()
    };
    write().or_else(|error| {
        let (_, before) = before.keep()?;
        let message = format!("cannot write {}; what it held is in {}", path.display(), before.display());
        Err(anyhow::Error::from(error).context(message))
    })
}

impl Drop for Locked {
    fn drop(&mut self) {
        // A lock file that cannot be removed is named by whoever meets with it.
        let _ = fs::remove_file(&self.lock);
    }
}

/// Reads a kubeconfig; `None` if there is no such file.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<Source>> {
    bytes_of(path)?.map(|bytes| process::source_of(path.display().to_string(), &bytes)).transpose()
}

/// What stands in a kubeconfig.
fn bytes_of(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
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
    ensure!(metadata.is_file(), "{shown} is a folder, a pipe, a socket or a device, not a file");
    ensure!(metadata.len() <= MAX_LENGTH, "{shown} has {} bytes, which is more than {MAX_LENGTH}", metadata.len());
    fs::read(path).with_context(|| format!("cannot read {shown}")).map(Some)
}

/// Reads a kubeconfig that is to be written as well.
pub(super) fn read_to_change(path: &Path) -> anyhow::Result<Option<Source>> {
    let Some(bytes) = bytes_of(path)? else { return Ok(None) };
    let name = path.display().to_string();
    ensure!(!document::is_utf_16(&bytes), "{name} is UTF-16, and only UTF-8 is written; save it as UTF-8 first");
    process::source_of(name, &bytes).map(Some)
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

/// Whether a file has another name or another owner than a new one would have.
#[cfg(unix)]
fn is_to_stay(there: &fs::Metadata, made: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    there.nlink() > 1 || (there.uid(), there.gid()) != (made.uid(), made.gid())
}

#[cfg(not(unix))]
fn is_to_stay(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

#[cfg(unix)]
fn mode(permissions: &fs::Permissions) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(permissions) & 0o777
}

#[cfg(not(unix))]
fn mode(_: &fs::Permissions) -> u32 {
    0o600
}
