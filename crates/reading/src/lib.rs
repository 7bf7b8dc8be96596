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
mod tests {
    use std::{fs, io, os::unix::net::UnixListener, path::Path, process::Command};

    use super::{Kind, read};

    const MOST: u64 = 100;

    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
    }

    #[test]
    fn a_file_is_read_whole_or_said_to_be_none_that_can_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for (name, length) in [("empty", 0), ("short", 3), ("as long as may be", 100), ("longer", 101)] {
            fs::write(at(name), vec![b'x'; length]).expect("written");
        }
        // It takes no room, and says that it is large.
        fs::File::create(at("sparse")).and_then(|file| file.set_len(1 << 40)).expect("made");
        pipe(&at("pipe"));
        let _socket = UnixListener::bind(at("socket")).expect("a socket");
        std::os::unix::fs::symlink("short", at("link")).expect("a link");
        std::os::unix::fs::symlink("pipe", at("link to a pipe")).expect("a link");
        let rows: [(&str, Result<usize, io::ErrorKind>); 11] = [
            ("empty", Ok(0)),
            ("short", Ok(3)),
            ("as long as may be", Ok(100)),
            ("longer", Err(io::ErrorKind::FileTooLarge)),
            ("sparse", Err(io::ErrorKind::FileTooLarge)),
            ("link", Ok(3)),
            ("pipe", Err(io::ErrorKind::InvalidInput)),
            ("link to a pipe", Err(io::ErrorKind::InvalidInput)),
            (".", Err(io::ErrorKind::IsADirectory)),
            ("none", Err(io::ErrorKind::NotFound)),
            ("/dev/zero", Err(io::ErrorKind::InvalidInput)),
        ];
        for (name, expected) in rows {
            let read = read(&folder.path().join(name), Kind::Regular, MOST);
            assert_eq!(read.map(|bytes| bytes.len()).map_err(|error| error.kind()), expected, "{name}");
        }
        assert!(read(&at("socket"), Kind::Regular, MOST).is_err(), "the system opens none");
    }

    #[test]
    fn what_is_of_any_kind_ends_as_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        pipe(&path);
        let writer = std::thread::spawn({
            let path = path.clone();
            move || fs::write(path, "written")
        });
        assert_eq!(read(&path, Kind::Any, MOST).expect("read"), b"written");
        writer.join().expect("no panic").expect("written");
        assert_eq!(read(Path::new("/dev/null"), Kind::Any, MOST).expect("read"), b"");
        let endless = read(Path::new("/dev/zero"), Kind::Any, MOST).expect_err("it has no end");
        assert_eq!(
            (endless.kind(), endless.to_string().as_str()),
            (io::ErrorKind::FileTooLarge, "it has more than 100 bytes")
        );
    }
}
