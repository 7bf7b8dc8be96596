//! One row per statement about who gets in as whom.

use identity::Partition;

use super::{ask, identity, now, read, said, snapshot};
use crate::{BackendMode, Decision, Facts, Snapshot, decide};

const MAPPING: &str = r#"
mapRoles:
- {rolearn: "arn:aws:iam::111122223333:role/Admin", username: "admin:{{SessionName}}", groups: [system:masters]}
- {rolearn: "arn:aws:iam::111122223333:role/ops/Pathed", username: pathed}
- {rolearn: "arn:aws:sts::111122223333:assumed-role/Once/someone", username: once}
- {rolearn: "ARN:AWS:IAM::111122223333:role/MixedCase", username: mixed}
- {rolearn: "arn:aws:iam::111122223333:role/Node", username: "system:node:{{EC2PrivateDNSName}}", groups: [system:nodes]}
- {rolearn: "arn:aws:iam::111122223333:role/Every", username: "{{AccountID}}/{{SessionNameRaw}}/{{AccessKeyID}}/{{Unknown}}", groups: ["g-{{SessionName}}"]}
- {rolearn: "arn:aws:iam::111122223333:role/Masters", username: x, groups: ["system:{{SessionName}}"]}
- {rolearn: "arn:aws:iam::111122223333:role/Fargate", username: "system:node:{{SessionName}}", groups: [system:nodes]}
- {rolearn: "arn:aws:iam::111122223333:role/Behind", username: x, groups: ["{{SessionName}}:masters"]}
- {rolearn: "arn:aws:iam::111122223333:role/Accounts", username: x, groups: ["system:serviceaccounts:{{SessionName}}"]}
- {rolearn: "arn:aws:iam::111122223333:role/Static", username: "system:admin", groups: ["system:{{Unknown}}"]}
- {rolearn: "arn:aws:iam::111122223333:role/Nameless", groups: [g]}
- {rolearn: "arn:aws:iam::111122223333:role/Reserved", username: "admin-{{SessionName}}"}
- {rolearn: "arn:aws:iam::111122223333:role/AWSReservedSSO_Both_0123456789abcdef", username: by-arn}
- {sso: {permissionSetName: Both, accountID: "111122223333"}, username: by-set}
- {sso: {permissionSetName: Dev, accountID: "111122223333", partition: aws}, username: "dev:{{SessionName}}", groups: [developers]}
- {rolearn: "arn:aws:iam::111122223333:user/InRoles", username: in-roles}
- {rolearn: "arn:aws:iam::111122223333:role/Twice", username: first}
- {rolearn: "arn:aws:iam::111122223333:role/TWICE", username: last}
- {rolearn: "arn:aws:iam::111122223333:role/AWSReservedSSO_ByRole_fedcba9876543210", username: by-role}
mapUsers:
- {userarn: "arn:aws:iam::111122223333:user/Alice", username: alice, groups: [dev, ops]}
- {userarn: "arn:aws:iam::111122223333:user/ops/Bob", username: bob}
- {userarn: "arn:aws:iam::111122223333:root", username: root}
- {userarn: "arn:aws:sts::111122223333:federated-user/fred", username: "fred{{SessionName}}"}
- {userarn: "arn:aws:iam::111122223333:user/InRoles", username: in-users}
- {userarn: "arn:aWS:iAM::111122223333:uSER/Shouted", username: shouted}
- {userarn: "arn:aws:iam::111122223333:user/NoSession", username: "{{SessionName}}"}
- {userarn: "arn:aws:iam::111122223333:user/NoNode", username: "system:node:{{SessionName}}"}
mapAccounts: ["444455556666"]
reservedPrefixConfig: [{backendMode: MountedFile, usernamePrefixReserveList: ["admin-", "arn:aws:iam::444455556666:user/admin-"]}]
"#;

