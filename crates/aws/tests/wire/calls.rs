//! Calls signed by headers, against the sandbox (which verifies) and against servers that do as they are told.

use aws::{
    AwsError, Client, Endpoint, Transport, assume_role,
    credentials::{AssumeRole, Credentials, MfaDevice, Rules, Secret, load_files, resolve},
    get_caller_identity, sts_endpoint,
};
use jiff::Timestamp;
use sandbox::{Fault, Identities, Running, Sandbox};
use tls::Roots;
use token::Upstream;

use crate::{
    double::{Double, answer, rootless},
    environment, keys, noon, now,
};

/// The sandbox, reached as the real AWS would be through a proxy.
pub(crate) struct Aws {
    running: Running,
    identities: Identities,
    pub(crate) client: Client,
}

impl Aws {
    pub(crate) async fn start() -> Self {
        let identities = Identities::example();
        let running = Sandbox::start(identities.clone(), sandbox::Options::new(now)).await.expect("a sandbox");
        let transport = Transport {
            roots: Roots::Only(running.ca_pem().into()),
            proxy: tls::Proxies { https: Some(format!("http://{}", running.proxy())), except: None },
            ..Transport::default()
        };
        let client = Client::with(&transport).unwrap_or_else(|error| panic!("{error}"));
        Self { running, identities, client }
    }

    pub(crate) fn faults(&self) -> sandbox::Faults {
        self.running.faults()
    }

    pub(crate) fn credentials(&self, name: &str) -> Credentials {
        let found = self.identities.credentials(name).expect("one of the example");
        Credentials {
            session_token: found.session_token.map(Secret::new),
            ..Credentials::long_term(found.access_key_id, found.secret_access_key)
        }
    }
}

fn oregon() -> Endpoint {
    sts_endpoint(&environment(&[]), Some("us-west-2")).expect("an endpoint")
}

fn deployer() -> AssumeRole {
    AssumeRole {
        role_arn: "arn:aws:iam::111122223333:role/ci/Deployer".to_owned(),
        external_id: Some("sandbox".to_owned()),
        session_name: Some("alice@example.com".to_owned()),
        duration_seconds: Some(1_800),
        mfa: None,
        source_arn: None,
    }
}

fn refused(result: Result<aws::Obtained, AwsError>) -> String {
    result.map_or_else(|error| error.to_string(), |_| "granted".to_owned())
}

#[tokio::test]
async fn sts_says_who_signed() {
    let aws = Aws::start().await;
    let rows = [
        ("alice", "arn:aws:iam::111122223333:user/alice", None),
        ("bob", "arn:aws:iam::111122223333:user/ops/bob", None),
        ("deployer", "arn:aws:sts::111122223333:assumed-role/Deployer/build-17", Some("build-17")),
        ("federated", "arn:aws:sts::111122223333:federated-user/federated", Some("federated")),
        ("root", "arn:aws:iam::111122223333:root", None),
    ];
    for (name, arn, session_name) in rows {
        let caller = get_caller_identity(&aws.client, &aws.credentials(name), &oregon(), now()).await;
        let caller = caller.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((caller.arn.as_str(), caller.session_name()), (arn, session_name));
    }
}

#[tokio::test]
async fn a_role_is_assumed_and_its_credentials_sign() {
    let aws = Aws::start().await;
    let before = now();
    let session = assume_role(&aws.client, &aws.credentials("alice"), &oregon(), &deployer(), None, before).await;
    let session = session.unwrap_or_else(|error| panic!("{error}")).credentials;
    assert!(session.expires > Some(before + jiff::SignedDuration::from_mins(29)), "1,800 seconds from then on");
    let caller = get_caller_identity(&aws.client, &session, &oregon(), now()).await;
    let caller = caller.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(caller.arn, "arn:aws:sts::111122223333:assumed-role/Deployer/alice@example.com");
    assert_eq!(caller.session_name(), Some("alice@example.com"));
}

#[tokio::test]
async fn a_refusal_names_the_code_and_the_way_out_and_no_secret() {
    let aws = Aws::start().await;
    let assume = async |keys: &Credentials, role: &AssumeRole| {
        refused(assume_role(&aws.client, keys, &oregon(), role, None, now()).await)
    };
    let alice = aws.credentials("alice");
    let said = assume(&alice, &AssumeRole { external_id: None, ..deployer() }).await;
    assert_eq!(
        said,
        "AWS refused sts:AssumeRole (AccessDenied): these credentials may not; check the ARN, the role's trust policy, and the external id it asks for"
    );
    let said = assume(&aws.credentials("mallory"), &deployer()).await;
    assert!(said.contains("(AccessDenied)"), "{said}");
    let said = assume(&Credentials::long_term(alice.access_key_id.clone(), "a/wrong/secret"), &deployer()).await;
    assert!(said.contains("(SignatureDoesNotMatch): check the secret access key and this machine's clock"), "{said}");
    assert!(!said.contains("wrong/secret"), "{said}");
    let said = assume(&Credentials::long_term("AKIANOBODY0000000000", "secret"), &deployer()).await;
    assert!(said.contains("(InvalidClientTokenId): AWS does not know the access key"), "{said}");
    let said = assume(&alice, &AssumeRole { session_name: Some("no spaces".to_owned()), ..deployer() }).await;
    assert!(said.contains("(ValidationError)"), "{said}");
}

