//! Answers of IAM as facts, live and printed, and what a file asks.

use document::{Limits, Problem};
use identity::Arn;

use super::{around, good, now, sources};
use crate::{
    Access, Expiry, Facts, IamAccount, IamAnswer, IamDumpError, IamFactError, IamQuestion, RenderTarget, Rendered,
    check, iam_questions, read, render,
};

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
    assert!(facts.add_iam_dump(GROUP.as_bytes()).expect("read") && facts.add_iam_dump(ROLES.as_bytes()).expect("read"));
    let access = good(&around("- {name: a, iamGroups: [Platform], permissionSets: [Dev]}"));
    let config = render(&access, &facts, now(), RenderTarget::Config, Expiry::Refuse).expect("renders").text;
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
    let entries = render(&access, &facts, now(), RenderTarget::AccessEntries, Expiry::Refuse).expect("renders").text;
    // EKS compares with IAM's own ARN, path included.
    assert!(
        entries.contains("role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_0123456789abcdef"),
        "{entries}"
    );
    // A role that only looks like one is none.
    assert!(
        render(
            &good(&around("- {name: a, permissionSets: [Fake]}")),
            &facts,
            now(),
            RenderTarget::Config,
            Expiry::Refuse
        )
        .is_err()
    );
}

fn arn(text: &str) -> Arn {
    text.parse().expect("an ARN")
}

fn own(resource: &str) -> Arn {
    arn(&format!("arn:aws:iam::111122223333:{resource}"))
}

/// The account of the tests' files.
fn whose() -> IamAccount {
    IamAccount::of(&own("root"))
}

