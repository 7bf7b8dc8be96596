//! What everybody else is told: AWS's codes, statuses and messages, in AWS's forms.

use http::{HeaderValue, Request, header};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::SignedDuration;
use sandbox::SandboxCredentials;

use crate::client::{Answer, Aws, Call, STS, now};

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";
const INVALID: &str = "The security token included in the request is invalid.";

type Change = fn(Call, SandboxCredentials) -> Request<Full<Bytes>>;

/// Status, code, and the beginning of the message.
const ROWS: [(&str, Change, u16, &str, &str); 12] = [
    (
        "no signature",
        |call, _| bare(&call),
        403,
        "MissingAuthenticationToken",
        "Request is missing Authentication Token",
    ),
    ("a wrong secret", |call, keys| call.post(&other_secret(keys)), 403, "SignatureDoesNotMatch", MISMATCH),
    (
        "a wrong secret, presigned",
        |call, keys| call.presigned(&other_secret(keys)),
        403,
        "SignatureDoesNotMatch",
        MISMATCH,
    ),
    (
        "an unknown key",
        |call, keys| call.post(&SandboxCredentials { access_key_id: "AKIANOBODY0000000000".to_owned(), ..keys }),
        403,
        "InvalidClientTokenId",
        INVALID,
    ),
    (
        "another's session token",
        |call, keys| call.presigned(&SandboxCredentials { session_token: Some("x".to_owned()), ..keys }),
        403,
        "InvalidClientTokenId",
        INVALID,
    ),
    (
        "an old signature",
        |call, keys| Call { at: now() - SignedDuration::from_mins(16), ..call }.presigned(&keys),
        403,
        "SignatureDoesNotMatch",
        "Signature expired: ",
    ),
    (
        "a signature of the future",
        |call, keys| Call { at: now() + SignedDuration::from_mins(16), ..call }.presigned(&keys),
        403,
        "SignatureDoesNotMatch",
        "Signature not yet current: ",
    ),
    (
        "another region",
        |call, keys| Call { region: "eu-west-1", ..call }.post(&keys),
        403,
        "SignatureDoesNotMatch",
        "Credential should be scoped to a valid region, not 'eu-west-1'.",
    ),
    (
        "a header that is not signed",
        |call, keys| with_header(call.post(&keys), "x-amz-more", "x"),
        403,
        "AccessDenied",
        "There were headers present in the request which were not signed: x-amz-more",
    ),
    (
        "half a signature",
        |call, keys| with_header(call.post(&keys), "authorization", "AWS4-HMAC-SHA256 Credential=x"),
        400,
        "IncompleteSignature",
        "Authorization header requires 'SignedHeaders' parameter.",
    ),
    (
        "an unknown action",
        |call, keys| Call { form: "Action=<Made>Up&Version=2011-06-15".to_owned(), ..call }.post(&keys),
        400,
        "InvalidAction",
        "Could not find operation <Made>Up for version 2011-06-15",
    ),
    (
        "no version",
        |call, keys| Call { form: "Action=GetCallerIdentity".to_owned(), ..call }.post(&keys),
        400,
        "InvalidAction",
        "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
    ),
];

fn other_secret(keys: SandboxCredentials) -> SandboxCredentials {
    SandboxCredentials { secret_access_key: "another".to_owned(), ..keys }
}

/// Not signed at all.
fn bare(call: &Call) -> Request<Full<Bytes>> {
    let request = Request::get(format!("/?{}", call.form)).header(header::HOST, call.host);
    let request = if call.json { request.header(header::ACCEPT, "application/json") } else { request };
    request.body(Full::default()).expect("a request")
}

fn with_header(mut request: Request<Full<Bytes>>, name: &'static str, value: &'static str) -> Request<Full<Bytes>> {
    request.headers_mut().insert(name, HeaderValue::from_static(value));
    request
}

