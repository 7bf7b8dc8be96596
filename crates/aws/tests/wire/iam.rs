//! IAM's answers: whole or none, at the pace that it takes, and what of its errors means absent.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use aws::{
    Client, Endpoint,
    iam::{IamClient, IamError, iam_endpoint},
};
use sandbox::Fault;
use tokio::task::JoinSet;

use crate::{
    calls::Aws,
    double::{Double, Reply, SentRequest, answer, rootless},
    environment, keys, noon, now,
};

type Handler = fn(SentRequest) -> Reply;

fn asking(double: &Double) -> IamClient {
    let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
    IamClient::new(client, keys(), Endpoint { url: double.url(), signing_region: "us-east-1".to_owned() }, noon)
}

fn error(status: u16, code: &str) -> Reply {
    answer(status, format!("<ErrorResponse><Error><Code>{code}</Code><Message>x</Message></Error></ErrorResponse>"))
}

fn member(resource: &str, name_field: &str) -> String {
    let (path, name) = resource.rsplit_once('/').expect("a path");
    let path = path.trim_start_matches("user").trim_start_matches("role");
    let arn = format!("arn:aws:iam::111122223333:{resource}");
    format!("<Path>{path}/</Path><{name_field}>{name}</{name_field}><Arn>{arn}</Arn>")
}

fn group(users: &[&str], more: &str) -> Reply {
    let users: String = users.iter().map(|user| format!("<member>{}</member>", member(user, "UserName"))).collect();
    answer(
        200,
        format!("<GetGroupResponse><GetGroupResult><Users>{users}</Users>{more}</GetGroupResult></GetGroupResponse>"),
    )
}

fn user(resource: &str) -> Reply {
    let user = member(resource, "UserName");
    answer(200, format!("<GetUserResponse><GetUserResult><User>{user}</User></GetUserResult></GetUserResponse>"))
}

#[tokio::test]
async fn the_sandbox_takes_what_is_signed_and_says_who_is_there() {
    let aws = Aws::start().await;
    let endpoint = iam_endpoint(&environment(&[]), Some("eu-west-1")).expect("an endpoint");
    let iam = IamClient::new(aws.client.clone(), aws.credentials("carol"), endpoint, now);
    let arns = async |group: &str| -> Option<Vec<String>> {
        let users = iam.group_members(group).await.unwrap_or_else(|error| panic!("{error}"))?;
        Some(users.iter().map(|user| user.arn.to_string()).collect())
    };
    let members = ["arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/ops/bob"];
    assert_eq!(arns("Developers").await, Some(members.map(str::to_owned).into()));
    assert_eq!(arns("Nobody").await, None, "absent, which is not empty");
    let sets = iam.permission_set_roles().await.unwrap_or_else(|error| panic!("{error}"));
    let sets: Vec<_> = sets.iter().map(|role| (role.path.as_str(), role.role_name.as_str())).collect();
    assert_eq!(sets, [("/aws-reserved/sso.amazonaws.com/", "AWSReservedSSO_DevAccess_0123456789abcdef")]);
    let bob = iam.user("bob").await.unwrap_or_else(|error| panic!("{error}")).expect("he is there");
    assert_eq!((bob.path.as_str(), bob.user_name.as_str()), ("/ops/", "bob"));
    let role = iam.role("Deployer").await.unwrap_or_else(|error| panic!("{error}")).expect("it is there");
    assert_eq!(role.arn.to_string(), "arn:aws:iam::111122223333:role/ci/Deployer");
    assert_eq!(iam.user("zoe").await.unwrap_or_else(|error| panic!("{error}")), None);
    assert_eq!(iam.role("Gone").await.unwrap_or_else(|error| panic!("{error}")), None);

    aws.faults().set_for(Fault::Throttle, 2);
    assert!(iam.user("bob").await.is_ok(), "asked again, and again");
    aws.faults().set(Fault::Throttle);
    let before = aws.faults().requests("GetUser");
    let refused = iam.user("bob").await;
    assert!(matches!(refused, Err(IamError::Throttled { call: "iam:GetUser", attempts: 4 })), "{refused:?}");
    assert_eq!(aws.faults().requests("GetUser") - before, 4);
}

/// An account that answers one request at a time and throttles all others.
#[tokio::test]
async fn where_iam_asks_for_fewer_all_wait_and_everybody_is_answered() {
    let at_once = Arc::new(AtomicUsize::new(0));
    let double = Double::plain(move |seen: SentRequest| {
        let (at_once, name) = (Arc::clone(&at_once), seen.field("UserName").expect("a name"));
        Box::pin(async move {
            let first = at_once.fetch_add(1, SeqCst) == 0;
            tokio::time::sleep(Duration::from_millis(20)).await;
            at_once.fetch_sub(1, SeqCst);
            if first { user(&format!("user/{name}")).await } else { error(400, "Throttling").await }
        })
    })
    .await;
    let (iam, mut asked) = (asking(&double), JoinSet::new());
    for number in 0..8 {
        let iam = iam.clone();
        asked.spawn(async move { iam.user(&format!("person-{number}")).await });
    }
    for answer in asked.join_all().await {
        assert!(answer.as_ref().is_ok_and(Option::is_some), "{answer:?}");
    }
    assert!(double.most_at_once() > 1, "they were asked together at first");
}

