//! AWS's query protocol, and two calls of it: `AssumeRole`, and `GetCallerIdentity` for the session's name.

use std::sync::Arc;

use ::http::{Request, Response, header};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::Timestamp;
use reading::Kind;
use token::Upstream;

use crate::{
    AwsError, Endpoint, NoAnswer,
    attempts::Attempts,
    environment::Environment,
    http::{Http, Transport, proxies},
    keys::{Credentials, Secret},
    rules::Rules,
    sign, xml,
};

/// HTTPS to AWS for the short life of a command. Clones share connections.
#[derive(Clone)]
pub struct Client {
    pub(crate) http: Arc<Http>,
    attempts: Arc<Attempts>,
}

impl Client {
    /// Loads roots (`AWS_CA_BUNDLE` or the machine's) and proxy settings.
    ///
    /// # Errors
    ///
    /// [`AwsError::Tls`] without trusted roots, [`AwsError::Bundle`] where `AWS_CA_BUNDLE` cannot be read, and [`AwsError::Proxy`]
    /// for a proxy that is none.
    pub fn new(environment: &Environment) -> Result<Self, AwsError> {
        Self::trusting(environment, trusted_roots(environment)?)
    }

    /// The same for the instance metadata service, which is asked without TLS: the machine's roots are read only where somebody
    /// has put it behind an `https://` URL.
    pub(crate) fn of_metadata(environment: &Environment) -> Result<Self, AwsError> {
        let endpoint = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_default();
        let has_tls = endpoint.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        let roots = match trusted_roots(environment)? {
            tls::Roots::Platform if !has_tls => tls::Roots::Nobody,
            roots => roots,
        };
        Self::trusting(environment, roots)
    }

    fn trusting(environment: &Environment, roots: tls::Roots) -> Result<Self, AwsError> {
        let client = Self::with(&Transport {
            roots,
            proxy: proxies(environment),
            deadline: std::time::Duration::from_secs(20),
            connect_timeout: std::time::Duration::from_secs(5),
            ..Transport::default()
        })?;
        Ok(Self { attempts: Arc::new(Attempts::of(environment)), ..client })
    }

    /// Creates a client with these transport settings, which asks once.
    ///
    /// # Errors
    ///
    /// [`AwsError::Tls`] without trusted roots.
    pub fn with(transport: &Transport) -> Result<Self, AwsError> {
        Ok(Self { http: Arc::new(Http::new(transport)?), attempts: Arc::new(Attempts::new(1)) })
    }

    /// Returns the hour by the clock of whoever answered last, to the second: AWS says it with every answer. None where nobody has.
    pub fn date(&self) -> Option<Timestamp> {
        self.http.date()
    }

    /// One call of the query protocol, which is asked once.
    pub(crate) async fn query(&self, query: &Query<'_>) -> Result<Bytes, AwsError> {
        let answer = self.http.send_for(query.request()?, query.max_body).await;
        query.read(answer)
    }

    /// The same, asked again as often as is set where AWS cannot answer.
    async fn query_patiently(&self, query: &Query<'_>) -> Result<Bytes, AwsError> {
        let is_passing =
            |answer: &Response<Bytes>| is_passing(&refused(query.call, answer.status().as_u16(), answer.body()));
        let answer = self.patiently(&query.request()?, query.max_body, is_passing).await;
        query.read(answer)
    }

    /// Sends a request that may be sent again, and sends it again where AWS cannot answer, or `is_passing` says so of the answer.
    pub(crate) async fn patiently(
        &self,
        request: &Request<Full<Bytes>>,
        max_body: usize,
        is_passing: impl Fn(&Response<Bytes>) -> bool,
    ) -> Result<Response<Bytes>, NoAnswer> {
        self.attempts.send(&self.http, request, max_body, is_passing).await
    }

    /// Asks once from now on, whatever is set: for callers who have something to fall back on, or for whom a second attempt would
    /// come too late.
    pub fn ask_once(&self) {
        self.attempts.once();
    }

    /// Returns how often AWS was asked again since this was called last, because it could not answer.
    pub fn take_retries(&self) -> u32 {
        self.attempts.take_retries()
    }
}

/// One call of AWS's query protocol.
pub(crate) struct Query<'a> {
    pub(crate) call: &'static str,
    /// None where the call itself says by what somebody is known.
    pub(crate) credentials: Option<&'a Credentials>,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) service: &'a str,
    pub(crate) form: &'a [(String, String)],
    /// Further headers, to be signed.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) at: Timestamp,
    /// The longest answer read, in bytes.
    pub(crate) max_body: usize,
}

