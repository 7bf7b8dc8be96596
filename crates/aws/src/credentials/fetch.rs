//! From a plan to credentials, asking whoever it names. The providers of aws-config do the asking; what is asked, and in
//! which order, was decided by [`super::resolve()`].

use std::{
    error::Error,
    path::Path,
    time::{Duration, SystemTime},
};

use aws_config::{
    ecs::EcsCredentialsProvider, imds, imds::credentials::ImdsCredentialsProvider, provider_config::ProviderConfig,
};
use aws_credential_types::provider::{self, ProvideCredentials};
use aws_types::region::Region;
use jiff::Timestamp;
use tls::ConnectionError;

use super::{
    Base, Credentials, CredentialsError, Environment, Plan, Rules, Secret,
    bridge::Bridge,
    container,
    login::{self, Named},
    metadata::Metadata,
    process,
    small_file::{MAX_FILE, small_file},
    sso,
};
use crate::{AwsError, Client, Endpoint, NoAnswer, Obtained, assume_role, calls::assume_role_with_web_identity, error};

/// Longer than any answer takes, shorter than a person waits.
const LIMIT: Duration = Duration::from_secs(20);

/// For the Region, which has another answer where nobody has one: on EC2 it takes milliseconds.
const REGION_LIMIT: Duration = Duration::from_secs(2);

/// How often the instance metadata service is asked. Elsewhere than on EC2 nobody answers, and a person waits.
const INSTANCE_METADATA_ATTEMPTS: u32 = 2;

/// For each attempt; on EC2 the answer takes milliseconds.
const INSTANCE_METADATA_PATIENCE: Duration = Duration::from_secs(1);

/// Fetches the credentials of a plan, where nobody is there who could be asked for an MFA code.
///
/// # Errors
///
/// The first step that gives nothing ends it: [`CredentialsError`] names the step.
pub async fn fetch(
    plan: &Plan,
    environment: &Environment,
    client: &Client,
    endpoint: &Endpoint,
    now: fn() -> Timestamp,
) -> Result<Credentials, CredentialsError> {
    if let Some(device) = plan.roles.iter().find_map(|role| role.mfa.as_ref()) {
        let problem = format!(
            "it needs a code of the MFA device {} (mfa_serial), and a server has nobody to ask for one",
            device.serial
        );
        return Err(CredentialsError::Profile { profile: device.profile.clone(), problem });
    }
    let Obtained { mut credentials, .. } =
        fetch_base(&plan.base, Rules::Go, environment, client, endpoint, now()).await?;
    for role in &plan.roles {
        credentials = assume_role(client, &credentials, endpoint, role, None, now()).await?.credentials;
    }
    Ok(credentials)
}

