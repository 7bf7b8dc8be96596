//! Private DNS names: few calls for many instances, and nobody harmed by the others.

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use aws::{
    Client, Ec2, Ec2Options,
    credentials::{AssumeRole, Environment},
};
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    calls::Aws,
    double::{Double, Reply, SentRequest, answer, rootless, silence},
    environment, noon, now,
};

fn options() -> Ec2Options {
    Ec2Options { region: Some("us-west-2".to_owned()), role: None, queries_per_second: None, burst: 5 }
}

/// Keys of the environment, and a double for EC2 and STS.
fn variables(double: &Double) -> Environment {
    let url = double.url();
    environment(&[
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL_EC2", &url),
        ("AWS_ENDPOINT_URL_STS", &url),
    ])
}

fn service(double: &Double, options: Ec2Options) -> Arc<Ec2> {
    let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
    Arc::new(Ec2::with_client(client, variables(double), options, noon))
}

/// Every instance is called after its id, but for those with `none`; those with `bad` do not exist.
fn describe(seen: &SentRequest) -> Reply {
    let ids = seen.instance_ids();
    if ids.iter().any(|id| id.contains("bad")) {
        let code = "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code></Error></Errors></Response>";
        return answer(400, code);
    }
    names_of(seen, "")
}

/// The names, with as much else about each instance.
fn names_of(seen: &SentRequest, else_: &str) -> Reply {
    let ids = seen.instance_ids();
    let items = ids.iter().map(|id| {
        let name = if id.contains("none") { String::new() } else { format!("ip-{id}") };
        format!("<item><else>{else_}</else><instanceId>{id}</instanceId><privateDnsName>{name}</privateDnsName></item>")
    });
    let set: String = items.collect();
    answer(200, format!("<R><reservationSet><item><instancesSet>{set}</instancesSet></item></reservationSet></R>"))
}

/// Asks for all of them at once, and says what came.
async fn ask(ec2: &Arc<Ec2>, ids: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    let mut asking = JoinSet::new();
    for id in ids {
        let ec2 = Arc::clone(ec2);
        asking.spawn(async move { (id.clone(), one(&ec2, &id).await) });
    }
    let mut answers = asking.join_all().await;
    answers.sort();
    answers
}

async fn one(ec2: &Ec2, id: &str) -> String {
    match ec2.private_dns_name(id).await {
        Ok(Some(name)) => name.to_string(),
        Ok(None) => "none".to_owned(),
        Err(error) => format!("trouble: {error}"),
    }
}

#[tokio::test]
async fn many_instances_are_asked_for_together_and_each_once() {
    let double = Double::plain(|seen| describe(&seen)).await;
    let ec2 = service(&double, options());
    let ids: Vec<_> = (0..250).map(|n| format!("i-{n:03}")).collect();
    // Everybody asks twice, as two API servers do.
    let answers = ask(&ec2, ids.iter().chain(&ids).cloned()).await;
    assert_eq!(answers.len(), 500);
    assert!(answers.iter().all(|(id, name)| *name == format!("ip-{id}")), "everybody gets their own name");
    let calls: Vec<_> = double.seen().iter().map(|seen| seen.instance_ids().len()).collect();
    assert_eq!(calls, [1, 100, 100, 49], "one at once, then whoever came meanwhile, a hundred in a call");

    assert_eq!(ask(&ec2, ids).await.len(), 250);
    assert_eq!(double.seen().len(), 4, "remembered");
    assert_eq!([ec2.take_calls(), ec2.take_calls()], [4, 0], "what is remembered is no call");
}

#[tokio::test]
async fn an_instance_that_does_not_exist_does_not_spoil_the_others() {
    let double = Double::plain(|seen| describe(&seen)).await;
    let ec2 = service(&double, options());
    let ids = (0..20).map(|n| if n == 13 { "i-bad".to_owned() } else { format!("i-{n:02}") });
    for (id, name) in ask(&ec2, ids).await {
        let expected = if id == "i-bad" { "none".to_owned() } else { format!("ip-{id}") };
        assert_eq!(name, expected, "{id}");
    }
}

