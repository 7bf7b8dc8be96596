//! What aws-iam-authenticator 0.7.18 said of the mappings in its configuration file, run with `SSORoleMatch`.

use identity::Partition;

use super::{ask, said};
use crate::{
    Snapshot,
    aws_iam_authenticator::{Options, Standing, mounted_file},
};

const ADMIN: &str = "arn:aws:iam::111122223333:role/Admin";
const DEPLOYER: &str = "arn:aws:iam::111122223333:role/Deployer";
const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

const CALLERS: [(&str, &str); 6] = [
    ("admin", "arn:aws:sts::111122223333:assumed-role/Admin/build-17"),
    ("deployer", "arn:aws:sts::111122223333:assumed-role/Deployer/gh-actions"),
    ("alice", "arn:aws:iam::111122223333:user/alice"),
    ("eve", "arn:aws:iam::444455556666:user/eve"),
    ("kim", "arn:aws:iam::777788889999:user/kim"),
    ("sso-dev", "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_1111111111111111/dev"),
];

/// What stands below `server`, and who is let in; `does not start` where the program does not.
const ROWS: &[(&str, &str)] = &[
    ("mapRoles: [{rolearn: @A, username: adm, groups: [g]}]", "admin: adm [g]"),
    ("mapRoles: [{rolearn: @A, username: adm, groups: g}]", "admin: adm [g]"),
    ("mapRoles: [{rolearn: @A, username: adm, groups: 'a,b c'}]", "admin: adm [a, b c]"),
    (
        "mapRoles: [{rolearn: @A, username: 12, groups: [1, true, null, 1.5]}, {rolearn: @D, username: true}]",
        "admin: 12 [1, 1, , 1.5]; deployer: 1 []",
    ),
    ("mapRoles: [{rolearn: @A}]", "admin:  []"),
    ("mapRoles: [{roleARN: @A, USERNAME: adm, Groups: [g]}]", "admin: adm [g]"),
    ("mapRoles: [{roleARN: @A, USERNAME: adm, username: low}]", "admin: adm []"),
    ("mapRoles: [{rolearn: foo, username: adm}]", "does not start"),
    ("mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/team/Admin', username: adm}]", ""),
    ("mapRoles: [{rolearn: 'arn:aws:sts::111122223333:assumed-role/Admin/x', username: adm}]", "admin: adm []"),
    ("mapRoles: [{rolearn: 'ARN:AWS:IAM::111122223333:ROLE/ADMIN', username: adm}]", "does not start"),
    ("mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/admin', username: adm}]", "admin: adm []"),
    ("mapRoles: [{rolearn: @A, username: one}, {rolearn: @A, username: two}]", "admin: two []"),
    ("mapRoles: [{rolearn: @A, username: one, username: two}]", "does not start"),
    ("mapRoles: [foo, {rolearn: @A, username: one}]", "does not start"),
    ("mapRoles: {rolearn: @A, username: one}", "admin: one []"),
    ("mapRoles: [{}]", "does not start"),
    ("mapRoles: |\n  - rolearn: @A\n", "does not start"),
    (
        "MAPROLES: [{rolearn: @A, username: one}]\nmapusers: [{userarn: @U, username: al}]",
        "admin: one []; alice: al []",
    ),
    (
        "mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/ALICE', username: one}, {userarn: @U, username: two}]",
        "alice: two []",
    ),
    (
        "mapAccounts: [444455556666, 012345678901, \"777788889999\"]",
        "eve: arn:aws:iam::444455556666:user/eve []; kim: arn:aws:iam::777788889999:user/kim []",
    ),
    (
        "mapAccounts: \"444455556666,777788889999\"",
        "eve: arn:aws:iam::444455556666:user/eve []; kim: arn:aws:iam::777788889999:user/kim []",
    ),
    ("mapAccounts: 444455556666", "eve: arn:aws:iam::444455556666:user/eve []"),
    (
        "mapRoles: [&a {rolearn: @A, username: base, groups: [g]}, {rolearn: @D, username: own, <<: *a}]",
        "admin: base [g]; deployer: own [g]",
    ),
    (
        "mapRoles: [{sso: {permissionSetName: Dev, accountID: 111122223333}, username: bysso}, {rolearn: 'arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_1111111111111111', username: byarn}]",
        "sso-dev: byarn [] | bysso []",
    ),
    ("mapRoles: [{SSO: {PermissionsetName: Dev, ACCOUNTID: \"111122223333\"}, username: bysso}]", "sso-dev: bysso []"),
    ("mapRoles: [{rolearn: @A, username: adm, foo: bar}]", "admin: adm []"),
    ("mapRoles:\n\t- rolearn: @A\n", "does not start"),
    ("mapRoles: [{rolearn: @A, username: yes, groups: [on, 012, 0o12, 1_0, ~]}]", "admin: yes [on, 10, 10, 10, ]"),
    ("mapRoles: [{rolearn: @A, username: yes, groups: [2001-01-01]}]", "does not start"),
    (
        "reservedPrefixConfig: [{backendMode: MountedFile, usernamePrefixReserveList: [sys, \"\"]}]\nmapRoles: [{rolearn: @A, username: sysadm}, {rolearn: @D, username: dep}]",
        "admin: mapping.reserved-prefix; deployer: dep []",
    ),
    ("mapRoles: [null, {rolearn: @A, username: adm}]", "does not start"),
    ("mapRoles: [{rolearn: @A, username: [adm]}]", "does not start"),
    ("mapRoles: [{rolearn: @A, username: {a: b}}]", "does not start"),
    ("mapRoles: [{rolearn: \"@A \", username: adm}]", ""),
    ("mapRoles: [{rolearn: \"arn:aws:iam::111122223333:role/*\", username: adm}]", ""),
    (
        "mapRoles: [{rolearn: \"arn:aws:iam::11112222333:role/x\", username: adm}, {rolearn: @A, username: adm}]",
        "admin: adm []",
    ),
    ("mapRoles: [{rolearn: \"arn:aws:iam::111122223333:group/x\", username: adm}]", "does not start"),
    ("mapRoles: []\nmapUsers: ''\nmapAccounts:", ""),
];

