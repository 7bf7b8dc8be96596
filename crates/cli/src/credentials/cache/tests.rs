//! The file: whose it may be, what is left alone, and what stands in it afterwards.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
};

use aws::credentials::{Cache, CacheKey, Credentials, Environment, Secret};
use jiff::Timestamp;

use super::{Unusable, path, read, update};

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn key(cluster_id: &str) -> CacheKey {
    CacheKey { cluster_id: cluster_id.to_owned(), profile: "p".to_owned(), role: String::new() }
}

fn session() -> Credentials {
    let expires = Some(now() + jiff::SignedDuration::from_hours(1));
    Credentials { session_token: Some(Secret::new("t")), expires, ..Credentials::long_term("ASIAEXAMPLE", "s") }
}

fn keep(path: &Path, cluster_id: &str) -> Result<(), Unusable> {
    update(path, |cache| cache.put(key(cluster_id), &session()))
}

fn is_kept(path: &Path, cluster_id: &str) -> bool {
    read(path).is_ok_and(|cache| cache.get(&key(cluster_id), now()).is_some())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("is there").mode() & 0o7777
}

#[test]
fn the_variable_goes_before_the_home_folder() {
    let mut environment = Environment { home: Some("home".into()), ..Environment::default() };
    let below = "home/.kube/cache/aws-iam-authenticator/credentials.yaml";
    assert_eq!(path(&environment).expect("somewhere"), Path::new(below));
    environment.vars.insert("AWS_IAM_AUTHENTICATOR_CACHE_FILE".to_owned(), "x.yaml".to_owned());
    assert_eq!(path(&environment).expect("somewhere"), Path::new("x.yaml"));
    assert!(matches!(path(&Environment::default()), Err(Unusable::Nowhere)));
}

#[test]
fn folders_and_file_are_made_for_their_owner_alone_and_what_others_kept_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a/b/credentials.yaml");
    assert!(read(&file).is_ok_and(|cache| cache == Cache::default()));
    keep(&file, "one").expect("kept");
    keep(&file, "two").expect("kept");
    assert!(is_kept(&file, "one") && is_kept(&file, "two"));
    let modes = [mode(&file), mode(&folder.path().join("a")), mode(&folder.path().join("a/b"))];
    assert_eq!(modes, [0o600, 0o700, 0o700]);
    let beside = fs::read_dir(folder.path().join("a/b")).expect("a folder").count();
    assert_eq!(beside, 1, "nothing is left beside it");
}

#[test]
fn a_file_that_cannot_be_used_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    let rows = [
        ("clusters: {}\n", 0o640, "is not private: its mode is 0640; `chmod 600 "),
        ("clusters: {}\n", 0o604, "is not private: its mode is 0604"),
        ("clusters: {}\n", 0o620, "is not private: its mode is 0620"),
        ("apiVersion: v1\nclusters:\n- name: prod\n", 0o600, "is not a credentials cache, see its line 1"),
        ("clusters:\n  prod: [\n", 0o600, "is not a credentials cache, see its line 2"),
    ];
    for (text, mode_of_file, said) in rows {
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, Permissions::from_mode(mode_of_file)).expect("set");
        for why in [read(&file).err(), keep(&file, "c").err()] {
            let why = why.map(|why| why.to_string()).unwrap_or_default();
            assert!(why.contains(said), "{text}: {why}");
        }
        assert_eq!((fs::read_to_string(&file).expect("is there").as_str(), mode(&file)), (text, mode_of_file));
    }
    for why in [read(folder.path()).err(), keep(folder.path(), "c").err()] {
        assert!(matches!(why, Some(Unusable::NoFile(_))), "{why:?}");
    }
}

#[test]
fn whoever_writes_is_alone_and_whoever_reads_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    keep(&path, "one").expect("kept");
    let other = fs::File::open(&path).expect("is there");
    other.try_lock_shared().expect("nobody writes");
    assert!(is_kept(&path, "one"));
    assert!(matches!(keep(&path, "two"), Err(Unusable::Held(_))));
    other.unlock().expect("held");
    other.try_lock().expect("nobody reads");
    assert!(matches!(read(&path), Err(Unusable::Held(_))));
    drop(other);
    keep(&path, "two").expect("kept");
    assert!(is_kept(&path, "one") && is_kept(&path, "two"));
}

#[test]
fn a_link_stays_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    keep(&file, "one").expect("kept");
    symlink(&file, &link).expect("linked");
    keep(&link, "two").expect("kept");
    assert!(is_kept(&file, "one") && is_kept(&file, "two"));
    assert!(fs::symlink_metadata(&link).expect("is there").is_symlink());
}
