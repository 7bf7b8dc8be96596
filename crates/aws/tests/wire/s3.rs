//! S3: the bucket's Region, conditions, encryption, and what of its errors means absent.

use aws::{
    Client,
    s3::{Condition, Encryption, S3Client, S3Error},
};
use http::Response;

use crate::{
    double::{Double, Reply, SentRequest, answer, rootless},
    environment, keys, noon,
};

type Handler = fn(SentRequest) -> Reply;

/// Asks the double, which stands behind an endpoint of one's own.
async fn open(double: &Double, region: Option<&str>) -> Result<S3Client, S3Error> {
    let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
    let environment = environment(&[("AWS_ENDPOINT_URL_S3", &double.url())]);
    let bucket = "kops-state".parse().expect("a bucket's name");
    S3Client::open(client, keys(), &environment, region, bucket, noon).await
}

/// The same, where the bucket is found at once and the handler answers everything else.
async fn opened(reply: impl Fn(SentRequest) -> Reply + Send + Sync + 'static) -> (Double, S3Client) {
    let double =
        Double::plain(move |seen: SentRequest| if seen.method == "HEAD" { answer(200, "") } else { reply(seen) }).await;
    let s3 = open(&double, Some("eu-west-1")).await.unwrap_or_else(|error| panic!("{error}"));
    (double, s3)
}

fn with(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let response = headers
        .iter()
        .fold(Response::builder().status(status), |response, (name, value)| response.header(*name, *value));
    let response = response.body(body.to_owned().into()).expect("a response");
    Box::pin(async { Some(response) })
}

