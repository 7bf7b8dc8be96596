//! What IAM says about groups, roles and users, and to whom.

use sandbox::{Identities, Options, Sandbox};

use crate::client::{Answer, Aws, Call, now};

const IDENTITIES: &str = "
account: '111122223333'
users:
- {name: alice, accessKeyId: AKIASANDBOXALICE0000, secretAccessKey: x, denied: [iam:ListRoles, iam:GetUser]}
- {name: bob, path: /ops/eu/, accessKeyId: AKIASANDBOXBOB000000, secretAccessKey: x}
- {name: far, account: '444455556666', accessKeyId: AKIASANDBOXFAR000000, secretAccessKey: x}
roles:
- {name: Deployer, path: /ci/}
- {name: Far, account: '444455556666'}
permissionSets:
- {name: Dev, suffix: 0123456789abcdef}
- {name: View, suffix: 00000000000000ff}
groups:
- {name: Developers, path: /teams/, users: [bob, alice]}
- {name: Empty}
- {name: Elsewhere, account: '444455556666', users: [far]}
";

async fn start() -> Aws {
    let source = document::Source::new("identities.yaml", IDENTITIES);
    let identities = Identities::read(&source).unwrap_or_else(|problems| panic!("{problems:?}"));
    let running = Sandbox::start(identities.clone(), Options::new(now)).await.expect("a sandbox");
    Aws { running, identities }
}

async fn ask(aws: &Aws, who: &str, form: &str) -> Answer {
    aws.send(Call::iam(form).post(&aws.keys(who))).await
}

