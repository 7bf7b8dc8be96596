//! The folder: whose it may be, what is passed over, and who waits for whom.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use aws::credentials::{Credentials, Environment, Secret, Session, SessionKey};

use super::{Sessions, folder, private};

fn sessions(folder: &Path) -> Sessions {
    Sessions { folder: folder.join("cache/cluster-auth") }
}

fn session(id: &str) -> Session {
    let now: jiff::Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
    let expires = Some(now + jiff::SignedDuration::from_hours(1));
    let credentials =
        Credentials { session_token: Some(Secret::new("t")), expires, ..Credentials::long_term("ASIA", "s") };
    Session { key: key(id), obtained: now, credentials, arn: None }
}

fn key(id: &str) -> SessionKey {
    SessionKey::of_keys(&Credentials::long_term(id, "s"))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("is there").mode() & 0o7777
}

#[test]
fn the_folder_is_in_kubectls_cache() {
    let mut environment = Environment { home: Some("home".into()), ..Environment::default() };
    assert_eq!(folder(&environment).as_deref(), Some(Path::new("home/.kube/cache/cluster-auth")));
    environment.vars.insert("KUBECACHEDIR".to_owned(), "elsewhere".to_owned());
    assert_eq!(folder(&environment).as_deref(), Some(Path::new("elsewhere/cluster-auth")));
    assert_eq!(folder(&Environment::default()), None);
}

#[test]
fn a_session_is_kept_for_its_owner_alone_under_its_own_key() {
    let top = tempfile::tempdir().expect("a folder");
    let sessions = sessions(top.path());
    assert!(sessions.get(&key("A")).is_none());
    sessions.put(&session("A"));
    sessions.put(&session("B"));
    assert!(sessions.get(&key("A")).is_some_and(|found| found == session("A")));
    assert!(sessions.get(&key("C")).is_none());
    assert_eq!((mode(&sessions.folder), mode(&sessions.file(&key("A")))), (0o700, 0o600));
    // Under another's name it is nobody's.
    fs::rename(sessions.file(&key("A")), sessions.file(&key("C"))).expect("renamed");
    assert!(sessions.get(&key("C")).is_none());
    let (all, unreadable) = sessions.all().expect("a list");
    assert_eq!((all.len(), unreadable), (2, 0));
    assert_eq!(sessions.clear().expect("cleared"), 2);
    assert_eq!(fs::read_dir(&sessions.folder).expect("a folder").count(), 0, "nothing is left");
    assert_eq!(sessions.clear().expect("cleared"), 0);
}

#[test]
fn what_has_ended_goes_with_the_next_that_is_kept() {
    let top = tempfile::tempdir().expect("a folder");
    let sessions = sessions(top.path());
    let old = session("A");
    let obtained = old.obtained - jiff::SignedDuration::from_hours(2);
    let credentials = Credentials { expires: Some(old.obtained), ..old.credentials.clone() };
    sessions.put(&Session { obtained, credentials, ..old });
    drop(sessions.try_hold(&key("A")).expect("held"));
    let other = sessions.folder.join("notes.json");
    fs::write(&other, "somebody else's").expect("written");
    let held = sessions.try_hold(&key("C")).expect("held");
    sessions.put(&session("B"));
    let exists = |path: &Path| path.exists();
    assert!(!exists(&sessions.file(&key("A"))) && exists(&sessions.file(&key("B"))));
    assert!(exists(&sessions.lock(&key("C"))), "somebody holds it");
    drop(held);
    sessions.put(&session("B"));
    assert!(!exists(&sessions.lock(&key("A"))) && !exists(&sessions.lock(&key("C"))) && exists(&other));
    assert_eq!(sessions.clear().expect("cleared"), 1);
    assert!(exists(&other), "what is not ours stays");
}

#[test]
fn what_is_broken_is_not_there_and_is_replaced() {
    let top = tempfile::tempdir().expect("a folder");
    let sessions = sessions(top.path());
    sessions.put(&session("A"));
    let file = sessions.file(&key("A"));
    let whole = fs::read(&file).expect("a file");
    let half = whole[..whole.len() / 2].to_vec();
    let long = vec![b' '; 100_000];
    for content in [&b""[..], b"\xff\xfe", b"{}", b"[", &half, &long] {
        fs::write(&file, content).expect("written");
        assert!(sessions.get(&key("A")).is_none());
        assert_eq!(sessions.all().expect("a list").1, 1);
        sessions.put(&session("A"));
        assert!(sessions.get(&key("A")).is_some(), "replaced");
    }
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("a folder");
    sessions.put(&session("A"));
    assert!(sessions.get(&key("A")).is_none(), "a folder is not replaced, and no reason to fail");
}

#[test]
fn what_others_may_read_is_not_used() {
    let top = tempfile::tempdir().expect("a folder");
    let sessions = sessions(top.path());
    sessions.put(&session("A"));
    let file = sessions.file(&key("A"));
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
    for mode in [0o640, 0o604, 0o620, 0o602] {
        set(&file, mode);
        assert!(sessions.get(&key("A")).is_none(), "{mode:o}");
    }
    sessions.put(&session("A"));
    assert!(sessions.get(&key("A")).is_some(), "what is put there is private again");
    for mode in [0o750, 0o705, 0o777] {
        set(&sessions.folder, mode);
        let said = private::folder(&sessions.folder).err().map(|error| error.to_string()).unwrap_or_default();
        let folder = sessions.folder.display();
        assert_eq!(said, format!("{folder} is not private: its mode is {mode:04o}; `chmod 700 {folder}`"));
    }
}

#[tokio::test]
async fn one_holds_a_key_and_the_others_wait() {
    let top = tempfile::tempdir().expect("a folder");
    let sessions = sessions(top.path());
    let first = sessions.hold(&key("A")).await.expect("held");
    assert!(sessions.try_hold(&key("A")).is_none());
    assert!(sessions.try_hold(&key("B")).is_some(), "another key is another's");
    // Who holds it keeps it, whatever is removed meanwhile.
    sessions.clear().expect("cleared");
    assert!(sessions.try_hold(&key("A")).is_none());
    drop(first);
    assert!(sessions.hold(&key("A")).await.is_some());
}
