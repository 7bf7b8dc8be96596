//! What is said where something is wrong: what it is, and what to do, in words that can be followed as they stand.

mod table;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use self::table::{FILES, SAID, Said};

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let mut wrong = Vec::new();
    for row in SAID {
        let folder = prepared();
        let stderr = run(folder.path(), row);
        let missing =
            row.says.iter().filter(|says| !stderr.contains(**says)).map(|says| format!("{says:?} is not said"));
        let unwanted = row.not.iter().filter(|not| stderr.contains(**not)).map(|not| format!("{not:?} is said"));
        wrong.extend(missing.chain(unwanted).map(|why| format!("{}: {why}:\n{stderr}", row.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a line that fails, and returns what it says.
fn run(folder: &Path, row: &Said) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster-auth"));
    command.env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").current_dir(folder);
    command.env("AWS_REGION", "us-west-2").env("HTTPS_PROXY", "http://127.0.0.1:1");
    command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "x");
    command.envs(row.env.iter().copied()).args(row.line.split_whitespace());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // It may end without having read anything.
    let _ = child.stdin.take().expect("a pipe").write_all(row.stdin.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8(stderr).expect("UTF-8"));
    assert_eq!(status.code(), Some(row.code), "{}: {stderr}\n{stdout}", row.name);
    stderr
}

fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in FILES {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    folder
}
