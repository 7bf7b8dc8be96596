//! What aws-iam-authenticator 0.7.18 gets wrong, each mistake with a test that holds it right here.

use document::Source;
use identity::Partition;

use super::{ask, identity, now, said, snapshot};
use crate::{
    Facts,
    authenticator::{FeatureGates, read_config, read_config_in},
    decide,
};

fn answer(server: &str, arn: &str) -> String {
    said(&ask(&snapshot(server), arn))
}

/// The codes of a bad `server:` section.
fn codes(server: &str) -> Vec<&'static str> {
    let source = Source::new("config.yaml", format!("server: {{{server}}}"));
    let problems = read_config(&source, &FeatureGates::default()).err().unwrap_or_default();
    problems.iter().map(|problem| problem.code).collect()
}

/// The codes of what is said of a `server:` section that is taken.
fn warned(server: &str) -> Vec<&'static str> {
    let source = Source::new("config.yaml", format!("server: {{{server}}}"));
    let read = read_config(&source, &FeatureGates::default());
    read.map(|(_, warnings)| warnings.iter().map(|warning| warning.code).collect()).unwrap_or_default()
}

const SSO: &str = "mapRoles: [{sso: {permissionSetName: Dev, accountID: \"111122223333\"}, username: dev}]";

#[test]
fn empty_username_granted() {
    let server = "mapRoles: [{rolearn: \"arn:aws:iam::111122223333:role/R\"}]\nmapAccounts: [\"111122223333\"]";
    assert_eq!(answer(server, "arn:aws:sts::111122223333:assumed-role/R/s"), "mapping.empty-username");
}

#[test]
fn system_node_granted_from_an_empty_dns_name() {
    let server =
        "mapRoles: [{rolearn: \"arn:aws:iam::111122223333:role/N\", username: \"system:node:{{EC2PrivateDNSName}}\"}]";
    let node = identity("arn:aws:sts::111122223333:assumed-role/N/i-01234567");
    let facts = Facts { private_dns_names: [("i-01234567".to_owned(), Some(String::new()))].into() };
    assert_eq!(said(&decide(&snapshot(server), &node, "A", &facts, now())), "mapping.no-private-dns-name");
}

#[test]
fn permission_set_dev_matches_dev_admin() {
    let role = |name| format!("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_{name}/s");
    assert_eq!(answer(SSO, &role("Dev_0123456789abcdef")), "dev []");
    assert_eq!(answer(SSO, &role("Dev_Admin_0123456789abcdef")), "mapping.none");
}

#[test]
fn permission_set_suffix_not_checked() {
    for suffix in ["", "x", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg"] {
        let arn = format!("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_{suffix}/s");
        assert_eq!(answer(SSO, &arn), "mapping.none", "{suffix}");
    }
}

#[test]
fn permission_set_with_a_partition_never_matches() {
    for partition in ["aws", "aws-cn", "aws-us-gov"] {
        let arn = format!("arn:{partition}:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/s");
        let named = SSO.replace("accountID", &format!("partition: {partition}, accountID"));
        for sso in [named.as_str(), SSO] {
            assert_eq!(answer(&format!("partition: {partition}\n{sso}"), &arn), "dev []");
        }
    }
    let elsewhere = SSO.replace("accountID", "partition: aws-cn, accountID");
    assert_eq!(warned(&elsewhere), ["config.partition"]);
}

#[test]
fn mapped_accounts_skip_the_reserved_prefixes() {
    let reserved = "reservedPrefixConfig: [{backendMode: MountedFile, usernamePrefixReserveList: [\"arn:aws:iam::111122223333:user/sys\"]}]";
    let server = format!("mapAccounts: [\"111122223333\"]\n{reserved}");
    assert_eq!(answer(&server, "arn:aws:iam::111122223333:user/sys-a"), "mapping.reserved-prefix");
    assert_eq!(answer(&server, "arn:aws:iam::111122223333:user/b"), "arn:aws:iam::111122223333:user/b []");
}