#[test]
fn what_is_not_whole_or_not_of_iam_is_not_taken() {
    let beside = |text: &str, field: &str| text.replacen('{', &format!("{{{field}, "), 1);
    let no_arn = |text: &str| IamDumpError::Arn(text.to_owned());
    let foreign = |arn: &str, kind| {
        let (arn, account) = (arn.to_owned(), whose().account);
        IamDumpError::Fact(IamFactError::Foreign { arn, kind, account })
    };
    let theirs = "arn:aws:iam::444455556666:user/ops/zoe";
    let china = "arn:aws-cn:iam::111122223333:user/ops/zoe";
    let rows = [
        ("--no-paginate", beside(GROUP, r#""IsTruncated": true, "Marker": "x""#), IamDumpError::Partial),
        ("truncated roles", beside(ROLES, r#""IsTruncated": true"#), IamDumpError::Partial),
        ("a marker alone", beside(ROLES, r#""Marker": "x""#), IamDumpError::Partial),
        ("--max-items", beside(ROLES, r#""NextToken": "eyJNYXJrZXIi""#), IamDumpError::Partial),
        ("no group", r#"{"Users": []}"#.to_owned(), IamDumpError::Shape),
        ("no users", r#"{"Group": {"Arn": "arn:aws:iam::111122223333:group/G"}}"#.to_owned(), IamDumpError::Shape),
        ("both", beside(GROUP, r#""Roles": []"#), IamDumpError::Shape),
        ("no ARN", ROLES.replace("Arn", "Nra"), IamDumpError::Shape),
        ("--query", r#"["alice"]"#.to_owned(), IamDumpError::Shape),
        ("--output text", "USERS\talice".to_owned(), IamDumpError::Syntax { line: 1, column: 1 }),
        ("cut off", GROUP[..40].to_owned(), IamDumpError::Syntax { line: 1, column: 40 }),
        ("a group that is none", GROUP.replace("arn:aws:iam::111122223333:group/Platform", "G"), no_arn("G")),
        ("a user that is none", GROUP.replace("arn:aws:iam::111122223333:user/ops/zoe", "x"), no_arn("x")),
        (
            "a role among users",
            GROUP.replace("user/ops", "role/ops"),
            foreign("arn:aws:iam::111122223333:role/ops/zoe", "a user"),
        ),
        (
            "another account's user",
            GROUP.replace("arn:aws:iam::111122223333:user/ops/zoe", theirs),
            foreign(theirs, "a user"),
        ),
        (
            "another partition's",
            GROUP.replace("arn:aws:iam::111122223333:user/ops/zoe", china),
            foreign(china, "a user"),
        ),
        (
            "two roles of one set",
            ROLES.replace("Dev_other_", "Dev_").replace("com/AWSReservedSSO_Dev_0123", "com/AWSReservedSSO_Dev_9999"),
            IamFactError::TwoRoles("dev".to_owned()).into(),
        ),
    ];
    for (name, text, error) in rows {
        let mut facts = Facts::default();
        assert_eq!(facts.add_iam_dump(text.as_bytes()), Err(error), "{name}");
        assert!(facts.iam_groups.is_empty() && facts.permission_sets.is_empty(), "{name}");
    }
}

#[test]
fn whole_answers_are_taken_and_other_json_is_left_to_others() {
    let mut facts = Facts::default();
    assert_eq!(facts.add_iam_dump(GROUP.replacen('{', r#"{"IsTruncated": false, "#, 1).as_bytes()), Ok(true));
    assert_eq!(facts.add_iam_dump(GROUP.as_bytes()), Ok(true), "the same once more");
    assert_eq!(facts.add_iam_dump(br#"{"Roles": []}"#), Ok(true), "none is an answer");
    assert_eq!(facts.add_iam_dump(br#"{"apiVersion": "v1", "kind": "List", "items": []}"#), Ok(false));
    let other = GROUP.replace("ops/zoe", "zoe");
    let two = IamFactError::TwoGroups("Platform".to_owned());
    assert_eq!(facts.add_iam_dump(other.as_bytes()), Err(two.into()), "which of the two holds?");
}

const FILE: &str = "
- name: a
  users: [alice, ops/bob, {name: far, account: '444455556666'}, {name: china, partition: aws-cn}]
  roles: [ci/Deployer, Admin]
  permissionSets: [Dev, View]
  iamGroups: [teams/Platform]
- {name: b, users: [alice], permissionSets: [Dev]}
nodes:
- roles: [Node]
";

fn file() -> Access {
    good(&around(FILE))
}

#[test]
fn a_file_asks_each_thing_of_its_account_once() {
    let asked = iam_questions(&file(), whose());
    let name = str::to_owned;
    let expected = [
        IamQuestion::Group(name("Platform")),
        IamQuestion::PermissionSets([name("Dev"), name("View")].into()),
        IamQuestion::User(name("alice")),
        IamQuestion::User(name("bob")),
        IamQuestion::Role(name("Admin")),
        IamQuestion::Role(name("Deployer")),
        IamQuestion::Role(name("Node")),
    ];
    assert_eq!(asked.questions, expected);
    let elsewhere = ["arn:aws:iam::444455556666:root", "arn:aws-cn:iam::111122223333:root"];
    assert_eq!(asked.elsewhere, elsewhere.map(|root| IamAccount::of(&arn(root))).into());
}

/// Code, line and message of what IAM's answers lead to, with the hint.
fn found(answers: &[IamAnswer]) -> String {
    let mut facts = Facts::default();
    for answer in answers {
        facts.add_iam(whose(), answer).expect("an answer");
    }
    let text = around(FILE);
    let line = |problem: &Problem| text[..problem.span.start].lines().count();
    let said = |problem: &Problem| {
        format!(
            "{} {}: {} ({})\n",
            problem.code,
            line(problem),
            problem.message,
            problem.hint.as_deref().unwrap_or("-")
        )
    };
    check(&file(), &facts, now()).iter().map(said).collect()
}

fn user(name: &str, found: Option<&str>) -> IamAnswer {
    IamAnswer::User { name: name.to_owned(), found: found.map(own) }
}

fn role(name: &str, found: Option<&str>) -> IamAnswer {
    IamAnswer::Role { name: name.to_owned(), found: found.map(own) }
}

#[test]
fn whoever_is_not_in_iam_is_reported_where_they_stand() {
    let group = |users| IamAnswer::Group { name: "Platform".to_owned(), users };
    let sets = |roles| IamAnswer::PermissionSets { names: ["Dev".to_owned(), "View".to_owned()].into(), roles };
    let dev = own("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef");
    let all_there = [
        group(Some(Vec::new())),
        user("alice", Some("user/Alice")),
        user("bob", Some("user/ops/bob")),
        role("Admin", Some("role/teams/Admin")),
        role("Deployer", Some("role/ci/Deployer")),
        role("Node", Some("role/Node")),
        // The file's china is of another partition, which was not asked.
        user("china", None),
    ];
    assert_eq!(found(&all_there), "", "case is not a difference, nor is a role's path that nobody wrote");
    insta::assert_snapshot!(found(&[group(None), sets(vec![dev])]), @"
    access.not-in-iam 8: the account 111122223333 has no role of the permission set `View` (assign it to somebody in this account in IAM Identity Center, or remove it)
    access.no-iam-group 9: the account 111122223333 has no IAM group `Platform` (correct the name, or remove it; a missing group is not an empty group)
    ");
    let gone = [
        user("alice", None),
        user("bob", Some("user/bob")),
        role("Deployer", Some("role/Deployer")),
        role("Admin", None),
        role("Node", None),
    ];
    insta::assert_snapshot!(found(&gone), @"
    access.not-in-iam 6: IAM has no arn:aws:iam::111122223333:user/alice (remove it: whoever creates one of this name gets its access)
    access.not-in-iam 6: IAM has this name under another path than `/ops/` (write arn:aws:iam::111122223333:user/bob)
    access.not-in-iam 7: IAM has this name under another path than `/ci/` (write arn:aws:iam::111122223333:role/Deployer)
    access.not-in-iam 7: IAM has no arn:aws:iam::111122223333:role/Admin (remove it: whoever creates one of this name gets its access)
    access.not-in-iam 10: IAM has no arn:aws:iam::111122223333:user/alice (remove it: whoever creates one of this name gets its access)
    access.not-in-iam 12: IAM has no arn:aws:iam::111122223333:role/Node (remove it: whoever creates one of this name gets its access)
    ");
}

#[test]
fn an_answer_about_somebody_else_is_not_taken() {
    let theirs = arn("arn:aws:iam::444455556666:user/alice");
    let answers = [
        IamAnswer::User { name: "alice".to_owned(), found: Some(theirs.clone()) },
        IamAnswer::User { name: "alice".to_owned(), found: Some(own("role/alice")) },
        IamAnswer::Role { name: "Admin".to_owned(), found: Some(own("user/Admin")) },
        IamAnswer::Group { name: "Platform".to_owned(), users: Some(vec![own("user/alice"), theirs]) },
        IamAnswer::PermissionSets { names: ["Dev".to_owned()].into(), roles: vec![own("user/alice")] },
    ];
    for answer in answers {
        let mut facts = Facts::default();
        assert!(facts.add_iam(whose(), &answer).is_err(), "{answer:?}");
        assert!(
            facts.in_iam.is_empty() && facts.iam_groups.is_empty() && facts.permission_sets.is_empty(),
            "{answer:?}"
        );
    }
}

#[test]
fn a_live_answer_and_a_printed_one_render_the_same() {
    let (mut printed, mut live) = (Facts::default(), Facts::default());
    assert!(
        printed.add_iam_dump(GROUP.as_bytes()).expect("read") && printed.add_iam_dump(ROLES.as_bytes()).expect("read")
    );
    let users = Some(vec![own("user/ops/zoe")]);
    live.add_iam(whose(), &IamAnswer::Group { name: "Platform".to_owned(), users }).expect("taken");
    let roles = vec![own("role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Dev_0123456789abcdef")];
    live.add_iam(whose(), &IamAnswer::PermissionSets { names: ["Dev".to_owned()].into(), roles }).expect("taken");
    let rendered = |facts| render(&file(), facts, now(), RenderTarget::Access, Expiry::Refuse).expect("renders").text;
    assert_eq!(rendered(&printed), rendered(&live));
    assert!(rendered(&live).contains("ops/zoe"), "{}", rendered(&live));
}

#[test]
fn eks_is_given_the_path_of_a_role_that_is_written_without_it() {
    let access = good(&around("- {name: a, roles: [Admin, ci/Deployer]}"));
    let mut facts = Facts::default();
    for answer in [role("Admin", Some("role/teams/Admin")), role("Deployer", Some("role/other/Deployer"))] {
        facts.add_iam(whose(), &answer).expect("taken");
    }
    let entries = render(&access, &facts, now(), RenderTarget::AccessEntries, Expiry::Refuse).expect("renders").text;
    assert!(entries.contains("principalARN: arn:aws:iam::111122223333:role/teams/Admin\n"), "{entries}");
    assert!(entries.contains(":role/ci/Deployer\n"), "what is written stays, and is reported: {entries}");
}

/// What `aws iam list-roles` printed is as good as what `--aws` asks for.
#[test]
fn the_path_of_a_role_is_known_from_what_was_printed_too() {
    let access = good(&around("- {name: a, roles: [Deployer, other/Admin]}"));
    let mut facts = Facts::default();
    let printed = r#"{"Roles": [
        {"Arn": "arn:aws:iam::111122223333:role/ci/Deployer", "Path": "/ci/", "RoleName": "Deployer"},
        {"Arn": "arn:aws:iam::111122223333:role/teams/Admin", "Path": "/teams/", "RoleName": "Admin"}]}"#;
    assert!(facts.add_iam_dump(printed.as_bytes()).expect("read"));
    let rendered = |to| render(&access, &facts, now(), to, Expiry::Refuse).expect("renders");
    let rows = [
        (RenderTarget::AccessEntries, "principalARN: arn:aws:iam::111122223333:role/ci/Deployer\n"),
        (RenderTarget::AccessEntriesTerraform, "\"principal_arn\": \"arn:aws:iam::111122223333:role/ci/Deployer\""),
        (RenderTarget::Access, "- name: ci/Deployer\n"),
        // STS leaves the path out.
        (RenderTarget::Config, "rolearn: arn:aws:iam::111122223333:role/Deployer\n"),
    ];
    for (to, line) in rows {
        let Rendered { text, findings } = rendered(to);
        assert!(text.contains(line), "{to:?}: {text}");
        let said: Vec<&str> = findings.iter().filter_map(|found| found.hint.as_deref()).collect();
        assert_eq!(said, ["write arn:aws:iam::111122223333:role/teams/Admin"], "{to:?}");
    }
    let again = read(&sources(&[&rendered(RenderTarget::Access).text]), &Limits::default());
    assert!(again.problems.is_empty(), "{:?}", again.problems);
    assert!(crate::render::access_file(&access, &facts).contains("- name: Deployer\n"), "a server needs none");
}

#[test]
fn an_absent_iam_group_stops_every_consumer() {
    let mut facts = Facts::default();
    facts.add_iam(whose(), &IamAnswer::Group { name: "Platform".to_owned(), users: None }).expect("taken");
    for target in RenderTarget::ALL {
        let problems = render(&file(), &facts, now(), target, Expiry::Refuse).expect_err("an error");
        assert!(problems.iter().any(|problem| problem.code == "access.no-iam-group"), "{target:?}: {problems:?}");
    }
}
