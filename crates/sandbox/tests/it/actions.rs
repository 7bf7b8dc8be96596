//! What verified callers are told.

use jiff::{SignedDuration, Timestamp};
use sandbox::SandboxCredentials;

use crate::client::{Answer, Aws, Call, form_of, now};

#[tokio::test]
async fn everybody_is_told_who_they_are_in_both_forms() {
    let aws = Aws::start().await;
    let rows = [
        ("alice", "arn:aws:iam::111122223333:user/alice", "AIDA"),
        ("bob", "arn:aws:iam::111122223333:user/ops/bob", "AIDA"),
        ("deployer", "arn:aws:sts::111122223333:assumed-role/Deployer/build-17", "AROA"),
        (
            "dave",
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_DevAccess_0123456789abcdef/dave@example.com",
            "AROA",
        ),
        ("federated", "arn:aws:sts::111122223333:federated-user/federated", "111122223333:federated"),
        ("root", "arn:aws:iam::111122223333:root", "111122223333"),
    ];
    for (name, arn, user_id) in rows {
        let keys = aws.keys(name);
        let json = aws.send(Call::caller_identity().json().presigned(&keys)).await;
        let xml = aws.send(Call::caller_identity().post(&keys)).await;
        assert_eq!((json.status, json.content_type.as_str()), (200, "application/json"), "{name}: {json:?}");
        assert_eq!((xml.status, xml.content_type.as_str()), (200, "text/xml"), "{name}: {xml:?}");
        let field = |field: &str| json.json(&format!("/GetCallerIdentityResponse/GetCallerIdentityResult/{field}"));
        assert_eq!((field("Arn"), field("Account")), (arn.to_owned(), "111122223333".to_owned()), "{name}");
        assert!(field("UserId").starts_with(user_id), "{name}: {}", field("UserId"));
        let fields = ["Arn", "UserId", "Account"];
        assert_eq!(fields.map(field), fields.map(|name| xml.xml(name)), "{name}");
    }
    assert_eq!(aws.running.faults().requests("GetCallerIdentity"), 2 * rows.len());
}

const DEPLOYER: &str = "arn:aws:iam::111122223333:role/ci/Deployer";

fn assume(parameters: &[(&str, &str)]) -> Call {
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Call::sts(&format!("Action=AssumeRole&{}", form_of(&pairs)))
}

fn assume_deployer(session_name: &str, seconds: &str) -> Call {
    let (name, id) = (("RoleSessionName", session_name), ("ExternalId", "sandbox"));
    assume(&[("RoleArn", DEPLOYER), name, id, ("DurationSeconds", seconds)])
}

