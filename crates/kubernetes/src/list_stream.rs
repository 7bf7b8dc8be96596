//! An answer whose text is still on its way.

use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Bytes;
use kube::client::Body;
use tokio::time::{Instant, timeout_at};

use crate::{
    KubernetesError,
    endpoint::{Endpoint, MAX_BODY},
};

/// A list, piece by piece as the API server writes it: it is whole when there is no further piece.
pub struct ListStream<'a> {
    endpoint: &'a Endpoint,
    path: &'a str,
    body: Limited<Body>,
    until: Instant,
    /// How long that was when it was asked for.
    within: Duration,
}

impl<'a> ListStream<'a> {
    pub(crate) fn new(endpoint: &'a Endpoint, path: &'a str, body: Body, until: Instant, within: Duration) -> Self {
        Self { endpoint, path, body: Limited::new(body, MAX_BODY), until, within }
    }

    /// Returns the next piece of the text; none behind the last one.
    ///
    /// # Errors
    ///
    /// [`KubernetesError::Late`], [`KubernetesError::TooLarge`], or the connection's end before the text's.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, KubernetesError> {
        loop {
            let frame = timeout_at(self.until, self.body.frame()).await.map_err(|_| self.endpoint.late(self.within))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| self.endpoint.cut_off(self.path, &*error))?;
            // Anything else are trailers.
            if let Ok(piece) = frame.into_data() {
                return Ok(Some(piece));
            }
        }
    }

    /// Returns all of the text at once.
    ///
    /// # Errors
    ///
    /// [`KubernetesError::Late`], [`KubernetesError::TooLarge`], or the connection's end before the text's.
    pub async fn whole(self) -> Result<Bytes, KubernetesError> {
        let Self { endpoint, path, body, until, within } = self;
        let whole = timeout_at(until, body.collect()).await.map_err(|_| endpoint.late(within))?;
        Ok(whole.map_err(|error| endpoint.cut_off(path, &*error))?.to_bytes())
    }
}