impl Query<'_> {
    /// A form by POST, signed by headers unless nobody signs it.
    fn request(&self) -> Result<Request<Full<Bytes>>, AwsError> {
        let Self { call, credentials, endpoint, service, form, headers, at, .. } = self;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(*form).finish();
        let content_type = "application/x-www-form-urlencoded; charset=utf-8";
        let mut signed = vec![("content-type", content_type)];
        signed.extend_from_slice(headers);
        let mut request = Request::post(format!("{}/", endpoint.url)).header(header::CONTENT_TYPE, content_type);
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        let unsendable = || AwsError::Unsendable { call };
        let signature = credentials.map_or_else(
            || Some(Vec::new()),
            |credentials| sign::sign_post(credentials, endpoint, service, &signed, &body, *at),
        );
        for (name, value) in signature.ok_or_else(unsendable)? {
            request = request.header(name, value);
        }
        request.body(Full::from(body)).map_err(|_| unsendable())
    }

    /// The answer in XML, unless it says no.
    fn read(&self, answer: Result<Response<Bytes>, NoAnswer>) -> Result<Bytes, AwsError> {
        let answer = answer.map_err(|why| AwsError::no_answer(self.call, &self.endpoint.url, why))?;
        match answer.status().as_u16() {
            200 => Ok(answer.into_body()),
            status => Err(refused(self.call, status, answer.body())),
        }
    }
}

/// The API version of STS.
const STS_VERSION: &str = "2011-06-15";

/// The longest answer of STS that is read, in bytes; real ones have about 2 KiB, most of it the session token.
const MAX_BODY: usize = 64 << 10;

/// The parameters of `AssumeRole`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssumeRole {
    /// Its ARN.
    pub role_arn: String,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// The session's name; without one it is called as AWS's SDK for Go calls it.
    pub session_name: Option<String>,
    /// How long the credentials are to last, in seconds.
    pub duration_seconds: Option<u32>,
    /// The device whose code the role's trust policy asks for.
    pub mfa: Option<MfaDevice>,
    /// Sent as `x-amz-source-arn` (with its account), for trust policies that ask on whose behalf a service acts.
    pub source_arn: Option<String>,
}

/// An MFA device of whoever assumes a role, and where its codes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MfaDevice {
    /// Its ARN, or the number on a device of hardware.
    pub serial: String,
    /// A program that prints a code (`mfa_process`); a person is asked where there is none.
    pub process: Option<String>,
    /// The profile that names it, for advice.
    pub profile: String,
}

/// How long an assumed role's credentials are asked for, in seconds: a token needs no more than the shortest.
const DEFAULT_DURATION_SECONDS: u32 = 900;

/// Credentials that AWS has issued.
#[derive(Clone)]
pub struct Obtained {
    /// They.
    pub credentials: Credentials,
    /// The ARN of whoever they are of, where that was said with them.
    pub arn: Option<String>,
}

impl From<Credentials> for Obtained {
    fn from(credentials: Credentials) -> Self {
        Self { credentials, arn: None }
    }
}

/// Assumes a role, and says who that is from then on. A code of its MFA device is good for one call.
///
/// # Errors
///
/// [`AwsError::Refused`] where STS says no, and the other variants where it says nothing that could be believed.
pub async fn assume_role(
    client: &Client,
    credentials: &Credentials,
    endpoint: &Endpoint,
    role: &AssumeRole,
    code: Option<&Secret>,
    at: Timestamp,
) -> Result<Obtained, AwsError> {
    let mut form = parameters("AssumeRole", STS_VERSION);
    let mut add = |name: &str, value: String| form.push((name.to_owned(), value));
    add("RoleArn", role.role_arn.clone());
    add("RoleSessionName", role.session_name.clone().unwrap_or_else(|| Rules::Go.session_name(at)));
    add("DurationSeconds", role.duration_seconds.unwrap_or(DEFAULT_DURATION_SECONDS).to_string());
    if let Some(external_id) = &role.external_id {
        add("ExternalId", external_id.clone());
    }
    if let (Some(device), Some(code)) = (&role.mfa, code) {
        add("SerialNumber", device.serial.clone());
        add("TokenCode", code.expose().to_owned());
    }
    let source_arn = role.source_arn.as_deref();
    let account = source_arn.and_then(|arn| arn.split(':').nth(4));
    let headers: Vec<_> = source_arn
        .map(|arn| ("x-amz-source-arn", arn))
        .into_iter()
        .chain(account.map(|account| ("x-amz-source-account", account)))
        .collect();
    let query = Query {
        call: "sts:AssumeRole",
        credentials: Some(credentials),
        endpoint,
        service: "sts",
        form: &form,
        headers: &headers,
        at,
        max_body: MAX_BODY,
    };
    // A code is good for one call: sent again it would be refused, although it was right.
    let body = if code.is_some() { client.query(&query).await? } else { client.query_patiently(&query).await? };
    read_session(&body).ok_or(AwsError::Upstream { call: "sts:AssumeRole", trouble: Upstream::Unreadable })
}

