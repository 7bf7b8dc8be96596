//! What aws-iam-authenticator 0.7.18 said of mappings, run beside a real API server: who is let in as whom, by the same callers.
//!
//! Each line of a file is one mapping, and everybody who was let in, with every answer that they were given; everybody else
//! was turned away.

use std::collections::{BTreeMap, BTreeSet};

use identity::{Identity, Partition};
use serde::Deserialize;

use super::{identity, now};
use crate::{
    Decision, Facts, Outcome, Snapshot, Source,
    aws_iam_authenticator::{Object, Options, Standing, aws_auth, dynamic_file, objects},
    decide,
};

/// Username and groups, as a set.
type Login = (String, BTreeSet<String>);
/// By the caller's name.
type Logins = BTreeMap<String, BTreeSet<Login>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    data: BTreeMap<String, String>,
    logins: Logins,
    /// Those whom the gate changes.
    #[serde(default, rename = "withSSORoleMatch")]
    with_sso_role_match: Logins,
}

/// Who asked: name, access key and ARN.
const CALLERS: [(&str, &str, &str); 28] = [
    ("alice", "AKIAREADERSALICE0000", "arn:aws:iam::111122223333:user/alice"),
    ("Ann.Smith", "AKIAREADERSANN000000", "arn:aws:iam::111122223333:user/Ann.Smith"),
    ("bob", "AKIAREADERSBOB000000", "arn:aws:iam::111122223333:user/ops/bob"),
    ("carol", "AKIAREADERSCAROL0000", "arn:aws:iam::111122223333:user/Dept/Eu/carol"),
    ("eve", "AKIAREADERSEVE000000", "arn:aws:iam::444455556666:user/eve"),
    ("zed", "AKIAREADERSZED000000", "arn:aws:iam::012345678901:user/zed"),
    ("kim", "AKIAREADERSKIM000000", "arn:aws:iam::777788889999:user/kim"),
    ("admin", "ASIAREADERSADMIN0000", "arn:aws:sts::111122223333:assumed-role/Admin/build-17"),
    ("admin-by-mail", "ASIAREADERSMAIL00000", "arn:aws:sts::111122223333:assumed-role/Admin/dave@example.com"),
    ("deployer", "ASIAREADERSDEPLOY000", "arn:aws:sts::111122223333:assumed-role/Deployer/gh-actions"),
    ("odd", "ASIAREADERSODD000000", "arn:aws:sts::111122223333:assumed-role/ci+deploy=x,y@z.w-1/a=b,c@d+e.f"),
    (
        "node",
        "ASIAREADERSNODE00000",
        "arn:aws:sts::111122223333:assumed-role/eksctl-demo-NodeInstanceRole-1ABC/i-0123456789abcdef0",
    ),
    (
        "node-unknown",
        "ASIAREADERSGONE00000",
        "arn:aws:sts::111122223333:assumed-role/eksctl-demo-NodeInstanceRole-1ABC/i-0fffffffffffffff0",
    ),
    (
        "node-no-hexadecimal",
        "ASIAREADERSWORD00000",
        "arn:aws:sts::111122223333:assumed-role/eksctl-demo-NodeInstanceRole-1ABC/i-nodename",
    ),
    (
        "node-no-instance",
        "ASIAREADERSHAND00000",
        "arn:aws:sts::111122223333:assumed-role/eksctl-demo-NodeInstanceRole-1ABC/by-hand",
    ),
    (
        "fargate",
        "ASIAREADERSFARGATE00",
        "arn:aws:sts::111122223333:assumed-role/FargatePods/fargate-ip-10-0-0-9.us-west-2.compute.internal",
    ),
    ("cross", "ASIAREADERSCROSS0000", "arn:aws:sts::444455556666:assumed-role/CrossAccount/cross-1"),
    ("lead", "ASIAREADERSLEAD00000", "arn:aws:sts::012345678901:assumed-role/Lead/lead-1"),
    (
        "sso-admin",
        "ASIAREADERSSSOADMIN0",
        "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/dave@example.com",
    ),
    (
        "sso-dev",
        "ASIAREADERSSSODEV000",
        "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_1111111111111111/Erin@example.com",
    ),
    (
        "sso-dev-admin",
        "ASIAREADERSSSODA0000",
        "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_Admin_2222222222222222/fay@example.com",
    ),
    (
        "sso-other-account",
        "ASIAREADERSSSOOTHER0",
        "arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_ReadOnly_3333333333333333/gus@example.com",
    ),
    ("Feddy", "ASIAREADERSFED000000", "arn:aws:sts::111122223333:federated-user/Feddy"),
    ("root", "AKIAREADERSROOT00000", "arn:aws:iam::111122223333:root"),
    ("wei", "AKIAREADERSWEI000000", "arn:aws-cn:iam::111122223333:user/wei"),
    ("lin", "AKIAREADERSLIN000000", "arn:aws-cn:iam::444455556666:user/ops/lin"),
    ("admin-cn", "ASIAREADERSADMINCN00", "arn:aws-cn:sts::111122223333:assumed-role/Admin/build-18"),
    (
        "sso-admin-cn",
        "ASIAREADERSSSOCN0000",
        "arn:aws-cn:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_4444444444444444/hu@example.com",
    ),
];

