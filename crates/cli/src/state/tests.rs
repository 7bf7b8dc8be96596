//! What is written when, and what is kept.

use std::fs;

use super::{Pair, Reach, StateFiles};

fn now() -> jiff::Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn reach() -> Reach {
    Reach { hostname: "localhost".to_owned(), address: [127, 0, 0, 1].into(), port: 21362 }
}

fn state() -> (tempfile::TempDir, StateFiles) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = StateFiles::in_folder(folder.path(), "webhook.kubeconfig");
    (folder, files)
}

#[test]
fn a_missing_pair_is_made_and_a_complete_one_is_kept() {
    let (_folder, files) = state();
    assert_eq!(files.ensure_pair(&reach(), now()).expect("made"), Pair::Made);
    let made = fs::read(&files.certificate).expect("written");
    assert_eq!(files.ensure_pair(&reach(), now()).expect("kept"), Pair::Kept);
    assert_eq!(fs::read(&files.certificate).expect("still there"), made);
}

#[cfg(unix)]
#[test]
fn the_key_is_readable_by_its_owner_alone_even_where_a_lax_one_stood() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, files) = state();
    fs::write(&files.key, "old").expect("written");
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).expect("set");
    files.ensure_pair(&reach(), now()).expect("made");
    assert_eq!(fs::metadata(&files.key).expect("there").permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn a_kubeconfig_stays_as_closed_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, files) = state();
    files.ensure_pair(&reach(), now()).expect("made");
    let mode = || fs::metadata(&files.kubeconfig).expect("there").permissions().mode() & 0o777;
    files.ensure_kubeconfig(&reach()).expect("written");
    assert_eq!(mode(), 0o644);
    for (before, after) in [(0o600, 0o600), (0o640, 0o640), (0o666, 0o644)] {
        fs::write(&files.kubeconfig, "old").expect("written");
        fs::set_permissions(&files.kubeconfig, fs::Permissions::from_mode(before)).expect("set");
        files.ensure_kubeconfig(&reach()).expect("written");
        assert_eq!(mode(), after, "{before:o}");
    }
}

#[test]
fn a_folder_in_a_files_place_leaves_nothing_behind() {
    let (_folder, files) = state();
    fs::create_dir(&files.certificate).expect("a folder");
    let said = files.ensure_pair(&reach(), now()).expect_err("a folder").to_string();
    assert!(said.contains("cert.pem: it is a folder"), "{said}");
    assert!(!files.key.exists());
}

#[test]
fn a_host_has_a_name_or_an_address() {
    for (hostname, is_one) in [
        ("localhost", true),
        ("auth.example.com", true),
        ("auth.example.com.", true),
        ("10.0.0.1", true),
        ("::1", true),
        ("my_host", true),
        ("", false),
        ("a b", false),
        ("a:5", false),
        ("http://x", false),
        ("a..b", false),
        ("[::1]", false),
    ] {
        let reach = Reach { hostname: hostname.to_owned(), ..reach() };
        assert_eq!(reach.ensure_host().is_ok(), is_one, "{hostname:?}");
    }
}

#[test]
fn a_pair_that_does_not_fit_is_an_error_and_stays_as_it_is() {
    let (_folder, files) = state();
    files.ensure_pair(&reach(), now()).expect("made");
    fs::write(&files.certificate, "no certificate").expect("written");
    let error = files.ensure_pair(&reach(), now()).expect_err("unusable").to_string();
    assert!(error.contains("cert.pem"), "{error}");
    assert_eq!(fs::read_to_string(&files.certificate).expect("there"), "no certificate");
}

#[test]
fn the_kubeconfig_is_written_once_and_again_when_url_or_authority_change() {
    let (_folder, files) = state();
    files.ensure_pair(&reach(), now()).expect("made");
    assert!(files.ensure_kubeconfig(&reach()).expect("written"));
    assert!(!files.ensure_kubeconfig(&reach()).expect("already right"));
    assert!(files.ensure_kubeconfig(&Reach { port: 1, ..reach() }).expect("another port"));
    files.write_new_pair(&reach(), now()).expect("made");
    assert!(files.ensure_kubeconfig(&Reach { port: 1, ..reach() }).expect("another authority"));
}

#[test]
fn a_rotation_trusts_old_and_new_and_a_later_start_leaves_that_alone() {
    let (_folder, files) = state();
    files.ensure_pair(&reach(), now()).expect("made");
    files.ensure_kubeconfig(&reach()).expect("written");
    let old = files.authority_pem().expect("an authority");
    files.rotate(&reach(), now()).expect("made");
    let new = files.authority_pem().expect("an authority");
    let trusted = files.trusted().expect("readable").certificate_authority_pem;
    assert!(old != new && trusted.contains(old.trim()) && trusted.contains(new.trim()));
    assert!(!files.ensure_kubeconfig(&reach()).expect("already right"));
}

#[test]
fn urls_and_names_follow_host_and_address() {
    let cases = [
        ("localhost", "127.0.0.1", "https://localhost:21362/authenticate", vec!["localhost", "127.0.0.1"]),
        ("127.0.0.1", "127.0.0.1", "https://127.0.0.1:21362/authenticate", vec!["127.0.0.1"]),
        ("auth.example.com", "0.0.0.0", "https://auth.example.com:21362/authenticate", vec!["auth.example.com"]),
        ("::1", "::", "https://[::1]:21362/authenticate", vec!["::1"]),
    ];
    for (hostname, address, url, names) in cases {
        let reach = Reach { hostname: hostname.to_owned(), address: address.parse().expect("an address"), port: 21362 };
        assert_eq!(reach.url(), url);
        assert_eq!(reach.names(), names, "{hostname} {address}");
    }
}