#[tokio::test]
async fn that_there_is_no_name_is_not_remembered() {
    let double = Double::plain(|seen| describe(&seen)).await;
    let ec2 = service(&double, options());
    for id in ["i-none", "i-none", "i-bad", "i-bad"] {
        assert_eq!(one(&ec2, id).await, "none");
    }
    assert_eq!(double.seen().len(), 4);
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_asked_for_in_parts() {
    let padding = "x".repeat(100 << 10);
    let double = Double::plain(move |seen| names_of(&seen, &padding));
    let double = double.await;
    let ec2 = service(&double, options());
    let answers = ask(&ec2, (0..60).map(|n| format!("i-{n:02}"))).await;
    assert!(answers.iter().all(|(id, name)| *name == format!("ip-{id}")), "2 MiB hold twenty of them");
}

#[tokio::test]
async fn trouble_is_told_to_all_who_wait_and_forgotten() {
    let failing = Arc::new(AtomicUsize::new(2));
    let fail = Arc::clone(&failing);
    let double = Double::plain(move |seen| {
        let failed = fail.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if failed {
            answer(503, "<Response><Errors><Error><Code>Unavailable</Code></Error></Errors></Response>")
        } else {
            describe(&seen)
        }
    });
    let double = double.await;
    let ec2 = service(&double, options());
    let ids = || (0..10).map(|n| format!("i-{n}"));
    for (id, said) in ask(&ec2, ids()).await {
        assert_eq!(said, "trouble: ec2:DescribeInstances failed: the answer was 503; try again in a moment", "{id}");
    }
    assert!(ask(&ec2, ids()).await.iter().all(|(id, name)| *name == format!("ip-{id}")));
}

#[tokio::test]
async fn whoever_goes_away_while_asking_leaves_the_others_to_the_next() {
    let (asked, first) = (Arc::new(Notify::new()), AtomicUsize::new(0));
    let notify = Arc::clone(&asked);
    let double = Double::plain(move |seen| {
        if first.fetch_add(1, SeqCst) == 0 {
            notify.notify_one();
            return silence();
        }
        describe(&seen)
    });
    let double = double.await;
    let ec2 = service(&double, options());
    let spawn = |id: &'static str| {
        let ec2 = Arc::clone(&ec2);
        tokio::spawn(async move { one(&ec2, id).await })
    };
    let leaving = spawn("i-1");
    asked.notified().await;
    let (same, other) = (spawn("i-1"), spawn("i-2"));
    tokio::task::yield_now().await;
    leaving.abort();
    assert_eq!(same.await.expect("an answer"), "ip-i-1");
    assert_eq!(other.await.expect("an answer"), "ip-i-2");
}

#[tokio::test]
async fn the_rate_holds_for_calls_and_not_for_instances() {
    let double = Double::plain(|seen| describe(&seen)).await;
    let limited = Ec2Options { queries_per_second: NonZeroU32::new(1), burst: 2, ..options() };
    let ec2 = service(&double, limited);
    let answers = ask(&ec2, (0..150).map(|n| format!("i-{n:03}"))).await;
    assert!(answers.iter().all(|(id, name)| *name == format!("ip-{id}")));
    assert_eq!(double.seen().len(), 2, "the burst");
    let third = tokio::time::timeout(Duration::from_millis(50), one(&ec2, "i-150")).await;
    assert!(third.is_err(), "the next call has to wait for its second");
    assert_eq!((double.seen().len(), one(&ec2, "i-149").await.as_str()), (2, "ip-i-149"));
}

