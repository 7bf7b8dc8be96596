//! A limit for opening a connection: TCP, a proxy's tunnel and TLS together.

use std::{
    error::Error,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use ::http::Uri;
use tokio::time::timeout;
use tower_service::Service;

/// What opens connections, within a limit.
#[derive(Clone)]
pub(super) struct Within<S> {
    limit: Duration,
    inner: S,
}

impl<S> Within<S> {
    pub(super) fn new(limit: Duration, inner: S) -> Self {
        Self { limit, inner }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

impl<S> Service<Uri> for Within<S>
where
    S: Service<Uri, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = timeout(self.limit, self.inner.call(uri));
        Box::pin(async move { connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? })
    }
}
