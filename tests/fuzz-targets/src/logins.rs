//! Mapping sources: the server's configuration, `aws-auth`, and what merging makes of them.

use std::collections::BTreeMap;

use access::{
    ConfigMap, Facts, Options, RenderTarget,
    merge::{
        Shape,
        add::{Addition, Refused, Whom, add, add_to_file},
    },
    render,
};
use document::{Limits, Source, Sources};
use identity::{Identity, Partition};
use inventory::decide;
use jiff::Timestamp;
use mapping::{Decision, Outcome, Snapshot, authenticator::read_config_in, aws_iam_authenticator as go};
use serde_json::Value;

use crate::{
    grammar,
    words::{CONFIGURATION, LOGINS},
};

const NOW: &str = "2026-11-29T12:00:00Z";

/// Callers of every kind.
fn callers() -> impl Iterator<Item = Identity> {
    let callers = [
        ("arn:aws:iam::111122223333:user/alice", "AIDAEXAMPLE"),
        ("arn:aws:iam::111122223333:root", "111122223333"),
        ("arn:aws:sts::111122223333:assumed-role/Ops/alice", "AROAEXAMPLE:alice"),
        ("arn:aws:sts::111122223333:assumed-role/Ops/masters", "AROAEXAMPLE:masters"),
        ("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/a@b", "AROAEXAMPLF:a@b"),
        ("arn:aws:sts::111122223333:federated-user/alice", "111122223333:alice"),
    ];
    callers.into_iter().map(|(arn, id)| Identity::from_answer(arn, "111122223333", id).expect("a caller"))
}

fn now() -> Timestamp {
    NOW.parse().expect("a moment")
}

/// Nobody whom our server lets in has an empty name, or one of the system's that the configuration does not spell out.
pub(crate) fn configures(bytes: &[u8]) -> bool {
    let Some(text) = grammar::text(bytes, &CONFIGURATION) else { return false };
    let standing = || go::Standing::alone("config.yaml");
    let _ = go::mounted_file(&text, standing(), go::Options::default());
    let _ = go::settings("config.yaml", &text);
    let source = Source::new("config.yaml", text.as_str());
    let Ok((config, _)) = read_config_in(&source, None) else { return false };
    let snapshot = config.server.into_snapshot(None);
    for caller in callers() {
        let Decision::Permit(user) = decide(&snapshot, &caller, now()) else { continue };
        assert!(!user.username.is_empty(), "{} is nobody", caller.arn());
        for name in [&user.username].into_iter().chain(&user.groups) {
            let is_spelled = text.contains(name.as_str()) || !name.starts_with("system:") || text.contains('\\');
            assert!(is_spelled || name.starts_with("system:node:"), "{} is {name}", caller.arn());
        }
    }
    true
}

/// Whoever EKS' `aws-auth` lets in is let in by an entry that is there; whoever is a matter of chance has several outcomes.
pub(crate) fn maps(bytes: &[u8]) -> bool {
    let Some(text) = grammar::text(bytes, &LOGINS) else { return false };
    let _ = go::dynamic_file(text.as_bytes(), go::Standing::alone("dynamic"), go::Options::default());
    let data = texts(&text);
    let standing = |_: &str| go::Standing::alone("aws-auth");
    let source =
        go::aws_auth(data.iter().map(|(key, text)| (key.as_str(), text.as_str())), standing, go::Options::default());
    let snapshot = Snapshot::new(Partition::Aws, vec![source], []);
    for caller in callers() {
        match decide(&snapshot, &caller, now()) {
            Decision::Undetermined(undetermined) => {
                assert!(undetermined.outcomes.len() > 1, "one outcome is no matter of chance");
                let once: Vec<&Outcome> = undetermined.outcomes.iter().collect();
                assert!((1..once.len()).all(|at| !once[..at].contains(&once[at])), "one outcome twice");
            }
            Decision::Permit(_) => assert!(!snapshot.is_empty()),
            Decision::Refuse(_) | Decision::Needs(_) => {}
        }
    }
    true
}