#[tokio::test]
async fn trouble_on_the_way_is_no_refusal() {
    let aws = Aws::start().await;
    let alice = aws.credentials("alice");
    let rows = [
        (Fault::Throttle, Upstream::Throttled),
        (Fault::ServerError, Upstream::ServerError(500)),
        (Fault::Unavailable, Upstream::ServerError(503)),
        (Fault::Garbage, Upstream::Unreadable),
        (Fault::Redirect, Upstream::Redirect),
        (Fault::HugeBody, Upstream::TooLarge),
    ];
    for (fault, expected) in rows {
        aws.running.faults().set(fault.clone());
        match assume_role(&aws.client, &alice, &oregon(), &deployer(), None, now()).await {
            Err(AwsError::Upstream { call: "sts:AssumeRole", trouble }) => assert_eq!(trouble, expected, "{fault:?}"),
            other => panic!("{fault:?}: {}", refused(other)),
        }
    }
    aws.running.faults().set(Fault::Reset);
    let said = refused(assume_role(&aws.client, &alice, &oregon(), &deployer(), None, now()).await);
    let expected = "sts:AssumeRole failed: sts.us-west-2.amazonaws.com cannot be reached: the connection was closed before the answer was there (EOF); \
                    something on the way ended the connection: try again, and check HTTPS_PROXY and firewalls";
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_chain_of_profiles_is_walked_from_its_keys_to_the_last_role() {
    let aws = Aws::start().await;
    let alice = aws.identities.credentials("alice").expect("one of the example");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join(".aws")).expect("a folder");
    std::fs::write(
        folder.path().join(".aws/config"),
        "[profile ci]\nregion = us-west-2\nrole_arn = arn:aws:iam::111122223333:role/ci/Deployer\n\
         source_profile = alice\nexternal_id = sandbox\nrole_session_name = from-file\nduration_seconds = 900\n",
    )
    .expect("a file");
    let keys = format!(
        "[alice]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        alice.access_key_id, alice.secret_access_key
    );
    std::fs::write(folder.path().join("keys"), keys).expect("a file");
    let mut environment = environment(&[("AWS_SHARED_CREDENTIALS_FILE", "~/keys")]);
    environment.home = Some(folder.path().to_owned());
    let files = load_files(&environment, Rules::Cli).unwrap_or_else(|error| panic!("{error}"));
    let plan = resolve(&environment, &files, Some("ci"), Rules::Cli).unwrap_or_else(|error| panic!("{error}"));
    assert!(plan.immediate().is_none(), "STS has to be asked");

    let session = aws::credentials::fetch(&plan, &environment, &aws.client, &oregon(), now).await;
    let session = session.unwrap_or_else(|error| panic!("{error}"));
    let caller = get_caller_identity(&aws.client, &session, &oregon(), now()).await;
    let caller = caller.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(caller.arn, "arn:aws:sts::111122223333:assumed-role/Deployer/from-file");
}

const SESSION: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>\
    <SecretAccessKey>s&amp;cret</SecretAccessKey><SessionToken>token</SessionToken>\
    <Expiration>2026-01-02T13:30:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

#[tokio::test]
async fn assume_role_asks_for_what_was_given_and_the_shortest_time_otherwise() {
    let double = Double::plain(|_| answer(200, SESSION)).await;
    let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
    let endpoint = Endpoint { url: double.url(), signing_region: "us-west-2".to_owned() };
    let bare = AssumeRole { role_arn: "arn:aws:iam::111122223333:role/Ec2".to_owned(), ..AssumeRole::default() };
    let on_behalf =
        AssumeRole { source_arn: Some("arn:aws:eks:us-west-2:444455556666:cluster/a".to_owned()), ..deployer() };
    for role in [&bare, &on_behalf] {
        let session = assume_role(&client, &keys(), &endpoint, role, None, noon()).await;
        let session = session.unwrap_or_else(|error| panic!("{error}")).credentials;
        assert_eq!((session.access_key_id.as_str(), session.secret_access_key.expose()), ("ASIA", "s&cret"));
        assert_eq!(session.session_token.as_ref().map(Secret::expose), Some("token"));
        assert_eq!(session.expires, "2026-01-02T13:30:00Z".parse::<Timestamp>().ok());
    }
    let seen = double.seen();
    let form = |index: usize, names: [&str; 5]| names.map(|name| seen[index].field(name).unwrap_or_default());
    let names = ["Action", "RoleArn", "RoleSessionName", "DurationSeconds", "ExternalId"];
    let name = format!("aws-go-sdk-{}", noon().as_nanosecond());
    assert_eq!(form(0, names), ["AssumeRole", &bare.role_arn, &name, "900", ""]);
    assert_eq!(form(1, names), ["AssumeRole", &on_behalf.role_arn, "alice@example.com", "1800", "sandbox"]);
    assert_eq!(seen[0].headers["user-agent"], concat!("cluster-auth/", env!("CARGO_PKG_VERSION")));
    assert!(!seen[0].headers.contains_key("x-amz-source-arn"));
    assert_eq!(seen[1].headers["x-amz-source-arn"], "arn:aws:eks:us-west-2:444455556666:cluster/a");
    assert_eq!(seen[1].headers["x-amz-source-account"], "444455556666");
    let signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-source-account;x-amz-source-arn,";
    assert!(seen[1].headers["authorization"].contains(signed), "{}", seen[1].headers["authorization"]);
}