#[tokio::test]
async fn errors_are_the_same_in_both_forms() {
    let aws = Aws::start().await;
    for (name, change, status, code, message) in ROWS {
        let json = aws.send(change(Call::caller_identity().json(), aws.keys("alice"))).await;
        let xml = aws.send(change(Call::caller_identity(), aws.keys("alice"))).await;
        assert_eq!((json.status, json.content_type.as_str()), (status, "application/json"), "{name}: {json:?}");
        assert_eq!((xml.status, xml.content_type.as_str()), (status, "text/xml"), "{name}: {xml:?}");
        let fields = ["Type", "Code", "Message"].map(|field| json.json(&format!("/Error/{field}")));
        assert_eq!(fields[..2], ["Sender", code], "{name}");
        assert!(fields[2].starts_with(message), "{name}: {}", fields[2]);
        let in_xml = ["Type", "Code", "Message"].map(|element| xml.xml(element));
        // The time of day may have changed between the two.
        assert_eq!(in_xml[..2], fields[..2], "{name}");
        assert!(in_xml[2].starts_with(message), "{name}: {}", in_xml[2]);
        assert!(!json.json("/RequestId").is_empty() && json.json("/RequestId") != xml.xml("RequestId"), "{name}");
    }
}

#[tokio::test]
async fn ec2_has_words_and_a_form_of_its_own() {
    let aws = Aws::start().await;
    let describe = || Call::ec2("Action=DescribeInstances");
    let alice = || aws.keys("alice");
    let refused = (401, "AuthFailure", "AWS was not able to validate the provided access credentials");
    let rows = [
        ("a wrong secret", describe().post(&other_secret(alice())), refused),
        ("no signature", bare(&describe()), refused),
        ("an old one", Call { at: now() - SignedDuration::from_mins(16), ..describe() }.post(&alice()), refused),
        ("signed for STS", Call { service: "sts", ..describe() }.post(&alice()), refused),
        (
            "a session that is over",
            describe().post(&aws.keys("expired")),
            (400, "RequestExpired", "Request has expired."),
        ),
        (
            "an unknown action",
            Call::ec2("Action=RunInstances").post(&alice()),
            (400, "InvalidAction", "The action RunInstances is not valid for this web service."),
        ),
        (
            "an action of STS",
            Call::ec2("Action=GetCallerIdentity").post(&alice()),
            (400, "InvalidAction", "The action GetCallerIdentity is not valid for this web service."),
        ),
    ];
    for (name, request, (status, code, message)) in rows {
        let answer = aws.send(request).await;
        let said = (answer.status, answer.xml("Code"), answer.xml("Message"));
        assert_eq!(said, (status, code.to_owned(), message.to_owned()), "{name}");
        assert!(answer.body.contains("<Response><Errors><Error>"), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn requests_that_are_no_queries_are_refused_before_their_signature() {
    let aws = Aws::start().await;
    let keys = aws.keys("alice");
    let send = async |request: Request<Full<Bytes>>| -> (u16, String) {
        let answer: Answer = aws.send(request).await;
        (answer.status, answer.xml("Code"))
    };
    let request = |method: &str, path: &str, host: &str| {
        let request = Request::builder().method(method).uri(path).header(header::HOST, host);
        request.body(Full::default()).expect("a request")
    };
    let expected = |status: u16, code: &str| (status, code.to_owned());
    let twice =
        Call { form: "Action=GetCallerIdentity&Version=2011-06-15&action=x".to_owned(), ..Call::caller_identity() };
    assert_eq!(send(twice.post(&keys)).await, expected(400, "MalformedQueryString"), "twice in a form");
    assert_eq!(send(twice.presigned(&keys)).await, expected(400, "MalformedQueryString"), "twice in a query");
    let mut both = Call::caller_identity().post(&keys);
    *both.uri_mut() = "/?Action=GetCallerIdentity".parse().expect("a path");
    assert_eq!(send(both).await, expected(400, "MalformedQueryString"), "in the query and in the form");
    let mut json = Call::caller_identity().presigned(&keys);
    *json.uri_mut() = "/?%zz=".parse().expect("a path");
    assert_eq!(send(json).await, expected(400, "MalformedQueryString"), "half an escape");
    assert_eq!(send(request("GET", "/x", STS)).await, expected(404, "UnknownOperationException"));
    assert_eq!(send(request("PUT", "/", STS)).await, expected(405, "MethodNotAllowed"));
    let elsewhere = request("GET", "/", "s3.us-west-2.amazonaws.com");
    assert_eq!(send(elsewhere).await, expected(421, "MisdirectedRequest"));
    let no_action = Call { form: "Version=2011-06-15".to_owned(), ..Call::caller_identity() };
    assert_eq!(send(no_action.post(&keys)).await, expected(400, "MissingAction"));
}
