//! Answers of IAM as facts.

use super::{around, good, now};
use crate::{Expiry, Facts, Target, render};

const GROUP: &str = r#"{"Users": [{"Path": "/ops/", "UserName": "zoe", "UserId": "AIDA1", "Arn": "arn:aws:iam::111122223333:user/ops/zoe"}],
 "Group": {"GroupName": "Platform", "Arn": "arn:aws:iam::111122223333:group/Platform"}}"#;
const ROLES: &str = r#"{"Roles": [
 {"RoleName": "AWSReservedSSO_Dev_0123456789abcdef", "Arn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_0123456789abcdef"},
 {"RoleName": "AWSReservedSSO_Dev_other_0123456789abcdef", "Arn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_other_0123456789abcdef"},
 {"RoleName": "AWSReservedSSO_Fake_0123456789abcdef", "Arn": "arn:aws:iam::111122223333:role/AWSReservedSSO_Fake_0123456789abcdef"}
]}"#;

#[test]
fn groups_and_permission_sets_are_resolved() {
    let mut facts = Facts::default();
    assert!(facts.add_iam(GROUP.as_bytes()).expect("read") && facts.add_iam(ROLES.as_bytes()).expect("read"));
    let access = good(&around("- {name: a, iamGroups: [Platform], permissionSets: [Dev]}"));
    let config = render(&access, &facts, now(), Target::Config, Expiry::Refuse).expect("renders").text;
    insta::assert_snapshot!(config, @"
    clusterID: c
    server:
      mapUsers:
      - userarn: arn:aws:iam::111122223333:user/ops/zoe
        username: zoe
        groups:
        - a
      mapRoles:
      - rolearn: arn:aws:iam::111122223333:role/AWSReservedSSO_Dev_0123456789abcdef
        username: Dev:{{SessionName}}
        groups:
        - a
    ");
    let entries = render(&access, &facts, now(), Target::AccessEntries, Expiry::Refuse).expect("renders").text;
    // EKS compares with IAM's own ARN, path included.
    assert!(
        entries.contains("role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_0123456789abcdef"),
        "{entries}"
    );
    // A role that only looks like one is none.
    assert!(
        render(&good(&around("- {name: a, permissionSets: [Fake]}")), &facts, now(), Target::Config, Expiry::Refuse)
            .is_err()
    );
}

#[test]
fn what_is_not_whole_is_not_taken() {
    let rows = [
        r#"{"Group": {"Arn": "arn:aws:iam::111122223333:group/G"}, "Users": [], "IsTruncated": true}"#,
        r#"{"Roles": [], "IsTruncated": true}"#,
        r#"{"Group": {"Arn": "G"}, "Users": []}"#,
        r#"{"Group": {"Arn": "arn:aws:iam::111122223333:group/G"}, "Users": [{"Arn": "x"}]}"#,
        "not JSON",
    ];
    for text in rows {
        let mut facts = Facts::default();
        assert!(facts.add_iam(text.as_bytes()).is_err(), "{text}");
        assert!(facts.iam_groups.is_empty() && facts.permission_sets.is_empty(), "{text}");
    }
    assert!(!Facts::default().add_iam(br#"{"kind": "List", "items": []}"#).expect("something else"));
}
