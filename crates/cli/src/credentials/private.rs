//! Folders and files of one owner. What mode a file has only Unix knows; elsewhere the user's own folder says who may read it.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Others than the owner may do something with it, by these permission bits.
#[derive(Debug)]
pub(crate) struct Exposed {
    path: PathBuf,
    mode: u32,
    wanted: u32,
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, mode, wanted } = self;
        let path = path.display();
        write!(f, "{path} is not private: its mode is {mode:04o}; `chmod {wanted:o} {path}`")
    }
}

impl std::error::Error for Exposed {}

impl From<Exposed> for io::Error {
    fn from(exposed: Exposed) -> Self {
        Self::other(exposed)
    }
}

/// Refuses what is no folder, or one of which others could read or change what is in it.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Err(io::Error::other(format!("{} is not a folder", path.display())));
    }
    Ok(ensure_mode(path, &metadata, 0o700)?)
}

/// Says whether others than its owner could read or exchange the keys in a file.
pub(super) fn exposed(path: &Path, file: &File) -> io::Result<Option<Exposed>> {
    Ok(ensure_mode(path, &file.metadata()?, 0o600).err())
}

/// Makes a folder, and those above it, for their owner alone.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for its owner alone, and makes it where it is not there.
pub(super) fn make_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether a file is the one that the path leads to.
#[cfg(unix)]
pub(super) fn is_still(path: &Path, file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (of, there) = (file.metadata()?, fs::metadata(path));
    Ok(there.is_ok_and(|there| (there.dev(), there.ino()) == (of.dev(), of.ino())))
}

/// It could not have been replaced while it was open.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere the system is asked")]
pub(super) fn is_still(_: &Path, _: &File) -> io::Result<bool> {
    Ok(true)
}

#[cfg(unix)]
fn ensure_mode(path: &Path, metadata: &fs::Metadata, wanted: u32) -> Result<(), Exposed> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    let of_others = mode & 0o077;
    if of_others == 0 { Ok(()) } else { Err(Exposed { path: path.to_owned(), mode, wanted }) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere the mode is looked at")]
fn ensure_mode(_: &Path, _: &fs::Metadata, _: u32) -> Result<(), Exposed> {
    Ok(())
}