/// Fetches the credentials that a plan starts with, and the ARN of whoever they are of, where it was said with them.
///
/// # Errors
///
/// [`CredentialsError::Origin`]: who was asked, and what became of it.
pub async fn fetch_base(
    base: &Base,
    rules: Rules,
    environment: &Environment,
    client: &Client,
    endpoint: &Endpoint,
    now: Timestamp,
) -> Result<Obtained, CredentialsError> {
    let bridge = Bridge::new(&client.http);
    let config = || provider_config(&bridge, Some(&endpoint.signing_region));
    let found = match base {
        Base::Static(credentials) => Ok(credentials.clone()),
        Base::WebIdentity { token_file, role_arn, session_name } => {
            let session_name = session_name.clone().unwrap_or_else(|| rules.web_session_name(now));
            return web_identity(client, endpoint, token_file, (role_arn, &session_name), now).await;
        }
        Base::Sso(sso) => sso::fetch(sso, environment, client, now).await,
        Base::Login { session, profile } => login::fetch(Named { session, profile }, environment, client, now).await,
        Base::Process { command, profile } => {
            let found = process::run(command, rules, process::PATIENCE).await;
            found.map_err(|trouble| process::failed(trouble, command, profile, rules))
        }
        Base::Container => {
            container::is_ready(environment)?;
            let provider = EcsCredentialsProvider::builder().configure(&config()).build();
            asked(&provider, &bridge).await.map_err(|problem| {
                let advice = match problem {
                    Problem::NotSetUp => container::NO_ENDPOINT,
                    Problem::Refused(status) => container::advice(environment, status),
                    _ => container::advice(environment, None),
                };
                problem.of(&container::name(environment), advice.to_owned())
            })
        }
        Base::InstanceMetadata => {
            let client = instance_metadata(environment, &bridge)?;
            let provider = ImdsCredentialsProvider::builder().configure(&config()).imds_client(client).build();
            let at = environment.get(METADATA_ENDPOINT).map(|url| match container::host(url) {
                Some(host) => format!(" at {host} ({METADATA_ENDPOINT})"),
                None => format!(" ({METADATA_ENDPOINT})"),
            });
            let origin = format!("the instance metadata service{}", at.unwrap_or_default());
            asked(&provider, &bridge).await.map_err(|problem| {
                let advice = match problem {
                    Problem::Refused(Some(404)) => "the instance has no role: attach one, or set AWS_PROFILE",
                    Problem::Refused(Some(401 | 403)) => {
                        "it is turned off for this machine, or something on the way refuses: check the instance's metadata options"
                    }
                    Problem::Refused(Some(_)) => "try again in a moment",
                    _ => OTHER_SOURCES,
                };
                problem.of(&origin, advice.to_owned())
            })
        }
    };
    found.map(Obtained::from)
}

/// The variable for another address of the instance metadata service.
const METADATA_ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

/// What to do where nothing but an instance's role was left to be asked for.
const OTHER_SOURCES: &str = "if no other source was meant, set AWS_PROFILE, run `aws sso login` or `aws configure`; on an EC2 instance, attach a role";

/// What STS gives for the token of a file. What it says no with is named: a role that trusts another issuer, or a token that is over.
async fn web_identity(
    client: &Client,
    endpoint: &Endpoint,
    token_file: &Path,
    role: (&str, &str),
    now: Timestamp,
) -> Result<Obtained, CredentialsError> {
    let file = token_file.display();
    let wrong = |problem: String, advice: String| CredentialsError::Origin {
        origin: "STS, for the web identity token file,".to_owned(),
        problem,
        advice,
    };
    let unreadable = || match std::fs::metadata(token_file) {
        Err(source) => CredentialsError::File { path: file.to_string(), source },
        Ok(_) => CredentialsError::Origin {
            origin: format!("the web identity token file {file}"),
            problem: format!("is not a readable text file of at most {MAX_FILE} bytes"),
            advice: "check AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the profile".to_owned(),
        },
    };
    let token = small_file(token_file).ok_or_else(unreadable)?;
    let found = assume_role_with_web_identity(client, endpoint, role, &Secret::new(token), now).await;
    found.map_err(|error| match error {
        AwsError::Refused { code, advice, .. } => match &*code {
            "ExpiredTokenException" => {
                wrong("gave no AWS credentials: the token has expired".to_owned(), format!("have {file} written anew"))
            }
            "AccessDenied" | "InvalidIdentityToken" | "IDPRejectedClaim" | "IDPCommunicationError" => wrong(
                format!("gave no AWS credentials ({code})"),
                format!("check {file} and the trust policy of {}", role.0),
            ),
            code => wrong(format!("gave no AWS credentials ({code})"), advice.to_owned()),
        },
        AwsError::Unreachable { why, .. } => wrong(format!("could not be reached: {why}"), error::advice(&why, "sts")),
        error => error.into(),
    })
}

