//! Sources that have to be asked.

use std::time::Duration;

use aws::{
    Client, Endpoint, Transport,
    credentials::{Base, Credentials, Plan, fetch, instance_region},
};

use crate::{
    double::{Double, SentRequest, answer, rootless, silence},
    environment, noon,
};

async fn fetched(base: Base, double: &Double, variables: &[(&str, &str)]) -> Result<Credentials, String> {
    let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
    let endpoint = Endpoint { url: double.url(), signing_region: "us-west-2".to_owned() };
    let plan = Plan { base, roles: Vec::new() };
    let found = fetch(&plan, &environment(variables), &client, &endpoint, noon).await;
    found.map_err(|error| error.to_string())
}

fn process(command: &str) -> Base {
    Base::Process { command: command.to_owned(), profile: "ci".to_owned() }
}

#[tokio::test]
async fn a_program_prints_credentials_or_the_error_says_what_to_do() {
    let double = Double::plain(|_| answer(500, "")).await;
    let good = r#"echo '{"Version":1,"AccessKeyId":"ASIAPROCESS","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-01-02T13:00:00Z"}'"#;
    let found = fetched(process(good), &double, &[]).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.access_key_id, "ASIAPROCESS");
    assert_eq!(found.session_token.as_ref().map(aws::credentials::Secret::expose), Some("t"));
    assert_eq!(found.expires, "2026-01-02T13:00:00Z".parse().ok());

    // What it prints may be secret; what it says on stderr is for people.
    let rows = [
        ("echo my-secret; exit 1", "ended with 1 and said nothing"),
        ("echo my-secret; echo log in first >&2; exit 2", "ended with 2: log in first"),
        ("echo my-secret", "printed no credentials: it is not a JSON object"),
        ("echo '{\"Version\":1}'", "printed no credentials: it has no AccessKeyId"),
    ];
    for (bad, problem) in rows {
        let said = fetched(process(bad), &double, &[]).await.err().unwrap_or_default();
        let expected = format!(
            "the credential_process of profile `ci` {problem}; run that command by hand to see all that it says"
        );
        assert_eq!(said, expected, "{bad}");
    }
    assert!(double.seen().is_empty(), "nobody else is asked");
}

/// Asks the STS of us-west-2, which this transport reaches.
async fn exchanged(token_file: &std::path::Path, transport: &Transport) -> Result<Credentials, String> {
    let client = Client::with(transport).unwrap_or_else(|error| panic!("{error}"));
    let endpoint = aws::sts_endpoint(&environment(&[]), Some("us-west-2")).expect("an endpoint");
    let role_arn = "arn:aws:iam::111122223333:role/Web".to_owned();
    let base = Base::WebIdentity { token_file: token_file.to_owned(), role_arn, session_name: Some("me".to_owned()) };
    let found = fetch(&Plan { base, roles: Vec::new() }, &environment(&[]), &client, &endpoint, noon).await;
    found.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_web_identity_token_is_exchanged_over_our_own_transport() {
    const HOST: &str = "sts.us-west-2.amazonaws.com";
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "a.web.token").expect("a file");
    let double = Double::secure(HOST, |_| {
        answer(
            200,
            "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
             <Credentials><AccessKeyId>ASIAWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2026-01-02T13:30:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
             </AssumeRoleWithWebIdentityResponse>",
        )
    });
    let double = double.await;
    let found = exchanged(file.path(), &double.transport()).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.access_key_id, "ASIAWEB");
    let seen = double.seen();
    let field = |name| seen[0].field(name).unwrap_or_default();
    assert_eq!(field("RoleArn"), "arn:aws:iam::111122223333:role/Web");
    assert_eq!((field("WebIdentityToken").as_str(), field("RoleSessionName").as_str()), ("a.web.token", "me"));

    let refusing = Double::secure(HOST, |_| {
        answer(400, "<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>")
    });
    let refusing = refusing.await;
    let said = exchanged(file.path(), &refusing.transport()).await.err().unwrap_or_default();
    assert!(
        said.starts_with(
            "STS, for the web identity token file, gave no AWS credentials (InvalidIdentityToken); check "
        ),
        "{said}"
    );
    assert!(!said.contains("a.web.token"), "{said}");

    let elsewhere = Transport { connect_to: Some("127.0.0.1:1".to_owned()), ..double.transport() };
    let said = exchanged(file.path(), &elsewhere).await.err().unwrap_or_default();
    let expected = "STS, for the web identity token file, could not be reached: connection refused; check AWS_ENDPOINT_URL_STS, \
         VPC endpoints and firewalls: nothing listens there";
    assert_eq!(said, expected);
}

