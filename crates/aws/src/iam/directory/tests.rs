//! The two forms in which IAM's facts are kept.

use super::{Directory, Dump, DumpError, read_dump};

fn directory() -> Directory {
    let arn = |resource: &str| format!("arn:aws:iam::111122223333:{resource}");
    Directory {
        account: "111122223333".parse().expect("an account"),
        groups: [("Ops".to_owned(), vec![arn("user/ops/bob")]), ("Empty".to_owned(), Vec::new())].into(),
        permission_set_roles: vec![arn("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef")],
        missing: vec![arn("user/gone")],
    }
}

#[test]
fn a_directory_is_written_and_read_back() {
    let text = serde_json::to_string_pretty(&directory()).expect("JSON");
    insta::assert_snapshot!(text, @r#"
    {
      "account": "111122223333",
      "groups": {
        "Empty": [],
        "Ops": [
          "arn:aws:iam::111122223333:user/ops/bob"
        ]
      },
      "permissionSetRoles": [
        "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef"
      ],
      "missing": [
        "arn:aws:iam::111122223333:user/gone"
      ]
    }
    "#);
    assert_eq!(serde_json::from_str::<Directory>(&text).expect("a directory"), directory());
}

#[test]
fn a_directory_that_lacks_something_or_has_more_is_none() {
    let text = serde_json::to_string(&directory()).expect("JSON");
    let rows = [
        ("no groups", text.replace("groups", "group")),
        ("nothing missing said", text.replace(r#","missing":["arn:aws:iam::111122223333:user/gone"]"#, "")),
        ("a short account", text.replace(r#""111122223333""#, r#""1111""#)),
        ("something else beside", text.replacen('{', r#"{"x":1,"#, 1)),
    ];
    for (name, changed) in rows {
        assert_ne!(changed, text, "{name}");
        assert!(serde_json::from_str::<Directory>(&changed).is_err(), "{name}");
    }
}

const GROUP: &str = r#"{
    "Users": [
        {"Path": "/", "UserName": "alice", "Arn": "arn:aws:iam::111122223333:user/alice", "CreateDate": "2020-01-01T00:00:00+00:00"},
        {"Path": "/ops/", "UserName": "bob", "Arn": "arn:aws:iam::111122223333:user/ops/bob"}
    ],
    "Group": {"Path": "/teams/", "GroupName": "Dev", "GroupId": "AGPA1", "Arn": "arn:aws:iam::111122223333:group/teams/Dev"}
}"#;

const ROLES: &str =
    r#"{"Roles": [{"RoleName": "R", "Arn": "arn:aws:iam::111122223333:role/p/R", "AssumeRolePolicyDocument": {}}]}"#;

#[test]
fn what_the_aws_cli_prints_is_read() {
    let arn = |text: &str| text.parse().expect("an ARN");
    let users = vec![arn("arn:aws:iam::111122223333:user/alice"), arn("arn:aws:iam::111122223333:user/ops/bob")];
    let account = "111122223333".parse().expect("an account");
    assert_eq!(read_dump(GROUP), Ok(Dump::Group { account, name: "Dev".to_owned(), users }));
    assert_eq!(read_dump(ROLES), Ok(Dump::Roles(vec![arn("arn:aws:iam::111122223333:role/p/R")])));
    assert_eq!(read_dump(r#"{"Roles": []}"#), Ok(Dump::Roles(Vec::new())), "none is an answer");
    let whole = ROLES.replacen('{', r#"{"IsTruncated": false, "#, 1);
    assert!(read_dump(&whole).is_ok(), "said to be whole");
}

#[test]
fn what_is_not_whole_or_not_of_iam_is_refused() {
    let beside = |text: &str, field: &str| text.replacen('{', &format!("{{{field}, "), 1);
    let foreign = "arn:aws:iam::444455556666:user/ops/bob";
    let rows = [
        ("--no-paginate", beside(GROUP, r#""IsTruncated": true, "Marker": "x""#), DumpError::Partial),
        ("truncated roles", beside(ROLES, r#""IsTruncated": true"#), DumpError::Partial),
        ("--max-items", beside(ROLES, r#""NextToken": "eyJNYXJrZXIi""#), DumpError::Partial),
        ("no group", r#"{"Users": []}"#.to_owned(), DumpError::Shape),
        ("no users", r#"{"Group": {"Arn": "arn:aws:iam::111122223333:group/G"}}"#.to_owned(), DumpError::Shape),
        ("both", beside(GROUP, r#""Roles": []"#), DumpError::Shape),
        ("no ARN", ROLES.replace("Arn", "Nra"), DumpError::Shape),
        ("--query", r#"["alice"]"#.to_owned(), DumpError::Shape),
        ("--output text", "USERS\talice".to_owned(), DumpError::Syntax { line: 1, column: 1 }),
        ("cut off", GROUP[..40].to_owned(), DumpError::Syntax { line: 3, column: 23 }),
        (
            "no user",
            GROUP.replace("user/alice", "role/alice"),
            DumpError::Arn("arn:aws:iam::111122223333:role/alice".to_owned()),
        ),
        (
            "another account's",
            GROUP.replace("arn:aws:iam::111122223333:user/ops/bob", foreign),
            DumpError::Arn(foreign.to_owned()),
        ),
    ];
    for (name, text, error) in rows {
        assert_eq!(read_dump(&text), Err(error), "{name}");
    }
}