async fn arn(aws: &Aws, keys: &SandboxCredentials) -> String {
    let answer = aws.send(Call::caller_identity().json().presigned(keys)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json("/GetCallerIdentityResponse/GetCallerIdentityResult/Arn")
}

#[tokio::test]
async fn a_role_is_assumed_and_its_credentials_are_good() {
    let aws = Aws::start().await;
    let before = now();
    let answer = aws.send(assume_deployer("alice@example.com", "900").post(&aws.keys("alice"))).await;
    let expected = "arn:aws:sts::111122223333:assumed-role/Deployer/alice@example.com";
    assert_eq!(answer.xml("Arn"), expected);
    assert!(answer.xml("AssumedRoleId").ends_with(":alice@example.com"));
    let keys = answer.credentials();
    assert!(keys.access_key_id.starts_with("ASIA") && keys.access_key_id.len() == 20);
    let ends: Timestamp = answer.xml("Expiration").parse().expect("a time");
    let lasts = ends.duration_since(before);
    assert!(lasts > SignedDuration::from_secs(890) && lasts < SignedDuration::from_secs(960), "{lasts}");
    assert_eq!(arn(&aws, &keys).await, expected);

    let in_json = aws.send(assume_deployer("j", "900").json().post(&aws.keys("alice"))).await;
    assert_eq!(in_json.status, 400, "one letter is not a session name: {in_json:?}");
    let in_json = aws.send(assume_deployer("json", "900").json().post(&aws.keys("alice"))).await;
    let result = |path: &str| in_json.json(&format!("/AssumeRoleResponse/AssumeRoleResult/{path}"));
    assert_eq!(result("AssumedRoleUser/Arn"), "arn:aws:sts::111122223333:assumed-role/Deployer/json");
    assert_ne!(result("Credentials/AccessKeyId"), keys.access_key_id, "every session has keys of its own");
}

const GUARDED: &str = "arn:aws:iam::111122223333:role/Guarded";

#[tokio::test]
async fn a_role_that_asks_for_a_code_is_assumed_with_its_devices_code_alone() {
    /// What it is, what is sent, and the words of the no.
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<&'a str>);
    let aws = Aws::start().await;
    let (serial, code) = (("SerialNumber", "arn:aws:iam::111122223333:mfa/alice"), ("TokenCode", "123456"));
    let (other, wrong) = (("SerialNumber", "arn:aws:iam::111122223333:mfa/bob"), ("TokenCode", "654321"));
    let denied = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole on resource: \
                  arn:aws:iam::111122223333:role/Guarded";
    let failed = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
    let rows: [Row<'_>; 6] = [
        ("neither", &[], Some(denied)),
        ("a device alone", &[serial], Some(failed)),
        ("a code alone", &[code], Some(failed)),
        ("another code", &[serial, wrong], Some(failed)),
        ("another device", &[other, code], Some(failed)),
        ("both", &[serial, code], None),
    ];
    for (name, parameters, refused) in rows {
        let of_role = [("RoleArn", GUARDED), ("RoleSessionName", "alice")];
        let answer = aws.send(assume(&[&of_role[..], parameters].concat()).post(&aws.keys("alice"))).await;
        match refused {
            None => assert_eq!(
                arn(&aws, &answer.credentials()).await,
                "arn:aws:sts::111122223333:assumed-role/Guarded/alice"
            ),
            Some(message) => {
                assert_eq!((answer.status, answer.xml("Code").as_str()), (403, "AccessDenied"), "{name}");
                assert_eq!(answer.xml("Message"), message, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_assume_role_is_said() {
    let aws = Aws::start().await;
    let (long, external) = ("x".repeat(65), ("ExternalId", "sandbox"));
    let (role, name) = (("RoleArn", DEPLOYER), ("RoleSessionName", "session"));
    let denied = |who: &str, role: &str| {
        (
            403,
            "AccessDenied",
            format!(
                "User: arn:aws:iam::111122223333:{who} is not authorized to perform: sts:AssumeRole on resource: {role}"
            ),
        )
    };
    let violated = |value: &str, member: &str, constraint: &str| {
        let message = format!(
            "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: Member must {constraint}"
        );
        (400, "ValidationError", message)
    };
    let invalid = |message: &str| (400, "ValidationError", message.to_owned());
    let pathless = "arn:aws:iam::111122223333:role/Deployer";
    let rows = [
        ("not named in the trust policy", "mallory", assume(&[role, name, external]), denied("user/mallory", DEPLOYER)),
        ("no external id", "alice", assume(&[role, name]), denied("user/alice", DEPLOYER)),
        ("another one", "alice", assume(&[role, name, ("ExternalId", "x")]), denied("user/alice", DEPLOYER)),
        ("without the path", "alice", assume(&[("RoleArn", pathless), name, external]), denied("user/alice", pathless)),
        (
            "root",
            "root",
            assume(&[role, name, external]),
            (403, "AccessDenied", "Roles may not be assumed by root accounts.".to_owned()),
        ),
        ("no role", "alice", assume(&[name]), violated("null", "roleArn", "not be null")),
        (
            "a short ARN",
            "alice",
            assume(&[("RoleArn", "Deployer"), name]),
            violated("'Deployer'", "roleArn", "have length greater than or equal to 20"),
        ),
        (
            "no ARN",
            "alice",
            assume(&[("RoleArn", "111122223333:role/ci/Deployer"), name]),
            invalid("111122223333:role/ci/Deployer is invalid"),
        ),
        ("no name", "alice", assume(&[role, external]), violated("null", "roleSessionName", "not be null")),
        (
            "a long name",
            "alice",
            assume_deployer(&long, "900"),
            violated(&format!("'{long}'"), "roleSessionName", "have length less than or equal to 64"),
        ),
        (
            "a blank in the name",
            "alice",
            assume_deployer("a b", "900"),
            violated("'a b'", "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*"),
        ),
        (
            "too short",
            "alice",
            assume_deployer("session", "899"),
            violated("'899'", "durationSeconds", "have value greater than or equal to 900"),
        ),
        (
            "too long for any role",
            "alice",
            assume_deployer("session", "43201"),
            violated("'43201'", "durationSeconds", "have value less than or equal to 43200"),
        ),
        (
            "too long for this one",
            "alice",
            assume_deployer("session", "3601"),
            invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        ),
    ];
    for (name, who, call, (status, code, message)) in rows {
        let answer = aws.send(call.post(&aws.keys(who))).await;
        let said = (answer.status, answer.xml("Code"), answer.xml("Message"));
        assert_eq!(said, (status, code.to_owned(), message), "{name}");
    }
}

#[tokio::test]
async fn sessions_of_a_trusted_role_assume_the_next_one_for_an_hour() {
    let identities = "
account: '111122223333'
users: [{name: alice, accessKeyId: AKIASANDBOXALICE0000, secretAccessKey: x}]
roles:
- {name: First, assumableBy: [alice]}
- {name: Second, assumableBy: [First], maxSessionDuration: 43200}
";
    let source = document::Source::new("identities.yaml", identities);
    let identities = sandbox::Identities::read(&source).unwrap_or_else(|problems| panic!("{problems:?}"));
    let running = sandbox::Sandbox::start(identities.clone(), sandbox::Options::new(now)).await.expect("a sandbox");
    let aws = Aws { running, identities };
    let role = |name: &str, seconds: &str| {
        let arn = format!("arn:aws:iam::111122223333:role/{name}");
        assume(&[("RoleArn", &arn), ("RoleSessionName", "session"), ("DurationSeconds", seconds)])
    };
    let first = aws.send(role("First", "900").post(&aws.keys("alice"))).await.credentials();
    let second = aws.send(role("Second", "3600").post(&first)).await.credentials();
    assert_eq!(arn(&aws, &second).await, "arn:aws:sts::111122223333:assumed-role/Second/session");
    let message = |answer: Answer| (answer.xml("Code"), answer.xml("Message"));
    let too_long = message(aws.send(role("Second", "3601").post(&first)).await);
    let chaining = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
    assert_eq!(too_long, ("ValidationError".to_owned(), chaining.to_owned()));
    let directly = message(aws.send(role("Second", "900").post(&aws.keys("alice"))).await);
    assert_eq!(directly.0, "AccessDenied", "she is trusted with the first one only");
}

#[tokio::test]
async fn a_session_can_be_made_without_a_call_and_ends_as_said() {
    let aws = Aws::start().await;
    let hour = SignedDuration::from_hours(1);
    let node = aws.running.session_for("Node", "i-00000001", hour).expect("a role of the example");
    assert_eq!(arn(&aws, &node).await, "arn:aws:sts::111122223333:assumed-role/Node/i-00000001");
    let sso = aws.running.session_for("AWSReservedSSO_DevAccess_0123456789abcdef", "erin@example.com", hour);
    assert!(arn(&aws, &sso.expect("a role of the example")).await.ends_with("/erin@example.com"));
    assert!(aws.running.session_for("Nobody", "x", hour).is_none());

    let over = aws.running.session_for("Node", "i-00000002", -hour).expect("a role of the example");
    for keys in [over, aws.keys("expired")] {
        let answer = aws.send(Call::caller_identity().post(&keys)).await;
        assert_eq!((answer.status, answer.xml("Code").as_str()), (403, "ExpiredToken"));
    }
}

#[tokio::test]
async fn instances_are_described() {
    let aws = Aws::start().await;
    let carol = aws.keys("carol");
    let known = "i-0123456789abcdef0";
    let rows = [
        ("one", format!("&InstanceId.1={known}"), Ok(known)),
        ("all", String::new(), Ok(known)),
        (
            "an unknown one",
            format!("&InstanceId.1={known}&InstanceId.2=i-00000001"),
            Err(("InvalidInstanceID.NotFound", "The instance ID 'i-00000001' does not exist")),
        ),
        (
            "two of them",
            "&InstanceId.1=i-00000001&InstanceId.2=i-00000002".to_owned(),
            Err(("InvalidInstanceID.NotFound", "The instance IDs 'i-00000001, i-00000002' do not exist")),
        ),
        (
            "something else",
            "&InstanceId.1=web%3C1".to_owned(),
            Err(("InvalidInstanceID.Malformed", "Invalid id: \"web<1\"")),
        ),
        (
            "a filter",
            "&Filter.1.Name=dns-name".to_owned(),
            Err(("UnknownParameter", "The parameter Filter.1.Name is not recognized")),
        ),
    ];
    for (name, parameters, expected) in rows {
        let answer = aws.send(Call::ec2(&format!("Action=DescribeInstances{parameters}")).json().post(&carol)).await;
        assert_eq!(answer.content_type, "text/xml;charset=UTF-8", "{name}: EC2 has no JSON");
        match expected {
            Ok(id) => {
                assert_eq!((answer.status, answer.xml("instanceId").as_str()), (200, id), "{name}");
                assert_eq!(answer.xml("privateDnsName"), "ip-10-0-0-17.us-west-2.compute.internal", "{name}");
            }
            Err((code, message)) => {
                let said = (answer.status, answer.xml("Code"), answer.xml("Message"));
                assert_eq!(said, (400, code.to_owned(), message.to_owned()), "{name}");
            }
        }
    }
}