#[test]
fn everybody_gets_what_the_mapping_says() {
    let rows = [
        ("a user", "iam::111122223333:user/Alice", "alice [dev, ops]"),
        ("names are compared without regard to case", "iam::111122223333:user/alice", "alice [dev, ops]"),
        ("a user's ARN in any case of any part", "iam::111122223333:user/Shouted", "shouted []"),
        ("a user's path counts", "iam::111122223333:user/ops/Bob", "bob []"),
        ("another path is another user", "iam::111122223333:user/Bob", "mapping.none"),
        ("the root of the account", "iam::111122223333:root", "root []"),
        ("a federated user has no session name", "sts::111122223333:federated-user/fred", "fred []"),
        ("a role session", "sts::111122223333:assumed-role/Admin/alice", "admin:alice [system:masters]"),
        ("an @ becomes a -", "sts::111122223333:assumed-role/Admin/a@b.c", "admin:a-b.c [system:masters]"),
        ("a role's path is left out (never matched before)", "sts::111122223333:assumed-role/Pathed/s", "pathed []"),
        ("an assumed-role ARN means the role", "sts::111122223333:assumed-role/Once/other", "once []"),
        ("an ARN in capitals", "sts::111122223333:assumed-role/mixedcase/s", "mixed []"),
        ("the same role of another account (CVE-2025-11621)", "sts::999988887777:assumed-role/Admin/a", "mapping.none"),
        (
            "every variable",
            "sts::111122223333:assumed-role/Every/a@b",
            "111122223333/a@b/AKIAEXAMPLE000000000/{{Unknown}} [g-a-b]",
        ),
        ("a user in mapRoles; roles come first", "iam::111122223333:user/InRoles", "in-roles []"),
        ("twice in one list: the last", "sts::111122223333:assumed-role/Twice/s", "last []"),
        (
            "a permission set",
            "sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/d@x",
            "dev:d-x [developers]",
        ),
        (
            "whatever its suffix",
            "sts::111122223333:assumed-role/AWSReservedSSO_Dev_fedcba9876543210/d",
            "dev:d [developers]",
        ),
        (
            "a longer set's name (matched before)",
            "sts::111122223333:assumed-role/AWSReservedSSO_Dev_Admin_0123456789abcdef/d",
            "mapping.none",
        ),
        (
            "a suffix of another form (matched before)",
            "sts::111122223333:assumed-role/AWSReservedSSO_Dev_x/d",
            "mapping.none",
        ),
        (
            "a set of another account",
            "sts::999988887777:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/d",
            "mapping.none",
        ),
        (
            "an ARN before a set (random before)",
            "sts::111122223333:assumed-role/AWSReservedSSO_Both_0123456789abcdef/d",
            "by-arn []",
        ),
        ("a mapped account", "iam::444455556666:user/Zoe", "arn:aws:iam::444455556666:user/Zoe []"),
        ("prefixes hold for accounts too (not before)", "iam::444455556666:user/admin-x", "mapping.reserved-prefix"),
        ("a reserved prefix", "sts::111122223333:assumed-role/Reserved/x", "mapping.reserved-prefix"),
        ("an empty username (granted before)", "sts::111122223333:assumed-role/Nameless/x", "mapping.empty-username"),
        (
            "a session name that becomes system:masters",
            "sts::111122223333:assumed-role/Masters/masters",
            "mapping.templated-system-name",
        ),
        (
            "a session name that becomes system:",
            "sts::111122223333:assumed-role/Behind/system",
            "mapping.templated-system-name",
        ),
        ("the same with a harmless one", "sts::111122223333:assumed-role/Behind/x", "x [x:masters]"),
        (
            "every service account of a namespace",
            "sts::111122223333:assumed-role/Accounts/kube-system",
            "mapping.templated-system-name",
        ),
        (
            "nodes on Fargate, as EKS maps them",
            "sts::111122223333:assumed-role/Fargate/fargate-ip-10-0-0-1",
            "system:node:fargate-ip-10-0-0-1 [system:nodes]",
        ),
        ("system: names are allowed", "sts::111122223333:assumed-role/Static/x", "system:admin [system:{{Unknown}}]"),
        ("a username that becomes empty", "iam::111122223333:user/NoSession", "mapping.empty-username"),
        ("a node's name that becomes empty", "iam::111122223333:user/NoNode", "mapping.templated-system-name"),
        (
            "a person in a machine's role",
            "sts::111122223333:assumed-role/Node/alice",
            "mapping.session-name-not-instance",
        ),
        (
            "a machine",
            "sts::111122223333:assumed-role/Node/i-0123456789abcdef0",
            r#"PrivateDnsName { instance_id: "i-0123456789abcdef0" }"#,
        ),
    ];
    let snapshot = snapshot(MAPPING);
    for (name, arn, expected) in rows {
        assert_eq!(said(&ask(&snapshot, &format!("arn:aws:{arn}"))), expected, "{name}");
    }
    assert_eq!(said(&ask(&snapshot, "arn:aws-cn:iam::111122223333:user/Alice")), "mapping.other-partition");
}

