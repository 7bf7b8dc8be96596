//! Who gets in with aws-iam-authenticator gets in here, with the same login, by the same configuration: what that program made of
//! each is in `mounted.rs`, or is what its reader here says, which is held there.

use document::Source as Text;
use identity::Partition;

use super::{
    ask,
    mounted::{ADMIN, ALICE, CALLERS, DEPLOYER, ROWS},
    said,
};
use crate::{
    Snapshot,
    authenticator::read_config_in,
    aws_iam_authenticator::{Options, Standing, aws_auth, mounted_file, settings},
};

/// Rows of `mounted.rs` that are not the same here: each is on docs/differences.md, in these words.
const LISTED: &[(&str, &str)] = &[
    ("mapRoles: [{rolearn: @A}]", "an entry without a username"),
    ("mapRoles: [{roleARN: @A, USERNAME: adm, username: low}]", "one key in two cases"),
    ("mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/team/Admin', username: adm}]", "a role ARN with a path"),
    ("mapAccounts: [444455556666, 012345678901, \"777788889999\"]", "accounts without quotes"),
    (
        "mapRoles: [&a {rolearn: @A, username: base, groups: [g]}, {rolearn: @D, username: own, <<: *a}]",
        "the merge key `<<`",
    ),
    (
        "mapRoles: [{sso: {permissionSetName: Dev, accountID: 111122223333}, username: bysso}, {rolearn: 'arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_1111111111111111', username: byarn}]",
        "two entries for one caller",
    ),
    (
        "mapRoles: [{rolearn: @A, username: yes, groups: [on, 012, 0o12, 1_0, ~]}]",
        "numbers that do not keep their spelling",
    ),
];

/// What stands below `server`, or with a dot at the top level (behind `^`).
const MORE: &[&str] = &[
    // An entry without a path goes before one with a path, wherever the two stand.
    "mapRoles: [{rolearn: @D, username: deploy}, {rolearn: 'arn:aws:iam::111122223333:role/admins/Deployer', username: admin, groups: ['system:masters']}]",
    "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/admins/Deployer', username: admin, groups: ['system:masters']}, {rolearn: @D, username: deploy}]",
    "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/admins/Deployer', username: admin}]\nmapUsers: [{userarn: @D, username: deploy}]",
    "mapUsers: [{userarn: @D, username: deploy}, {userarn: 'arn:aws:iam::111122223333:role/admins/Deployer', username: admin}]",
    "mapRoles: [{rolearn: 'arn:aws:sts::111122223333:assumed-role/admins/Deployer/x', username: admin}, {rolearn: @D, username: deploy}]",
    "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/admins/Deployer', username: admin}]\nmapAccounts: ['111122223333']",
    "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/x/AWSReservedSSO_Dev_1111111111111111', username: admin}, {sso: {permissionSetName: Dev, accountID: '111122223333'}, username: bysso}]",
    "mapUsers: [{userarn: @U, username: al}, {userarn: 'arn:aws:iam::111122223333:user/ops/alice', username: other}]",
    // Commas alone separate.
    "mapRoles: [{rolearn: @A, username: a, groups: 'viewers, system:masters'}]",
    "mapRoles: [{rolearn: @A, username: a, groups: 'a,,b,'}]",
    "mapRoles: [{rolearn: @A, username: a, groups: ''}]",
    "mapRoles: [{rolearn: @A, username: a, groups: 5}]",
    "mapAccounts: '444455556666, 777788889999'",
    "mapAccounts: '444455556666 777788889999'",
    "reservedPrefixConfig: [{backendMode: MountedFile, usernamePrefixReserveList: 'x, sys'}]\nmapRoles: [{rolearn: @A, username: sysadm}]",
    // What matches nobody stops nothing.
    "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/*', username: a}, {rolearn: @A, username: adm}]",
    "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/Adm?n', username: a}, {rolearn: @A, username: adm}]",
    "mapRoles: [{rolearn: 'arn:aws:iam:us-west-2:111122223333:role/Admin', username: a}, {rolearn: @A, username: adm}]",
    "mapRoles: [{rolearn: 'arn:aws:iam::1111:role/Admin', username: a}, {rolearn: @A, username: adm}]",
    "mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role', username: a}, {rolearn: @A, username: adm}]",
    "mapRoles: [{rolearn: '@A ', username: a}, {rolearn: @D, username: dep}]",
    "mapRoles: [{rolearn: 'arn:aws-cn:iam::111122223333:role/Admin', username: a}, {rolearn: @D, username: dep}]",
    "mapUsers: [{userarn: 'arn:aws:iam::111122223333:root/x', username: a}, {userarn: @U, username: al}]",
    "mapRoles: [{sso: {permissionSetName: Dev, accountID: '111122223333', partition: aws-cn}, username: a}, {rolearn: @A, username: adm}]",
    "mapAccounts: ['', '12345', x, a b, ~, '777788889999']",
    "scrubbedAccounts: 1 2 a,b\nmapUsers: [{userarn: @U, username: al}]",
    "mapRoles: ''\nmapUsers: [{userarn: @U, username: al}]",
    "reservedPrefixConfig: [{backendMode: Nope, usernamePrefixReserveList: [al]}, {}]\nmapUsers: [{userarn: @U, username: al}]",
    // Settings that are converted, or are nothing.
    "kubeconfigPregenerated: 'true'\ndynamicfileUserIDStrict: 1\nstateDir: 5\nhostname: 6\nmapUsers: [{userarn: @U, username: 5, groups: [5, true, ~]}]",
    "kubeconfigPregenerated: 'yes'\nkubeconfig: [a]\nport: 0x5372\nmapUsers: [{userarn: @U, username: true}]",
    "port: 1_000\nec2DescribeInstancesQps: 15.0\nsourceARN: junk\nmapUsers: [{userarn: @U, username: al}]",
    "port: 70000\nmapUsers: [{userarn: @U, username: al}]",
    "ec2DescribeInstancesRoleARN: 'arn:aws:iam::1:role/x'\nmapUsers: [{userarn: @U, username: al}]",
    // A key with a dot goes before the nested one.
    "^server.mapAccounts: ['444455556666']",
    "mapUsers: [{userarn: @U, username: nested}]\n^server.mapUsers: [{userarn: @U, username: dotted}]",
    "mapUsers: [{userarn: @U, username: nested}]\n^Server.MapUsers:",
    "mapUsers: [{userarn: @U, username: nested}]\n^server.mapRoles: {rolearn: @A, username: adm}",
];