/// Returns the Region of the instance that this runs on, if it is one.
pub async fn instance_region(environment: &Environment) -> Option<String> {
    if environment.is_true("AWS_EC2_METADATA_DISABLED") {
        return None;
    }
    let client = Client::of_metadata(environment).ok()?;
    let client = instance_metadata(environment, &Bridge::new(&client.http)).ok()?;
    let region = client.get("/latest/meta-data/placement/region");
    let region = tokio::time::timeout(REGION_LIMIT, region).await.ok()?.ok()?;
    Some(String::from(region)).filter(|region| !region.is_empty())
}

fn instance_metadata(environment: &Environment, bridge: &Bridge) -> Result<imds::Client, CredentialsError> {
    let way = Metadata::new(bridge.clone(), environment);
    let mut client = imds::Client::builder()
        .configure(&provider_config(bridge, None).with_http_client(way))
        .max_attempts(INSTANCE_METADATA_ATTEMPTS)
        .operation_attempt_timeout(INSTANCE_METADATA_PATIENCE);
    if let Some(endpoint) = environment.get(METADATA_ENDPOINT) {
        client = client.endpoint(endpoint).map_err(|_| CredentialsError::Origin {
            origin: "the instance metadata service".to_owned(),
            problem: "has no usable address".to_owned(),
            advice: format!("check {METADATA_ENDPOINT}"),
        })?;
    }
    Ok(client.build())
}

/// What became of asking. What the provider says may quote what it was told; which source failed, how, and what to do is
/// enough.
enum Problem {
    Late,
    Unreachable(Box<ConnectionError>),
    TooLarge,
    NotSetUp,
    NoCredentials,
    /// With the status of its answer, where that is none of success.
    Refused(Option<u16>),
}

impl Problem {
    fn of(self, origin: &str, advice: String) -> CredentialsError {
        let problem = match self {
            Self::Late => "did not answer in time".to_owned(),
            Self::Unreachable(why) => format!("could not be reached: {why}"),
            Self::TooLarge => "gave an answer that is too long".to_owned(),
            Self::NotSetUp => "is not set up completely".to_owned(),
            Self::NoCredentials => "has no AWS credentials".to_owned(),
            Self::Refused(Some(status)) => format!("gave no AWS credentials: it answered {status}"),
            Self::Refused(None) => "gave no AWS credentials".to_owned(),
        };
        CredentialsError::Origin { origin: origin.to_owned(), problem, advice }
    }
}

async fn asked(provider: &impl ProvideCredentials, bridge: &Bridge) -> Result<Credentials, Problem> {
    let found = tokio::time::timeout(LIMIT, provider.provide_credentials()).await.map_err(|_| Problem::Late)?;
    let found = found.map_err(|error| match (no_answer(&error), error) {
        (Some(NoAnswer::Connection { why, .. }), _) => Problem::Unreachable(why),
        (Some(NoAnswer::TooLarge), _) => Problem::TooLarge,
        (Some(NoAnswer::Late | NoAnswer::Unsendable), _)
        | (None, provider::error::CredentialsError::ProviderTimedOut(_)) => Problem::Late,
        (None, provider::error::CredentialsError::InvalidConfiguration(_)) => Problem::NotSetUp,
        (None, provider::error::CredentialsError::CredentialsNotLoaded(_)) => Problem::NoCredentials,
        (None, _) => Problem::Refused(bridge.refusal()),
    })?;
    let expires = found.expiry().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    Ok(Credentials {
        access_key_id: found.access_key_id().to_owned(),
        secret_access_key: Secret::new(found.secret_access_key()),
        session_token: found.session_token().map(Secret::new),
        expires: expires.and_then(|since| Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()),
    })
}

/// What our own transport said, somewhere among the causes.
fn no_answer(error: &(dyn Error + 'static)) -> Option<NoAnswer> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(why) = error.downcast_ref::<NoAnswer>() {
            return Some(why.clone());
        }
        cause = error.source();
    }
    None
}

fn provider_config(bridge: &Bridge, region: Option<&str>) -> ProviderConfig {
    ProviderConfig::without_region()
        .with_http_client(bridge.clone())
        .with_region(region.map(|region| Region::new(region.to_owned())))
}
