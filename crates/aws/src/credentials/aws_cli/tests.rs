//! The names of the AWS CLI's files, as botocore makes them, and what is read of them.

use super::{AssumeRole, Base, Environment, Sso, Timestamp, aws_cli_base, aws_cli_role, file_name, role_key, sso_key};
use crate::credentials::MfaDevice;

fn dev() -> AssumeRole {
    AssumeRole { role_arn: "arn:aws:iam::111122223333:role/Dev".to_owned(), ..AssumeRole::default() }
}

fn sso(session: Option<&str>) -> Sso {
    Sso {
        profile: "dev".to_owned(),
        account_id: "111122223333".to_owned(),
        role_name: "Dev".to_owned(),
        start_url: "https://old.awsapps.com/start".to_owned(),
        region: "eu-central-1".to_owned(),
        session: session.map(str::to_owned),
    }
}

/// On the day on which all of it ends, at 03:04:05.
fn at(time: &str) -> Timestamp {
    format!("2026-01-02T{time}Z").parse().expect("a time")
}

#[test]
fn files_have_the_names_that_the_aws_cli_gives_them() {
    let bobs = MfaDevice {
        serial: "arn:aws:iam::111122223333:mfa/bob".to_owned(),
        process: Some("a program of no interest".to_owned()),
        profile: "dev".to_owned(),
    };
    let with_mfa = AssumeRole { duration_seconds: Some(3600), mfa: Some(bobs), ..dev() };
    let rows = [
        (role_key(&dev()), "2e4e5ba8d705dd3fb0679e7eb5f0b624fb18a363.json"),
        (role_key(&with_mfa), "0ced3e6f62aec48e1b3caaebfdad16f85937df77.json"),
        (sso_key(&sso(Some("corp"))), "20985b56d713cfd135648cadc68a6115ca80d9a5.json"),
        ("corp".to_owned(), "ee0bfd2552fbd840c02cc48b6e823320543c450f.json"),
    ];
    for (key, name) in rows {
        assert_eq!(file_name(&key), name, "{key}");
    }
    let odd = AssumeRole { external_id: Some("\"é\\\u{1f600}\u{7f}\t".to_owned()), ..dev() };
    // Python 3.11: json.dumps({...}, sort_keys=True)
    let expected =
        r#"{"ExternalId": "\"\u00e9\\\ud83d\ude00\u007f\t", "RoleArn": "arn:aws:iam::111122223333:role/Dev"}"#;
    assert_eq!(role_key(&odd), expected);
    assert_eq!(
        sso_key(&sso(None)),
        r#"{"accountId":"111122223333","roleName":"Dev","startUrl":"https://old.awsapps.com/start"}"#
    );
}

#[test]
fn what_is_no_session_is_not_there() {
    let home = tempfile::tempdir().expect("a folder");
    let environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
    let kept = || aws_cli_role(&environment, &dev(), at("02:49:05")).map(|found| found.credentials.access_key_id);
    assert_eq!(kept(), None);
    let cache = home.path().join(".aws/cli/cache");
    std::fs::create_dir_all(&cache).expect("a folder");
    let good = r#"{"Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2026-01-02T03:04:05Z"}, "Other": 1}"#;
    let rows = [
        (good.to_owned(), Some("ASIA")),
        (good.replace("05Z", "05UTC"), Some("ASIA")),
        (good.replace("05Z", "05+00:00"), Some("ASIA")),
        (good.replace("2026-01-02T03:04:05Z", "soon"), None),
        (good.replace("AccessKeyId", "Key"), None),
        (good[..40].to_owned(), None),
        (String::new(), None),
    ];
    for (text, expected) in rows {
        std::fs::write(cache.join(file_name(&role_key(&dev()))), &text).expect("a file");
        assert_eq!(kept().as_deref(), expected, "{text}");
    }
    std::fs::write(cache.join(file_name(&role_key(&dev()))), good).expect("a file");
    assert!(aws_cli_role(&environment, &dev(), at("02:49:06")).is_none(), "the AWS CLI asks for another one");
}

#[test]
fn what_aws_login_keeps_is_found_where_it_is_kept() {
    let home = tempfile::tempdir().expect("a folder");
    let mut environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
    let base =
        Base::Login { session: " arn:aws:iam::0123456789012:user/Admin ".to_owned(), profile: "admin".to_owned() };
    let name = "36db1d138ff460920374e4c3d8e01f53f9f73537e89c88d639f68393df0e2726.json";
    let text = r#"{"accessToken": {"accessKeyId": "ASIA", "secretAccessKey": "s", "sessionToken": "t", "accountId": "012345678901", "expiresAt": "2026-01-02T03:04:05Z"}, "refreshToken": "r"}"#;
    let elsewhere = home.path().join("elsewhere");
    for folder in [home.path().join(".aws/login/cache"), elsewhere.clone()] {
        assert!(aws_cli_base(&environment, &base, at("02:59:04")).is_none(), "{}", folder.display());
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), text).expect("a file");
        let found = |time| aws_cli_base(&environment, &base, at(time)).map(|found| found.credentials.access_key_id);
        assert_eq!(found("02:59:04").as_deref(), Some("ASIA"), "{}", folder.display());
        assert_eq!(found("02:59:05"), None, "it is renewed");
        environment.vars.insert("AWS_LOGIN_CACHE_DIRECTORY".to_owned(), elsewhere.display().to_string());
    }
}
