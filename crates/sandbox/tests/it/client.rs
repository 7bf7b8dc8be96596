//! A sandbox, and a client that signs and keeps its connection.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Bytes, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use sandbox::{Identities, Options, Running, Sandbox, SandboxCredentials};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

pub(crate) const STS: &str = "sts.us-west-2.amazonaws.com";
pub(crate) const EC2: &str = "ec2.us-west-2.amazonaws.com";
pub(crate) const IAM: &str = "iam.amazonaws.com";

/// The example's people, in a sandbox of their own.
pub(crate) struct Aws {
    pub(crate) running: Running,
    pub(crate) identities: Identities,
}

/// Names and values.
pub(crate) type Pairs = Vec<(String, String)>;

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// A request before it is signed.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) host: &'static str,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) form: String,
    pub(crate) json: bool,
    pub(crate) at: Timestamp,
}

#[expect(clippy::disallowed_methods, reason = "TLS clients look at the real time, so certificates must be of today")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

impl Call {
    pub(crate) fn sts(form: &str) -> Self {
        let form = format!("{form}&Version=2011-06-15");
        Self { host: STS, region: "us-west-2", service: "sts", form, json: false, at: now() }
    }

    pub(crate) fn ec2(form: &str) -> Self {
        let form = format!("{form}&Version=2016-11-15");
        Self { host: EC2, service: "ec2", form, ..Self::sts("") }
    }

    pub(crate) fn iam(form: &str) -> Self {
        let form = format!("{form}&Version=2010-05-08");
        Self { host: IAM, region: "us-east-1", service: "iam", form, ..Self::sts("") }
    }

    pub(crate) fn caller_identity() -> Self {
        Self::sts("Action=GetCallerIdentity")
    }

    pub(crate) fn json(self) -> Self {
        Self { json: true, ..self }
    }

    /// As every SDK sends it: a form by POST, signed by headers.
    pub(crate) fn post(&self, keys: &SandboxCredentials) -> Request<Full<Bytes>> {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let url = format!("https://{}/", self.host);
        let mut request = self.request("POST", "/").header(header::CONTENT_TYPE, form);
        let headers = [("content-type", form)];
        let (signed, _) = self.sign(keys, SignatureLocation::Headers, "POST", &url, &headers, &self.form);
        for (name, value) in signed {
            request = request.header(name, value);
        }
        request.body(Full::from(self.form.clone())).expect("a request")
    }

    /// As tokens carry it: everything in the query.
    pub(crate) fn presigned(&self, keys: &SandboxCredentials) -> Request<Full<Bytes>> {
        let url = format!("https://{}/?{}", self.host, self.form);
        let headers = [("x-k8s-aws-id", "prod.example.com")];
        let (_, signed) = self.sign(keys, SignatureLocation::QueryParams, "GET", &url, &headers, "");
        let encoded = form_of(&signed);
        let request = self.request("GET", &format!("/?{}&{encoded}", self.form)).header("x-k8s-aws-id", headers[0].1);
        request.body(Full::default()).expect("a request")
    }

    fn request(&self, method: &str, path_and_query: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(path_and_query).header(header::HOST, self.host);
        if self.json { request.header(header::ACCEPT, "application/json") } else { request }
    }

    fn sign(
        &self,
        keys: &SandboxCredentials,
        place: SignatureLocation,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (Pairs, Pairs) {
        let token = keys.session_token.clone();
        let identity = Credentials::new(&keys.access_key_id, &keys.secret_access_key, token, None, "test").into();
        let mut settings = SigningSettings::default();
        if place == SignatureLocation::QueryParams {
            settings.expires_in = Some(Duration::from_secs(60));
        }
        settings.signature_location = place;
        let params = v4::SigningParams::builder().identity(&identity).region(self.region).name(self.service);
        let params = params.time(SystemTime::from(self.at)).settings(settings).build().expect("all parameters").into();
        let body = SignableBody::Bytes(body.as_bytes());
        let request = SignableRequest::new(method, url, headers.iter().copied(), body).expect("a request");
        let (instructions, _) = sign(request, &params).expect("a signature").into_parts();
        let (headers, parameters) = instructions.into_parts();
        let headers = headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned()));
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned()));
        (headers.collect(), parameters.collect())
    }
}

impl Aws {
    pub(crate) async fn start() -> Self {
        let identities = Identities::example();
        let running = Sandbox::start(identities.clone(), Options::new(now)).await.expect("a sandbox");
        Self { running, identities }
    }

    pub(crate) fn keys(&self, name: &str) -> SandboxCredentials {
        self.identities.credentials(name).expect("one of the example")
    }

    /// Sends on a connection of its own.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let host = request.headers()[header::HOST].to_str().expect("text").to_owned();
        let mut connection = self.connect(&host).await;
        send(&mut connection, request).await.expect("an answer")
    }

    pub(crate) async fn connect(&self, name: &str) -> SendRequest<Full<Bytes>> {
        let tcp = TcpStream::connect(self.running.sts()).await.expect("a connection");
        http(self.tls(name, tcp).await.expect("TLS")).await
    }

    pub(crate) async fn tls(&self, name: &str, tcp: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let roots = tls::Roots::Only(self.running.ca_pem().into());
        let connector = TlsConnector::from(tls::client_config(&roots).expect("roots"));
        connector.connect(ServerName::try_from(name.to_owned()).expect("a name"), tcp).await
    }

    pub(crate) fn proxy(&self) -> SocketAddr {
        self.running.proxy()
    }
}

/// HTTP/1.1 on a stream.
pub(crate) async fn http(stream: TlsStream<TcpStream>) -> SendRequest<Full<Bytes>> {
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    // How it ends is seen by whoever waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    sender
}

pub(crate) async fn send(
    connection: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Answer, hyper::Error> {
    connection.ready().await?;
    let response: Response<_> = connection.send_request(request).await?;
    let (parts, body) = response.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().expect("text").to_owned());
    let body = String::from_utf8(body.collect().await?.to_bytes().into()).expect("text");
    Ok(Answer { status: parts.status.as_u16(), content_type: content_type.unwrap_or_default(), body })
}

impl Answer {
    /// The value at a path in the body's JSON.
    pub(crate) fn json(&self, pointer: &str) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        body.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {self:?}")).to_owned()
    }

    /// What stands in the first element of this name.
    pub(crate) fn xml(&self, element: &str) -> String {
        let (_, rest) = self.body.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("{element}: {self:?}"));
        let (text, _) = rest.split_once(&format!("</{element}>")).unwrap_or_else(|| panic!("{element}: {self:?}"));
        quick_xml::escape::unescape(text).expect("escapes").into_owned()
    }

    /// The credentials in AssumeRole's XML.
    pub(crate) fn credentials(&self) -> SandboxCredentials {
        assert_eq!(self.status, 200, "{self:?}");
        SandboxCredentials {
            access_key_id: self.xml("AccessKeyId"),
            secret_access_key: self.xml("SecretAccessKey"),
            session_token: Some(self.xml("SessionToken")),
        }
    }
}

/// Names and values as a form or a query.
pub(crate) fn form_of(pairs: &[(String, String)]) -> String {
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}
