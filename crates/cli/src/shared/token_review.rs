//! The API server's way to the webhook: a TokenReview, by POST, over TLS.

use std::time::Duration;

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode, body::Bytes};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use kubeconfig::WebhookConfig;
use serde_json::Value;
use tls::{ConnectionError, Trouble};

/// How long an API server waits (Kubernetes, `apiserver/pkg/util/webhook`).
const DEADLINE: Duration = Duration::from_secs(30);

/// The longest answer that is read: a user with thousands of groups.
const MAX_BODY: usize = 1 << 20;

/// What the webhook answered.
pub(crate) struct Review {
    pub(crate) status: StatusCode,
    pub(crate) authenticated: bool,
    /// Whether it is no webhook that answered, but an API server, which refuses to answer this.
    pub(crate) is_of_api_server: bool,
    pub(crate) username: String,
    pub(crate) groups: Vec<String>,
}

/// Asks about a token.
pub(crate) async fn review(webhook: &WebhookConfig, token: &str) -> anyhow::Result<Review> {
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config((*tls::webhook_client_config(&webhook.certificate_authority_pem)?).clone())
        .https_only()
        .enable_http1()
        .build();
    let review = serde_json::json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token},
    });
    let request = Request::post(&webhook.server).body(Full::new(Bytes::from(review.to_string())))?;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(https);
    let exchange = async {
        let answer = client.request(request).await.map_err(|error| unanswered(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_BODY).collect().await;
        anyhow::Ok((status, body.map_err(|_| anyhow::anyhow!("the answer breaks off, or is longer than 1 MiB"))?))
    };
    let answer = tokio::time::timeout(DEADLINE, exchange).await;
    let (status, body) = answer.context("the server did not answer within 30 seconds")??;
    let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let user = &body["status"]["user"];
    let groups = user["groups"].as_array().into_iter().flatten();
    Ok(Review {
        is_of_api_server: body["kind"] == "Status" && body["apiVersion"] == "v1",
        status,
        authenticated: status == StatusCode::OK && body["status"]["authenticated"] == true,
        username: user["username"].as_str().unwrap_or_default().to_owned(),
        groups: groups.filter_map(|group| Some(group.as_str()?.to_owned())).collect(),
    })
}

/// Why a webhook does not answer, with what to do.
fn unanswered(error: &(dyn std::error::Error + 'static)) -> anyhow::Error {
    let why = ConnectionError::of(error);
    let advice = match &why.trouble {
        Trouble::Refused => "see whether the server runs, and listens at that address and port",
        Trouble::NoSuchHost | Trouble::NoResolver => {
            "ask from a machine that knows the name, as the control plane's do"
        }
        Trouble::NoRoute | Trouble::TimedOut => "ask from a machine that reaches it, as the control plane's do",
        Trouble::UnknownAuthority | Trouble::WrongName { .. } => {
            "give the kubeconfig that was made for the server's certificate, or make both anew (`cluster-auth init --rotate`)"
        }
        Trouble::NotInTime { .. } => "renew the server's certificate, or set this machine's clock",
        _ => "see whether the server of that address and port is the webhook",
    };
    anyhow::anyhow!("the server does not answer: {why}; {advice}")
}