/// The lists of a text as `aws-auth` has them: each a text in YAML.
fn texts(text: &str) -> BTreeMap<String, String> {
    let Ok(Value::Object(lists)) = serde_saphyr::from_str::<Value>(text) else {
        return [("mapRoles".to_owned(), text.to_owned())].into();
    };
    let written = |list: Value| serde_saphyr::to_string(&list).unwrap_or_default();
    lists.into_iter().map(|(key, list)| (key, written(list))).collect()
}

/// Merged into `aws-auth`, our entries are let in, and nobody else is let in otherwise than before.
pub(crate) fn merges(bytes: &[u8]) -> bool {
    let Some(text) = grammar::text(bytes, &LOGINS) else { return false };
    let data = texts(&text);
    adds(&data, &text);
    let mut sources = Sources::default();
    sources.add(
        "access.yaml",
        "clusterID: fuzz.example.com\naccount: '111122223333'\ngroups:\n- {name: devs, users: [zoe], roles: [Zoo]}\n",
    );
    let access = access::read(&sources, &Limits::default()).access;
    let current = ConfigMap { resource_version: Some("1".to_owned()), data: data.clone(), ..ConfigMap::default() };
    let facts = Facts { config_maps: Some([("aws-auth".to_owned(), current)].into()), ..Facts::default() };
    let options = Options { adopt: false, expiry: access::Expiry::Refuse };
    let Ok(rendered) = render(&access, &facts, now(), RenderTarget::AwsAuth, options) else { return false };
    let applied: Value = serde_saphyr::from_str(&rendered.text).expect("what was rendered is read");
    let after: BTreeMap<String, String> = serde_json::from_value(applied["data"].clone()).expect("texts");
    for caller in callers() {
        assert_eq!(decided(&data, &caller), decided(&after, &caller), "{}", caller.arn());
    }
    let zoe = Identity::from_answer("arn:aws:iam::111122223333:user/zoe", "111122223333", "AIDAZOE").expect("a caller");
    assert_eq!(decided(&after, &zoe), "zoe [\"devs\"]");
    true
}

/// Who is let in by `aws-auth`, as whom.
fn decided(data: &BTreeMap<String, String>, caller: &Identity) -> String {
    let standing = |_: &str| go::Standing::alone("aws-auth");
    let texts = data.iter().map(|(key, text)| (key.as_str(), text.as_str()));
    let source = go::aws_auth(texts, standing, go::Options::default());
    let snapshot = Snapshot::new(Partition::Aws, vec![source], []);
    match decide(&snapshot, caller, now()) {
        Decision::Permit(user) => format!("{} {:?}", user.username, user.groups),
        Decision::Refuse(refusal) => format!("{refusal:?}"),
        Decision::Needs(fact) => format!("{fact:?}"),
        Decision::Undetermined(undetermined) => format!("{} outcomes", undetermined.outcomes.len()),
    }
}

/// With one user more, everybody else comes in as before, and the same user cannot be added again: to a map, or to any text that is a
/// file to which somebody can be added.
fn adds(data: &BTreeMap<String, String>, text: &str) {
    let who = Whom::User("arn:aws:iam::111122223333:user/zoe".to_owned());
    let zoe = Addition { who, username: "zoe".to_owned(), groups: vec!["devs".to_owned()] };
    let again = |data: &BTreeMap<String, String>| add(Shape::AwsAuth, data, |_| go::Standing::alone("aws-auth"), &zoe);
    if let Ok(added) = again(data) {
        for caller in callers() {
            assert_eq!(decided(data, &caller), decided(&added.data, &caller), "{}", caller.arn());
        }
        assert!(matches!(again(&added.data), Err(Refused::There { .. })), "it is there: {:?}", added.data);
    }
    if let Ok((changed, _)) = add_to_file(&Source::new("file.yaml", text), &zoe) {
        let refused = add_to_file(&Source::new("file.yaml", changed.as_str()), &zoe);
        assert!(matches!(refused, Err(Refused::There { .. })), "it is there: {changed}");
    }
}
