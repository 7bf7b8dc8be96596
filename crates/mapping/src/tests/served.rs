//! What the server makes of `aws-auth`, `IAMIdentityMapping` objects and dynamic files, beside what aws-iam-authenticator
//! makes of them; and of sources that were not read yet.

use identity::{Identity, Partition};

use super::{identity, now, said};
use crate::{
    BackendMode, Defect, DefectKind, Facts, Index, Reader, Snapshot, Source, SourceState, UNKNOWN_UNIQUE_ID,
    authenticator::{AwsAuth, dynamic_file, objects},
    aws_iam_authenticator::{self as theirs, Object, Options, Standing},
    decide,
};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const DEV: &str = "arn:aws:sts::111122223333:assumed-role/Dev/session";

fn decided(snapshot: &Snapshot, identity: &Identity) -> String {
    said(&decide(snapshot, identity, "AKIAEXAMPLE000000000", &Facts::default(), now()))
}

fn of(source: Source) -> Snapshot {
    Snapshot::new(Partition::Aws, vec![source], [])
}

fn both_of_aws_auth(roles: &str, users: &str) -> [Source; 2] {
    let data = || [("mapRoles", roles), ("mapUsers", users)];
    let options = Options { sso_role_match: true, ..Options::default() };
    let theirs = theirs::aws_auth(data(), |_| Standing::alone("aws-auth"), options);
    [theirs, AwsAuth::default().read(Some(data()), options).source]
}

#[test]
fn aws_auth_maps_whom_the_other_server_maps_but_for_its_mistakes() {
    struct Row {
        name: &'static str,
        roles: &'static str,
        users: &'static str,
        caller: &'static str,
        theirs: &'static str,
        ours: &'static str,
    }
    let rows = [
        Row {
            name: "an entry that cannot be read takes no others with it",
            roles: "[{username: x}, {rolearn: 'arn:aws:iam::111122223333:role/dev', username: dev, groups: [g]}]",
            users: "{",
            caller: DEV,
            theirs: "dev [g]",
            ours: "dev [g]",
        },
        Row {
            name: "a user whose name is not a string",
            roles: "",
            users: "[{userarn: 'arn:aws:iam::111122223333:user/ann', username: 5, groups: [g]}]",
            caller: ANN,
            theirs: " [g]",
            ours: "mapping.empty-username",
        },
        Row {
            name: "two spellings of one user",
            roles: "",
            users: "[{userarn: 'arn:aws:iam::111122223333:user/ann', username: a}, \
                    {userarn: 'arn:aws:iam::111122223333:user/ANN', username: b}]",
            caller: ANN,
            theirs: "a [] | b []",
            ours: "b []",
        },
        Row {
            name: "a role's path never matches",
            roles: "[{rolearn: 'arn:aws:iam::111122223333:role/ops/Dev', username: dev}]",
            users: "",
            caller: DEV,
            theirs: "mapping.none",
            ours: "mapping.none",
        },
        Row {
            name: "a permission set whose name is only the beginning",
            roles: "[{sso: {permissionSetName: Dev, accountID: '111122223333'}, username: dev}]",
            users: "",
            caller: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_Admin_0123456789abcdef/x",
            theirs: "dev []",
            ours: "mapping.none",
        },
        Row {
            name: "a session's name makes no group of Kubernetes'",
            roles: "[{rolearn: 'arn:aws:iam::111122223333:role/Dev', username: dev, \
                    groups: ['system:{{SessionName}}']}]",
            users: "",
            caller: "arn:aws:sts::111122223333:assumed-role/Dev/masters",
            theirs: "dev [system:masters]",
            ours: "mapping.templated-system-name",
        },
    ];
    for Row { name, roles, users, caller, theirs, ours } in rows {
        let answers = both_of_aws_auth(roles, users).map(|source| decided(&of(source), &identity(caller)));
        assert_eq!(answers, [theirs, ours], "{name}");
    }
}

#[test]
fn what_is_said_of_a_source_is_what_the_server_does() {
    let users = "[{userarn: 'arn:aws:iam::111122223333:user/ann', groups: [g]}, \
                  {userarn: 'arn:aws:iam::111122223333:user/ANN', username: b}]";
    let [_, ours] = both_of_aws_auth("", users);
    let said: Vec<(DefectKind, &str)> =
        ours.defects.iter().map(|Defect { kind, message, .. }| (*kind, message.as_str())).collect();
    let expected = [
        (
            DefectKind::Duplicate,
            "another entry matches the same callers: an ARN takes precedence over a permission set, and the last of equal entries is used",
        ),
        (DefectKind::EmptyUsername, "it has no username: whoever it names is refused"),
    ];
    assert_eq!(said, expected);
    assert_eq!(ours.reader, Reader::ClusterAuth);
}