#[tokio::test]
async fn a_list_is_asked_for_page_by_page() {
    let double = Double::plain(|seen: SentRequest| match seen.field("Marker").as_deref() {
        None => group(&["user/a"], "<IsTruncated>true</IsTruncated><Marker>1+/=&amp;</Marker>"),
        Some("1+/=&") => group(&[], "<IsTruncated>true</IsTruncated><Marker>2</Marker>"),
        Some(_) => group(&["user/p/b"], "<IsTruncated>false</IsTruncated>"),
    })
    .await;
    let users = asking(&double).group_members("G").await.expect("users").expect("a group");
    assert_eq!(users.iter().map(|user| user.user_name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    for (seen, marker) in double.seen().iter().zip([None, Some("1+/=&"), Some("2")]) {
        let fields = ["Action", "Version", "GroupName", "MaxItems"].map(|name| seen.field(name).unwrap_or_default());
        assert_eq!(fields, ["GetGroup", "2010-05-08", "G", "100"]);
        assert_eq!(seen.field("Marker").as_deref(), marker);
        assert!(seen.headers["authorization"].contains("/us-east-1/iam/aws4_request"), "{:?}", seen.headers);
    }
    assert_eq!(double.seen().len(), 3);
}

#[tokio::test]
async fn what_is_not_whole_or_not_an_answer_is_neither_absent_nor_empty() {
    let rows: [(&str, Handler, &str); 9] = [
        ("no marker", |_| group(&["user/a"], "<IsTruncated>true</IsTruncated>"), "IsTruncated without a Marker"),
        (
            "no end",
            |_| group(&[], "<IsTruncated>true</IsTruncated><Marker>again</Marker>"),
            "iam:GetGroup did not end after 500 pages",
        ),
        ("another answer", |_| user("user/a"), "was not one of IAM's"),
        (
            "no answer",
            |_| Box::pin(async { None }),
            "cannot be reached: the connection was closed before the answer was there (EOF)",
        ),
        ("denied", |_| error(403, "AccessDenied"), "may not call iam:GetGroup; allow that action"),
        ("expired", |_| error(403, "ExpiredToken"), "AWS refused iam:GetGroup (ExpiredToken): the session has expired"),
        ("an outage", |_| error(503, "ServiceUnavailable"), "iam:GetGroup failed: the answer was 503"),
        ("a proxy's page", |_| answer(404, "<html>Not found</html>"), "was not one of IAM's"),
        (
            "an outage that says there is no such thing",
            |_| error(500, "NoSuchEntity"),
            "iam:GetGroup failed: the answer was 500",
        ),
    ];
    for (name, reply, expected) in rows {
        let double = Double::plain(reply).await;
        let said = asking(&double).group_members("G").await.map_err(|error| error.to_string());
        assert!(said.as_ref().is_err_and(|said| said.contains(expected)), "{name}: {said:?}");
    }
}

#[tokio::test]
async fn an_answer_about_somebody_else_is_none() {
    let rows: [(&str, Handler, bool); 5] = [
        ("the same", |_| user("user/ops/bob"), true),
        ("in another case", |_| user("user/ops/Bob"), true),
        ("another user", |_| user("user/ops/eve"), false),
        ("a role", |_| user("role/ops/bob"), false),
        ("a list", |_| group(&["user/ops/bob"], ""), false),
    ];
    for (name, reply, expected) in rows {
        let double = Double::plain(reply).await;
        let said = asking(&double).user("bob").await;
        assert_eq!(said.as_ref().is_ok_and(Option::is_some), expected, "{name}: {said:?}");
        assert!(expected || matches!(said, Err(IamError::Unreadable { call: "iam:GetUser" })), "{name}: {said:?}");
    }
    let elsewhere = Double::plain(|_| {
        let role = member("role/AWSReservedSSO_Dev_0123456789abcdef", "RoleName");
        answer(200, format!("<ListRolesResponse><ListRolesResult><Roles><member>{role}</member></Roles></ListRolesResult></ListRolesResponse>"))
    })
    .await;
    let said = asking(&elsewhere).permission_set_roles().await;
    assert!(
        matches!(said, Err(IamError::Unreadable { call: "iam:ListRoles" })),
        "a path that was not asked for: {said:?}"
    );
}