/// Exchanges the token of a web identity for a role's credentials.
///
/// # Errors
///
/// [`AwsError::Refused`] where STS says no, and the other variants where it says nothing that could be believed.
pub(crate) async fn assume_role_with_web_identity(
    client: &Client,
    endpoint: &Endpoint,
    (role_arn, session_name): (&str, &str),
    token: &Secret,
    at: Timestamp,
) -> Result<Obtained, AwsError> {
    let call = "sts:AssumeRoleWithWebIdentity";
    let mut form = parameters("AssumeRoleWithWebIdentity", STS_VERSION);
    let texts = [("RoleArn", role_arn), ("RoleSessionName", session_name), ("WebIdentityToken", token.expose())];
    form.extend(texts.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let query =
        Query { call, credentials: None, endpoint, service: "sts", form: &form, headers: &[], at, max_body: MAX_BODY };
    let body = client.query_patiently(&query).await?;
    read_session(&body).ok_or(AwsError::Upstream { call, trouble: Upstream::Unreadable })
}

fn read_session(body: &[u8]) -> Option<Obtained> {
    let credentials = read_credentials(body)?;
    let found = xml::children(body, "AssumedRoleUser").unwrap_or_default();
    let arn = found.first().and_then(|fields| xml::text(fields, "Arn"));
    // It is shown, so it has to be what it says.
    let arn = arn.filter(|arn| arn.parse::<identity::Arn>().is_ok()).map(str::to_owned);
    Some(Obtained { credentials, arn })
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

/// The identity of the current credentials, as STS answers `GetCallerIdentity`.
pub struct Caller {
    /// `UserId` of `GetCallerIdentity`.
    pub user_id: String,
    /// `Arn` of `GetCallerIdentity`.
    pub arn: String,
}

impl Caller {
    /// Returns the session name of a role session or the name of a federated user; users and root have none.
    pub fn session_name(&self) -> Option<&str> {
        let (_, name) = self.user_id.split_once(':')?;
        (!name.contains(':')).then_some(name)
    }
}

/// Asks STS who the credentials are.
///
/// # Errors
///
/// [`AwsError::Refused`] where STS says no, and the other variants where it says nothing that could be believed.
pub async fn get_caller_identity(
    client: &Client,
    credentials: &Credentials,
    endpoint: &Endpoint,
    at: Timestamp,
) -> Result<Caller, AwsError> {
    let call = "sts:GetCallerIdentity";
    let form = parameters("GetCallerIdentity", STS_VERSION);
    let query = Query {
        call,
        credentials: Some(credentials),
        endpoint,
        service: "sts",
        form: &form,
        headers: &[],
        at,
        max_body: MAX_BODY,
    };
    let body = client.query_patiently(&query).await?;
    let unreadable = || AwsError::Upstream { call, trouble: Upstream::Unreadable };
    let found = xml::children(&body, "GetCallerIdentityResult").ok_or_else(unreadable)?;
    let fields = found.first().ok_or_else(unreadable)?;
    let text = |name| xml::text(fields, name).map(str::to_owned).ok_or_else(unreadable);
    Ok(Caller { user_id: text("UserId")?, arn: text("Arn")? })
}

/// The two parameters of every call.
pub(crate) fn parameters(action: &str, version: &str) -> Vec<(String, String)> {
    vec![("Action".to_owned(), action.to_owned()), ("Version".to_owned(), version.to_owned())]
}

/// The longest file of authorities that is read, in bytes: all that a machine trusts are a sixteenth of it.
const MAX_BUNDLE: u64 = 4 << 20;

/// Returns the certificate authorities that AWS's own clients trust: the authorities of the file that `AWS_CA_BUNDLE` names, else the
/// machine's.
///
/// # Errors
///
/// [`AwsError::Bundle`] where the file cannot be read.
pub fn trusted_roots(environment: &Environment) -> Result<tls::Roots, AwsError> {
    match environment.get("AWS_CA_BUNDLE") {
        None => Ok(tls::Roots::Platform),
        Some(path) => {
            let pem = reading::read(path.as_ref(), Kind::Regular, MAX_BUNDLE)
                .map_err(|source| AwsError::Bundle { path: path.to_owned(), source })?;
            // An editor's mark would hide the first certificate.
            let pem = pem.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec).unwrap_or(pem);
            Ok(tls::Roots::Only(pem))
        }
    }
}

/// What an answer other than 200 means. STS, EC2 and S3 write `Error` with a `Code` at different depths.
pub(crate) fn refused(call: &'static str, status: u16, body: &[u8]) -> AwsError {
    let errors = xml::children(body, "Error").unwrap_or_default();
    let text = |name| errors.first().and_then(|error| xml::text(error, name));
    let code = text("Code").filter(|code| is_code(code));
    let trouble = match code {
        Some(code) if code.starts_with("Throttl") || code == "RequestLimitExceeded" => Upstream::Throttled,
        Some(code) if status < 500 => {
            return AwsError::Refused {
                call,
                code: code.to_owned(),
                advice: advice(code, text("Message").unwrap_or_default()),
            };
        }
        _ if status == 429 => Upstream::Throttled,
        _ if status >= 500 => Upstream::ServerError(status),
        _ if (300..400).contains(&status) => Upstream::Redirect,
        _ => Upstream::UnexpectedStatus(status),
    };
    AwsError::Upstream { call, trouble }
}

/// Whether AWS may say something else in a moment, whatever the status of its answer is: that it is asked too often, or that it could not ask whoever
/// has signed a web identity's token.
fn is_passing(error: &AwsError) -> bool {
    match error {
        AwsError::Upstream { trouble, .. } => *trouble == Upstream::Throttled,
        AwsError::Refused { code, .. } => code == "IDPCommunicationError",
        _ => false,
    }
}

/// Upstream text is not quoted; a code of AWS's has a form of its own.
fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

/// What to do. The message is not quoted; of some codes it alone says which of many things is meant.
fn advice(code: &str, message: &str) -> &'static str {
    if let Some((_, advice)) = MEANINGS.iter().find(|((of, words), _)| *of == code && message.contains(words)) {
        return advice;
    }
    match code {
        "AccessDenied" => {
            "these credentials may not; check the ARN, the role's trust policy, and the external id it asks for"
        }
        "UnauthorizedOperation" => "these credentials lack the permission; the call is the name of the IAM action",
        "AuthFailure" => "AWS does not accept the credentials; check them and this machine's clock",
        "ExpiredToken" | "ExpiredTokenException" => "the session has expired; log in to AWS again",
        "InvalidClientTokenId" => "AWS does not know the access key; get new credentials",
        "SignatureDoesNotMatch" => "check the secret access key and this machine's clock",
        "ValidationError" => "check the ARNs and names that were given",
        _ => "see the AWS documentation of that error code",
    }
}