#[test]
fn the_configuration_file_means_what_the_program_said() {
    for (server, expected) in ROWS {
        let server = server.replace("@A", ADMIN).replace("@D", DEPLOYER).replace("@U", ALICE);
        let text = format!("clusterID: c\nserver:\n  {}\n", server.replace('\n', "\n  "));
        let options = Options { sso_role_match: true, user_id_strict: false };
        let found = match mounted_file(&text, Standing::alone("config.yaml"), options) {
            Err(refused) => {
                let is_said = refused.defects.iter().any(|defect| defect.message.contains("does not start"));
                assert!(is_said && refused.is_empty(), "{text}: {refused:?}");
                "does not start".to_owned()
            }
            Ok(source) => {
                let snapshot = Snapshot::new(Partition::Aws, vec![source], []);
                let answers = CALLERS.iter().map(|(name, arn)| (name, said(&ask(&snapshot, arn))));
                let answers = answers.filter(|(_, said)| said != "mapping.none");
                answers.map(|(name, said)| format!("{name}: {said}")).collect::<Vec<_>>().join("; ")
            }
        };
        assert_eq!(found, *expected, "{text}");
    }
}

#[test]
fn what_has_no_effect_in_the_configuration_file_is_said() {
    let text = "mapUsers: []\nserver:\n  maprole:\n  - {}\n  mapRoles:\n  - {rolearn: 'arn:aws:iam::111122223333:role/a/B', usernam: b}\n";
    let source = mounted_file(text, Standing::alone("config.yaml"), Options::default()).expect("it starts");
    let said: Vec<String> =
        source.defects.iter().map(|defect| format!("{} {}", defect.line, defect.kind.code())).collect();
    assert_eq!(said, ["1 logins.unknown-key", "4 logins.unknown-key", "6 logins.unknown-key", "6 logins.no-login"]);
}