/// What EC2 answers on an instance with the role `Node`.
fn instance(seen: &SentRequest) -> crate::double::Reply {
    let token = seen.headers.get("x-aws-ec2-metadata-token").map(String::as_str);
    let credentials = r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAINSTANCE","SecretAccessKey":"s","Token":"t",
        "LastUpdated":"2026-01-02T12:00:00Z","Expiration":"2099-01-02T18:00:00Z"}"#;
    match (seen.method.as_str(), seen.uri.rsplit('/').next().unwrap_or_default(), token) {
        ("PUT", "token", None) => {
            let reply = http::Response::builder().header("x-aws-ec2-metadata-token-ttl-seconds", "21600");
            let reply = reply.body(http_body_util::Full::from("session")).expect("a response");
            Box::pin(async { Some(reply) })
        }
        ("GET", "Node" | "node-instance", Some("session")) => answer(200, credentials),
        ("GET", "region", Some("session")) => answer(200, "eu-north-1"),
        ("GET", _, Some("session")) if seen.uri.contains("security-credentials") => answer(200, "Node"),
        _ => answer(401, ""),
    }
}

#[tokio::test]
async fn an_instance_knows_its_credentials_and_its_region() {
    let double = Double::plain(|seen| instance(&seen)).await;
    let url = double.url();
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str())];
    let found = fetched(Base::InstanceMetadata, &double, &variables).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.access_key_id, "ASIAINSTANCE");
    assert_eq!(instance_region(&environment(&variables)).await.as_deref(), Some("eu-north-1"));

    let asked = double.seen().len();
    let disabled = [variables[0], ("AWS_EC2_METADATA_DISABLED", "true")];
    assert_eq!(instance_region(&environment(&disabled)).await, None);
    assert_eq!(double.seen().len(), asked, "nobody is asked");
}

#[tokio::test]
async fn an_instance_without_sessions_is_asked_without_one_where_that_is_not_forbidden() {
    let old = |status: u16| {
        move |seen: SentRequest| match (seen.method.as_str(), seen.headers.get("x-aws-ec2-metadata-token")) {
            ("PUT", _) if status == 0 => silence(),
            ("PUT", _) => answer(status, ""),
            (_, Some(_)) => answer(401, ""),
            (_, None) => {
                let headers = [("x-aws-ec2-metadata-token".to_owned(), "session".to_owned())].into();
                instance(&SentRequest { headers, ..seen })
            }
        }
    };
    for (status, is_asked) in [(403, true), (404, true), (405, true), (400, false), (500, false), (0, false)] {
        let double = Double::plain(old(status)).await;
        let url = double.url();
        let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str())];
        let found = fetched(Base::InstanceMetadata, &double, &variables).await;
        assert_eq!(
            found.map(|found| found.access_key_id).ok(),
            is_asked.then(|| "ASIAINSTANCE".to_owned()),
            "{status}"
        );
        let region = instance_region(&environment(&variables)).await;
        assert_eq!(region, is_asked.then(|| "eu-north-1".to_owned()), "{status}");
        let forbidden = [variables[0], ("AWS_EC2_METADATA_V1_DISABLED", "TRUE")];
        assert!(fetched(Base::InstanceMetadata, &double, &forbidden).await.is_err(), "{status}");
        assert!(
            is_asked || double.seen().iter().all(|seen| seen.method == "PUT"),
            "{status}: {} requests",
            double.seen().len()
        );
    }
}

#[tokio::test]
async fn where_no_instance_answers_the_error_names_the_other_sources() {
    let silent = Double::plain(|_| silence()).await;
    let url = silent.url();
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str())];
    let said = fetched(Base::InstanceMetadata, &silent, &variables).await.err().unwrap_or_default();
    assert!(said.starts_with("the instance metadata service "), "{said}");
    assert!(
        said.ends_with("set AWS_PROFILE, run `aws sso login` or `aws configure`; on an EC2 instance, attach a role"),
        "{said}"
    );
    assert_eq!(instance_region(&environment(&variables)).await, None);
    let nonsense = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "no url")];
    let said = fetched(Base::InstanceMetadata, &silent, &nonsense).await.err().unwrap_or_default();
    assert!(said.ends_with("check AWS_EC2_METADATA_SERVICE_ENDPOINT"), "{said}");
}

#[tokio::test]
async fn a_client_needs_roots_that_can_be_read() {
    let missing = Client::new(&environment(&[("AWS_CA_BUNDLE", "/no/such/bundle.pem")])).err();
    assert_eq!(
        missing.map(|error| error.to_string()).as_deref(),
        Some(
            "AWS_CA_BUNDLE (`ca_bundle` of a profile, or REQUESTS_CA_BUNDLE) names /no/such/bundle.pem, which cannot be read"
        )
    );
    let empty = Transport {
        roots: tls::Roots::Only(b"no certificate".to_vec()),
        deadline: Duration::from_secs(1),
        ..Transport::default()
    };
    assert!(Client::with(&empty).is_err());
}

/// All that the file has, whatever an editor has put before it.
#[test]
fn authorities_are_those_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".repeat(2);
    std::fs::write(path("plain.pem"), &pem).expect("written");
    std::fs::write(path("marked.pem"), format!("\u{feff}{pem}")).expect("written");
    let all = tls::Roots::Only(pem.into_bytes());
    for bundle in [path("plain.pem"), path("marked.pem")] {
        let roots = aws::trusted_roots(&environment(&[("AWS_CA_BUNDLE", &bundle)]));
        assert!(roots.is_ok_and(|roots| roots == all), "{bundle}");
    }
    assert!(aws::trusted_roots(&environment(&[])).is_ok_and(|roots| roots == tls::Roots::Platform));
}
