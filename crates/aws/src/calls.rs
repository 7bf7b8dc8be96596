//! The client's calls: AssumeRole, and GetCallerIdentity for the session's name.

use ::http::{Request, header};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::Timestamp;

use crate::{
    AwsError, Endpoint,
    credentials::{AssumeRole, Credentials, Environment, Secret},
    http::{Http, Proxy, Transport},
    sign, xml,
};

/// HTTPS to AWS for the short life of a command.
pub struct Client {
    http: Http,
}

impl Client {
    /// Loads roots (`AWS_CA_BUNDLE` or the machine's) and proxy settings.
    pub fn new(environment: &Environment) -> Result<Self, AwsError> {
        Self::with(&Transport {
            roots: roots(environment)?,
            proxy: Proxy::from_environment(environment),
            deadline: std::time::Duration::from_secs(20),
            connect_timeout: std::time::Duration::from_secs(10),
            ..Transport::default()
        })
    }

    /// With the settings given.
    pub fn with(transport: &Transport) -> Result<Self, AwsError> {
        Ok(Self { http: Http::new(transport)? })
    }

    /// One call of the query protocol: a form by POST, signed by headers, answered in XML.
    pub(crate) async fn query(&self, query: &Query<'_>) -> Result<Bytes, AwsError> {
        let Query { call, credentials, endpoint, service, form, headers, at } = query;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(*form).finish();
        let content_type = "application/x-www-form-urlencoded; charset=utf-8";
        let mut signed = vec![("content-type", content_type)];
        signed.extend_from_slice(headers);
        let mut request = Request::post(format!("{}/", endpoint.url)).header(header::CONTENT_TYPE, content_type);
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        for (name, value) in sign::sign_post(credentials, endpoint, service, &signed, &body, *at) {
            request = request.header(name, value);
        }
        let trouble = |trouble| AwsError::Upstream { call, trouble };
        let request = request.body(Full::from(body)).map_err(|_| trouble(token::Upstream::Unreachable))?;
        let (status, body) = self.http.send(request).await.map_err(trouble)?;
        if status == 200 { Ok(body) } else { Err(refused(call, status, &body)) }
    }
}

/// One call of AWS's query protocol.
pub(crate) struct Query<'a> {
    pub(crate) call: &'static str,
    pub(crate) credentials: &'a Credentials,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) service: &'a str,
    pub(crate) form: &'a [(String, String)],
    /// Further headers, to be signed.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) at: Timestamp,
}

/// The API version of STS.
const STS_VERSION: &str = "2011-06-15";

/// How long an assumed role's credentials are asked for, in seconds: a token needs no more than the shortest.
const DEFAULT_DURATION_SECONDS: u32 = 900;

/// Assumes a role.
pub async fn assume_role(
    client: &Client,
    credentials: &Credentials,
    endpoint: &Endpoint,
    role: &AssumeRole,
    at: Timestamp,
) -> Result<Credentials, AwsError> {
    let mut form = parameters("AssumeRole", STS_VERSION);
    let mut add = |name: &str, value: String| form.push((name.to_owned(), value));
    add("RoleArn", role.role_arn.clone());
    add("RoleSessionName", role.session_name.clone().unwrap_or_else(|| format!("cluster-auth-{}", at.as_second())));
    add("DurationSeconds", role.duration_seconds.unwrap_or(DEFAULT_DURATION_SECONDS).to_string());
    if let Some(external_id) = &role.external_id {
        add("ExternalId", external_id.clone());
    }
    let source_arn = role.source_arn.as_deref();
    let account = source_arn.and_then(|arn| arn.split(':').nth(4));
    let headers: Vec<_> = source_arn
        .map(|arn| ("x-amz-source-arn", arn))
        .into_iter()
        .chain(account.map(|account| ("x-amz-source-account", account)))
        .collect();
    let query =
        Query { call: "sts:AssumeRole", credentials, endpoint, service: "sts", form: &form, headers: &headers, at };
    let body = client.query(&query).await?;
    read_credentials(&body).ok_or(AwsError::Upstream { call: "sts:AssumeRole", trouble: token::Upstream::Unreadable })
}