/// The text of every element of this name, in the body's order.
fn all(answer: &Answer, element: &str) -> Vec<String> {
    let start = format!("<{element}>");
    answer.body.split(&start).skip(1).map(|rest| rest.split('<').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn users_and_roles_are_found_in_the_callers_account_with_their_path() {
    let aws = start().await;
    let rows = [
        ("bob", "GetUser&UserName=bob", Ok("arn:aws:iam::111122223333:user/ops/eu/bob")),
        ("bob", "GetUser&UserName=alice", Ok("arn:aws:iam::111122223333:user/alice")),
        ("far", "GetUser&UserName=far", Ok("arn:aws:iam::444455556666:user/far")),
        ("bob", "GetUser&UserName=far", Err("The user with name far cannot be found.")),
        ("bob", "GetUser&UserName=eu%2Fbob", Err("The user with name eu/bob cannot be found.")),
        ("bob", "GetRole&RoleName=Deployer", Ok("arn:aws:iam::111122223333:role/ci/Deployer")),
        ("far", "GetRole&RoleName=Deployer", Err("The role with name Deployer cannot be found.")),
        ("bob", "GetGroup&GroupName=Nobody", Err("The group with name Nobody cannot be found.")),
        ("bob", "GetGroup&GroupName=Elsewhere", Err("The group with name Elsewhere cannot be found.")),
    ];
    for (who, form, expected) in rows {
        let answer = ask(&aws, who, &format!("Action={form}")).await;
        match expected {
            Ok(arn) => assert_eq!((answer.status, answer.xml("Arn").as_str()), (200, arn), "{form}"),
            Err(message) => {
                let said = (answer.status, answer.xml("Code"), answer.xml("Message"));
                assert_eq!(said, (404, "NoSuchEntity".to_owned(), message.to_owned()), "{form}");
                assert!(answer.body.starts_with("<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"));
            }
        }
        assert_eq!(answer.content_type, "text/xml", "{form}");
    }
    let bob = ask(&aws, "bob", "Action=GetUser&UserName=bob").await;
    assert_eq!((bob.xml("Path"), bob.xml("UserName")), ("/ops/eu/".to_owned(), "bob".to_owned()));
    assert!(bob.body.starts_with("<GetUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"), "{bob:?}");
}

#[tokio::test]
async fn lists_come_in_pages_that_say_where_the_next_one_begins() {
    let aws = start().await;
    let whole = ask(&aws, "bob", "Action=GetGroup&GroupName=Developers").await;
    assert_eq!(all(&whole, "UserName"), ["bob", "alice"]);
    assert_eq!((whole.xml("GroupName").as_str(), whole.xml("IsTruncated").as_str()), ("Developers", "false"));
    let first = ask(&aws, "bob", "Action=GetGroup&GroupName=Developers&MaxItems=1").await;
    assert_eq!((all(&first, "UserName"), first.xml("IsTruncated")), (vec!["bob".to_owned()], "true".to_owned()));
    let second = format!("Action=GetGroup&GroupName=Developers&MaxItems=1&Marker={}", first.xml("Marker"));
    let second = ask(&aws, "bob", &second).await;
    assert_eq!((all(&second, "UserName"), second.xml("IsTruncated")), (vec!["alice".to_owned()], "false".to_owned()));
    let empty = ask(&aws, "bob", "Action=GetGroup&GroupName=Empty").await;
    assert_eq!((empty.xml("Users"), empty.xml("IsTruncated")), (String::new(), "false".to_owned()));

    let roles = async |more: &str| {
        let answer = ask(&aws, "bob", &format!("Action=ListRoles{more}")).await;
        (all(&answer, "RoleName"), answer.xml("IsTruncated"))
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (dev, view) = ("AWSReservedSSO_Dev_0123456789abcdef", "AWSReservedSSO_View_00000000000000ff");
    assert_eq!(roles("").await, (names(&["Deployer", dev, view]), "false".to_owned()), "none of another account");
    let reserved = "&PathPrefix=%2Faws-reserved%2Fsso.amazonaws.com%2F";
    assert_eq!(roles(reserved).await, (names(&[dev, view]), "false".to_owned()));
    assert_eq!(roles(&format!("{reserved}&MaxItems=1")).await, (names(&[dev]), "true".to_owned()));
}

#[tokio::test]
async fn what_is_denied_or_wrong_is_said_in_iams_words() {
    let aws = start().await;
    let denied = |action: &str, resource: &str| {
        format!(
            "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: {action} on resource: {resource} \
             because no identity-based policy allows the {action} action"
        )
    };
    let rows = [
        ("alice", "Action=ListRoles", 403, "AccessDenied", denied("iam:ListRoles", "*")),
        ("alice", "Action=GetUser&UserName=nobody", 403, "AccessDenied", denied("iam:GetUser", "nobody")),
        ("bob", "Action=GetUser", 400, "ValidationError", "UserName must be given".to_owned()),
        (
            "bob",
            "Action=GetGroup&GroupName=Empty&MaxItems=0",
            400,
            "ValidationError",
            "MaxItems must be a number from 1 to 1000".to_owned(),
        ),
        ("bob", "Action=ListRoles&Marker=from-9", 400, "ValidationError", "Invalid Marker".to_owned()),
        (
            "bob",
            "Action=GetRole&RoleName=Deployer&Marker=x",
            400,
            "ValidationError",
            "The parameter Marker is not recognized".to_owned(),
        ),
        (
            "bob",
            "Action=ListUsers",
            400,
            "InvalidAction",
            "Could not find operation ListUsers for version 2010-05-08".to_owned(),
        ),
    ];
    for (who, form, status, code, message) in rows {
        let answer = ask(&aws, who, form).await;
        let said = (answer.status, answer.xml("Code"), answer.xml("Message"));
        assert_eq!(said, (status, code.to_owned(), message), "{form}");
    }
    assert_eq!(ask(&aws, "alice", "Action=GetGroup&GroupName=Empty").await.status, 200, "not denied");
}

#[tokio::test]
async fn signatures_are_verified_for_iam() {
    let aws = start().await;
    let call = || Call::iam("Action=GetUser&UserName=bob");
    let keys = || aws.keys("bob");
    let wrong = sandbox::SandboxCredentials { secret_access_key: "another".to_owned(), ..keys() };
    let rows = [
        ("a wrong secret", call().post(&wrong)),
        ("signed for STS", Call { service: "sts", ..call() }.post(&keys())),
        ("another Region", Call { region: "us-west-2", ..call() }.post(&keys())),
    ];
    for (name, request) in rows {
        let answer = aws.send(request).await;
        assert_eq!((answer.status, answer.xml("Code").as_str()), (403, "SignatureDoesNotMatch"), "{name}");
    }
    assert_eq!(aws.send(call().post(&keys())).await.status, 200);
}
