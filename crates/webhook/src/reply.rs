//! Answers of HTTP.

use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::Bytes;

/// What most answers are.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// One of this status, kind and body.
pub(crate) fn response(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