fn read_credentials(body: &[u8]) -> Option<Credentials> {
    let found = xml::children(body, "Credentials")?;
    let fields = found.first()?;
    let text = |name| xml::text(fields, name).map(str::to_owned);
    Some(Credentials {
        access_key_id: text("AccessKeyId")?,
        secret_access_key: Secret::new(text("SecretAccessKey")?),
        session_token: Some(Secret::new(text("SessionToken")?)),
        expires: Some(text("Expiration")?.parse().ok()?),
    })
}

/// Who the credentials are, by their own account's STS.
pub struct Caller {
    /// `UserId` of GetCallerIdentity.
    pub user_id: String,
    /// `Arn` of GetCallerIdentity.
    pub arn: String,
}

impl Caller {
    /// The session name of a role session or the name of a federated user; users and root have none.
    pub fn session_name(&self) -> Option<&str> {
        let (_, name) = self.user_id.split_once(':')?;
        (!name.contains(':')).then_some(name)
    }
}

/// Asks STS who the credentials are.
pub async fn get_caller_identity(
    client: &Client,
    credentials: &Credentials,
    endpoint: &Endpoint,
    at: Timestamp,
) -> Result<Caller, AwsError> {
    let call = "sts:GetCallerIdentity";
    let form = parameters("GetCallerIdentity", STS_VERSION);
    let query = Query { call, credentials, endpoint, service: "sts", form: &form, headers: &[], at };
    let body = client.query(&query).await?;
    let unreadable = || AwsError::Upstream { call, trouble: token::Upstream::Unreadable };
    let found = xml::children(&body, "GetCallerIdentityResult").ok_or_else(unreadable)?;
    let fields = found.first().ok_or_else(unreadable)?;
    let text = |name| xml::text(fields, name).map(str::to_owned).ok_or_else(unreadable);
    Ok(Caller { user_id: text("UserId")?, arn: text("Arn")? })
}

/// The two parameters of every call.
pub(crate) fn parameters(action: &str, version: &str) -> Vec<(String, String)> {
    vec![("Action".to_owned(), action.to_owned()), ("Version".to_owned(), version.to_owned())]
}

fn roots(environment: &Environment) -> Result<tls::Roots, AwsError> {
    match environment.get("AWS_CA_BUNDLE") {
        None => Ok(tls::Roots::Platform),
        Some(path) => {
            let pem = std::fs::read(path).map_err(|source| AwsError::Bundle { path: path.to_owned(), source })?;
            Ok(tls::Roots::Only(pem))
        }
    }
}

fn refused(call: &'static str, status: u16, body: &[u8]) -> AwsError {
    let code = xml::children(body, "Error")
        .or_else(|| xml::children(body, "Errors"))
        .and_then(|found| xml::text(found.first()?, "Code").filter(|code| is_code(code)).map(str::to_owned));
    match code {
        Some(code) if code.starts_with("Throttl") || code == "RequestLimitExceeded" => {
            AwsError::Upstream { call, trouble: token::Upstream::Throttled }
        }
        Some(code) if status < 500 => AwsError::Refused { call, advice: advice(&code), code },
        _ => AwsError::Upstream { call, trouble: token::Upstream::ServerError(status) },
    }
}

/// Upstream text is not quoted; a code of AWS's has a form of its own.
fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

fn advice(code: &str) -> &'static str {
    match code {
        "AccessDenied" => {
            "these credentials may not do this; check the role's trust policy, the external id and the ARN"
        }
        "ExpiredToken" | "ExpiredTokenException" => "the session has expired; log in to AWS again",
        "InvalidClientTokenId" => "AWS does not know the access key; get new credentials",
        "SignatureDoesNotMatch" => "check the secret access key and this machine's clock",
        "ValidationError" => "check the role's ARN and the session name",
        _ => "see the AWS documentation of that error code",
    }
}
