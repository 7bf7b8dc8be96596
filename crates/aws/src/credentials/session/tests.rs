//! What sessions are kept under, for how long they are good, and what their files say.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{AssumeRole, Base, Credentials, Environment, Secret, Session, SessionKey, Standing};
use crate::{
    Endpoint,
    credentials::{MfaDevice, tests::sso},
};

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn sts() -> Endpoint {
    Endpoint { url: "https://sts.us-west-2.amazonaws.com".to_owned(), signing_region: "us-west-2".to_owned() }
}

fn role() -> AssumeRole {
    AssumeRole { role_arn: "arn:aws:iam::111122223333:role/Dev".to_owned(), ..AssumeRole::default() }
}

fn keys(id: &str) -> SessionKey {
    SessionKey::of_keys(&Credentials::long_term(id, "secret"))
}

/// A session that was obtained so long ago, and ends in so long.
fn session(ago: i64, left: i64) -> Session {
    let expires = Some(now() + SignedDuration::from_secs(left));
    let credentials =
        Credentials { session_token: Some(Secret::new("token")), expires, ..Credentials::long_term("ASIA", "secret") };
    let key = keys("AKIA").assumed(&role(), false, &sts());
    let arn = Some("arn:aws:sts::111122223333:assumed-role/Dev/alice".to_owned());
    Session { key, obtained: now() - SignedDuration::from_secs(ago), credentials, arn }
}

#[test]
fn whatever_makes_it_another_session_makes_another_name() {
    let device = |serial: &str| Some(MfaDevice { serial: serial.to_owned(), process: None, profile: "dev".to_owned() });
    let elsewhere = Endpoint { url: "https://sts.amazonaws.com".to_owned(), signing_region: "us-east-1".to_owned() };
    let of = |role: &AssumeRole| keys("AKIA").assumed(role, false, &sts());
    let some = || Some("x".to_owned());
    let all = [
        of(&role()),
        of(&AssumeRole { role_arn: "arn:aws:iam::111122223333:role/Ops".to_owned(), ..role() }),
        of(&AssumeRole { external_id: some(), ..role() }),
        of(&AssumeRole { session_name: some(), ..role() }),
        of(&AssumeRole { duration_seconds: Some(900), ..role() }),
        of(&AssumeRole { mfa: device("arn:aws:iam::111122223333:mfa/bob"), ..role() }),
        of(&AssumeRole { mfa: device("arn:aws:iam::111122223333:mfa/eve"), ..role() }),
        keys("AKIA2").assumed(&role(), false, &sts()),
        keys("AKIA").assumed(&role(), true, &sts()),
        keys("AKIA").assumed(&role(), false, &elsewhere),
        of(&role()).assumed(&role(), false, &sts()),
    ];
    let names: BTreeSet<String> = all.iter().map(SessionKey::name).collect();
    assert_eq!(names.len(), all.len());
    assert!(names.iter().all(|name| name.len() == 64), "{names:?}");
    // Whose program prints the codes is nothing to AWS.
    let printed = MfaDevice { process: some(), ..device("arn:aws:iam::111122223333:mfa/bob").expect("one") };
    assert_eq!(of(&AssumeRole { mfa: Some(printed), ..role() }), all[5]);
}

