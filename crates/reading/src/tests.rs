//! What is read, and what is said to be none that can be.

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