#[tokio::test]
async fn a_role_is_assumed_once_on_behalf_of_the_cluster() {
    let double = Double::plain(|seen| match seen.field("Action").as_deref() {
        Some("AssumeRole") => answer(
            200,
            "<A><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2026-01-02T13:30:00Z</Expiration></Credentials></A>",
        ),
        _ => describe(&seen),
    });
    let double = double.await;
    let role = AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/Ec2".to_owned(),
        duration_seconds: Some(3_600),
        source_arn: Some("arn:aws:eks:us-west-2:111122223333:cluster/a".to_owned()),
        ..AssumeRole::default()
    };
    let ec2 = service(&double, Ec2Options { role: Some(role), ..options() });
    for id in ["i-1", "i-2"] {
        assert_eq!(one(&ec2, id).await, format!("ip-{id}"));
    }
    let seen = double.seen();
    let actions: Vec<_> = seen.iter().filter_map(|seen| seen.field("Action")).collect();
    assert_eq!(actions, ["AssumeRole", "DescribeInstances", "DescribeInstances"]);
    assert_eq!(seen[0].headers["x-amz-source-account"], "111122223333");
    assert!(seen[1].headers["authorization"].contains("Credential=ASIAROLE/20260102/us-west-2/ec2/aws4_request"));
    assert_eq!(seen[1].headers["x-amz-security-token"], "t");
}

#[tokio::test]
async fn credentials_that_are_refused_are_looked_for_anew() {
    let used = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&used);
    let double = Double::plain(move |seen| {
        let old = seen.headers["authorization"].contains("AKIAOLD");
        log.lock().expect("no panic").push(if old { "old" } else { "new" });
        let refusal = "<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>";
        if old { answer(401, refusal) } else { describe(&seen) }
    });
    let double = double.await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("credentials");
    let write = |id: &str| {
        let text = format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = secret\n");
        std::fs::write(&path, text).expect("a file");
    };
    let (url, file) = (double.url(), path.display().to_string());
    let variables = environment(&[("AWS_SHARED_CREDENTIALS_FILE", &file), ("AWS_ENDPOINT_URL_EC2", &url)]);
    let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
    let ec2 = Ec2::with_client(client, variables, options(), noon);
    write("AKIAOLD");
    assert!(one(&ec2, "i-1").await.contains("(AuthFailure)"));
    write("AKIANEW");
    assert_eq!(one(&ec2, "i-1").await, "ip-i-1");
    assert_eq!(*used.lock().expect("no panic"), ["old", "new"]);
}

#[tokio::test]
async fn the_sandbox_accepts_the_signature() {
    let aws = Aws::start().await;
    let alice = aws.credentials("alice");
    let variables = environment(&[
        ("AWS_ACCESS_KEY_ID", &alice.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", alice.secret_access_key.expose()),
    ]);
    let ec2 = Ec2::with_client(aws.client, variables, options(), now);
    assert_eq!(one(&ec2, "i-0123456789abcdef0").await, "ip-10-0-0-17.us-west-2.compute.internal");
    assert_eq!(one(&ec2, "i-0123456789abcdef1").await, "none");
}

/// Nothing waits for the Region before a machine comes, and metadata that says nothing is not asked for each of them.
#[tokio::test]
async fn the_region_is_found_out_when_a_name_is_needed() {
    for (is_known, expected) in [(true, "ip-i-1"), (false, "trouble: no Region for calls of EC2: set AWS_REGION")] {
        let metadata = Double::plain(move |seen| match &*seen.uri {
            "/latest/api/token" if is_known => {
                let reply = http::Response::builder().header("x-aws-ec2-metadata-token-ttl-seconds", "21600");
                let reply = reply.body(http_body_util::Full::from("session")).expect("a response");
                Box::pin(async { Some(reply) })
            }
            "/latest/meta-data/placement/region" if is_known => answer(200, "eu-north-1"),
            _ => answer(404, ""),
        })
        .await;
        let double = Double::plain(|seen| describe(&seen)).await;
        let url = metadata.url();
        let mut environment = variables(&double);
        environment.vars.insert("AWS_EC2_METADATA_SERVICE_ENDPOINT".to_owned(), url);
        let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
        let ec2 = Ec2::with_client(client, environment, Ec2Options { region: None, ..options() }, noon);
        assert_eq!(metadata.seen().len(), 0, "nothing is asked at the start");
        for _ in 0..3 {
            assert_eq!(one(&ec2, "i-1").await, expected);
        }
        let uris: Vec<_> = metadata.seen().into_iter().map(|seen| seen.uri).collect();
        assert_eq!(uris, ["/latest/api/token", "/latest/meta-data/placement/region"]);
    }
}
