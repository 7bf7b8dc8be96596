//! One request and its answer.

use std::{io, sync::Arc, time::Duration};

use http::{Method, Request, Response, header, request::Parts};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use jiff::Timestamp;
use tokio::time::timeout;

use crate::{
    Fault, Faults, actions,
    answer::{AwsError, Field, Success, Writer},
    directory::{Directory, Key},
    endpoint::{Endpoint, Service},
    parameters::Parameters,
    sessions::Sessions,
    sigv4::{Signed, verify},
};

/// Everything that requests meet.
pub(crate) struct Aws {
    pub(crate) directory: Directory,
    pub(crate) sessions: Sessions,
    pub(crate) faults: Faults,
    pub(crate) now: fn() -> Timestamp,
    pub(crate) heard: fn(&str),
}

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

impl Aws {
    /// Answers. An error closes the connection without an answer.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, io::Error> {
        let (parts, body) = request.into_parts();
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let endpoint = Endpoint::of_host_header(host);
        let writer = Writer::new(endpoint.as_ref().map_or(Service::Sts, |endpoint| endpoint.service), &parts.headers);
        let Ok(body) = timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await? else {
            return Ok(writer.error(&AwsError::new(413, "RequestEntityTooLarge", "The request is too large.")));
        };
        let Some(endpoint) = endpoint else {
            return Ok(writer.error(&AwsError::new(421, "MisdirectedRequest", "No service has this host name.")));
        };
        let asked = ReceivedRequest::read(&parts, endpoint.service, &body.to_bytes());
        self.hear(&parts, asked.as_ref().ok());
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        self.faults.asked_by(agent.unwrap_or_default());
        let action = match endpoint.service {
            // The path says what is asked.
            Service::Eks => "DescribeCluster",
            _ => asked.as_ref().ok().and_then(|asked| asked.all.get("Action")).unwrap_or_default(),
        };
        let credential = asked.as_ref().ok().and_then(|asked| asked.query.get("X-Amz-Credential"));
        let access_key_id = credential.and_then(|credential| credential.split('/').next());
        let fault = self.faults.next(action).or_else(|| self.faults.of(host, access_key_id));
        match &fault {
            None | Some(Fault::Half) => {}
            Some(Fault::Delay(duration)) => tokio::time::sleep(*duration).await,
            Some(fault) => return failing(fault, endpoint.service, &writer),
        }
        let answer = asked.and_then(|asked| self.perform(&parts, &endpoint, &asked, &writer));
        let answer = answer.unwrap_or_else(|error| writer.error(&error));
        if fault == Some(Fault::Half) { half(answer, &writer).await } else { Ok(answer) }
    }

    /// Tells of the secrets of a request, before anything can go wrong with it.
    fn hear(&self, parts: &Parts, asked: Option<&ReceivedRequest>) {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let signature = header("authorization").and_then(|text| text.split_once("Signature=")).map(|(_, value)| value);
        let query = |name| asked.and_then(|asked| asked.query.get(name));
        let secrets =
            [signature, header("x-amz-security-token"), query("X-Amz-Signature"), query("X-Amz-Security-Token")];
        secrets.into_iter().flatten().for_each(self.heard);
    }

    fn perform(
        &self,
        parts: &Parts,
        endpoint: &Endpoint,
        asked: &ReceivedRequest,
        writer: &Writer,
    ) -> Result<Response<Full<Bytes>>, AwsError> {
        let now = (self.now)();
        let signed = Signed {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: &asked.query,
            headers: &parts.headers,
            body: &asked.body,
        };
        let caller = verify(&signed, endpoint, |id| self.key(id), now);
        let caller = caller.map_err(|unverified| unverified.error(endpoint.service))?;
        match endpoint.service {
            Service::Sts => actions::sts(&self.directory, &self.sessions, &asked.all, &caller, now)
                .map(|success| writer.success(&success)),
            Service::Ec2 => actions::ec2(&self.directory, &asked.all, writer),
            Service::Eks => {
                let path = (&parts.method, parts.uri.path());
                actions::eks(&self.directory, path, endpoint, &caller).map(|success| writer.success(&success))
            }
            Service::Iam => actions::iam(&self.directory, &asked.all, &caller).map(|success| writer.success(&success)),
        }
    }

    fn key(&self, access_key_id: &str) -> Option<Arc<Key>> {
        self.directory.keys.get(access_key_id).cloned().or_else(|| self.sessions.get(access_key_id))
    }
}