/// Messages of STS by their code and words of theirs, and what to do.
const MEANINGS: [((&str, &str), &str); 10] = [
    (("SignatureDoesNotMatch", "Signature expired"), "this machine's clock is minutes behind AWS's: set it"),
    (("SignatureDoesNotMatch", "Signature not yet current"), "this machine's clock is minutes ahead of AWS's: set it"),
    (
        ("AccessDenied", "MultiFactorAuthentication failed"),
        "the MFA code was not accepted: each is good once and for half a minute, so wait for the next one; check mfa_serial, and the clock of the device",
    ),
    (
        ("ValidationError", "role chaining"),
        "a role that is assumed by a role's session lasts an hour at most: set duration_seconds of the profile to 3600 or less",
    ),
    (
        ("ValidationError", "MaxSessionDuration"),
        "the role's sessions do not last as long as duration_seconds of the profile says: lower that, or raise the role's MaxSessionDuration",
    ),
    (("ValidationError", "durationSeconds"), "duration_seconds of the profile must be 900 to 43200"),
    (
        ("ValidationError", "roleSessionName"),
        "a session name has 2 to 64 letters of A-Z, a-z, 0-9 and _+=,.@- (--session-name, role_session_name of the profile)",
    ),
    (("ValidationError", "tokenCode"), "an MFA code has six digits"),
    (
        ("ValidationError", "serialNumber"),
        "mfa_serial of the profile is the ARN of an MFA device, or a device's number",
    ),
    (("ValidationError", "externalId"), "an external id has 2 to 1224 letters of A-Z, a-z, 0-9 and _+=,.@:/-"),
];