fn error(status: u16, code: &str) -> Reply {
    answer(status, format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>secret text</Message></Error>"))
}

#[tokio::test]
async fn the_bucket_is_asked_in_its_own_region_wherever_one_begins() {
    for status in [200, 301, 400, 403] {
        let double = Double::plain(move |seen: SentRequest| match seen.method.as_str() {
            "HEAD" => with(status, &[("x-amz-bucket-region", "eu-central-1")], ""),
            _ => with(200, &[("etag", "\"1\"")], "text"),
        })
        .await;
        for region in [None, Some("us-west-2"), Some("aws-global")] {
            let s3 = open(&double, region).await.unwrap_or_else(|error| panic!("{status} {region:?}: {error}"));
            assert_eq!(s3.region(), "eu-central-1");
            let object = s3.get("a b/c").await.unwrap_or_else(|error| panic!("{error}")).expect("it is there");
            assert_eq!((&object.body[..], object.etag.as_str()), (&b"text"[..], "\"1\""));
        }
        let seen = double.seen();
        let scope = |seen: &SentRequest| seen.headers["authorization"].split('/').nth(2).map(str::to_owned);
        let regions: Vec<_> = seen.iter().filter_map(scope).collect();
        let there = "eu-central-1";
        assert_eq!(regions, ["us-east-1", there, "us-west-2", there, "us-east-1", there]);
        assert_eq!((seen[0].uri.as_str(), seen[1].uri.as_str()), ("/kops-state", "/kops-state/a%20b/c"));
    }
}

/// Over TLS, with a certificate for nothing but the host that it must be.
#[tokio::test]
async fn the_bucket_stands_in_the_host_name_unless_no_certificate_could_be_valid_for_it() {
    let rows = [
        ("kops-state", "kops-state.s3.eu-west-1.amazonaws.com", "/", "/k"),
        (
            "kops.example.com-state",
            "s3.eu-west-1.amazonaws.com",
            "/kops.example.com-state",
            "/kops.example.com-state/k",
        ),
    ];
    for (bucket, host, of_bucket, of_object) in rows {
        let double = Double::secure(host, |seen: SentRequest| match seen.method.as_str() {
            "HEAD" => answer(200, ""),
            _ => error(404, "NoSuchKey"),
        })
        .await;
        let client = Client::with(&double.transport()).unwrap_or_else(|error| panic!("{error}"));
        let name = bucket.parse().expect("a bucket's name");
        let s3 = S3Client::open(client, keys(), &environment(&[]), Some("eu-west-1"), name, noon).await;
        let found = s3.unwrap_or_else(|error| panic!("{error}")).get("k").await;
        assert!(found.is_ok_and(|object| object.is_none()), "{bucket}");
        let seen: Vec<_> = double.seen().iter().map(|seen| (seen.headers["host"].clone(), seen.uri.clone())).collect();
        let expected = [of_bucket, of_object].map(|path| (host.to_owned(), path.to_owned()));
        assert_eq!(seen, expected, "{bucket}");
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_found_is_said_and_no_answer_leads_elsewhere() {
    let rows: [(&str, Handler, &str); 6] = [
        ("none", |_| answer(404, ""), "there is no S3 bucket kops-state"),
        (
            "a redirect without a Region",
            |_| with(301, &[("location", "http://127.0.0.1:1/")], ""),
            "s3:HeadBucket failed",
        ),
        (
            "a Region that is none",
            |_| with(301, &[("x-amz-bucket-region", "eu-west-1.evil.example")], ""),
            "is not an AWS Region",
        ),
        ("an outage", |_| answer(503, ""), "s3:HeadBucket failed: the answer was 503"),
        ("a proxy's page", |_| answer(418, "<html>"), "check HTTPS_PROXY and AWS_ENDPOINT_URL_S3"),
        (
            "no answer",
            |_| Box::pin(async { None }),
            "cannot be reached: the connection was closed before the answer was there (EOF)",
        ),
    ];
    for (name, reply, expected) in rows {
        let double = Double::plain(reply).await;
        let said = open(&double, None).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(expected), "{name}: {said}");
        assert_eq!(double.seen().len(), 1, "{name}");
    }
    // Whoever may not list it may still read and write what a policy names.
    let double = Double::plain(|_| answer(403, "")).await;
    assert_eq!(open(&double, Some("eu-west-1")).await.unwrap_or_else(|error| panic!("{error}")).region(), "eu-west-1");
}

#[tokio::test]
async fn only_s3_itself_says_that_there_is_none() {
    let rows: [(&str, Handler, Option<&str>); 8] = [
        ("absent", |_| error(404, "NoSuchKey"), None),
        ("no bucket", |_| error(404, "NoSuchBucket"), Some("there is no S3 bucket kops-state")),
        ("denied", |_| error(403, "AccessDenied"), Some("may not s3:GetObject in the bucket kops-state")),
        ("expired", |_| error(403, "ExpiredToken"), Some("the session has expired; log in to AWS again")),
        ("a proxy's page", |_| answer(404, "<html>Not found</html>"), Some("s3:GetObject failed: the answer was 404")),
        ("an outage", |_| error(503, "SlowDown"), Some("s3:GetObject failed: the answer was 503")),
        (
            "an outage that says there is none",
            |_| error(500, "NoSuchKey"),
            Some("s3:GetObject failed: the answer was 500"),
        ),
        ("too long", |_| with(200, &[("etag", "1")], &"x".repeat((1 << 20) + 1)), Some("s3:GetObject failed")),
    ];
    for (name, reply, expected) in rows {
        let (_double, s3) = opened(reply).await;
        let said = match s3.get("k").await {
            Ok(object) => {
                assert!(object.is_none(), "{name}");
                None
            }
            Err(error) => Some(error.to_string()),
        };
        match expected {
            None => assert_eq!(said, None, "{name}"),
            Some(expected) => assert!(said.as_ref().is_some_and(|said| said.contains(expected)), "{name}: {said:?}"),
        }
        assert!(said.is_none_or(|said| !said.contains("secret text")), "{name}: S3's words are not quoted");
    }
}

#[tokio::test]
async fn a_write_says_when_it_may_happen_and_who_encrypts() {
    let encrypted: Handler = |_| with(200, &[("x-amz-server-side-encryption", "aws:kms"), ("etag", "\"2\"")], "");
    let (double, s3) = opened(encrypted).await;
    let unchanged = Condition::Unchanged("\"1\"".to_owned());
    for (condition, encryption) in [(Condition::Absent, Encryption::Aes256), (unchanged, Encryption::OfBucket)] {
        s3.put("c/k", "body".into(), &condition, encryption).await.unwrap_or_else(|error| panic!("{error}"));
    }
    let sent = |name: &str| double.seen()[1..].iter().map(|seen| seen.headers.get(name).cloned()).collect::<Vec<_>>();
    let one = |text: &str| Some(text.to_owned());
    assert_eq!(sent("if-none-match"), [one("*"), None]);
    assert_eq!(sent("if-match"), [None, one("\"1\"")]);
    assert_eq!(sent("x-amz-server-side-encryption"), [one("AES256"), None]);
    for seen in &double.seen()[1..] {
        assert_eq!((seen.method.as_str(), seen.uri.as_str(), seen.body.as_str()), ("PUT", "/kops-state/c/k", "body"));
        let signed = &seen.headers["authorization"];
        assert!(signed.contains("if-") && signed.contains("x-amz-content-sha256"), "the condition is signed: {signed}");
    }

    let rows: [(&str, Handler, &str); 7] = [
        ("it is there already", |_| error(412, "PreconditionFailed"), "s3://kops-state/k was written by somebody else"),
        ("it is being written", |_| error(409, "ConditionalRequestConflict"), "was written by somebody else"),
        ("it is gone", |_| error(404, "NoSuchKey"), "was written by somebody else"),
        ("no bucket", |_| error(404, "NoSuchBucket"), "there is no S3 bucket"),
        ("denied", |_| error(403, "AccessDenied"), "may not s3:PutObject in the bucket kops-state"),
        ("in the clear", |_| answer(200, ""), "does not say that it is encrypted"),
        ("elsewhere", |_| with(307, &[("location", "http://127.0.0.1:1/")], ""), "s3:PutObject failed"),
    ];
    for (name, reply, expected) in rows {
        let (double, s3) = opened(reply).await;
        let said = s3.put("k", "body".into(), &Condition::Absent, Encryption::Aes256).await;
        let said = said.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(expected), "{name}: {said}");
        assert_eq!(double.seen().len(), 2, "{name}: once");
    }
}

#[tokio::test]
async fn a_bucket_that_encrypts_is_left_to_do_it() {
    let rows: [(&str, Handler, Result<Encryption, &str>); 4] = [
        ("configured", |_| answer(200, "<ServerSideEncryptionConfiguration/>"), Ok(Encryption::OfBucket)),
        ("not configured", |_| error(404, "ServerSideEncryptionConfigurationNotFoundError"), Ok(Encryption::Aes256)),
        ("not to be seen", |_| error(403, "AccessDenied"), Ok(Encryption::Aes256)),
        ("an outage", |_| answer(500, ""), Err("s3:GetEncryptionConfiguration failed: the answer was 500")),
    ];
    for (name, reply, expected) in rows {
        let (double, s3) = opened(reply).await;
        match (s3.encryption().await, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{name}"),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{name}: {error}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
        assert_eq!(double.seen()[1].uri, "/kops-state?encryption", "{name}");
    }
}
