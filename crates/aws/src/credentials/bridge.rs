//! Our HTTP client as aws-config's: one set of roots, proxies and bounds for everything that this crate sends.

use std::{
    fmt::{self, Debug, Formatter},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use ::http::Request;
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use http_body_util::Full;
use hyper::body::Bytes;

use crate::{NoAnswer, http::Http};

/// What is given to aws-config. The timeouts it asks for are shorter ones of its own around ours.
#[derive(Clone)]
pub(super) struct Bridge {
    http: Arc<Http>,
    /// The status of the last answer, which no provider passes on; 0 before the first.
    status: Arc<AtomicU16>,
}

impl Bridge {
    pub(super) fn new(http: &Arc<Http>) -> Self {
        Self { http: Arc::clone(http), status: Arc::default() }
    }

    /// The status of the last answer that came this way, if it was none of success.
    pub(super) fn refusal(&self) -> Option<u16> {
        Some(self.status.load(Ordering::Relaxed)).filter(|status| *status != 0 && !(200..300).contains(status))
    }
}

impl Debug for Bridge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Bridge")
    }
}

impl HttpClient for Bridge {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Bridge {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { http, status } = self.clone();
        HttpConnectorFuture::new(async move {
            let request = outgoing(request)?;
            let answer = http.send(request).await.map_err(|why| match why {
                NoAnswer::Late => ConnectorError::timeout(why.into()),
                _ => ConnectorError::io(why.into()),
            })?;
            status.store(answer.status().as_u16(), Ordering::Relaxed);
            incoming(answer)
        })
    }
}

/// The providers of credentials send short bodies, from memory.
fn outgoing(request: HttpRequest) -> Result<Request<Full<Bytes>>, ConnectorError> {
    let (head, body) = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?.into_parts();
    let body = body.bytes().ok_or_else(|| ConnectorError::user("the body is a stream".into()))?;
    Ok(Request::from_parts(head, Full::from(Bytes::copy_from_slice(body))))
}

fn incoming(answer: ::http::Response<Bytes>) -> Result<HttpResponse, ConnectorError> {
    let (head, body) = answer.into_parts();
    let status = StatusCode::try_from(head.status.as_u16()).map_err(|error| ConnectorError::io(error.into()))?;
    let mut response = HttpResponse::new(status, body.into());
    for (name, value) in &head.headers {
        // Headers that are not text are none that a provider looks at.
        if let Ok(value) = value.to_str() {
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}
