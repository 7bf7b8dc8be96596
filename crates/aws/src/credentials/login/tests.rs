//! The file of a login: what is read of it, and what stands there when it was renewed.

use std::path::PathBuf;

use super::{Environment, Keys, LEAST_LEFT, Login, Renewed, Timestamp};

const SESSION: &str = "arn:aws:iam::111122223333:user/bob";
const NAME: &str = "5d5303d4711466446508d1822010ddb9c314be63f450cef40f32bbff5443e078.json";
const TEXT: &str = r#"{"accessToken": {"accessKeyId": "ASIA", "secretAccessKey": "s", "sessionToken": "t", "accountId": "111122223333",
    "expiresAt": "2026-01-02T12:05:00Z"}, "tokenType": "aws_sigv4", "refreshToken": "again", "idToken": "i", "clientId": "c", "dpopKey": "k",
    "ofTomorrow": [1]}"#;

/// Somebody's home with this text in place of a login.
fn home(text: &str) -> (tempfile::TempDir, Environment, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let cache = home.path().join(".aws/login/cache");
    std::fs::create_dir_all(&cache).expect("a folder");
    std::fs::write(cache.join(NAME), text).expect("a file");
    let environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
    (home, environment, cache.join(NAME))
}

fn at(time: &str) -> Timestamp {
    format!("2026-01-02T{time}Z").parse().expect("a time")
}

#[test]
fn a_login_is_good_until_five_minutes_before_its_end_and_of_use_until_one() {
    let (_home, environment, _) = home(TEXT);
    let login = Login::read(&environment, SESSION).expect("a login");
    let rows =
        [("11:59:59", true, true), ("12:00:00", false, true), ("12:03:59", false, true), ("12:04:00", false, false)];
    for (time, is_good, is_of_use) in rows {
        let (good, of_use) = (login.good(at(time)).is_some(), login.lasts(LEAST_LEFT, at(time)).is_some());
        assert_eq!((good, of_use), (is_good, is_of_use), "{time}");
    }
}

#[test]
fn what_is_no_login_is_not_there() {
    let rows = ["", "[]", "{}", &TEXT.replace("2026-01-02T12:05:00Z", "soon"), &TEXT.replace("sessionToken", "other")];
    for text in rows {
        let (_home, environment, _) = home(text);
        assert!(Login::read(&environment, SESSION).is_none(), "{text}");
    }
    let (_home, environment, _) = home(TEXT);
    assert!(Login::read(&environment, "another").is_none());
    assert!(Login::read(&Environment::default(), SESSION).is_none());
}

#[test]
fn what_is_renewed_stands_there_and_all_else_stays() {
    let (_home, environment, path) = home(TEXT);
    let access_token = Keys {
        access_key_id: "ASIANEW".to_owned(),
        secret_access_key: "new".to_owned(),
        session_token: "newer".to_owned(),
    };
    let renewed = Renewed { access_token, expires_in: 900, refresh_token: "once more".to_owned() };
    let login = Login::read(&environment, SESSION).expect("a login");
    let found = login.renewed(renewed, SESSION, &environment, at("12:00:00"));
    assert_eq!((found.access_key_id.as_str(), found.expires), ("ASIANEW", Some(at("12:15:00"))));
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let expected = TEXT
        .replace("\"ASIA\"", "\"ASIANEW\"")
        .replace("\"s\"", "\"new\"")
        .replace("\"t\"", "\"newer\"")
        .replace("12:05:00", "12:15:00")
        .replace("\"again\"", "\"once more\"");
    assert_eq!(read(&std::fs::read_to_string(&path).expect("a file")), read(&expected));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&path).expect("a file")) & 0o777, 0o600);
}