#[test]
fn who_has_logged_in_is_part_of_it_and_nobody_is_kept_whom_only_asking_tells() {
    let home = tempfile::tempdir().expect("a folder");
    let environment = |variables: &[(&str, &str)]| Environment {
        vars: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        home: Some(home.path().to_owned()),
    };
    let key = |base: &Base, variables: &[(&str, &str)]| {
        SessionKey::of_base(base, &environment(variables), &sts()).map(|key| key.name())
    };
    let sso = Base::Sso(sso());
    assert_eq!(key(&sso, &[]), None, "nobody has logged in");
    std::fs::create_dir_all(home.path().join(".aws/sso/cache")).expect("a folder");
    let token = home.path().join(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
    let logs_in = |name: &str| {
        let text = format!("{{\"accessToken\": \"{name}\", \"expiresAt\": \"2099-01-01T00:00:00Z\"}}");
        std::fs::write(&token, text).expect("a file");
        key(&sso, &[]).expect("a key")
    };
    let (bob, eve) = (logs_in("bob"), logs_in("eve"));
    assert!(bob != eve && bob == logs_in("bob"));
    // Whoever answers for AWS may answer with anything.
    for (variable, value) in [
        ("AWS_ENDPOINT_URL_SSO", "https://sso.example.com"),
        ("AWS_ENDPOINT_URL", "https://aws.example.com"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ] {
        let elsewhere = key(&sso, &[(variable, value)]);
        assert!(elsewhere.is_some_and(|name| name != bob), "{variable}");
    }

    let file = home.path().join("token");
    let web = Base::WebIdentity {
        token_file: file.clone(),
        role_arn: "arn:aws:iam::111122223333:role/Web".to_owned(),
        session_name: None,
    };
    assert_eq!(key(&web, &[]), None, "no token");
    std::fs::write(&file, "one").expect("a file");
    let one = key(&web, &[]);
    std::fs::write(&file, "two").expect("a file");
    let two = key(&web, &[]);
    assert!(one.is_some() && one != two);
    let here = sts();
    for elsewhere in [
        Endpoint { url: "https://sts.example.com".to_owned(), ..here.clone() },
        Endpoint { signing_region: "eu-west-1".to_owned(), ..here.clone() },
    ] {
        let elsewhere = SessionKey::of_base(&web, &environment(&[]), &elsewhere).map(|key| key.name());
        assert!(elsewhere.is_some() && elsewhere != two);
    }

    let process = Base::Process { command: "creds".to_owned(), profile: "dev".to_owned() };
    for variable in ["AWS_VAULT", "SAML2AWS_USERNAME", "OKTA_USER", "PATH", "HOME"] {
        assert_ne!(key(&process, &[]), key(&process, &[(variable, "another")]), "{variable}");
        assert_ne!(key(&process, &[(variable, "one")]), key(&process, &[(variable, "another")]), "{variable}");
    }
    assert_eq!(key(&process, &[]), key(&process, &[("TERM", "xterm"), ("KUBERNETES_EXEC_INFO", "{}")]));
    let login = Base::Login { session: "arn:aws:iam::111122223333:user/bob".to_owned(), profile: "dev".to_owned() };
    for base in [Base::Container, Base::InstanceMetadata, login] {
        assert_eq!(key(&base, &[]), None);
    }
}

#[test]
fn credentials_are_renewed_before_their_end_and_never_used_behind_it() {
    let hour = 3600;
    let rows = [
        ("new", 0, hour, Standing::Good),
        ("a quarter of an hour left", hour - 900, 900, Standing::Good),
        ("less", hour - 899, 899, Standing::Renew),
        ("of a short session a quarter of its time", 675, 225, Standing::Good),
        ("less of it", 676, 224, Standing::Renew),
        ("of a long one no more", 43_200 - 1000, 1000, Standing::Good),
        ("over a minute", hour - 61, 61, Standing::Renew),
        ("a minute", hour - 60, 60, Standing::Ended),
        ("over", hour, 0, Standing::Ended),
        ("long over", 90_000, -86_400, Standing::Ended),
        ("clocks that differ a little", -60, hour, Standing::Good),
        ("a clock that was set back", -61, hour, Standing::Ahead(SignedDuration::from_secs(61))),
        ("and what is over by any clock", -7200, -1, Standing::Ahead(SignedDuration::from_secs(7200))),
    ];
    for (name, ago, left, expected) in rows {
        assert_eq!(session(ago, left).standing(now()), expected, "{name}");
    }
}

#[test]
fn a_text_is_the_session_that_was_written_or_none() {
    let whole = session(10, 3600);
    let text = whole.to_text().expect("it ends");
    assert!(Session::parse(text.expose()).is_some_and(|read| read == whole));
    for end in 0..text.expose().len() {
        assert!(Session::parse(&text.expose()[..end]).is_none(), "cut at {end}");
    }
    let wrong = [
        text.expose().replace("\"version\":1", "\"version\":2"),
        text.expose().replace("\"ASIA\"", "\"\""),
        text.expose().replace("2026-01-02T04:04:05Z", "soon"),
        "{}".to_owned(),
        "null".to_owned(),
    ];
    for text in wrong {
        assert!(Session::parse(&text).is_none());
    }
    let endless = Credentials { expires: None, ..whole.credentials.clone() };
    assert!(Session { credentials: endless, ..whole }.to_text().is_none());
}

#[test]
fn a_key_says_whose_session_it_is_and_what_it_comes_of() {
    let chain = keys("AKIA").assumed(&role(), false, &sts()).assumed(
        &AssumeRole { role_arn: "arn:aws:iam::444455556666:role/Ops".to_owned(), ..AssumeRole::default() },
        false,
        &sts(),
    );
    let described = chain.described();
    let expected = ("arn:aws:iam::444455556666:role/Ops", "AKIA → arn:aws:iam::111122223333:role/Dev");
    assert_eq!((&*described.0, &*described.1), expected);
}