/// To aws-iam-authenticator the status that it wrote once goes on matching; anybody who may write it could let in whom they
/// like.
#[test]
fn the_status_of_an_object_maps_nobody() {
    let object =
        |arn| Object { name: "ann", arn, username: "ann", groups: vec!["g"], canonical_arn: ANN, ..Object::default() };
    let rows = [(ANN, "ann [g]", "ann [g]"), ("ann", "ann [g]", "mapping.none")];
    for (arn, by_theirs, by_ours) in rows {
        let answers = [theirs::objects([object(arn)]), objects([object(arn)])];
        let answers = answers.map(|source| decided(&of(source), &identity(ANN)));
        assert_eq!(answers, [by_theirs, by_ours], "{arn}");
    }
}

#[test]
fn a_dynamic_file_that_is_compared_by_unique_id() {
    let file = r#"{"mapUsers": [{"userarn": "arn:aws:iam::111122223333:user/ann", "username": "ann", "userid": "AIDAANN"},
        {"username": "bob", "userid": "AIDABOB"}], "mapAccounts": ["111122223333"]}"#;
    let options = Options { user_id_strict: true, ..Options::default() };
    let read = dynamic_file(file.as_bytes(), Standing::alone("dynamic.json"), options);
    let snapshot = of(read.unwrap_or_else(|refused| panic!("{:?}", refused.defects)));
    let caller = |name: &str, id: &str| Identity {
        unique_id: id.into(),
        ..identity(&format!("arn:aws:iam::111122223333:user/{name}"))
    };
    let rows = [
        ("the id and the ARN are right", "ann", "AIDAANN", "ann []"),
        // To the other server the account of the same file lets them in.
        ("the id is right, and the ARN another", "eve", "AIDAANN", "mapping.other-arn"),
        ("an id alone", "anybody", "AIDABOB", "bob []"),
        ("no id, and the account", "carl", "AIDACARL", "arn:aws:iam::111122223333:user/carl []"),
        (
            "an id that is not known: any of those that there may be",
            "ann",
            UNKNOWN_UNIQUE_ID,
            "ann [] | arn:aws:iam::111122223333:user/ann [] | bob []",
        ),
    ];
    for (name, user, id, expected) in rows {
        let answer = decided(&snapshot, &caller(user, id));
        let mut parts: Vec<&str> = answer.split(" | ").collect();
        parts.sort_unstable();
        assert_eq!(parts.join(" | "), *expected.split(" | ").collect::<Vec<_>>().join(" | "), "{name}");
    }
}

/// Nobody is refused because of what nobody has looked at.
#[test]
fn a_source_that_was_not_read_is_no_refusal() {
    let index = |users: &str| {
        let [_, source] = both_of_aws_auth("", users);
        SourceState::Read(Index::of(source).into())
    };
    let ann = "[{userarn: 'arn:aws:iam::111122223333:user/ann', username: ann}]";
    let rows = [
        ("an earlier source names the caller", vec![index(ann), SourceState::NotRead(BackendMode::Crd)], "ann []"),
        ("no earlier source does", vec![index("[]"), SourceState::NotRead(BackendMode::Crd)], "Logins(Crd)"),
        ("a later source does", vec![SourceState::NotRead(BackendMode::Crd), index(ann)], "Logins(Crd)"),
        ("all were read", vec![index("[]"), index("[]")], "mapping.none"),
    ];
    for (name, sources, expected) in rows {
        let snapshot = Snapshot::of_indexes(Partition::Aws, sources, []);
        assert_eq!(decided(&snapshot, &identity(ANN)), expected, "{name}");
    }
}

#[test]
fn prefixes_are_reserved_for_a_source_as_it_was_read_before() {
    let ann = "[{userarn: 'arn:aws:iam::111122223333:user/ann', username: 'admin:ann'}]";
    let [_, source] = both_of_aws_auth("", ann);
    let mode = source.mode;
    let index = std::sync::Arc::new(Index::of(source));
    let snapshot = |of: &[BackendMode], prefix: &str| {
        let prefixes = of.iter().map(|mode| (*mode, vec![prefix.to_owned()]));
        Snapshot::of_indexes(Partition::Aws, [SourceState::Read(std::sync::Arc::clone(&index))], []).reserving(prefixes)
    };
    let rows: [(&str, &[BackendMode], &str, &str); 4] = [
        ("none", &[], "", "admin:ann []"),
        ("of another source", &[BackendMode::Crd], "admin:", "admin:ann []"),
        ("empty", &[mode], "", "admin:ann []"),
        ("of this one", &[mode], "admin:", "mapping.reserved-prefix"),
    ];
    for (name, of, prefix, expected) in rows {
        assert_eq!(decided(&snapshot(of, prefix), &identity(ANN)), expected, "{name}");
    }
}
