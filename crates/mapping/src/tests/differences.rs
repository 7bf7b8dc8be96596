//! docs/differences.md, "Who gets in": one configuration read by both servers, and what each says of one caller.

use identity::Partition;

use super::{ask, said};
use crate::{
    Snapshot,
    authenticator::read_config_in,
    aws_iam_authenticator::{Options, Standing, mounted_file},
};

struct Row {
    /// The first column of the page.
    name: &'static str,
    /// What stands below `server`.
    server: &'static str,
    caller: &'static str,
    theirs: &'static str,
    ours: &'static str,
}

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const DEV: &str = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/dev@example.com";

const ROWS: &[Row] = &[
    Row {
        name: "an entry without a username",
        server: "mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/alice', groups: [g]}]",
        caller: ALICE,
        theirs: " [g]",
        ours: "mapping.empty-username",
    },
    Row {
        name: "permission set `Dev`",
        server: "mapRoles: [{sso: {permissionSetName: Dev, accountID: '111122223333'}, username: dev}]",
        caller: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_Admin_0123456789abcdef/x",
        theirs: "dev []",
        ours: "mapping.none",
    },
    Row {
        name: "`sso.partition`",
        server: "mapRoles: [{sso: {permissionSetName: Dev, accountID: '111122223333', partition: aws}, username: dev}]",
        caller: DEV,
        theirs: "mapping.none",
        ours: "dev []",
    },
    Row {
        name: "a role ARN with a path",
        server: "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/ci/Deployer', username: d}]",
        caller: "arn:aws:sts::111122223333:assumed-role/Deployer/x",
        theirs: "mapping.none",
        ours: "d []",
    },
    Row {
        name: "`reservedPrefixConfig` with an old name of a mode",
        server: "mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/alice', username: alice}]\nreservedPrefixConfig: [{backendMode: File, usernamePrefixReserveList: [al]}]",
        caller: ALICE,
        theirs: "alice []",
        ours: "mapping.reserved-prefix",
    },
    Row {
        name: "two entries for one caller",
        server: "mapRoles: [{sso: {permissionSetName: Dev, accountID: '111122223333'}, username: by-set}, {rolearn: \
                 'arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef', username: by-arn}]",
        caller: DEV,
        theirs: "by-arn [] | by-set []",
        ours: "by-arn []",
    },
    Row {
        name: "`mapAccounts`",
        server: "mapAccounts: ['111122223333']\nreservedPrefixConfig: [{backendMode: MountedFile, usernamePrefixReserveList: ['arn:']}]",
        caller: ALICE,
        theirs: "arn:aws:iam::111122223333:user/alice []",
        ours: "mapping.reserved-prefix",
    },
    Row {
        name: "`system:{{SessionName}}`",
        server: "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/Dev', username: 'system:{{SessionName}}'}]",
        caller: "arn:aws:sts::111122223333:assumed-role/Dev/masters",
        theirs: "system:masters []",
        ours: "mapping.templated-system-name",
    },
    Row {
        name: "partition of the caller",
        server: "mapAccounts: ['111122223333']",
        caller: "arn:aws-us-gov:iam::111122223333:user/gwen",
        theirs: "arn:aws-us-gov:iam::111122223333:user/gwen []",
        ours: "mapping.other-partition",
    },
];

/// Rows of the page that no mapping decides; each has its test where the name says.
const ELSEWHERE: &[(&str, &str)] = &[("gate `SSORoleMatch`", "below")];

fn theirs(server: &str, caller: &str, sso_role_match: bool) -> String {
    let text = format!("clusterID: c\nserver:\n  {}\n", server.replace('\n', "\n  "));
    let options = Options { sso_role_match, user_id_strict: false };
    let source = mounted_file(&text, Standing::alone("config.yaml"), options);
    let source = source.unwrap_or_else(|refused| panic!("{text}: {:?}", refused.defects));
    said(&ask(&Snapshot::new(Partition::Aws, vec![source], []), caller))
}

fn ours(server: &str, caller: &str) -> String {
    let text = format!("clusterID: c\nserver:\n  {}\n", server.replace('\n', "\n  "));
    let (config, _) = read_config_in(&document::Source::new("config.yaml", text), None).expect("readable");
    said(&ask(&config.server.into_snapshot(None), caller))
}

#[test]
fn each_difference_of_who_gets_in_is_one() {
    for Row { name, server, caller, theirs: expected, ours: other } in ROWS {
        assert_eq!(theirs(server, caller, true), *expected, "{name}");
        assert_eq!(ours(server, caller), *other, "{name}");
    }
    let set = "mapRoles: [{sso: {permissionSetName: Dev, accountID: '111122223333'}, username: dev}]";
    assert_eq!([theirs(set, DEV, false), theirs(set, DEV, true), ours(set, DEV)], ["mapping.none", "dev []", "dev []"]);
}

#[test]
fn the_page_has_these_rows_and_no_others() {
    let page = include_str!("../../../../docs/differences.md");
    let table = page.split("## Who gets in").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the section");
    let rows: Vec<&str> =
        table.lines().skip(3).filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    let mut known: Vec<&str> = ROWS.iter().map(|row| row.name).chain(ELSEWHERE.iter().map(|(name, _)| *name)).collect();
    let mut rows: Vec<&str> = rows.into_iter().filter(|row| !row.starts_with("---") && !row.starts_with('|')).collect();
    known.sort_unstable();
    rows.sort_unstable();
    assert_eq!(rows, known);
}
