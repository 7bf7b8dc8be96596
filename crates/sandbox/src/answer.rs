//! Answers in the two forms that AWS has, and its errors.

use http::{Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};

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

/// What an action answers: its name, and its result's fields. A field of fields becomes an element of elements.
pub(crate) struct Success {
    pub(crate) action: &'static str,
    pub(crate) fields: Value,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

impl Success {
    pub(crate) fn respond(&self, format: Format) -> Response<Full<Bytes>> {
        let Self { action, fields } = self;
        match format {
            Format::Json => {
                let result = json!({
                    format!("{action}Response"): {
                        format!("{action}Result"): fields,
                        "ResponseMetadata": {"RequestId": REQUEST_ID},
                    }
                });
                response(200, "application/json", result.to_string())
            }
            Format::Xml => {
                let result = xml(fields);
                let body = format!(
                    "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
                     <ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{action}Response>"
                );
                response(200, "text/xml", body)
            }
        }
    }
}

impl AwsError {
    pub(crate) fn respond(&self, format: Format) -> Response<Full<Bytes>> {
        let Self { status, code, message } = self;
        let kind = if *status < 500 { "Sender" } else { "Receiver" };
        match format {
            Format::Json => {
                let error = json!({"Error": {"Code": code, "Message": message, "Type": kind}, "RequestId": REQUEST_ID});
                response(*status, "application/json", error.to_string())
            }
            Format::Xml => {
                let message = quick_xml::escape::escape(message.as_str());
                let body = format!(
                    "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{kind}</Type><Code>{code}</Code>\
                     <Message>{message}</Message></Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
                );
                response(*status, "text/xml", body)
            }
        }
    }
}

/// An answer of any kind.
pub(crate) fn response(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(status).expect("only statuses of our own are given");
    let builder = Response::builder().status(status).header(header::CONTENT_TYPE, content_type);
    builder.body(Full::new(body.into())).expect("only headers of our own are given")
}

fn xml(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("<{name}>{}</{name}>", xml(value))).collect::<Vec<_>>().concat()
        }
        Value::String(text) => quick_xml::escape::escape(text.as_str()).into_owned(),
        other => other.to_string(),
    }
}
