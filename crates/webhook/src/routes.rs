//! Four paths, matched exactly.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use tokio::time::Instant;

use crate::{
    Outcome, Trouble, Webhook, audit, beside,
    body::Unread,
    connections::{CrowdedOut, Place},
    pages,
    reply::{TEXT, response},
    review,
};

/// Answers one request.
pub(crate) async fn answer(
    webhook: &Arc<Webhook>,
    client: SocketAddr,
    place: &Place,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let page = pages::asked_for(&request);
    if page.as_ref().is_ok_and(|page| page == "/authenticate") {
        return Ok(authenticate(webhook, client, place, request).await);
    }
    let _busy = place.request();
    let page = match page {
        Ok(page) => page,
        Err(none) => return Ok(none.answer()),
    };
    Ok(match &*page {
        "/healthz" => response(StatusCode::OK, TEXT, "ok"),
        "/readyz" => {
            let (ready, text) = webhook.readiness().report();
            response(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, TEXT, text)
        }
        "/metrics" => response(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", webhook.metrics().text()),
        _ => unsniffed(response(StatusCode::NOT_FOUND, TEXT, "404 page not found\n")),
    })
}

async fn authenticate(
    webhook: &Arc<Webhook>,
    client: SocketAddr,
    place: &Place,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let start = Instant::now();
    let reviewed = |request: &review::Request, outcome: &Outcome| {
        let took = start.elapsed();
        webhook.metrics.reviewed(outcome, took);
        let context = audit::Context { request: webhook.metrics.next_review(), client, took };
        webhook.audit.write(outcome, &context, Instant::now());
        reviewed_with(review::answer(request, outcome, webhook.denies_with_200()))
    };
    let method = request.method().clone();
    let malformed = |status, text: &'static str| {
        webhook.metrics.malformed(start.elapsed());
        let (client, method, path, error) = (client.to_string(), method.as_str(), "/authenticate", text.trim_end());
        // The messages of the existing program.
        if status == StatusCode::METHOD_NOT_ALLOWED {
            tracing::error!(client, method, path, error, "unexpected request method");
        } else {
            tracing::error!(client, method, path, error, "could not parse request body");
        }
        unsniffed(response(status, TEXT, text))
    };
    if method != Method::POST {
        return malformed(StatusCode::METHOD_NOT_ALLOWED, "expected POST\n");
    }
    let mut busy = match place.review().await {
        Ok(busy) => busy,
        Err(CrowdedOut) => return reviewed(&review::Request::default(), &Outcome::Trouble(Trouble::Overloaded)),
    };
    let body = match webhook.bodies.read(request.into_body()).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => return malformed(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too large\n"),
        Err(Unread::Slow) => return malformed(StatusCode::REQUEST_TIMEOUT, "the request body took too long\n"),
        Err(Unread::Crowded) => {
            return malformed(StatusCode::TOO_MANY_REQUESTS, "too many unfinished request bodies\n");
        }
        Err(Unread::Broken) => return malformed(StatusCode::BAD_REQUEST, "the request body could not be read\n"),
    };
    busy.has_read();
    let Ok(mut request) = review::Request::read(&body) else {
        return malformed(StatusCode::BAD_REQUEST, "expected a request body to be a TokenReview\n");
    };
    if let Some(shadow) = &webhook.shadow {
        return reviewed_with(beside::answer(webhook, shadow, &mut request, body, client, &busy).await);
    }
    drop(body);
    let outcome = webhook.authenticate(request.token()).await;
    if matches!(outcome, Outcome::Granted(_)) {
        busy.has_let_in();
    }
    reviewed(&request, &outcome)
}

/// An error, which is text whatever it looks like.
fn unsniffed(mut error: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    error.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    error
}

fn reviewed_with((status, body): (u16, impl Into<Bytes>)) -> Response<Full<Bytes>> {
    let status = StatusCode::from_u16(status).expect("reviews are answered with statuses of HTTP's");
    response(status, "application/json; charset=UTF-8", body)
}