#[test]
fn aws_auth_lets_in_whom_the_program_lets_in() {
    let mut failures = Vec::new();
    for line in include_str!("said/aws_auth.jsonl").lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        for sso_role_match in [false, true] {
            let options = Options { sso_role_match, ..Options::default() };
            let data = case.data.iter().map(|(key, text)| (key.as_str(), text.as_str()));
            let source = aws_auth(data, |_| Standing::alone("aws-auth"), options);
            let mut expected = case.logins.clone();
            if sso_role_match {
                expected.extend(case.with_sso_role_match.clone());
            }
            let said = logins(source);
            if said != expected {
                failures.push(format!("{} ({sso_role_match}): {said:?}\n  not {expected:?}", case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_dynamic_file_lets_in_whom_the_program_lets_in() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        latin1: String,
        logins: Logins,
    }
    let mut failures = Vec::new();
    for line in include_str!("said/dynamic_file.jsonl").lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let bytes: Vec<u8> = case.latin1.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
        let read = dynamic_file(&bytes, Standing::alone("mappings.json"), Options::default());
        // Each was the first file of a server, and only those of its partition asked.
        let mut said = read.map(logins).unwrap_or_default();
        said.retain(|name, _| !CALLERS.iter().any(|(of, _, arn)| name == of && arn.starts_with("arn:aws-cn:")));
        if said != case.logins {
            failures.push(format!("{}: {said:?}\n  not {:?}", case.name, case.logins));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn objects_let_in_whom_the_program_lets_in() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Case {
        name: String,
        items: Vec<Item>,
        logins: Logins,
    }
    #[derive(Deserialize)]
    struct Item {
        name: String,
        spec: Spec,
        /// What the program wrote into its status.
        #[serde(rename = "canonicalARN")]
        canonical_arn: String,
    }
    #[derive(Deserialize)]
    struct Spec {
        arn: String,
        username: String,
        #[serde(default)]
        groups: Vec<String>,
    }
    for line in include_str!("said/objects.jsonl").lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        for has_status in [true, false] {
            let items = case.items.iter().map(|Item { name, spec, canonical_arn }| Object {
                name,
                arn: &spec.arn,
                username: &spec.username,
                groups: spec.groups.iter().map(String::as_str).collect(),
                canonical_arn: if has_status { canonical_arn } else { "" },
                ..Object::default()
            });
            assert_eq!(logins(objects(items)), case.logins, "{}, {has_status}", case.name);
        }
    }
}

#[test]
fn an_object_whose_arn_became_unreadable_goes_on_by_the_old_one() {
    let object = Object {
        name: "m",
        arn: "arn:aws:iam::111122223333:group/x",
        username: "adm",
        groups: vec![],
        canonical_arn: "arn:aws:iam::111122223333:role/admin",
        ..Object::default()
    };
    let source = objects([object]);
    assert_eq!(source.defects.len(), 1, "{:?}", source.defects);
    assert_eq!(logins(source)["admin"], [("adm".to_owned(), BTreeSet::new())].into());
}

/// Everybody whom a source lets in, with every answer there may be.
fn logins(source: Source) -> Logins {
    let snapshot = Snapshot::new(Partition::Aws, vec![source], []);
    let mut logins = Logins::new();
    for (name, key, arn) in CALLERS {
        let answers = answers(&snapshot, &identity(arn), key);
        if !answers.is_empty() {
            logins.insert(name.to_owned(), answers);
        }
    }
    logins
}

fn answers(snapshot: &Snapshot, identity: &Identity, key: &str) -> BTreeSet<Login> {
    let named = [("i-0123456789abcdef0", Some("ip-10-0-0-17.us-west-2.compute.internal"))];
    let others = [("i-0fffffffffffffff0", None), ("i-nodename", None)];
    let names = named.into_iter().chain(others).map(|(id, name)| (id.to_owned(), name.map(str::to_owned)));
    let facts = Facts { private_dns_names: names.collect() };
    let outcomes = match decide(snapshot, identity, key, &facts, now()) {
        Decision::Permit(user) => vec![Outcome::Permit(user)],
        Decision::Refuse(_) => Vec::new(),
        Decision::Needs(fact) => panic!("{fact:?} is known"),
        Decision::Undetermined(undetermined) => undetermined.outcomes,
    };
    let login = |outcome| match outcome {
        Outcome::Permit(user) => Some((user.username, user.groups.into_iter().collect())),
        Outcome::Refuse(_) => None,
    };
    outcomes.into_iter().filter_map(login).collect()
}
