//! From a plan to credentials, asking whoever it names. The providers of aws-config do the asking; what is asked, and in
//! which order, was decided by [`super::resolve()`].

use std::time::{Duration, SystemTime};

use aws_config::{
    credential_process::CredentialProcessProvider, ecs::EcsCredentialsProvider,
    imds::credentials::ImdsCredentialsProvider, login::LoginCredentialsProvider, provider_config::ProviderConfig,
    sso::SsoCredentialsProvider, web_identity_token::StaticConfiguration,
    web_identity_token::WebIdentityTokenCredentialsProvider,
};
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_types::region::Region;
use jiff::Timestamp;

use super::{Base, Credentials, CredentialsError, Environment, Plan, Secret};
use crate::{Client, Endpoint, assume_role};

/// Longer than any answer takes, shorter than a person waits.
const LIMIT: Duration = Duration::from_secs(20);

/// Carries the plan out.
pub async fn fetch(
    plan: &Plan,
    environment: &Environment,
    client: &Client,
    endpoint: &Endpoint,
    now: fn() -> Timestamp,
) -> Result<Credentials, CredentialsError> {
    let mut credentials = base(&plan.base, environment, endpoint).await?;
    for role in &plan.roles {
        credentials = assume_role(client, &credentials, endpoint, role, now()).await?;
    }
    Ok(credentials)
}

async fn base(base: &Base, environment: &Environment, endpoint: &Endpoint) -> Result<Credentials, CredentialsError> {
    let config = || provider_config(environment, &endpoint.signing_region);
    match base {
        Base::Static(credentials) => Ok(credentials.clone()),
        Base::WebIdentity { token_file, role_arn, session_name } => {
            let session_name = session_name.clone().unwrap_or_else(|| "cluster-auth".to_owned());
            let role = StaticConfiguration {
                web_identity_token_file: token_file.clone(),
                role_arn: role_arn.clone(),
                session_name,
            };
            let provider =
                WebIdentityTokenCredentialsProvider::builder().configure(&config()?).static_configuration(role).build();
            let advice = format!("check {} and the trust policy of {role_arn}", token_file.display());
            ask(&provider, "the web identity token file", &advice).await
        }
        Base::Sso(sso) => {
            let mut builder = SsoCredentialsProvider::builder()
                .configure(&config()?)
                .account_id(&sso.account_id)
                .role_name(&sso.role_name)
                .start_url(&sso.start_url)
                .region(Region::new(sso.region.clone()));
            if let Some(session) = &sso.session {
                builder = builder.session_name(session);
            }
            let origin = format!("IAM Identity Center (profile `{}`)", sso.profile);
            ask(&builder.build(), &origin, &format!("run `aws sso login --profile {}`", sso.profile)).await
        }
        Base::Login { session, profile } => {
            let provider = LoginCredentialsProvider::builder(session.clone()).configure(&config()?).build();
            ask(&provider, "`aws login`", &format!("run `aws login --profile {profile}`")).await
        }
        Base::Process { command, profile } => {
            let provider = CredentialProcessProvider::new(command.clone());
            let origin = format!("the credential_process of profile `{profile}`");
            ask(&provider, &origin, "run that command by hand to see what it says").await
        }
        Base::Container => {
            let provider = EcsCredentialsProvider::builder().configure(&config()?).build();
            ask(&provider, "the container's credentials endpoint", "check the task's role or the pod identity").await
        }
        Base::InstanceMetadata => {
            let provider = ImdsCredentialsProvider::builder().configure(&config()?).build();
            let advice = "no other source is configured: set AWS_PROFILE, run `aws sso login` or `aws configure`; on an EC2 instance, attach a role";
            ask(&provider, "the instance metadata service", advice).await
        }
    }
}

/// The Region of the instance that this runs on, if it is one.
pub async fn instance_region(environment: &Environment) -> Option<String> {
    if environment.is_true("AWS_EC2_METADATA_DISABLED") {
        return None;
    }
    let provider = aws_config::imds::region::ImdsRegionProvider::builder().build();
    tokio::time::timeout(LIMIT, provider.region()).await.ok().flatten().map(|region| region.to_string())
}

async fn ask(provider: &impl ProvideCredentials, origin: &str, advice: &str) -> Result<Credentials, CredentialsError> {
    let nothing = || CredentialsError::Origin { origin: origin.to_owned(), advice: advice.to_owned() };
    // What the provider says may quote what it was told; which source failed and what to do is enough.
    let found = tokio::time::timeout(LIMIT, provider.provide_credentials()).await.map_err(|_| nothing())?;
    let found = found.map_err(|_| nothing())?;
    let expires = found.expiry().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    Ok(Credentials {
        access_key_id: found.access_key_id().to_owned(),
        secret_access_key: Secret::new(found.secret_access_key()),
        session_token: found.session_token().map(Secret::new),
        expires: expires.and_then(|since| Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()),
    })
}

fn provider_config(environment: &Environment, region: &str) -> Result<ProviderConfig, CredentialsError> {
    let mut trust = TrustStore::default();
    if let Some(path) = environment.get("AWS_CA_BUNDLE") {
        let unreadable = |source| crate::AwsError::Bundle { path: path.to_owned(), source };
        trust = TrustStore::empty().with_pem_certificate(std::fs::read(path).map_err(unreadable)?);
    }
    let context = TlsContext::builder().with_trust_store(trust).build().map_err(|_| crate::AwsError::Proxy)?;
    let client = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https();
    Ok(ProviderConfig::without_region().with_http_client(client).with_region(Some(Region::new(region.to_owned()))))
}
