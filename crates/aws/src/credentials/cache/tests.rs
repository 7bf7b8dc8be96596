//! What is kept, for whom, and what is not a cache.

use jiff::{SignedDuration, Timestamp};

use super::{AssumeRole, Cache, CacheKey, Credentials, NotACache, Secret};

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn key(cluster_id: &str, profile: &str, role: &str) -> CacheKey {
    CacheKey { cluster_id: cluster_id.to_owned(), profile: profile.to_owned(), role: role.to_owned() }
}

fn session(name: &str, ends_in_seconds: Option<i64>) -> Credentials {
    Credentials {
        session_token: Some(Secret::new(format!("token of {name}: \"#\u{7f}"))),
        expires: ends_in_seconds.map(|seconds| now() + SignedDuration::from_secs(seconds)),
        ..Credentials::long_term(name, format!("secret of {name}"))
    }
}

fn text(cache: &Cache) -> String {
    cache.to_text().expose().to_owned()
}

/// As gopkg.in/yaml.v2 writes it.
const OF_GO: &str = "clusters:
  prod:
    default:
      \"\":
        accesskeyid: ASIAONE
        secretaccesskey: one
        sessiontoken: t1
        source: AssumeRoleProvider
        canexpire: true
        expires: 2026-01-02T05:04:05.123456789+01:00
        accountid: \"011122223333\"
      arn:aws:iam::111122223333:role/Admin:
        accesskeyid: ASIATWO
        secretaccesskey: two
        sessiontoken: \"\"
        source: \"\"
        canexpire: false
        expires: 0001-01-01T00:00:00Z
        accountid: \"\"
";

#[test]
fn what_the_go_program_writes_is_read_and_kept() {
    let cache = Cache::parse(OF_GO).expect("a cache");
    let one = cache.get(&key("prod", "default", ""), now()).expect("is there");
    let token = one.session_token.as_ref().map(Secret::expose);
    assert_eq!((&*one.access_key_id, one.secret_access_key.expose(), token), ("ASIAONE", "one", Some("t1")));
    assert_eq!(one.expires.map(|end| end.to_string()).as_deref(), Some("2026-01-02T04:04:05.123456789Z"));
    let two = cache.get(&key("prod", "default", "arn:aws:iam::111122223333:role/Admin"), now()).expect("is there");
    assert!(two.session_token.is_none() && two.expires.is_none());
    let written = text(&cache);
    assert!(written.contains("accountid: \"011122223333\"") && written.contains("AssumeRoleProvider"), "{written}");
    assert!(Cache::parse(&written).ok() == Some(cache), "{written}");
}

#[test]
fn credentials_are_good_for_their_own_key_until_shortly_before_their_end() {
    let mut cache = Cache::default();
    cache.put(key("c", "p", "r"), &session("A", Some(61)));
    let rows = [("c", "p", "r", true), ("d", "p", "r", false), ("c", "q", "r", false), ("c", "p", "", false)];
    for (cluster, profile, role, is_there) in rows {
        let found = cache.get(&key(cluster, profile, role), now());
        assert_eq!(found.is_some(), is_there, "{cluster} {profile} {role}");
    }
    assert!(cache.get(&key("c", "p", "r"), now() + SignedDuration::from_secs(1)).is_none());
    cache.put(key("c", "p", "endless"), &session("B", None));
    assert!(cache.get(&key("c", "p", "endless"), now()).is_none(), "what has no end is not kept");
}

#[test]
fn every_text_comes_back_and_what_has_ended_does_not() {
    let mut cache = Cache::default();
    for name in ["", "a: b", "null", "0123", "é\"\\\u{2028}", "- x", "#"] {
        cache.put(key(name, name, name), &session(name, Some(600)));
        cache.put(key(name, name, "ended"), &session(name, Some(0)));
    }
    cache.put(key("only", "p", ""), &session("x", Some(-1)));
    cache.forget_ended(now());
    let written = text(&cache);
    assert!(!written.contains("ended") && !written.contains("only"), "{written}");
    let read = Cache::parse(&written).expect("a cache");
    // Without an access key there is nothing to keep.
    assert!(cache.get(&key("", "", ""), now()).is_some() && read.get(&key("", "", ""), now()).is_none());
    for name in ["a: b", "null", "0123", "é\"\\\u{2028}", "- x", "#"] {
        assert!(read.get(&key(name, name, name), now()) == Some(session(name, Some(600))), "{name}: {written}");
    }
    assert!(Cache::parse(&text(&Cache::default())).ok() == Some(Cache::default()));
}

#[test]
fn whatever_else_is_in_the_file_makes_it_another_file() {
    let entry = |fields: &str| format!("clusters: {{c: {{p: {{r: {{{fields}}}}}}}}}");
    let rows: &[(&str, Result<(), usize>)] = &[
        ("", Ok(())),
        ("# nothing yet\n", Ok(())),
        ("clusters: {}", Ok(())),
        ("clusters:", Ok(())),
        ("clusters: {c: {p: {r: }}}", Ok(())),
        ("clusters: []", Err(1)),
        ("\n- a", Err(2)),
        ("text", Err(1)),
        ("clusters: {}\ncontexts: []", Err(2)),
        ("clusters:\n  c: [", Err(2)),
        ("clusters:\n- cluster: {server: x}", Err(2)),
        (&entry("accesskeyid: [x]"), Err(1)),
        (&entry("canexpire: perhaps"), Err(1)),
        (&entry("expires: soon"), Err(1)),
        (&entry("expires: 2026-01-02T03:04:05Z, later: x"), Ok(())),
    ];
    for (text, expected) in rows {
        assert_eq!(Cache::parse(text).map(drop), expected.map_err(|line| NotACache { line }), "{text}");
    }
    // To the Go program, too, these have ended, or are not keys.
    for fields in ["canexpire: true, accesskeyid: A, secretaccesskey: s", "accesskeyid: A", "secretaccesskey: s"] {
        let cache = Cache::parse(&entry(fields)).expect("a cache");
        assert!(cache.get(&key("c", "p", "r"), now()).is_none(), "{fields}");
    }
}

#[test]
fn a_roles_session_belongs_to_whoever_assumed_it_and_how() {
    let of = key("c", "p", "arn:aws:iam::111122223333:role/R");
    let role = |external_id: Option<&str>, session_name: Option<&str>| AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/R".to_owned(),
        external_id: external_id.map(str::to_owned),
        session_name: session_name.map(str::to_owned),
        ..AssumeRole::default()
    };
    let (alice, bob) = (session("ASIAALICE", None), session("ASIABOB", None));
    let keys = [
        of.clone(),
        of.assumed(&alice, &role(None, None), false),
        of.assumed(&alice, &role(None, None), true),
        of.assumed(&bob, &role(None, None), false),
        of.assumed(&alice, &role(Some("x"), None), false),
        of.assumed(&alice, &role(None, Some("x")), false),
        of.assumed(&alice, &role(Some("x\", session name \"y"), None), false),
        of.assumed(&alice, &role(Some("x"), Some("y")), false),
    ];
    for (at, key) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(key), "{key:?}");
    }
    assert_eq!(keys[1].role, "arn:aws:iam::111122223333:role/R assumed by ASIAALICE");
}
