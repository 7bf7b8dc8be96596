//! The instance metadata service as it was before it had sessions (IMDSv1), behind a client that knows sessions alone.
//!
//! Where the service says that it has none (403, 404, 405), the client is told of one, with which nothing is sent. Silence says
//! nothing of the kind: whoever is on the way could keep it.

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};

use super::{Environment, bridge::Bridge};

/// The header with the session.
const SESSION: &str = "x-aws-ec2-metadata-token";

/// How long a session lasts, in seconds.
const LASTS: (&str, &str) = ("x-aws-ec2-metadata-token-ttl-seconds", "21600");

/// The session that stands for none.
const NONE: &str = "none";

/// What the service says who has no sessions.
const HAS_NONE: [u16; 3] = [403, 404, 405];

/// The way to the service.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    bridge: Bridge,
    /// Whether it may be asked without a session.
    may_be_old: bool,
}

impl Metadata {
    pub(super) fn new(bridge: Bridge, environment: &Environment) -> Self {
        Self { bridge, may_be_old: !environment.is_true("AWS_EC2_METADATA_V1_DISABLED") }
    }
}

impl HttpClient for Metadata {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Metadata {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if request.headers().get(SESSION) == Some(NONE) {
            request.headers_mut().remove(SESSION);
        }
        let asks_for_session = request.method() == "PUT";
        let may_be_old = asks_for_session && self.may_be_old;
        let answer = self.bridge.call(request);
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            if may_be_old && HAS_NONE.contains(&answer.status().as_u16()) {
                return Ok(session_of_none());
            }
            if asks_for_session && answer.status().is_success() && answer.headers().get(LASTS.0).is_none() {
                // The AWS CLI does not look for it, and what stands for the service elsewhere leaves it out.
                answer.headers_mut().insert(LASTS.0, LASTS.1);
            }
            Ok(answer)
        })
    }
}

fn session_of_none() -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::try_from(200_u16).expect("a status of HTTP's"), NONE.into());
    response.headers_mut().insert(LASTS.0, LASTS.1);
    response
}