fn text(row: &str) -> String {
    let row = row.replace("@A", ADMIN).replace("@D", DEPLOYER).replace("@U", ALICE);
    let (dotted, below): (Vec<&str>, Vec<&str>) = row.split('\n').partition(|line| line.starts_with('^'));
    let dotted: String = dotted.iter().map(|line| format!("{}\n", line.trim_start_matches('^'))).collect();
    let server = if below.is_empty() { String::new() } else { format!("server:\n  {}\n", below.join("\n  ")) };
    format!("clusterID: c\n{server}{dotted}")
}

fn answers(snapshot: &Snapshot) -> Vec<String> {
    CALLERS.iter().map(|(name, arn)| format!("{name}: {}", said(&ask(snapshot, arn)))).collect()
}

fn theirs(text: &str) -> Option<Vec<String>> {
    let options = Options { sso_role_match: true, user_id_strict: false };
    let source = mounted_file(text, Standing::alone("config.yaml"), options).ok()?;
    Some(answers(&Snapshot::new(Partition::Aws, vec![source], [])))
}

fn ours(text: &str) -> Result<Vec<String>, String> {
    let source = Text::new("config.yaml", text);
    match read_config_in(&source, None) {
        Ok((config, _)) => Ok(answers(&config.server.into_snapshot(None))),
        Err(problems) => Err(document::render(&source, &problems, document::RenderStyle::Plain)),
    }
}

#[test]
fn what_it_starts_with_starts_here_and_lets_the_same_people_in() {
    let page = include_str!("../../../../docs/differences.md");
    for row in ROWS.iter().map(|(row, _)| *row).chain(MORE.iter().copied()) {
        let text = text(row);
        let Some(theirs) = theirs(&text) else {
            assert!(!MORE.contains(&row), "it does not start with {text}");
            continue;
        };
        let ours = ours(&text);
        match LISTED.iter().find(|(listed, _)| *listed == row) {
            None => assert_eq!(ours.as_ref(), Ok(&theirs), "{text}"),
            Some((_, listed)) => {
                assert!(ours.as_ref() != Ok(&theirs), "it is the same, and listed as other: {text}");
                assert!(page.contains(listed), "{listed} is not on the page");
            }
        }
    }
}

#[test]
fn whom_another_source_names_an_entry_with_a_path_does_not() {
    let text = text("mapRoles: [{rolearn: 'arn:aws:iam::111122223333:role/admins/Deployer', username: admin}]");
    let (config, _) = read_config_in(&Text::new("config.yaml", text), None).expect("readable");
    let mounted = config.server.mounted_file.expect("a source");
    let deployer = "arn:aws:sts::111122223333:assumed-role/Deployer/x";
    let roles = format!("- {{rolearn: {DEPLOYER}, username: of-aws-auth}}");
    let behind = aws_auth([("mapRoles", &*roles)], |_| Standing::alone("aws-auth.yaml"), Options::default());
    let alone = Snapshot::new(Partition::Aws, vec![mounted.clone()], []);
    let both = Snapshot::new(Partition::Aws, vec![mounted, behind], []);
    assert_eq!([&alone, &both].map(|snapshot| said(&ask(snapshot, deployer))), ["admin []", "of-aws-auth []"]);
}

#[test]
fn govcloud_is_let_in_where_nothing_names_a_partition() {
    let entries = "mapRoles: [{rolearn: 'arn:aws-us-gov:iam::111122223333:role/Admin', username: gov}, {rolearn: @A, username: adm}]\nmapAccounts: ['444455556666']";
    let gov = ["arn:aws-us-gov:sts::111122223333:assumed-role/Admin/x", "arn:aws-us-gov:iam::444455556666:user/eve"];
    let of = |server: &str| {
        let (config, _) = read_config_in(&Text::new("config.yaml", text(server)), None).expect("readable");
        let snapshot = config.server.into_snapshot(None);
        [gov[0], gov[1], CALLERS[0].1].map(|caller| said(&ask(&snapshot, caller)))
    };
    let eve = "arn:aws-us-gov:iam::444455556666:user/eve []";
    assert_eq!(of(entries), ["gov []", eve, "adm []"]);
    let other = "mapping.other-partition";
    // An account of GovCloud is another than a commercial one with the same number.
    assert_eq!(of("mapAccounts: ['111122223333', '444455556666']")[..2], [other, other]);
    assert_eq!(of(&format!("partition: aws\n{entries}")), [other, other, "adm []"]);
    assert_eq!(of(&format!("partition: aws-us-gov\n{entries}")), ["gov []", eve, other]);
}

#[test]
fn settings_with_a_dot_are_read_for_analyses_too() {
    let read = settings("config.yaml", "server: {backendMode: [CRD]}\nserver.backendMode: [EKSConfigMap]\n");
    assert_eq!(read.modes, Some(vec![crate::BackendMode::EksConfigMap]));
}