#[test]
fn a_machine_is_named_by_ec2_and_by_nothing_less() {
    let snapshot = snapshot(MAPPING);
    let node = identity("arn:aws:sts::111122223333:assumed-role/Node/i-0123456789abcdef0");
    let rows = [
        (Some("ip-10-0-0-1.ec2.internal"), "system:node:ip-10-0-0-1.ec2.internal [system:nodes]"),
        (Some(""), "mapping.no-private-dns-name"),
        (None, "mapping.no-private-dns-name"),
    ];
    for (name, expected) in rows {
        let facts = Facts { private_dns_names: [("i-0123456789abcdef0".to_owned(), name.map(str::to_owned))].into() };
        assert_eq!(said(&decide(&snapshot, &node, "A", &facts, now())), expected);
    }
}

#[test]
fn uid_and_extra_are_those_of_the_existing_authenticator() {
    let Decision::Permit(user) = ask(&snapshot(MAPPING), "arn:aws:sts::111122223333:assumed-role/Admin/a@b") else {
        panic!("permitted")
    };
    insta::assert_debug_snapshot!(user);
}

#[test]
fn a_scrubbed_account_leaves_no_trace_but_the_username() {
    let scrubbed = snapshot(&format!("{MAPPING}\nscrubbedAccounts: [\"111122223333\"]"));
    let Decision::Permit(user) = ask(&scrubbed, "arn:aws:iam::111122223333:user/Alice") else { panic!("permitted") };
    assert_eq!(user.uid, "aws-iam-authenticator:administrative:alice");
    assert!(user.extra.is_empty() && user.scrubbed);
}

#[test]
fn a_refused_caller_is_told_apart_from_the_nearest_rule() {
    let snapshot = snapshot(MAPPING);
    let rows = [
        (
            "arn:aws:sts::999988887777:assumed-role/Admin/a",
            Some(
                "arn:aws:iam::111122223333:role/admin is mapped by MountedFile mapRoles[0] (config.yaml:4) and is of another account or partition",
            ),
        ),
        (
            "arn:aws:iam::111122223333:user/Bob",
            Some(
                "arn:aws:iam::111122223333:user/ops/bob is mapped by MountedFile mapUsers[1] (config.yaml:26) and has another path or is of another kind",
            ),
        ),
        (
            "arn:aws:sts::999988887777:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/d",
            Some(
                "the permission set dev in account 111122223333 is mapped by MountedFile mapRoles[15] (config.yaml:19) and is of another account or partition",
            ),
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_Admin_0123456789abcdef/d",
            Some(
                "the permission set dev in account 111122223333 is mapped by MountedFile mapRoles[15] (config.yaml:19) and is only a prefix of the caller's; the name of a permission set must match exactly",
            ),
        ),
        ("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Both_x/d", None),
        (
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_ByRole_0123456789abcdef/d",
            Some(
                "arn:aws:iam::111122223333:role/awsreservedsso_byrole_fedcba9876543210 is mapped by MountedFile mapRoles[19] (config.yaml:23) and has another suffix, which AWS changes; name the permission set with `sso` instead",
            ),
        ),
        ("arn:aws:iam::111122223333:user/Nobody", None),
    ];
    for (arn, expected) in rows {
        assert_eq!(snapshot.nearest(&identity(arn)).map(|near| near.to_string()).as_deref(), expected, "{arn}");
    }
}

#[test]
fn sources_are_asked_in_order_and_the_first_that_knows_the_caller_decides() {
    let source = |mode, server: &str| crate::Source { mode, ..read(server).mounted_file.expect("a mapping") };
    let alice = "{userarn: \"arn:aws:iam::111122223333:user/alice\"";
    let first = source(BackendMode::Crd, &format!("mapUsers: [{alice}, username: first}}]"));
    let second = source(BackendMode::DynamicFile, &format!("mapUsers: [{alice}, username: second}}]"));
    let nameless = source(BackendMode::Crd, &format!("mapUsers: [{alice}}}]"));
    let account = source(BackendMode::EksConfigMap, "mapAccounts: [\"111122223333\"]");
    let rows = [
        ("the first", vec![first.clone(), second.clone()], "first []"),
        ("the other way round", vec![second.clone(), first.clone()], "second []"),
        ("an account before an entry", vec![account.clone(), first], "arn:aws:iam::111122223333:user/alice []"),
        ("what one withholds no other gives", vec![nameless, second, account], "mapping.empty-username"),
        ("no source", vec![], "mapping.none"),
    ];
    for (name, sources, expected) in rows {
        let snapshot = Snapshot::new(Partition::Aws, sources, []);
        assert_eq!(said(&ask(&snapshot, "arn:aws:iam::111122223333:user/alice")), expected, "{name}");
    }
}
