//! A token that stands in a file.

use std::{fs, path::Path, process::Command};

use super::Credentials;
use crate::{ContextName, files::User};

const NO_TOKENS: [(&str, &[&str]); 4] =
    [("mkfifo", &[]), ("ln", &["-s", "/dev/zero"]), ("truncate", &["-s", "1T"]), ("mkdir", &[])];

fn make(program: &str, before: &[&str], path: &Path) {
    assert!(Command::new(program).args(before).arg(path).status().expect(program).success());
}

/// Requests of a server wait for its token, and everything else for them: on one thread.
#[tokio::test]
async fn a_token_is_read_anew_and_kept_where_its_file_is_none_any_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    let user = User { token_file: path.display().to_string(), ..User::default() };
    fs::write(&path, "first\n").expect("written");
    let credentials = Credentials::of(&user).expect("read").expect("there are some");
    let shown = async || {
        let header = credentials.header(&ContextName::of_pod()).await;
        header.ok().flatten().and_then(|header| Some(header.to_str().ok()?.to_owned())).unwrap_or_default()
    };
    for (number, (program, before)) in NO_TOKENS.into_iter().enumerate() {
        let token = format!("token-{number}");
        fs::write(&path, &token).expect("written");
        assert_eq!(shown().await, format!("Bearer {token}"));
        fs::remove_file(&path).expect("removed");
        make(program, before, &path);
        assert_eq!(shown().await, format!("Bearer {token}"), "{program}");
        assert!(Credentials::of(&user).is_err(), "{program}: a first token there is not");
        if path.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) }.expect("removed");
    }
}
