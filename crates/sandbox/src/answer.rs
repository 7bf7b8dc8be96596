//! Answers in the forms that AWS has.
//!
//! STS writes XML, or JSON to whoever asks for it; IAM writes XML of the same shape, EC2 of another; EKS writes JSON. A request that names no service is
//! answered as STS would.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use quick_xml::escape::escape;
use serde_json::{Map, Value, json};

use crate::endpoint::Service;

/// An error as AWS says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl AwsError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

/// What an action of STS or IAM answers.
pub(crate) struct Success {
    pub(crate) action: &'static str,
    pub(crate) result: Fields,
}

/// Names and values, in the order in which AWS writes them.
pub(crate) type Fields = Vec<(&'static str, Field)>;

/// A value, fields in a field, or a list of them.
pub(crate) enum Field {
    Text(String),
    Group(Fields),
    List(Vec<Fields>),
}

/// How one answer is written.
pub(crate) struct Writer {
    format: Format,
    request_id: String,
}

#[derive(Clone, Copy)]
enum Format {
    StsJson,
    StsXml,
    Ec2Xml,
    EksJson,
    IamXml,
}

const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const IAM_NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
const EC2_NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

impl Writer {
    /// For the service asked, and what the client says it takes.
    pub(crate) fn new(service: Service, headers: &HeaderMap) -> Self {
        static ANSWERS: AtomicU64 = AtomicU64::new(0);
        let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let format = match service {
            Service::Ec2 => Format::Ec2Xml,
            Service::Eks => Format::EksJson,
            Service::Iam => Format::IamXml,
            Service::Sts if accepts.contains("application/json") => Format::StsJson,
            Service::Sts => Format::StsXml,
        };
        let request_id = format!("5a9db0c5-0000-4000-8000-{:012x}", ANSWERS.fetch_add(1, Ordering::Relaxed));
        Self { format, request_id }
    }

    /// An answer of STS, IAM or EKS.
    pub(crate) fn success(&self, success: &Success) -> Response<Full<Bytes>> {
        let (Success { action, result }, request_id) = (success, &self.request_id);
        let body = match self.format {
            Format::StsJson => json!({format!("{action}Response"): {
                format!("{action}Result"): json(result),
                "ResponseMetadata": {"RequestId": request_id},
            }})
            .to_string(),
            Format::EksJson => json(result).to_string(),
            Format::StsXml | Format::Ec2Xml | Format::IamXml => format!(
                "<{action}Response xmlns=\"{}\">\n  <{action}Result>{}</{action}Result>\n  \
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\n</{action}Response>\n",
                self.format.namespace(),
                xml(result)
            ),
        };
        self.respond(200, body)
    }

    /// An answer of EC2, whose result has no element of its own.
    pub(crate) fn ec2_success(&self, action: &str, result: &str) -> Response<Full<Bytes>> {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"{EC2_NAMESPACE}\">\
             <requestId>{}</requestId>{result}</{action}Response>\n",
            self.request_id
        );
        self.respond(200, body)
    }

    /// An error of either service.
    pub(crate) fn error(&self, error: &AwsError) -> Response<Full<Bytes>> {
        let (AwsError { status, code, message }, request_id) = (error, &self.request_id);
        let kind = if *status < 500 { "Sender" } else { "Receiver" };
        let escaped = escape(message.as_str());
        let body = match self.format {
            Format::StsJson => {
                json!({"Error": {"Code": code, "Message": message, "Type": kind}, "RequestId": request_id}).to_string()
            }
            Format::EksJson => json!({"__type": code, "message": message}).to_string(),
            Format::StsXml | Format::IamXml => format!(
                "<ErrorResponse xmlns=\"{}\">\n  <Error><Type>{kind}</Type><Code>{code}</Code>\
                 <Message>{escaped}</Message></Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
                self.format.namespace()
            ),
            Format::Ec2Xml => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
                 <Message>{escaped}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>\n"
            ),
        };
        self.respond(*status, body)
    }

    /// Any bytes, under the content type of the format.
    pub(crate) fn respond(&self, status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
        let content_type = match self.format {
            Format::StsJson | Format::EksJson => "application/json",
            Format::StsXml | Format::IamXml => "text/xml",
            Format::Ec2Xml => "text/xml;charset=UTF-8",
        };
        let status = StatusCode::from_u16(status).expect("only statuses of our own are given");
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, content_type)
            .header("x-amzn-requestid", &self.request_id)
            .body(Full::new(body.into()))
            .expect("only headers of our own are given")
    }
}

impl Format {
    fn namespace(self) -> &'static str {
        match self {
            Self::StsJson | Self::StsXml | Self::EksJson => STS_NAMESPACE,
            Self::Ec2Xml => EC2_NAMESPACE,
            Self::IamXml => IAM_NAMESPACE,
        }
    }
}

fn json(fields: &Fields) -> Value {
    let value = |field: &Field| match field {
        Field::Text(text) => Value::String(text.clone()),
        Field::Group(fields) => json(fields),
        Field::List(entries) => Value::Array(entries.iter().map(json).collect()),
    };
    Value::Object(fields.iter().map(|(name, field)| ((*name).to_owned(), value(field))).collect::<Map<_, _>>())
}

fn xml(fields: &Fields) -> String {
    let value = |field: &Field| match field {
        Field::Text(text) => escape(text.as_str()).into_owned(),
        Field::Group(fields) => xml(fields),
        Field::List(entries) => entries.iter().map(|entry| format!("<member>{}</member>", xml(entry))).collect(),
    };
    fields.iter().map(|(name, field)| format!("<{name}>{}</{name}>", value(field))).collect()
}
