//! Reading a file whole that others may change meanwhile: of a kind that comes to an end, and at most so long.
//!
//! What a path leads to may be another thing a moment later. So kind and length are those of the file that was opened, and
//! opening waits for nobody: a pipe into which nobody writes would hold up whoever opens it for ever, and with it all that the
//! same thread has to do.

// Whoever calls what does I/O decides what its failing means.
#![warn(clippy::missing_errors_doc)]

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

/// Which kinds of files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Regular files alone, for whoever must not wait.
    Regular,
    /// Whatever can be read, as a shell's `<(…)` or `/dev/stdin`: for a command, whose caller sees that it waits.
    Any,
}

/// Returns what is in a file.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::InvalidInput`] for what is of no such kind, and [`io::ErrorKind::FileTooLarge`] for what
/// has more than `most` bytes. Of these no more is read than shows it.
pub fn read(path: &Path, kind: Kind, most: u64) -> io::Result<Vec<u8>> {
    let file = open(path, kind)?;
    let metadata = file.metadata()?;
    // Of a folder the system says best what it is.
    if kind == Kind::Regular && !metadata.is_file() && !metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes"));
    if metadata.is_file() && metadata.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(most)).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

#[cfg(unix)]
fn open(path: &Path, kind: Kind) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let mut options = OpenOptions::new();
    options.read(true);
    if kind == Kind::Regular {
        // A pipe is opened at once, and a terminal does not become this process's own.
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    }
    options.open(path)
}

/// Where there are no such files in folders.
#[cfg(not(unix))]
fn open(path: &Path, _: Kind) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(all(test, unix))]
mod tests;