#[tokio::test]
async fn what_cannot_be_a_header_is_refused_before_anything_is_sent() {
    let double = Double::plain(|_| answer(200, SESSION)).await;
    let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
    let endpoint = Endpoint { url: double.url(), signing_region: "us-west-2".to_owned() };
    let token = Credentials { session_token: Some(Secret::new("to\nken")), ..keys() };
    let arn = AssumeRole { source_arn: Some("arn\r\nx: y".to_owned()), ..deployer() };
    for (keys, role) in [(&token, &deployer()), (&keys(), &arn)] {
        let said = refused(assume_role(&client, keys, &endpoint, role, None, noon()).await);
        assert!(said.starts_with("sts:AssumeRole cannot be sent"), "{said}");
    }
    assert!(double.seen().is_empty());
}

#[tokio::test]
async fn answers_of_others_than_aws_are_trouble() {
    let rows = [
        (200, "<html>Log in to the guest network</html>", Upstream::Unreadable),
        (200, "", Upstream::Unreadable),
        (403, "<html><head><title>Forbidden</title></head></html>", Upstream::UnexpectedStatus(403)),
        (
            400,
            "<ErrorResponse><Error><Code>no <b>code</b></Code></Error></ErrorResponse>",
            Upstream::UnexpectedStatus(400),
        ),
        (429, "slow down", Upstream::Throttled),
        (
            503,
            "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
            Upstream::Throttled,
        ),
        (502, "<html>", Upstream::ServerError(502)),
    ];
    for (status, body, expected) in rows {
        let double = Double::plain(move |_| answer(status, body)).await;
        let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
        let endpoint = Endpoint { url: double.url(), signing_region: "us-west-2".to_owned() };
        match assume_role(&client, &keys(), &endpoint, &deployer(), None, noon()).await {
            Err(AwsError::Upstream { trouble, .. }) => assert_eq!(trouble, expected, "{status} {body}"),
            other => panic!("{status} {body}: {}", refused(other)),
        }
    }
}

#[tokio::test]
async fn a_code_of_a_device_is_sent_with_its_number() {
    let double = Double::plain(|_| answer(200, SESSION)).await;
    let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
    let endpoint = Endpoint { url: double.url(), signing_region: "us-west-2".to_owned() };
    let serial = "arn:aws:iam::111122223333:mfa/alice".to_owned();
    let mfa = Some(MfaDevice { serial, process: None, profile: "dev".to_owned() });
    let role = AssumeRole { mfa, ..deployer() };
    let session = assume_role(&client, &keys(), &endpoint, &role, Some(&Secret::new("123456")), noon()).await;
    assert!(session.is_ok());
    let seen = double.seen();
    let form = ["SerialNumber", "TokenCode"].map(|name| seen[0].field(name).unwrap_or_default());
    assert_eq!(form, ["arn:aws:iam::111122223333:mfa/alice", "123456"]);
}

#[tokio::test]
async fn what_a_message_means_is_said_and_not_the_message() {
    let rows = [
        (
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            "the MFA code was not accepted",
        ),
        ("AccessDenied", "User: x is not authorized", "check the ARN, the role's trust policy"),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "raise the role's MaxSessionDuration",
        ),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            "lasts an hour at most",
        ),
        (
            "ValidationError",
            "Value 'a b' at 'roleSessionName' failed to satisfy constraint",
            "a session name has 2 to 64 letters of",
        ),
        ("ValidationError", "Value '1' at 'durationSeconds' failed to satisfy constraint", "must be 900 to 43200"),
        ("ValidationError", "Value '1' at 'externalId' failed to satisfy constraint", "an external id has"),
        (
            "SignatureDoesNotMatch",
            "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z",
            "this machine's clock is minutes behind AWS's",
        ),
        (
            "SignatureDoesNotMatch",
            "Signature not yet current: 20260102T030405Z",
            "this machine's clock is minutes ahead of AWS's",
        ),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", "check the secret access key"),
    ];
    for (code, message, expected) in rows {
        let body =
            format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>");
        let double = Double::plain(move |_| answer(403, body.clone())).await;
        let client = Client::with(&rootless()).unwrap_or_else(|error| panic!("{error}"));
        let endpoint = Endpoint { url: double.url(), signing_region: "us-west-2".to_owned() };
        let said = refused(assume_role(&client, &keys(), &endpoint, &deployer(), None, noon()).await);
        assert!(
            said.starts_with(&format!("AWS refused sts:AssumeRole ({code}): ")) && said.contains(expected),
            "{message}: {said}"
        );
        assert!(!said.contains(message), "{said}");
    }
}
