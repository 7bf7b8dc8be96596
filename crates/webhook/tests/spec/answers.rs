//! Requests of every kind and their answers, byte for byte where the existing program's are known.

use std::{collections::BTreeSet, time::Duration};

use identity::{Partition, StsHost};
use mapping::{BackendMode, Index, Reader, Snapshot, SourceState};
use sandbox::{Fault, SandboxCredentials};

use crate::stage::Stage;

const DENIED: &str = r#"{"metadata":{},"spec":{},"status":{"user":{}}}"#;

#[tokio::test]
async fn requests_are_answered_as_by_the_existing_program() {
    let stage = Stage::set().await;
    let rows = [
        ("GET", "/authenticate", "", 405, "expected POST\n"),
        ("PUT", "/authenticate", "{}", 405, "expected POST\n"),
        ("POST", "/authenticate", "", 400, "expected a request body to be a TokenReview\n"),
        ("POST", "/authenticate", "no JSON", 400, "expected a request body to be a TokenReview\n"),
        ("POST", "/authenticate", "[]", 400, "expected a request body to be a TokenReview\n"),
        (
            "POST",
            "/authenticate",
            r#"["authentication.k8s.io/v1",{}]"#,
            400,
            "expected a request body to be a TokenReview\n",
        ),
        ("POST", "/authenticate", r#"{"spec":["a token"]}"#, 400, "expected a request body to be a TokenReview\n"),
        ("POST", "/authenticate", r#"{"spec":{"token":5}}"#, 400, "expected a request body to be a TokenReview\n"),
        ("POST", "/authenticate", "{}", 403, DENIED),
        ("POST", "/authenticate", "null", 403, DENIED),
        ("POST", "/authenticate", r#"{"spec":null}"#, 403, DENIED),
        ("POST", "/authenticate", r#"{"spec":{"token":"eyJhbGciOi"}}"#, 403, DENIED),
        ("POST", "/authenticate/", "{}", 404, "404 page not found\n"),
        ("GET", "/", "", 404, "404 page not found\n"),
        ("GET", "/healthz", "", 200, "ok"),
        ("GET", "/readyz", "", 200, "ok\n"),
    ];
    for (method, path, body, status, expected) in rows {
        let answer = stage.request(method, path, body).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, expected), "{method} {path} {body}");
    }
    assert_eq!(stage.asked(), 0, "nothing of this is worth a question to STS");
}

#[tokio::test]
async fn the_version_of_the_request_is_the_version_of_the_answer() {
    let stage = Stage::set().await;
    let token = stage.token("alice", 0);
    for version in ["authentication.k8s.io/v1", "authentication.k8s.io/v1beta1"] {
        let review = serde_json::json!({"apiVersion": version, "kind": "TokenReview", "spec": {"token": token, "audiences": ["anything"]}});
        let answer = stage.request("POST", "/authenticate", &review.to_string()).await;
        let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!((answer.status, &body["apiVersion"], &body["kind"]), (200, &version.into(), &"TokenReview".into()));
        assert_eq!(body["status"]["audiences"], serde_json::Value::Null, "an audience is never echoed");
        assert_eq!(body["status"]["user"]["username"], "alice");
    }
}

#[tokio::test]
async fn a_definite_no_is_403_and_trouble_is_not() {
    let stage = Stage::set().await;
    let rows = [
        (None, "alice", 200, "granted"),
        (None, "mallory", 403, "mapping.none"),
        (None, "node", 502, "upstream.ec2"),
        (Some(Fault::Throttle), "alice", 429, "upstream.throttled"),
        (Some(Fault::ServerError), "alice", 502, "upstream.server-error"),
        (Some(Fault::Unavailable), "alice", 502, "upstream.server-error"),
        (Some(Fault::Reset), "alice", 502, "upstream.unreachable"),
        (Some(Fault::Garbage), "alice", 502, "upstream.unreadable"),
        (Some(Fault::Redirect), "alice", 502, "upstream.redirect"),
        (Some(Fault::HugeBody), "alice", 502, "upstream.too-large"),
        (Some(Fault::OtherPartition), "alice", 502, "upstream.inconsistent"),
        (Some(Fault::OtherAccount), "alice", 502, "upstream.inconsistent"),
        (Some(Fault::Delay(Duration::from_secs(3))), "alice", 502, "upstream.timeout"),
    ];
    for (age, (fault, person, status, code)) in rows.into_iter().enumerate() {
        fault.clone().into_iter().for_each(|fault| stage.faults.set(fault));
        let answer = stage.review(&stage.token(person, i64::try_from(age).expect("few"))).await;
        stage.faults.clear();
        assert_eq!(answer.status, status, "{fault:?} {person}: {answer:?}");
        assert!(!answer.head.contains("retry-after"), "{answer:?}");
        let metrics = stage.webhook.metrics().text();
        assert!(metrics.contains(&format!("cluster_auth_decisions_total{{code=\"{code}\"}}")), "{code} in {metrics}");
    }
}

#[tokio::test]
async fn where_it_is_asked_for_a_denial_is_200_and_trouble_stays_what_it_is() {
    let stage = Stage::with(|settings| settings.deny_with_200 = true).await;
    let alice = stage.identities.credentials("alice").expect("a person");
    let forged = SandboxCredentials { secret_access_key: "wrong".to_owned(), ..alice };
    let rows = [
        (None, stage.token("alice", 0), 200, Some(true), "granted"),
        (None, stage.token("mallory", 0), 200, Some(false), "mapping.none"),
        (None, stage.token("alice", 901), 200, Some(false), "token.expired"),
        (None, stage.token("alice", -120), 200, Some(false), "token.future"),
        (None, stage.signed(&forged, "us-west-2", 0), 200, Some(false), "sts.signature-mismatch"),
        (None, "k8s-aws-v1.x".to_owned(), 200, Some(false), "token.encoding"),
        (None, String::new(), 200, Some(false), "token.not-aws"),
        (None, stage.token("node", 0), 502, None, "upstream.ec2"),
        (Some(Fault::Throttle), stage.token("alice", 2), 429, None, "upstream.throttled"),
        (Some(Fault::ServerError), stage.token("alice", 3), 502, None, "upstream.server-error"),
        (Some(Fault::Garbage), stage.token("alice", 4), 502, None, "upstream.unreadable"),
    ];
    for (fault, token, status, authenticated, code) in rows {
        fault.clone().into_iter().for_each(|fault| stage.faults.set(fault));
        let counted = format!("cluster_auth_decisions_total{{code=\"{code}\"}}");
        let count =
            || stage.webhook.metrics().text().lines().find_map(|line| Some(line.strip_prefix(&counted)?.to_owned()));
        let (before, answer) = (count(), stage.review(&token).await);
        stage.faults.clear();
        let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(
            (answer.status, body["status"]["authenticated"].as_bool()),
            (status, authenticated),
            "{code}: {answer:?}"
        );
        // An API server that finds an error there takes the answer for a failure.
        assert_eq!(body["status"]["error"], serde_json::Value::Null, "{code}");
        assert_ne!(count(), before, "it is counted as ever: {code}");
        assert_eq!(answer.body.ends_with('\n'), status == 200, "{code}");
    }
    let malformed = stage.request("POST", "/authenticate", "[]").await;
    assert_eq!(malformed.status, 400, "what is not a review is not a denial");
}

#[tokio::test]
async fn a_denial_is_403_until_every_source_of_logins_was_read() {
    let stage = Stage::unloaded(|settings| settings.deny_with_200 = true).await;
    let status = async || stage.review("no token of AWS").await.status;
    assert_eq!(status().await, 503);
    let read = || SourceState::from(Index::of(mapping::Source::empty(BackendMode::MountedFile, Reader::ClusterAuth)));
    let of = |sources: Vec<SourceState>| Snapshot::of_indexes(Partition::Aws, sources, []);
    stage.webhook.load(of(vec![read(), SourceState::NotRead(BackendMode::EksConfigMap)]));
    assert_eq!(status().await, 403);
    stage.webhook.load(of(vec![read(), read()]));
    assert_eq!(status().await, 200);
    stage.webhook.load(of(vec![SourceState::NotRead(BackendMode::DynamicFile), read()]));
    assert_eq!(status().await, 403, "another one is asked now");
}

#[tokio::test]
async fn nobody_is_let_in_before_a_mapping_is_loaded() {
    let stage = Stage::unloaded(|_| {}).await;
    let token = stage.token("alice", 0);
    assert_eq!(stage.review(&token).await.status, 503);
    let ready = stage.request("GET", "/readyz", "").await;
    assert_eq!((ready.status, ready.body.as_str()), (503, "not ready: no mapping has been loaded yet\n"));
    stage.load(crate::stage::MAPPING);
    assert_eq!(stage.review(&token).await.status, 200);
}

#[tokio::test]
async fn callers_make_no_metric_series() {
    let stage = Stage::set().await;
    let series = || stage.webhook.metrics().text().lines().filter(|line| line.contains("Region=")).count();
    let lines = |text: String| text.lines().count();
    stage.review("k8s-aws-v1.x").await;
    let before = lines(stage.webhook.metrics().text());
    for region in ["aa-north-1", "bb-south-2", "cc-west-3"] {
        let token = stage.token("alice", 1);
        let url = token.strip_prefix(token::PREFIX).expect("a token");
        let forged = format!("{}{url}{region}", token::PREFIX);
        assert_eq!(stage.review(&forged).await.status, 403);
    }
    assert_eq!((lines(stage.webhook.metrics().text()), series()), (before, 0));
}

#[tokio::test]
async fn the_page_names_the_metrics_that_there_are() {
    let stage = Stage::with(|settings| settings.known_hosts = vec![StsHost::global()]).await;
    // Those with labels are there once something is counted.
    stage.review("k8s-aws-v1.x").await;
    stage.webhook.metrics().reload_failed("config");
    stage.webhook.metrics().set_version("1.0");
    stage.webhook.metrics().set_source_read("CRD", true);
    let beside = Stage::with_predecessor("https://localhost:1/", &stage.ca_pem, Duration::from_secs(2), |_| {}).await;
    let text = stage.webhook.metrics().text() + &beside.webhook.metrics().text();
    let page = include_str!("../../../../docs/metrics.md");
    let names = |lines: &str, before: &str| -> BTreeSet<String> {
        let names = lines.lines().filter_map(|line| line.strip_prefix(before)?.strip_prefix("cluster_auth_"));
        names
            .map(|rest| rest.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect())
            .collect()
    };
    assert_eq!(names(page, "| `"), names(&text, "# TYPE "));
}