/// What was sent, read in the one way that the signature is checked for as well.
struct ReceivedRequest {
    query: Parameters,
    body: Bytes,
    /// Of the query and, with POST, of the form.
    all: Parameters,
}

impl ReceivedRequest {
    fn read(parts: &Parts, service: Service, body: &Bytes) -> Result<Self, AwsError> {
        let malformed = |_| AwsError::new(400, "MalformedQueryString", "The query string contains a syntax error.");
        if parts.uri.path() != "/" && service != Service::Eks {
            return Err(AwsError::new(404, "UnknownOperationException", "There is nothing at this path."));
        }
        let query = Parameters::of_query(parts.uri.query().unwrap_or_default()).map_err(malformed)?;
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|text| text.starts_with("application/x-www-form-urlencoded"));
        let form = match parts.method {
            Method::POST if is_form => Parameters::of_form(body).map_err(malformed)?,
            Method::GET | Method::POST => Parameters::default(),
            _ => return Err(AwsError::new(405, "MethodNotAllowed", "GET and POST are what a query takes.")),
        };
        let all = query.clone().and(form).map_err(malformed)?;
        Ok(Self { query, body: body.clone(), all })
    }
}

/// The first half of an answer's body, as if it were all of it.
async fn half(answer: Response<Full<Bytes>>, writer: &Writer) -> Result<Response<Full<Bytes>>, io::Error> {
    let status = answer.status().as_u16();
    let Ok(body) = answer.into_body().collect().await;
    let body = body.to_bytes();
    Ok(writer.respond(status, body.slice(..body.len() / 2)))
}

fn failing(fault: &Fault, service: Service, writer: &Writer) -> Result<Response<Full<Bytes>>, io::Error> {
    let error = |(status, code), message: &str| Ok(writer.error(&AwsError::new(status, code, message)));
    let lie = |arn: &str, account: &str| {
        let fields = [("Arn", arn), ("UserId", "AIDASANDBOXLIE000000A"), ("Account", account)];
        let result = fields.map(|(name, value)| (name, Field::Text(value.to_owned()))).into();
        Ok(writer.success(&Success { action: "GetCallerIdentity", result }))
    };
    let by_service = |sts, ec2, iam, eks| match service {
        Service::Sts => sts,
        Service::Ec2 => ec2,
        Service::Iam => iam,
        Service::Eks => eks,
    };
    let throttled = by_service(
        (400, "Throttling"),
        (503, "RequestLimitExceeded"),
        (400, "Throttling"),
        (429, "ThrottlingException"),
    );
    let broken =
        by_service((500, "InternalFailure"), (500, "InternalError"), (500, "ServiceFailure"), (500, "ServerException"));
    let away = by_service(
        (503, "ServiceUnavailable"),
        (503, "Unavailable"),
        (503, "ServiceUnavailable"),
        (503, "ServiceUnavailableException"),
    );
    match fault {
        Fault::Throttle => error(throttled, "Rate exceeded"),
        Fault::ServerError => error(broken, "Internal error."),
        Fault::Unavailable => error(away, "Try again later."),
        Fault::Reset | Fault::Delay(_) | Fault::Half => Err(io::ErrorKind::ConnectionReset.into()),
        Fault::Garbage => Ok(writer.respond(200, "{\"GetCallerIdentityResponse\":{\"Get")),
        Fault::Redirect => {
            let mut redirect = writer.respond(302, "");
            let elsewhere = header::HeaderValue::from_static("https://sts.example.com/");
            redirect.headers_mut().insert(header::LOCATION, elsewhere);
            Ok(redirect)
        }
        Fault::HugeBody => Ok(writer.respond(200, vec![b' '; 20_000_000])),
        Fault::OtherPartition => lie("arn:aws-cn:iam::111122223333:user/alice", "111122223333"),
        Fault::OtherAccount => lie("arn:aws:iam::111122223333:user/alice", "444455556666"),
    }
}
