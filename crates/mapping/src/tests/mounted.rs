//! What aws-iam-authenticator 0.7.18 said of the mappings in its configuration file, run with `SSORoleMatch`.

use identity::Partition;
use insta::assert_snapshot;

use super::{ask, said};
use crate::{
    Snapshot,
    authenticator::{FeatureGates, read_config},
    aws_iam_authenticator::{CONFIG_KEYS, Options, SERVER_KEYS, Standing, mounted_file},
};

pub(super) const ADMIN: &str = "arn:aws:iam::111122223333:role/Admin";
pub(super) const DEPLOYER: &str = "arn:aws:iam::111122223333:role/Deployer";
pub(super) const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

pub(super) const CALLERS: [(&str, &str); 6] = [
    ("admin", "arn:aws:sts::111122223333:assumed-role/Admin/build-17"),
    ("deployer", "arn:aws:sts::111122223333:assumed-role/Deployer/gh-actions"),
    ("alice", "arn:aws:iam::111122223333:user/alice"),
    ("eve", "arn:aws:iam::444455556666:user/eve"),
    ("kim", "arn:aws:iam::777788889999:user/kim"),
    ("sso-dev", "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_1111111111111111/dev"),
];

/// What stands below `server`, and who is let in; `does not start` where the program does not.
pub(super) const ROWS: &[(&str, &str)] = &[
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
    ("backendMode: 'EKSConfigMap,CRD'\nmapRoles: [{rolearn: @A, username: adm}]", "does not start"),
    ("backendMode: [MountedFile, MountedFile]\nmapRoles: [{rolearn: @A, username: adm}]", "does not start"),
    ("backendMode: Bogus\nmapRoles: [{rolearn: @A, username: adm}]", "does not start"),
    ("backendMode: []\nmapRoles: [{rolearn: @A, username: adm}]", "does not start"),
    ("partition: aws-foo\nmapRoles: [{rolearn: @A, username: adm}]", "does not start"),
    ("backendMode: \nmapRoles: [{rolearn: @A, username: adm}]", "admin: adm []"),
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
    let text = "\
mapUsers: []
mapRole: []
sever: {}
backendMode: [CRD]
x-anchors: {}
server:
  mapUser:
  - {}
  clusterid: c
  backendMod: [CRD]
  stuff: 1
  mapRoles:
  - rolearn: 'arn:aws:iam::111122223333:role/a/B'
    userName: b
    roleARM: x
  - {sso: {permissionSet: Dev, accountID: '111122223333', permissionSetName: Dev}, userarn: x}
";
    let source = mounted_file(text, Standing::alone("config.yaml"), Options::default()).expect("it starts");
    let said: Vec<String> = source
        .defects
        .iter()
        .map(|defect| {
            let hint = defect.hint.iter().map(|hint| format!("; {hint}")).collect::<String>();
            format!("{} {}: {}{hint}", defect.line, defect.kind.code(), defect.message)
        })
        .collect();
    assert_snapshot!(said.join("\n"), @"
    1 logins.unknown-key: unknown key `mapUsers`, which is ignored here; it belongs below `server`
    2 logins.unknown-key: unknown key `mapRole`, which is ignored here; did you mean `mapRoles`, which belongs below `server`?
    3 logins.unknown-key: unknown key `sever`, which is ignored here; did you mean `server`?
    4 logins.unknown-key: unknown key `backendMode`, which is ignored here; it belongs below `server`
    7 logins.unknown-key: unknown key `mapUser`, which is ignored here; did you mean `mapUsers`?
    9 logins.unknown-key: unknown key `clusterid`, which is ignored here; it belongs to the top level of the file
    10 logins.unknown-key: unknown key `backendMod`, which is ignored here; did you mean `backendMode`?
    15 logins.unknown-key: unknown key `roleARM`, which is ignored; did you mean `rolearn`?
    16 logins.unknown-key: unknown key `permissionSet`, which is ignored; did you mean `permissionSetName`?
    16 logins.unknown-key: `userarn` is not read in mapRoles; put the entry into mapUsers, or write `rolearn`
    13 logins.no-login: arn:aws:iam::111122223333:role/a/B lets nobody in: the ARN of a role's sessions has no path, and ARNs must match exactly; write arn:aws:iam::111122223333:role/B
    16 logins.no-login: Dev lets nobody in: `sso` is read only if the server runs with --feature-gates=SSORoleMatch=true
    ");
}

#[test]
fn every_key_that_is_known_is_read_and_no_other() {
    let config = |top: &str, server: &str| format!("{top}: \nserver:\n  {server}: \n");
    let said = |text: &str| {
        let read = read_config(&document::Source::new("config.yaml", text), &FeatureGates::default());
        let warnings = read.map_or_else(|problems| problems, |(_, warnings)| warnings);
        warnings.iter().any(|problem| problem.code == "config.unknown-key")
    };
    for key in CONFIG_KEYS.iter().filter(|key| **key != "server") {
        assert!(!said(&config(key, "port")), "{key}");
    }
    for key in SERVER_KEYS {
        assert!(!said(&config("region", key)), "{key}");
    }
    assert!(said(&config("region", "ports")) && said(&config("regions", "port")));
}