#[test]
fn reserved_prefixes_of_an_unknown_mode_reserve_nothing() {
    let reserved =
        |mode| format!("reservedPrefixConfig: [{{backendMode: {mode}, usernamePrefixReserveList: [\"arn:\"]}}]");
    assert_eq!(warned(&reserved("MountedFiles")), ["config.reserved-prefix"]);
    let old_name = format!("mapAccounts: [\"111122223333\"]\n{}", reserved("File"));
    assert_eq!(answer(&old_name, "arn:aws:iam::111122223333:user/b"), "mapping.reserved-prefix");
}

#[test]
fn caller_of_another_partition_accepted() {
    let server = "mapAccounts: [\"111122223333\"]";
    assert_eq!(answer(server, "arn:aws-us-gov:iam::111122223333:user/a"), "mapping.other-partition");
}

#[test]
fn role_paths_never_match() {
    let server = "mapRoles: [{rolearn: \"arn:aws:iam::111122223333:role/a/b/R\", username: r}]";
    assert_eq!(answer(server, "arn:aws:sts::111122223333:assumed-role/R/s"), "r []");
}

#[test]
fn random_choice_between_matching_entries() {
    let arn = "- {rolearn: \"arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef\", username: by-arn}";
    let sso = "- {sso: {permissionSetName: Dev, accountID: \"111122223333\"}, username: by-set}";
    let caller = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/s";
    for list in [format!("{arn}\n{sso}"), format!("{sso}\n{arn}")] {
        assert_eq!(answer(&format!("mapRoles:\n{list}"), caller), "by-arn []");
    }
}

#[test]
fn port_abc_becomes_a_random_port() {
    assert_eq!(codes("port: abc"), ["document.type"]);
    // Where a flag goes before it, it does not matter; else whoever would listen there says so.
    assert_eq!(super::read("port: 65536").port, Some(65_536));
}

#[test]
fn a_name_for_an_address_breaks_this_start_and_every_later_one() {
    assert_eq!(codes("address: https://auth.example.com"), ["config.address"]);
    assert_eq!(codes("address: \"\""), ["config.address"]);
}

#[test]
fn unquoted_accounts_become_other_accounts() {
    let lost = "config.account-number";
    assert_eq!(codes("mapAccounts: [012345670000, 012345678901]"), [lost, lost]);
    assert_eq!(codes("mapAccounts: 012345678901"), [lost, "config.single-value"]);
    assert_eq!(codes("scrubbedAccounts: 012345678901"), [lost, "config.single-value"]);
    assert_eq!(codes("mapAccounts: [\"012345678901\", 111122223333]"), [""; 0]);
}

#[test]
fn a_bad_source_arn_or_role_arn_panics() {
    assert_eq!(
        codes("sourceARN: x, ec2DescribeInstancesRoleARN: 'arn:aws:iam::111122223333:user/x'"),
        ["config.arn"; 2]
    );
    let good = "sourceARN: 'arn:aws:eks:eu-west-1:111122223333:cluster/c', ec2DescribeInstancesRoleARN: ''";
    assert_eq!(codes(good), [""; 0]);
    // It is sent as it stands: S3's ARNs have no account.
    let bucket = "sourceARN: 'arn:aws:s3:::bucket', ec2DescribeInstancesRoleARN: 'arn:aws:iam::111122223333:role/r'";
    assert_eq!((codes(bucket), warned(bucket)), (vec![], vec!["config.arn"]));
}

#[test]
fn rules_of_another_partition_than_the_servers_let_nobody_in() {
    let text = "server: {mapUsers: [{userarn: 'arn:aws-cn:iam::111122223333:user/a', username: a}]}";
    let source = Source::new("config.yaml", text);
    let Ok((config, _)) = read_config_in(&source, Some(Partition::AwsCn)) else { panic!("readable") };
    let cn = config.server.into_snapshot(None);
    assert_eq!(said(&ask(&cn, "arn:aws-cn:iam::111122223333:user/a")), "a []");
    let Ok((config, warnings)) = read_config_in(&source, None) else { panic!("readable") };
    assert!(config.server.into_snapshot(None).is_empty());
    assert_eq!(warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["config.partition"]);
}
