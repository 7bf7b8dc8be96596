//! Four paths, matched exactly.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::body::{Bytes, Incoming};
use tokio::time::Instant;

use crate::{
    Outcome, Trouble, Webhook, audit,
    body::Unread,
    connections::{Answer, CrowdedOut, Place, Stream},
    pages::{self, NoPage},
    passthrough,
    reply::{TEXT, response},
    review,
};

/// Answers one request. Thousands may have come before the first of them is looked at, so until then each holds little more than its
/// head: what a review takes is made when it begins.
pub(crate) async fn answer(
    webhook: &Arc<Webhook>,
    client: SocketAddr,
    place: &Place,
    mut stream: Stream,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    // Whatever comes of it, its head is held no longer.
    stream.is_looked_at();
    let is_head_of_http2 = *request.method() == Method::HEAD && request.version() == Version::HTTP_2;
    let answer = match pages::asked_for(&request) {
        Ok(page) if page == "/authenticate" => {
            Box::pin(authenticate(webhook, client, place, &mut stream, request)).await
        }
        page => at_once(webhook, place, page),
    };
    let answer = if is_head_of_http2 { without_body(answer) } else { answer };
    // The client is to take it, however large or small.
    Ok(place.hold(answer, stream))
}

/// An answer to HEAD, which hyper makes of it for HTTP/1.1 alone: clients of HTTP/2 take a body behind it for a broken stream.
fn without_body(answer: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = answer.into_parts();
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    Response::from_parts(head, Bytes::new())
}

fn at_once(webhook: &Webhook, place: &Place, page: Result<String, NoPage>) -> Response<Bytes> {
    let _busy = place.request();
    let page = match page {
        Ok(page) => page,
        Err(none) => return none.answer(),
    };
    match &*page {
        "/healthz" => response(StatusCode::OK, TEXT, "ok"),
        "/readyz" => {
            let (ready, text) = webhook.readiness().report();
            response(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, TEXT, text)
        }
        "/metrics" if !place.may_be_answered_at_length() => {
            response(StatusCode::SERVICE_UNAVAILABLE, TEXT, "too many answers are not taken\n")
        }
        "/metrics" => response(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", webhook.metrics().text()),
        _ => unsniffed(response(StatusCode::NOT_FOUND, TEXT, "404 page not found\n")),
    }
}

/// What a field of a head takes besides its bytes, which may be none of its own: HPACK makes many of one.
const FIELD: usize = 128;

/// How much a head takes, in bytes, as far as heads differ in it.
pub(crate) fn head_size(request: &Request<Incoming>) -> usize {
    let uri = request.uri();
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD);
    path + uri.authority().map_or(0, |authority| authority.as_str().len()) + fields.sum::<usize>()
}

async fn authenticate(
    webhook: &Arc<Webhook>,
    client: SocketAddr,
    place: &Place,
    stream: &mut Stream,
    request: Request<Incoming>,
) -> Response<Bytes> {
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
        webhook.audit.malformed(Instant::now(), || {
            if status == StatusCode::METHOD_NOT_ALLOWED {
                tracing::error!(client, method, path, error, "unexpected request method");
            } else {
                tracing::error!(client, method, path, error, "could not parse request body");
            }
        });
        unsniffed(response(status, TEXT, text))
    };
    if method != Method::POST {
        return malformed(StatusCode::METHOD_NOT_ALLOWED, "expected POST\n");
    }
    // Its head is not needed any more, however long it waits.
    let (body, reading) = (request.into_body(), webhook.bodies.begin(place.number(), place.has_let_in()));
    let busy = tokio::select! {
        biased;
        busy = place.review() => busy,
        () = reading.crowded_out() => Err(CrowdedOut),
    };
    let Ok(mut busy) = busy else {
        return reviewed(&review::Request::default(), &Outcome::Trouble(Trouble::Overloaded));
    };
    let body = match reading.read(body).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => return malformed(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too large\n"),
        Err(Unread::Slow) => return malformed(StatusCode::REQUEST_TIMEOUT, "the request body took too long\n"),
        Err(Unread::Crowded) => {
            return malformed(StatusCode::TOO_MANY_REQUESTS, "too many unfinished request bodies\n");
        }
        Err(Unread::Broken) => return malformed(StatusCode::BAD_REQUEST, "the request body could not be read\n"),
    };
    busy.has_read();
    stream.is_under_review();
    let Ok(mut request) = review::Request::read(&body) else {
        return malformed(StatusCode::BAD_REQUEST, "expected a request body to be a TokenReview\n");
    };
    if let Some(shadow) = &webhook.shadow {
        return reviewed_with(passthrough::answer(webhook, shadow, &mut request, body, client, &busy).await);
    }
    drop(body);
    let outcome = webhook.authenticate_on(place.has_let_in(), request.token()).await;
    if matches!(outcome, Outcome::Granted(_)) {
        busy.has_let_in();
    }
    reviewed(&request, &outcome)
}

/// An error, which is text whatever it looks like.
fn unsniffed(mut error: Response<Bytes>) -> Response<Bytes> {
    error.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    error
}

fn reviewed_with((status, body): (u16, impl Into<Bytes>)) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).expect("reviews are answered with statuses of HTTP's");
    response(status, "application/json; charset=UTF-8", body)
}
